//! The side of the process that runs the session: it takes orders of others, and lets none of them slow the run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{self, JoinSet};
use tokio::time::timeout;

use super::place::{Bound, bind};
use super::wire::{LONGEST, Line, LineBuffer, Reply, Request, VERSION, Wish, written};
use crate::journal::{Session, Stored};
use crate::protocol::{AskId, Fact};
use crate::runtime::{Connected, Event, Order, Pick, Running};

/// Connections at once; further ones are told so and closed.
const MOST: usize = 16;
/// How long a connection may take for its first line, and to read what it is told.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pieces of replies that a slow reader may be behind; then it misses the rest of one.
const DELTAS: usize = 256;
/// Of a reply under way this much is told to who comes later. In bytes.
const LONGEST_PARTIAL: usize = 256 * 1024;
/// Pieces that are told at once are cut to this. In bytes.
const PIECE: usize = 16 * 1024;
const EVENTS: usize = 16;

/// Models that one connection may have connected to at once.
const PICKS: usize = 4;
/// How long one may take to be connected to; a large one is loaded meanwhile.
const CONNECTING: Duration = Duration::from_secs(600);

/// A piece of the reply to a request.
type Piece = (AskId, Arc<str>);

/// Connects to a model that was picked, or says why it cannot.
pub type Connector = Arc<dyn Fn(Pick) -> BoxFuture<'static, Result<Connected, String>> + Send + Sync>;

/// How many others watch a session.
pub type Attached = watch::Receiver<usize>;

/// Lets other processes of the same user steer the run, as long as it runs. Where the socket cannot be made the run goes on
/// without it, and the log says why.
pub fn share(session: &Session, running: Running, connector: Connector) -> (Running, Attached) {
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
        connector,
    });
    let (sender, events_out) = mpsc::channel(EVENTS);
    tokio::spawn(relay(events, sender, shared, bound.ok()));
    (Running { events: events_out, orders, outcome }, watched)
}

struct Shared {
    partial: Mutex<Option<Partial>>,
    deltas: broadcast::Sender<Piece>,
    orders: mpsc::Sender<Order>,
    attached: watch::Sender<usize>,
    connector: Connector,
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
        let Ok((stream, _)) = bound.listener.accept().await else {
            // Out of file descriptors, most likely: others wait until some are free.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        // Those that have ended while it waited.
        while connections.try_join_next().is_some() {}
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
    let mut watching: Option<(Watching, Pieces)> = None;
    let (mut first, mut picks) = (true, Picks::default());
    loop {
        let line = match buffer.next(LONGEST) {
            Ok(line) => line,
            Err(()) => {
                let why = format!("an order is longer than the {LONGEST} bytes that are taken from another process");
                tell(&mut writer, Reply::Refused { id: 0, why }).await;
                return;
            }
        };
        if let Some(line) = line {
            first = false;
            let reply = match Request::read(&line) {
                Err(why) => Reply::Refused { id: 0, why },
                Ok(Request { id, what: Wish::Order(Order::Pick(_)), .. }) if picks.under_way.len() >= PICKS => {
                    Reply::Refused { id, why: "other models are being connected to; try again".into() }
                }
                Ok(Request { id, what: Wish::Order(Order::Pick(pick)), .. }) => {
                    picks.begin(id, shared.clone().pick(id, pick, CONNECTING));
                    continue;
                }
                Ok(Request { id, what: Wish::Order(order), .. }) => shared.give(id, order),
                Ok(Request { id, what: Wish::Watch, .. }) => {
                    if watching.is_none() {
                        let (so_far, pieces) = shared.begin_watching();
                        watching = Some((Watching::begin(&shared), pieces));
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
        let told = async {
            match &mut watching {
                Some((_, pieces)) => pieces.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            read = reader.read(&mut piece) => match read {
                Ok(count @ 1..) => buffer.push(piece.get(..count).unwrap_or_default()),
                _ => return,
            },
            told = told => match told {
                Some((ask, text)) => if !tell_text(&mut writer, ask, &text).await { return },
                None => return,
            },
            Some(reply) = picks.next() => if !tell(&mut writer, reply).await { return },
            () = tokio::time::sleep(PATIENCE), if first => return,
        }
    }
}

/// Models that are being connected to. Each comes to a reply, whatever happens to it.
#[derive(Default)]
struct Picks {
    under_way: JoinSet<Reply>,
    /// The orders that they are for.
    orders: HashMap<task::Id, u64>,
}

impl Picks {
    fn begin(&mut self, order: u64, pick: impl Future<Output = Reply> + Send + 'static) {
        let task = self.under_way.spawn(pick);
        self.orders.insert(task.id(), order);
    }

    /// What came of the next one; nothing where none is under way. Safe to cancel.
    async fn next(&mut self) -> Option<Reply> {
        Some(match self.under_way.join_next_with_id().await? {
            Ok((task, reply)) => {
                self.orders.remove(&task);
                reply
            }
            Err(error) => Reply::Refused {
                id: self.orders.remove(&error.id()).unwrap_or_default(),
                why: "the process that runs the session failed while it connected to the model; please report it, and pick \
                      another"
                    .into(),
            },
        })
    }
}

/// What has come of the reply under way: its beginning, without a hole.
struct Partial {
    ask: AskId,
    text: String,
    /// Whether more has come than is kept.
    cut: bool,
}

impl Partial {
    fn push(&mut self, piece: &str) {
        self.cut = self.cut || self.text.len() + piece.len() > LONGEST_PARTIAL;
        if !self.cut {
            self.text.push_str(piece);
        }
    }
}

/// The pieces of replies that a watcher is told. Of a reply that it missed some of it is told no more: all of it comes with
/// the record.
struct Pieces {
    deltas: broadcast::Receiver<Piece>,
    /// The reply that it missed some of.
    broken: Option<AskId>,
    /// Whether it missed what came just now.
    behind: bool,
}

impl Pieces {
    /// The next one; nothing once the run has ended. Safe to cancel.
    async fn next(&mut self) -> Option<Piece> {
        loop {
            match self.deltas.recv().await {
                Ok((ask, text)) => {
                    if std::mem::take(&mut self.behind) {
                        self.broken = Some(ask);
                    }
                    if self.broken != Some(ask) {
                        return Some((ask, text));
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => self.behind = true,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
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

    /// Connects to a model, and lets the run have it.
    async fn pick(self: Arc<Self>, id: u64, pick: Pick, patience: Duration) -> Reply {
        let why = match timeout(patience, (self.connector)(pick)).await {
            Ok(Ok(connected)) => return self.give(id, Order::Choose(connected)),
            Ok(Err(why)) => why,
            Err(_) => format!(
                "the model could not be connected to in {} minutes; check that its server answers, or that the machine has \
                 room to load it, with `minions doctor`, and pick it again",
                patience.as_secs() / 60
            ),
        };
        Reply::Refused { id, why }
    }

    /// What has come of a reply so far, and what comes from here on: no piece twice, and none after one that is missing.
    fn begin_watching(&self) -> (Option<(AskId, String)>, Pieces) {
        let partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        let broken = partial.as_ref().filter(|partial| partial.cut).map(|partial| partial.ask);
        let so_far = partial.as_ref().map(|partial| (partial.ask, partial.text.clone()));
        (so_far, Pieces { deltas: self.deltas.subscribe(), broken, behind: false })
    }

    fn note(&self, event: &Event) {
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Delta { ask, text } => {
                if partial.as_ref().is_none_or(|partial| partial.ask != *ask) {
                    *partial = Some(Partial { ask: *ask, text: String::new(), cut: false });
                }
                if let Some(partial) = &mut *partial {
                    partial.push(text);
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn shared() -> Arc<Shared> {
        Arc::new(Shared {
            partial: Mutex::default(),
            deltas: broadcast::channel(4).0,
            orders: mpsc::channel(1).0,
            attached: watch::channel(0).0,
            connector: Arc::new(|_| Box::pin(async { Err("no model".into()) })),
        })
    }

    fn delta(n: u32, text: &str) -> Event {
        Event::Delta { ask: AskId { round: 1, n }, text: text.into() }
    }

    #[tokio::test]
    async fn who_has_gone_makes_room_for_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control");
        let shared = shared();
        let mut attached = shared.attached.subscribe();
        let serving = tokio::spawn(accept(bind(&path, &folder.path().join("control.new")).unwrap(), shared));
        let watch = written(&Request { v: VERSION, id: 1, what: Wish::Watch }).unwrap();
        let mut first = Vec::new();
        for _ in 0..MOST {
            let mut stream = UnixStream::connect(&path).await.unwrap();
            stream.write_all(&watch).await.unwrap();
            first.push(stream);
        }
        attached.wait_for(|count| *count == MOST).await.unwrap();
        drop(first);
        attached.wait_for(|count| *count == 0).await.unwrap();
        let mut next = UnixStream::connect(&path).await.unwrap();
        next.write_all(&watch).await.unwrap();
        let mut said = vec![0; 200];
        let count = next.read(&mut said).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&said[..count]), "{\"v\":1,\"taken\":{\"id\":1}}\n");
        serving.abort();
    }

    #[tokio::test]
    async fn an_order_as_long_as_an_edited_request_is_taken_and_a_longer_one_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("journal.jsonl"), "").unwrap();
        let session = Session::at(folder.path()).unwrap();
        let (orders, mut taken) = mpsc::channel(1);
        let shared = Arc::new(Shared { orders, ..Arc::into_inner(shared()).unwrap() });
        let bound = bind(&session.control(), &session.control_in_making()).unwrap();
        let serving = tokio::spawn(accept(bound, shared));
        let mut link = super::super::connect(&session).await.unwrap();
        let text = "é".repeat(1 << 20);
        link.orders.send(Order::Note(text.clone())).await.unwrap();
        assert!(matches!(taken.recv().await, Some(Order::Note(note)) if note == text));
        assert!(matches!(link.said.recv().await, Some(super::super::Said::Taken { order: 1 })));
        link.orders.send(Order::Note("x".repeat(LONGEST))).await.unwrap();
        let said = link.said.recv().await;
        assert!(
            matches!(&said, Some(super::super::Said::Refused { order: Some(2), why }) if why.contains("do it there")),
            "{said:?}"
        );
        // The connection goes on.
        link.orders.send(Order::GoOn).await.unwrap();
        assert!(matches!(taken.recv().await, Some(Order::GoOn)));
        serving.abort();
    }

    #[tokio::test]
    async fn a_model_that_cannot_be_connected_to_is_refused_with_the_reason() {
        let pick = Pick::Remote { provider: "openai".into(), model: "m".into() };
        let reply = shared().pick(7, pick, CONNECTING).await;
        assert_eq!(reply, Reply::Refused { id: 7, why: "no model".into() });
    }

    #[tokio::test]
    async fn a_pick_that_never_comes_to_anything_is_refused_with_what_to_check() {
        let connector: Connector = Arc::new(|_| Box::pin(std::future::pending()));
        let shared = Arc::new(Shared { connector, ..Arc::into_inner(shared()).unwrap() });
        let pick = Pick::Remote { provider: "openai".into(), model: "m".into() };
        let reply = shared.pick(7, pick, Duration::ZERO).await;
        assert!(matches!(&reply, Reply::Refused { id: 7, why } if why.contains("minions doctor")), "{reply:?}");
    }

    #[tokio::test]
    async fn a_pick_at_which_this_program_fails_is_refused_by_its_number() {
        let mut picks = Picks::default();
        picks.begin(3, async { Reply::Taken { id: 3 } });
        picks.begin(4, async { panic!("a fault of the connector") });
        let mut replies = [picks.next().await.unwrap(), picks.next().await.unwrap()];
        replies.sort_by_key(|reply| matches!(reply, Reply::Refused { .. }));
        assert_eq!(replies[0], Reply::Taken { id: 3 });
        assert!(
            matches!(&replies[1], Reply::Refused { id: 4, why } if why.contains("please report it")),
            "{replies:?}"
        );
        assert_eq!(picks.next().await, None);
    }

    #[test]
    fn of_a_long_reply_who_comes_later_is_told_a_beginning_without_holes() {
        let shared = shared();
        let (long, short) = ("a".repeat(LONGEST_PARTIAL - 2), "b".repeat(3));
        for text in [&long, &short, "c"] {
            shared.note(&delta(1, text));
        }
        let (so_far, mut pieces) = shared.begin_watching();
        assert_eq!(so_far, Some((AskId { round: 1, n: 1 }, long)));
        // What follows is behind the hole.
        shared.note(&delta(1, "d"));
        shared.note(&delta(2, "e"));
        assert_eq!(pieces.next().now_or_never().flatten(), Some((AskId { round: 1, n: 2 }, "e".into())));
    }

    #[test]
    fn who_reads_too_slowly_is_told_no_more_of_that_reply() {
        let shared = shared();
        shared.note(&delta(1, "a"));
        let (_, mut pieces) = shared.begin_watching();
        for text in ["b", "c", "d", "e", "f"] {
            shared.note(&delta(1, text));
        }
        shared.note(&delta(2, "g"));
        assert_eq!(pieces.next().now_or_never().flatten(), Some((AskId { round: 1, n: 2 }, "g".into())));
    }
}
