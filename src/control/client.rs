//! The side of a process that follows a session: it gives orders and is told what became of them.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::place;
use super::wire::{LONGEST, LONGEST_REPLY, Line, LineBuffer, Reply, Request, VERSION, Wish, written};
use crate::journal::Session;
use crate::protocol::AskId;
use crate::runtime::Order;

const PATIENCE: Duration = Duration::from_secs(10);
const QUEUE: usize = 64;

/// What the process that runs the session says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Delta {
        ask: AskId,
        text: String,
    },
    /// An order was taken: the `order`-th that was given, counted from 1.
    Taken {
        order: u64,
    },
    /// It was not taken, and why. Nothing where it is not known which.
    Refused {
        order: Option<u64>,
        why: String,
    },
}

/// The number of the first request, by which we watch, and which is no order.
const WATCH: u64 = 1;

fn order_of(id: u64) -> Option<u64> {
    id.checked_sub(WATCH).filter(|order| *order > 0)
}

/// A connection to the process that runs a session. `said` closes when the connection ends.
pub struct Link {
    pub orders: mpsc::Sender<Order>,
    pub said: mpsc::Receiver<Said>,
}

/// Connects, and is counted as watching until the link's orders are dropped.
pub async fn connect(session: &Session) -> io::Result<Link> {
    let stream = timeout(PATIENCE, place::connect(&session.control())).await.map_err(|_| io::ErrorKind::TimedOut)??;
    let (mut reader, mut writer) = stream.into_split();
    let (orders, mut wanted) = mpsc::channel::<Order>(QUEUE);
    let (sender, said) = mpsc::channel(QUEUE);
    writer.write_all(&written(&Request { v: VERSION, id: WATCH, what: Wish::Watch })?).await?;
    tokio::spawn(async move {
        let (mut buffer, mut piece, mut id) = (LineBuffer::default(), vec![0; 4096], WATCH);
        loop {
            match buffer.next(LONGEST_REPLY) {
                Ok(Some(line)) => {
                    let said = match serde_json::from_slice::<Line>(&line).map(|line| line.reply) {
                        Ok(Reply::Delta { ask, text }) => Said::Delta { ask, text },
                        Ok(Reply::Refused { id, why }) => Said::Refused { order: order_of(id), why },
                        Ok(Reply::Taken { id }) => match order_of(id) {
                            Some(order) => Said::Taken { order },
                            None => continue,
                        },
                        Err(_) => Said::Refused {
                            order: None,
                            why: "the process that runs the session said what is not understood".into(),
                        },
                    };
                    if sender.send(said).await.is_err() {
                        return;
                    }
                    continue;
                }
                Ok(None) => {}
                Err(()) => return,
            }
            tokio::select! {
                read = reader.read(&mut piece) => match read {
                    Ok(count @ 1..) => buffer.push(piece.get(..count).unwrap_or_default()),
                    _ => return,
                },
                order = wanted.recv() => {
                    let Some(order) = order else { return };
                    id += 1;
                    let Ok(line) = written(&Request { v: VERSION, id, what: Wish::Order(order) }) else {
                        let why = "this can only be ordered where the session runs".into();
                        let _ = sender.try_send(Said::Refused { order: order_of(id), why });
                        continue;
                    };
                    if line.len() > LONGEST {
                        let why = format!(
                            "this is {} bytes long, and at most {LONGEST} go to the process that runs the session: do it there",
                            line.len()
                        );
                        let _ = sender.try_send(Said::Refused { order: order_of(id), why });
                    } else if !matches!(timeout(PATIENCE, writer.write_all(&line)).await, Ok(Ok(()))) {
                        return;
                    }
                }
            }
        }
    });
    Ok(Link { orders, said })
}

#[cfg(all(test, unix))]
mod tests {
    use tokio::io::AsyncBufReadExt;
    use tokio::net::UnixListener;

    use super::*;

    #[tokio::test]
    async fn what_became_of_an_order_is_told_by_its_number_in_whatever_order_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("journal.jsonl"), "").unwrap();
        let session = Session::at(folder.path()).unwrap();
        let listener = UnixListener::bind(session.control()).unwrap();
        let mut link = connect(&session).await.unwrap();
        for order in [Order::Pause, Order::GoOn] {
            link.orders.send(order).await.unwrap();
        }
        let (mut stream, _) = listener.accept().await.unwrap();
        let (reader, mut writer) = stream.split();
        let mut lines = tokio::io::BufReader::new(reader).lines();
        let mut ids = Vec::new();
        for _ in 0..3 {
            let line = lines.next_line().await.unwrap().unwrap();
            ids.push(serde_json::from_str::<serde_json::Value>(&line).unwrap()["id"].as_u64().unwrap());
        }
        let replies = [
            Reply::Refused { id: 0, why: "what?".into() },
            Reply::Taken { id: ids[2] },
            Reply::Taken { id: ids[0] },
            Reply::Refused { id: ids[1], why: "no".into() },
        ];
        for reply in replies {
            writer.write_all(&written(&Line { v: VERSION, reply }).unwrap()).await.unwrap();
        }
        let mut said = Vec::new();
        for _ in 0..3 {
            said.push(link.said.recv().await.unwrap());
        }
        let expected = [
            Said::Refused { order: None, why: "what?".into() },
            Said::Taken { order: 2 },
            Said::Refused { order: Some(1), why: "no".into() },
        ];
        assert_eq!(said, expected);
    }
}
