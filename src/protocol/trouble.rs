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
    /// Of the first that failed, and of the first that was malformed.
    error: &'a str,
    flaw: &'a str,
    /// `local.max_output_tokens`.
    cap: u64,
}

impl<'a> Trouble<'a> {
    /// Nothing where no job of the round ended so.
    pub fn of(state: &State, round: &'a Round) -> Option<Self> {
        let tally = round.tally();
        let (failed, malformed, truncated) = (tally.failed, tally.malformed, tally.truncated);
        let first = |said: fn(&'a Outcome) -> Option<&'a str>| {
            round.jobs.iter().filter_map(|job| job.outcome()).find_map(said).unwrap_or_default()
        };
        (failed + malformed + truncated > 0).then(|| Self {
            jobs: tally.planned,
            usable: tally.answered + tally.abstained,
            failed,
            malformed,
            truncated,
            error: first(|outcome| match outcome {
                Outcome::Failed { error } => Some(error),
                _ => None,
            }),
            flaw: first(|outcome| match outcome {
                Outcome::Malformed { error, .. } => Some(error),
                _ => None,
            }),
            cap: state.settings().local_max_output_tokens,
        })
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
    /// Why nothing can be known, where there were jobs and no job of any round gave a usable output.
    pub fn nothing_usable(&self) -> Option<String> {
        let with_jobs: Vec<&Round> = self.rounds.iter().filter(|round| !round.jobs.is_empty()).collect();
        let troubles: Vec<Trouble<'_>> = with_jobs.iter().filter_map(|round| Trouble::of(self, round)).collect();
        let nothing = troubles.len() == with_jobs.len() && troubles.iter().all(|trouble| trouble.usable == 0);
        let last = troubles.last().filter(|_| nothing)?;
        Some(format!("no job of the local LM gave a usable output: {last}"))
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
