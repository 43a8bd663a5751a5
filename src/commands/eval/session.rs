//! One try: a session of its own from its beginning to its row.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::super::begin::{Begun, Engines, prepare, store};
use super::super::resume::{Recorded, go_on};
use super::super::run::stop_at;
use super::super::{Exit, Failure};
use super::folder::Folder;
use super::run::Stop;
use crate::config::Config;
use crate::document::Document;
use crate::eval::{Entry, Followed, Question, Try, judge};
use crate::journal::{DayBook, Stored};
use crate::protocol::{AskId, Ending, Estimate, Fact, Interrupted, Purpose, RemoteAsk, ReplyFormat, estimate_tokens};
use crate::remote::RemoteLm;
use crate::runtime::{Event, Order};

/// Tries at a verdict, the first included.
const VERDICTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// How a try came out.
pub enum Came {
    Counted,
    /// Its share of the budget of all was too small for it.
    Budget,
    Interrupted,
    Failed(String),
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
    pub judge: Option<&'a dyn RemoteLm>,
    pub folder: &'a Folder,
}

impl Making<'_> {
    /// Runs the session and notes what it came to.
    pub async fn make(&self, stop: watch::Receiver<Stop>) -> Result<Came, Failure> {
        let documents = self.documents.clone();
        let prepared = prepare(&self.config, &self.engines, documents, self.question.asked(), None, None).await?;
        let session = prepared.session.id().to_string();
        self.folder.note(&Entry::Started { of: self.of.clone(), session })?;
        self.follow(prepared.start(), Followed::new(&self.documents), stop).await
    }

    /// A session that a process before this one began: where it ended it counts, else it goes on from where it was. A
    /// request whose answer was lost is sent again, within the session's budget. One that cannot go on is asked anew.
    pub async fn take_up(&self, session: String, stop: watch::Receiver<Stop>) -> Result<Came, Failure> {
        let mut followed = Followed::new(&self.documents);
        let Ok(found) = store(&self.config)?.resolve(&session) else { return self.settle(&followed, session).await };
        for record in found.read().map(|journal| journal.records).unwrap_or_default() {
            if let Stored::Known(fact) = &record.fact {
                followed.apply(fact, record.at_ms);
            }
        }
        if followed.ending().is_some() {
            return self.settle(&followed, session).await;
        }
        match Recorded::read(found) {
            Ok(recorded) => {
                let lost = Interrupted::of(&recorded.state).is_some_and(|interrupted| interrupted.may_cost());
                let begun = go_on(&self.config, recorded, None).await?;
                if lost {
                    let _ = begun.running.orders.try_send(Order::SendAgain);
                }
                self.follow(begun, followed, stop).await
            }
            Err(error) => {
                tracing::warn!("a session of the eval is asked anew: {error}");
                self.settle(&followed, session).await
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
        let Begun { session, mut running, .. } = begun;
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
            };
            for record in records {
                if let Stored::Known(fact) = &record.fact {
                    followed.apply(fact, record.at_ms);
                    // Whoever began the eval agreed to send the documents.
                    let consent = || matches!(**fact, Fact::ConsentAsked { .. }).then_some(Order::Consent);
                    if let Some(order) = stop_at(fact).or_else(consent) {
                        let _ = running.orders.try_send(order);
                    }
                }
            }
        }
        running.outcome.await??;
        self.settle(&followed, session.id().to_string()).await
    }

    async fn settle(&self, followed: &Followed, session: String) -> Result<Came, Failure> {
        let (came, why) = match followed.ending() {
            Some(Ending::Answered | Ending::NoAnswer { .. } | Ending::Exposure { .. }) => {
                (Came::Counted, String::new())
            }
            Some(Ending::Budget { .. }) if !self.cut => (Came::Counted, String::new()),
            Some(Ending::Budget { reason }) => (Came::Budget, format!("budget: {reason}")),
            Some(Ending::Failed { error }) => (Came::Failed(error.clone()), format!("failed: {error}")),
            Some(Ending::Cancelled) | None => (Came::Interrupted, "interrupted".into()),
        };
        if !matches!(came, Came::Counted) {
            let cost = followed.cost();
            self.folder.note(&Entry::Abandoned { of: self.of.clone(), session, why, cost })?;
            return Ok(came);
        }
        let mut row = followed.row(self.of.clone(), session.clone(), self.question, &self.documents);
        if let Some(model) = self.judge {
            let (verdict, usd) = self.judged(model, row.answer.as_deref(), &session).await?;
            row.scores.judge = verdict;
            row.cost.judge_usd = usd;
        }
        self.folder.note(&Entry::Finished(Box::new(row)))?;
        Ok(came)
    }

    /// What the judge says, and what that cost. Without an answer there is nothing to judge: it is wrong.
    async fn judged(
        &self,
        model: &dyn RemoteLm,
        answer: Option<&str>,
        session: &str,
    ) -> Result<(Option<f64>, f64), Failure> {
        if self.question.answers.is_empty() {
            return Ok((None, 0.0));
        }
        let Some(messages) = judge::ask(self.question, answer) else { return Ok((Some(0.0), 0.0)) };
        let price = model.info().price;
        let cap = self.config.remote.max_output_tokens;
        let bytes = messages.iter().map(|message| message.content.len()).sum();
        let input = estimate_tokens(bytes);
        let mut request = RemoteAsk {
            ask: AskId { round: 1, n: 1 },
            purpose: Purpose::Decide,
            attempt: 1,
            messages,
            format: ReplyFormat::Json,
            max_output_tokens: cap,
            estimate: Estimate {
                input_tokens: input,
                counted: false,
                reused: false,
                worst_cost_usd: price.map(|price| price.worst(input, cap)),
            },
        };
        let name = format!("{session}-judge");
        let root = store(&self.config)?.root().to_owned();
        let mut book = DayBook::new(root, &name.parse()?);
        let limit = Some(self.config.remote.budget_usd_per_day).filter(|usd| *usd > 0.0);
        let mut spent = 0.0;
        for attempt in 1..=VERDICTS {
            request.attempt = attempt;
            let worst = request.estimate.worst_cost_usd.unwrap_or(0.0);
            let held = match book.reserve(worst, limit).await? {
                Ok(held) => held,
                Err(_) => {
                    return Err(Failure::new(Exit::Budget, "the budget of the day is reached; the judge is not asked"));
                }
            };
            let (deltas, mut unread) = mpsc::channel(16);
            let drained = tokio::spawn(async move { while unread.recv().await.is_some() {} });
            let reply = model.ask(&request, deltas).await;
            drained.abort();
            match reply {
                Ok(reply) => {
                    let usd = price.map_or(0.0, |price| price.cost(&reply.usage));
                    book.settle(held, usd).await?;
                    spent += usd;
                    if let Some(right) = judge::verdict(&reply.text) {
                        return Ok((Some(f64::from(u8::from(right))), spent));
                    }
                }
                Err(error) => {
                    let may_cost = error.lost || !error.partial.is_empty();
                    spent += if may_cost { worst } else { 0.0 };
                    if !may_cost {
                        book.settle(held, 0.0).await?;
                    }
                    tracing::warn!("the judge did not answer: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        Ok((None, spent))
    }
}
