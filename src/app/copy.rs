//! What `y` takes to the clipboard.

use super::layout::Pane;
use super::message::Command;
use super::model::{Model, Overlay};
use super::panes::answers::AnswersTab;
use super::panes::planner::words_of;
use super::rows::{Fold, Target};
use crate::protocol::{AskState, Code};

impl Model {
    /// What is selected, as text for the clipboard.
    pub(crate) fn copy(&mut self) -> Vec<Command> {
        let text = match self.focus {
            Pane::Document => {
                self.selected().or(self.document.highlight.map(|highlight| highlight.span)).and_then(|span| {
                    let open = self.documents.get(span.document)?;
                    open.document.slice(span.start, span.end).map(str::to_owned)
                })
            }
            Pane::Planner => self.selected_in_planner(),
            Pane::Jobs => self.selected_job().and_then(|id| {
                let output = self.state.job(id)?.outcome()?.output()?;
                output.answer.clone().or_else(|| output.citation.clone())
            }),
            Pane::Answers => self.selected_in_answers(),
        };
        match text.filter(|text| !text.trim().is_empty()) {
            Some(text) => vec![Command::Copy(text)],
            None => {
                self.notify("nothing is selected here to copy");
                Vec::new()
            }
        }
    }

    /// The whole prompt or reply that the cursor stands in.
    fn selected_in_planner(&self) -> Option<String> {
        let pane = &self.planner.rows;
        let mut above = pane.rows.iter().take(pane.cursor + 1).rev();
        let Target::Fold(fold) = above.find_map(|row| row.target)? else { return None };
        let numbered = |n| self.state.asks().find(|ask| ask.request.ask.n == n);
        match fold {
            Fold::Prompt(n) if pane.rows.get(pane.cursor)?.target == Some(Target::Fold(fold)) => {
                let messages = &numbered(n)?.request.messages;
                let contents: Vec<&str> = messages.iter().map(|message| message.content.as_str()).collect();
                Some(contents.join("\n\n"))
            }
            Fold::Traceback(n) if pane.rows.get(pane.cursor)?.target == Some(Target::Fold(fold)) => {
                let mut codes = self.state.rounds.iter().flat_map(|round| &round.codes);
                let ask = &numbered(n)?.request;
                let of = |code: &&Code| code.id.round == ask.ask.round && code.id.attempt == ask.attempt;
                codes.find(of)?.rejected.as_ref()?.traceback.clone()
            }
            Fold::Prompt(n) | Fold::Reply(n) | Fold::Traceback(n) => match &numbered(n)?.state {
                AskState::Answered(answer) => Some(answer.text.clone()),
                AskState::Pending => self.partial.as_ref().map(|partial| partial.text.clone()),
                AskState::GivenUp => None,
            },
        }
    }

    fn selected_in_answers(&self) -> Option<String> {
        let answer = self.state.answer.as_ref();
        match self.answers.rows.get(self.answers.cursor)?.target {
            Some(Target::Citation(at) | Target::Place(at, _)) => Some(answer?.citations.get(at)?.text.clone()),
            Some(Target::Job(id)) => self.state.job(id)?.outcome()?.output()?.answer.clone(),
            _ => match self.answers_tab() {
                AnswersTab::Answer => answer?.answer.clone(),
                AnswersTab::Round(round) => Some(self.state.round_numbered(round)?.aggregated.as_ref()?.text.clone()),
            },
        }
    }

    pub(crate) fn copy_overlay(&mut self) -> Vec<Command> {
        let text = match &self.overlay {
            Some(Overlay::Ledger(_)) => Some(self.ledger_text()),
            _ => self.overlay_rows_mut().map(|pane| words_of(&pane.rows)),
        };
        text.filter(|text| !text.is_empty()).map_or_else(Vec::new, |text| vec![Command::Copy(text)])
    }
}
