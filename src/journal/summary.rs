//! What a list of sessions says of each. Every line is passed over, few are parsed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::JournalError;
use super::id::SessionId;
use super::label::Label;
use super::record::read_line;
use super::session::Session;
use crate::protocol::{Changed, Detail, Ending, Fact, ModelInfo, Models, ModelsInForce, RemoteFailure, SessionOpened};

/// A longer journal is not read whole for a list. In bytes.
const WHOLE: u64 = 256 << 10;
/// Of a longer one this much of the end is read, and for the answer this much. In bytes.
const TAIL: u64 = 64 << 10;
const ANSWER_TAIL: u64 = 1 << 20;

/// What a list tells of a session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    #[serde(serialize_with = "as_text")]
    pub id: SessionId,
    pub path: PathBuf,
    pub question: String,
    /// What was answered last; nothing where there is no answer, or where it stands in the midst of a long journal.
    pub answer: Option<String>,
    /// What the person calls it, and keeps it under.
    #[serde(flatten)]
    pub label: Label,
    /// Milliseconds since 1970.
    pub opened_at_ms: u64,
    /// Nothing while the session runs, and where it was interrupted.
    pub ended: Option<Ending>,
    /// Whether some process is writing it now.
    pub running: bool,
    /// Nothing where the journal was too long to be summed up for a list.
    #[serde(flatten)]
    pub sums: Option<Sums>,
    /// The session it was forked from or follows up on, and the record it left that one at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Origin>,
    /// The documents' names.
    pub documents: Vec<String>,
    /// Of all its files.
    pub disk_bytes: u64,
    /// Whether its files are compressed.
    pub archived: bool,
    /// Why the session cannot be read, or not whole.
    pub problem: Option<String>,
}

/// A place in another session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub session: String,
    pub seq: u64,
    /// What is another way than in that session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Changed>,
    /// What more there is to say of it; nothing where that is not on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<Detail>>,
    /// The models that go on where those of that session do not, and what they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<String>,
}

impl Origin {
    /// Where it was left, and what was changed, in a few words.
    pub fn told(&self) -> String {
        let told = |changed: &Changed| {
            let details = self.details.iter().flatten().filter(|detail| detail.of() == *changed);
            let details: Vec<String> = details.map(Detail::told).collect();
            match (&self.models, details.is_empty()) {
                (Some(models), _) if *changed == Changed::Model => models.clone(),
                (_, true) => changed.told().to_owned(),
                (_, false) => details.join(", "),
            }
        };
        let changed: Vec<String> = self.changed.iter().map(told).collect();
        let changed = match (changed.is_empty(), &self.details) {
            (false, _) => format!(": {}", changed.join(", ")),
            (true, Some(_)) => ": nothing changed".into(),
            (true, None) => String::new(),
        };
        format!("from record {}{changed}", self.seq)
    }
}

/// What only a whole journal tells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    pub rounds: u32,
    /// Dollars of the calls that the server counted; nothing where the price of one is not known.
    pub cost_usd: Option<f64>,
    /// Dollars at most for calls whose answer was lost, and that may have been paid for.
    pub lost_usd: f64,
}

fn as_text<S: serde::Serializer>(id: &SessionId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

pub(super) fn summarise(session: &Session) -> Summary {
    by(session, Some(Sums { rounds: 0, cost_usd: Some(0.0), lost_usd: 0.0 }), scan)
}

/// What is cheap to know of a session: of a long journal only its beginning and its end are read.
pub(super) fn brief(session: &Session) -> Summary {
    match session.length() {
        Some(length) if length > WHOLE => by(session, None, ends),
        _ => summarise(session),
    }
}

fn by(session: &Session, sums: Option<Sums>, scan: fn(&Session, &mut Summary) -> Result<(), JournalError>) -> Summary {
    let mut summary = Summary {
        id: session.id().clone(),
        path: session.path().to_owned(),
        question: String::new(),
        answer: None,
        label: session.label(),
        opened_at_ms: session.made_at_ms(),
        ended: None,
        running: session.is_running(),
        sums,
        parent: None,
        documents: Vec::new(),
        disk_bytes: session.disk_bytes(),
        archived: session.is_archived(),
        problem: None,
    };
    if let Err(error) = scan(session, &mut summary) {
        summary.problem = Some(error.to_string());
    } else if summary.question.is_empty() && !summary.running {
        summary.problem.get_or_insert_with(|| "nothing was recorded in it".into());
    }
    summary
}

/// The first record, and those of the end.
fn ends(session: &Session, summary: &mut Summary) -> Result<(), JournalError> {
    let mut models = ModelsInForce::default();
    if let Some(line) = session.lines()?.next()? {
        match line.record() {
            Ok(record) => {
                if let Some(fact) = record.fact.known() {
                    note(summary, &mut models, fact, record.at_ms);
                }
            }
            Err(problem) => summary.problem = Some(problem.into_warning(session.path())?),
        }
    }
    for record in session.last_records(TAIL, matters)? {
        if let Some(fact) = record.fact.known() {
            note(summary, &mut models, fact, record.at_ms);
        }
    }
    Ok(())
}

/// The answer on record, as far as it stands near the journal's end.
pub(super) fn answer(session: &Session) -> Option<String> {
    let is_answer = |line: &[u8]| kind_is(line, &[b"answered\""]);
    let records = session.last_records(ANSWER_TAIL, is_answer).ok()?;
    records.iter().rev().find_map(|record| match record.fact.known() {
        Some(Fact::Answered { answer, explanation, .. }) => {
            Some(answer.clone().unwrap_or_else(|| format!("no answer: {explanation}")))
        }
        _ => None,
    })
}

fn scan(session: &Session, summary: &mut Summary) -> Result<(), JournalError> {
    let mut models = ModelsInForce::default();
    let mut lines = session.lines()?;
    let mut asked = Vec::new();
    while let Some(line) = lines.next()? {
        // Long lines, which are read only where the answer was lost.
        if is_asked(line.bytes) {
            asked.clear();
            asked.extend_from_slice(line.bytes);
            continue;
        }
        if line.number > 1 && !matters(line.bytes) {
            continue;
        }
        match line.record() {
            Ok(record) => {
                if let Some(fact) = record.fact.known() {
                    note(summary, &mut models, fact, record.at_ms);
                    if let (Fact::RemoteFailed(failure), Some(sums)) = (fact, &mut summary.sums) {
                        sums.lost_usd += lost_usd(failure, &asked);
                    }
                }
            }
            Err(problem) => {
                let warning = problem.into_warning(session.path())?;
                // The writer of a running session may be in the middle of a line.
                if !summary.running {
                    summary.problem.get_or_insert(warning);
                }
            }
        }
    }
    Ok(())
}

/// What a failure may have cost that nobody counted, by the line of its request.
fn lost_usd(failure: &RemoteFailure, asked: &[u8]) -> f64 {
    if !failure.is_in_doubt() {
        return 0.0;
    }
    match read_line(asked).ok().as_ref().and_then(|record| record.fact.known()) {
        Some(Fact::RemoteAsked(request)) if request.ask == failure.ask => {
            failure.held_usd(request.estimate.worst_cost_usd)
        }
        _ => 0.0,
    }
}

fn is_asked(line: &[u8]) -> bool {
    line.last() == Some(&b'\n') && memchr::memmem::find(head(line), b"\"kind\":\"remote_asked\"").is_some()
}

/// Where the kind stands.
fn head(line: &[u8]) -> &[u8] {
    const HEAD: usize = 160;
    &line[..line.len().min(HEAD)]
}

/// Whether a line may hold a fact that the summary tells of. The kind stands near the beginning of every line that this
/// program wrote; a line that looks otherwise is parsed to be sure.
fn matters(line: &[u8]) -> bool {
    const TOLD: [&[u8]; 9] = [
        b"session_opened\"",
        b"session_resumed\"",
        b"models_chosen\"",
        b"round_began\"",
        b"remote_answered\"",
        b"remote_failed\"",
        b"remote_interrupted\"",
        b"answered\"",
        b"session_ended\"",
    ];
    line.last() != Some(&b'\n') || kind_is(line, &TOLD)
}

/// Whether the line holds a fact of one of these kinds, or may.
fn kind_is(line: &[u8], kinds: &[&[u8]]) -> bool {
    const KIND: &[u8] = b"\"kind\":\"";
    let head = head(line);
    match memchr::memmem::find(head, KIND) {
        Some(at) => kinds.iter().any(|name| head[at + KIND.len()..].starts_with(name)),
        None => true,
    }
}

/// The models that go on where others were in force. What is not known says nothing; nor does a planner that repeats what is
/// on record, as it does where jobs are run again.
fn others(before: &Models, now: &Models, changed: &[Changed]) -> Option<Models> {
    let other = |before: &Option<ModelInfo>, now: &Option<ModelInfo>| {
        before.as_ref().zip(now.as_ref()).filter(|(a, b)| a.label() != b.label()).map(|(_, now)| now.clone())
    };
    let remote = other(&before.remote, &now.remote).filter(|_| !changed.contains(&Changed::Reading));
    let local = other(&before.local, &now.local);
    (remote.is_some() || local.is_some()).then_some(Models { remote, local })
}

fn note(summary: &mut Summary, models: &mut ModelsInForce, fact: &Fact, at_ms: u64) {
    match fact {
        Fact::SessionOpened(opened) => {
            let SessionOpened { question, documents, .. } = opened.as_ref();
            summary.question = question.clone();
            summary.documents = documents.iter().map(|document| document.name.clone()).collect();
            summary.opened_at_ms = at_ms;
            let parent = opened.parent.as_ref();
            summary.parent = parent.map(|parent| Origin {
                session: parent.session.clone(),
                seq: parent.seq,
                changed: parent.changed.clone(),
                details: parent.details.clone(),
                models: None,
            });
        }
        Fact::SessionResumed(resumed) => {
            if let Some(parent) = &mut summary.parent
                && !parent.changed.contains(&Changed::Model)
                && let Some(others) = others(&models.now, &resumed.models, &parent.changed)
            {
                parent.changed.push(Changed::Model);
                parent.models = Some(others.both());
            }
        }
        Fact::Answered { answer, .. } => summary.answer.clone_from(answer),
        Fact::SessionEnded { ending } => summary.ended = Some(ending.clone()),
        _ => {}
    }
    models.apply(fact);
    let Some(sums) = &mut summary.sums else { return };
    match fact {
        Fact::RoundBegan { round, .. } => sums.rounds = sums.rounds.max(*round),
        Fact::RemoteAnswered(answer) => {
            let cost = answer.cost_usd.or(models.plans_free().then_some(0.0));
            sums.cost_usd = sums.cost_usd.zip(cost).map(|(total, cost)| total + cost);
        }
        Fact::RemoteInterrupted(interrupted) => sums.lost_usd += interrupted.worst_usd.unwrap_or(0.0),
        Fact::RemoteFailed(failure) => {
            if let Some(counted) = failure.counted {
                sums.cost_usd = sums.cost_usd.zip(counted.cost_usd).map(|(total, cost)| total + cost);
            }
        }
        _ => {}
    }
}
