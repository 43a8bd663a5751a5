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
    /// The order that was given before all others without an answer was taken.
    Taken,
    /// It was not taken, and why.
    Refused(String),
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
    writer.write_all(&written(&Request { v: VERSION, id: 1, what: Wish::Watch })?).await?;
    tokio::spawn(async move {
        let (mut buffer, mut piece, mut id) = (LineBuffer::default(), vec![0; 4096], 1);
        loop {
            match buffer.next(LONGEST_REPLY) {
                Ok(Some(line)) => {
                    let said = match serde_json::from_slice::<Line>(&line).map(|line| line.reply) {
                        Ok(Reply::Delta { ask, text }) => Said::Delta { ask, text },
                        Ok(Reply::Refused { why, .. }) => Said::Refused(why),
                        // That we watch is no order.
                        Ok(Reply::Taken { id: 1 }) => continue,
                        Ok(Reply::Taken { .. }) => Said::Taken,
                        Err(_) => Said::Refused("the process that runs the session said what is not understood".into()),
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
                        let _ = sender.try_send(Said::Refused(why));
                        continue;
                    };
                    if line.len() > LONGEST {
                        let why = format!(
                            "this is {} bytes long, and at most {LONGEST} go to the process that runs the session: do it there",
                            line.len()
                        );
                        let _ = sender.try_send(Said::Refused(why));
                    } else if !matches!(timeout(PATIENCE, writer.write_all(&line)).await, Ok(Ok(()))) {
                        return;
                    }
                }
            }
        }
    });
    Ok(Link { orders, said })
}
