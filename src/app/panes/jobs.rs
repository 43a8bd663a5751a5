//! The Jobs pane: one round's jobs as a table or a grid, with a cursor that follows the work until it is moved.

use std::cell::OnceCell;

use super::job_grid::{Cell, Grid};
use super::job_list::{Filter, Listing, Sort};
use crate::app::layout::{Area, Pane};
use crate::app::message::Command;
use crate::app::model::{Highlight, Model};
use crate::app::rows::{Mark, Tone};
use crate::app::search::Search;
use crate::document::Span;
use crate::protocol::{Chunk, Job, JobId, JobState, Outcome, Round};

#[derive(Clone, Debug, Default)]
pub struct JobsPane {
    /// The round looked at; nothing follows the newest.
    pub round: Option<u32>,
    /// Chunks × tasks instead of rows.
    pub as_grid: bool,
    pub filter: Filter,
    /// Only the jobs of this task.
    pub task: Option<u32>,
    /// Only the jobs that this search finds.
    pub narrowed: Option<Search>,
    pub sort: Sort,
    pub follow: Follow,
    /// The job that the cursor was put on, and its row then.
    pub selected: (u32, usize),
    /// The cell of the grid that the cursor was put on.
    pub cell: Cell,
    /// The first row in sight, of the table and of the grid.
    pub top: usize,
    pub grid_top: usize,
    /// The search typed next narrows the list.
    pub narrows_next: bool,
    pub(super) listing: OnceCell<Listing>,
    pub(super) grid: OnceCell<Grid>,
}

impl JobsPane {
    /// For another run: as it is looked at, and nothing that was chosen in the one before.
    pub(crate) fn anew(&self) -> Self {
        Self { as_grid: self.as_grid, sort: self.sort, ..Self::default() }
    }
}

/// Whether the list scrolls with the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// The first running or waiting job stays in sight.
    #[default]
    Work,
    /// The person moved the cursor.
    Off,
}

/// How a job's state is shown: a mark, its tone and a word.
pub fn job_word(job: &Job) -> (Mark, Tone, &'static str) {
    match &job.state {
        JobState::Waiting if job.retried.is_some() => (Mark::Waiting, Tone::Warning, "retrying"),
        JobState::Waiting => (Mark::Waiting, Tone::Dim, "waiting"),
        JobState::Running { attempt: 2.. } => (Mark::Current, Tone::Accent, "retry"),
        JobState::Running { .. } => (Mark::Current, Tone::Accent, "running"),
        JobState::Ended(outcome) => match outcome {
            Outcome::Answered { .. } => (Mark::Done, Tone::Good, "answered"),
            Outcome::Abstained { .. } => (Mark::Dot, Tone::Dim, "abstained"),
            Outcome::Malformed { .. } => (Mark::Failed, Tone::Warning, "malformed"),
            Outcome::Truncated { .. } => (Mark::Failed, Tone::Warning, "truncated"),
            Outcome::Failed { .. } => (Mark::Failed, Tone::Bad, "failed"),
            Outcome::Cancelled => (Mark::Failed, Tone::Dim, "cancelled"),
        },
    }
}

impl Model {
    /// The round whose jobs are listed.
    pub fn jobs_round(&self) -> Option<&Round> {
        match self.jobs.round {
            Some(number) => self.state.round_numbered(number),
            // The newest round that has jobs, so that the list does not go blank between rounds.
            None => self.state.rounds.iter().rev().find(|round| !round.jobs.is_empty()).or_else(|| self.state.round()),
        }
    }

    /// Has the list made anew when it is next looked at: a job changed, or what is listed did.
    pub(crate) fn relist_jobs(&mut self) {
        self.jobs.listing.take();
        self.jobs.grid.take();
    }

    pub fn selected_job(&self) -> Option<JobId> {
        let round = self.jobs_round()?.number;
        let index = match self.jobs.as_grid {
            true => self.job_grid().best(self.grid_cursor())?,
            false => *self.listed_jobs().get(self.jobs_cursor())?,
        };
        Some(JobId { round, index })
    }

    /// The row of the table that the cursor is on: where its job is now.
    pub fn jobs_cursor(&self) -> usize {
        let listing = self.job_listing();
        let (job, row) = self.jobs.selected;
        match self.jobs.follow {
            // What is sorted by a figure is looked at from its top.
            Follow::Work if self.jobs.sort != Sort::Order => 0,
            Follow::Work => listing.first_open.unwrap_or(0),
            Follow::Off if listing.jobs.get(row) == Some(&job) => row,
            Follow::Off => {
                let now = listing.jobs.iter().position(|at| *at == job);
                now.unwrap_or(row.min(listing.jobs.len().saturating_sub(1)))
            }
        }
    }

    /// The first row of the table in sight.
    pub fn jobs_top(&self) -> usize {
        let height = usize::from(self.jobs_list().height.max(1));
        let cursor = self.jobs_cursor();
        let top = match self.jobs.follow {
            Follow::Work => cursor.saturating_sub(height / 3),
            Follow::Off => self.jobs.top.clamp((cursor + 1).saturating_sub(height), cursor),
        };
        top.min(self.listed_jobs().len().saturating_sub(height))
    }

    /// The cells of the list itself: below tallies, gauge, utilization and column heads.
    pub fn jobs_list(&self) -> Area {
        self.inside(Pane::Jobs).below(3 + self.load_rows().len() as u16)
    }

    pub(crate) fn select_job_row(&mut self, row: usize) {
        let top = self.jobs_top();
        let row = row.min(self.listed_jobs().len().saturating_sub(1));
        let Some(job) = self.listed_jobs().get(row).copied() else { return };
        self.jobs.top = top;
        self.jobs.selected = (job, row);
        self.jobs.follow = Follow::Off;
        self.jobs.top = self.jobs_top();
    }

    pub(crate) fn move_in_jobs(&mut self, rows: isize) {
        match self.jobs.as_grid {
            true => self.move_in_grid(rows),
            false => self.select_job_row(self.jobs_cursor().saturating_add_signed(rows)),
        }
    }

    pub(crate) fn show_round(&mut self, forward: bool) {
        let Some(shown) = self.jobs_round().map(|round| round.number) else { return };
        let last = self.state.rounds.len() as u32;
        let next = if forward { (shown + 1).min(last) } else { shown.saturating_sub(1).max(1) };
        self.jobs.round = (next != last).then_some(next);
        self.jobs.task = None;
        self.list_from_the_top();
    }

    pub(crate) fn next_filter(&mut self) {
        let jobs = self.jobs_round().map_or(&[][..], |round| &round.jobs);
        self.jobs.filter = self.jobs.filter.next(jobs);
        self.list_from_the_top();
    }

    pub(crate) fn next_sort(&mut self) {
        self.jobs.sort = self.jobs.sort.next();
        self.list_from_the_top();
    }

    /// Only the jobs of the task that the selected one has, or all again.
    pub(crate) fn toggle_task(&mut self) {
        let task = self.selected_job().and_then(|id| self.state.job(id)).map(|job| job.task);
        self.jobs.task = if self.jobs.task.is_some() { None } else { task };
        self.list_from_the_top();
    }

    pub(crate) fn narrow_jobs(&mut self, search: Option<Search>) {
        self.jobs.narrowed = search;
        self.list_from_the_top();
    }

    /// What is listed changed: it is shown from its first row, or where the work is.
    fn list_from_the_top(&mut self) {
        self.relist_jobs();
        (self.jobs.follow, self.jobs.selected, self.jobs.top, self.jobs.grid_top) = (Follow::Work, (0, 0), 0, 0);
        self.jobs.cell = Cell::default();
        self.find_again();
    }

    /// Between table and grid; the job under the cursor stays.
    pub(crate) fn toggle_grid(&mut self) {
        let selected = self.selected_job();
        self.jobs.as_grid = !self.jobs.as_grid;
        if self.jobs.follow == Follow::Work {
            return;
        }
        let Some(id) = selected else { return };
        match self.state.job(id).map(|job| self.job_grid().cell_of(job)) {
            Some(cell) if self.jobs.as_grid => self.jobs.cell = cell,
            _ => {
                let row = self.listed_jobs().iter().position(|at| *at == id.index);
                self.select_job_row(row.unwrap_or(0));
            }
        }
    }

    /// Asks for another try of one job, where that is possible, or says why it is not.
    pub(crate) fn retry_job(&mut self, id: JobId) -> Vec<Command> {
        let refusal = match self.state.job(id).map(Job::outcome) {
            _ if !self.is_running() => return self.refuse("no run is in flight"),
            _ if self.state.can_retry(id) => return vec![Command::RetryJobs(vec![id])],
            Some(None) => format!("job {id} has not ended yet"),
            Some(Some(outcome)) if !outcome.is_trouble() => {
                format!("job {id} {}; only jobs in trouble are tried again", outcome.name())
            }
            _ => format!("round {} has gone on to aggregate; its jobs stand as they are", id.round),
        };
        self.refuse(refusal)
    }

    /// Asks for another try of every job of the round that is in trouble.
    pub(crate) fn retry_trouble(&mut self) -> Vec<Command> {
        let Some(round) = self.jobs_round() else { return self.refuse("there are no jobs yet") };
        let in_trouble = |job: &Job| job.outcome().is_some_and(Outcome::is_trouble);
        let number = round.number;
        let ids = (0u32..).zip(&round.jobs).filter(|(_, job)| in_trouble(job));
        let ids: Vec<JobId> = ids.map(|(index, _)| JobId { round: number, index }).collect();
        match ids.first() {
            _ if !self.is_running() => self.refuse("no run is in flight"),
            None => self.refuse(format!("no job of round {number} is in trouble")),
            Some(first) if self.state.can_retry(*first) => vec![Command::RetryJobs(ids)],
            Some(_) => self.refuse(format!("round {number} has gone on to aggregate; its jobs stand as they are")),
        }
    }

    fn refuse(&mut self, why: impl Into<String>) -> Vec<Command> {
        self.notify(why);
        Vec::new()
    }

    /// The words of a passage, as far as its document is at hand.
    pub(crate) fn passage(&self, span: Span) -> Option<&str> {
        self.documents.get(span.document)?.document.slice(span.start, span.end)
    }

    /// Where a job reads: `p 12`, or the line, `L12`, where there are no pages, or that its text stands nowhere.
    pub fn place_of(&self, chunk: Option<&Chunk>) -> String {
        let Some(chunk) = chunk else { return String::new() };
        let Some(span) = chunk.place() else { return "made up".into() };
        let document = self.documents.get(span.document).map(|open| &open.document);
        let place = match document.map(|document| (document, document.page_of(span.start))) {
            Some((_, Some(page))) => format!("p {page}"),
            Some((document, None)) => format!("L{}", document.line_of(span.start)),
            None => format!("@{}", span.start),
        };
        if self.documents.len() > 1 { format!("{}:{place}", span.document + 1) } else { place }
    }

    /// The highlight for what a job read, where it stands in a document.
    pub(crate) fn chunk_place(&self, id: JobId) -> Option<Highlight> {
        let round = self.state.round_numbered(id.round)?;
        let span = round.chunk_of(round.job(id)?).and_then(Chunk::place)?;
        Some(Highlight { span, how: None })
    }
}
