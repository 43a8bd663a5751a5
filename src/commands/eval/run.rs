//! Makes the tries that are left, a few at once, within the budget of all.

mod outcome;
mod sharing;
mod standing;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::super::Failure;
use super::super::begin::{self, Engines};
use super::due::{Due, Standard};
use super::folder::Folder;
use super::judging::Judge;
use super::plan::Plan;
use super::session::{Came, Making, cost_of};
use crate::cli::EvalArgs;
use crate::config::{Config, Loaded};
use crate::document::Document;
use crate::eval::{Entry, Row, Try};
use crate::load::LoadError;

use sharing::{Share, too_little};
pub use standing::Standing;

/// So many sessions that fail one after the other end the eval.
const FAILING: u32 = 3;
/// Questions at once where the person does not say.
const AT_ONCE: usize = 4;

/// What the person wants of the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    No,
    /// Nothing further is begun.
    Soon,
    /// What runs is stopped too.
    Now,
}

/// Why it ended.
#[derive(Debug)]
pub enum Ended {
    Done,
    Interrupted,
    /// Which is reached, in words.
    Budget(String),
    /// All were tried, and so many failed, the last with this error.
    Failed(usize, String),
    /// One after the other failed, the last with this error.
    Failing(String),
    /// All that could be: the others wait for a word.
    Waits,
    /// Something beside models and documents failed, such as the disk.
    Broken(Failure),
}

/// What came of the sessions that a process before this one began.
#[derive(Default)]
struct TakenUp {
    /// Why nothing further is begun, where one of them ends the eval.
    ended: Option<Ended>,
    /// Those that wait for a word.
    waiting: Vec<String>,
    /// Dollars that those may have cost that are still open.
    kept_usd: f64,
    failures: Failures,
}

#[derive(Default)]
struct Failures {
    all: usize,
    in_a_row: u32,
    last: Option<String>,
}

impl Failures {
    fn note(&mut self, came: &Came) {
        match came {
            Came::Counted => self.in_a_row = 0,
            Came::Failed(error) => {
                (self.all, self.in_a_row) = (self.all + 1, self.in_a_row + 1);
                self.last = Some(error.clone());
            }
            Came::Budget(_) | Came::Share(_) | Came::Interrupted | Came::Waits(_) | Came::Refused(_) => {}
        }
    }
}

pub struct Eval {
    plan: Plan,
    pub folder: Folder,
    /// By setting.
    engines: Vec<Engines>,
    at_once: usize,
    total_budget: Option<f64>,
    judge: Option<Judge>,
    standard: Standard,
    send_again: bool,
    /// What could not be asked so far. It cost nothing, and each command looks at it again: it is in no book.
    refused: Mutex<BTreeMap<Try, Row>>,
}

/// A try that is under way.
struct Under {
    left: Left,
    share: Share,
    came: Result<Came, Failure>,
}

/// A try that is left.
struct Left {
    setting: usize,
    question: usize,
    of: Try,
    due: Due,
}

impl Eval {
    pub async fn new(args: &EvalArgs, loaded: &Loaded, plan: Plan, folder: Folder) -> Result<Self, Failure> {
        let configs: Vec<&Config> = plan.settings.iter().map(|(_, config)| config).collect();
        let engines = begin::engines_of(&configs).await?;
        let unpriced = |engines: &Engines| engines.remote.info().is_model && engines.remote.info().price.is_none();
        if args.total_budget.is_some() && engines.iter().any(unpriced) {
            return Err(Failure::usage(
                "--total-budget cannot be kept to while the price of this model is not known; set remote.price_input and \
                 remote.price_output",
            ));
        }
        let judge = Judge::of(args, loaded).await?;
        let (rows, by) = (folder.book(|book| book.rows.clone()), judge.as_ref().map(Judge::by));
        let standard = tokio::task::block_in_place(|| Standard::of(&plan, &rows, by));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = args.at_once.map_or(cores.min(AT_ONCE), |n| n as usize);
        let (total_budget, send_again) = (args.total_budget, args.send_again);
        Ok(Self {
            plan,
            folder,
            engines,
            at_once,
            total_budget,
            judge,
            standard,
            send_again,
            refused: Mutex::default(),
        })
    }

    /// Makes every try that is not done, and gives the sessions that wait for a word. `standing` closes when it has ended.
    pub async fn run(
        self: Arc<Self>,
        standing: watch::Sender<Standing>,
        stop: watch::Receiver<Stop>,
    ) -> Result<(Ended, Vec<String>), Failure> {
        let TakenUp { mut ended, mut waiting, mut kept_usd, mut failures } = self.take_up_open(&stop).await?;
        let is_open = |of: &Try| self.folder.book(|book| book.open.contains_key(of));
        let mut left: VecDeque<Left> = self.left().into_iter().filter(|left| !is_open(&left.of)).collect();
        let (begun, mut made) = (Instant::now(), 0usize);
        let mut running: JoinSet<Under> = JoinSet::new();
        let mut held_usd = 0.0;
        // Fewer where what is left is too little for several.
        let mut at_once = self.at_once;
        loop {
            while running.len() < at_once && ended.is_none() && *stop.borrow() == Stop::No {
                let Some(next) = left.front() else { break };
                let share = match self.share_of(next, kept_usd + held_usd, running.len(), at_once) {
                    Ok(share) => share,
                    Err(too_little) => {
                        // What is under way may give back most of what is held for it.
                        if running.is_empty() {
                            ended = Some(too_little);
                        }
                        break;
                    }
                };
                let Some(next) = left.pop_front() else { break };
                let (eval, stop) = (Arc::clone(&self), stop.clone());
                held_usd += share.held_usd;
                running.spawn(async move {
                    let came = eval.one(&next, share.of_session_usd, stop).await;
                    Under { left: next, share, came }
                });
            }
            let seconds_left =
                (made > 0).then(|| begun.elapsed().as_secs_f64() / made as f64 * self.left().len() as f64);
            let (running_now, failed) = (running.len(), failures.all);
            let now = Standing { running: running_now, failed, open_usd: kept_usd, seconds_left, ..self.standing() };
            let _ = standing.send(now);
            let Some(done) = running.join_next().await else { break };
            // Whatever failed, the others come to their end.
            let settled = done.map_err(Failure::from).and_then(|Under { left, share, came }| {
                let open_usd = self.open_usd(&left.of)?;
                Ok((left, share, came?, open_usd))
            });
            let (of_it, share, came, open_usd) = match settled {
                Ok(settled) => settled,
                Err(failure) => {
                    ended.get_or_insert(Ended::Broken(failure));
                    continue;
                }
            };
            held_usd -= share.held_usd;
            kept_usd += open_usd;
            failures.note(&came);
            let ends = match came {
                Came::Interrupted => Some(Ended::Interrupted),
                Came::Budget(which) => Some(Ended::Budget(which)),
                Came::Share(usd) if share.is_all => {
                    self.free_usd(kept_usd + held_usd).map(|free| too_little(free, usd))
                }
                // One by one each has all that is free.
                Came::Share(_) => {
                    left.push_front(of_it);
                    at_once = 1;
                    None
                }
                Came::Failed(error) if failures.in_a_row >= FAILING => Some(Ended::Failing(error)),
                Came::Counted => {
                    made += 1;
                    None
                }
                Came::Refused(why) => {
                    self.refuse(of_it.of, why);
                    None
                }
                Came::Waits(session) => {
                    waiting.push(session);
                    None
                }
                Came::Failed(_) => None,
            };
            ended = ended.or(ends);
        }
        let stopped = *stop.borrow() != Stop::No && !self.left().is_empty();
        let _ = standing.send(Standing { failed: failures.all, open_usd: kept_usd, ..self.standing() });
        let ended = match ended {
            Some(ended) => ended,
            None if stopped => Ended::Interrupted,
            None => match (failures.last, waiting.is_empty()) {
                (Some(error), _) => Ended::Failed(failures.all, error),
                (None, false) => Ended::Waits,
                (None, true) => Ended::Done,
            },
        };
        Ok((ended, waiting))
    }

    /// All settings keep their sessions in one place.
    fn config(&self) -> &Config {
        &self.plan.settings[0].1
    }

    /// Nothing of before counts any more: what was begun is left, and everything is asked again.
    pub fn anew(&self) -> Result<(), Failure> {
        let open = self.folder.book(|book| book.open.clone());
        for (of, open) in open {
            let cost = cost_of(&open, self.config())?;
            self.folder.note(&Entry::Abandoned { of, session: open.session, why: "asked anew".into(), cost })?;
        }
        self.folder.note(&Entry::Anew)
    }

    /// Sessions that a process before this one began come to their end first.
    async fn take_up_open(&self, stop: &watch::Receiver<Stop>) -> Result<TakenUp, Failure> {
        let open = self.folder.book(|book| book.open.clone());
        // What is open was paid for, whatever setting it is of, and whether or not its turn has come.
        let mut kept = BTreeMap::new();
        for of in open.keys() {
            kept.insert(of.clone(), self.open_usd(of)?);
        }
        let mut taken = TakenUp::default();
        for (setting, question, of) in self.plan.tries() {
            let Some(open) = open.get(&of).filter(|_| *stop.borrow() == Stop::No && taken.ended.is_none()) else {
                continue;
            };
            let documents = match self.documents(question) {
                Ok(documents) => documents,
                // What was paid for stays open until they can be read again.
                Err(error) => {
                    self.refuse(of, error.to_string());
                    continue;
                }
            };
            let own = kept.remove(&of).unwrap_or(0.0);
            let free = self.free_usd(kept.values().sum());
            let mut making = Making { cut: open.cut, ..self.making(setting, question, of.clone(), None, documents) };
            // Nothing was held back for it in this process.
            making.judge_usd = making.judge_usd.zip(free).map(|(most, free)| most.min(free - own));
            let came = making.take_up(open.session.clone(), free, stop.clone()).await?;
            // What is asked anew fails or does well in its turn.
            if !self.folder.book(|book| book.open.contains_key(&of)) {
                continue;
            }
            kept.insert(of.clone(), self.open_usd(&of)?);
            taken.failures.note(&came);
            match came {
                Came::Waits(session) => taken.waiting.push(session),
                // Its session is there, and nothing further of it is paid for now.
                Came::Budget(which) => taken.ended = Some(Ended::Budget(which)),
                Came::Failed(error) if taken.failures.in_a_row >= FAILING => taken.ended = Some(Ended::Failing(error)),
                _ => {}
            }
        }
        taken.kept_usd = kept.values().sum();
        Ok(taken)
    }

    async fn one(&self, left: &Left, share: Option<f64>, stop: watch::Receiver<Stop>) -> Result<Came, Failure> {
        let row = self.folder.book(|book| book.rows.get(&left.of).cloned());
        if let Some(row) = row.filter(|_| left.due == Due::Judging) {
            // The judge reads the answer, and what is private is in the session's documents.
            return self
                .making(left.setting, left.question, left.of.clone(), share, Vec::new())
                .judge_again(&row, stop)
                .await;
        }
        match self.documents(left.question) {
            Ok(documents) => {
                self.making(left.setting, left.question, left.of.clone(), share, documents).make(stop).await
            }
            Err(error) => Ok(Came::Refused(error.to_string())),
        }
    }

    /// The documents of a question.
    fn documents(&self, at: usize) -> Result<Vec<Document>, LoadError> {
        tokio::task::block_in_place(|| self.plan.documents.read(&self.plan.questions[at]))
    }

    fn refuse(&self, of: Try, why: String) {
        if let Some(question) = self.plan.questions.iter().find(|question| question.id == of.question) {
            self.refused().insert(of.clone(), Row::refused(of, question, why));
        }
    }

    fn refused(&self) -> MutexGuard<'_, BTreeMap<Try, Row>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn making(&self, setting: usize, at: usize, of: Try, share: Option<f64>, documents: Vec<Document>) -> Making<'_> {
        let question = &self.plan.questions[at];
        let mut config = self.plan.settings[setting].1.clone();
        let own = Some(config.remote.budget_usd).filter(|usd| *usd > 0.0);
        let cut = share.is_some_and(|share| own.is_none_or(|own| share < own));
        if let Some(share) = share.filter(|_| cut) {
            config.remote.budget_usd = share;
        }
        let engines = self.engines[setting].clone();
        let (judge, judge_usd) = (self.judge.as_ref(), self.judge_usd(setting, at));
        let (send_again, folder, tag) = (self.send_again, &self.folder, self.plan.tag());
        Making { of, question, documents, config, engines, cut, judge, judge_usd, send_again, folder, tag }
    }

    fn left(&self) -> Vec<Left> {
        let refused = self.refused();
        self.folder.book(|book| {
            let due = |(setting, question, of): (usize, usize, Try)| {
                if refused.contains_key(&of) {
                    return None;
                }
                let due = self.standard.due(book.rows.get(&of))?;
                Some(Left { setting, question, of, due })
            };
            self.plan.tries().filter_map(due).collect()
        })
    }

    /// What of before is done again, and why, in sentences.
    pub fn again(&self) -> Vec<String> {
        self.standard.told(self.left().iter().filter(|left| left.due == Due::Judging).count())
    }
}
