//! The side of the process that runs the session: it takes orders of others, and lets none of them slow the run.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::place::{Bound, bind};
use super::wire::{LONGEST, Line, LineBuffer, Reply, Request, VERSION, Wish, written};
use crate::journal::{Session, Stored};
use crate::protocol::{AskId, Fact};
use crate::runtime::{Event, Order, Running};

/// Connections at once; further ones are told so and closed.
const MOST: usize = 16;
/// How long a connection may take for its first line, and to read what it is told.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pieces of replies that a slow reader may be behind; then it misses some.
const DELTAS: usize = 256;
/// Of a reply under way this much is told to who comes later. In bytes.
const LONGEST_PARTIAL: usize = 256 * 1024;
/// Pieces that are told at once are cut to this. In bytes.
const PIECE: usize = 16 * 1024;
const EVENTS: usize = 16;

/// A piece of the reply to a request.
type Piece = (AskId, Arc<str>);

/// How many others watch a session.
pub type Attached = watch::Receiver<usize>;

/// Lets other processes of the same user steer the run, as long as it runs. Where the socket cannot be made the run goes on
/// without it, and the log says why.
pub fn share(session: &Session, running: Running) -> (Running, Attached) {
    let Running { events, orders, outcome } = running;
    let (attached, watched) = watch::channel(0);
    let bound = bind(&session.control(), &session.control_in_making()).inspect_err(|error| {
        tracing::warn!("no other process can steer this session: {}: {error}", session.control().display());
    });
    let shared = Arc::new(Shared {
        partial: Mutex::default(),
        deltas: broadcast::channel(DELTAS).0,
        orders: orders.clone(),
        attached,
    });
    let (sender, events_out) = mpsc::channel(EVENTS);
    tokio::spawn(relay(events, sender, shared, bound.ok()));
    (Running { events: events_out, orders, outcome }, watched)
}

struct Shared {
    /// What has come of the reply under way.
    partial: Mutex<Option<(AskId, String)>>,
    deltas: broadcast::Sender<Piece>,
    orders: mpsc::Sender<Order>,
    attached: watch::Sender<usize>,
}

/// Passes the run's events on, and answers others meanwhile. The socket is gone before the events end.
async fn relay(mut events: mpsc::Receiver<Event>, to: mpsc::Sender<Event>, shared: Arc<Shared>, bound: Option<Bound>) {
    let serving = bound.map(|bound| tokio::spawn(accept(bound, shared.clone())));
    while let Some(event) = events.recv().await {
        shared.note(&event);
        // Without a watcher the session goes on all the same.
        let _ = to.send(event).await;
    }
    if let Some(serving) = serving {
        serving.abort();
        let _ = serving.await;
    }
}

async fn accept(bound: Bound, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = bound.listener.accept().await else {
            // Out of file descriptors, most likely: others wait until some are free.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let is_own = stream.peer_cred().is_ok_and(|peer| peer.uid() == own_user());
        if is_own && connections.len() < MOST {
            connections.spawn(serve(stream, shared.clone()));
        } else if is_own {
            let why = format!("{MOST} others are connected already");
            if let Ok(line) = written(&line(Reply::Refused { id: 0, why })) {
                let _ = stream.try_write(&line);
            }
        }
    }
}

#[allow(unsafe_code)]
fn own_user() -> libc::uid_t {
    // SAFETY: geteuid takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// Counts as watching until it is dropped.
struct Watching(Arc<Shared>);

impl Watching {
    fn begin(shared: &Arc<Shared>) -> Self {
        shared.attached.send_modify(|count| *count += 1);
        Self(shared.clone())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.attached.send_modify(|count| *count -= 1);
    }
}

async fn serve(stream: UnixStream, shared: Arc<Shared>) {
    let (mut reader, mut writer) = stream.into_split();
    let (mut buffer, mut piece) = (LineBuffer::default(), vec![0; 4096]);
    let mut watching: Option<(Watching, broadcast::Receiver<_>)> = None;
    let mut first = true;
    loop {
        let line = match buffer.next(LONGEST) {
            Ok(line) => line,
            Err(()) => {
                let why = format!("a line is longer than {LONGEST} bytes");
                tell(&mut writer, Reply::Refused { id: 0, why }).await;
                return;
            }
        };
        if let Some(line) = line {
            first = false;
            let reply = match Request::read(&line) {
                Err(why) => Reply::Refused { id: 0, why },
                Ok(Request { id, what: Wish::Order(order), .. }) => shared.give(id, order),
                Ok(Request { id, what: Wish::Watch, .. }) => {
                    if watching.is_none() {
                        let (so_far, deltas) = shared.begin_watching();
                        watching = Some((Watching::begin(&shared), deltas));
                        if let Some((ask, text)) = so_far
                            && !tell_text(&mut writer, ask, &text).await
                        {
                            return;
                        }
                    }
                    Reply::Taken { id }
                }
            };
            if !tell(&mut writer, reply).await {
                return;
            }
            continue;
        }
        let delta = async {
            match &mut watching {
                Some((_, deltas)) => deltas.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            read = reader.read(&mut piece) => match read {
                Ok(count @ 1..) => buffer.push(piece.get(..count).unwrap_or_default()),
                _ => return,
            },
            delta = delta => match delta {
                Ok((ask, text)) => if !tell_text(&mut writer, ask, &text).await { return },
                // What it missed comes with the record.
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            },
            () = tokio::time::sleep(PATIENCE), if first => return,
        }
    }
}

fn line(reply: Reply) -> Line {
    Line { v: VERSION, reply }
}

/// Whether the other side is there to read it.
async fn tell(writer: &mut OwnedWriteHalf, reply: Reply) -> bool {
    let Ok(bytes) = written(&line(reply)) else { return false };
    matches!(timeout(PATIENCE, writer.write_all(&bytes)).await, Ok(Ok(())))
}

async fn tell_text(writer: &mut OwnedWriteHalf, ask: AskId, mut text: &str) -> bool {
    while !text.is_empty() {
        let (piece, rest) = text.split_at(text.floor_char_boundary(PIECE));
        if !tell(writer, Reply::Delta { ask, text: piece.into() }).await {
            return false;
        }
        text = rest;
    }
    true
}

impl Shared {
    fn give(&self, id: u64, order: Order) -> Reply {
        match self.orders.try_send(order) {
            Ok(()) => Reply::Taken { id },
            Err(mpsc::error::TrySendError::Full(_)) => {
                Reply::Refused { id, why: "the run takes no more orders at the moment; try again".into() }
            }
            Err(mpsc::error::TrySendError::Closed(_)) => Reply::Refused { id, why: "the run has just ended".into() },
        }
    }

    /// What has come of a reply so far, and what comes from here on: no piece twice, none missing.
    fn begin_watching(&self) -> (Option<(AskId, String)>, broadcast::Receiver<Piece>) {
        let partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        (partial.clone(), self.deltas.subscribe())
    }

    fn note(&self, event: &Event) {
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Delta { ask, text } => {
                match &mut *partial {
                    Some((known, so_far)) if known == ask => {
                        if so_far.len() + text.len() <= LONGEST_PARTIAL {
                            so_far.push_str(text);
                        }
                    }
                    partial => *partial = Some((*ask, text.clone())),
                }
                // Nobody need be there.
                let _ = self.deltas.send((*ask, text.as_str().into()));
            }
            Event::Recorded(records) => {
                let ends = |fact: &Fact| matches!(fact, Fact::RemoteAnswered(_) | Fact::RemoteFailed(_));
                if records.iter().any(|record| matches!(&record.fact, Stored::Known(fact) if ends(fact))) {
                    *partial = None;
                }
            }
        }
    }
}
