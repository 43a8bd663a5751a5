//! What `y` takes to the clipboard.

use super::layout::Pane;
use super::message::Command;
use super::model::Model;
use super::panes::planner::words_of;
use super::rows::Target;

impl Model {
    /// What is selected, as text for the clipboard.
    pub(crate) fn copy(&mut self) -> Vec<Command> {
        let text = match self.focus {
            Pane::Document => self.document.highlight.and_then(|highlight| {
                let open = self.documents.get(highlight.span.document)?;
                open.document.slice(highlight.span.start, highlight.span.end).map(str::to_owned)
            }),
            Pane::Planner => {
                self.planner.rows.rows.get(self.planner.rows.cursor).map(|row| words_of(std::slice::from_ref(row)))
            }
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

    fn selected_in_answers(&self) -> Option<String> {
        let answer = self.state.answer.as_ref();
        match self.answers.rows.get(self.answers.cursor)?.target {
            Some(Target::Citation(at)) => Some(answer?.citations.get(at)?.text.clone()),
            Some(Target::Job(id)) => self.state.job(id)?.outcome()?.output()?.answer.clone(),
            _ => answer?.answer.clone(),
        }
    }

    pub(crate) fn copy_overlay(&mut self) -> Vec<Command> {
        let text = self.overlay_rows_mut().map(|pane| words_of(&pane.rows));
        text.filter(|text| !text.is_empty()).map_or_else(Vec::new, |text| vec![Command::Copy(text)])
    }
}
