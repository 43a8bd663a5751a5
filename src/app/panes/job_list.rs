//! Which jobs the Jobs pane lists, and in which order.

use std::cmp::Reverse;

use crate::app::model::Model;
use crate::app::search::Search;
use crate::protocol::{Chunk, Job, JobState, Outcome, Round};

/// Which jobs are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    #[default]
    All,
    Answered,
    Unfinished,
    Trouble,
    Waiting,
    Running,
    Abstained,
    Malformed,
    Truncated,
    Failed,
    Cancelled,
}

impl Filter {
    const ALL: [Self; 11] = [
        Filter::All,
        Filter::Answered,
        Filter::Unfinished,
        Filter::Trouble,
        Filter::Waiting,
        Filter::Running,
        Filter::Abstained,
        Filter::Malformed,
        Filter::Truncated,
        Filter::Failed,
        Filter::Cancelled,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Filter::All => "all",
            Filter::Answered => "answered",
            Filter::Unfinished => "unfinished",
            Filter::Trouble => "in trouble",
            Filter::Waiting => "waiting",
            Filter::Running => "running",
            Filter::Abstained => "abstained",
            Filter::Malformed => "malformed",
            Filter::Truncated => "truncated",
            Filter::Failed => "failed",
            Filter::Cancelled => "cancelled",
        }
    }

    /// The next one that lists a job of these; all of them in the end.
    pub fn next(self, jobs: &[Job]) -> Self {
        let at = Self::ALL.iter().position(|filter| *filter == self).unwrap_or(0);
        let mut after = Self::ALL.into_iter().skip(at + 1);
        after.find(|filter| jobs.iter().any(|job| filter.lists(job))).unwrap_or(Filter::All)
    }

    fn lists(self, job: &Job) -> bool {
        match (self, &job.state) {
            (Filter::All, _) | (Filter::Waiting, JobState::Waiting) | (Filter::Running, JobState::Running { .. }) => {
                true
            }
            (Filter::Answered, JobState::Ended(outcome)) => matches!(outcome, Outcome::Answered { .. }),
            (Filter::Unfinished, JobState::Waiting | JobState::Running { .. }) => true,
            (Filter::Trouble, JobState::Ended(outcome)) => {
                !matches!(outcome, Outcome::Answered { .. } | Outcome::Abstained { .. })
            }
            (Filter::Abstained, JobState::Ended(outcome)) => matches!(outcome, Outcome::Abstained { .. }),
            (Filter::Malformed, JobState::Ended(outcome)) => matches!(outcome, Outcome::Malformed { .. }),
            (Filter::Truncated, JobState::Ended(outcome)) => matches!(outcome, Outcome::Truncated { .. }),
            (Filter::Failed, JobState::Ended(outcome)) => matches!(outcome, Outcome::Failed { .. }),
            (Filter::Cancelled, JobState::Ended(outcome)) => matches!(outcome, Outcome::Cancelled),
            _ => false,
        }
    }
}

/// By what the jobs are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// As the program planned them.
    #[default]
    Order,
    /// What runs first, then what waits, then what is in trouble.
    State,
    /// By where they read.
    Chunk,
    Task,
    /// The most first.
    Tokens,
    /// The longest first.
    Time,
}

impl Sort {
    pub fn name(self) -> &'static str {
        match self {
            Sort::Order => "order",
            Sort::State => "state",
            Sort::Chunk => "chunk",
            Sort::Task => "task",
            Sort::Tokens => "tokens",
            Sort::Time => "time",
        }
    }

    pub fn next(self) -> Self {
        match self {
            Sort::Order => Sort::State,
            Sort::State => Sort::Chunk,
            Sort::Chunk => Sort::Task,
            Sort::Task => Sort::Tokens,
            Sort::Tokens => Sort::Time,
            Sort::Time => Sort::Order,
        }
    }

    fn arrange(self, jobs: &mut [u32], round: &Round) {
        let job = |at: &u32| round.jobs.get(*at as usize);
        match self {
            Sort::Order => {}
            // Stable, so that what is alike keeps its order.
            Sort::State => jobs.sort_by_key(|at| job(at).map(state_rank)),
            Sort::Chunk => jobs.sort_by_key(|at| {
                job(at).map(|job| match round.chunk_of(job).and_then(Chunk::place) {
                    Some(span) => (span.document, span.start),
                    None => (usize::MAX, job.chunk as usize),
                })
            }),
            Sort::Task => jobs.sort_by_key(|at| job(at).map(|job| job.task)),
            Sort::Tokens => jobs.sort_by_key(|at| Reverse(job(at).map(tokens))),
            Sort::Time => jobs.sort_by_key(|at| Reverse(job(at).map(|job| job.ms))),
        }
    }
}

/// Tokens of all attempts, read and written.
pub fn tokens(job: &Job) -> u64 {
    job.usage.input_tokens + job.usage.output_tokens
}

fn state_rank(job: &Job) -> u8 {
    match &job.state {
        JobState::Running { .. } => 0,
        JobState::Waiting => 1,
        JobState::Ended(outcome) => match outcome {
            Outcome::Failed { .. } => 2,
            Outcome::Malformed { .. } => 3,
            Outcome::Truncated { .. } => 4,
            Outcome::Cancelled => 5,
            Outcome::Answered { .. } => 6,
            Outcome::Abstained { .. } => 7,
        },
    }
}

/// The jobs that are listed, by their indexes in the round. It is made when it is first looked at after a change, so
/// that thousands of results between two frames cost one listing.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub jobs: Vec<u32>,
    /// The row of the first job that has not ended.
    pub first_open: Option<usize>,
}

impl Model {
    pub(super) fn job_listing(&self) -> &Listing {
        self.jobs.listing.get_or_init(|| {
            let Some(round) = self.jobs_round() else { return Listing::default() };
            let pane = &self.jobs;
            let listed = |job: &Job| {
                pane.filter.lists(job)
                    && pane.task.is_none_or(|task| task == job.task)
                    && pane.narrowed.as_ref().is_none_or(|search| hits(search, round, job))
            };
            let mut jobs: Vec<u32> =
                (0u32..).zip(&round.jobs).filter(|(_, job)| listed(job)).map(|(at, _)| at).collect();
            pane.sort.arrange(&mut jobs, round);
            let open = |at: &u32| round.jobs.get(*at as usize).is_some_and(|job| job.outcome().is_none());
            Listing { first_open: jobs.iter().position(open), jobs }
        })
    }

    /// The indexes of the jobs listed.
    pub fn listed_jobs(&self) -> &[u32] {
        &self.job_listing().jobs
    }

    /// Why fewer jobs than all are listed, in words; nothing where all are.
    pub fn jobs_narrowed(&self) -> String {
        let pane = &self.jobs;
        let mut parts = Vec::new();
        if pane.filter != Filter::All {
            parts.push(pane.filter.name().to_owned());
        }
        parts.extend(pane.task.map(|task| format!("t{task}")));
        parts.extend(pane.narrowed.as_ref().map(|search| format!("\"{}\"", search.words)));
        parts.join(" · ")
    }
}

/// Whether the search finds what a job is asked or what it says.
pub(crate) fn hits(search: &Search, round: &Round, job: &Job) -> bool {
    let said = match &job.state {
        JobState::Waiting | JobState::Running { .. } => [None, None, None],
        JobState::Ended(outcome) => match outcome {
            Outcome::Answered { output, .. } | Outcome::Abstained { output } => {
                [Some(&output.explanation), output.citation.as_ref(), output.answer.as_ref()]
            }
            Outcome::Malformed { error, raw } => [Some(error), Some(raw), None],
            Outcome::Truncated { raw } => [Some(raw), None, None],
            Outcome::Failed { error } => [Some(error), None, None],
            Outcome::Cancelled => [None, None, None],
        },
    };
    search.hits(round.task_of(job)) || said.into_iter().flatten().any(|text| search.hits(text))
}
