//! An engine's process: started, fed, listened to, and started again when it ends.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command as Program};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::timeout;

use super::SUBCOMMAND;
use super::wire::{Answered, Command, Event, Texts, Vectors, Work};
use crate::local::LocalError;
use crate::protocol::EngineSample;

/// How often in a row the engine may end before any job is done, until it is left alone.
const ENDS: u32 = 2;
/// A process whose socket closed is given this long to be gone.
const LEAVING: Duration = Duration::from_secs(2);
/// What is said where the process says what no engine of its kind does.
const UNKNOWN: &str = "it said something that is no event of its kind; please report it";
/// Bytes of the log beyond which it begins anew.
const LOG_BYTES: u64 = 1 << 20;
/// What of the surroundings the engine needs; keys are not among it.
const SURROUNDINGS: &[&str] =
    &["PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"];
const SURROUNDING_FAMILIES: &[&str] =
    &["CUDA_", "NVIDIA_", "GGML_", "HIP_", "ROCR_", "HSA_", "VK_", "OMP_", "GOMP_", "KMP_"];

/// How the engine's threads wait for each other (libgomp's manual, "Environment Variables"). By default they keep their
/// cores busy for milliseconds at each of the hundreds of meetings of a step, and where another program wants a core they wait
/// in vain for one that does not run (docs/performance.md). After so many looks they sleep.
const WAITS: [&str; 2] = ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"];
const SPINS: &str = "1000";

/// What an engine is asked, and how its answer is known.
pub trait Ask: Send + 'static {
    type Answer: Send + 'static;
    /// What the engine is called in a message.
    const ENGINE: &'static str;
    /// What to do where memory ran out.
    const LESS: &'static str;

    fn command(self, id: u64) -> Command;

    /// The answer, and which question it is to; the event itself where it is none.
    fn answer(event: Event) -> Result<(u64, Self::Answer), Box<Event>>;
}

impl Ask for Work {
    type Answer = Answered;
    const ENGINE: &'static str = "the local engine";
    const LESS: &'static str = "take a smaller model or a smaller local.context_tokens";

    fn command(self, id: u64) -> Command {
        Command::Job(Work { id, ..self })
    }

    fn answer(event: Event) -> Result<(u64, Answered), Box<Event>> {
        match event {
            Event::Done(answered) => Ok((answered.id, answered)),
            other => Err(Box::new(other)),
        }
    }
}

impl Ask for Texts {
    type Answer = Vec<Vec<f32>>;
    const ENGINE: &'static str = "the embedding engine";
    const LESS: &'static str = "take a smaller local.embedding_model";

    fn command(self, id: u64) -> Command {
        Command::Embed(Texts { id, ..self })
    }

    fn answer(event: Event) -> Result<(u64, Vec<Vec<f32>>), Box<Event>> {
        match event {
            Event::Embedded(Vectors { id, vectors }) => Ok((id, vectors)),
            other => Err(Box::new(other)),
        }
    }
}

/// A question and where its answer goes.
pub struct Order<A: Ask> {
    pub ask: A,
    pub reply: oneshot::Sender<Result<A::Answer, LocalError>>,
}

/// Asks, and waits for the answer. Dropped before its end, the question is not wanted any more.
pub async fn asked<A: Ask>(
    orders: &mpsc::Sender<Order<A>>,
    watched: &Arc<Watched>,
    ask: A,
) -> Result<A::Answer, LocalError> {
    let gone = || LocalError { message: format!("{} is gone: start the run again", A::ENGINE) };
    let (reply, answer) = oneshot::channel();
    orders.send(Order { ask, reply }).await.map_err(|_| gone())?;
    let _notice = watched.notice();
    answer.await.map_err(|_| gone())?
}

/// What both sides look at: the newest sample, and whether somebody stopped waiting.
#[derive(Default)]
pub struct Watched {
    sample: Mutex<Option<EngineSample>>,
    /// How many jobs write at once; 0 until the engine says so.
    parallel: AtomicUsize,
    left: Notify,
}

impl Watched {
    pub fn sample(&self) -> Option<EngineSample> {
        self.sample.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn parallel(&self) -> usize {
        self.parallel.load(Ordering::Relaxed)
    }

    fn set(&self, sample: Option<EngineSample>) {
        *self.sample.lock().unwrap_or_else(PoisonError::into_inner) = sample;
    }

    /// Tells the supervisor, when it is dropped, to look for answers that nobody waits for.
    pub fn notice(self: &Arc<Self>) -> impl Drop + Send + use<> {
        Notice(self.clone())
    }
}

struct Notice(Arc<Watched>);

impl Drop for Notice {
    fn drop(&mut self) {
        self.0.left.notify_one();
    }
}

/// One task that owns the process.
pub struct Supervisor<A: Ask> {
    program: PathBuf,
    /// The first word to it.
    load: Command,
    log: Option<PathBuf>,
    silence: Duration,
    watched: Arc<Watched>,
    waiting: HashMap<u64, oneshot::Sender<Result<A::Answer, LocalError>>>,
    next: u64,
    ends: u32,
}

struct Engine {
    child: Child,
    events: Lines<BufReader<OwnedReadHalf>>,
    commands: OwnedWriteHalf,
}

impl<A: Ask> Supervisor<A> {
    pub fn new(
        program: PathBuf,
        load: Command,
        log: Option<PathBuf>,
        silence: Duration,
        watched: Arc<Watched>,
    ) -> Self {
        Self { program, load, log, silence, watched, waiting: HashMap::new(), next: 0, ends: 0 }
    }

    /// Works until nobody can give orders any more. Dropping it ends the process.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order<A>>) {
        loop {
            let why = match self.start().await {
                Ok(mut engine) => match self.attend(&mut engine, &mut orders).await {
                    Ends::Wanted => return,
                    Ends::Told(why) => {
                        let _ = engine.child.start_kill();
                        why
                    }
                    Ends::Silently => {
                        told(timeout(LEAVING, engine.child.wait()).await.ok().and_then(Result::ok), A::LESS)
                    }
                    Ends::Stuck => {
                        let _ = engine.child.start_kill();
                        format!("it was silent for {} s and was ended", self.silence.as_secs())
                    }
                },
                Err(error) => format!("it could not be started: {error}"),
            };
            self.watched.set(None);
            self.ends += 1;
            let message = self.sentence(&why);
            for (_, reply) in self.waiting.drain() {
                let _ = reply.send(Err(LocalError { message: message.clone() }));
            }
            if self.ends >= ENDS {
                while let Some(order) = orders.recv().await {
                    let _ = order.reply.send(Err(LocalError { message: message.clone() }));
                }
                return;
            }
        }
    }

    fn sentence(&self, why: &str) -> String {
        let log = match &self.log {
            Some(log) => format!("; its log is {}", log.display()),
            None => String::new(),
        };
        format!("{}: {why}{log}", A::ENGINE)
    }

    async fn start(&self) -> std::io::Result<Engine> {
        let (ours, theirs) = StdStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut program = Program::new(&self.program);
        program.arg0("minions").arg(SUBCOMMAND).env_clear();
        for (name, value) in std::env::vars_os() {
            let family = |family: &&str| name.to_string_lossy().starts_with(*family);
            if SURROUNDINGS.iter().any(|one| name == *one) || SURROUNDING_FAMILIES.iter().any(family) {
                program.env(name, value);
            }
        }
        if !WAITS.iter().any(|name| std::env::var_os(name).is_some()) {
            program.env("GOMP_SPINCOUNT", SPINS);
        }
        // Nothing that it prints may reach the screen.
        let (out, errors) = match self.open_log() {
            Some(log) => (log.try_clone().map_or_else(|_| Stdio::null(), Stdio::from), Stdio::from(log)),
            None => (Stdio::null(), Stdio::null()),
        };
        program.stdin(OwnedFd::from(theirs)).stdout(out).stderr(errors).process_group(0).kill_on_drop(true);
        let child = program.spawn()?;
        // The command keeps the other end open otherwise, and the end of the process would not be noticed.
        drop(program);
        let (read, mut commands) = UnixStream::from_std(ours)?.into_split();
        commands.write_all(&line(&self.load)).await?;
        Ok(Engine { child, events: BufReader::new(read).lines(), commands })
    }

    fn open_log(&self) -> Option<File> {
        let path = self.log.as_ref()?;
        std::fs::create_dir_all(path.parent()?).ok()?;
        let full = std::fs::metadata(path).is_ok_and(|file| file.len() > LOG_BYTES);
        let mut open = OpenOptions::new();
        open.create(true).append(!full).write(true).truncate(full);
        open.open(path).ok()
    }

    async fn attend(&mut self, engine: &mut Engine, orders: &mut mpsc::Receiver<Order<A>>) -> Ends {
        loop {
            let busy = !self.waiting.is_empty();
            tokio::select! {
                order = orders.recv() => match order {
                    None => return Ends::Wanted,
                    Some(order) => if self.send(engine, order).await.is_err() { return Ends::Silently },
                },
                () = self.watched.left.notified() => {
                    if self.cancel_unwanted(engine).await.is_err() { return Ends::Silently }
                }
                event = timeout(self.silence, engine.events.next_line()) => match event {
                    Err(_) if busy => return Ends::Stuck,
                    Err(_) => {}
                    Ok(Ok(Some(line))) => if let Some(why) = self.heard(&line) { return Ends::Told(why) },
                    Ok(_) => return Ends::Silently,
                },
            }
        }
    }

    async fn send(&mut self, engine: &mut Engine, order: Order<A>) -> std::io::Result<()> {
        let id = self.next;
        self.next += 1;
        self.waiting.insert(id, order.reply);
        engine.commands.write_all(&line(&order.ask.command(id))).await
    }

    async fn cancel_unwanted(&mut self, engine: &mut Engine) -> std::io::Result<()> {
        let unwanted: Vec<u64> =
            self.waiting.iter().filter(|(_, reply)| reply.is_closed()).map(|(id, _)| *id).collect();
        for id in unwanted {
            self.waiting.remove(&id);
            engine.commands.write_all(&line(&Command::Cancel { id })).await?;
        }
        Ok(())
    }

    /// What the engine said; a text is why it cannot go on.
    fn heard(&mut self, line: &str) -> Option<String> {
        let event = match serde_json::from_str(line).map(A::answer) {
            Ok(Err(event)) => event,
            Ok(Ok((id, answer))) => {
                self.ends = 0;
                if let Some(reply) = self.waiting.remove(&id) {
                    let _ = reply.send(Ok(answer));
                }
                return None;
            }
            Err(_) => return Some(UNKNOWN.into()),
        };
        match *event {
            Event::Loading { share } => {
                self.watched.set(Some(EngineSample { loading: Some(share), ..EngineSample::default() }));
            }
            Event::Ready { note, parallel } => {
                self.watched.parallel.store(parallel as usize, Ordering::Relaxed);
                tracing::info!("{} is ready: {note}", A::ENGINE);
                self.watched.set(Some(EngineSample::default()));
            }
            Event::Failed { message } => {
                // Another try would end the same way.
                self.ends = ENDS;
                return Some(message);
            }
            Event::JobFailed { id, message } => {
                if let Some(reply) = self.waiting.remove(&id) {
                    let _ = reply.send(Err(LocalError { message }));
                }
            }
            Event::Sample(sample) => self.watched.set(Some(sample)),
            Event::Done(_) | Event::Embedded(_) => return Some(UNKNOWN.into()),
        }
        None
    }
}

enum Ends {
    /// Nobody needs it any more.
    Wanted,
    Told(String),
    Silently,
    Stuck,
}

fn line(command: &Command) -> Vec<u8> {
    let mut line = serde_json::to_vec(command).unwrap_or_default();
    line.push(b'\n');
    line
}

fn told(status: Option<ExitStatus>, less: &str) -> String {
    match status.map(|status| (status.signal(), status.code())) {
        Some((Some(libc::SIGKILL), _)) => {
            format!("it was killed, as the system does when memory runs out; {less}")
        }
        Some((Some(signal), _)) => format!("it crashed (signal {signal})"),
        Some((None, Some(code))) => format!("it ended with exit code {code}"),
        _ => "it ended".into(),
    }
}
