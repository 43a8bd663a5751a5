//! Step mode: the gates where a session waits for the person, what is held there, and what the person says to it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::fact::RemoteAsk;
use super::ids::CodeId;

/// A place where the protocol waits for the person before it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Before a request leaves the machine. Sent again after a failure it is the same request, and waits no second time.
    Request,
    /// After a program's `prepare_jobs` planned its jobs and before they run, and after a program failed. Protocols without
    /// programs never come to it.
    Code,
    /// Before the outputs of a round's jobs go on to the remote LM; nowhere in local-only, where they go to nobody.
    Outputs,
    /// After the remote LM decided.
    Decision,
}

impl Gate {
    pub const ALL: [Gate; 4] = [Gate::Request, Gate::Code, Gate::Outputs, Gate::Decision];

    pub fn name(self) -> &'static str {
        match self {
            Gate::Request => "request",
            Gate::Code => "code",
            Gate::Outputs => "outputs",
            Gate::Decision => "decision",
        }
    }

    /// The gate of this name, as settings spell it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gate| gate.name() == name)
    }
}

/// Some of the gates, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gates(BTreeSet<Gate>);

impl Gates {
    pub fn all() -> Self {
        Self(Gate::ALL.into())
    }

    /// The gates of these names, as settings spell them.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().filter_map(Gate::named).collect()
    }

    pub fn contains(&self, gate: Gate) -> bool {
        self.0.contains(&gate)
    }

    /// Whether the session waits nowhere.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = Gate> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Gate> for Gates {
    fn from_iter<T: IntoIterator<Item = Gate>>(gates: T) -> Self {
        Self(gates.into_iter().collect())
    }
}

/// What is held at a gate. What belongs to it stands in the state: the program and its jobs, the outputs, the decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "gate", rename_all = "snake_case")]
pub enum Held {
    /// Exactly what would leave.
    Request(Box<RemoteAsk>),
    /// A program, with the jobs it planned or the error it failed with.
    Code {
        code: CodeId,
    },
    Outputs {
        round: u32,
    },
    Decision {
        round: u32,
    },
}

impl Held {
    pub fn gate(&self) -> Gate {
        match self {
            Held::Request(_) => Gate::Request,
            Held::Code { .. } => Gate::Code,
            Held::Outputs { .. } => Gate::Outputs,
            Held::Decision { .. } => Gate::Decision,
        }
    }
}

/// How far a session goes on without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunTo {
    /// The gates are in force again when the next round begins.
    NextRound,
    /// No gate is in force any more, as if step mode had been left.
    End,
}

/// What the person says at a gate. What does not fit the gate changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateChoice {
    /// Go on with what is held. At the decision it is accepted; a failed program goes back to the remote LM with its error.
    Pass,
    /// Another text for one message of the request, counted from 0. It holds for this request and its being sent again.
    EditRequest { message: u32, text: String },
    /// Another program in place of this one, at the gates of code and outputs.
    EditProgram { source: String },
    /// Send this text on in place of what `transform_outputs` made.
    EditOutputs { text: String },
    /// The jobs of the round, by index, whose outputs `transform_outputs` is not given; it runs again without them. Those that
    /// are not named are given to it.
    DropJobs { jobs: BTreeSet<u32> },
    /// Blot out a part of what would be sent on, here and in later rounds.
    Redact(Redaction),
    /// The program goes back to the remote LM with these words, at the gates of code and outputs. It uses up none of the
    /// remote LM's own attempts.
    SendBack { words: String },
    /// One more round with this feedback, whatever was decided and however many rounds the settings allow. In remote-only it
    /// goes to the remote LM with the documents, once the person agrees again; in local-only to the reader of the documents.
    AnotherRound { feedback: String },
}

/// What of a text is blotted out before it leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redaction {
    /// Every line that reads so, blanks around it aside.
    Line(String),
    /// Whatever this regular expression matches, in the syntax of the `regex` crate.
    Pattern(String),
}

impl Redaction {
    /// What stands where something was blotted out.
    pub const MARK: &str = "[redacted]";

    /// Whether nothing but marks stands in the text: it may stand for anybody's words.
    pub fn is_all_of(text: &str) -> bool {
        text.contains(Self::MARK) && !text.replace(Self::MARK, "").contains(char::is_alphanumeric)
    }

    /// Why it could not be applied, worded for the person.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Redaction::Line(line) if line.trim().is_empty() => Err("an empty line says nothing".into()),
            Redaction::Pattern(pattern) if pattern.is_empty() => Err("an empty pattern matches nothing".into()),
            Redaction::Line(_) => Ok(()),
            Redaction::Pattern(pattern) => regex::Regex::new(pattern).map(|_| ()).map_err(|error| error.to_string()),
        }
    }
}

/// Where the session waits, as chosen when it opened and since.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GatesInForce {
    /// Where it waits; nowhere outside of step mode.
    pub chosen: Gates,
    /// Whether it goes on to the next round without waiting.
    pub resting: bool,
    /// How many gates were reached so far. A choice names the gate it is meant for by its number, counted from 1.
    pub reached: u32,
    /// What the person changed is shown once more before it goes on, whichever gate it comes to.
    again: bool,
}

impl GatesInForce {
    pub(super) fn new(chosen: Gates) -> Self {
        Self { chosen, ..Self::default() }
    }

    /// Whether the session would wait at this gate.
    pub fn stop_at(&self, gate: Gate) -> bool {
        self.again || (!self.resting && self.chosen.contains(gate))
    }

    pub(super) fn choose(&mut self, gates: Gates) {
        (self.chosen, self.resting) = (gates, false);
    }

    pub(super) fn run_on(&mut self, to: RunTo) {
        self.again = false;
        match to {
            RunTo::NextRound => self.resting = true,
            RunTo::End => self.choose(Gates::default()),
        }
    }

    pub(super) fn round_began(&mut self) {
        self.resting = false;
    }

    pub(super) fn reach(&mut self, n: u32) {
        (self.reached, self.again) = (n, false);
    }

    pub(super) fn changed(&mut self) {
        self.again = true;
    }

    /// The gate is reached, or come by where it is not in force.
    pub(super) fn come_to(&mut self, gate: Gate) -> bool {
        let stops = self.stop_at(gate);
        self.again = false;
        stops
    }
}
