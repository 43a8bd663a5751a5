//! The Answers pane: the answer with its citations, then what each round found.

use crate::app::action::Action;
use crate::app::figures::short_bytes;
use crate::app::layout::{Area, Pane};
use crate::app::model::{Highlight, Model};
use crate::app::rows::{Mark, Piece, Target, Tone, Writer, match_word, pad};
use crate::document::Located;
use crate::protocol::{Decision, JobId, Outcome, Phase, Round};

/// Findings listed while a round's jobs run; the Jobs pane has them all.
pub const FOUND: usize = 50;

impl Model {
    /// The cells of the rows: below the line that says what is waited for, while something is.
    pub fn answers_list(&self) -> Area {
        self.inside(Pane::Answers).below(self.answers_head())
    }

    /// Rows at the top that say what is being waited for.
    pub fn answers_head(&self) -> u16 {
        if matches!(self.state.phase, Phase::Ended(_)) { 0 } else { 2 }
    }

    pub(crate) fn lay_out_answers(&mut self) {
        let width = usize::from(self.inside(Pane::Answers).width.saturating_sub(2));
        let mut writer = Writer::new(width);
        self.write_answer(&mut writer);
        for round in self.state.rounds.iter().rev() {
            self.write_findings(&mut writer, round);
        }
        self.answers.rows = writer.rows;
    }

    fn write_answer(&self, writer: &mut Writer) {
        if let Some(answer) = &self.state.answer {
            match &answer.answer {
                Some(text) => writer.text(Tone::Strong, 0, text, None),
                None => writer.text(Tone::Warning, 0, "The documents do not tell, as far as was read.", None),
            }
            if !answer.explanation.trim().is_empty() {
                writer.blank();
                writer.text(Tone::Text, 0, &answer.explanation, None);
            }
            for (at, citation) in answer.citations.iter().enumerate() {
                writer.blank();
                self.write_citation(writer, at, &citation.text, citation.located);
            }
            return;
        }
        if self.state.opened.is_none() && self.player().is_none() && !self.is_running() {
            self.write_welcome(writer);
        }
        if let Some(ending) = self.state.ending() {
            writer.row(vec![Piece::text(Tone::Heading, "There is no answer")], None);
            let reason = ending.reason().unwrap_or("The run was stopped before it came to one.");
            writer.text(Tone::Warning, 0, reason, None);
        }
    }

    /// What can be done before a question is asked.
    fn write_welcome(&self, writer: &mut Writer) {
        for open in &self.documents {
            let told =
                format!("{} of text, {} lines", short_bytes(open.document.text.len() as u64), open.lines.numbered());
            let name = Piece::text(Tone::Strong, &open.document.name);
            writer.row(
                vec![
                    Piece::Mark(Tone::Accent, Mark::Bullet),
                    pad(1),
                    name,
                    Piece::text(Tone::Dim, format!("  {told}")),
                ],
                None,
            );
        }
        writer.blank();
        let ways = [
            (Action::Ask, "ask a question"),
            (Action::DocumentPane, "read the document"),
            (Action::Help, "see all keys"),
            (Action::Quit, "leave"),
        ];
        for (action, words) in ways {
            let Some(keys) = self.keymap.first_keys(action) else { continue };
            let lead = vec![pad(2), Piece::text(Tone::Key, format!("{:<4}", keys.to_string()))];
            writer.lead(lead, Tone::Text, words, None);
        }
        writer.blank();
        let text = "The local LM reads the documents. To the remote LM go only the prompts in the Planner pane.";
        writer.text(Tone::Dim, 0, text, None);
    }

    fn write_citation(&self, writer: &mut Writer, at: usize, text: &str, located: Option<Located>) {
        let target = Some(Target::Citation(at));
        let (tone, mark, word) = match_word(located.map(|located| located.how));
        let mut head = vec![
            Piece::text(Tone::Accent, format!("[{}]", at + 1)),
            pad(1),
            Piece::Mark(tone, mark),
            pad(1),
            Piece::text(tone, word),
        ];
        let place = match located {
            Some(located) => self.words_for_place(located),
            None => "in no document; read it with care".into(),
        };
        head.push(Piece::text(Tone::Dim, format!("  {place}")));
        writer.row(head, target);
        for line in text.trim().lines() {
            writer.lead(vec![pad(2), Piece::Mark(tone, Mark::Bar), pad(1)], Tone::Quote, line, target);
        }
    }

    fn words_for_place(&self, located: Located) -> String {
        let Some(open) = self.documents.get(located.span.document) else { return "in a document not at hand".into() };
        let place = match open.document.page_of(located.span.start) {
            Some(page) => format!("page {page}"),
            None => format!("byte {}", located.span.start),
        };
        if self.documents.len() > 1 { format!("{} · {place}", open.document.name) } else { place }
    }

    fn write_findings(&self, writer: &mut Writer, round: &Round) {
        let found = || {
            (0u32..).zip(&round.jobs).filter_map(|(index, job)| match job.outcome() {
                Some(Outcome::Answered { output, located }) => {
                    Some((JobId { round: round.number, index }, job, output, *located))
                }
                _ => None,
            })
        };
        if round.aggregated.is_none() && found().next().is_none() {
            return;
        }
        writer.blank();
        let told = match &round.aggregated {
            Some(aggregated) => format!(
                "{} · {} kept, {} dropped",
                short_bytes(aggregated.text.len() as u64),
                aggregated.kept,
                aggregated.dropped
            ),
            None => "found so far".into(),
        };
        writer.row(
            vec![
                Piece::text(Tone::Heading, format!("Round {}", round.number)),
                Piece::text(Tone::Dim, format!("  {told}")),
            ],
            None,
        );
        if let Some(Decision::RequestAdditionalInfo(more)) = &round.decision {
            let lead = vec![Piece::Mark(Tone::Accent, Mark::Arrow), pad(1)];
            let one_line: Vec<&str> = more.feedback.split_whitespace().collect();
            writer.lead(lead, Tone::Text, &format!("more wanted: {}", one_line.join(" ")), None);
        }
        match &round.aggregated {
            Some(aggregated) => writer.text(Tone::Text, 0, &aggregated.text, None),
            None => {
                for (id, job, output, located) in found().take(FOUND) {
                    let (tone, mark, _) = match_word(located.map(|located| located.how));
                    let place = self.place_of(round.chunk_of(job));
                    let lead = vec![
                        Piece::Mark(tone, mark),
                        pad(1),
                        Piece::text(Tone::Dim, format!("{:<6} {place:<7}", id.to_string())),
                        pad(1),
                    ];
                    let lead = match (located, &output.citation) {
                        (Some(_), _) => lead,
                        (None, Some(_)) => [lead, vec![Piece::text(Tone::Bad, "NOT FOUND ")]].concat(),
                        (None, None) => [lead, vec![Piece::text(Tone::Warning, "no citation ")]].concat(),
                    };
                    let answer: Vec<&str> = output.answer.as_deref().unwrap_or_default().split_whitespace().collect();
                    writer.lead(lead, Tone::Text, &answer.join(" "), Some(Target::Job(id)));
                }
            }
        }
    }

    /// How many findings the pane lists for the newest round, so that no more are laid out than are shown.
    pub(crate) fn lists_more_findings(&self) -> bool {
        let Some(round) = self.state.round() else { return false };
        let answered = round.jobs.iter().filter(|job| matches!(job.outcome(), Some(Outcome::Answered { .. })));
        answered.take(FOUND + 1).count() <= FOUND
    }

    pub(crate) fn citation_place(&self, at: usize) -> Option<Highlight> {
        let located = self.state.answer.as_ref()?.citations.get(at)?.located?;
        Some(Highlight { span: located.span, located: Some(located) })
    }
}
