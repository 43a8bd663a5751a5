//! One try: a session of its own from its beginning to its row.

use tokio::sync::watch;

use super::super::Failure;
use super::super::alone::Alone;
use super::super::answering::{Answering, Beforehand};
use super::super::begin::{self, Begun, Engines, admit, store};
use super::super::resume::{Recorded, go_on};
use super::folder::Folder;
use super::judging::{Case, Judge, Judged};
use super::run::Stop;
use crate::config::{Config, RedactConfig};
use crate::document::Document;
use crate::eval::{Cost, Entry, Followed, JudgeCost, Open, Question, Row, Settled, Try};
use crate::journal::{Session, Stored};
use crate::protocol::{Interrupted, Need};
use crate::runtime::{Event, Order};

/// Dollars by which sums of shares may be off.
pub const ROUNDING: f64 = 1e-9;

/// How a try came out.
pub enum Came {
    Counted,
    /// A budget that is not the session's own is reached: which, in words.
    Budget(String),
    /// Its share of the budget of all was less than these dollars, which it may take in its worst case, its judge included.
    Share(f64),
    Interrupted,
    Failed(String),
    /// Its documents cannot be asked about under its settings: why, in words. Nothing was sent.
    Refused(String),
    /// This session was begun and stays as it is: until the person says that its request is sent again, or, where one that was
    /// attached left it waiting, until the eval goes on.
    Waits(String),
}

/// What a try is made with.
pub struct Making<'a> {
    pub of: Try,
    pub question: &'a Question,
    pub documents: Vec<Document>,
    pub config: Config,
    pub engines: Engines,
    /// Whether the budget is a share of that of all questions, and less than the session may spend by itself.
    pub cut: bool,
    pub judge: Option<&'a Judge>,
    /// Dollars that are held back for the judge; nothing where there is no budget of all.
    pub judge_usd: Option<f64>,
    /// Whether a request whose answer never came is sent again.
    pub send_again: bool,
    pub folder: &'a Folder,
    /// By which the sessions of the eval are found.
    pub tag: String,
}

impl Making<'_> {
    /// Runs the session and notes what it came to.
    pub async fn make(&self, stop: watch::Receiver<Stop>) -> Result<Came, Failure> {
        let (documents, question) = (self.documents.clone(), self.question.asked());
        let admitted = match admit(&self.config, &self.engines, &documents, None, &question).await {
            Ok(admitted) => admitted,
            Err(refused) => return Ok(Came::Refused(refused.to_string())),
        };
        let prepared = begin::make(&self.config, &self.engines, documents, question, admitted, None)?;
        let session = prepared.session.id().to_string();
        let mut label = prepared.session.label();
        label.add_tag(&self.tag).map_err(Failure::usage)?;
        prepared.session.set_label(&label)?;
        self.folder.note(&Entry::Started { of: self.of.clone(), session, cut: self.cut })?;
        self.follow(prepared.start(), Followed::new(&self.documents), stop).await
    }

    /// A session that a process before this one began: where it ended it is settled, else it goes on from where it was,
    /// unless a request of it may have been paid for and is not to be sent again. One that cannot go on is asked anew.
    /// `free`: the dollars that are left of the budget of all for it, what it cost so far included.
    pub async fn take_up(
        &self,
        session: String,
        free: Option<f64>,
        stop: watch::Receiver<Stop>,
    ) -> Result<Came, Failure> {
        let mut opened = Followed::new(&[]);
        let Ok(found) = store(&self.config)?.resolve(&session) else {
            return self.settle(&opened, session, stop).await;
        };
        follow_records(&mut opened, &found);
        if !opened.has_read(&self.documents) {
            return self.abandon(
                &opened,
                session,
                "its documents changed, or it had none yet".into(),
                Came::Interrupted,
            );
        }
        let mut followed = Followed::new(&self.documents);
        follow_records(&mut followed, &found);
        if followed.ending().is_some() {
            return self.settle(&followed, session, stop).await;
        }
        if let Some(free) = free.filter(|_| self.engines.remote.info().is_model) {
            if free <= 0.0 {
                return Ok(Came::Budget("the budget of all questions is reached; raise --total-budget".into()));
            }
            let most = followed.state().settings().budget_usd;
            let judge_usd = self.judge_usd.unwrap_or(0.0) + self.judged().usd;
            if most.is_none_or(|most| most + judge_usd > free + ROUNDING) {
                return self.abandon(&followed, session, "it may spend more than is left".into(), Came::Interrupted);
            }
        }
        let lost = Interrupted::of(followed.state()).is_some_and(|interrupted| interrupted.may_cost());
        if lost && !self.send_again {
            return Ok(Came::Waits(session));
        }
        match Recorded::read(found) {
            Ok(recorded) => {
                let begun = go_on(&self.config, recorded, None).await?;
                self.follow(begun, followed, stop).await
            }
            Err(error) => {
                tracing::warn!("a session of the eval is asked anew: {error}");
                self.settle(&followed, session, stop).await
            }
        }
    }

    /// Follows a session to its end.
    async fn follow(
        &self,
        begun: Begun,
        mut followed: Followed,
        mut stop: watch::Receiver<Stop>,
    ) -> Result<Came, Failure> {
        let Begun { session, mut running, attached, .. } = begun;
        // Whoever began the eval agreed to send the documents.
        let said = Beforehand { sends_documents: true, send_again: self.send_again, ..Beforehand::default() };
        let mut answering = Answering::new(said, Alone::new(&self.config, attached));
        answering.note(followed.state());
        let mut stopping = false;
        loop {
            let records = tokio::select! {
                event = running.events.recv() => match event {
                    Some(Event::Recorded(records)) => records,
                    Some(Event::Delta { .. }) => continue,
                    None => break,
                },
                Ok(_) = stop.wait_for(|stop| *stop == Stop::Now), if !stopping => {
                    let _ = running.orders.try_send(Order::Stop);
                    // It closes `events` when it has stopped.
                    stopping = true;
                    continue;
                }
                () = answering.alone.in_vain() => {
                    let _ = running.orders.try_send(Order::LeaveOpen);
                    continue;
                }
                () = answering.due.give(&running.orders) => continue,
            };
            for record in records {
                if let Stored::Known(fact) = &record.fact {
                    followed.apply(fact, record.at_ms);
                }
            }
            answering.note(followed.state());
        }
        running.outcome.await??;
        if followed.ending().is_none()
            && let Some(need) = followed.state().left_at()
        {
            return Ok(match need {
                // Nobody reads: the questions after it would come to the same. It goes on when the eval does.
                Need::GoOn { failed: Some(_) } => Came::Failed(need.told()),
                _ => Came::Waits(session.id().to_string()),
            });
        }
        self.settle(&followed, session.id().to_string(), stop).await
    }

    async fn settle(&self, followed: &Followed, session: String, stop: watch::Receiver<Stop>) -> Result<Came, Failure> {
        let (came, why) = match followed.settled(self.cut) {
            Settled::Counts => return self.count(followed, session, stop).await,
            Settled::OverDay(reason) => (Came::Budget(reason.clone()), format!("budget: {reason}")),
            Settled::OverShare(usd) => {
                let usd = usd + self.judge_usd.unwrap_or(0.0);
                (Came::Share(usd), format!("budget: its share of all was less than ${usd:.4}"))
            }
            Settled::Failed(error) => (Came::Failed(error.clone()), format!("failed: {error}")),
            Settled::Interrupted => (Came::Interrupted, "interrupted".into()),
        };
        self.abandon(followed, session, why, came)
    }

    async fn count(&self, followed: &Followed, session: String, stop: watch::Receiver<Stop>) -> Result<Came, Failure> {
        let mut row = followed.row(self.of.clone(), session.clone(), self.question, &self.documents);
        if let Some(judge) = self.judge {
            match judge.judged(&self.case(row.answer.as_deref(), &session, followed), stop).await? {
                Judged::Nothing => {}
                Judged::Said(score) => row.scores.judge = Some(score),
                Judged::Unjudged(why) => row.unjudged = Some(why),
                Judged::Left(came) => return Ok(came),
            }
            row.judged_by = Some(judge.by());
        }
        // What it may have cost in a process before stays spent.
        row.cost = self.with_judge(row.cost);
        self.folder.note(&Entry::Finished(Box::new(row)))?;
        Ok(Came::Counted)
    }

    /// Has the judge of now say of an answer that counts, and asks its question no more.
    pub async fn judge_again(&self, row: &Row, stop: watch::Receiver<Stop>) -> Result<Came, Failure> {
        let Some(judge) = self.judge else { return Ok(Came::Counted) };
        let is_private = self.config.redact != RedactConfig::default() || self.config.remote.max_exposed_share < 1.0;
        let read = self.read_again(&row.session).or_else(|| (!is_private).then(|| Followed::new(&[])));
        let judged = match read {
            Some(followed) => judge.judged(&self.case(row.answer.as_deref(), &row.session, &followed), stop).await?,
            None => Judged::Unjudged(
                "its session is gone, and what was private in it is not known: --again asks anew".into(),
            ),
        };
        let (score, unjudged) = match judged {
            Judged::Nothing => (None, None),
            Judged::Said(score) => (Some(score), None),
            Judged::Unjudged(why) => (None, Some(why)),
            Judged::Left(came) => return Ok(came),
        };
        self.folder.note(&Entry::Judged { of: self.of.clone(), by: judge.by(), score, unjudged })?;
        Ok(Came::Counted)
    }

    /// A session that has ended, with the documents that it read.
    fn read_again(&self, session: &str) -> Option<Followed> {
        tokio::task::block_in_place(|| {
            let found = store(&self.config).ok()?.resolve(session).ok()?;
            let mut opened = Followed::new(&[]);
            follow_records(&mut opened, &found);
            let documents = found.documents(&opened.state().opened.as_ref()?.documents).ok()?;
            let mut followed = Followed::new(&documents);
            follow_records(&mut followed, &found);
            Some(followed)
        })
    }

    fn case<'a>(&'a self, answer: Option<&'a str>, session: &'a str, followed: &'a Followed) -> Case<'a> {
        Case {
            of: &self.of,
            question: self.question,
            answer,
            session,
            followed,
            config: &self.config,
            folder: self.folder,
            most_usd: self.judge_usd,
        }
    }

    fn abandon(&self, followed: &Followed, session: String, why: String, came: Came) -> Result<Came, Failure> {
        let cost = self.with_judge(followed.cost());
        self.folder.note(&Entry::Abandoned { of: self.of.clone(), session, why, cost })?;
        Ok(came)
    }

    /// The cost, with what the judge may have cost so far by the book.
    fn with_judge(&self, cost: Cost) -> Cost {
        let mut judge = cost.judge;
        judge += self.judged();
        Cost { judge, estimated: cost.estimated || judge.estimated, ..cost }
    }

    fn judged(&self) -> JudgeCost {
        self.folder.book(|book| book.open.get(&self.of).map(|open| open.judge)).unwrap_or_default()
    }
}

/// What a try has cost so far that was begun and is not under way, its judge included.
pub fn cost_of(open: &Open, config: &Config) -> Result<Cost, Failure> {
    let mut followed = Followed::new(&[]);
    if let Ok(session) = store(config)?.resolve(&open.session) {
        follow_records(&mut followed, &session);
    }
    Ok(Cost { judge: open.judge, ..followed.cost() })
}

/// Follows what a session has on record; one that cannot be read has nothing.
fn follow_records(followed: &mut Followed, session: &Session) {
    for record in session.records().into_iter().flatten().map_while(Result::ok) {
        if let Stored::Known(fact) = &record.fact {
            followed.apply(fact, record.at_ms);
        }
    }
}
