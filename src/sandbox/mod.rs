//! Runs the Python that the remote LM wrote, in a locked-down child process: this program itself, started again.
//!
//! Each call gets a fresh child, since a program can change the interpreter it ran in; one is kept started ahead.
//! The child is untrusted from the moment it read a program: what it says is checked, and it is killed when it is late.

mod allocator;
mod attempts;
mod check;
mod child;
mod errors;
#[cfg(target_os = "linux")]
mod filter;
mod frame;
mod hints;
mod host;
mod likeness;
pub mod lock;
mod mend;
mod private;
mod process;
mod program;
mod spans;
mod syntax;
mod sysconfig;
mod watch;
mod wire;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use allocator::{Counting, OUT_OF_MEMORY, cap};
pub use check::{Attempted, SandboxReport};
pub use child::child_main;
pub use likeness::{Likeness, Likenesses, Question};
pub use wire::{Held, Layer};

use crate::config::{Require, SandboxConfig};
use crate::document::Span;
use crate::protocol::{Chunk, CodeError, CodeErrorKind, JobOutput, Manifest};
use process::Process;
use wire::{ChunkRow, JobRow, Prepared, Reply, Request, Stage};

/// Everything that the parent does with bytes from a child, for the fuzzer in `fuzz/`.
#[cfg(fuzzing)]
pub fn read_reply(bytes: &[u8], documents: &[Arc<str>], max_jobs: u32) {
    match Reply::decode(bytes, max_jobs) {
        Ok(Reply::Prepared(prepared)) => drop(manifests(prepared, documents)),
        Ok(Reply::Failed(error)) => drop(private::without(error, "", documents, &[])),
        Ok(_) | Err(_) => {}
    }
}

/// The hidden subcommand that makes this program the child.
pub const SUBCOMMAND: &str = "__sandbox";

/// Bytes of a reply beyond the documents' own.
const REPLY: u64 = 64 << 20;

/// Bytes of text that the jobs of one round may have together, each counted in full though many share a chunk or a task.
const JOBS: usize = 64 << 20;

/// What the interpreter itself takes of the memory limit, with room to work.
const INTERPRETER_MB: u64 = 64;

/// A finished job as the program sees it.
#[derive(Clone, Debug)]
pub struct PastJob<'a> {
    pub chunk: &'a str,
    pub task: &'a str,
    pub advice: &'a str,
    pub chunk_id: u32,
    pub task_id: u32,
    /// Empty where the job gave no usable output.
    pub output: JobOutput,
}

/// A program of the remote LM and what it is given beside its arguments.
#[derive(Clone, Copy)]
pub struct Program<'a> {
    pub source: &'a str,
    /// What it is told the time is, in milliseconds since 1970: fixed, so that it always does the same.
    pub clock_ms: u64,
    /// What `retrieve` asks beside the words; without it, it goes by words alone.
    pub likeness: Option<&'a dyn Likeness>,
}

/// What one program may use.
#[derive(Clone, Copy, Debug)]
struct Limits {
    memory_mb: u64,
    seconds: u64,
}

impl Limits {
    fn memory_bytes(self) -> usize {
        usize::try_from(self.memory_mb << 20).unwrap_or(usize::MAX)
    }

    fn time(self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// The documents and as much again for chunks of them must fit, or no program could ever work.
    fn must_hold(self, documents: &[Arc<str>]) -> Result<(), CodeError> {
        let documents_mb = documents.iter().map(|text| text.len() as u64).sum::<u64>().div_ceil(1 << 20);
        let needed_mb = documents_mb.saturating_mul(2).saturating_add(INTERPRETER_MB);
        match needed_mb > self.memory_mb {
            true => Err(CodeError::new(
                CodeErrorKind::Unavailable,
                format!(
                    "the documents have {documents_mb} MB and its memory limit is {} MB; set sandbox.memory_mb to {needed_mb} or more",
                    self.memory_mb
                ),
            )),
            false => Ok(()),
        }
    }

    fn memory_words(self) -> String {
        format!(
            "the program used more than its memory limit of {} MB, documents included: build fewer or smaller strings and lists",
            self.memory_mb
        )
    }

    fn time_words(self) -> String {
        format!(
            "the program ran longer than its time limit of {} s: do less work, or do it in fewer steps",
            self.seconds
        )
    }
}

/// Starts children and asks them. Cloning it shares the one that is kept ready.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    program: PathBuf,
    limits: Limits,
    require: Require,
    max_jobs: u32,
    kept: Mutex<Option<Process>>,
}

impl Sandbox {
    /// `program` is what to start as the child, normally the running executable; `max_jobs` the most that one
    /// `prepare_jobs` may return.
    pub fn new(program: PathBuf, config: &SandboxConfig, max_jobs: u32) -> Self {
        let limits = Limits { memory_mb: config.memory_mb, seconds: config.seconds };
        let (require, kept) = (config.require, Mutex::new(None));
        Self { inner: Arc::new(Inner { program, limits, require, max_jobs, kept }) }
    }

    /// Starts a child in the background, unless one is there, so that the next call finds it ready.
    ///
    /// Does nothing outside of a tokio runtime; a child that cannot be started is reported by the call that needs it.
    pub fn warm(&self) {
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let mut kept = self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none() {
            *kept = Process::start(&self.inner.program, self.inner.limits).ok();
        }
    }

    /// Runs `prepare_jobs` of the program over the documents. `previous`: the jobs of the round before, if any.
    ///
    /// A chunk that stands in a document comes back as its span. Dropping the future kills the child.
    pub async fn prepare(
        &self,
        program: Program<'_>,
        documents: &[Arc<str>],
        previous: &[PastJob<'_>],
    ) -> Result<Vec<Manifest>, CodeError> {
        self.inner.limits.must_hold(documents)?;
        match self.call(Stage::Prepare, program, documents, previous).await? {
            Reply::Prepared(prepared) => manifests(prepared, documents),
            _ => Err(errors::disturbed()),
        }
    }

    /// Runs `transform_outputs` of the program over the jobs of its round. Dropping the future kills the child.
    pub async fn transform(&self, program: Program<'_>, jobs: &[PastJob<'_>]) -> Result<String, CodeError> {
        match self.call(Stage::Transform, program, &[], jobs).await? {
            Reply::Transformed(text) => Ok(text),
            _ => Err(errors::disturbed()),
        }
    }

    async fn call(
        &self,
        stage: Stage,
        program: Program<'_>,
        documents: &[Arc<str>],
        jobs: &[PastJob<'_>],
    ) -> Result<Reply, CodeError> {
        let request = self.request(stage, program, documents, jobs);
        let process = self.ready_process().await?;
        let reply = process.ask(&request, documents, self.inner.limits, program.likeness).await;
        self.warm();
        // The child is not trusted to keep the documents out of what it says of an error.
        reply.map_err(|error| private::without(error, program.source, documents, jobs))
    }

    /// The child that was kept, or a new one where it died meanwhile.
    async fn ready_process(&self) -> Result<Process, CodeError> {
        let kept = self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut process) = kept
            && process.lives()
            && let Ok(layers) = process.ready().await
        {
            return self.enough(&layers).map(|()| process);
        }
        let mut process = Process::start(&self.inner.program, self.inner.limits)?;
        let layers = process.ready().await?;
        self.enough(&layers).map(|()| process)
    }

    /// Whether the lock holds as much as the settings require.
    fn enough(&self, layers: &[Layer]) -> Result<(), CodeError> {
        let missing: Vec<String> = layers
            .iter()
            .filter(|layer| layer.is_missing())
            .map(|layer| format!("{} ({})", layer.name, layer.detail))
            .collect();
        match self.inner.require {
            Require::Full if layers.is_empty() => Err(errors::unavailable("the child does not say that it is locked")),
            Require::Full if !missing.is_empty() => Err(errors::unavailable(format!(
                "this system does not hold the whole lock that sandbox.require = \"full\" asks for; missing: {}; \
                 with \"best-effort\" the remote LM's code runs with what holds",
                missing.join(", ")
            ))),
            Require::Full | Require::BestEffort => Ok(()),
        }
    }

    fn request<'a>(
        &self,
        stage: Stage,
        program: Program<'_>,
        documents: &[Arc<str>],
        jobs: &[PastJob<'a>],
    ) -> Request<'a> {
        let mut texts = Texts::default();
        let jobs = jobs.iter().map(|job| JobRow {
            chunk: texts.index(job.chunk),
            task: texts.index(job.task),
            advice: texts.index(job.advice),
            chunk_id: job.chunk_id,
            task_id: job.task_id,
            explanation: job.output.explanation.clone(),
            citation: job.output.citation.clone(),
            answer: job.output.answer.clone(),
        });
        let jobs = jobs.collect();
        let lengths: Vec<u64> = documents.iter().map(|text| text.len() as u64).collect();
        Request {
            stage,
            milliseconds: self.inner.limits.seconds.saturating_mul(1000),
            clock_ms: program.clock_ms,
            max_jobs: self.inner.max_jobs,
            max_reply: REPLY.saturating_add(lengths.iter().sum()),
            compares: program.likeness.is_some(),
            source: program.source.to_owned(),
            documents: lengths,
            texts: texts.items,
            jobs,
        }
    }
}

/// Texts that many jobs share, each sent once.
#[derive(Default)]
struct Texts<'a> {
    items: Vec<&'a str>,
    /// By where they stand in memory: to tell them apart by their words, all would have to be gone through.
    index: HashMap<(*const u8, usize), u32>,
}

impl<'a> Texts<'a> {
    fn index(&mut self, text: &'a str) -> u32 {
        *self.index.entry((text.as_ptr(), text.len())).or_insert_with(|| {
            self.items.push(text);
            self.items.len() as u32 - 1
        })
    }
}

/// The jobs of a reply, once every span is seen to be text of its document, and that they fit in memory written out.
fn manifests(prepared: Prepared, documents: &[Arc<str>]) -> Result<Vec<Manifest>, CodeError> {
    let Prepared { chunks, tasks, advices, jobs } = prepared;
    let checked = |span: Span| documents.get(span.document)?.get(span.start..span.end).map(|_| span);
    let chunk = |row: ChunkRow| match row {
        ChunkRow::Text(text) => Some(Chunk::Text(text)),
        ChunkRow::Span(span) => checked(span).map(Chunk::Span),
        ChunkRow::Headed { header, rows } => Some(Chunk::Headed { header: checked(header)?, rows: checked(rows)? }),
    };
    let chunks: Vec<Chunk> = chunks.into_iter().map(chunk).collect::<Option<_>>().ok_or_else(errors::disturbed)?;
    let length = |[chunk, task, advice]: &[u32; 3]| {
        let chunk = match chunks.get(*chunk as usize) {
            // Its words are put together for each job that reads it.
            Some(chunk @ (Chunk::Text(_) | Chunk::Headed { .. })) => chunk.bytes(),
            Some(Chunk::Span(_)) | None => 0,
        };
        let text = |texts: &[String], index: u32| texts.get(index as usize).map_or(0, String::len);
        chunk + text(&tasks, *task) + text(&advices, *advice)
    };
    if jobs.iter().map(length).fold(0, usize::saturating_add) > JOBS {
        return Err(errors::long_jobs(JOBS));
    }
    let manifest = |[chunk, task, advice]: [u32; 3]| {
        Some(Manifest {
            chunk: chunks.get(chunk as usize)?.clone(),
            task: tasks.get(task as usize)?.clone(),
            advice: advices.get(advice as usize)?.clone(),
        })
    };
    jobs.into_iter().map(manifest).collect::<Option<_>>().ok_or_else(errors::disturbed)
}
