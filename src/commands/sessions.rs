//! `minions sessions list|show|delete`: what is on disk.

use std::io::{BufRead, IsTerminal, Write, stderr, stdin};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::report::{Citation, cite};
use super::{Exit, Failure};
use serde::Serialize;

use crate::app::not_found;
use crate::document::DocumentRef;
use crate::document::escape::{visible, visible_lines};
use crate::journal::{Session, Store, Summary, Sums};
use crate::ledger::Exposure;
use crate::protocol::{AnswerCitation, Fact, ModelInfo, State, percent};

/// Lists the sessions of the store, newest first, those of evals below all others. Gives all that there are, whatever their
/// tags.
pub fn list(store: &Store, tag: Option<&str>, json: bool, out: &mut dyn Write) -> Result<Vec<Summary>, Failure> {
    let is_wanted = |summary: &Summary| tag.is_none_or(|tag| summary.label.tags.iter().any(|known| known == tag));
    let (mut summaries, others): (Vec<_>, Vec<_>) = listed(store)?.into_iter().partition(is_wanted);
    match json {
        true => print_json(&summaries, out)?,
        false => print_list(store, tag, &summaries, out)?,
    }
    summaries.extend(others);
    Ok(summaries)
}

/// All sessions. Where many have to be read first, the terminal is told how far it is.
fn listed(store: &Store) -> Result<Vec<Summary>, Failure> {
    const EACH: usize = 200;
    let (read, tells) = (AtomicUsize::new(0), stderr().is_terminal());
    let told = || {
        let read = read.fetch_add(1, Ordering::Relaxed) + 1;
        if tells && read.is_multiple_of(EACH) {
            let _ = write!(stderr(), "\r{read} sessions read");
        }
    };
    let mut summaries = store.list_telling(&told)?;
    summaries.sort_by_key(|summary| summary.label.is_of_eval());
    if tells && read.into_inner() >= EACH {
        let _ = write!(stderr(), "\r\x1b[2K");
    }
    Ok(summaries)
}

fn print_list(store: &Store, tag: Option<&str>, summaries: &[Summary], out: &mut dyn Write) -> Result<(), Failure> {
    let root = store.root().to_string_lossy();
    match (summaries.is_empty(), tag) {
        (true, Some(tag)) => writeln!(out, "no session has the tag {}", visible(tag))?,
        (true, None) => {
            writeln!(out, "no session yet in {}; `minions run` or `minions demo` makes one", visible(&root))?;
        }
        (false, _) => {
            print_table(summaries, out)?;
            let bytes: u64 = summaries.iter().map(|summary| summary.disk_bytes).sum();
            writeln!(out, "{}, {} in {}", counted(summaries.len()), size(bytes), visible(&root))?;
        }
    }
    Ok(())
}

pub(super) fn print_table(summaries: &[Summary], out: &mut dyn Write) -> Result<(), Failure> {
    let costs: Vec<String> =
        summaries.iter().map(|summary| summary.sums.as_ref().map_or_else(String::new, cost)).collect();
    let wide = costs.iter().map(|cost| cost.chars().count()).max().unwrap_or(0).max(8);
    let ids = summaries.iter().map(|summary| summary.id.as_str().len()).max().unwrap_or(0).max("SESSION".len());
    writeln!(
        out,
        "{:ids$}  {:16}  {:11}  ROUNDS  {:>wide$}  {:>8}  QUESTION",
        "SESSION", "OPENED (UTC)", "STATE", "COST", "DISK"
    )?;
    for (summary, cost) in summaries.iter().zip(&costs) {
        let rounds = summary.sums.map_or_else(String::new, |sums| sums.rounds.to_string());
        writeln!(
            out,
            "{:ids$}  {:16}  {:11}  {rounds:>6}  {cost:>wide$}  {:>8}  {}",
            summary.id.as_str(),
            minute(summary.opened_at_ms),
            state_of(summary),
            size(summary.disk_bytes),
            shortened(&visible(&called(summary)))
        )?;
    }
    Ok(())
}

/// What a list calls a session: its title before its question, its tags after it.
pub(super) fn called(summary: &Summary) -> String {
    let question = match &summary.problem {
        Some(problem) if summary.question.is_empty() => problem,
        _ => &summary.question,
    };
    let title = summary.label.title.as_ref().map_or(String::new(), |title| format!("{title}: "));
    let tags: String = summary.label.tags.iter().map(|tag| format!("#{tag} ")).collect();
    let archived = if summary.archived { "(archived) " } else { "" };
    // What it came from is told by `sessions show`.
    let forked = if summary.parent.is_some() { "↳ " } else { "" };
    format!("{forked}{archived}{tags}{title}{question}")
}

pub(super) fn counted(sessions: usize) -> String {
    if sessions == 1 { "1 session".into() } else { format!("{sessions} sessions") }
}

/// Bytes as people read them.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    let unit = UNITS.iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(|| format!("{bytes} B"), |(unit, name)| format!("{:.1} {name}", bytes as f64 / *unit as f64))
}

/// What is known of one session without its records.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// In place of the names that the summary gives.
    documents: &'a [DocumentRef],
    remote: Option<&'a ModelInfo>,
    local: Option<&'a ModelInfo>,
    records: usize,
    jobs: usize,
    answer: Option<&'a str>,
    explanation: Option<&'a str>,
    citations: &'a [AnswerCitation],
    /// The same in words; nothing where the documents cannot be read.
    #[serde(skip)]
    places: Vec<Citation>,
    exposed: Exposed,
    /// The sessions that were forked from it or follow up on it, the newest first.
    forks: Vec<String>,
    warnings: &'a [String],
}

/// What of the documents left the machine; nothing of it where none of the documents can be read.
#[derive(Serialize)]
struct Exposed {
    bytes: usize,
    /// Of all bytes of the documents, 0 to 1.
    share: f64,
    /// Whether it went to a model, and did not stay on this machine.
    left: bool,
}

/// Shows one session: what was asked, with what, and what came of it.
pub fn show(store: &Store, name: &str, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let session = store.resolve(name)?;
    let summary = session.summary();
    let references = session.opened()?.map(|opened| opened.documents).unwrap_or_default();
    let (documents, unread) = match session.documents(&references) {
        Ok(documents) => (documents, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let (mut state, mut records, mut jobs) = (State::default(), session.records()?, 0);
    let (mut exposure, mut left, mut count) = (Exposure::new(&documents), false, 0);
    for record in records.by_ref() {
        let record = record?;
        count += 1;
        let Some(fact) = record.fact.known() else { continue };
        state.apply(fact);
        exposure.apply(fact);
        if matches!(fact, Fact::RoundBegan { .. }) {
            left |= state.asked_a_model();
            jobs += state.part_with_round().map_or(0, |round| round.jobs.len());
        }
    }
    let mut warnings = records.into_warnings();
    warnings.extend(unread);
    let opened = state.opened.as_ref();
    let answer = state.answer.as_ref();
    let shown = Shown {
        summary: &summary,
        documents: opened.map_or(&[], |opened| opened.documents.as_slice()),
        remote: opened.map(|opened| &opened.remote),
        local: opened.map(|opened| &opened.local),
        records: count,
        jobs: jobs + state.rounds.iter().map(|round| round.jobs.len()).sum::<usize>(),
        answer: answer.and_then(|answer| answer.answer.as_deref()),
        explanation: answer.map(|answer| answer.explanation.as_str()),
        citations: answer.map_or(&[], |answer| answer.citations.as_slice()),
        places: answer.map_or_else(Vec::new, |answer| {
            answer.citations.iter().map(|citation| cite(citation, &documents)).collect()
        }),
        exposed: Exposed { bytes: exposure.bytes(), share: exposure.share(), left: left || state.asked_a_model() },
        forks: forks_of(store, &session),
        warnings: &warnings,
    };
    // As a value first: there the references take the place of the names.
    if json { print_json(&serde_json::to_value(&shown)?, out) } else { print_shown(&shown, out) }
}

/// What is known of a session is not read again.
fn forks_of(store: &Store, session: &Session) -> Vec<String> {
    let catalogue = store.catalogue();
    let others = store.newest_first().unwrap_or_default().into_iter().map(|other| catalogue.brief(&other));
    let is_fork = |other: &Summary| other.parent.as_ref().is_some_and(|parent| parent.session == session.id().as_str());
    others.filter(is_fork).map(|other| other.id.to_string()).collect()
}

fn print_shown(shown: &Shown, out: &mut dyn Write) -> Result<(), Failure> {
    let summary = shown.summary;
    writeln!(out, "session    {}", summary.id)?;
    writeln!(out, "folder     {}", visible(&summary.path.to_string_lossy()))?;
    if let Some(title) = &summary.label.title {
        writeln!(out, "title      {}", visible(title))?;
    }
    if !summary.label.tags.is_empty() {
        writeln!(out, "tags       {}", visible(&summary.label.tags.join(" ")))?;
    }
    writeln!(out, "question   {}", visible(&summary.question))?;
    for document in shown.documents {
        let pages = if document.pages == 0 { String::new() } else { format!(", {} pages", document.pages) };
        writeln!(out, "document   {} ({} bytes{pages})", visible(&document.name), document.bytes)?;
    }
    for (role, model) in [("remote LM", shown.remote), ("local LM", shown.local)] {
        if let Some(model) = model {
            writeln!(out, "{role:9}  {}", model_name(model))?;
        }
    }
    writeln!(out, "opened     {} UTC", minute(summary.opened_at_ms))?;
    if let Some(parent) = &summary.parent {
        writeln!(out, "from       {}, {}", visible(&parent.session), parent.told().trim_start_matches("from "))?;
    }
    for fork in &shown.forks {
        writeln!(out, "fork       {fork}")?;
    }
    writeln!(out, "state      {}", state_of(summary))?;
    if let Some(reason) = summary.ended.as_ref().and_then(|ending| ending.reason()) {
        writeln!(out, "reason     {}", visible(reason))?;
    }
    if let Some(sums) = summary.sums {
        writeln!(out, "rounds     {}", sums.rounds)?;
        writeln!(out, "cost       {}", sums.paid.told_at_length())?;
    }
    writeln!(out, "jobs       {}", shown.jobs)?;
    let Exposed { bytes, share, left } = &shown.exposed;
    let verb = if *left { "left this machine" } else { "would have left" };
    writeln!(out, "documents  {} ({}) {verb}", size(*bytes as u64), percent(*share))?;
    writeln!(out, "records    {}", shown.records)?;
    let archived = if summary.archived { ", archived" } else { "" };
    writeln!(out, "on disk    {}{archived}", size(summary.disk_bytes))?;
    for warning in shown.warnings {
        writeln!(out, "warning    {}", visible(warning))?;
    }
    if let Some(explanation) = shown.explanation {
        let reason = summary.ended.as_ref().and_then(|ending| ending.reason()).unwrap_or("none was given");
        let none = || format!("No answer: {}.", reason.trim_end_matches('.'));
        writeln!(out, "\n{}", visible_lines(&shown.answer.map_or_else(none, str::to_owned)))?;
        writeln!(out, "\n{}", visible_lines(explanation))?;
    }
    for (number, (recorded, citation)) in shown.citations.iter().zip(&shown.places).enumerate() {
        let place = match (citation.agrees(), recorded.located.as_ref().map(|located| located.span)) {
            (Some(agrees), _) => format!("{}, {agrees}", citation.place()),
            // The document cannot be read.
            (None, Some(span)) => {
                let name = shown.documents.get(span.document).map_or("?", |document| document.name.as_str());
                format!("{}, bytes {}–{}", visible(name), span.start, span.end)
            }
            (None, None) => not_found(&citation.text).into(),
        };
        writeln!(out, "  [{}] “{}” ({place})", number + 1, visible(&citation.text))?;
    }
    Ok(())
}

/// Removes one session with its documents, for good. Without `yes` the person is asked first.
pub fn delete(store: &Store, name: &str, (yes, json): (bool, bool), out: &mut dyn Write) -> Result<(), Failure> {
    let session = store.resolve(name)?;
    let question = || format!("Delete session {} ({})?", session.id(), visible(&session.summary().question));
    if !yes && !confirmed("delete the session", question)? {
        return Err(Failure::new(Exit::Interrupted, format!("session {} is kept", session.id())));
    }
    session.delete()?;
    store.forget_deleted();
    match json {
        true => print_json(&serde_json::json!({ "deleted": session.id().as_str() }), out),
        false => Ok(writeln!(out, "deleted session {}", session.id())?),
    }
}

/// Whether the person at the terminal says yes.
pub(super) fn confirmed(what: &str, question: impl FnOnce() -> String) -> Result<bool, Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::usage(format!("there is no terminal to ask on; add --yes to {what}")));
    }
    write!(stderr(), "{} [y/N] ", question())?;
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

pub(super) fn print_json(value: &impl Serialize, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "{}", serde_json::to_string_pretty(value)?)?;
    Ok(())
}

/// The beginning of a text, enough to know a session by.
fn shortened(text: &str) -> String {
    const CHARACTERS: usize = 80;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

pub(super) fn state_of(summary: &Summary) -> &'static str {
    match (&summary.ended, summary.running, &summary.problem) {
        (Some(ending), ..) => ending.name(),
        (None, true, _) => "running",
        (None, false, Some(_)) => "damaged",
        (None, false, None) => "interrupted",
    }
}

pub(super) fn model_name(model: &ModelInfo) -> String {
    match (model.is_model, model.model.as_str()) {
        (true, name) => format!("{} {}", visible(&model.provider), visible(name)),
        (false, _) => format!("{} (no language model)", visible(&model.provider)),
    }
}

/// What a session cost, in a cell: what was counted, and what lost answers cost at most.
pub(super) fn cost(sums: &Sums) -> String {
    sums.paid.told()
}

pub(super) fn dollars(cost: Option<f64>) -> String {
    cost.map_or_else(|| "n/a".into(), |cost| format!("${cost:.4}"))
}

/// A time as it stands in lists, in UTC.
pub(super) fn minute(at_ms: u64) -> String {
    let time = i64::try_from(at_ms).ok().and_then(|at_ms| jiff::Timestamp::from_millisecond(at_ms).ok());
    time.map_or_else(|| "n/a".into(), |time| time.strftime("%Y-%m-%d %H:%M").to_string())
}
