//! Samples of one task on one chunk: which of them speak for it.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::job::Outcome;
use super::levers::Merge;
use super::state::{Job, Round};
use crate::document::Match;

/// The jobs whose outputs go on, in their order: none of those that the person dropped.
pub fn merged(round: &Round, merge: Merge) -> Vec<&Job> {
    let kept: Vec<&Job> = round.kept_jobs().collect();
    if merge == Merge::Union || kept.iter().all(|job| job.sample == 0) {
        return kept;
    }
    let mut groups: HashMap<(u32, u32, u32), Vec<usize>> = HashMap::new();
    for (index, job) in kept.iter().enumerate() {
        groups.entry((job.chunk, job.task, job.advice)).or_default().push(index);
    }
    let mut speak: Vec<usize> = groups.into_values().filter_map(|group| spokesman(&kept, &group, merge)).collect();
    speak.sort_unstable();
    speak.into_iter().filter_map(|index| kept.get(index).copied()).collect()
}

/// Among equals the first.
fn spokesman(jobs: &[&Job], group: &[usize], merge: Merge) -> Option<usize> {
    let best = |among: &[usize]| {
        among.iter().copied().max_by_key(|index| (jobs.get(*index).map_or(0, |job| standing(job)), Reverse(*index)))
    };
    match merge {
        Merge::Union | Merge::BestCited => best(group),
        Merge::Majority => {
            let mut votes: HashMap<Option<String>, Vec<usize>> = HashMap::new();
            for index in group {
                // A job in trouble has no vote.
                let said = jobs.get(*index).and_then(|job| job.outcome()?.output());
                if let Some(output) = said {
                    votes.entry(output.answer.as_deref().map(plain)).or_default().push(*index);
                }
            }
            let most = votes.values().map(Vec::len).max().unwrap_or(0);
            let winners: Vec<usize> = votes.into_values().filter(|who| who.len() == most).flatten().collect();
            if winners.is_empty() { best(group) } else { best(&winners) }
        }
    }
}

/// How well an output stands on the document.
fn standing(job: &Job) -> u8 {
    let Some(Outcome::Answered { output, located }) = job.outcome() else {
        return u8::from(job.outcome().is_some_and(|outcome| outcome.output().is_some()));
    };
    match (&output.citation, located.as_ref().map(|located| located.how)) {
        (None, _) => 2,
        (Some(_), None) => 3,
        (Some(_), Some(Match::Fuzzy)) => 4,
        (Some(_), Some(Match::Normalised)) => 5,
        (Some(_), Some(Match::Exact)) => 6,
    }
}

/// An answer as far as two samples may say it alike.
pub(super) fn plain(answer: &str) -> String {
    let words = answer.split_whitespace().map(|word| word.trim_matches(|c: char| ".,;:\"'".contains(c)).to_lowercase());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
