//! What it costs to run the remote LM's programs behind the lock: `cargo bench --bench sandbox`.
//!
//! The goals: a trivial program on a ready child in 5 ms; 10 MB, ASCII and not, to 2,048 manifests in 0.4 s;
//! `transform_outputs` over 2,048 jobs in 0.4 s; a child of 110 MB at most; the parent grows by less than twice the document.

use std::sync::Arc;
use std::time::Duration;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use minions::config::SandboxConfig;
use minions::protocol::{CodeError, JobOutput, Manifest};
use minions::sandbox::{PastJob, Program, Sandbox};
use tokio::runtime::Runtime;

const JOBS: u32 = 2_048;
const DOCUMENT: usize = 10 << 20;
/// A child is loaded and locked after about 0.15 s.
const READY: Duration = Duration::from_millis(500);

fn main() {
    divan::main();
    if !std::env::args().any(|argument| argument == "--list" || argument == "--test") {
        memory::print();
    }
}

struct World {
    runtime: Runtime,
    sandbox: Sandbox,
    documents: Vec<Arc<str>>,
}

impl World {
    /// One document, whose lines hold this dash: three bytes a line more where it is not ASCII.
    fn new(dash: &str) -> std::io::Result<Self> {
        let mut text = String::new();
        for n in 0.. {
            text.push_str(&format!("Line {n}: net sales of {} million, {dash} up {} %.\n", n * 37 % 991, n % 17));
            if text.len() >= DOCUMENT {
                break;
            }
        }
        let runtime = Runtime::new()?;
        let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_minions").into(), &SandboxConfig::default(), JOBS);
        Ok(Self { runtime, sandbox, documents: vec![text.into()] })
    }

    /// Returns once a child is loaded and locked: what is timed is the call alone.
    fn ready(&self) {
        let _runtime = self.runtime.enter();
        self.sandbox.warm();
        std::thread::sleep(READY);
    }

    fn prepare(&self, program: &str) -> Result<Vec<Manifest>, CodeError> {
        let program = Program { source: program, clock_ms: 0, likeness: None };
        self.runtime.block_on(self.sandbox.prepare(program, &self.documents, &[]))
    }

    fn transform(&self, program: &str, jobs: &[PastJob]) -> Result<String, CodeError> {
        self.runtime.block_on(self.sandbox.transform(Program { source: program, clock_ms: 0, likeness: None }, jobs))
    }
}

/// Cuts the document into as many chunks as there may be jobs, in this order.
fn cutting(order: &str) -> String {
    format!(
        "import random\n\
         def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):\n\
         \x20   chunks = chunk_by_section(context[0], len(context[0]) // 2040, 20)[:2048]\n\
         \x20   {order}\n\
         \x20   return [JobManifest(chunk=c, task='Extract net sales.', advice='Quote it.') for c in chunks]\n\
         {TRANSFORM}"
    )
}

const TRANSFORM: &str = "def transform_outputs(jobs):\n\
    \x20   kept = [j for j in jobs if j.output.answer is not None]\n\
    \x20   return '\\n'.join(f'{j.manifest.job_id} {j.manifest.chunk[:80]!r} {j.output.answer}' for j in kept)\n";

const TRIVIAL: &str = "def transform_outputs(jobs):\n    return ''\n";

/// What could not be run is no figure.
fn or_stop<T>(result: Result<T, impl std::fmt::Display>) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("sandbox: {error}");
        std::process::exit(1)
    })
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn trivial_program_on_a_ready_child(bencher: Bencher) {
    let world = or_stop(World::new("-"));
    bencher.with_inputs(|| world.ready()).bench_local_values(|()| black_box(or_stop(world.transform(TRIVIAL, &[]))));
}

#[divan::bench(sample_count = 10, sample_size = 1, args = ["ascii", "ascii shuffled", "not ascii", "not ascii shuffled"])]
fn ten_megabytes_to_2048_manifests(bencher: Bencher, case: &str) {
    let world = or_stop(World::new(if case.starts_with("not") { "–" } else { "-" }));
    let program = cutting(if case.ends_with("shuffled") { "random.shuffle(chunks)" } else { "pass" });
    bencher
        .counter(BytesCount::new(world.documents[0].len()))
        .with_inputs(|| world.ready())
        .bench_local_values(|()| black_box(or_stop(world.prepare(&program))));
}

/// Each native function over the whole document, beside the cost of a call that does nothing with it.
#[divan::bench(sample_count = 5, sample_size = 1, args = [
    "context", "chunk_by_section(context[0])", "chunk_by_paragraph(context[0])", "chunk_by_heading(context[0])",
    "chunk_by_code(context[0])", "find_all('sales of 42 ', around=200)",
    "retrieve(['net sales', 'million', 'up 16'], chunk_by_section(context[0]))",
])]
fn a_native_function_over_ten_megabytes(bencher: Bencher, call: &str) {
    let world = or_stop(World::new("–"));
    let program = format!(
        "def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):\n    {call}\n    return []\n{TRANSFORM}"
    );
    bencher.with_inputs(|| world.ready()).bench_local_values(|()| black_box(or_stop(world.prepare(&program))));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn transform_outputs_over_2048_jobs(bencher: Bencher) {
    let world = or_stop(World::new("–"));
    let chunks: Vec<&str> = pieces(&world.documents[0]);
    let jobs: Vec<PastJob> = chunks.iter().zip(0..).map(|(chunk, id)| past_job(chunk, id)).collect();
    bencher
        .with_inputs(|| world.ready())
        .bench_local_values(|()| black_box(or_stop(world.transform(TRANSFORM, &jobs))));
}

fn past_job(chunk: &str, id: u32) -> PastJob<'_> {
    let output = JobOutput { explanation: "It says so.".into(), citation: None, answer: Some("42 million".into()) };
    PastJob { chunk, task: "Extract net sales.", advice: "Quote it.", chunk_id: id, task_id: 0, output }
}

/// The text in as many parts as there are jobs.
fn pieces(text: &str) -> Vec<&str> {
    let size = text.len() / JOBS as usize;
    let bounds: Vec<usize> = (0..=JOBS as usize).map(|n| text.floor_char_boundary(n * size)).collect();
    bounds.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

/// Peaks of memory, as Linux counts them.
mod memory {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

    use super::{TRANSFORM, World, cutting, or_stop, past_job, pieces};

    pub fn print() {
        for (letters, dash) in [("ascii", "-"), ("not ascii", "–")] {
            let world = or_stop(World::new(dash));
            let megabytes = world.documents[0].len() as f64 / 1e6;
            let told = |call: &str, (child, grown): (u64, u64)| {
                println!(
                    "{letters}, {megabytes:.1} MB, {call}: the child's peak is {child} MB, the parent grows by {grown} MB"
                );
            };
            told("to 2,048 manifests", watched(&world, || drop(or_stop(world.prepare(&cutting("pass"))))));
            let pieces = pieces(&world.documents[0]);
            let jobs: Vec<_> = pieces.iter().zip(0..).map(|(chunk, id)| past_job(chunk, id)).collect();
            told("2,048 jobs transformed", watched(&world, || drop(or_stop(world.transform(TRANSFORM, &jobs)))));
        }
    }

    /// Megabytes: the peak of the children, and what this process grew by while it ran the call.
    fn watched(world: &World, call: impl FnOnce()) -> (u64, u64) {
        world.ready();
        let (done, peak) = (AtomicBool::new(false), AtomicU64::new(0));
        give_back();
        let before = field("self", "VmRSS").unwrap_or(0);
        // Sets the peak back to what is in use now, see proc_pid_clear_refs(5).
        or_stop(std::fs::write("/proc/self/clear_refs", "5"));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    peak.fetch_max(children(), Relaxed);
                }
            });
            call();
            done.store(true, Relaxed);
        });
        let grown = field("self", "VmHWM").unwrap_or(0).saturating_sub(before);
        (peak.load(Relaxed) / 1024, grown / 1024)
    }

    /// Returns freed memory to the system, so that what is in use now does not hide what comes.
    #[allow(unsafe_code)]
    fn give_back() {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        // SAFETY: takes a number and touches only what the allocator holds free.
        unsafe {
            libc::malloc_trim(0);
        }
    }

    /// The largest peak of this process's children, in kilobytes.
    fn children() -> u64 {
        let parent = u64::from(std::process::id());
        let Ok(processes) = std::fs::read_dir("/proc") else { return 0 };
        let names = processes.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let children = names.filter(|name| field(name, "PPid") == Some(parent));
        children.filter_map(|name| field(&name, "VmHWM")).max().unwrap_or(0)
    }

    fn field(process: &str, name: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    }
}
