//! Steps through what a pane is searched for.

use super::layout::Pane;
use super::model::{Model, RowsPane};
use super::panes::job_list::hits;
use super::search::Search;

impl Model {
    /// Looks again for what is searched, after the pane's content changed.
    pub(crate) fn find_again(&mut self) {
        let matches = match self.search.pane {
            None => return,
            Some(Pane::Document) => match self.shown_document() {
                Some(open) => self.search.ranges(&open.document.text).into_iter().map(|range| range.start).collect(),
                None => Vec::new(),
            },
            Some(Pane::Planner) => rows_that_hit(&self.search, &self.planner.rows),
            Some(Pane::Answers) => rows_that_hit(&self.search, &self.answers),
            Some(Pane::Jobs) => {
                let round = self.jobs_round();
                let hits = |at: &u32| {
                    let job = round.and_then(|round| Some((round, round.jobs.get(*at as usize)?)));
                    job.is_some_and(|(round, job)| hits(&self.search, round, job))
                };
                let listed = self.listed_jobs();
                listed.iter().enumerate().filter(|(_, at)| hits(at)).map(|(row, _)| row).collect()
            }
        };
        self.search.matches = matches;
        self.search.current = self.search.current.filter(|at| *at < self.search.matches.len());
    }

    pub(crate) fn next_match(&mut self, forward: bool) {
        let Some(pane) = self.search.pane else {
            self.notify("nothing is searched for; press / first");
            return;
        };
        // Jobs move as they change.
        if pane == Pane::Jobs {
            self.find_again();
        }
        let here = match (pane, self.search.current.and_then(|at| self.search.matches.get(at))) {
            (Pane::Document, Some(at)) => *at,
            // The first step goes to the first match on or below the top row.
            (Pane::Document, None) => {
                let top = self.document.top;
                let start = self.shown_document().map_or(0, |open| open.lines.bytes(top.line).start);
                start.saturating_sub(1)
            }
            (Pane::Planner, _) => self.planner.rows.cursor,
            (Pane::Answers, _) => self.answers.cursor,
            (Pane::Jobs, _) => self.jobs_cursor(),
        };
        let Some(at) = self.search.step(here, forward) else {
            let words = super::visible::gist(&self.search.words, 40);
            self.notify(format!("`{words}` is not in this pane"));
            return;
        };
        match pane {
            Pane::Document => self.reveal(at),
            Pane::Planner => {
                let height = self.inside(pane).height;
                self.planner.rows.reveal(at, height);
            }
            Pane::Answers => {
                let height = self.answers_list().height;
                self.answers.reveal(at, height);
            }
            Pane::Jobs => {
                self.select_job_row(at);
                if let Some(job) = self.listed_jobs().get(at).and_then(|at| self.jobs_round()?.jobs.get(*at as usize)) {
                    self.jobs.cell = self.job_grid().cell_of(job);
                }
            }
        }
        self.focus_on(pane);
        self.settle();
    }
}

fn rows_that_hit(search: &Search, pane: &RowsPane) -> Vec<usize> {
    pane.rows.iter().enumerate().filter(|(_, row)| search.hits(&row.text())).map(|(at, _)| at).collect()
}
