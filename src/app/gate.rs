//! What the person does at a gate: passes it, changes what is held, or sends it back.

use std::collections::BTreeSet;

use super::action::{Action, Context};
use super::gate_text::GateEdit;
use super::message::Command;
use super::model::{Model, Overlay};
use super::rows::Target;
use super::rows_pane::RowsPane;
use crate::document::Span;
use crate::protocol::{Gate, GateChoice, Gates, Held, JobId, Phase, Redaction, Round, RunTo};

/// The gate that is looked at.
#[derive(Clone, Debug, Default)]
pub struct GateForm {
    /// Its number; another gate is another form.
    pub n: u32,
    pub rows: RowsPane,
}

/// Ticks at the outputs that were changed. They stay for their round, whatever else is done there, until it is over.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticks {
    round: u32,
    /// The jobs, by index, that are not ticked.
    dropped: BTreeSet<u32>,
}

/// What a request that is held would give away of the documents.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposes {
    /// The gate where it is held.
    pub n: u32,
    pub spans: Vec<Span>,
    pub bytes: u64,
    /// Of all documents, 0–1.
    pub share: f64,
    /// Of all documents, what has left by now, and what will have with it, 0–1.
    pub left: f64,
    pub total: f64,
}

impl Model {
    /// What waits for the person, while somebody can say how to go on; in a replay, what waited.
    pub fn at_gate(&self) -> Option<(u32, &Held)> {
        match &self.state.phase {
            Phase::AtGate { n, held } if self.is_running() || self.player().is_some() => Some((*n, held)),
            _ => None,
        }
    }

    pub(crate) fn gate_overlay(&self) -> Option<Overlay> {
        let (n, _) = self.at_gate()?;
        Some(Overlay::Gate(Box::new(GateForm { n, ..GateForm::default() })))
    }

    /// A gate was reached: it opens by itself, as far down as the one of the same kind that was changed was looked at.
    pub(crate) fn gate_reached(&mut self) {
        let Some(mut overlay) = self.gate_overlay() else { return };
        if let (Overlay::Gate(form), Some((gate, rows))) = (&mut overlay, self.gate_rows.take())
            && self.at_gate().is_some_and(|(_, held)| held.gate() == gate)
        {
            (form.rows.cursor, form.rows.top) = rows;
        }
        self.open_unasked(overlay, "the session waits at a gate");
    }

    /// What was open for a gate that is passed is closed; what is typed for it stays until it is left.
    pub(crate) fn gate_left(&mut self) {
        if matches!(self.overlay, Some(Overlay::Gate(_))) {
            self.overlay = None;
        }
        self.held.take_if(|held| matches!(held, Overlay::Gate(_)));
    }

    /// Where a replay has gone on, the gate that is looked at closes with it.
    pub(crate) fn leave_other_gate(&mut self) {
        let at = self.at_gate().map(|(n, _)| n);
        if matches!(&self.overlay, Some(Overlay::Gate(form)) if Some(form.n) != at) {
            self.gate_left();
        }
    }

    /// What was held at a gate of a recording is looked at; what was said there stands. Nothing where the key only moves.
    fn at_recorded_gate(&mut self, action: Action) -> Option<Vec<Command>> {
        self.player()?;
        match action {
            Action::LookAround => self.overlay = None,
            Action::Open
            | Action::PassGate
            | Action::EditHeld
            | Action::SendBack
            | Action::Tick
            | Action::RedactPattern
            | Action::RedactLine
            | Action::RunToRound
            | Action::RunToEnd
            | Action::StopHere => self.notify(self.with_keys(
                "what was said at this gate is on record",
                &[(Action::StepForward, "shows it"), (Action::Fork, "forks here")],
            )),
            action if action == Action::Fork || self.steers_replay(action) => {
                self.overlay = None;
                return Some(self.perform(action));
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    fn steers_replay(&self, action: Action) -> bool {
        self.keymap.rows().iter().any(|row| row.context == Context::Replay && row.binding.action == action)
    }

    /// Switches step mode on or off, as the settings say where it waits.
    pub(crate) fn toggle_steps(&mut self) -> Vec<Command> {
        let stepping = match self.is_running() {
            true => !self.state.gates.chosen.is_empty(),
            false => self.settings.config.protocol.step,
        };
        // What a run does from now on holds for the next question too.
        if let Err(why) = self.settings.change("protocol.step", if stepping { "false" } else { "true" }) {
            self.notify(why);
            return Vec::new();
        }
        let names: Vec<&str> = self.settings.config.protocol.gate_names().collect();
        let gates = Gates::named(names.iter().copied());
        let mut commands = vec![Command::Settings(Box::new(self.settings.config.clone()))];
        if self.is_running() {
            commands.push(Command::Gates(if stepping { Gates::default() } else { gates }));
        }
        let told = match (stepping, self.is_running() && self.at_gate().is_some()) {
            (false, _) => format!("step mode: the run waits at {}", names.join(", ")),
            (true, false) => "step mode is left: the run waits nowhere".into(),
            (true, true) => {
                let way = match self.overlay {
                    Some(Overlay::Gate(_)) => (Action::PassGate, "passes it"),
                    _ => (Action::AtGate, "comes back to it"),
                };
                self.with_keys("step mode is left; this gate stays closed until it is passed", &[way])
            }
        };
        self.notify(told);
        commands
    }

    /// What a key does at a gate; nothing where it is none of its keys.
    pub(crate) fn perform_at_gate(&mut self, action: Action) -> Option<Vec<Command>> {
        if !matches!(self.overlay, Some(Overlay::Gate(_))) {
            return None;
        }
        if let Some(done) = self.at_recorded_gate(action) {
            return Some(done);
        }
        let Some(Overlay::Gate(form)) = &mut self.overlay else { return None };
        let (n, cursor) = (form.n, form.rows.cursor);
        let target = form.rows.rows.iter().take(cursor + 1).rev().find_map(|row| row.target);
        let own = form.rows.rows.get(cursor).and_then(|row| row.target);
        let gate = self.at_gate().map(|(_, held)| held.gate());
        Some(match action {
            Action::PassGate => self.pass_gate(),
            Action::RunToRound => self.run_on(RunTo::NextRound),
            Action::RunToEnd => self.run_on(RunTo::End),
            Action::StopHere => {
                self.overlay = None;
                vec![Command::StopRun]
            }
            // It is pressed by habit, and passes nothing unseen.
            Action::Open => {
                let ways = [
                    (Action::PassGate, "passes"),
                    (Action::LookAround, "looks around"),
                    (Action::Help, "lists all keys"),
                ];
                self.notify(self.with_keys("nothing was done", &ways));
                Vec::new()
            }
            Action::Help => {
                let beneath = self.overlay.take();
                self.open_overlay(Overlay::Help(RowsPane::default()));
                self.beneath = beneath;
                self.lay_out_overlay();
                Vec::new()
            }
            Action::LookAround => {
                self.overlay = None;
                self.notify(self.with_keys("nothing goes on meanwhile", &[(Action::AtGate, "comes back to the gate")]));
                Vec::new()
            }
            Action::EditHeld => match (gate, target) {
                (Some(Gate::Request), target) => {
                    let message =
                        if let Some(Target::Message(message)) = target { message } else { self.last_message() };
                    self.edit_held(n, GateEdit::Message(message))
                }
                (Some(Gate::Code), _) => self.edit_held(n, GateEdit::Program),
                (Some(Gate::Outputs), _) => self.edit_held(n, GateEdit::Outputs),
                (Some(Gate::Decision), _) => self.edit_held(n, GateEdit::Feedback),
                (None, _) => Vec::new(),
            },
            Action::SendBack => match gate {
                Some(Gate::Code | Gate::Outputs) => self.edit_held(n, GateEdit::Back),
                Some(Gate::Decision) => self.edit_held(n, GateEdit::Feedback),
                Some(Gate::Request) | None => {
                    self.notify("a request is made here: edit it, or stop");
                    Vec::new()
                }
            },
            Action::Tick if gate == Some(Gate::Outputs) => {
                match own {
                    Some(Target::Job(job)) => self.tick(job),
                    _ => self.notify("put the cursor on an output, and it is dropped or kept"),
                }
                Vec::new()
            }
            Action::RedactPattern if gate == Some(Gate::Outputs) => self.edit_held(n, GateEdit::Pattern),
            Action::RedactLine if gate == Some(Gate::Outputs) => match own {
                Some(Target::Line(at)) => {
                    let text =
                        self.state.round().and_then(|round| round.aggregated.as_ref()).map(|it| it.text.as_str());
                    let line = text.and_then(|text| text.split('\n').nth(at)).unwrap_or_default().to_owned();
                    self.redact(n, Redaction::Line(line))
                }
                _ => {
                    self.notify("put the cursor on a line of what goes on, and it is redacted");
                    Vec::new()
                }
            },
            Action::Tick | Action::RedactPattern | Action::RedactLine => {
                self.notify("that is done where the outputs wait");
                Vec::new()
            }
            Action::Up => self.move_at_gate(-1),
            Action::Down => self.move_at_gate(1),
            Action::HalfPageUp => self.move_at_gate(-(self.gate_page() / 2).max(1)),
            Action::HalfPageDown => self.move_at_gate((self.gate_page() / 2).max(1)),
            Action::PageUp => self.move_at_gate(-self.gate_page()),
            Action::PageDown => self.move_at_gate(self.gate_page()),
            Action::Top => self.move_at_gate(isize::MIN + 1),
            Action::Bottom => self.move_at_gate(isize::MAX),
            _ => return None,
        })
    }

    fn last_message(&self) -> u32 {
        match self.at_gate() {
            Some((_, Held::Request(request))) => request.messages.len().saturating_sub(1) as u32,
            _ => 0,
        }
    }

    fn gate_page(&self) -> isize {
        isize::try_from(self.overlay_height().max(2) - 1).unwrap_or(1)
    }

    fn move_at_gate(&mut self, rows: isize) -> Vec<Command> {
        let height = self.overlay_height();
        if let Some(Overlay::Gate(form)) = &mut self.overlay {
            form.rows.move_by(rows);
            form.rows.settle(height);
        }
        Vec::new()
    }

    fn pass_gate(&mut self) -> Vec<Command> {
        let Some(Overlay::Gate(form)) = &self.overlay else { return Vec::new() };
        let n = form.n;
        self.make_anew().unwrap_or_else(|| self.say_at_gate(n, GateChoice::Pass))
    }

    /// Where ticks were changed, the outputs are made anew and shown before they go on.
    fn make_anew(&mut self) -> Option<Vec<Command>> {
        let n = self.at_gate().filter(|(_, held)| held.gate() == Gate::Outputs)?.0;
        let round = self.state.round()?;
        let jobs = self.dropped(round).clone();
        if jobs == round.dropped {
            return None;
        }
        self.notify("the outputs are made anew of what is ticked; look at them, then pass");
        Some(self.say_at_gate(n, GateChoice::DropJobs { jobs }))
    }

    /// The jobs, by index, that are not ticked at the outputs of this round.
    pub(super) fn dropped<'a>(&'a self, round: &'a Round) -> &'a BTreeSet<u32> {
        match &self.ticks {
            Some(ticks) if ticks.round == round.number => &ticks.dropped,
            _ => &round.dropped,
        }
    }

    /// Drops the job's output, or keeps it after all.
    fn tick(&mut self, job: JobId) {
        let Some(round) = self.state.round() else { return };
        let mut dropped = self.dropped(round).clone();
        if !dropped.remove(&job.index) {
            dropped.insert(job.index);
        }
        self.ticks = Some(Ticks { round: job.round, dropped });
        self.lay_out_overlay();
    }

    /// Runs on, past the gate at hand where there is one.
    pub(crate) fn run_on(&mut self, to: RunTo) -> Vec<Command> {
        if let Some(anew) = self.make_anew() {
            return anew;
        }
        let n = self.at_gate().map(|(n, _)| n);
        self.gate_left();
        if self.is_running() {
            let mut commands = vec![Command::RunOn { to, n }];
            // What a run does from now on holds for the next question too.
            if to == RunTo::End && self.settings.config.protocol.step {
                match self.settings.change("protocol.step", "false") {
                    Ok(()) => commands.push(Command::Settings(Box::new(self.settings.config.clone()))),
                    Err(why) => self.notify(why),
                }
            }
            return commands;
        }
        self.notify("no run is in flight");
        Vec::new()
    }

    fn redact(&mut self, n: u32, redaction: Redaction) -> Vec<Command> {
        match redaction.check() {
            Ok(()) => self.say_at_gate(n, GateChoice::Redact(redaction)),
            Err(why) => {
                self.notify(why);
                Vec::new()
            }
        }
    }

    /// Passes on what was said at this gate. The records say what comes of it.
    pub(super) fn say_at_gate(&mut self, n: u32, choice: GateChoice) -> Vec<Command> {
        if let Some(Overlay::Gate(form)) = &self.overlay {
            let gate = self.at_gate().map(|(_, held)| held.gate());
            self.gate_rows = gate.map(|gate| (gate, (form.rows.cursor, form.rows.top)));
        }
        self.overlay = None;
        if self.at_gate().is_some_and(|(at, _)| at == n) {
            return vec![Command::AtGate { n, choice }];
        }
        self.notify("this gate was passed meanwhile");
        Vec::new()
    }
}
