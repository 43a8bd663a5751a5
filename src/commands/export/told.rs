//! What the report in Markdown and the page in HTML both say, in words that are not escaped yet.

use super::super::sessions::{dollars, minute, model_name, size};
use super::subject::Subject;
use crate::ledger::calls_told;
use crate::protocol::{Code, Decision, Gate, Job, Purpose, Round, percent};

/// What is told of a job.
pub struct JobRow<'a> {
    /// As it is called everywhere: its round and its number.
    pub name: String,
    pub state: &'static str,
    pub task: &'a str,
    /// Nothing where it abstained or got into trouble.
    pub answer: Option<&'a str>,
    pub citation: Option<&'a str>,
    /// Where the citation stands: the document, the first and the last byte, and the place in words.
    pub place: Option<(usize, usize, usize, String)>,
}

/// With what the session was, and what came of it.
pub fn about(subject: &Subject) -> Vec<(&'static str, String)> {
    let report = &subject.report;
    let mut rows = vec![("Session", report.session.clone()), ("Began", format!("{} UTC", minute(subject.began_ms)))];
    if !subject.label.tags.is_empty() {
        rows.push(("Tags", subject.label.tags.join(", ")));
    }
    if let Some(opened) = &subject.state.opened {
        for document in &opened.documents {
            let pages = if document.pages == 0 { String::new() } else { format!(", {} pages", document.pages) };
            rows.push(("Document", format!("{} ({}{pages})", document.name, size(document.bytes as u64))));
        }
        rows.push(("Remote LM", model_name(&opened.remote)));
        rows.push(("Local LM", model_name(&opened.local)));
    }
    rows.push(("Outcome", report.outcome.replace('_', " ")));
    if let Some(reason) = &report.reason {
        rows.push(("Reason", reason.clone()));
    }
    rows
}

/// What it cost, and what left the machine.
pub fn costs(subject: &Subject) -> Vec<(&'static str, String)> {
    let report = &subject.report;
    let (remote, local) = (&report.usage.remote, &report.usage.local);
    let tokens = |usage: &super::super::report::LmUsage| {
        let calls = calls_told(usage.calls, usage.replies.unwrap_or(usage.calls));
        format!("{calls}, {}, {:.1} s", usage.tokens.told(), usage.seconds)
    };
    let baseline = &report.baseline;
    let would = if baseline.estimated { "≈ " } else { "" };
    let left = if subject.state.asked_a_model() { "Left the machine" } else { "Would leave the machine" };
    vec![
        ("Cost", report.paid.told_at_length()),
        ("Remote LM", tokens(remote)),
        ("Local LM", tokens(local)),
        (
            "Without a local LM",
            match baseline.cost_usd {
                Some(usd) => format!("{would}{} tokens in, {would}{}", baseline.input_tokens, dollars(Some(usd))),
                None => format!("{would}{} tokens in; what they cost is not known", baseline.input_tokens),
            },
        ),
        (left, format!("{} of the documents ({})", size(report.exposed.bytes as u64), percent(report.exposed.share))),
        ("Time", time(report.seconds, subject.waited)),
    ]
}

/// What the session took, without the time in which it waited for the person or did not run.
fn time(seconds: f64, waited: f64) -> String {
    let own = format!("{:.1} s", (seconds - waited).max(0.0));
    if waited < 0.05 {
        own
    } else {
        format!("{own}, and {waited:.1} s of waiting for the person or to be taken up again")
    }
}

/// Every request to the remote LM: what for, tokens in and out, dollars, seconds.
pub fn calls(subject: &Subject) -> Vec<[String; 6]> {
    let row = |call: &super::super::bill::CallBill| {
        let cost = match call.cost_usd {
            Some(_) => call.paid.told_with_lost(),
            None if call.lost_usd > 0.0 => format!("at most {} lost", dollars(Some(call.lost_usd))),
            None => dollars(None),
        };
        let seconds = call.total_ms.map_or_else(|| "n/a".into(), |ms| format!("{:.1} s", ms as f64 / 1e3));
        [
            call.round.to_string(),
            call.purpose.name().to_owned(),
            call.state.replace('_', " "),
            call.tokens.told(),
            cost,
            seconds,
        ]
    };
    subject.report.calls.iter().map(row).collect()
}

pub fn jobs<'a>(subject: &'a Subject, round: &'a Round) -> Vec<JobRow<'a>> {
    let row = |(index, job): (usize, &'a Job)| {
        let outcome = job.outcome();
        let output = outcome.and_then(|outcome| outcome.output());
        let located = outcome.and_then(|outcome| outcome.located());
        let place = located.map(|located| {
            let span = located.span;
            (span.document, span.start, span.end, place(subject, span.document, span.start))
        });
        JobRow {
            name: format!("{}.{index}", round.number),
            state: job.state.name(),
            task: round.task_of(job),
            answer: output.and_then(|output| output.answer.as_deref()),
            citation: output.and_then(|output| output.citation.as_deref()),
            place,
        }
    };
    round.jobs.iter().enumerate().map(row).collect()
}

fn place(subject: &Subject, document: usize, start: usize) -> String {
    let Some(document) = subject.documents.get(document) else { return format!("byte {start}") };
    format!("{}, {}", document.name, document.place_of(start))
}

/// How many jobs stand in which state, the usual ones first.
pub fn tally(round: &Round) -> String {
    let tally = round.tally();
    format!("{} jobs: {}", tally.planned, tally.told())
}

/// What the remote LM said in this round, besides its programs.
pub fn replies(round: &Round) -> Vec<(&'static str, &str)> {
    let said = round.asks.iter().filter_map(|ask| match &ask.state {
        crate::protocol::AskState::Answered(answer) => Some((ask.request.purpose, answer.text.as_str())),
        _ => None,
    });
    said.filter(|(purpose, _)| matches!(purpose, Purpose::Advise | Purpose::Think))
        .map(|(purpose, text)| (if purpose == Purpose::Advise { "Advice" } else { "Thoughts" }, text))
        .collect()
}

/// How a program is called.
pub fn program(code: &Code) -> String {
    format!("Program {}{}", code.id.attempt, if code.edited { ", edited by hand" } else { "" })
}

/// How what was sent on is called.
pub fn sent_on(round: &Round) -> String {
    let edited = round.by_hand.iter().any(|done| done.gate == Some(Gate::Outputs));
    format!("What was sent on{}", if edited { ", changed by hand" } else { "" })
}

/// Who decided what, with what was said for it.
pub fn decision(round: &Round) -> Option<Vec<(&'static str, &str)>> {
    let (who, why) =
        if round.decided_by_hand() { ("Decision by hand", "The remote LM had said") } else { ("Decision", "Because") };
    Some(match round.decision.as_ref()? {
        Decision::ProvideFinalAnswer(last) => {
            vec![(who, "provide the final answer"), (why, last.explanation.as_str())]
        }
        Decision::RequestAdditionalInfo(more) => vec![
            (who, "ask for another round"),
            (why, more.explanation.as_str()),
            ("To find out", more.feedback.as_str()),
            ("Known so far", more.scratchpad.as_str()),
        ],
    })
}
