//! What the local LM is asked of whole documents, window by window, and what it said, as one text.

use std::fmt::Write;

use super::advance::end;
use super::fact::{Ending, Fact, PlannedJobs};
use super::input::{Effect, Step};
use super::job::{Chunk, Outcome, PlannedJob};
use super::merge::merged;
use super::state::{Job, Round, State};

/// One task on each of these chunks, each with its own advice, so many times.
pub(super) fn planned(round: u32, task: String, chunks: Vec<(Chunk, String)>, samples: u32) -> Step {
    if chunks.is_empty() {
        let error = "the documents hold no text that the local LM could be given".to_owned();
        return end(Ending::Failed { error });
    }
    let samples = samples.max(1);
    let jobs = (0..chunks.len() as u32)
        .flat_map(|chunk| (0..samples).map(move |sample| PlannedJob { chunk, task: 0, advice: chunk, sample }))
        .collect();
    let (chunks, advices) = chunks.into_iter().unzip();
    let planned = PlannedJobs { round, chunks, tasks: vec![task], advices, jobs };
    Step::fact(Fact::JobsPlanned(planned)).with(Effect::RunJobs { round })
}

/// The session's windows as chunks.
pub(super) fn chunks(state: &State) -> impl Iterator<Item = Chunk> {
    state.settings().windows.clone().into_iter().map(Chunk::Span)
}

/// What was said, each with its citation. The citation's length stands before it, so that nothing that a document says
/// can be taken for what stands around it.
pub(super) fn told(state: &State, round: &Round) -> String {
    let jobs = merged(round, state.settings().means.merge);
    let windows = round.chunks.len();
    let mut text = String::new();
    for job in &jobs {
        let Some(Outcome::Answered { output, .. }) = job.outcome() else { continue };
        let place = if windows > 1 { format!("Window {} of {windows}: ", job.chunk + 1) } else { String::new() };
        let _ = writeln!(text, "{place}{}", output.answer.as_deref().unwrap_or_default());
        if !output.explanation.is_empty() {
            let _ = writeln!(text, "because: {}", output.explanation);
        }
        if let Some(citation) = &output.citation {
            let characters = citation.chars().count();
            let _ = writeln!(text, "citation, {characters} characters:\n{citation}");
        }
        text.push('\n');
    }
    let silent = jobs.iter().filter(|job| matches!(job.outcome(), Some(Outcome::Abstained { .. }))).count();
    let trouble = jobs.iter().filter(|job| job.outcome().is_some_and(Outcome::is_trouble)).count();
    if text.is_empty() {
        text.push_str("The reader found nothing in the document that tells.");
    } else if silent > 0 {
        let _ = write!(text, "In {silent} other reading(s) nothing was found that tells.");
    }
    if trouble > 0 {
        let _ = write!(text, " {trouble} reading(s) came to nothing.");
    }
    text.trim_end().to_owned()
}

/// The answered jobs that go on.
pub(super) fn answered<'a>(state: &State, round: &'a Round) -> Vec<&'a Job> {
    let mut jobs = merged(round, state.settings().means.merge);
    jobs.retain(|job| matches!(job.outcome(), Some(Outcome::Answered { .. })));
    jobs
}
