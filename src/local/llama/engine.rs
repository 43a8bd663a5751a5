//! The loop that owns model and context: takes jobs, evaluates the scheduler's steps, writes answers.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::{KvCacheType, LlamaContextParams};
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::constraint::{Constraint, Limits, Substrings};
use super::load::{Wanted, load, threads};
use super::pace::Pace;
use super::prompt::{Parts, Prompts};
use super::schedule::{Ask, Capacity, Job, Scheduler, Source, Step};
use super::shortlist;
use super::voice::{Thinking, Voice};
use super::wire::{Answered, Command, Event, FlashAttention, KvType, Options, Work};
use super::words::{Spelling, Words};
use crate::local::fit::{Layers, cells};
use crate::protocol::{Finish, prompts};

/// Tokens of one step at most; longer ones are hardly faster.
const BATCH: usize = 512;
/// On a processor: jobs at work from which on no further chunk is begun. Every row pays for everybody's cells there, and
/// more rows hardly make a step slower or faster (docs/performance.md).
const ENOUGH: usize = 8;
/// And down to how many they have to fall before chunks are begun again: reading is fastest while few cells are in use.
const FEW: usize = 2;
/// Sequences beside those of the jobs: one for what all are told first, the others for chunks.
const BESIDE: usize = 5;
/// How often it is told how busy the engine is.
const SAMPLE: Duration = Duration::from_secs(1);
/// Symbols of the three texts of an answer.
const LIMITS: Limits = Limits { explanation: 600, citation: 1200, answer: 1200 };

/// What a job is while the engine has it.
struct Open {
    chunk: u64,
    /// What comes after the chunk, up to where the job begins to choose.
    suffix: Vec<LlamaToken>,
    /// Tokens of its prompt.
    input: u64,
    voice: Voice,
    /// How many tokens of the suffix begin its answer.
    opening: usize,
    /// What it wrote beyond the suffix, thoughts included.
    output: Vec<LlamaToken>,
    max_output: usize,
    shared: u64,
}

/// Loads the model and works until the commands end. The error is a sentence for the person.
pub fn serve(
    options: &Options,
    commands: &Receiver<Command>,
    tell: &mut dyn FnMut(Event),
    progress: impl FnMut(f32) -> bool + 'static,
) -> Result<(), String> {
    let wanted = Wanted {
        file: &options.model,
        kv_type: options.kv_type,
        context_tokens: options.context_tokens,
        gpu_layers: options.gpu_layers,
        left_bytes: options.left_bytes,
        log: "engine.log",
    };
    let loaded = load(&wanted, progress)?;
    let model = &loaded.model;
    if model.is_recurrent() || model.is_hybrid() {
        return Err(format!(
            "{} is a recurrent model, whose memory of a chunk cannot be shared by jobs: use another",
            options.model.display()
        ));
    }
    let engine = Engine::of(options, &loaded.backend, model, capacity(options, loaded.on_gpu()))?;
    let parallel = engine.capacity.live as u32;
    tell(Event::Ready { note: note(model, options, &engine.capacity, loaded.layers), parallel });
    engine.run(commands, tell)
}

/// What is planned with. A GPU is fastest with many jobs at once, a processor with few cells in use (docs/performance.md).
fn capacity(options: &Options, on_gpu: bool) -> Capacity {
    let cells = cells(options.context_tokens) as usize;
    let parallel = match (options.parallel, on_gpu) {
        (0, true) => 64,
        (0, false) => 16,
        (asked, _) => asked as usize,
    };
    // Where the person says how many, the device is busy enough with no fewer.
    let enough = if on_gpu || options.parallel > 0 { parallel } else { ENOUGH };
    let (mixed, few, kept) = if on_gpu { (BATCH / 2, parallel - 1, 64) } else { (0, FEW.min(parallel - 1), 0) };
    let sequences = parallel + BESIDE;
    Capacity { cells, sequences, live: parallel, batch: BATCH.max(sequences), mixed, enough, few, kept }
}

fn context_params(options: &Options, capacity: &Capacity) -> LlamaContextParams {
    let kind = match options.kv_type {
        KvType::F16 => KvCacheType::F16,
        KvType::Q8_0 => KvCacheType::Q8_0,
    };
    // `llama_flash_attn_type` of llama.h.
    let flash = match options.flash_attention {
        FlashAttention::Auto => -1,
        FlashAttention::Off => 0,
        FlashAttention::On => 1,
    };
    LlamaContextParams::default()
        .with_flash_attention_policy(flash)
        .with_n_ctx(NonZeroU32::new(capacity.cells as u32))
        .with_n_batch(capacity.batch as u32)
        .with_n_ubatch(capacity.batch as u32)
        .with_n_seq_max(capacity.sequences as u32)
        // One cache for all, so that cells can be shared.
        .with_kv_unified(true)
        .with_type_k(kind)
        .with_type_v(kind)
        .with_n_threads(threads(options.threads))
        .with_n_threads_batch(threads(options.threads))
}

fn note(model: &LlamaModel, options: &Options, capacity: &Capacity, layers: Option<Layers>) -> String {
    let devices = llama_cpp_2::list_llama_ggml_backend_devices();
    let names: Vec<String> = devices.iter().map(|device| device.description.trim().to_owned()).collect();
    let layers =
        layers.map(|layers| format!(", {} of {} layers on the GPU", layers.fit, layers.all)).unwrap_or_default();
    format!(
        "{} million parameters, {} MB, on {}{layers}; {} tokens of context for {} jobs at once, {} threads",
        model.n_params() / 1_000_000,
        model.size() >> 20,
        names.join(" and "),
        capacity.cells,
        capacity.live,
        threads(options.threads)
    )
}

struct Engine<'a> {
    options: &'a Options,
    model: &'a LlamaModel,
    capacity: Capacity,
    /// Tokens of one prompt and its answer that the model was made for.
    trained: usize,
    prompts: Prompts,
    thinking: Option<Thinking>,
    words: Words,
    spelling: Spelling<'a>,
    context: LlamaContext<'a>,
    batch: LlamaBatch<'a>,
    scheduler: Scheduler,
    jobs: HashMap<Job, Open>,
    chunks: HashMap<u64, ChunkTokens>,
    pace: Pace,
}

/// A chunk's part of the prompt, kept while jobs on it are open.
struct ChunkTokens {
    tokens: Vec<LlamaToken>,
    /// Its words, where citations are held to them.
    words: Option<Arc<Substrings>>,
    users: usize,
    /// Whether a job on it was given the full price of reading it.
    read: bool,
}

impl<'a> Engine<'a> {
    fn of(
        options: &'a Options,
        backend: &LlamaBackend,
        model: &'a LlamaModel,
        capacity: Capacity,
    ) -> Result<Self, String> {
        let file = options.model.display();
        let prompts = Prompts::of(model, options.thinking_tokens > 0).map_err(|error| format!("{file}: {error}"))?;
        let end = prompts.end_of_thoughts(model);
        let thinking = end.map(|end| Thinking { most: options.thinking_tokens as usize, end: end.into() });
        let context = model.new_context(backend, context_params(options, &capacity)).map_err(|error| {
            format!(
                "llama.cpp makes no context of {} tokens with {file} ({error}): lower local.context_tokens; engine.log in the \
                 log folder says more",
                capacity.cells
            )
        })?;
        let scheduler = Scheduler::new(capacity, prompts.head().len());
        Ok(Self {
            options,
            model,
            capacity,
            trained: model.n_ctx_train() as usize,
            prompts,
            thinking,
            words: Words::of(model),
            spelling: Spelling::of(model),
            context,
            batch: LlamaBatch::new(capacity.batch, capacity.sequences as i32),
            scheduler,
            jobs: HashMap::new(),
            chunks: HashMap::new(),
            pace: Pace::default(),
        })
    }

    fn run(mut self, commands: &Receiver<Command>, tell: &mut dyn FnMut(Event)) -> Result<(), String> {
        let mut told = Instant::now();
        loop {
            if self.take_commands(commands, tell) == Goes::Away {
                return Ok(());
            }
            let step = self.scheduler.plan(self.pace.prompt_tokens_of_a_step());
            let freed = !step.released.is_empty();
            let written = self.evaluate(&step)?;
            let done = self.write(&written);
            if told.elapsed() >= SAMPLE || (freed && told.elapsed() >= SAMPLE / 10) || !self.scheduler.has_jobs() {
                told = Instant::now();
                tell(Event::Sample(self.pace.sample(&self.scheduler.gauge(), &self.capacity)));
            }
            // After the sample, which so counts what is told.
            done.into_iter().for_each(&mut *tell);
        }
    }

    /// All commands that are there; waits for one where there is nothing else to do.
    fn take_commands(&mut self, commands: &Receiver<Command>, tell: &mut dyn FnMut(Event)) -> Goes {
        loop {
            let command = if self.scheduler.is_idle() {
                match commands.recv_timeout(Duration::from_secs(3600)) {
                    Ok(command) => {
                        self.pace.resume();
                        command
                    }
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return Goes::Away,
                }
            } else {
                match commands.try_recv() {
                    Ok(command) => command,
                    Err(TryRecvError::Empty) => return Goes::On,
                    Err(TryRecvError::Disconnected) => return Goes::Away,
                }
            };
            match command {
                Command::Load(_) | Command::LoadEmbedding(_) | Command::Embed(_) => {}
                Command::Cancel { id } => self.close(id),
                Command::Job(work) => {
                    let id = work.id;
                    if let Err(message) = self.open(work) {
                        tell(Event::JobFailed { id, message });
                    }
                }
            }
        }
    }

    fn open(&mut self, work: Work) -> Result<(), String> {
        let Parts { chunk, task, prefix, mut suffix } = self.prompts.parts(self.model, &work);
        let limit = self.trained.min(self.capacity.cells);
        let max_output = (work.max_output_tokens as usize).max(1);
        let thoughts = self.thinking.as_ref().map_or(0, |thinking| thinking.most + thinking.end.len());
        let output = thoughts + max_output;
        let needed = prefix.len() + suffix.len() + output;
        if needed > limit {
            return Err(format!(
                "this job needs {needed} tokens with its answer, and the model has room for {limit}: make chunks smaller, \
                 lower local.max_output_tokens or local.thinking_tokens, or raise local.context_tokens"
            ));
        }
        let input = (prefix.len() + suffix.len()) as u64;
        let words = self.words_of_chunk(chunk, &work);
        let constraint = match &words {
            Some(words) => Constraint::citing(LIMITS, words.clone()),
            None => Constraint::new(LIMITS),
        };
        let thinking = self.thinking.clone();
        let mut voice = Voice::new(constraint, self.options.temperature, work.sample, max_output, thinking);
        let opening = voice.opening(&self.words, &mut |bytes| self.spelling.tokens(bytes, &self.words));
        // There is always a token to be written, so the answer is not read to its end with the prompt.
        let output = output.saturating_sub(opening.len()).max(1);
        suffix.extend(&opening);
        let opening = opening.len();
        let ask = Ask { job: work.id, chunk, task, prefix: prefix.len(), suffix: suffix.len(), opening, output };
        self.scheduler.submit(ask).map_err(|long| format!("this job needs {} cells of {}", long.needed, long.cells))?;
        let entry = self.chunks.entry(chunk).or_insert(ChunkTokens { tokens: prefix, words, users: 0, read: false });
        entry.users += 1;
        let shared = if entry.read { entry.tokens.len() as u64 } else { 0 };
        entry.read = true;
        let open = Open { chunk, input, suffix, opening, voice, output: Vec::new(), max_output, shared };
        self.jobs.insert(work.id, open);
        Ok(())
    }

    /// The words that a citation is held to, where it is; of a chunk that others are on, theirs.
    fn words_of_chunk(&self, chunk: u64, work: &Work) -> Option<Arc<Substrings>> {
        if !self.options.quote_only {
            return None;
        }
        let known = self.chunks.get(&chunk).and_then(|chunk| chunk.words.clone());
        let read = || prompts::read_data(&work.excerpt, "excerpt").unwrap_or_default();
        Some(known.unwrap_or_else(|| Arc::new(Substrings::new(&read()))))
    }

    fn close(&mut self, id: Job) {
        self.scheduler.end(id);
        let Some(job) = self.jobs.remove(&id) else { return };
        if let Some(chunk) = self.chunks.get_mut(&job.chunk) {
            chunk.users -= 1;
            if chunk.users == 0 {
                self.chunks.remove(&job.chunk);
            }
        }
    }

    /// Evaluates a step; the result is which row of its output tells which job's next token.
    fn evaluate(&mut self, step: &Step) -> Result<Vec<(i32, Job)>, String> {
        let cache = |error| format!("llama.cpp refused a sequence of its cache ({error}); please report it");
        for sequence in &step.released {
            self.context.clear_kv_cache_seq(Some(*sequence as u32), None, None).map_err(cache)?;
        }
        for share in &step.shares {
            self.context.kv_cache_seq_cp(share.from, share.to, None, None).map_err(cache)?;
        }
        if step.runs.is_empty() {
            return Ok(Vec::new());
        }
        self.batch.clear();
        let mut tells = Vec::new();
        for run in &step.runs {
            let tokens: &[LlamaToken] = match run.source {
                Source::Head => self.prompts.head(),
                Source::Prefix(chunk) => self.chunks.get(&chunk).map_or(&[], |chunk| &chunk.tokens),
                Source::Suffix(job) => self.jobs.get(&job).map_or(&[], |job| &job.suffix),
                Source::Output(job) => self.jobs.get(&job).map_or(&[], |job| &job.output),
            };
            let Some(tokens) = tokens.get(run.start..run.start + run.length) else {
                return Err("the engine lost the tokens of a job; please report it".into());
            };
            for (index, token) in tokens.iter().enumerate() {
                let last = index + 1 == run.length && !run.tells.is_empty();
                if last {
                    tells.extend(run.tells.iter().map(|job| (self.batch.n_tokens(), *job)));
                }
                self.batch
                    .add(*token, (run.position + index) as i32, &run.sequences, last)
                    .map_err(|error| format!("a step was larger than its batch ({error}); please report it"))?;
            }
        }
        let begun = Instant::now();
        self.context.decode(&mut self.batch).map_err(|error| {
            format!("llama.cpp could not evaluate a step ({error}): see engine.log in the log folder")
        })?;
        self.context.synchronize();
        self.pace.evaluated(step, begun.elapsed());
        Ok(tells)
    }

    /// Chooses the next token of every job that the step told one for. The result is the answers that are whole.
    fn write(&mut self, tells: &[(i32, Job)]) -> Vec<Event> {
        let begun = Instant::now();
        let (mut open, mut wishes) = (Vec::new(), Vec::new());
        for (row, id) in tells {
            let Some(job) = self.jobs.get(id) else { continue };
            open.push(id);
            wishes.push((job.voice.wish(), self.context.get_logits_ith(*row)));
        }
        let lists = shortlist::all(&wishes, &self.words, threads(self.options.threads) as usize);
        let (mut done, mut written) = (Vec::new(), 0);
        for (id, likeliest) in open.into_iter().zip(lists) {
            let Some(job) = self.jobs.get_mut(id) else { continue };
            let mut tokens = 0;
            let mut spell = |bytes: &[u8]| self.spelling.tokens(bytes, &self.words);
            let finish = match job.voice.say(likeliest, &self.words, &mut spell) {
                Some(said) => {
                    tokens = said.len();
                    // Its opening was evaluated before, and counts with the first.
                    written += if job.output.is_empty() { job.opening } else { 0 };
                    job.output.extend(said);
                    if job.voice.is_done() {
                        Some(Finish::Stop)
                    } else if job.voice.tokens().len() >= job.max_output {
                        Some(Finish::Length)
                    } else {
                        None
                    }
                }
                // No token of this vocabulary can follow: what is there stays as it is.
                None => Some(Finish::Length),
            };
            written += tokens;
            let Some(finish) = finish else {
                self.scheduler.wrote(*id, tokens);
                continue;
            };
            done.push(Event::Done(Answered {
                id: *id,
                text: job.voice.text(),
                finish,
                input_tokens: job.input,
                shared_tokens: job.shared,
                output_tokens: (job.voice.thought() + job.voice.tokens().len()) as u64,
                reasoning_tokens: job.voice.thought() as u64,
            }));
            self.close(*id);
        }
        self.pace.wrote(written, begun.elapsed());
        done
    }
}

#[derive(PartialEq, Eq)]
enum Goes {
    On,
    Away,
}

#[cfg(test)]
mod tests;
