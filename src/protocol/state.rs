//! Everything that is known of a session, folded from its facts.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::blotted::Blotted;
use super::budget::{Budgets, Reached};
use super::by_hand::ByHand;
use super::code::{CodeError, CodeErrorKind};
use super::decision::Decision;
use super::exposing::{ExposureLimit, Overexposed};
use super::fact::{
    AnswerCitation, Ending, Estimate, ModelInfo, Models, RemoteAnswer, RemoteAsk, RemoteFailure, SessionOpened,
    UtilizationSample,
};
use super::gate::{Gate, GatesInForce, Held};
use super::ids::{AskId, CodeId, JobId};
use super::in_force::ModelsInForce;
use super::job::{Chunk, Flaw, Outcome};
use super::levers::Levers;
use super::message::{Purpose, TokenCount, Usage};
use super::pause::Pause;
use super::redact::Redactor;
use super::resume::Interrupted;
use super::rounds::Rounds;
use super::settings::Settings;
use crate::document::Span;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub opened: Option<SessionOpened>,
    pub rounds: Rounds,
    pub phase: Phase,
    pub answer: Option<Answer>,
    pub models: ModelsInForce,
    pub notes: Vec<String>,
    pub utilization: Option<UtilizationSample>,
    /// Dollars of every answered call whose price is known, and the worst case of those whose answer was lost.
    pub committed_usd: f64,
    pub budgets: Budgets,
    /// What the person chose for the next round; the settings have it once the round begins.
    pub levers: Option<Levers>,
    /// Passages that the next round that is planned reads, whatever its program plans, as far as it has room for them.
    pub pinned: Vec<Span>,
    /// What sending the whole documents was told to come to, once the person was asked.
    pub consent: Option<Estimate>,
    /// Who may be sent the whole documents, once the person agreed.
    pub(super) agreed: Option<ModelInfo>,
    pub exposure_limit: ExposureLimit,
    pub redactor: Redactor,
    pub gates: GatesInForce,
    /// Whether the person paused the session.
    pub pause: Option<Pause>,
    /// What is blotted out of everything that leaves from now on.
    pub redactions: Blotted,
    /// The request that the person was shown, until it leaves.
    pub(super) draft: Option<Draft>,
}

/// A request that the person passed or changed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    pub request: RemoteAsk,
    pub passed: bool,
}

/// The answer as the session stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Nothing where the documents do not tell.
    pub answer: Option<String>,
    pub explanation: String,
    pub citations: Vec<AnswerCitation>,
}

/// Where the protocol stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    #[default]
    New,
    /// The protocol itself goes on, see [`advance`](super::advance).
    Due(Due),
    /// Something outside has to come in.
    Waiting(Waiting),
    /// The next call could pass a budget; the person has to say what to do.
    Paused(Reached),
    /// The session waits at its `n`-th gate until the person says how to go on.
    AtGate {
        n: u32,
        held: Held,
    },
    /// The answer to a request never came; the person has to say whether it is sent again.
    Interrupted(Interrupted),
    /// With the next request too much of the documents would leave; the person has to say what to do.
    Withheld(Overexposed),
    Ended(Ending),
}

/// What the protocol does next by itself, from the state alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Due {
    BeginRound {
        round: u32,
    },
    /// The documents are to leave: the person is asked first.
    AskConsent,
    /// Jobs are planned without a program.
    PlanJobs,
    Ask {
        purpose: Purpose,
        attempt: u32,
    },
    ReadCode {
        attempt: u32,
    },
    Aggregate(CodeId),
    ReadDecision,
    /// The session comes to a gate that is in force.
    Gate(Gate),
    End(Ending),
}

/// Whom or what the session waits for: a reply, the person's consent, a program, jobs, where citations stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    Remote(AskId),
    Consent,
    Prepare(CodeId),
    Jobs,
    Transform(CodeId),
    Citations,
}

/// One round: what was asked, which programs came, which jobs were planned and how they stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    pub number: u32,
    /// Whether this round must answer.
    pub last: bool,
    pub models: Models,
    pub asks: Vec<Ask>,
    pub codes: Vec<Code>,
    pub chunks: Vec<Chunk>,
    pub tasks: Vec<String>,
    pub advices: Vec<String>,
    pub jobs: Vec<Job>,
    /// How many of `jobs` have not ended.
    pub unfinished: u32,
    /// The jobs, by index, whose outputs the person let go no further.
    pub dropped: BTreeSet<u32>,
    pub aggregated: Option<Aggregated>,
    pub decision_errors: Vec<String>,
    pub decision: Option<Decision>,
    /// What the person did in it, in order.
    pub by_hand: Vec<ByHand>,
}

impl Round {
    pub(super) fn new(number: u32, last: bool, models: Models) -> Self {
        Self {
            number,
            last,
            models,
            asks: Vec::new(),
            codes: Vec::new(),
            chunks: Vec::new(),
            tasks: Vec::new(),
            advices: Vec::new(),
            jobs: Vec::new(),
            unfinished: 0,
            dropped: BTreeSet::new(),
            aggregated: None,
            decision_errors: Vec::new(),
            decision: None,
            by_hand: Vec::new(),
        }
    }

    pub fn job(&self, id: JobId) -> Option<&Job> {
        (id.round == self.number).then(|| self.jobs.get(id.index as usize)).flatten()
    }

    pub fn chunk_of(&self, job: &Job) -> Option<&Chunk> {
        self.chunks.get(job.chunk as usize)
    }

    pub fn task_of(&self, job: &Job) -> &str {
        self.tasks.get(job.task as usize).map_or("", String::as_str)
    }

    pub fn advice_of(&self, job: &Job) -> &str {
        self.advices.get(job.advice as usize).map_or("", String::as_str)
    }

    /// How the first job failed, where all have ended and each of them failed: there is nobody to do any.
    pub fn none_done(&self) -> Option<&str> {
        let errors = self.jobs.iter().map(|job| match job.outcome() {
            Some(Outcome::Failed { error }) => Some(error.as_str()),
            _ => None,
        });
        errors.collect::<Option<Vec<_>>>()?.first().copied()
    }

    /// How many programs the person sent back.
    pub(super) fn sent_back(&self) -> u32 {
        let by_person =
            |code: &&Code| code.rejected.as_ref().is_some_and(|error| error.kind == CodeErrorKind::SentBack);
        self.codes.iter().filter(by_person).count() as u32
    }

    /// Whether its decision is the person's, and not the remote LM's.
    pub fn decided_by_hand(&self) -> bool {
        self.by_hand.iter().any(|done| done.gate == Some(Gate::Decision))
    }

    /// The jobs whose outputs go on: all but those that the person dropped.
    pub fn kept_jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().zip(0..).filter(|(_, index)| !self.dropped.contains(index)).map(|(job, _)| job)
    }

    pub fn tally(&self) -> Tally {
        let mut tally = Tally { planned: self.jobs.len() as u32, ..Tally::default() };
        for job in &self.jobs {
            *match &job.state {
                JobState::Waiting => &mut tally.waiting,
                JobState::Running { .. } => &mut tally.running,
                JobState::Ended(outcome) => match outcome {
                    Outcome::Answered { .. } => &mut tally.answered,
                    Outcome::Abstained { .. } => &mut tally.abstained,
                    Outcome::Malformed { .. } => &mut tally.malformed,
                    Outcome::Truncated { .. } => &mut tally.truncated,
                    Outcome::Failed { .. } => &mut tally.failed,
                    Outcome::Cancelled => &mut tally.cancelled,
                },
            } += 1;
        }
        tally
    }
}

/// How many jobs stand in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub planned: u32,
    pub waiting: u32,
    pub running: u32,
    pub answered: u32,
    pub abstained: u32,
    pub malformed: u32,
    pub truncated: u32,
    pub failed: u32,
    pub cancelled: u32,
}

impl Tally {
    /// How many stand in which state, the usual states first.
    pub fn counts(&self) -> [(u32, &'static str); 8] {
        [
            (self.answered, "answered"),
            (self.abstained, "abstained"),
            (self.malformed, "malformed"),
            (self.truncated, "truncated"),
            (self.failed, "failed"),
            (self.cancelled, "cancelled"),
            (self.running, "running"),
            (self.waiting, "waiting"),
        ]
    }

    /// The same in words, without the states in which none stands.
    pub fn told(&self) -> String {
        let counts = self.counts().into_iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = counts.map(|(count, state)| format!("{count} {state}")).collect();
        if told.is_empty() { "none".into() } else { told.join(", ") }
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.planned += other.planned;
        self.waiting += other.waiting;
        self.running += other.running;
        self.answered += other.answered;
        self.abstained += other.abstained;
        self.malformed += other.malformed;
        self.truncated += other.truncated;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
    }
}

/// A request to the remote LM and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub request: RemoteAsk,
    /// Whether a model was asked. What plans without one is a part of this program, so that nothing leaves.
    pub to_model: bool,
    pub failures: Vec<RemoteFailure>,
    pub state: AskState,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum AskState {
    /// Sent, and no reply on record: under way, or interrupted when the session is not running.
    Pending,
    Answered(RemoteAnswer),
    GivenUp,
}

/// A program the remote LM wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    pub id: CodeId,
    /// Empty when the reply held none.
    pub source: String,
    pub rejected: Option<CodeError>,
    /// Why its `retrieve` went by words alone.
    pub embedding_error: Option<String>,
    /// Whether the person changed it, so that no reply of the remote LM holds it.
    pub edited: bool,
}

/// One task on one chunk. Chunk, task and advice are places in the lists of its round, from 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub chunk: u32,
    pub task: u32,
    pub advice: u32,
    /// The repetition, counted from 0.
    pub sample: u32,
    pub state: JobState,
    /// The attempt that was thrown away, where there was one.
    pub retried: Option<(Flaw, String)>,
    /// The reply as it came, where a usable one was more than the object asked for.
    pub raw: Option<String>,
    /// How it had ended each time that the person had it tried again.
    pub earlier: Vec<Earlier>,
    /// Tokens and milliseconds of all attempts.
    pub usage: Usage,
    pub ms: u64,
}

/// An end in trouble that the person did not leave at that.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    pub retried: Option<(Flaw, String)>,
    pub outcome: Outcome,
}

/// How a job stands. Attempts are counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub enum JobState {
    Waiting,
    Running { attempt: u32 },
    Ended(Outcome),
}

impl JobState {
    pub fn name(&self) -> &'static str {
        match self {
            JobState::Waiting => "waiting",
            JobState::Running { .. } => "running",
            JobState::Ended(outcome) => outcome.name(),
        }
    }
}

impl Job {
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            JobState::Ended(outcome) => Some(outcome),
            JobState::Waiting | JobState::Running { .. } => None,
        }
    }

    /// Which attempt is under way or was the last, counted from 1.
    pub fn attempt(&self) -> u32 {
        let tries = |retried: &Option<_>| 1 + u32::from(retried.is_some());
        tries(&self.retried) + self.earlier.iter().map(|earlier| tries(&earlier.retried)).sum::<u32>()
    }
}

/// What the round tells the remote LM.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregated {
    pub text: String,
    pub kept: u32,
    pub dropped: u32,
}

impl State {
    /// The settings of the session, or the defaults before it is opened.
    pub fn settings(&self) -> Cow<'_, Settings> {
        match &self.opened {
            Some(opened) => Cow::Borrowed(&opened.settings),
            None => Cow::Owned(Settings::default()),
        }
    }

    /// Who plans in the round at hand.
    pub fn remote(&self) -> Option<&ModelInfo> {
        self.models.now.remote.as_ref()
    }

    /// The settings as they hold from here on: with the levers that were moved for the next round, and the private words
    /// that were found and the redactions that were made since.
    pub fn settings_from_here(&self) -> Settings {
        let mut settings = self.settings().into_owned();
        settings.redact = settings.redact.map(|_| self.redactor.redaction());
        settings.blotted = self.redactions.iter().cloned().collect();
        if let Some(levers) = self.levers {
            levers.hold_in(&mut settings);
        }
        settings
    }

    /// The text as it may leave: with placeholders for private words, and without what the person had blotted out.
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.redactions.hide(&self.redactor, text)
    }

    /// Whether the person agreed that the one who plans now is sent the whole documents.
    pub(super) fn may_send_documents(&self) -> bool {
        let name = |model: &ModelInfo| (model.provider.clone(), model.model.clone());
        self.agreed.as_ref().map(name).is_some_and(|agreed| self.remote().map(name) == Some(agreed))
    }

    /// What a request with this input may come to.
    pub fn estimate(&self, input: TokenCount, max_output_tokens: u64) -> Estimate {
        let price = self.remote().and_then(|remote| remote.price);
        let worst_cost_usd = price.map(|price| price.worst(input.at_most(), max_output_tokens));
        Estimate { input_tokens: input.tokens, counted: input.counted, reused: false, worst_cost_usd }
    }

    /// Whether a model behind a server planned in any round: what it was asked has left this program.
    pub fn asked_a_model(&self) -> bool {
        let of_rounds = self.rounds.iter().map(|round| &round.models);
        of_rounds.chain([&self.models.now]).any(|models| models.remote.as_ref().is_some_and(|remote| remote.is_model))
    }

    pub fn question(&self) -> &str {
        self.opened.as_ref().map_or("", |opened| opened.question.as_str())
    }

    pub fn round(&self) -> Option<&Round> {
        self.rounds.last()
    }

    /// Gives away the round before the one at hand, but for what tells where the session stands: for who tells what happened and
    /// asks for nothing of before, so that a session of thousands of rounds takes the memory of one.
    pub fn part_with_round(&mut self) -> Option<Arc<Round>> {
        self.rounds.part_with_one()
    }

    /// Holds its past rounds together with another state of the same session that stands at the same place.
    pub fn share_rounds(&mut self, same: &State) {
        self.rounds.share_past(&same.rounds);
    }

    pub fn round_numbered(&self, number: u32) -> Option<&Round> {
        self.rounds.get((number as usize).checked_sub(1)?)
    }

    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.round_numbered(id.round)?.job(id)
    }

    /// Whether the job ended in trouble and its round still runs jobs, or is paused since none could be done, so that it can
    /// be tried again.
    pub fn can_retry(&self, id: JobId) -> bool {
        let paused = self.pause.is_some() && matches!(self.phase, Phase::Due(Due::Aggregate(_)));
        (self.phase == Phase::Waiting(Waiting::Jobs) || paused)
            && self.round().and_then(|round| round.job(id)?.outcome()).is_some_and(Outcome::is_trouble)
    }

    pub fn asks(&self) -> impl Iterator<Item = &Ask> {
        self.rounds.iter().flat_map(|round| &round.asks)
    }

    pub fn ending(&self) -> Option<&Ending> {
        match &self.phase {
            Phase::Ended(ending) => Some(ending),
            _ => None,
        }
    }

    /// The text of the last answered request for this purpose, in this round or before.
    pub fn last_reply(&self, purpose: Purpose) -> Option<&str> {
        self.rounds.iter().rev().flat_map(|round| round.asks.iter().rev()).find_map(|ask| match &ask.state {
            AskState::Answered(answer) if ask.request.purpose == purpose => Some(answer.text.as_str()),
            _ => None,
        })
    }
}
