//! `minions attach`: follows a session that another process runs, as a screen of its own would show it, and steers it.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Failure;
use crate::control::{self, Said};
use crate::document::Document;
use crate::journal::{Followed, Follower, Record, Session, Store};
use crate::protocol::Fact;
use crate::runtime::{Event, Order};

const QUEUE: usize = 64;

/// A session that another process runs.
#[derive(Debug)]
pub struct Elsewhere {
    pub session: Session,
    pub documents: Vec<Document>,
}

/// The session that is meant, or the only one that runs.
pub fn running(store: &Store, named: Option<&str>) -> Result<Session, Failure> {
    if let Some(named) = named {
        return Ok(store.resolve(named)?);
    }
    let mut running: Vec<Session> = store.newest_first()?.into_iter().filter(Session::is_running).collect();
    match (running.pop(), running.len()) {
        (Some(session), 0) => Ok(session),
        (None, _) => Err(Failure::usage(format!("no session is running in {}", store.root().display()))),
        (Some(last), _) => {
            running.push(last);
            let each = running.iter().map(|session| format!("\n  {}  {}", session.id(), session.brief().question));
            Err(Failure::usage(format!("several sessions are running; name one of them:{}", each.collect::<String>())))
        }
    }
}

impl Elsewhere {
    /// Reads what the session is about. Blocks on the disk.
    pub fn read(session: Session) -> Result<Self, Failure> {
        let id = session.id();
        if !session.is_running() {
            return Err(Failure::usage(format!(
                "no process is running session {id}: `minions replay {id}` plays it back, `minions resume {id}` goes on with \
                 one that was interrupted"
            )));
        }
        let Some(opened) = session.opened()? else {
            return Err(Failure::usage(format!("session {id} has only just begun; try again")));
        };
        let documents = session.documents(&opened.documents)?;
        Ok(Self { session, documents })
    }

    /// Follows it from its first record on, for a screen that steers it. Must be called on a tokio runtime.
    pub async fn follow(self) -> Result<Following, Failure> {
        let Self { session, documents } = self;
        let follower = session.follow()?;
        let (events_in, events) = mpsc::channel(QUEUE);
        let (notices_in, notices) = mpsc::channel(QUEUE);
        let (orders, said) = match control::connect(&session).await {
            Ok(link) => (link.orders, Some(link.said)),
            Err(error) => {
                let why = format!("this session can be followed but not steered: {error}");
                let _ = notices_in.try_send(Notice::Refused { order: None, why: why.clone() });
                (refusing(why, notices_in.clone()), None)
            }
        };
        let outcome = tokio::spawn(feed(follower, said, events_in, notices_in, session.clone()));
        Ok(Following { session, documents, events, orders, notices, outcome })
    }
}

/// What the process that runs the session says to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The order of this number, counted from 1.
    Taken(u64),
    Refused {
        /// Nothing where it was none, or is not known which.
        order: Option<u64>,
        why: String,
    },
}

/// What comes of a session that is followed. Dropped, it is followed no more.
pub struct Following {
    pub session: Session,
    pub documents: Vec<Document>,
    pub events: mpsc::Receiver<Event>,
    pub orders: mpsc::Sender<Order>,
    /// What became of each order, by its number; and why none can be given.
    pub notices: mpsc::Receiver<Notice>,
    /// Why it cannot be followed any more, where that was not its end.
    pub outcome: JoinHandle<Result<(), String>>,
}

/// Orders that nobody takes, each with the reason.
fn refusing(why: String, notices: mpsc::Sender<Notice>) -> mpsc::Sender<Order> {
    let (orders, mut wanted) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        let mut count = 0;
        while wanted.recv().await.is_some() {
            count += 1;
            let _ = notices.try_send(Notice::Refused { order: Some(count), why: why.clone() });
        }
    });
    orders
}

/// The next records; nothing once the session has ended. The error says why it cannot be followed any more. Safe to cancel.
pub async fn next(follower: &mut Follower, session: &Session) -> Result<Option<Vec<Record>>, String> {
    match follower.next().await.map_err(|error| error.to_string())? {
        Followed::Records(records) => Ok(Some(records)),
        Followed::Ended => Ok(None),
        Followed::Abandoned => {
            Err(format!("the process that ran it is gone; `minions resume {}` goes on", session.id()))
        }
        Followed::Removed => Err("its journal was deleted while it was followed".into()),
    }
}

async fn feed(
    mut follower: Follower,
    mut said: Option<mpsc::Receiver<Said>>,
    events: mpsc::Sender<Event>,
    notices: mpsc::Sender<Notice>,
    session: Session,
) -> Result<(), String> {
    // The last request whose reply is on record: pieces of it that come late are not of a reply under way.
    let mut answered = 0;
    loop {
        let told = async {
            match &mut said {
                Some(said) => said.recv().await,
                None => std::future::pending().await,
            }
        };
        let event = tokio::select! {
            records = next(&mut follower, &session) => {
                let Some(records) = records? else { return Ok(()) };
                for record in &records {
                    if let Some(Fact::RemoteAnswered(answer)) = record.fact.known() {
                        answered = answer.ask.n;
                    }
                }
                Event::Recorded(records)
            },
            // Whoever watched has left.
            () = events.closed() => return Ok(()),
            told = told => match told {
                Some(Said::Delta { ask, text }) if ask.n > answered => Event::Delta { ask, text },
                Some(Said::Delta { .. }) => continue,
                Some(Said::Taken { order }) => {
                    let _ = notices.try_send(Notice::Taken(order));
                    continue;
                }
                Some(Said::Refused { order, why }) => {
                    // One that waits to be shown says as much.
                    let _ = notices.try_send(Notice::Refused { order, why });
                    continue;
                }
                None => {
                    said = None;
                    continue;
                }
            },
        };
        if events.send(event).await.is_err() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Durability;
    use crate::journal::world::{World, documents};

    #[tokio::test]
    async fn of_several_that_run_one_is_to_be_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_owned());
        let none = running(&store, None).unwrap_err().to_string();
        assert!(none.contains("no session is running"), "{none}");
        let (one, first) = store.create(&documents()).unwrap();
        let facts = World::facts(1, 1, 2).into_iter().take(3).collect();
        first.append(facts, Durability::Synced).await.unwrap();
        assert_eq!(running(&store, None).unwrap(), one);
        let (two, _second) = store.create(&documents()).unwrap();
        let several = running(&store, None).unwrap_err().to_string();
        for part in ["name one of them", one.id().as_str(), two.id().as_str(), "How much did revenue rise"] {
            assert!(several.contains(part), "{several}");
        }
        assert_eq!(running(&store, Some(two.id().as_str())).unwrap(), two);
        let early = Elsewhere::read(two).unwrap_err().to_string();
        assert!(early.contains("has only just begun; try again"), "{early}");
        assert!(Elsewhere::read(one).is_ok());
    }
}
