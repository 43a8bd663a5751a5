//! What a list of sessions says of each. Every line is passed over, few are parsed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::JournalError;
use super::id::SessionId;
use super::label::Label;
use super::record::read_line;
use super::session::Session;
use crate::protocol::{Bill, Changed, Detail, Ending, Fact, ModelInfo, Models, Paid, SessionOpened};

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
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sums {
    pub rounds: u32,
    /// Dollars of the planner's replies; nothing where the price of one is not known.
    pub cost_usd: Option<f64>,
    /// Those of them that rest on tokens which the server did not count.
    pub estimated_usd: f64,
    /// Dollars at most for calls whose answer was lost, and that may have been paid for.
    pub lost_usd: f64,
    /// Dollars of the reader, where it is paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_cost_usd: Option<f64>,
    /// All of that, as it is told to people.
    #[serde(skip)]
    pub paid: Paid,
    #[serde(skip)]
    pub(super) folded: Folded,
}

/// What sums are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Folded {
    pub rounds: u32,
    pub paid: Paid,
    /// Dollars at most for a request that is out.
    pub out_usd: f64,
}

impl Folded {
    /// The answer to a request that was out never comes where no process runs the session.
    pub fn sums(self, running: bool) -> Sums {
        let mut paid = self.paid;
        paid.planner.lost_usd += if running { 0.0 } else { self.out_usd };
        Sums {
            rounds: self.rounds,
            cost_usd: paid.planner.usd(),
            estimated_usd: paid.planner.estimated_usd,
            lost_usd: paid.planner.lost_usd,
            local_cost_usd: paid.reader.usd().filter(|_| paid.pays_reader()),
            paid,
            folded: self,
        }
    }
}

fn as_text<S: serde::Serializer>(id: &SessionId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

pub(super) fn summarise(session: &Session) -> Summary {
    by(session, true, scan)
}

/// What is cheap to know of a session: of a long journal only its beginning and its end are read.
pub(super) fn brief(session: &Session) -> Summary {
    match session.length() {
        Some(length) if length > WHOLE => by(session, false, ends),
        _ => summarise(session),
    }
}

fn by(
    session: &Session,
    whole: bool,
    scan: fn(&Session, &mut Summary, &mut Folded) -> Result<(), JournalError>,
) -> Summary {
    let mut folded = Folded::default();
    let mut summary = Summary {
        id: session.id().clone(),
        path: session.path().to_owned(),
        question: String::new(),
        answer: None,
        label: session.label(),
        opened_at_ms: session.made_at_ms(),
        ended: None,
        running: session.is_running(),
        sums: None,
        parent: None,
        documents: Vec::new(),
        disk_bytes: session.disk_bytes(),
        archived: session.is_archived(),
        problem: None,
    };
    if let Err(error) = scan(session, &mut summary, &mut folded) {
        summary.problem = Some(error.to_string());
    } else if summary.question.is_empty() && !summary.running {
        summary.problem.get_or_insert_with(|| "nothing was recorded in it".into());
    }
    summary.sums = whole.then(|| folded.sums(summary.running));
    summary
}

/// The first record, and those of the end.
fn ends(session: &Session, summary: &mut Summary, folded: &mut Folded) -> Result<(), JournalError> {
    let mut bill = Bill::default();
    if let Some(line) = session.lines()?.next()? {
        match line.record() {
            Ok(record) => {
                if let Some(fact) = record.fact.known() {
                    note(summary, folded, &mut bill, fact, record.at_ms);
                }
            }
            Err(problem) => summary.problem = Some(problem.into_warning(session.path())?),
        }
    }
    for record in session.last_records(TAIL, matters)? {
        if let Some(fact) = record.fact.known() {
            note(summary, folded, &mut bill, fact, record.at_ms);
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

fn scan(session: &Session, summary: &mut Summary, folded: &mut Folded) -> Result<(), JournalError> {
    let mut bill = Bill::default();
    let mut lines = session.lines()?;
    // Long lines, which are read only where the answer was lost.
    let mut asked = Vec::new();
    while let Some(line) = lines.next()? {
        if is_asked(line.bytes) {
            asked.clear();
            asked.extend_from_slice(line.bytes);
            continue;
        }
        if line.number > 1 && !matters(line.bytes) && !(pays_reader(&bill) && is_read(line.bytes)) {
            continue;
        }
        match line.record() {
            Ok(record) => {
                if let Some(fact) = record.fact.known() {
                    if matches!(fact, Fact::RemoteFailed(failure) if failure.is_in_doubt()) {
                        ask(&mut bill, &asked);
                    }
                    note(summary, folded, &mut bill, fact, record.at_ms);
                    let is_over = match fact {
                        Fact::RemoteAnswered(_) | Fact::RemoteInterrupted(_) => true,
                        Fact::RemoteFailed(failure) => failure.retry_in_ms.is_none(),
                        _ => false,
                    };
                    if is_over {
                        asked.clear();
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
    ask(&mut bill, &asked);
    (folded.paid, folded.out_usd) = (bill.paid(), bill.out_usd());
    Ok(())
}

/// Has the bill know of the request of this line.
fn ask(bill: &mut Bill, line: &[u8]) {
    if let Some(fact) = read_line(line).ok().as_ref().and_then(|record| record.fact.known()) {
        bill.apply(fact);
    }
}

/// Whether what is read is paid for. Else thousands of lines need not be parsed.
fn pays_reader(bill: &Bill) -> bool {
    let price = bill.models().now.local.as_ref().and_then(|local| local.price);
    price.is_some_and(|price| price.input > 0.0 || price.output > 0.0)
}

fn is_read(line: &[u8]) -> bool {
    kind_is(line, &[b"job_finished\"", b"job_retried\"", b"job_useless\""])
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

fn note(summary: &mut Summary, folded: &mut Folded, bill: &mut Bill, fact: &Fact, at_ms: u64) {
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
                && let Some(others) = others(&bill.models().now, &resumed.models, &parent.changed)
            {
                parent.changed.push(Changed::Model);
                parent.models = Some(others.both());
            }
        }
        Fact::Answered { answer, .. } => summary.answer.clone_from(answer),
        Fact::SessionEnded { ending } => summary.ended = Some(ending.clone()),
        _ => {}
    }
    bill.apply(fact);
    if let Fact::RoundBegan { round, .. } = fact {
        folded.rounds = folded.rounds.max(*round);
    }
}
