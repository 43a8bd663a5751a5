//! What an eval came to, so far or at its end: its rows, the curve, the report.

use std::collections::BTreeMap;

use super::super::due::Due;
use super::Eval;
use crate::eval::report::{Judge as JudgeTold, Report, Setting};
use crate::eval::{Curve, Row, Try, against, summarise};

impl Eval {
    /// The rows of what was asked, in its order: of tries whose answer counts, whoever judged it, and of those that were refused.
    pub fn rows(&self) -> Vec<Row> {
        let refused = self.refused();
        self.folder.book(|book| {
            let counts = |row: &&Row| self.standard.due(Some(row)) != Some(Due::Asking);
            let row = |of: &Try| refused.get(of).or_else(|| book.rows.get(of).filter(counts)).cloned();
            self.plan.tries().filter_map(|(.., of)| row(&of)).collect()
        })
    }

    /// The name of the file of questions.
    pub fn questions(&self) -> &str {
        &self.plan.file
    }

    pub fn curve(&self) -> Curve {
        let rows = self.rows();
        Curve::of(&rows.iter().collect::<Vec<_>>(), &self.plan.labels(), self.plan.measure)
    }

    pub fn report(&self) -> Report {
        let rows = self.rows();
        let all: Vec<&Row> = rows.iter().collect();
        let labels = self.plan.labels();
        let (standing, mut groups) = (self.standing(), summarise(&all, &labels));
        let settings: Vec<Setting> = self.plan.settings.iter().map(|(setting, _)| setting.clone()).collect();
        against::hold(&mut groups, &all, &settings, self.plan.measure);
        Report {
            questions: self.plan.file.clone(),
            questions_blake3: self.plan.hash.clone(),
            program: env!("CARGO_PKG_VERSION"),
            settings,
            asked: standing.asked,
            done: standing.done,
            spent: self.spent(),
            groups,
            curve: self.curve(),
            judges: JudgeTold::of(&rows),
            rows,
        }
    }

    /// How many answers the judge was to say of and did not, and why.
    pub fn unjudged(&self) -> Vec<String> {
        let mut whys: BTreeMap<String, usize> = BTreeMap::new();
        for why in self.rows().into_iter().filter_map(|row| row.unjudged) {
            *whys.entry(why).or_default() += 1;
        }
        let told = |(why, count): (String, usize)| match count {
            1 => format!("1 answer was not judged: {why}"),
            _ => format!("{count} answers were not judged: {why}"),
        };
        whys.into_iter().map(told).collect()
    }
}
