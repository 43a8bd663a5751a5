//! Where a session waits for the person, and goes on only with a word.

use super::budget::Reached;
use super::exposing::Overexposed;
use super::gate::Held;
use super::resume::Interrupted;
use super::state::{Due, Phase, Round, State, Waiting};

/// What the person has to say before a session goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Need<'a> {
    /// Whether more may be spent.
    Budget(&'a Reached),
    /// Whether more of the documents may leave.
    Exposure(&'a Overexposed),
    /// How to go on at the `n`-th gate.
    Gate { n: u32, held: &'a Held },
    /// Whether the request whose answer never came is sent again.
    SendAgain(&'a Interrupted),
    /// Whether the whole documents may leave.
    Consent,
    /// When the paused session goes on. `failed`: how the first job failed, where none of the round's could be done.
    GoOn { failed: Option<&'a str> },
}

impl Phase {
    /// What of the person is waited for here; nothing where the session goes on by itself or has ended.
    pub fn need(&self) -> Option<Need<'_>> {
        match self {
            Phase::Paused(reached) => Some(Need::Budget(reached)),
            Phase::Withheld(reached) => Some(Need::Exposure(reached)),
            Phase::AtGate { n, held } => Some(Need::Gate { n: *n, held }),
            Phase::Interrupted(interrupted) => Some(Need::SendAgain(interrupted)),
            Phase::Waiting(Waiting::Consent) => Some(Need::Consent),
            Phase::New | Phase::Due(_) | Phase::Waiting(_) | Phase::Ended(_) => None,
        }
    }
}

impl State {
    /// What of the person is waited for: at the place where the session stands, or because it is paused.
    pub fn need(&self) -> Option<Need<'_>> {
        self.phase.need().or_else(|| self.rests().then(|| self.go_on()))
    }

    fn go_on(&self) -> Need<'_> {
        let idle = matches!(self.phase, Phase::Due(Due::Aggregate(_)));
        Need::GoOn { failed: self.round().filter(|_| idle).and_then(Round::none_done) }
    }

    /// What a session waits for that is left to itself now: as [`need`](Self::need), and a pause while jobs still run, which
    /// run anew later. Nothing while a request is out, which may be paid for.
    pub fn left_at(&self) -> Option<Need<'_>> {
        let out = matches!(self.phase, Phase::Waiting(Waiting::Remote(_)));
        self.need().or_else(|| (self.pause.is_some() && !out).then(|| self.go_on()))
    }

    /// Whether nothing goes on before the person says a word.
    pub fn needs_person(&self) -> bool {
        self.need().is_some()
    }
}

impl Need<'_> {
    /// What is waited for, in a sentence without its full stop.
    pub fn told(&self) -> String {
        match self {
            Need::Budget(reached) => reached.reason(),
            Need::Exposure(reached) => reached.reason(),
            Need::Gate { n, held } => format!("it waits at gate {n} ({}) for a word", held.gate().name()),
            Need::SendAgain(interrupted) => interrupted.told(),
            Need::Consent => "it waits for a word on whether the whole documents are sent to the remote LM".into(),
            Need::GoOn { failed: None } => "it is paused".into(),
            Need::GoOn { failed: Some(error) } => {
                format!("it is paused, since none of its jobs could be done; the first failed with: {error}")
            }
        }
    }
}
