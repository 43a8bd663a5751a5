//! The pause of a run: the key for it, and what is told of it.

use super::action::Action;
use super::message::Command;
use super::model::Model;
use crate::protocol::{Need, Phase, State, Waiting};

impl Model {
    /// Pauses the run, or lets the paused one go on. The records say what comes of it.
    pub(crate) fn pause_or_go_on(&mut self) -> Vec<Command> {
        if self.player().is_some() {
            self.notify(self.with_keys("this is a replay", &[(Action::Play, "plays it or pauses it")]));
            return Vec::new();
        }
        if !self.is_running() {
            self.notify("no run is in flight");
            return Vec::new();
        }
        if self.state.pause.is_some() {
            return vec![Command::GoOn];
        }
        // The key passes gates too: the one that it was meant for was put aside, or may not be there yet.
        if let Some(gate) = self.gate_overlay() {
            self.open_overlay(gate);
            self.notify(self.with_keys("the run waits at this gate", &[(Action::PassGate, "passes it")]));
            return Vec::new();
        }
        if !self.state.gates.chosen.is_empty() {
            let told = self.with_keys("no gate is open yet", &[(Action::Pause, "once more pauses the run")]);
            if self.notice.as_ref().is_none_or(|notice| notice.text != told) {
                self.notify(told);
                return Vec::new();
            }
            self.notify(self.with_keys("the run pauses", &[(Action::Pause, "goes on")]));
        }
        vec![Command::Pause]
    }

    /// What the pause means just now; nothing where there is none.
    pub fn paused(&self) -> Option<String> {
        self.state.pause?;
        if let Some(Need::GoOn { failed: Some(error) }) = self.state.need() {
            let what = format!("no job could be done, the first failed with: {error}");
            let keys = [(Action::RetryTrouble, "tries them again"), (Action::Pause, "goes on")];
            return Some(if self.is_running() { self.with_keys(&what, &keys) } else { what });
        }
        let what = under_way(&self.state).map_or_else(|| "nothing begins".into(), |what| format!("{what} still"));
        Some(if self.is_running() { self.with_keys(&what, &[(Action::Pause, "goes on")]) } else { what })
    }
}

/// What finishes although the session is paused.
fn under_way(state: &State) -> Option<String> {
    Some(match state.phase {
        _ if state.rests() => return None,
        Phase::Waiting(Waiting::Remote(_)) => "the reply comes".into(),
        Phase::Waiting(Waiting::Jobs) => match state.jobs_under_way() {
            1 => "1 job finishes".into(),
            count => format!("{count} jobs finish"),
        },
        Phase::Waiting(Waiting::Prepare(_) | Waiting::Transform(_)) => "the program finishes".into(),
        _ => return None,
    })
}
