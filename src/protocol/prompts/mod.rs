//! What the models are told. The words stand in the Markdown files beside this one; here they are filled in.

mod minion;

use std::fmt::Write;

use super::code::{CodeError, CodeErrorKind, CodeStage};
use super::decision::Decision;
use super::job::Outcome;
use super::levers::{Memory, Merge, Retrieval};
use super::merge::merged;
use super::message::{Message, Purpose};
use super::settings::{ProtocolKind, Settings};
use super::state::{AskState, Due, Phase, Round, State};

/// Recorded in every session. Raise it whenever the words of a prompt change.
pub const VERSION: &str = "7";

const SUPERVISOR: &str = include_str!("supervisor.md");
/// What the supervisor is told besides, where words are kept private.
const PRIVATE: &str = "Words that the person keeps private are replaced by placeholders such as NAME_1 or EMAIL_2 everywhere: in what you are \
     told, and in the documents that your program reads. The same word has the same placeholder. Use placeholders as they are.";
const ADVISE: &str = include_str!("advise.md");
const DECOMPOSE: &str = include_str!("decompose.md");
const SENT_BACK: &str = include_str!("sent_back.md");
const REPAIR: &str = include_str!("repair.md");
const THINK: &str = include_str!("think.md");
const DECIDE: &str = include_str!("decide.md");
const DECIDE_AGAIN: &str = include_str!("decide_again.md");
const ANSWER_SYSTEM: &str = include_str!("answer_system.md");
const ANSWER: &str = include_str!("answer.md");
/// What stands there once they were sent.
const SENT: &str = "[The documents were sent with the first request, and are not sent again.]";
const ANSWER_AGAIN: &str = include_str!("answer_again.md");
/// What a remote LM is told that may ask for no further round.
const LAST_ROUND: &str = "This was the last round: the decision must be \"provide_final_answer\".";
/// Where the documents go in a request that holds them whole.
const ENCLOSED: &str = "[the documents]";
const WORKER_SYSTEM: &str = include_str!("worker_system.md");
const WORKER_CHUNK: &str = include_str!("worker_chunk.md");
const WORKER_TASK: &str = include_str!("worker_task.md");

/// The messages of the next request for this purpose.
pub fn messages(state: &State, purpose: Purpose) -> Vec<Message> {
    let mut messages = plain_messages(state, purpose);
    if state.redactor.is_on()
        && let Some(system) = messages.first_mut()
    {
        system.content = format!("{}\n\n{PRIVATE}", system.content);
    }
    messages
}

fn plain_messages(state: &State, purpose: Purpose) -> Vec<Message> {
    if purpose == Purpose::Answer {
        return answer(state);
    }
    if state.settings().protocol == ProtocolKind::Minion {
        return minion::messages(state, purpose);
    }
    let mut messages = vec![Message::system(SUPERVISOR.trim_end())];
    match purpose {
        Purpose::Advise => messages.push(Message::user(advise(state))),
        Purpose::Decompose => {
            messages.push(Message::user(decompose(state)));
            messages.extend(repair(state));
        }
        Purpose::Think => messages.push(Message::user(think(state))),
        Purpose::Decide => {
            messages.push(Message::user(think(state)));
            messages.push(Message::assistant(state.last_reply(Purpose::Think).unwrap_or_default()));
            let last = state.round().is_some_and(|round| round.last);
            let last = if last { LAST_ROUND } else { "" };
            messages.push(Message::user(fill(DECIDE, &[("last", last)])));
            messages.extend(decide_again(state));
        }
        // Of other protocols.
        Purpose::Message | Purpose::Answer => {}
    }
    messages
}

/// A worker's messages: the chunk comes before the task, so that all tasks on a chunk share a prefix.
pub fn worker_messages(chunk: &str, task: &str, advice: &str) -> Vec<Message> {
    let WorkerParts { excerpt, task } = worker_parts(chunk, task, advice);
    vec![Message::system(worker_system()), Message::user(excerpt + &task)]
}

/// What every worker is told first.
pub fn worker_system() -> &'static str {
    WORKER_SYSTEM.trim_end()
}

/// A worker's user message in two: what all tasks on a chunk share, and the rest.
pub struct WorkerParts {
    pub excerpt: String,
    pub task: String,
}

pub fn worker_parts(chunk: &str, task: &str, advice: &str) -> WorkerParts {
    let excerpt = fill(WORKER_CHUNK, &[("chunk", &data("excerpt", chunk))]);
    let task = fill(WORKER_TASK, &[("task", task), ("advice", if advice.trim().is_empty() { "none" } else { advice })]);
    WorkerParts { excerpt: excerpt + "\n\n", task }
}

/// Text marked as data: between tags that it cannot close, since their mark is made from the text and stands nowhere in it.
pub fn data(tag: &str, text: &str) -> String {
    let mark = mark(text);
    format!("<{tag}-{mark}>\n{text}\n</{tag}-{mark}>")
}

/// How many characters a mark has.
const MARK: usize = 8;

fn mark(text: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(text.as_bytes());
    loop {
        let mut mark = hasher.finalize().to_hex().to_string();
        mark.truncate(MARK);
        if memchr::memmem::find(text.as_bytes(), mark.as_bytes()).is_none() {
            return mark;
        }
        hasher.update(b"again");
    }
}

/// The text that [`data`] put between the first such tags, or nothing where the prompt has no such part.
pub fn read_data(prompt: &str, tag: &str) -> Option<String> {
    next_data(prompt, &[tag]).map(|(_, text, _)| text.to_owned())
}

/// The first part that is marked as data under one of these tags: the tag, the text, and what comes behind it.
pub fn next_data<'a, 'b>(prompt: &'a str, tags: &[&'b str]) -> Option<(&'b str, &'a str, &'a str)> {
    let mut from = 0;
    while let Some(at) = prompt[from..].find('<').map(|at| from + at) {
        from = at + 1;
        let opened = tags.iter().find_map(|tag| {
            let (mark, body) = prompt[from..].strip_prefix(tag)?.strip_prefix('-')?.split_at_checked(MARK)?;
            mark.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some((*tag, mark, body.strip_prefix(">\n")?))
        });
        if let Some((tag, mark, body)) = opened
            && let Some((text, rest)) = body.split_once(&format!("\n</{tag}-{mark}>"))
        {
            return Some((tag, text, rest));
        }
    }
    None
}

/// The request of remote-only. The documents stand in it once [`enclose`] put them there: they are no part of a state. Asked
/// again for another form of its reply, the remote LM is not sent them once more.
fn answer(state: &State) -> Vec<Message> {
    let question = data("question", state.question());
    let sent = matches!(state.phase, Phase::Due(Due::Ask { attempt: 2.., .. }));
    let enclosed = if sent { SENT } else { ENCLOSED };
    let values = [("question", question.as_str()), ("known", &earlier(state)), ("enclosed", enclosed)];
    let mut messages = vec![Message::system(ANSWER_SYSTEM.trim_end()), Message::user(fill(ANSWER, &values))];
    // A round after another is one that the person wanted.
    for round in state.rounds.iter().rev().skip(1).rev() {
        let Some(Decision::RequestAdditionalInfo(more)) = &round.decision else { continue };
        messages.extend(last_reply_in(round, Purpose::Answer).map(Message::assistant));
        messages.push(Message::user(fill(ANSWER_AGAIN, &[("feedback", &data("feedback", &more.feedback))])));
    }
    let reply = state.round().and_then(|round| last_reply_in(round, Purpose::Answer));
    if let (Some(reply), Some(error)) = (reply, state.round().and_then(|round| round.decision_errors.last())) {
        messages.push(Message::assistant(reply));
        messages.push(Message::user(fill(DECIDE_AGAIN, &[("error", &data("error", error))])));
    }
    messages
}

/// The last reply for this purpose in a round.
fn last_reply_in(round: &Round, purpose: Purpose) -> Option<&str> {
    round.asks.iter().rev().find_map(|ask| match &ask.state {
        AskState::Answered(answer) if ask.request.purpose == purpose => Some(answer.text.as_str()),
        _ => None,
    })
}

/// Puts the documents where they go: before the question, so that a server's cache has what the next question on them
/// begins with.
pub(super) fn enclose(messages: &mut [Message], texts: &[&str]) {
    let documents: Vec<String> =
        texts.iter().enumerate().map(|(at, text)| data(&format!("document-{at}"), text)).collect();
    if let Some(message) = messages.get_mut(1)
        && message.content.starts_with(ENCLOSED)
    {
        message.content.replace_range(..ENCLOSED.len(), &documents.join("\n\n"));
    }
}

/// How many bytes of a message are documents that stand at its start, as [`enclose`] put them there.
pub fn enclosed(content: &str) -> usize {
    let mut end = 0;
    for at in 0.. {
        let rest = &content[end..];
        let (rest, tag) = (rest.strip_prefix("\n\n").unwrap_or(rest), format!("document-{at}"));
        match next_data(rest, &[&tag]) {
            Some((.., behind)) if rest.starts_with(&format!("<{tag}-")) => end = content.len() - behind.len(),
            _ => break,
        }
    }
    end
}

/// Whether earlier questions on the same documents stand in a message.
pub fn is_follow_up(content: &str) -> bool {
    read_data(content, "earlier").is_some()
}

fn advise(state: &State) -> String {
    fill(ADVISE, &[("question", &data("question", state.question())), ("documents", &documents(state))])
}

fn decompose(state: &State) -> String {
    let settings = state.settings();
    let advice = state.last_reply(Purpose::Advise).map(|advice| data("advice", advice)).unwrap_or_default();
    let limits = format!(
        "At most {} jobs in all and at most {} tasks for each chunk; every job is repeated {} time(s) as samples, which count.{}",
        settings.max_jobs,
        settings.tasks_per_round,
        settings.samples,
        samples(&settings)
    );
    let chunk_size = match settings.chunk_chars {
        0 => "1,000 to 4,000".to_owned(),
        chars => format!("about {chars}"),
    };
    fill(
        DECOMPOSE,
        &[
            ("question", &data("question", state.question())),
            ("documents", &documents(state)),
            ("advice", &advice),
            ("known", &known(state)),
            ("limits", &limits),
            ("chunk_size", &chunk_size),
            ("means", &means(&settings)),
        ],
    )
}

/// What `transform_outputs` gets of a job's samples.
fn samples(settings: &Settings) -> &'static str {
    match settings.means.merge {
        _ if settings.samples <= 1 => "",
        Merge::Union => " `transform_outputs` gets all samples.",
        Merge::Majority => " `transform_outputs` gets one sample of each job, which says what most say.",
        Merge::BestCited => " `transform_outputs` gets one sample of each job, whose citation stands in the document.",
    }
}

/// How to cut and choose, where the person set it.
fn means(settings: &Settings) -> String {
    let means = &settings.means;
    let mut rules = Vec::new();
    if let Some(function) = means.chunker.function() {
        rules.push(format!("Cut the documents with `{function}`."));
    }
    if means.overlap_chars > 0 {
        rules.push(format!("Let neighbouring chunks share {} characters.", means.overlap_chars));
    }
    match (means.retrieval, means.retrieve_k) {
        (Retrieval::Auto, 0) => {}
        (Retrieval::Off, _) => rules.push("Do not retrieve: give every chunk its tasks.".into()),
        (_, 0) => rules.push("Retrieve first, and give tasks to the chunks found alone.".into()),
        (_, k) => rules.push(format!("Retrieve first: {k} chunks for each task, and no others.")),
    }
    rules.iter().map(|rule| format!("\n- {rule}")).collect()
}

/// The program that failed and its error, where there is one to mend in this round.
fn repair(state: &State) -> Vec<Message> {
    let Some(round) = state.round() else { return Vec::new() };
    let Some((code, error)) = round.codes.last().and_then(|code| Some((code, code.rejected.as_ref()?))) else {
        return Vec::new();
    };
    // What the person made of a program stands in no reply.
    let reply = match state.last_reply(Purpose::Decompose).filter(|_| !code.edited) {
        Some(reply) => reply.to_owned(),
        None => format!("```python\n{}\n```", code.source.trim_end()),
    };
    if error.kind == CodeErrorKind::SentBack {
        let done = if round.jobs.is_empty() { "" } else { "The jobs are done and will not be run again." };
        let error = data("error", &error.message);
        return vec![Message::assistant(reply), Message::user(fill(SENT_BACK, &[("error", &error), ("done", done)]))];
    }
    let stage = match (code.source.is_empty(), round.jobs.is_empty()) {
        (true, _) => CodeStage::Extract,
        (false, true) => CodeStage::Prepare,
        (false, false) => CodeStage::Transform,
    };
    let stage = match stage {
        CodeStage::Extract => "it was looked for in your reply",
        CodeStage::Prepare => "it was loaded or prepare_jobs ran",
        CodeStage::Transform => "transform_outputs ran; the jobs are done and will not be run again",
    };
    vec![
        Message::assistant(reply),
        Message::user(fill(REPAIR, &[("stage", stage), ("error", &data("error", &describe(error, &code.source)))])),
    ]
}

fn describe(error: &CodeError, source: &str) -> String {
    let mut text = error.traceback.clone().unwrap_or_else(|| error.to_string());
    if let Some(line) = error.line
        && error.traceback.is_none()
        && let Some(words) = source.lines().nth((line as usize).saturating_sub(1))
    {
        let _ = write!(text, "\n  line {line}: {}", words.trim());
    }
    if let Some(hint) = &error.hint {
        let _ = write!(text, "\nHint: {hint}");
    }
    if let Some(printed) = &error.printed {
        let _ = write!(text, "\nIt had printed:\n{}", printed.trim_end());
    }
    text
}

fn think(state: &State) -> String {
    let settings = state.settings();
    let Some(round) = state.rounds.iter().rev().find(|round| round.aggregated.is_some()) else { return String::new() };
    let outputs = round.aggregated.as_ref().map_or("", |aggregated| aggregated.text.as_str());
    let tasks: Vec<String> = round.tasks.iter().enumerate().map(|(index, task)| format!("{index}. {task}")).collect();
    fill(
        THINK,
        &[
            ("question", &data("question", state.question())),
            ("documents", &documents(state)),
            ("known", &known(state)),
            ("round", &round.number.to_string()),
            ("rounds", &settings.max_rounds.max(round.number).to_string()),
            ("tasks", &data("tasks", &tasks.join("\n"))),
            ("tally", &tally(round)),
            ("outputs", &data("outputs", outputs)),
        ],
    )
}

fn decide_again(state: &State) -> Vec<Message> {
    let Some(round) = state.round() else { return Vec::new() };
    let Some(error) = round.decision_errors.last() else { return Vec::new() };
    vec![
        Message::assistant(last_reply_in(round, Purpose::Decide).unwrap_or_default()),
        Message::user(fill(DECIDE_AGAIN, &[("error", &data("error", error))])),
    ]
}

/// How many documents there are and how long: their names stay on the machine.
fn documents(state: &State) -> String {
    let Some(opened) = &state.opened else { return String::new() };
    if let Some(part) = opened.settings.part {
        return data("documents", &format!("document 0: {} characters", part.characters));
    }
    let lines: Vec<String> = opened
        .documents
        .iter()
        .enumerate()
        .map(|(index, document)| match document.pages {
            0 => format!("document {index}: {} characters", document.characters),
            pages => format!("document {index}: {} characters, {pages} pages", document.characters),
        })
        .collect();
    data("documents", &lines.join("\n"))
}

/// What earlier questions on the documents found out, and what the round before left for this one.
fn known(state: &State) -> String {
    let parts = [earlier(state), left(state)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn earlier(state: &State) -> String {
    let parent = state.opened.as_ref().and_then(|opened| opened.parent.as_ref());
    let known = parent.map_or(&[][..], |parent| parent.known.as_slice());
    if known.is_empty() {
        return String::new();
    }
    let told = known.iter().map(|known| {
        let answer = known.answer.as_deref().unwrap_or("none: the documents did not tell, as far as was read");
        let noted = Some(known.scratchpad.trim()).filter(|text| !text.is_empty());
        let noted = noted.map(|text| format!("\nNoted: {text}")).unwrap_or_default();
        format!("Question: {}\nAnswer: {answer}{noted}", known.question)
    });
    let told = told.collect::<Vec<_>>().join("\n\n");
    format!(
        "The person asked these questions of the same documents before; the answers are known already.\n\n{}",
        data("earlier", &told)
    )
}

fn left(state: &State) -> String {
    let Some(Decision::RequestAdditionalInfo(more)) =
        state.rounds.iter().rev().find_map(|round| round.decision.as_ref())
    else {
        return String::new();
    };
    match state.settings().means.memory {
        Memory::Scratchpad => {
            format!("{}\n\n{}", data("scratchpad", &more.scratchpad), data("feedback", &more.feedback))
        }
        Memory::Retry => data("feedback", &more.feedback),
    }
}

fn tally(round: &Round) -> String {
    let tally = round.tally();
    let mut text = format!(
        "Of {} jobs {} answered, {} abstained, {} were malformed, {} truncated, {} failed, {} cancelled.",
        tally.planned, tally.answered, tally.abstained, tally.malformed, tally.truncated, tally.failed, tally.cancelled
    );
    if !round.dropped.is_empty() {
        let _ = write!(text, " The person held the outputs of {} of them back.", round.dropped.len());
    }
    text
}

/// What is aggregated when no job gave anything usable.
pub(super) fn no_output(round: &Round) -> String {
    format!("No job gave a usable output. {}", tally(round))
}

/// What is aggregated when the remote LM's own `transform_outputs` could not be made to work.
pub(super) fn plain_outputs(round: &Round, merge: Merge) -> String {
    let jobs = merged(round, merge);
    let mut text = String::from("transform_outputs did not work; these are the answered jobs as they are.\n");
    for (index, task) in round.tasks.iter().enumerate() {
        let _ = writeln!(text, "\nTask {index}: {task}");
        for job in jobs.iter().filter(|job| job.task as usize == index) {
            if let Some(Outcome::Answered { output, .. }) = job.outcome() {
                let _ = writeln!(text, "- {}", output.answer.as_deref().unwrap_or_default());
                if let Some(citation) = &output.citation {
                    let _ = writeln!(text, "  citation: {citation}");
                }
            }
        }
    }
    text
}

/// Puts values in place of `{{name}}`, in one pass: what stands in a value is never filled in again. A line that
/// holds nothing but an empty value goes, with the blank line after it.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template.trim_end();
    while let Some(at) = rest.find("{{") {
        let Some(length) = rest[at..].find("}}") else { break };
        let name = &rest[at + 2..at + length];
        let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        text.push_str(&rest[..at]);
        text.push_str(value);
        rest = &rest[at + length + 2..];
        if value.is_empty() && (text.is_empty() || text.ends_with("\n\n")) {
            rest = rest.trim_start_matches('\n');
        }
    }
    text.push_str(rest);
    text.trim_end().to_owned()
}
