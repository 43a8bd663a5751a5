//! What a question over the panes says, and what each key does about it.

use super::action::Action;
use super::budget;
use super::consent;
use super::exposing;
use super::keymap::binding_of;
use super::model::{Model, Overlay};
use super::wrap::wrap;

/// What is asked, and the ways to answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub lines: Vec<String>,
    pub choices: Vec<(Action, String)>,
}

impl Question {
    fn new(lines: impl IntoIterator<Item = impl Into<String>>, choices: &[(Action, &str)]) -> Self {
        let choices = choices.iter().map(|(action, does)| (*action, (*does).to_owned())).collect();
        Self { lines: lines.into_iter().map(Into::into).collect(), choices }
    }

    /// Its words in rows of this many cells.
    pub fn rows(&self, width: usize) -> Vec<String> {
        let parts = |line: &String| {
            let parts = wrap(line, width.max(1)).into_iter().map(|part| line[part].trim_end().to_owned());
            parts.collect::<Vec<_>>()
        };
        self.lines.iter().flat_map(parts).collect()
    }
}

impl Model {
    /// The question that is open; nothing where none is.
    pub fn question(&self) -> Option<Question> {
        let does = |action: Action| (action, binding_of(action).map_or("", |binding| binding.doc));
        Some(match self.overlay.as_ref()? {
            Overlay::Quit => Question::new(
                ["Leaving stops the run.", "What was paid for is saved, and the session stays."],
                &[(Action::Confirm, "leave"), (Action::Decline, "stay")],
            ),
            Overlay::Stop => Question::new(
                ["Jobs and requests under way are cancelled.", "What was paid for is saved."],
                &[(Action::Confirm, "stop the run"), (Action::Decline, "let it run")],
            ),
            Overlay::Interrupted => {
                let interrupted = self.interrupted();
                let purpose = interrupted.map_or("", |known| known.purpose.name());
                let cost = match interrupted.and_then(|known| known.worst_usd) {
                    Some(usd) => format!("may have been paid for, with ${usd:.4} at most."),
                    None => "may have been paid for; its price is not known.".into(),
                };
                let lines = [
                    format!("The program ended while the request ({purpose}) was out."),
                    format!("It {cost}"),
                    "Nothing is sent until you decide.".into(),
                ];
                Question::new(lines, &[(Action::Confirm, "send it again"), (Action::Decline, "decide later")])
            }
            Overlay::Consent => {
                Question::new(consent::lines(self), &[Action::SendDocuments, Action::KeepDocuments].map(does))
            }
            Overlay::Budget => {
                let (lines, once) = match (self.exposure_reached(), self.budget_reached()) {
                    (Some(reached), _) => (exposing::lines(reached), exposing::once(reached)),
                    (None, Some(reached)) => (budget::lines(reached), budget::once(reached)),
                    (None, None) => return None,
                };
                let rest = [Action::RaiseBudget, Action::EndRun, Action::Postpone].map(does);
                Question::new(lines, &[&[(Action::SpendOnce, once.as_str())], &rest[..]].concat())
            }
            _ => return None,
        })
    }
}
