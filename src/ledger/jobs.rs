//! How many jobs of all rounds stand in each state, whatever facts come and however often.

use std::collections::HashMap;

use crate::protocol::{JobId, Outcome, Tally};

/// Counts every job once, and leaves a job that has ended as it ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct JobCount {
    /// By round, the jobs in order.
    rounds: HashMap<u32, Vec<Standing>>,
    tally: Tally,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Waiting,
    Running,
    Answered,
    Abstained,
    Malformed,
    Truncated,
    Failed,
    Cancelled,
}

impl JobCount {
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// So many jobs wait in a round; a round that was planned already stays as it is.
    pub fn plan(&mut self, round: u32, jobs: usize) {
        if self.rounds.contains_key(&round) {
            return;
        }
        self.rounds.insert(round, vec![Standing::Waiting; jobs]);
        self.tally.planned += jobs as u32;
        self.tally.waiting += jobs as u32;
    }

    /// A job stands so from now on. One that was never planned counts nowhere.
    pub fn stand(&mut self, job: JobId, standing: Standing) {
        let jobs = self.rounds.get_mut(&job.round);
        if let Some(known) = jobs.and_then(|jobs| jobs.get_mut(job.index as usize)) {
            known.turn_into(standing, &mut self.tally);
        }
    }

    /// A job that ended in trouble is to be tried again.
    pub fn reopen(&mut self, job: JobId) {
        let jobs = self.rounds.get_mut(&job.round);
        let Some(known) = jobs.and_then(|jobs| jobs.get_mut(job.index as usize)) else { return };
        if matches!(known, Standing::Malformed | Standing::Truncated | Standing::Failed | Standing::Cancelled) {
            *known.count(&mut self.tally) -= 1;
            *known = Standing::Waiting;
            *known.count(&mut self.tally) += 1;
        }
    }

    /// What ran in a process that is no more waits for its turn again.
    pub fn stop_running(&mut self) {
        for known in self.rounds.values_mut().flatten().filter(|known| **known == Standing::Running) {
            known.turn_into(Standing::Waiting, &mut self.tally);
        }
    }

    /// What has not ended when the session ends is cancelled.
    pub fn cancel_open(&mut self) {
        for known in self.rounds.values_mut().flatten() {
            known.turn_into(Standing::Cancelled, &mut self.tally);
        }
    }
}

impl Standing {
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Answered { .. } => Standing::Answered,
            Outcome::Abstained { .. } => Standing::Abstained,
            Outcome::Malformed { .. } => Standing::Malformed,
            Outcome::Truncated { .. } => Standing::Truncated,
            Outcome::Failed { .. } => Standing::Failed,
            Outcome::Cancelled => Standing::Cancelled,
        }
    }

    fn turn_into(&mut self, standing: Standing, tally: &mut Tally) {
        if matches!(self, Standing::Waiting | Standing::Running) {
            *self.count(tally) -= 1;
            *self = standing;
            *self.count(tally) += 1;
        }
    }

    fn count(self, tally: &mut Tally) -> &mut u32 {
        match self {
            Standing::Waiting => &mut tally.waiting,
            Standing::Running => &mut tally.running,
            Standing::Answered => &mut tally.answered,
            Standing::Abstained => &mut tally.abstained,
            Standing::Malformed => &mut tally.malformed,
            Standing::Truncated => &mut tally.truncated,
            Standing::Failed => &mut tally.failed,
            Standing::Cancelled => &mut tally.cancelled,
        }
    }
}
