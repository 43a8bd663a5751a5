//! Jobs that gave nothing to go on with: how many, of which kind, and what helps, in a few words.

use std::fmt;

use super::job::Outcome;
use super::state::{Round, State};

/// The jobs of a round that gave no usable output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble<'a> {
    pub jobs: u32,
    /// Jobs that gave one, an abstention among them.
    pub usable: u32,
    pub failed: u32,
    pub malformed: u32,
    pub truncated: u32,
    pub cancelled: u32,
    /// Of the first that failed, and of the first that was malformed.
    error: &'a str,
    flaw: &'a str,
    /// `local.max_output_tokens`.
    cap: u64,
}

impl<'a> Trouble<'a> {
    /// Nothing where no job of the round ended so.
    pub fn of(state: &State, round: &'a Round) -> Option<Self> {
        Some(Self::told(state, round)).filter(|trouble| trouble.count() > 0)
    }

    fn told(state: &State, round: &'a Round) -> Self {
        let tally = round.tally();
        let first = |said: fn(&'a Outcome) -> Option<&'a str>| {
            round.jobs.iter().filter_map(|job| job.outcome()).find_map(said).unwrap_or_default()
        };
        Self {
            jobs: tally.planned,
            usable: tally.answered + tally.abstained,
            failed: tally.failed,
            malformed: tally.malformed,
            truncated: tally.truncated,
            cancelled: tally.cancelled,
            error: first(|outcome| match outcome {
                Outcome::Failed { error } => Some(error),
                _ => None,
            }),
            flaw: first(|outcome| match outcome {
                Outcome::Malformed { error, .. } => Some(error),
                _ => None,
            }),
            cap: state.settings().local_max_output_tokens,
        }
    }

    /// How the first job failed, where all of them did or no other ended in trouble.
    pub fn failed_alone(&self) -> Option<&'a str> {
        (self.failed > 0 && self.malformed + self.truncated == 0).then_some(self.error)
    }

    pub fn count(&self) -> u32 {
        self.failed + self.malformed + self.truncated
    }
}

/// What became of them, and what helps.
impl fmt::Display for Trouble<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.failed > 0 {
            parts.push(format!("{} failed (the first with: {})", self.failed, self.error));
        }
        if self.malformed > 0 {
            parts.push(format!("{} malformed (the first: {})", self.malformed, self.flaw));
        }
        if self.truncated > 0 {
            parts.push(format!("{} cut at local.max_output_tokens = {}", self.truncated, self.cap));
        }
        if self.cancelled > 0 {
            parts.push(format!("{} cancelled", self.cancelled));
        }
        f.write_str(&parts.join(", "))?;
        if self.truncated > 0 {
            f.write_str("; raise that, and have a model that thinks do without (local.thinking_tokens = 0)")?;
        }
        if self.malformed > 0 {
            f.write_str("; a reader that keeps to the JSON it is asked for helps")?;
        }
        Ok(())
    }
}

impl State {
    /// Why the remote LM gave no answer, in a sentence without its full stop: the documents do not tell, or nothing of them
    /// was read.
    pub fn why_no_answer(&self) -> String {
        self.why_none_in(self.rounds.iter())
    }

    /// The same, as far as this round tells.
    pub fn why_no_answer_of(&self, round: &Round) -> String {
        self.why_none_in(std::iter::once(round))
    }

    fn why_none_in<'a>(&self, rounds: impl Iterator<Item = &'a Round>) -> String {
        let troubles: Vec<Trouble<'_>> =
            rounds.filter(|round| !round.jobs.is_empty()).map(|round| Trouble::told(self, round)).collect();
        match troubles.last() {
            Some(last) if troubles.iter().all(|trouble| trouble.usable == 0) => {
                format!("nothing was read of the documents: no job of the local LM gave a usable output: {last}")
            }
            _ => "the documents do not tell, as far as was read".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_jobs_is_told_with_what_helps() {
        let trouble = Trouble {
            jobs: 18,
            usable: 0,
            failed: 0,
            malformed: 2,
            truncated: 16,
            cancelled: 0,
            error: "",
            flaw: "no JSON object in the reply",
            cap: 512,
        };
        let told = trouble.to_string();
        for words in
            ["2 malformed (the first: no JSON object", "16 cut at local.max_output_tokens = 512", "thinking_tokens"]
        {
            assert!(told.contains(words), "{told}");
        }
        assert_eq!((trouble.failed_alone(), trouble.count()), (None, 18));
        let failed = Trouble { failed: 3, malformed: 0, truncated: 0, error: "no server", ..trouble };
        assert_eq!(
            (failed.failed_alone(), failed.to_string().as_str()),
            (Some("no server"), "3 failed (the first with: no server)")
        );
    }
}
