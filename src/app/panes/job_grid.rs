//! The jobs of a round as a grid of chunks and tasks: one cell for all jobs of a task on a chunk, in bands of chunks.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::jobs::Follow;
use crate::app::layout::Area;
use crate::app::model::Model;
use crate::protocol::{Chunk, Job, JobState, Outcome, Round};

/// Cells before a band's first chunk, for the names of its tasks.
pub const LABEL: u16 = 5;

/// A place in the grid: chunks count in the order of the documents, tasks as the program named them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cell {
    pub chunk: u32,
    pub task: u32,
}

/// Of the jobs of each cell the one that came to most, and how many there are.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    cells: HashMap<Cell, (u32, u32)>,
    /// The chunks of the round, by their indexes, in the order of the documents; and the place of each in it.
    order: Vec<u32>,
    place: Vec<u32>,
    pub chunks: u32,
    pub tasks: u32,
}

impl Grid {
    fn of(round: &Round) -> Self {
        let mut order: Vec<u32> = (0..round.chunks.len() as u32).collect();
        order.sort_by_key(|at| match round.chunks.get(*at as usize).and_then(Chunk::place) {
            Some(span) => (span.document, span.start),
            // What a program made up stands in no document.
            None => (usize::MAX, 0),
        });
        let mut place = vec![0; order.len()];
        for (at, chunk) in (0u32..).zip(&order) {
            if let Some(place) = place.get_mut(*chunk as usize) {
                *place = at;
            }
        }
        let (chunks, tasks) = (round.chunks.len() as u32, round.tasks.len() as u32);
        Self { cells: HashMap::new(), order, place, chunks, tasks }
    }

    pub fn cell_of(&self, job: &Job) -> Cell {
        Cell { chunk: self.place.get(job.chunk as usize).copied().unwrap_or(0), task: job.task }
    }

    /// The chunk of the round that stands in this place.
    pub fn chunk_at<'a>(&self, round: &'a Round, place: u32) -> Option<&'a Chunk> {
        round.chunks.get(*self.order.get(place as usize)? as usize)
    }

    pub fn best(&self, cell: Cell) -> Option<u32> {
        self.cells.get(&cell).map(|(best, _)| *best)
    }

    /// How many jobs a cell folds: samples, and the same task with other advice.
    pub fn folded(&self, cell: Cell) -> u32 {
        self.cells.get(&cell).map_or(0, |(_, count)| *count)
    }
}

/// What a cell that folds several jobs shows: an answer if there is one, else what may still come to one.
fn worth(job: &Job) -> u8 {
    match &job.state {
        JobState::Running { .. } => 6,
        JobState::Waiting => 5,
        JobState::Ended(outcome) => match outcome {
            Outcome::Answered { .. } => 7,
            Outcome::Abstained { .. } => 4,
            Outcome::Truncated { .. } => 3,
            Outcome::Malformed { .. } => 2,
            Outcome::Failed { .. } => 1,
            Outcome::Cancelled => 0,
        },
    }
}

/// How the grid is laid out: bands of as many chunks as stand side by side, each under a line that says where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    /// Chunks side by side.
    pub columns: u32,
    /// Lines of a band, the one above its tasks included.
    pub lines: usize,
    /// Lines of all bands.
    pub all: usize,
}

impl Bands {
    fn of(grid: &Grid, area: Area) -> Self {
        let columns = u32::from(area.width.saturating_sub(LABEL + 1)).max(1);
        let lines = grid.tasks as usize + 1;
        Self { columns, lines, all: lines * grid.chunks.div_ceil(columns) as usize }
    }

    pub fn line_of(self, cell: Cell) -> usize {
        (cell.chunk / self.columns) as usize * self.lines + 1 + cell.task as usize
    }

    /// The first chunk of the band on this line, and the task there; none on the line above the tasks.
    pub fn at(self, line: usize) -> (u32, Option<u32>) {
        let band = (line / self.lines) as u32;
        (band * self.columns, (line % self.lines).checked_sub(1).map(|task| task as u32))
    }
}

impl Model {
    pub fn job_grid(&self) -> &Grid {
        self.jobs.grid.get_or_init(|| {
            let Some(round) = self.jobs_round() else { return Grid::default() };
            let mut grid = Grid::of(round);
            let mut listed = self.listed_jobs().to_vec();
            listed.sort_unstable();
            for index in listed {
                let Some(job) = round.jobs.get(index as usize) else { continue };
                let cell = grid.cell_of(job);
                match grid.cells.entry(cell) {
                    Entry::Vacant(empty) => {
                        empty.insert((index, 1));
                    }
                    Entry::Occupied(mut known) => {
                        let (best, count) = *known.get();
                        let better = round.jobs.get(best as usize).is_none_or(|best| worth(job) > worth(best));
                        known.insert((if better { index } else { best }, count + 1));
                    }
                }
            }
            grid
        })
    }

    /// The cells of the grid: the list without its last row, which holds the legend.
    pub fn grid_area(&self) -> Area {
        let list = self.jobs_list();
        list.top(list.height.saturating_sub(1))
    }

    pub fn grid_bands(&self) -> Bands {
        Bands::of(self.job_grid(), self.grid_area())
    }

    /// The cell that the cursor is on.
    pub fn grid_cursor(&self) -> Cell {
        let grid = self.job_grid();
        let cell = match self.jobs.follow {
            Follow::Work => {
                let open = self.listed_jobs().get(self.job_listing().first_open.unwrap_or(0));
                let job = open.and_then(|at| self.jobs_round()?.jobs.get(*at as usize));
                job.map(|job| grid.cell_of(job)).unwrap_or_default()
            }
            Follow::Off => self.jobs.cell,
        };
        Cell { chunk: cell.chunk.min(grid.chunks.saturating_sub(1)), task: cell.task.min(grid.tasks.saturating_sub(1)) }
    }

    /// The first line of the grid in sight.
    pub fn grid_top(&self) -> usize {
        let height = usize::from(self.grid_area().height.max(1));
        let bands = self.grid_bands();
        let line = bands.line_of(self.grid_cursor());
        // The line above the first task stays in sight with it.
        let head = if line % bands.lines == 1 && height > 1 { line - 1 } else { line };
        let top = self.jobs.grid_top.clamp((line + 1).saturating_sub(height), head);
        top.min(bands.all.saturating_sub(height))
    }

    fn put_grid_cursor(&mut self, cell: Cell) {
        self.jobs.grid_top = self.grid_top();
        (self.jobs.cell, self.jobs.follow) = (cell, Follow::Off);
        self.jobs.cell = self.grid_cursor();
        self.jobs.grid_top = self.grid_top();
    }

    /// Up and down by tasks, and on from the last task of a band to the first of the next.
    pub(crate) fn move_in_grid(&mut self, lines: isize) {
        let (grid, bands) = (self.job_grid(), self.grid_bands());
        if grid.tasks == 0 {
            return;
        }
        let cell = self.grid_cursor();
        let tasks = grid.tasks as usize;
        let rows = bands.all / bands.lines * tasks;
        let row = (cell.chunk / bands.columns) as usize * tasks + cell.task as usize;
        let row = row.saturating_add_signed(lines).min(rows.saturating_sub(1));
        let chunk = (row / tasks) as u32 * bands.columns + cell.chunk % bands.columns;
        self.put_grid_cursor(Cell { chunk, task: (row % tasks) as u32 });
    }

    pub(crate) fn move_along_grid(&mut self, forward: bool) {
        let Cell { chunk, task } = self.grid_cursor();
        let chunk = if forward { chunk + 1 } else { chunk.saturating_sub(1) };
        self.put_grid_cursor(Cell { chunk, task });
    }

    /// Puts the cursor on the cell at a place of the screen, where there is one.
    pub(crate) fn select_cell_at(&mut self, x: u16, y: u16) {
        let area = self.grid_area();
        if !area.contains(x, y) || x < area.x + LABEL {
            return;
        }
        let (first, task) = self.grid_bands().at(self.grid_top() + usize::from(y - area.y));
        let chunk = first + u32::from(x - area.x - LABEL);
        if let Some(task) = task.filter(|_| chunk < self.job_grid().chunks) {
            self.put_grid_cursor(Cell { chunk, task });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::model::Mode;
    use crate::document::Span;
    use crate::protocol::{Fact, JobId, PlannedJob, PlannedJobs, Usage};

    #[test]
    fn chunks_stand_in_the_order_of_the_documents_and_samples_are_folded_to_the_best() {
        let mut model = Model::new(Vec::new(), Mode::Live { running: true });
        let job = |chunk, sample| PlannedJob { chunk, task: 0, advice: 0, sample };
        let ended = |index, outcome| Fact::JobFinished {
            job: JobId { round: 1, index },
            outcome,
            raw: None,
            usage: Usage::default(),
            ms: 1,
        };
        let output = Default::default;
        for fact in [
            Fact::RoundBegan { round: 1, last: true },
            Fact::JobsPlanned(PlannedJobs {
                round: 1,
                chunks: vec![
                    Chunk::Span(Span::new(0, 90, 99)),
                    Chunk::Text("x".into()),
                    Chunk::Span(Span::new(0, 0, 9)),
                ],
                tasks: vec!["t".into()],
                advices: vec![String::new()],
                jobs: vec![job(0, 0), job(0, 1), job(0, 2), job(2, 0), job(2, 1)],
            }),
            ended(0, Outcome::Failed { error: String::new() }),
            ended(1, Outcome::Answered { output: output(), located: None }),
            ended(2, Outcome::Abstained { output: output() }),
            ended(3, Outcome::Abstained { output: output() }),
        ] {
            model.state.apply(&fact);
        }
        let (grid, at) = (model.job_grid(), |chunk| Cell { chunk, task: 0 });
        let best = [0, 1, 2].map(|chunk| (grid.best(at(chunk)), grid.folded(at(chunk))));
        assert_eq!(best, [(Some(4), 2), (Some(1), 3), (None, 0)], "one that waits may still come to more");
    }
}
