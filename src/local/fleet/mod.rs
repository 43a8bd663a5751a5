//! The servers behind one local LM: who gets the next request, how many each gets at once, and what they do together.

mod roster;
mod window;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::roster::{Place, Roster};
use super::{LocalError, Probe};
use crate::config::LocalConfig;
use crate::protocol::FleetSample;
use crate::provider::{Again, Chat, ChatReply, Client, Failure, Read, Reading, Trouble, weight};

/// A rate is taken over at least this long.
const RATE_OVER: Duration = Duration::from_millis(500);
/// How often a job looks for a place that may not go to just any server.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

pub struct Fleet {
    servers: Vec<Server>,
    roster: Mutex<Roster>,
    /// A place became free, or a wider window.
    freed: Notify,
    began: Instant,
    bound: usize,
    timeout: Duration,
    /// Jobs that were taken and have not ended, those that wait for a place included.
    inside: AtomicUsize,
    moved: AtomicU64,
    cut: AtomicU64,
    output_tokens: AtomicU64,
    pace: Mutex<Pace>,
    remarks: Mutex<Vec<String>>,
}

struct Server {
    client: Client,
    reading: Mutex<Reading>,
    /// Whether it was asked for its limits since it came up.
    asked: AtomicBool,
    asking: tokio::sync::Mutex<()>,
    /// Whether it was told that it seems to cut what it reads.
    doubted: AtomicBool,
}

/// For the rates of a sample.
#[derive(Default)]
struct Pace {
    since: Duration,
    answered: u64,
    output_tokens: u64,
    rates: Option<(f32, f32)>,
}

/// Which servers failed a job, and so are the last ones to get it again.
pub type Tried = Vec<bool>;

impl Fleet {
    /// Checks the settings and reads the key; nothing is sent yet.
    pub async fn connect(config: &LocalConfig) -> Result<Self, LocalError> {
        let mut servers = Vec::new();
        for base_url in config.base_urls() {
            let config = LocalConfig { base_url: base_url.to_owned(), ..config.clone() };
            servers.push(Server {
                client: Client::for_local(&config).await?,
                reading: Mutex::default(),
                asked: AtomicBool::new(false),
                asking: tokio::sync::Mutex::default(),
                doubted: AtomicBool::new(false),
            });
        }
        let bound = config.max_in_flight.max(1);
        Ok(Self {
            roster: Mutex::new(Roster::new(servers.len(), bound)),
            bound: bound.saturating_mul(servers.len()),
            servers,
            freed: Notify::new(),
            began: Instant::now(),
            timeout: Duration::from_secs(config.timeout_s),
            inside: AtomicUsize::new(0),
            moved: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            output_tokens: AtomicU64::new(0),
            pace: Mutex::default(),
            remarks: Mutex::default(),
        })
    }

    /// What the settings call the provider of the servers.
    pub fn provider(&self) -> &'static str {
        self.servers.first().map_or("", |server| server.client.provider())
    }

    pub fn model(&self) -> &str {
        self.servers.first().map_or("", |server| server.client.model())
    }

    /// Whether each server is there and offers the model, without spending a token.
    pub async fn probe(&self) -> Vec<Result<Probe, LocalError>> {
        let probes = self.servers.iter().map(|server| async { Ok(server.client.probe().await?) });
        futures_util::future::join_all(probes).await
    }

    /// Asks each server, where it makes room as it is asked, from the first request on for as much as this one needs.
    pub fn expect(&self, longest: &Chat<'_>) {
        for server in &self.servers {
            server.client.room_for(longest);
        }
    }

    pub fn untried(&self) -> Tried {
        vec![false; self.servers.len()]
    }

    /// Counts a job in until what comes back is dropped.
    pub fn enter(&self) -> Inside<'_> {
        self.inside.fetch_add(1, Ordering::Relaxed);
        Inside(self)
    }

    /// Jobs that may be there at once: those that are, and one more for each free place.
    pub fn room(&self) -> usize {
        let free = self.roster().free(self.now());
        (self.inside.load(Ordering::Relaxed) + free).clamp(1, self.bound)
    }

    /// Waits for a place.
    pub async fn place(&self, tried: &Tried) -> Held<'_> {
        loop {
            let freed = self.freed.notified();
            let now = self.now();
            let (place, more, returns) = {
                let mut roster = self.roster();
                let place = roster.take(now, tried);
                (place, roster.free(now) > 0, roster.next_return(now))
            };
            if let Some(place) = place {
                if more {
                    self.freed.notify_one();
                }
                return Held { fleet: self, place: Some(place) };
            }
            if tried.contains(&true) {
                // Who is woken has to be able to take what became free: this one may not.
                tokio::time::sleep(LOOK_AGAIN).await;
                continue;
            }
            match returns {
                Some(at) => {
                    let _ = tokio::time::timeout(at.saturating_sub(now), freed).await;
                }
                None => freed.await,
            }
        }
    }

    pub fn has_other(&self, tried: &Tried) -> bool {
        self.roster().has_other(self.now(), tried)
    }

    pub fn note_move(&self) {
        self.moved.fetch_add(1, Ordering::Relaxed);
    }

    /// What there is to tell the person, each once.
    pub fn remarks(&self) -> Vec<String> {
        std::mem::take(&mut self.remarks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn sample(&self) -> FleetSample {
        let now = self.now();
        let tally = self.roster().tally(now);
        let output_tokens = self.output_tokens.load(Ordering::Relaxed);
        let rates = self.rates(now, tally.answered, output_tokens);
        FleetSample {
            servers: self.servers.len() as u32,
            up: tally.up as u32,
            in_flight: tally.in_flight as u32,
            allowed: tally.allowed as u32,
            waiting: self.inside.load(Ordering::Relaxed).saturating_sub(tally.in_flight) as u32,
            answered: tally.answered,
            refused: tally.refused,
            moved: self.moved.load(Ordering::Relaxed),
            cut: self.cut.load(Ordering::Relaxed),
            output_tokens,
            answers_per_s: rates.map(|(answers, _)| answers),
            tokens_per_s: rates.map(|(_, tokens)| tokens),
        }
    }

    fn rates(&self, now: Duration, answered: u64, output_tokens: u64) -> Option<(f32, f32)> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let over = now.saturating_sub(pace.since);
        if over >= RATE_OVER {
            let rate = |then: u64, now: u64| now.saturating_sub(then) as f32 / over.as_secs_f32();
            let rates = (rate(pace.answered, answered), rate(pace.output_tokens, output_tokens));
            *pace = Pace { since: now, answered, output_tokens, rates: Some(rates) };
        }
        pace.rates
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says it once for a server.
    fn doubt(&self, server: &Server, read: u64, of: u64) {
        if server.doubted.swap(true, Ordering::Relaxed) {
            return;
        }
        let remark = format!(
            "the local LM at {} says that it read {read} tokens of a job of about {of}: it may cut what is longer than its \
             context; raise that (num_ctx in Ollama, the context length in LM Studio) or lower protocol.chunk_chars",
            server.client.place()
        );
        self.remarks.lock().unwrap_or_else(PoisonError::into_inner).push(remark);
    }
}

/// A job that was taken.
pub struct Inside<'a>(&'a Fleet);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A place at a server. Dropping it gives the place back and closes the connection that was at work.
pub struct Held<'a> {
    fleet: &'a Fleet,
    place: Option<Place>,
}

/// Why a request brought no usable reply.
pub struct Failed {
    pub failure: Failure,
    /// Whether the server works on other requests of ours all the same.
    pub works: bool,
}

impl Held<'_> {
    pub fn server(&self) -> usize {
        self.place.map_or(0, |place| place.server)
    }

    /// Sends the request and gives the place back.
    pub async fn send(mut self, chat: &Chat<'_>) -> Result<ChatReply, Failed> {
        let fleet = self.fleet;
        let Some((place, server)) = self.place.and_then(|place| Some((place, fleet.servers.get(place.server)?))) else {
            return Err(Failed::of(Failure::never("there is no server: set local.base_url".into())));
        };
        self.ask_for_limits(server, place.server).await;
        let weight = weight(chat);
        let small = server.reading().too_small_for(weight);
        if let Some((tokens, context)) = small {
            return Err(Failed::of(too_long(server, tokens, context)));
        }
        let result = self.patiently(server, place, chat).await;
        self.place = None;
        let works = match &result {
            Ok(_) => {
                if fleet.roster().answered(place, fleet.now()) {
                    server.asked.store(false, Ordering::Relaxed);
                }
                true
            }
            Err(failure) => fleet.roster().failed(place, failure.trouble, fleet.now()),
        };
        fleet.freed.notify_one();
        let reply = result.map_err(|failure| Failed { failure, works })?;
        fleet.output_tokens.fetch_add(reply.usage.output_tokens, Ordering::Relaxed);
        let read = server.reading().answered(weight, &reply.usage, reply.context_tokens);
        match read {
            Read::Whole => return Ok(reply),
            Read::Doubtful { read, of } => fleet.doubt(server, read, of),
            Read::Cut { .. } => {}
        }
        fleet.cut.fetch_add(1, Ordering::Relaxed);
        match read {
            // What was asked for by its bytes was too little: the next try asks for more.
            Read::Cut { context, of } if server.client.grow(Some(context)) => {
                let again = Again::Later(Some(Duration::ZERO));
                Err(Failed::of(Failure { again, usage: Some(Box::new(reply.usage)), ..too_long(server, of, context) }))
            }
            Read::Cut { context, of } => {
                let usage = Some(Box::new(reply.usage));
                Err(Failed::of(Failure { usage, ..too_long(server, of, context) }))
            }
            _ => Ok(reply),
        }
    }

    /// Waits for the reply; where there are other servers, only as long as this one seems to be alive.
    async fn patiently(&self, server: &Server, place: Place, chat: &Chat<'_>) -> Result<ChatReply, Failure> {
        let fleet = self.fleet;
        let asked = server.client.chat(chat, |_| {});
        if fleet.servers.len() < 2 {
            return asked.await;
        }
        let mut asked = std::pin::pin!(asked);
        loop {
            let patience = fleet.roster().patience().min(fleet.timeout);
            if let Ok(result) = tokio::time::timeout(patience, &mut asked).await {
                return result;
            }
            if fleet.roster().is_silent_since(place) {
                let message = format!(
                    "the local LM at {} answered nothing for {} s while others did: look whether it hangs",
                    server.client.place(),
                    patience.as_secs()
                );
                return Err(Failure { trouble: Trouble::Hung, ..Failure::later(message) });
            }
        }
    }

    /// The first request to a server asks for its limits. Others do not wait for that: what comes back is compared.
    async fn ask_for_limits(&self, server: &Server, at: usize) {
        if server.asked.load(Ordering::Relaxed) {
            return;
        }
        let _asking = match server.asking.try_lock() {
            Ok(asking) => asking,
            // But what the model was loaded with says how much room to ask for, and asking for less would load it again.
            Err(_) if server.client.sets_context() => return drop(server.asking.lock().await),
            Err(_) => return,
        };
        // Where it is not there, the request itself will say so, and the next one asks again.
        let Ok(about) = server.client.about().await else { return };
        server.asked.store(true, Ordering::Relaxed);
        server.reading().is(about.context_tokens);
        if let Some(slots) = about.slots {
            self.fleet.roster().has_slots(at, slots);
            self.fleet.freed.notify_one();
        }
    }
}

impl Failed {
    fn of(failure: Failure) -> Self {
        Self { failure, works: true }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.fleet.roster().given_up(place);
            self.fleet.freed.notify_one();
        }
    }
}

impl Server {
    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_long(server: &Server, tokens: u64, context: u64) -> Failure {
    Failure::never(format!(
        "the local LM at {} has a context of {context} tokens and this job has about {tokens}: {}, or lower protocol.chunk_chars",
        server.client.place(),
        match server.client.sets_context() {
            true => "take a model that reads more",
            false => "start the server with a larger context (num_ctx in Ollama, -c in llama-server)",
        }
    ))
}
