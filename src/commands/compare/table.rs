//! What the variants came to: figures side by side, answers one below the other, and one JSON object.

use std::io::{self, Write};

use serde::Serialize;

use super::super::report::{CitationMatch, Report};
use super::super::{Exit, Failure};
use crate::app::{TableRow, table, wrap};
use crate::document::escape::{visible, visible_lines};
use crate::ledger::Side;

/// Cells of a column at least; and at most, where so many of them do not fit into a line.
const COLUMN: (usize, usize) = (10, 12);
const LINE: usize = 79;

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
    /// What its session came to; nothing where it was not run, or cannot be read.
    #[serde(skip)]
    side: Option<Side>,
    /// The object of `run --json`; nothing where it was not run.
    pub report: Option<Report>,
    /// Why it was not run, or what failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

impl Outcome {
    pub fn run(name: &str, report: Report, side: Option<Side>, exit: Exit, problem: Option<String>) -> Self {
        let found = report.citations.iter().filter(|citation| citation.how != CitationMatch::NotFound).count();
        let jobs_reused = side.as_ref().map_or(0, |side| side.figures.jobs_reused);
        Self { name: name.to_owned(), jobs_reused, citations_found: found, side, report: Some(report), problem, exit }
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
        Self { name, jobs_reused: 0, citations_found: 0, side: None, report: None, problem: Some(problem), exit }
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
        let wide = figures.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let most = (LINE.saturating_sub(wide) / names.len().max(1)).saturating_sub(2).max(COLUMN.1);
        let widest = |at: usize| {
            let cells = figures.iter().map(|(_, cells)| cells[at].chars().count());
            cells.chain([names[at].chars().count()]).max().unwrap_or(0).clamp(COLUMN.0, most)
        };
        let widths: Vec<usize> = (0..names.len()).map(widest).collect();
        let mut line = |name: &str, cells: &[String]| {
            let wrapped = |(cell, width): (&String, &usize)| -> Vec<String> {
                wrap(cell, *width).into_iter().map(|part| cell[part].trim_end().to_owned()).collect()
            };
            let cells: Vec<Vec<String>> = cells.iter().zip(&widths).map(wrapped).collect();
            let rows = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
            (0..rows).try_for_each(|row| {
                let cell = |at: usize| cells[at].get(row).map_or("", String::as_str);
                let cells: String =
                    widths.iter().enumerate().map(|(at, width)| format!("  {:>width$}", cell(at))).collect();
                writeln!(out, "{:wide$}{cells}", if row == 0 { name } else { "" })
            })
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
                "\n`minions sessions list --tag {tag}` lists the sessions; in the workbench S, then ctrl-y on one of them shows this table."
            )?;
        }
        Ok(())
    }

    /// What the sessions came to; who plans and who reads only where that differs.
    fn figures(&self) -> Vec<TableRow> {
        let sides: Vec<Option<&Side>> = self.variants.iter().map(|variant| variant.side.as_ref()).collect();
        let mut rows = table(&sides);
        rows.retain(|(name, cells)| {
            !["planner", "reader"].contains(&name.as_str()) || cells.windows(2).any(|pair| pair[0] != pair[1])
        });
        rows
    }
}
