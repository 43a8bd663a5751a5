//! What a live screen deals with: the run at hand, lists, what is opened and picked.

use std::task::{Context, Poll};

use tokio::sync::mpsc;

use super::attach::Notice;
use super::begin::store;
use super::live_run::{FromRun, Run, Untaken};
use super::offers::{self, Offers, Side, connect, with};
use super::opening::{Opened, Opening};
use super::picked::{Picked, Tried};
use super::picking;
use super::protocol::has_room;
use super::replay::write_note;
use super::screen::Stage;
use crate::app::picker::Choice;
use crate::app::{Command, Message};
use crate::config::Config;
use crate::document::Document;
use crate::journal::{Session, spent_today};
use crate::runtime::Order;

/// What a live screen deals with.
pub struct Desk {
    pub run: Run,
    pub offers: Offers,
    pub opening: Opening,
    pub picked: Picked,
    /// What a process that runs the session says to orders.
    pub notices: Option<mpsc::Receiver<Notice>>,
    /// The session that was begun last.
    pub session: Option<Session>,
}

pub enum News {
    OfRun(FromRun),
    Tried(Tried),
    Offered(offers::News),
    Opened(Opened),
    Noticed(Notice),
}

impl Desk {
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<News> {
        if let Poll::Ready(news) = self.run.poll(context) {
            return Poll::Ready(News::OfRun(news));
        }
        if let Poll::Ready(tried) = self.picked.poll(context) {
            return Poll::Ready(News::Tried(tried));
        }
        if let Poll::Ready(opened) = self.opening.poll(context) {
            return Poll::Ready(News::Opened(opened));
        }
        if let Some(notices) = &mut self.notices
            && let Poll::Ready(Some(notice)) = notices.poll_recv(context)
        {
            return Poll::Ready(News::Noticed(notice));
        }
        self.offers.poll(context).map(News::Offered)
    }

    /// Gives the run an order, or says why it takes none. Whether it was taken.
    pub fn order(&self, stage: &mut Stage, order: Order) -> bool {
        let taken = self.run.order(order);
        if let Err((untaken, _)) = &taken {
            stage.update(Message::Notice(self.why(*untaken)));
        }
        taken.is_ok()
    }

    fn why(&self, untaken: Untaken) -> String {
        match (untaken, &self.session) {
            (Untaken::Busy, _) => "the run takes no more orders at the moment; try again".into(),
            (Untaken::CutOff, Some(session)) => {
                format!("the connection to the process that runs it is gone; `minions attach {}` again", session.id())
            }
            (Untaken::Ended | Untaken::CutOff, _) => "the run has just ended".into(),
        }
    }

    /// Hands models that are connected to the run, as soon as it goes and takes them.
    pub fn hand_over(&mut self) {
        let ready = std::mem::take(&mut self.picked.ready);
        match &self.run {
            _ if ready.remote.is_none() && ready.local.is_none() => {}
            Run::Going { .. } => {
                if let Err((_, Order::Choose(ready))) = self.run.order(Order::Choose(ready)) {
                    self.picked.ready = ready;
                }
            }
            Run::Beginning(_) => self.picked.ready = ready,
            // The next run connects to what the settings name.
            Run::None => {}
        }
    }
}

/// What is the run's to do; anything else comes back.
impl TryFrom<Command> for Order {
    type Error = Command;

    fn try_from(command: Command) -> Result<Self, Command> {
        Ok(match command {
            Command::StopRun => Order::Stop,
            Command::Pause => Order::Pause,
            Command::GoOn => Order::GoOn,
            Command::Pin(span) => Order::Pin(span),
            Command::Consent => Order::Consent,
            Command::CancelJob(job) => Order::CancelJob(job),
            Command::RetryJobs(jobs) => Order::RetryJobs(jobs),
            Command::Budget(choice) => Order::Budget(choice),
            Command::Exposure(choice) => Order::Exposure(choice),
            Command::SendAgain => Order::SendAgain,
            Command::Gates(gates) => Order::Gates(gates),
            Command::RunOn { to, n } => Order::RunOn { to, n },
            Command::AtGate { n, choice } => Order::AtGate { n, choice },
            other => return Err(other),
        })
    }
}

/// Puts a note on record; once the journal is sealed, beside it.
pub fn note(stage: &mut Stage, desk: &Desk, seq: u64, text: String) {
    match (&desk.run, &desk.session) {
        (run @ Run::Going { .. }, _) => {
            if let Err((untaken, Order::Note(text))) = run.order(Order::Note(text)) {
                stage.update(Message::NoteRefused { seq, text, why: desk.why(untaken) });
            }
        }
        (_, Some(session)) => {
            let told = write_note(session, seq, text, stage.model.at_ms);
            stage.update(told);
        }
        (_, None) => {}
    }
}

/// Looks up what the day has spent; where that cannot be read, the ledger does without it.
pub fn count_day(stage: &mut Stage, config: &Config) {
    if let Ok(usd) = store(config).and_then(|store| Ok(spent_today(store.root())?)) {
        stage.update(Message::Today(usd));
    }
}

/// Takes the model that was picked for the next question, and for the next round where a run is in flight.
pub fn pick(stage: &mut Stage, desk: &mut Desk, config: &mut Config, documents: &[Document], choice: &Choice) {
    let chosen = match with(config, choice) {
        Ok(Some(chosen)) => chosen,
        Ok(None) => return,
        Err(failure) => return stage.model.open_text("This model cannot be used", &failure.to_string()),
    };
    // Who runs the session connects to it.
    if let Run::Going { attached: None, .. } = desk.run
        && let Some(order) = picking::order(choice)
    {
        *config = chosen;
        stage.update(Message::Settings(Box::new(config.clone())));
        if desk.order(stage, order) {
            stage.update(Message::Notice(
                "the process that runs it connects to this model, from the next round on".into(),
            ));
        }
        return;
    }
    let before = std::mem::replace(config, chosen);
    stage.update(Message::Settings(Box::new(config.clone())));
    let (side, does, model, provider) = match choice {
        Choice::Remote { model, provider } => (Side::Remote, "plans", model, provider),
        Choice::Local { model, provider } => (Side::Local, "reads", model, provider),
        _ => return,
    };
    let name = if model.is_empty() { provider } else { model };
    let at_run = !matches!(desk.run, Run::None);
    // Without a run a planner is connected only to see whether it can be; a reader could be a model to load.
    let tries = at_run || side == Side::Remote;
    let holds = format!("{name} {does} from the next {} on", if at_run { "round" } else { "question" });
    stage.update(Message::Notice(if tries { format!("{name} is connected to…") } else { holds.clone() }));
    if tries {
        let (config, documents) = (config.clone(), documents.to_vec());
        // Of a run that is under way: without one there are no windows that a reader must have room for.
        let settings = match desk.run {
            Run::None => Default::default(),
            Run::Beginning(_) | Run::Going { .. } => stage.model.state.settings().into_owned(),
        };
        desk.picked.try_out(side, before, holds, async move {
            let connected = connect(&config, side).await?;
            if let Some(local) = &connected.local {
                has_room(&config, &**local, &documents, &settings)?;
            }
            Ok(connected)
        });
    } else {
        desk.picked.stop(side);
    }
}
