//! Steps through what a pane is searched for.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::action::Action;
use super::layout::Pane;
use super::model::Model;
use super::panes::job_list::hits;
use super::rows_pane::RowsPane;
use super::search::{Going, Search};
use super::work::{SEARCHED_AT_ONCE, Work, Worked};

impl Model {
    /// Looks again for what is searched, after the pane's content changed.
    pub(crate) fn find_again(&mut self) {
        let matches = match self.search.pane {
            None => return,
            Some(Pane::Document) => match self.search.tint {
                Some(tint) => self.marks.within(tint, self.document.shown).iter().map(|span| span.start).collect(),
                None => return self.find_in_document(),
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

    /// Searches the document shown, where that was not done: a short one at once, a long one beside the screen.
    fn find_in_document(&mut self) {
        if self.search.document == Some(self.document.shown) {
            return;
        }
        let from = self.top_offset();
        let Some(open) = self.shown_document() else { return };
        let (text, is_short) = (Arc::clone(&open.document.text), open.document.text.len() <= SEARCHED_AT_ONCE);
        self.document.searches += 1;
        let ticket = self.document.searches;
        self.search.document = Some(self.document.shown);
        self.search.matches.clear();
        self.search.current = None;
        self.search.going = None;
        let Some(pattern) = self.search.pattern().cloned() else { return };
        self.search.going = Some(Going { ticket, from, around: false, percent: 0, step: None });
        if is_short {
            let work = Work::Search { ticket, text, pattern, from };
            work.run(&AtomicBool::new(false), &mut |worked| {
                if let Worked::Matches { ticket, found, percent, done } = worked {
                    self.take_matches(ticket, found, percent, done);
                }
            });
        }
    }

    /// Takes matches of the search that goes on; those of an earlier one are too late.
    pub(crate) fn take_matches(&mut self, ticket: u64, found: Vec<usize>, percent: u8, done: bool) {
        let Some(going) = self.search.going.as_mut().filter(|going| going.ticket == ticket) else { return };
        going.percent = percent;
        going.around |= found.first().is_some_and(|first| *first < going.from);
        let step = going.step.filter(|_| !found.is_empty());
        if step.is_some() {
            going.step = None;
        }
        self.search.take(found);
        let wanted = going_step(&self.search);
        if done {
            self.search.going = None;
        }
        if let Some(forward) = step {
            self.next_match(forward);
        }
        if done && self.search.matches.is_empty() && self.search.retry_as_plain() {
            self.search.document = None;
            self.find_again();
            if let Some(forward) = wanted {
                self.next_match(forward);
            }
        } else if let Some(forward) = wanted.filter(|_| done) {
            self.next_match(forward);
        }
    }

    fn say_not_found(&mut self) {
        let words = super::visible::gist(&self.search.words, 40);
        self.notify(format!("`{words}` is not in this pane"));
    }

    pub(crate) fn next_match(&mut self, forward: bool) {
        if self.step_through_places(forward) {
            return;
        }
        let Some(pane) = self.search.pane else {
            self.notify(format!("nothing is searched for; press {} first", self.key_for(Action::Search)));
            return;
        };
        // Rows come, go and move; the words of a document do not.
        if pane != Pane::Document {
            self.find_again();
        }
        let here = match (pane, self.search.current.and_then(|at| self.search.matches.get(at))) {
            (Pane::Document, Some(at)) => *at,
            // The first step goes to the first match on or below the top row.
            (Pane::Document, None) => {
                let top = self.top_offset();
                if forward { top.saturating_sub(1) } else { top }
            }
            (Pane::Planner, _) => self.planner.rows.cursor,
            (Pane::Answers, _) => self.answers.cursor,
            (Pane::Jobs, _) => self.jobs_cursor(),
        };
        // One match is there at once, the next one as soon as it is found.
        let next = self.search.matches.partition_point(|&at| at <= here);
        if let Some(going) = &mut self.search.going
            && (self.search.matches.is_empty() || (forward && !going.around && next == self.search.matches.len()))
        {
            going.step = Some(forward);
            return;
        }
        let Some(at) = self.search.step(here, forward) else { return self.say_not_found() };
        match pane {
            Pane::Document => {
                self.reveal(at);
                self.highlight_step(at);
            }
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

/// Which way to step as soon as there is a match.
fn going_step(search: &Search) -> Option<bool> {
    search.going.and_then(|going| going.step)
}

fn rows_that_hit(search: &Search, pane: &RowsPane) -> Vec<usize> {
    pane.rows.iter().enumerate().filter(|(_, row)| search.hits(&row.text())).map(|(at, _)| at).collect()
}
