//! What the variants came to: figures side by side, answers one below the other, and one JSON object.

use std::io::{self, Write};

use serde::Serialize;

use super::super::report::{CitationMatch, Report};
use super::super::{Exit, Failure};
use crate::app::dollars;
use crate::document::escape::{visible, visible_lines};
use crate::protocol::ProtocolKind;

/// Cells of the names of figures, and of a column at least and at most.
const NAMES: usize = 15;
const COLUMN: (usize, usize) = (10, 24);

/// Everything that is told of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Compared<'a> {
    pub question: &'a str,
    /// The tag of its sessions; nothing where none was begun.
    pub tag: Option<String>,
    /// Dollars of all together, those that may have been spent as well.
    pub spent_usd: f64,
    pub budget_usd: Option<f64>,
    pub variants: Vec<Outcome>,
}

/// What became of one variant.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    pub name: String,
    /// Jobs that were computed for a variant before, byte for byte the same.
    pub jobs_reused: u32,
    /// Citations of the answer that stand in the documents.
    pub citations_found: usize,
    /// The object of `run --json`; nothing where it was not run.
    pub report: Option<Report>,
    /// Why it was not run, or what failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

impl Outcome {
    pub fn run(name: &str, report: Report, jobs_reused: u32, exit: Exit, problem: Option<String>) -> Self {
        let found = report.citations.iter().filter(|citation| citation.how != CitationMatch::NotFound).count();
        Self { name: name.to_owned(), jobs_reused, citations_found: found, report: Some(report), problem, exit }
    }

    pub fn not_run(name: &str, why: &str, exit: Exit) -> Self {
        Self::without_report(name, format!("not run: {why}"), exit)
    }

    /// It could not be begun.
    pub fn failed(name: &str, failure: &Failure) -> Self {
        Self::without_report(name, failure.to_string(), failure.exit())
    }

    fn without_report(name: &str, problem: String, exit: Exit) -> Self {
        let name = name.to_owned();
        Self { name, jobs_reused: 0, citations_found: 0, report: None, problem: Some(problem), exit }
    }

    /// How it ends the program, where it is no success.
    pub fn trouble(&self) -> Option<Exit> {
        Some(self.exit).filter(|exit| *exit != Exit::Success)
    }
}

impl Compared<'_> {
    /// Writes the table, and below it the answers with where their words stand.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let names: Vec<String> = self.variants.iter().map(|variant| visible(&variant.name).into_owned()).collect();
        let figures = self.figures();
        let widest = |at: usize| {
            let cells = figures.iter().map(|(_, cells)| cells[at].chars().count());
            cells.chain([names[at].chars().count()]).max().unwrap_or(0).clamp(COLUMN.0, COLUMN.1)
        };
        let widths: Vec<usize> = (0..names.len()).map(widest).collect();
        let mut line = |name: &str, cells: &[String]| {
            let cells: String =
                cells.iter().zip(&widths).map(|(cell, width)| format!("  {:>width$}", cut(cell, *width))).collect();
            writeln!(out, "{name:NAMES$}{cells}")
        };
        line("", &names)?;
        for (name, cells) in &figures {
            line(name, cells)?;
        }
        for variant in &self.variants {
            writeln!(out, "\n── {} ──", visible(&variant.name))?;
            // Where it came to no answer the problem says why.
            let told = variant.report.as_ref().filter(|report| report.answer.is_some() || variant.problem.is_none());
            if let Some(report) = told {
                report.write_human(out)?;
            }
            if let Some(problem) = &variant.problem {
                writeln!(out, "{}", visible_lines(problem))?;
            }
        }
        if let Some(tag) = &self.tag {
            writeln!(
                out,
                "\n`minions sessions list --tag {tag}` lists the sessions; S in the workbench compares two."
            )?;
        }
        Ok(())
    }

    fn figures(&self) -> Vec<(&'static str, Vec<String>)> {
        let row = |name, of: &dyn Fn(&Outcome, &Report) -> String| {
            let cell = |variant: &Outcome| variant.report.as_ref().map_or("-".into(), |report| of(variant, report));
            (name, self.variants.iter().map(cell).collect())
        };
        let about = |estimated: bool| if estimated { "≈ " } else { "" };
        let mut rows = vec![
            row("outcome", &|_, report| report.outcome.replace('_', " ")),
            row("citations found", &|variant, report| match report.citations.len() {
                0 => "none".into(),
                all => format!("{} of {all}", variant.citations_found),
            }),
            row("rounds", &|_, report| report.rounds.to_string()),
            row("jobs", &|_, report| match report.protocol {
                ProtocolKind::RemoteOnly => "-".into(),
                _ => report.jobs.planned.to_string(),
            }),
            row("taken over", &|variant, _| variant.jobs_reused.to_string()),
            row("remote in", &|_, report| {
                let usage = &report.usage.remote;
                format!("{}{}", about(usage.estimated_input_tokens > 0), usage.input_tokens)
            }),
            row("remote out", &|_, report| {
                let usage = &report.usage.remote;
                format!("{}{}", about(usage.estimated_output_tokens > 0), usage.output_tokens)
            }),
            row("cost", &|_, report| {
                let usage = &report.usage.remote;
                usage
                    .cost_usd
                    .map_or("n/a".into(), |usd| format!("{}{}", about(usage.estimated && usd > 0.0), dollars(usd)))
            }),
            row("seconds", &|_, report| format!("{:.1}", report.seconds)),
            row("exposed", &|_, report| format!("{:.1} %", report.exposed.share * 100.0)),
        ];
        // Where no job was shared there is nothing to tell.
        if self.variants.iter().all(|variant| variant.jobs_reused == 0) {
            rows.retain(|(name, _)| *name != "taken over");
        }
        rows
    }
}

/// The text within so many cells.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
