//! Two sessions, or two rounds, beside each other: what was answered and cited, which jobs say something else, what it took.

use std::collections::HashMap;

use serde::Serialize;

use super::account::Ledger;
use super::traffic::Traffic;
use crate::document::DocumentHash;
use crate::protocol::{Chunk, Decision, Fact, Job, Paid, ProtocolKind, Round, Settings, State, Usage};

/// What a round decided that does not answer.
const WANTS_MORE: &str = "request_additional_info";

/// What was done on one side, in sums.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    pub rounds: u32,
    pub jobs: u32,
    /// Those of the jobs that were computed in another session, byte for byte the same.
    pub jobs_reused: u32,
    /// Nothing where the price of any call is not known.
    pub cost_usd: Option<f64>,
    /// The same of the reader, where it is paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_cost_usd: Option<f64>,
    /// Dollars at most, beside those of the planner, for answers that were lost.
    pub lost_usd: f64,
    /// All of that, as it is told to people.
    #[serde(skip)]
    pub paid: Paid,
    #[serde(flatten)]
    pub traffic: Traffic,
    /// Whether any of the remote LM's tokens, and so of its cost, were estimated.
    pub remote_estimated: bool,
    pub seconds: f64,
    pub exposed_bytes: u64,
    /// Of all bytes of the documents, 0 to 1.
    pub exposed_share: f64,
}

impl Figures {
    /// What was paid, and nothing else yet.
    fn paid(paid: Paid) -> Self {
        let local_cost_usd = paid.reader.usd().filter(|_| paid.pays_reader());
        Self { cost_usd: paid.planner.usd(), local_cost_usd, lost_usd: paid.planner.lost_usd, paid, ..Self::default() }
    }
}

/// A session, or one of its rounds, as it is compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// Its id; of a round, the number with it.
    pub name: String,
    /// What the person calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub question: String,
    pub protocol: ProtocolKind,
    /// Those that it opened with, or the round began with; nothing where there is no record of it.
    #[serde(skip)]
    pub settings: Option<Settings>,
    pub remote: String,
    pub local: String,
    /// When it began, in milliseconds since 1970; 0 where nobody says.
    #[serde(skip)]
    pub began_ms: u64,
    /// How it ended; of a round, what was decided.
    pub outcome: String,
    /// Of a round that does not answer: what it asked for.
    pub answer: Option<String>,
    pub citations: Vec<String>,
    /// How many of them stand in the documents; nothing where they were not looked for.
    pub citations_found: Option<usize>,
    pub figures: Figures,
    #[serde(skip)]
    jobs: Vec<(JobKey, JobSays)>,
}

/// What makes two jobs the same: who reads what for which task, the how many-th time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct JobKey {
    chunk: ChunkKey,
    task: String,
    sample: u32,
    /// Of those that are otherwise alike, counted from 0.
    again: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ChunkKey {
    Span(Option<DocumentKey>, usize, usize),
    Headed(Option<DocumentKey>, [usize; 4]),
    Text(String),
}

type DocumentKey = String;

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobSays {
    /// Its round and number.
    pub job: String,
    pub state: &'static str,
    pub answer: Option<String>,
}

/// A job that was done on both sides and says something else on each.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangedJob {
    pub task: String,
    pub a: JobSays,
    pub b: JobSays,
}

/// Two sessions, or two rounds of one, beside each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    pub a: Side,
    pub b: Side,
    pub same_question: bool,
    pub same_answer: bool,
    /// Quotations, those of both sides once.
    pub citations: CitationsCompared,
    pub jobs: JobsCompared,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CitationsCompared {
    pub both: Vec<String>,
    pub only_a: Vec<String>,
    pub only_b: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct JobsCompared {
    /// Jobs of both that came to the same.
    pub same: u32,
    pub changed: Vec<ChangedJob>,
    pub only_a: u32,
    pub only_b: u32,
}

impl Side {
    /// Whether its answer is what the next round was to find out.
    pub fn asks_for_more(&self) -> bool {
        self.outcome == WANTS_MORE
    }

    /// A whole session. `exposed`: bytes and share of the documents that left.
    pub fn session(name: String, state: &State, ledger: &Ledger, exposed: (u64, f64), seconds: f64) -> Self {
        let totals = ledger.totals();
        let answer = state.answer.as_ref();
        Self {
            outcome: state.ending().map_or("unfinished", |ending| ending.name()).to_owned(),
            answer: answer.and_then(|answer| answer.answer.clone()),
            citations: answer.map_or_else(Vec::new, |answer| answer.citations.iter().map(|c| c.text.clone()).collect()),
            citations_found: found(state),
            figures: Figures {
                rounds: state.rounds.len() as u32,
                jobs: totals.jobs.planned,
                jobs_reused: ledger.rounds().iter().map(|round| round.jobs_reused).sum(),
                remote_estimated: totals.remote.tokens.estimated != Usage::default(),
                traffic: Traffic::new(
                    (totals.remote.calls, &totals.remote.tokens),
                    (totals.local.calls, &totals.local.tokens),
                ),
                seconds,
                exposed_bytes: exposed.0,
                exposed_share: exposed.1,
                ..Figures::paid(totals.paid)
            },
            jobs: jobs(state, &state.rounds),
            ..Self::of(name, state, state.round())
        }
    }

    /// One of its rounds; nothing where there is no such round.
    pub fn round(
        name: String,
        state: &State,
        ledger: &Ledger,
        number: u32,
        exposed: (u64, f64),
        seconds: f64,
    ) -> Option<Self> {
        let round = state.round_numbered(number)?;
        let sums = ledger.rounds().iter().find(|sums| sums.round == number)?;
        let (outcome, answer, citations) = match &round.decision {
            Some(Decision::ProvideFinalAnswer(last)) => {
                ("provide_final_answer", last.answer.clone(), last.citations.clone())
            }
            Some(Decision::RequestAdditionalInfo(more)) => (WANTS_MORE, Some(more.feedback.clone()), Vec::new()),
            None => ("undecided", None, Vec::new()),
        };
        Some(Self {
            outcome: outcome.to_owned(),
            answer,
            citations,
            citations_found: found(state).filter(|_| outcome == "provide_final_answer"),
            figures: Figures {
                rounds: 1,
                jobs: round.jobs.len() as u32,
                jobs_reused: sums.jobs_reused,
                remote_estimated: sums.remote.tokens.estimated != Usage::default(),
                traffic: Traffic::new((sums.remote.calls, &sums.remote.tokens), (sums.local.calls, &sums.local.tokens)),
                seconds,
                exposed_bytes: exposed.0,
                exposed_share: exposed.1,
                ..Figures::paid(Paid { planner: sums.remote.paid, reader: sums.local.paid })
            },
            jobs: jobs(state, std::slice::from_ref(round)),
            ..Self::of(name, state, Some(round))
        })
    }

    fn of(name: String, state: &State, round: Option<&Round>) -> Self {
        let models = round.map_or(&state.models.now, |round| &round.models);
        let label = |model: &Option<crate::protocol::ModelInfo>| model.as_ref().map_or_else(String::new, |m| m.label());
        Self {
            name,
            title: None,
            question: state.question().to_owned(),
            protocol: state.settings().protocol,
            settings: state.opened.as_ref().map(|opened| opened.settings.clone()),
            remote: label(&models.remote),
            local: label(&models.local),
            began_ms: 0,
            outcome: String::new(),
            answer: None,
            citations: Vec::new(),
            citations_found: None,
            figures: Figures::default(),
            jobs: Vec::new(),
        }
    }
}

/// Citations of the answer that stand in the documents.
fn found(state: &State) -> Option<usize> {
    let answer = state.answer.as_ref()?;
    Some(answer.citations.iter().filter(|citation| citation.located.is_some()).count())
}

/// Whether a fact belongs to this round, so that its share in what left the machine can be told.
pub fn is_of_round(fact: &Fact, round: u32) -> bool {
    matches!(fact, Fact::RemoteAsked(ask) if ask.ask.round == round)
}

fn jobs<'a>(state: &State, rounds: impl IntoIterator<Item = &'a Round>) -> Vec<(JobKey, JobSays)> {
    let hash = |document: usize| -> Option<DocumentHash> { Some(state.opened.as_ref()?.documents.get(document)?.hash) };
    let mut seen: HashMap<JobKey, u32> = HashMap::new();
    let mut found = Vec::new();
    for round in rounds {
        for (index, job) in round.jobs.iter().enumerate() {
            let chunk = match round.chunk_of(job) {
                Some(Chunk::Span(span)) => {
                    ChunkKey::Span(hash(span.document).map(|hash| hash.to_string()), span.start, span.end)
                }
                Some(Chunk::Headed { header, rows }) => {
                    let hash = hash(rows.document).map(|hash| hash.to_string());
                    ChunkKey::Headed(hash, [header.start, header.end, rows.start, rows.end])
                }
                Some(Chunk::Text(text)) => ChunkKey::Text(text.clone()),
                None => continue,
            };
            let mut key = JobKey { chunk, task: round.task_of(job).to_owned(), sample: job.sample, again: 0 };
            let again = seen.entry(key.clone()).or_default();
            key.again = *again;
            *again += 1;
            found.push((key, says(round.number, index, job)));
        }
    }
    found
}

fn says(round: u32, index: usize, job: &Job) -> JobSays {
    let outcome = job.outcome();
    JobSays {
        job: format!("{round}.{index}"),
        state: job.state.name(),
        answer: outcome.and_then(|outcome| outcome.output()?.answer.clone()),
    }
}

impl Comparison {
    pub fn new(a: Side, b: Side) -> Self {
        let same = |one: &str, other: &str| one.split_whitespace().eq(other.split_whitespace());
        let both_or_neither = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => same(one, other),
            (None, None) => true,
            _ => false,
        };
        Self {
            same_question: same(&a.question, &b.question),
            same_answer: both_or_neither(&a.answer, &b.answer),
            citations: citations(&a.citations, &b.citations),
            jobs: compare_jobs(&a.jobs, &b.jobs),
            a,
            b,
        }
    }
}

fn citations(a: &[String], b: &[String]) -> CitationsCompared {
    let (mut both, mut only_a) = (Vec::new(), Vec::new());
    let mut only_b: Vec<String> = b.to_vec();
    for text in a {
        match only_b.iter().position(|other| other.split_whitespace().eq(text.split_whitespace())) {
            Some(at) => both.push(only_b.remove(at)),
            None => only_a.push(text.clone()),
        }
    }
    CitationsCompared { both, only_a, only_b }
}

fn compare_jobs(a: &[(JobKey, JobSays)], b: &[(JobKey, JobSays)]) -> JobsCompared {
    let mut others: HashMap<&JobKey, &JobSays> = b.iter().map(|(key, says)| (key, says)).collect();
    let mut compared = JobsCompared::default();
    for (key, says) in a {
        match others.remove(key) {
            None => compared.only_a += 1,
            Some(other) if (other.state, &other.answer) == (says.state, &says.answer) => compared.same += 1,
            Some(other) => {
                compared.changed.push(ChangedJob { task: key.task.clone(), a: says.clone(), b: other.clone() })
            }
        }
    }
    compared.only_b = others.len() as u32;
    compared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(answer: Option<&str>, citations: &[&str], jobs: &[(&str, Option<&str>)]) -> Side {
        let key = |task: &str| JobKey { chunk: ChunkKey::Text("c".into()), task: task.into(), sample: 0, again: 0 };
        let says = |answer: Option<&str>| JobSays {
            job: "1.0".into(),
            state: if answer.is_some() { "answered" } else { "abstained" },
            answer: answer.map(str::to_owned),
        };
        Side {
            answer: answer.map(str::to_owned),
            citations: citations.iter().map(ToString::to_string).collect(),
            jobs: jobs.iter().map(|(task, answer)| (key(task), says(*answer))).collect(),
            ..Side::of("x".into(), &State::default(), None)
        }
    }

    #[test]
    fn what_both_say_is_told_apart_from_what_one_says() {
        let a = side(Some("39 %"), &["rose to  39", "old"], &[("t1", Some("39")), ("t2", None), ("t3", None)]);
        let b = side(Some("39  %"), &["new", "rose to 39"], &[("t1", Some("41")), ("t2", None), ("t4", None)]);
        let compared = Comparison::new(a, b);
        assert!(compared.same_answer && compared.same_question);
        let CitationsCompared { both, only_a, only_b } = compared.citations;
        assert_eq!((both, only_a, only_b), (vec!["rose to 39".into()], vec!["old".into()], vec!["new".into()]));
        let jobs = compared.jobs;
        assert_eq!((jobs.same, jobs.changed.len(), jobs.only_a, jobs.only_b), (1, 1, 1, 1));
        assert_eq!(
            (jobs.changed[0].a.answer.as_deref(), jobs.changed[0].b.answer.as_deref()),
            (Some("39"), Some("41"))
        );
        assert!(!Comparison::new(side(None, &[], &[]), side(Some(""), &[], &[])).same_answer);
    }
}
