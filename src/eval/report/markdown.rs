//! The report as Markdown: the table, the curve in words, who judged, and every setting.

use super::super::curve::in_percent;
use super::table::LEGEND;
use super::{Judge, Report};
use crate::document::escape::markdown;

impl Report {
    pub fn markdown(&self) -> String {
        let mut out = format!("# Eval of {}\n\n", markdown(&self.questions));
        out.push_str(&format!(
            "{} of {} tries done, with minions {}. Mean ± spread: with several repeats the standard deviation between their \
             means, with one the standard error over questions. {LEGEND}\n\n",
            self.done, self.asked, self.program
        ));
        let cells = |line: Vec<String>| format!("| {} |\n", line.join(" | "));
        let heads = self.heads(true);
        let rule = heads.iter().map(|_| "---".to_owned()).collect();
        out.push_str(&cells(heads));
        out.push_str(&cells(rule));
        for line in self.lines(true) {
            // Set and setting are called as others wrote them; the rest are figures.
            let cell = |(n, cell): (usize, String)| if n < 2 { markdown(&cell) } else { cell };
            out.push_str(&cells(line.into_iter().enumerate().map(cell).collect()));
        }
        let refusals = self.refusals();
        if !refusals.is_empty() {
            out.push_str("\nRefused, and in no figure but `answered`:\n\n");
            refusals.iter().for_each(|told| out.push_str(&format!("* {}\n", markdown(told))));
        }
        let missing: usize = self.rows.iter().map(|row| row.evidence.missing).sum();
        if missing > 0 {
            out.push_str(&format!(
                "\n{missing} pieces of evidence stand nowhere in their documents and count in no score; `report.json` has \
                 their questions.\n"
            ));
        }
        out.push_str(&format!("\n{}\n", self.spent.told()));
        if self.curve.points.len() > 1 {
            out.push_str(&format!("\n## Cost against {}\n\n![curve](curve.svg)\n\n", self.curve.measure));
            for point in &self.curve.points {
                let front = if point.on_front { " **on the Pareto front**" } else { "" };
                out.push_str(&format!(
                    "* {}: {} %, {}{front}\n",
                    markdown(&point.setting),
                    point.quality.told("±", in_percent),
                    self.curve.axis.told_of(&point.cost)
                ));
            }
        }
        for judge in &self.judges {
            let Judge { by, rows, asked } = judge;
            out.push_str(&format!("\n## The judge\n\n{} judged {rows} of {}", markdown(&by.model), self.rows.len()));
            match asked {
                Some(asked) => out.push_str(&format!(" and was asked, word for word:\n\n````text\n{asked}\n````\n")),
                None => out
                    .push_str(&format!(" by the prompt {} of another version of the program.\n", markdown(&by.prompt))),
            }
        }
        out.push_str("\n## Settings\n\n");
        for setting in &self.settings {
            let settings = markdown(&setting.settings.to_string());
            out.push_str(&format!("* {} (`{}`): {settings}\n", markdown(&setting.label), setting.fingerprint));
        }
        out
    }
}
