//! The Answers pane: the answer with its citations, and a tab for what each round found.

use std::cell::OnceCell;

use super::findings::has_findings;
use crate::app::action::Action;
use crate::app::figures::{counted, sentence, short_bytes};
use crate::app::layout::{Area, Pane};
use crate::app::model::Model;
use crate::app::reword::reworded;
use crate::app::rows::{Mark, Piece, Row, Target, Tone, Writer, match_word, pad};
use crate::app::rows_pane::RowsPane;
use crate::app::visible::width;
use crate::document::{Located, Match, Span};
use crate::ledger::{Unsupported, conflicts, numbers, unsupported};
use crate::protocol::{Answer, AnswerCitation, Phase, Redaction};

/// Other places of a citation that are listed.
const PLACES: usize = 4;

/// What the pane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswersTab {
    Answer,
    /// What this round found.
    Round(u32),
}

impl AnswersTab {
    pub fn name(self) -> String {
        match self {
            AnswersTab::Answer => "Answer".into(),
            AnswersTab::Round(round) => format!("Round {round}"),
        }
    }
}

impl Model {
    /// The cells of the rows: below the tabs, and the line that says what is waited for, while something is.
    pub fn answers_list(&self) -> Area {
        self.answers_inside().below(self.answers_head())
    }

    /// Rows at the top that say what is being waited for.
    pub fn answers_head(&self) -> u16 {
        if matches!(self.state.phase, Phase::Ended(_)) { 0 } else { 2 }
    }

    /// The cells below the tabs.
    pub fn answers_inside(&self) -> Area {
        self.inside(Pane::Answers).below(u16::from(self.answers_tabs().len() > 1))
    }

    /// The answer, and every round that found something.
    pub fn answers_tabs(&self) -> Vec<AnswersTab> {
        let rounds = self.state.rounds.iter().filter(|round| has_findings(round));
        std::iter::once(AnswersTab::Answer).chain(rounds.map(|round| AnswersTab::Round(round.number))).collect()
    }

    /// The tab that is shown: the one gone to, else the answer when it is there, else the newest round.
    pub fn answers_tab(&self) -> AnswersTab {
        let tabs = self.answers_tabs();
        let done = self.state.answer.is_some() || self.state.ending().is_some();
        let newest = if done { AnswersTab::Answer } else { tabs.last().copied().unwrap_or(AnswersTab::Answer) };
        self.answers_tab.filter(|tab| tabs.contains(tab)).unwrap_or(newest)
    }

    /// The cells of each tab's name, as many as fit and always that of the tab shown.
    pub fn answers_tab_areas(&self) -> Vec<(AnswersTab, Area)> {
        let tabs = self.answers_tabs();
        let strip = self.inside(Pane::Answers).top(u16::from(tabs.len() > 1));
        let wide = |tab: &AnswersTab| width(&tab.name()) as u16 + 2;
        let shown = tabs.iter().position(|tab| *tab == self.answers_tab()).unwrap_or_default();
        let fits = |first: usize| tabs[first..=shown].iter().map(wide).sum::<u16>() < strip.width;
        let first = (0..=shown).find(|first| fits(*first)).unwrap_or(shown);
        let mut x = strip.x + 1;
        let placed = tabs.into_iter().skip(first).map(|tab| {
            let area = Area { x, width: wide(&tab), ..strip };
            x += area.width;
            (tab, area)
        });
        placed.take_while(|(_, area)| !strip.is_empty() && area.x + area.width < strip.x + strip.width).collect()
    }

    /// To the tab after the one shown, or before it.
    pub(crate) fn next_answers_tab(&mut self, forward: bool) {
        let tabs = self.answers_tabs();
        let at = tabs.iter().position(|tab| *tab == self.answers_tab()).unwrap_or_default();
        let next = if forward { at + 1 } else { at.saturating_sub(1) };
        if let Some(tab) = tabs.get(next) {
            self.show_answers_tab(*tab);
        }
    }

    pub(crate) fn show_answers_tab(&mut self, tab: AnswersTab) {
        self.answers_tab = Some(tab);
        (self.answers.cursor, self.answers.top) = (0, 0);
        self.lay_out_answers();
        self.find_again();
        self.settle();
    }

    pub(crate) fn lay_out_answers(&mut self) {
        self.answers_anew = None;
        self.answers.rows = self.answers_rows();
    }

    fn answers_rows(&self) -> Vec<Row> {
        let mut writer = Writer::new(self.row_width(Pane::Answers));
        match self.answers_tab() {
            AnswersTab::Answer => self.write_answer(&mut writer),
            AnswersTab::Round(number) => {
                if let Some(round) = self.state.round_numbered(number) {
                    self.write_findings(&mut writer, round);
                }
            }
        }
        writer.rows
    }

    /// Has the rows made anew when they are next looked at, so that thousands of answers between two frames cost one layout.
    pub(crate) fn relist_findings(&mut self) {
        self.answers_anew = Some(OnceCell::new());
    }

    /// The pane as it is now.
    pub fn answers_pane(&self) -> &RowsPane {
        match &self.answers_anew {
            Some(anew) => anew.get_or_init(|| self.make_answers()),
            None => &self.answers,
        }
    }

    /// Goes on with the pane as it is now, before anything is done in it.
    pub(crate) fn keep_answers(&mut self) {
        if let Some(anew) = self.answers_anew.take() {
            self.answers = anew.into_inner().unwrap_or_else(|| self.make_answers());
        }
    }

    fn make_answers(&self) -> RowsPane {
        let mut pane = RowsPane { rows: self.answers_rows(), search: None, ..self.answers };
        pane.settle(self.answers_list().height);
        pane
    }

    fn write_answer(&self, writer: &mut Writer) {
        if let Some(answer) = &self.state.answer {
            self.write_claim(writer, answer);
            if !answer.explanation.trim().is_empty() {
                writer.blank();
                writer.markdown(Tone::Text, 0, &answer.explanation, None);
            }
            for (at, citation) in answer.citations.iter().enumerate() {
                writer.blank();
                self.write_citation(writer, at, &citation.text, citation.located.as_ref());
            }
            self.write_doubts(writer);
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

    /// The answer itself; numbers in it that no cited words hold are marked and named.
    fn write_claim(&self, writer: &mut Writer, answer: &Answer) {
        let Some(text) = &answer.answer else {
            let why = sentence(&self.state.why_no_answer());
            return writer.text(Tone::Warning, 0, &why, None);
        };
        let cited = answer.citations.iter().filter_map(|citation| self.words_of(citation));
        let wanting = unsupported(text, self.state.question(), cited);
        let first = writer.rows.len();
        writer.markdown(Tone::Strong, 0, text, None);
        if wanting.is_empty() {
            return;
        }
        let known: Vec<String> = wanting.iter().flat_map(|it| numbers(it.words).map(|(_, number)| number)).collect();
        for row in &mut writer.rows[first..] {
            row.pieces = std::mem::take(&mut row.pieces).into_iter().flat_map(|piece| marked(piece, &known)).collect();
        }
        for line in Unsupported::told(&wanting) {
            let lead = vec![Piece::Mark(Tone::Warning, Mark::Failed), pad(1)];
            writer.lead(lead, Tone::Warning, &line, None);
        }
    }

    /// The document's words that a citation points at; those of the citation itself where the document is not at hand.
    fn words_of<'a>(&'a self, citation: &'a AnswerCitation) -> Option<&'a str> {
        let span = citation.located.as_ref()?.span;
        let open = self.documents.get(span.document);
        Some(open.and_then(|open| open.document.slice(span.start, span.end)).unwrap_or(&citation.text))
    }

    /// Rounds whose jobs contradict one another.
    fn write_doubts(&self, writer: &mut Writer) {
        for round in &self.state.rounds {
            let mut tasks: Vec<u32> = conflicts(round).iter().map(|conflict| conflict.task).collect();
            tasks.dedup();
            if !tasks.is_empty() {
                writer.blank();
                let tasks = counted(tasks.len(), "task");
                let words = format!("Round {}: jobs contradict one another on {tasks}", round.number);
                let lead = vec![Piece::Mark(Tone::Warning, Mark::Failed), pad(1)];
                writer.lead(lead, Tone::Warning, &words, Some(Target::Round(round.number)));
            }
        }
    }

    /// What can be done before a question is asked.
    fn write_welcome(&self, writer: &mut Writer) {
        for open in &self.documents {
            let told = format!(
                "{} of text, {}",
                short_bytes(open.document.text.len() as u64),
                counted(open.lines.numbered(), "line")
            );
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

    fn write_citation(&self, writer: &mut Writer, at: usize, text: &str, located: Option<&Located>) {
        let target = Some(Target::Citation(at));
        let (tone, mark, word) = match_word(text, located.map(|located| located.how));
        let mut head = vec![
            Piece::text(Tone::Accent, format!("[{}]", at + 1)),
            pad(1),
            Piece::Mark(tone, mark),
            pad(1),
            Piece::text(tone, word),
        ];
        let place = match located {
            Some(located) => match located.place_count() {
                1 => self.words_for_place(&located.span),
                count => {
                    let count = located.elsewhere.told(count);
                    format!("{} · 1 of {count} places", self.words_for_place(&located.span))
                }
            },
            None if Redaction::is_all_of(text) => "its words were blotted out, and are looked for nowhere".into(),
            None => "in no document; read it with care".into(),
        };
        head.push(Piece::text(Tone::Dim, format!("  {place}")));
        writer.row(head, target);
        for line in text.trim().lines() {
            writer.lead(vec![pad(2), Piece::Mark(tone, Mark::Bar), pad(1)], Tone::Quote, line, target);
        }
        let Some(located) = located else { return };
        self.write_nearly(writer, target, text, located);
        self.write_other_places(writer, at, located);
    }

    /// The other places of a citation's words; Enter goes there.
    fn write_other_places(&self, writer: &mut Writer, at: usize, located: &Located) {
        for (place, span) in located.places().enumerate().skip(1).take(PLACES) {
            let words = format!("also {}", self.words_for_place(&span));
            writer.row(vec![pad(2), Piece::text(Tone::Dim, words)], Some(Target::Place(at, place)));
        }
        if located.place_count() > PLACES + 1 {
            let count = located.elsewhere.told(located.place_count() - PLACES - 1);
            let words = format!("and {count} places more; Enter again goes to the next");
            writer.row(vec![pad(2), Piece::text(Tone::Dim, words)], Some(Target::Citation(at)));
        }
    }

    /// Where a citation agrees only nearly: what of it stands otherwise in the document.
    fn write_nearly(&self, writer: &mut Writer, target: Option<Target>, text: &str, located: &Located) {
        let Located { span, how: Match::Normalised | Match::Fuzzy, .. } = located else { return };
        let words = self.documents.get(span.document).and_then(|open| open.document.slice(span.start, span.end));
        let changed = words.and_then(|words| reworded(text, words));
        if let Some(lines) = changed {
            writer.row(vec![pad(2), Piece::text(Tone::Dim, "in the document")], target);
            for line in lines.iter().filter(|line| !line.is_blank()) {
                writer.line(vec![pad(4)], &[pad(4)], line, target);
            }
        }
    }

    fn words_for_place(&self, span: &Span) -> String {
        let Some(open) = self.documents.get(span.document) else { return "in a document not at hand".into() };
        let place = open.document.place_of(span.start);
        if self.documents.len() > 1 { format!("{} · {place}", open.document.name) } else { place }
    }
}

/// A piece of the answer with these numbers in it marked.
fn marked(piece: Piece, wanting: &[String]) -> Vec<Piece> {
    let Piece::Text(tone, text) = &piece else { return vec![piece] };
    let mut pieces = Vec::new();
    let mut at = 0;
    for (bytes, _) in numbers(text).filter(|(_, number)| wanting.contains(number)) {
        pieces.push(Piece::Text(*tone, text.get(at..bytes.start).unwrap_or_default().to_owned()));
        pieces.push(Piece::Text(Tone::Warning, text.get(bytes.clone()).unwrap_or_default().to_owned()));
        at = bytes.end;
    }
    pieces.push(Piece::Text(*tone, text.get(at..).unwrap_or_default().to_owned()));
    pieces
}
