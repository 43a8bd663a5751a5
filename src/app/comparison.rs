//! Two sessions, or two rounds, side by side: what was answered and cited, which jobs say something else, what it took.

use super::message::Command;
use super::model::{Model, Overlay};
use super::picker::Picking;
use super::rows::{Mark, Piece, Tone, Writer, pad, piece_width};
use super::rows_pane::RowsPane;
use super::table::{line, table};
use super::wrap::wrap;
use crate::ledger::{Comparison, JobSays, Side};

/// More changed jobs are counted and not listed.
const JOBS_TOLD: usize = 200;
/// Cells of the names of figures.
const NAMES: usize = 17;

impl Model {
    /// Shows what was compared, in place of the list it was picked from.
    pub(crate) fn show_comparison(&mut self, compared: Comparison) {
        let overlay = Overlay::Comparison { compared: Box::new(compared), rounds: None, rows: RowsPane::default() };
        // How to compare is said no longer.
        self.notice = None;
        match self.picker() {
            Some(picker) if picker.of == Picking::Session => self.open_overlay(overlay),
            _ => self.open_unasked(overlay, "the sessions are compared"),
        }
    }

    /// Asks for the newest round at hand beside the one before it.
    pub(crate) fn compare_rounds(&mut self) -> Vec<Command> {
        let last = self.state.rounds.len() as u32;
        if last < 2 {
            self.notify("there are no two rounds to compare yet");
            return Vec::new();
        }
        vec![Command::CompareRounds { a: last - 1, b: last }]
    }

    /// From the two rounds that are shown to two others.
    pub(crate) fn compare_other_rounds(&mut self, forward: bool) -> Vec<Command> {
        let Some(Overlay::Comparison { rounds: Some(shown), .. }) = self.overlay else { return Vec::new() };
        let last = self.state.rounds.len() as u32;
        let pairs: Vec<(u32, u32)> = (2..=last).flat_map(|b| (1..b).map(move |a| (a, b))).collect();
        let at = pairs.iter().position(|pair| *pair == shown).unwrap_or(0);
        let next = if forward { at + 1 } else { at.wrapping_sub(1) };
        let Some((a, b)) = pairs.get(next).copied() else {
            self.notify("there are no other rounds on this side");
            return Vec::new();
        };
        vec![Command::CompareRounds { a, b }]
    }

    pub(crate) fn show_rounds(&mut self, rounds: (u32, u32), compared: Comparison) {
        let overlay =
            Overlay::Comparison { compared: Box::new(compared), rounds: Some(rounds), rows: RowsPane::default() };
        match self.overlay {
            Some(Overlay::Comparison { .. }) => self.open_overlay(overlay),
            _ => self.open_unasked(overlay, "the rounds are compared"),
        }
    }
}

pub(super) fn write(compared: &Comparison, width: usize) -> Writer {
    let mut writer = Writer::new(width);
    let Comparison { a, b, citations, jobs, .. } = compared;
    heading(&mut writer, "");
    columns(&mut writer, Tone::Strong, &a.name, &b.name);
    columns(
        &mut writer,
        Tone::Text,
        &a.question,
        if compared.same_question { "the same question" } else { &b.question },
    );
    match (&a.answer, &b.answer) {
        (None, None) => heading(&mut writer, "Neither has an answer"),
        _ => {
            let what = match (a.asks_for_more(), b.asks_for_more()) {
                (false, false) => "Answer",
                (true, true) => "Wanted next",
                (true, false) => "Wanted next, and the answer",
                (false, true) => "The answer, and wanted next",
            };
            heading(&mut writer, &if compared.same_answer { format!("{what}, the same") } else { what.to_owned() });
            columns(&mut writer, Tone::Text, answer(a), answer(b));
        }
    }
    heading(&mut writer, "Figures");
    for (name, cells) in table(&[Some(a), Some(b)]) {
        let tones = [Tone::Text, if cells.windows(2).all(|pair| pair[0] == pair[1]) { Tone::Dim } else { Tone::Text }];
        let half = writer.width().saturating_sub(NAMES) / 2;
        line(&mut writer, NAMES, half, &name, &tones.into_iter().zip(cells).collect::<Vec<_>>());
    }
    heading(&mut writer, &format!("Citations: {} of both", citations.both.len()));
    for at in 0..citations.only_a.len().max(citations.only_b.len()) {
        let text = |texts: &[String]| texts.get(at).map_or_else(String::new, |text| format!("“{text}”"));
        columns(&mut writer, Tone::Quote, &text(&citations.only_a), &text(&citations.only_b));
    }
    let told = format!(
        "Jobs: {} say the same, {} something else, {} only left, {} only right",
        jobs.same,
        jobs.changed.len(),
        jobs.only_a,
        jobs.only_b
    );
    heading(&mut writer, &told);
    for changed in jobs.changed.iter().take(JOBS_TOLD) {
        writer.text(Tone::Dim, 0, &changed.task, None);
        columns(&mut writer, Tone::Text, &says(&changed.a), &says(&changed.b));
    }
    if jobs.changed.len() > JOBS_TOLD {
        let rest = format!("and {} more; `minions sessions diff --json` lists all", jobs.changed.len() - JOBS_TOLD);
        writer.text(Tone::Dim, 0, &rest, None);
    }
    writer
}

fn heading(writer: &mut Writer, text: &str) {
    writer.blank();
    if !text.is_empty() {
        writer.row(vec![Piece::text(Tone::Heading, text)], None);
    }
}

/// Two texts beside each other, each wrapped in its half.
fn columns(writer: &mut Writer, tone: Tone, left: &str, right: &str) {
    let half = (writer.width().saturating_sub(3) / 2).max(1);
    let rows = |text: &str| -> Vec<String> {
        let lines = text.trim_end().lines();
        lines.flat_map(|line| wrap(line, half).into_iter().map(|part| line[part].trim_end().to_owned())).collect()
    };
    let (left, right) = (rows(left), rows(right));
    for at in 0..left.len().max(right.len()) {
        let piece = |rows: &[String]| Piece::text(tone, rows.get(at).map_or("", String::as_str));
        let (first, second) = (piece(&left), piece(&right));
        let rest = half.saturating_sub(piece_width(&first));
        writer.row(vec![first, pad(rest + 1), Piece::Mark(Tone::Dim, Mark::Bar), pad(1), second], None);
    }
}

fn answer(side: &Side) -> &str {
    side.answer.as_deref().unwrap_or("no answer")
}

fn says(job: &JobSays) -> String {
    format!("{}  {}", job.job, job.answer.as_deref().unwrap_or(job.state))
}
