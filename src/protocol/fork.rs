//! A new session from a place in an old one: what of the old one's facts it begins with, and what is changed in them.
//!
//! What is taken over was paid for and computed there: here it costs nothing, and stands in the record as taken over.

use serde::{Deserialize, Serialize};

use super::advance::{hidden, outputs_aggregated};
use super::at_gate::outputs_edited;
use super::decision::Decision;
use super::fact::{Fact, Parent};
use super::gate::{Gate, Held};
use super::ids::{CodeId, JobId};
use super::job::{JobOutput, Outcome};
use super::message::Usage;
use super::settings::Settings;
use super::state::State;
use crate::document::Located;

/// A question that was asked of the same documents before, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub question: String,
    /// Nothing, where the documents did not tell.
    pub answer: Option<String>,
    /// What the remote LM noted for itself last.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scratchpad: String,
}

impl Known {
    /// What a session knows in the end: what it knew before, and what came of its own question.
    pub fn of(state: &State) -> Vec<Self> {
        let Some(opened) = &state.opened else { return Vec::new() };
        let before = opened.parent.iter().flat_map(|parent| parent.known.iter().cloned());
        let scratchpad = state.rounds.iter().rev().find_map(|round| match &round.decision {
            Some(Decision::RequestAdditionalInfo(more)) => Some(more.scratchpad.clone()),
            _ => None,
        });
        let own = Self {
            question: opened.question.clone(),
            answer: state.answer.as_ref().and_then(|answer| answer.answer.clone()),
            // Another session has other placeholders.
            scratchpad: state.redactor.restore(&scratchpad.unwrap_or_default()).into_owned(),
        };
        let has_ended = state.answer.is_some() || !own.scratchpad.is_empty();
        before.chain(has_ended.then_some(own)).collect()
    }
}

/// What is another way in the new session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Its levers hold from the place on.
    pub settings: Settings,
    /// Another program in place of this one. What came after it is left out.
    pub code: Option<(CodeId, String)>,
    /// Another output of this job. What its round made of the outputs is left out.
    pub output: Option<(JobId, JobOutput, Option<Located>)>,
    /// All jobs from the first of this round on are run anew.
    pub jobs_of: Option<u32>,
}

/// The facts that a fork begins with. `facts`: those of the old session up to the place where it is left; with a change of
/// code, output or jobs only those before it count.
pub fn forked(parent: Parent, facts: &[&Fact], changes: &Changes) -> Vec<Fact> {
    let (facts, after) = facts.split_at(end(facts, changes));
    let dropped = dropped_after(facts, after).filter(|_| changes.code.is_none());
    let mut facts = facts.iter().filter_map(|fact| taken_over(fact)).collect::<Vec<_>>();
    let mut settings = changes.settings.clone();
    let blots_out = !settings.blotted.is_empty();
    // The gates hold from the place on: where the session stands follows from those that were in force before.
    let gates = std::mem::take(&mut settings.gates);
    if let Some(Fact::SessionOpened(opened)) = facts.first_mut() {
        opened.parent = Some(parent);
        opened.settings = settings;
    }
    leave_request_unseen(&mut facts);
    if blots_out {
        facts = blotted_out(facts);
    }
    if !gates.is_empty() && !facts.is_empty() {
        let at = facts.len() - usize::from(facts.last().is_some_and(comes_to_gate));
        facts.insert(at.max(1), Fact::GatesChosen { gates });
    }
    if let Some((code, source)) = &changes.code {
        facts.push(Fact::NoteAdded { text: format!("the program of round {} was changed by hand", code.round) });
        facts.push(Fact::CodeReceived { code: *code, source: source.clone() });
    }
    if let Some((id, output, located)) = &changes.output {
        for fact in &mut facts {
            if let Fact::JobFinished { job, outcome, raw, .. } = fact
                && job == id
            {
                *raw = None;
                *outcome = match output.answer {
                    Some(_) => Outcome::Answered { output: output.clone(), located: located.clone() },
                    None => Outcome::Abstained { output: output.clone() },
                };
            }
        }
        let mut state = State::default();
        facts.iter().for_each(|fact| state.apply(fact));
        let words = state.redactor.unknown(output.texts());
        if !words.is_empty() {
            facts.push(Fact::WordsRedacted { words });
        }
        facts.push(Fact::NoteAdded { text: format!("the output of job {id} was changed by hand") });
    }
    facts.extend(dropped);
    facts
}

/// The jobs of the round at hand that the person dropped after the place. Their outputs go no further in a fork that has
/// the same jobs.
fn dropped_after(facts: &[&Fact], after: &[&Fact]) -> Option<Fact> {
    let planned = facts.iter().rev().find_map(|fact| match fact {
        Fact::JobsPlanned(planned) => Some(planned.round),
        _ => None,
    })?;
    let dropped = after.iter().rev().find(|fact| matches!(fact, Fact::JobsDropped { round, .. } if *round == planned));
    dropped.map(|fact| Fact::clone(fact))
}

/// The facts as they are where what was blotted out after the place is blotted out from the beginning: the outputs that go on,
/// and a request that has not left yet. What left stays on record as it left.
fn blotted_out(facts: Vec<Fact>) -> Vec<Fact> {
    let asked = facts.iter().rposition(|fact| matches!(fact, Fact::RemoteAsked(_)));
    let mut state = State::default();
    let mut all = Vec::with_capacity(facts.len());
    for (at, fact) in facts.into_iter().enumerate() {
        let fact = match (fact, state.round()) {
            (Fact::OutputsAggregated { text, .. }, Some(round)) => Some(outputs_aggregated(&state, round, &text)),
            (Fact::OutputsEdited { redaction, after, .. }, Some(round)) => {
                outputs_edited(&state, round, redaction, state.hide(&after).into_owned())
            }
            (Fact::GateReached { n, held: Held::Request(request) }, _) if Some(at) > asked => {
                Some(Fact::GateReached { n, held: Held::Request(Box::new(hidden(&state, *request))) })
            }
            (fact, _) => Some(fact),
        };
        fact.iter().for_each(|fact| state.apply(fact));
        all.extend(fact);
    }
    all
}

/// How many of the facts come before what is changed.
fn end(facts: &[&Fact], changes: &Changes) -> usize {
    let first = |is: &dyn Fn(&Fact) -> bool| facts.iter().position(|fact| is(fact)).unwrap_or(facts.len());
    let mut end = facts.len();
    if let Some((code, _)) = &changes.code {
        end = end.min(first(&|fact| matches!(fact, Fact::CodeReceived { code: of, .. } if of == code)));
    }
    if let Some((job, ..)) = &changes.output {
        let round = job.round;
        end = end.min(first(&|fact| match fact {
            Fact::TransformBegan { code } => code.round == round,
            Fact::OutputsAggregated { round: of, .. } => *of == round,
            _ => false,
        }));
    }
    if let Some(round) = changes.jobs_of {
        end = end.min(first(&|fact| matches!(fact, Fact::JobStarted { job, .. } if job.round >= round)));
    }
    end
}

/// A request that the person let go and that did not leave yet has to be seen in the new session, too: where its gates say so,
/// and in any case one that the person had changed.
fn leave_request_unseen(facts: &mut Vec<Fact>) {
    let asked = facts.iter().rposition(|fact| matches!(fact, Fact::RemoteAsked(_))).map_or(0, |at| at + 1);
    let edited = facts[asked..].iter().any(|fact| matches!(fact, Fact::RequestEdited { .. }));
    let mut at = 0;
    facts.retain(|fact| {
        at += 1;
        let gone = match fact {
            Fact::GatePassed { gate: Gate::Request, .. } => true,
            Fact::GateReached { held: Held::Request(_), .. } => !edited,
            _ => false,
        };
        at <= asked || !gone
    });
}

/// Whether the session comes to a gate by this fact, where it is in force.
fn comes_to_gate(fact: &Fact) -> bool {
    use Fact::{CodeRejected, Decided, JobsPlanned, OutputsAggregated};
    matches!(fact, JobsPlanned(_) | CodeRejected { .. } | OutputsAggregated { .. } | Decided { .. })
}

/// The fact as another session takes it over; nothing where it is the old one's alone.
fn taken_over(fact: &Fact) -> Option<Fact> {
    let free = |usage: &mut Usage| *usage = Usage { reused: true, ..Usage::default() };
    let mut fact = fact.clone();
    match &mut fact {
        Fact::RemoteAsked(ask) => {
            ask.estimate.worst_cost_usd = Some(0.0);
            ask.estimate.reused = true;
        }
        Fact::RemoteAnswered(answer) => {
            free(&mut answer.usage);
            answer.cost_usd = Some(0.0);
        }
        Fact::RemoteFailed(failure) => {
            (failure.lost, failure.counted) = (false, None);
            failure.partial.clear();
        }
        Fact::RemoteInterrupted(interrupted) => interrupted.worst_usd = Some(0.0),
        Fact::JobFinished { usage, ms, .. } => {
            free(usage);
            *ms = 0;
        }
        Fact::JobRetried { usage, .. } => free(usage),
        Fact::JobUseless { .. } => return None,
        // What the old session had to spend, what its machine did and what was noted on it say nothing of the new one; and
        // the new one is not over.
        Fact::BudgetReached(_) | Fact::BudgetRaised { .. } => return None,
        // What the person allowed in the old session was allowed there.
        Fact::ExposureReached(_) | Fact::ExposureRaised { .. } => return None,
        Fact::ConsentAsked { .. } | Fact::ConsentGiven => return None,
        // Levers are in the settings of the new one, and its gates are chosen where it begins to differ.
        Fact::GatesChosen { .. } | Fact::RanOn { .. } | Fact::LeversChosen(_) => return None,
        // It was the old one that was paused.
        Fact::RunPaused { .. } | Fact::RunContinued => return None,
        Fact::UtilizationSampled(_) | Fact::NoteAdded { .. } | Fact::SessionEnded { .. } => return None,
        _ => {}
    }
    Some(fact)
}
