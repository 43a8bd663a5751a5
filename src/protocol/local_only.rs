//! local-only: the local LM answers by itself. It reads every window; where several answer, it reads its own answers once
//! more, until one is left.

use super::advance::end;
use super::decision::{Decision, FinalAnswer, MoreInformation};
use super::fact::{Ending, Fact};
use super::gate::Gate;
use super::input::{Effect, Step};
use super::job::{Chunk, JobOutput, Outcome};
use super::merge::plain;
use super::prompts::data;
use super::state::{Job, Round, State};
use super::windows_read::{answered, chunks, planned};

/// What the reader of its own answers is told.
const ADVICE: &str = "The excerpt lists what was found in different parts of one document, each with its citation. Give the \
                      one answer that these bear out, and copy its citation.";

/// What a reader is told before the words of a person who wants to know more.
const FEEDBACK: &str = "The person read an earlier answer and says this to it:";

/// Answers that are read together at most.
pub const TOGETHER: usize = 16;

pub(super) fn plan(state: &State, round: &Round) -> Step {
    let question = state.question().to_owned();
    let (chunks, samples) = match read_again(state, round) {
        None => {
            let feedback = feedback(state, round).map(|words| data("feedback", words));
            let advice = feedback.map_or(String::new(), |feedback| format!("{FEEDBACK}\n{feedback}"));
            (chunks(state).map(|chunk| (chunk, advice.clone())).collect(), state.settings().samples)
        }
        // Once each, so that every round leaves fewer.
        Some(before) => {
            (packs(state, before).into_iter().map(|pack| (Chunk::Text(pack), ADVICE.to_owned())).collect(), 1)
        }
    };
    planned(round.number, question, chunks, samples)
}

/// The round whose answers this one reads once more; nothing where it reads the documents, as at the beginning and where the
/// person wants to know more.
fn read_again<'a>(state: &'a State, round: &Round) -> Option<&'a Round> {
    let before = round.number.checked_sub(1).and_then(|number| state.round_numbered(number))?;
    feedback(state, round).is_none().then_some(before)
}

/// What the person said to the answer before.
fn feedback<'a>(state: &'a State, round: &Round) -> Option<&'a str> {
    let before = round.number.checked_sub(1).and_then(|number| state.round_numbered(number))?;
    match &before.decision {
        Some(Decision::RequestAdditionalInfo(more)) => Some(more.feedback.trim()).filter(|words| !words.is_empty()),
        _ => None,
    }
}

/// The answers of a round, as many in one text as a window has room for; two at least.
fn packs(state: &State, round: &Round) -> Vec<String> {
    let room = state.settings().windows.iter().map(|window| window.len()).max().unwrap_or_default();
    let mut packs: Vec<(usize, String)> = Vec::new();
    for output in outputs(state, round) {
        let text = told(output);
        match packs.last_mut() {
            Some((count, pack)) if *count < 2 || (*count < TOGETHER && pack.len() + text.len() <= room) => {
                *count += 1;
                pack.push_str(&text);
            }
            _ => packs.push((1, text)),
        }
    }
    packs.into_iter().map(|(_, pack)| pack).collect()
}

fn told(output: &JobOutput) -> String {
    let answer = output.answer.as_deref().unwrap_or_default();
    match output.citation.as_deref().filter(|citation| *citation != answer) {
        Some(citation) => format!("{answer}\n{citation}\n\n"),
        None => format!("{answer}\n\n"),
    }
}

fn outputs<'a>(state: &State, round: &'a Round) -> Vec<&'a JobOutput> {
    let mut outputs: Vec<&JobOutput> = Vec::new();
    for output in answered(state, round).into_iter().filter_map(|job| job.outcome().and_then(Outcome::output)) {
        // Windows that overlap say the same twice.
        if !outputs.iter().any(|known| known.answer == output.answer && known.citation == output.citation) {
            outputs.push(output);
        }
    }
    outputs
}

/// What the round's answers come to: the answer, or another reading of them.
pub(super) fn conclude(state: &State, round: &Round) -> Step {
    let tally = round.tally();
    let before = read_again(state, round);
    if tally.answered + tally.abstained == 0 && before.is_none() {
        return end(nothing_usable(state, round));
    }
    let outputs = outputs(state, round);
    let decision = match outputs.as_slice() {
        [] => match before {
            // Its answers could not be made one: they stand side by side.
            Some(before) => several(&self::outputs(state, before)),
            None => FinalAnswer {
                answer: None,
                explanation: "The local LM found nothing in the documents that tells.".into(),
                citations: Vec::new(),
            },
        },
        [one] => FinalAnswer {
            answer: one.answer.clone(),
            explanation: one.explanation.clone(),
            citations: citations(state, round, one),
        },
        many => {
            let explanation =
                format!("{} windows answered: the local LM reads its answers to make one of them.", many.len());
            let more = MoreInformation { explanation, ..MoreInformation::default() };
            return Step::fact(Fact::Decided { round: round.number, decision: Decision::RequestAdditionalInfo(more) });
        }
    };
    let quotations = decision.citations.clone();
    let decided = Fact::Decided { round: round.number, decision: Decision::ProvideFinalAnswer(decision) };
    let step = Step::fact(decided);
    // At its gate the person may decide otherwise first.
    if state.gates.stop_at(Gate::Decision) {
        return step;
    }
    step.with(Effect::LocateCitations { round: round.number, quotations })
}

/// What the answer stands on. One that was made of answers may cite these, where the documents say nothing of the kind: then it
/// stands on what the windows cited that gave it.
fn citations(state: &State, round: &Round, one: &JobOutput) -> Vec<String> {
    let own = || one.citation.iter().cloned().collect();
    let is_found = |job: &Job| matches!(job.outcome(), Some(Outcome::Answered { located: Some(_), .. }));
    if answered(state, round).into_iter().any(is_found) {
        return own();
    }
    let (mut windows, mut reading) = (None, round);
    while let Some(before) = read_again(state, reading) {
        (windows, reading) = (Some(before), before);
    }
    let said = |output: &JobOutput| format!(" {} ", plain(output.answer.as_deref().unwrap_or_default()));
    let wanted = said(one);
    let gave_it = |output: &&JobOutput| wanted.contains(&said(output)) || said(output).contains(&wanted);
    let given = windows.map(|windows| outputs(state, windows)).unwrap_or_default();
    let cited: Vec<String> = given.into_iter().filter(gave_it).filter_map(|output| output.citation.clone()).collect();
    if cited.is_empty() { own() } else { cited }
}

/// Answers that the local LM could not make one of.
fn several(outputs: &[&JobOutput]) -> FinalAnswer {
    let answers: Vec<&str> = outputs.iter().filter_map(|output| output.answer.as_deref()).collect();
    FinalAnswer {
        answer: (!answers.is_empty()).then(|| answers.join("\n")),
        explanation: "The local LM gave several answers and did not make one of them.".into(),
        citations: outputs.iter().filter_map(|output| output.citation.clone()).collect(),
    }
}

/// How a session ends whose jobs all ended in trouble.
fn nothing_usable(state: &State, round: &Round) -> Ending {
    let failed = round.jobs.iter().find_map(|job| match job.outcome() {
        Some(Outcome::Failed { error }) => Some(error.clone()),
        _ => None,
    });
    match failed {
        Some(error) => Ending::Failed { error: format!("the local LM could not be asked: {error}") },
        None => Ending::NoAnswer { reason: state.why_no_answer_of(round) },
    }
}
