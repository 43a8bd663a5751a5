//! How fast the local engine works, through the whole of it: its process, its scheduler, its held answers.
//!
//! `cargo bench --bench engine -- --model M.gguf` runs chunks × tasks × samples, all sent at once, and prints one JSON object:
//! the medians of all runs, and beside them what plain `llama_decode` takes for the same tokens. `scripts/bench-engine` puts
//! other programs beside it.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use minions::config::LocalConfig;
use minions::local::llama::{LlamaLocal, backends};
use minions::local::{ChunkText, JobRequest, LocalLm};
use minions::protocol::{EngineSample, JobId, prompts};
use serde_json::json;

const TEXT: &str = include_str!("../src/commands/samples/opm-annual-performance-report-fy2019.txt");
const ADVICE: &str = "Quote the sentence that holds the figure.";
/// Jobs that write at once when the best rate of writing is looked for.
const WRITERS: [usize; 5] = [4, 8, 12, 16, 64];

#[derive(Clone, Parser)]
struct Options {
    /// The model; small ones with random weights come from scripts/tiny-gguf.
    #[arg(long)]
    model: PathBuf,
    #[arg(long, default_value_t = 8)]
    chunks: usize,
    #[arg(long, default_value_t = 3600)]
    chunk_chars: usize,
    #[arg(long, default_value_t = 4)]
    tasks: usize,
    #[arg(long, default_value_t = 1)]
    samples: usize,
    /// Output tokens of a job at most.
    #[arg(long, default_value_t = 64)]
    output: u64,
    #[arg(long, default_value_t = 5)]
    runs: usize,
    #[arg(long, default_value_t = 0)]
    threads: u32,
    #[arg(long, default_value_t = 0)]
    parallel: u32,
    #[arg(long, default_value_t = 0)]
    context_tokens: u32,
    #[arg(long, default_value_t = -1)]
    gpu_layers: i32,
    /// The program whose engine is measured, where it is not the one that was built beside this.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_minions"))]
    program: PathBuf,
    #[arg(long)]
    quote_only: bool,
    /// local.flash_attention: auto, on or off.
    #[arg(long, default_value = "auto")]
    flash_attention: String,
    /// Do not measure plain llama_decode.
    #[arg(long)]
    no_ideal: bool,
    /// Do not measure how soon a cancelled job is gone.
    #[arg(long)]
    no_cancel: bool,
    /// Write the jobs' prompts there as JSON lines, for other programs, and end.
    #[arg(long)]
    write_jobs: Option<PathBuf>,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let jobs = jobs(&options);
    if let Some(path) = &options.write_jobs {
        return Ok(write_jobs(path, &options, &jobs)?);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let runs: Vec<Run> = (0..options.runs).map(|_| runtime.block_on(run(&options, &jobs))).collect::<Result<_, _>>()?;
    let run = median(&runs, |run| run.wall).clone();
    let mut report = json!({
        "jobs": jobs.len(),
        "chunk_tokens": run.chunk_tokens(),
        "runs": runs.iter().map(|run| run.wall.as_secs_f64()).collect::<Vec<_>>(),
        "wall_s": run.wall.as_secs_f64(),
        "first_result_s": run.first.as_secs_f64(),
        "output_tokens": run.output,
        "output_tokens_per_s": run.output as f64 / run.wall.as_secs_f64(),
        "prompt_tokens_asked": run.engine.prompt_asked,
        "prompt_tokens_evaluated": run.engine.prompt_evaluated,
        "own_time_percent": run.own_percent(),
        "engine": run.engine,
    });
    if !options.no_cancel {
        let mut times = Vec::new();
        for _ in 0..options.runs {
            times.push(runtime.block_on(cancel(&options, &jobs))?);
        }
        report["cancel_all_ms"] = json!(median(&times, |time| *time).as_secs_f64() * 1e3);
    }
    if !options.no_ideal {
        let ideal = ideal(&options, &run)?;
        let seconds = run.engine.prompt_evaluated as f64 / ideal.prefill + run.output as f64 / ideal.decode;
        report["ideal"] = json!({
            "prefill_tokens_per_s": ideal.prefill,
            "decode_tokens_per_s": ideal.decode,
            "jobs_writing": ideal.writers,
            "seconds": seconds,
            "reached_percent": 100.0 * seconds / run.wall.as_secs_f64(),
        });
    }
    println!("{report:#}");
    Ok(())
}

/// One job of the benchmark; those on a chunk follow each other.
struct Work {
    chunk: Arc<str>,
    task: Arc<str>,
    sample: u32,
}

fn jobs(options: &Options) -> Vec<Work> {
    let asks =
        ["What was the net cost", "How many employees were there", "Which goal was missed", "What changed since 2018"];
    let mut jobs = Vec::new();
    for chunk in 0..options.chunks {
        let start = chunk * options.chunk_chars;
        let text: String = TEXT.chars().cycle().skip(start).take(options.chunk_chars).collect();
        let text: Arc<str> = format!("Part {chunk}.\n{text}").into();
        for task in 0..options.tasks {
            let task: Arc<str> =
                format!("{} in fiscal year {}?", asks[task % asks.len()], 2019 - task / asks.len()).into();
            for sample in 0..options.samples as u32 {
                jobs.push(Work { chunk: text.clone(), task: task.clone(), sample });
            }
        }
    }
    jobs
}

/// Each line is one job as messages of a chat, as any other program takes them.
fn write_jobs(path: &Path, options: &Options, jobs: &[Work]) -> std::io::Result<()> {
    let mut lines = String::new();
    for (index, job) in jobs.iter().enumerate() {
        let parts = prompts::worker_parts(&job.chunk, &job.task, ADVICE);
        let line = json!({
            "chunk": index / (options.tasks * options.samples),
            "task": index / options.samples % options.tasks,
            "sample": job.sample,
            "system": prompts::worker_system(),
            "user": format!("{}{}", parts.excerpt, parts.task),
            "max_tokens": options.output,
        });
        lines += &format!("{line}\n");
    }
    std::fs::write(path, lines)
}

#[derive(Clone)]
struct Run {
    wall: Duration,
    first: Duration,
    output: u64,
    jobs: usize,
    input: u64,
    engine: EngineSample,
}

impl Run {
    fn chunk_tokens(&self) -> u64 {
        self.input / self.jobs as u64
    }

    /// What of the time was not spent in `llama_decode`.
    fn own_percent(&self) -> f64 {
        let spent = self.engine.spent.unwrap_or_default();
        100.0 * (spent.working - spent.prefill - spent.decode) / spent.working
    }
}

fn start(options: &Options) -> Result<LlamaLocal, Box<dyn std::error::Error>> {
    let config = LocalConfig {
        model: options.model.canonicalize()?.to_string_lossy().into_owned(),
        threads: options.threads,
        parallel: options.parallel,
        context_tokens: options.context_tokens,
        gpu_layers: options.gpu_layers,
        quote_only: options.quote_only,
        flash_attention: serde_json::from_value(json!(options.flash_attention))?,
        ..LocalConfig::default()
    };
    Ok(LlamaLocal::start(&config, &options.program, None)?)
}

fn request(options: &Options, index: usize, job: &Work) -> JobRequest {
    JobRequest {
        id: JobId { round: 1, index: index as u32 },
        chunk: ChunkText::whole(job.chunk.clone()),
        task: job.task.clone(),
        advice: ADVICE.into(),
        sample: job.sample,
        max_output_tokens: options.output,
    }
}

/// What loading takes is not the engine's speed, so it is over before the clock starts.
async fn loaded(options: &Options) -> Result<LlamaLocal, Box<dyn std::error::Error>> {
    let local = start(options)?;
    let warm = Work { chunk: "A short text.".into(), task: "What is it?".into(), sample: 0 };
    local.execute(JobRequest { max_output_tokens: 4, ..request(options, 0, &warm) }).await?;
    settled(&local).await;
    Ok(local)
}

/// Waits until the engine has told that nothing is left to do.
async fn settled(local: &LlamaLocal) -> EngineSample {
    loop {
        match local.engine() {
            Some(sample) if sample.spent.is_some() && sample.live == 0 && sample.waiting == 0 => return sample,
            _ => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

async fn run(options: &Options, jobs: &[Work]) -> Result<Run, Box<dyn std::error::Error>> {
    let local = loaded(options).await?;
    let before = settled(&local).await;
    let begun = Instant::now();
    let mut open: FuturesUnordered<_> =
        jobs.iter().enumerate().map(|(index, job)| local.execute(request(options, index, job))).collect();
    let (mut first, mut output, mut input) = (None, 0, 0);
    while let Some(reply) = open.next().await {
        let reply = reply?;
        first.get_or_insert_with(|| begun.elapsed());
        output += reply.usage.output_tokens;
        input += reply.usage.input_tokens;
    }
    let wall = begun.elapsed();
    let mut engine = settled(&local).await;
    engine.prompt_asked -= before.prompt_asked;
    engine.prompt_evaluated -= before.prompt_evaluated;
    if let (Some(spent), Some(before)) = (&mut engine.spent, before.spent) {
        spent.working -= before.working;
        spent.prefill -= before.prefill;
        spent.decode -= before.decode;
        spent.choosing -= before.choosing;
    }
    Ok(Run { wall, first: first.unwrap_or_default(), output, input, jobs: jobs.len(), engine })
}

/// How long it takes, when all jobs are dropped in the midst of writing, until none has a cell any more.
async fn cancel(options: &Options, jobs: &[Work]) -> Result<Duration, Box<dyn std::error::Error>> {
    let local = loaded(options).await?;
    let mut open: FuturesUnordered<_> =
        jobs.iter().enumerate().map(|(index, job)| local.execute(request(options, index, job))).collect();
    // Nothing may end the wait but a reply: then others are being written.
    open.next().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    drop(open);
    settled(&local).await;
    Ok(begun.elapsed())
}

struct Ideal {
    prefill: f64,
    decode: f64,
    writers: usize,
}

/// The best rates of plain `llama_decode`: a chunk in steps of 512 tokens, and several jobs that share it and write.
fn ideal(options: &Options, run: &Run) -> Result<Ideal, Box<dyn std::error::Error>> {
    backends::load();
    let mut backend = LlamaBackend::init()?;
    backend.void_logs();
    let mut params = LlamaModelParams::default();
    if let Ok(layers) = u32::try_from(options.gpu_layers) {
        params = params.with_n_gpu_layers(layers);
    }
    let model = LlamaModel::load_from_file(&backend, &options.model, &params)?;
    let threads =
        if options.threads == 0 { std::thread::available_parallelism()?.get() as i32 } else { options.threads as i32 };
    let chunk = run.chunk_tokens() as usize;
    let vocabulary = model.n_vocab().max(100) - 10;
    let token = |index: usize| LlamaToken((index as i32 * 7919) % vocabulary + 5);
    let (mut prefill, mut decode, mut best) = (0_f64, 0_f64, 0);
    for writers in WRITERS {
        let context = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new((chunk + 64 * (writers + 1)) as u32))
            .with_n_batch(512)
            .with_n_ubatch(512)
            .with_n_seq_max(writers as u32)
            .with_kv_unified(true)
            .with_n_threads(threads)
            .with_n_threads_batch(threads);
        let mut context = model.new_context(&backend, context)?;
        let mut batch = LlamaBatch::new(512, writers as i32);
        let begun = Instant::now();
        for start in (0..chunk).step_by(512) {
            batch.clear();
            for index in start..chunk.min(start + 512) {
                batch.add(token(index), index as i32, &[0], false)?;
            }
            context.decode(&mut batch)?;
            context.synchronize();
        }
        prefill = prefill.max(chunk as f64 / begun.elapsed().as_secs_f64());
        for sequence in 1..writers {
            context.kv_cache_seq_cp(0, sequence as i32, None, None)?;
        }
        let begun = Instant::now();
        for step in 0..options.output as usize {
            batch.clear();
            for sequence in 0..writers {
                batch.add(token(step + sequence), (chunk + step) as i32, &[sequence as i32], true)?;
            }
            context.decode(&mut batch)?;
            context.synchronize();
        }
        let rate = (writers * options.output as usize) as f64 / begun.elapsed().as_secs_f64();
        if rate > decode {
            (decode, best) = (rate, writers);
        }
    }
    Ok(Ideal { prefill, decode, writers: best })
}

fn median<T, K: Ord>(all: &[T], key: impl Fn(&T) -> K) -> &T {
    let mut sorted: Vec<&T> = all.iter().collect();
    sorted.sort_by_key(|one| key(one));
    sorted[sorted.len() / 2]
}
