//! llama.cpp on this machine, in processes of its own: one answers jobs, every job in one batch and every chunk read once;
//! one embeds texts.
//!
//! Why a process: llama.cpp ends its process where something is wrong inside (a failed assertion, a device without memory).
//! So that costs the jobs it had, and not the session. It costs a line of JSON a job and a few megabytes besides the model.

#[cfg(feature = "llama")]
pub mod backends;
#[cfg(feature = "llama")]
mod child;
#[cfg(feature = "llama")]
pub mod constraint;
#[cfg(feature = "llama")]
mod embed;
pub(super) mod embedding;
#[cfg(feature = "llama")]
mod engine;
#[cfg(feature = "llama")]
mod load;
#[cfg(feature = "llama")]
mod pace;
mod process;
#[cfg(feature = "llama")]
mod prompt;
#[cfg(feature = "llama")]
mod schedule;
#[cfg(feature = "llama")]
pub mod shortlist;
#[cfg(feature = "llama")]
pub(super) mod template;
#[cfg(feature = "llama")]
mod voice;
#[cfg(feature = "llama")]
mod windows;
mod wire;
#[cfg(feature = "llama")]
pub mod words;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

#[cfg(feature = "llama")]
pub use child::child_main;
pub(super) use wire::EmbeddingOptions;

use self::process::{Order, Supervisor, Watched, asked};
use self::wire::{Command, Options, Work};
use super::chosen::{chosen, chosen_embedding};
use super::{JobError, JobRequest, LocalError, LocalLm, fit, gguf};
use crate::config::LocalConfig;
use crate::protocol::{EngineSample, ModelInfo, Usage, WorkerReply, prompts};

/// What records call it.
pub const PROVIDER: &str = "llama-cpp";

/// What the engine's process is called with; no command of a person.
pub const SUBCOMMAND: &str = "__engine";

/// Jobs handed over beyond those that run, so that the engine can put jobs on the same chunk together.
const AHEAD: usize = 32;
const PARALLEL: usize = 16;

/// What is said where the settings let a model think that does not.
const NO_THOUGHTS: &str = "local.thinking_tokens has no effect: this model's chat template knows no thoughts";
/// What is said where samples cannot differ.
const ALL_ALIKE: &str = "samples of one job are alike at local.temperature 0: raise it, or take one sample";

/// The engine, started with the first word to it and started again where it ended.
pub struct LlamaLocal {
    model: String,
    orders: mpsc::Sender<Order<Work>>,
    watched: Arc<Watched>,
    max_in_flight: usize,
    context_tokens: u32,
    /// Whether answers depend on chance, and so samples can differ.
    by_chance: bool,
    told_of_samples: AtomicBool,
    remarks: Mutex<Vec<String>>,
}

/// Tokens of a job besides window and answer: what every worker is told, the task, and what was said before.
const AROUND: u64 = 1_500;
/// Characters that a token has at least in most texts; fewer only where they are all figures, or not Latin.
const CHARS_A_TOKEN: u64 = 3;

impl LlamaLocal {
    /// Looks at the settings and starts loading the model, while the remote LM plans. Needs a tokio runtime.
    pub fn start(config: &LocalConfig, program: &Path, log: Option<PathBuf>) -> Result<Self, LocalError> {
        if cfg!(not(feature = "llama")) {
            return Err(LocalError {
                message:
                    "this program was built without the local engine: build it with the cargo feature llama, or set \
                          local.provider to openai or extractive"
                        .into(),
            });
        }
        let path = chosen(config).map_err(|error| LocalError { message: error.to_string() })?;
        let path = path.canonicalize().map_err(|error| LocalError {
            message: format!("local.model: {:?} could not be found any more ({error}): check the path", path),
        })?;
        let options = Options {
            model: path.clone(),
            context_tokens: config.context_tokens,
            parallel: config.parallel,
            threads: config.threads,
            gpu_layers: config.gpu_layers,
            left_bytes: chosen_embedding(config).map_or(0, |(_, info)| fit::of_embedding(&info)),
            kv_type: config.kv_type,
            flash_attention: config.flash_attention,
            temperature: config.temperature.max(0.0),
            quote_only: config.quote_only,
            thinking_tokens: config.thinking_tokens,
        };
        let parallel = if config.parallel == 0 { PARALLEL } else { config.parallel as usize };
        let max_in_flight = parallel + AHEAD;
        let (orders, order_receiver) = mpsc::channel(max_in_flight);
        let watched = Arc::new(Watched::default());
        let silence = Duration::from_secs(config.timeout_s);
        let supervisor = Supervisor::new(program.to_owned(), Command::Load(options), log, silence, watched.clone());
        tokio::spawn(supervisor.run(order_receiver));
        let info = gguf::read(&path).ok();
        let context_tokens = context_tokens(config, info.as_ref());
        let idle = config.thinking_tokens > 0 && !info.as_ref().is_some_and(reasons);
        let remarks = Mutex::new(idle.then(|| NO_THOUGHTS.to_owned()).into_iter().collect());
        let by_chance = config.temperature > 0.0;
        Ok(Self {
            model: name_of(&path),
            orders,
            watched,
            max_in_flight,
            context_tokens,
            by_chance,
            told_of_samples: AtomicBool::default(),
            remarks,
        })
    }

    /// Says it once in the life of this reader.
    fn remark(&self, said: &AtomicBool, text: &str) {
        if !said.swap(true, Ordering::Relaxed) {
            self.remarks.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
        }
    }
}

#[cfg(feature = "llama")]
fn reasons(info: &gguf::GgufInfo) -> bool {
    info.chat_template.as_deref().is_some_and(template::reasons)
}

#[cfg(not(feature = "llama"))]
fn reasons(_info: &gguf::GgufInfo) -> bool {
    false
}

/// Characters of a window that the model of the settings has room for; nothing where its file cannot be read.
pub fn room_for(config: &LocalConfig) -> Option<usize> {
    let info = gguf::read(&chosen(config).ok()?).ok()?;
    window(context_tokens(config, Some(&info)), config.max_output_tokens)
}

/// The name of the model that the settings choose, as it is recorded; as it is written there where no file is found.
pub fn name(config: &LocalConfig) -> String {
    let path = chosen(config).ok().and_then(|path| path.canonicalize().ok());
    path.map_or_else(|| config.model.clone(), |path| name_of(&path))
}

fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// Tokens that a job may take: what the settings say, as far as the model was trained for so many.
fn context_tokens(config: &LocalConfig, model: Option<&gguf::GgufInfo>) -> u32 {
    let trained = model.and_then(|info| info.context_length).and_then(|tokens| u32::try_from(tokens).ok());
    fit::cells(config.context_tokens).min(trained.unwrap_or(u32::MAX))
}

fn window(context_tokens: u32, max_output_tokens: u64) -> Option<usize> {
    let context = u64::from(context_tokens);
    let room = context.saturating_sub(max_output_tokens + AROUND).max(context / 4);
    usize::try_from(room * CHARS_A_TOKEN).ok()
}

impl LocalLm for LlamaLocal {
    fn info(&self) -> ModelInfo {
        ModelInfo { provider: PROVIDER.into(), model: self.model.clone(), is_model: true, price: None }
    }

    fn max_in_flight(&self) -> usize {
        self.max_in_flight.max(self.watched.parallel() + AHEAD)
    }

    fn remarks(&self) -> Vec<String> {
        std::mem::take(&mut self.remarks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn window_chars(&self, max_output_tokens: u64) -> Option<usize> {
        window(self.context_tokens, max_output_tokens)
    }

    fn engine(&self) -> Option<EngineSample> {
        self.watched.sample()
    }

    fn execute(&self, job: JobRequest) -> BoxFuture<'_, Result<WorkerReply, JobError>> {
        Box::pin(async move {
            if job.sample > 0 && !self.by_chance {
                self.remark(&self.told_of_samples, ALL_ALIKE);
            }
            let parts = prompts::worker_parts(job.chunk.as_str(), &job.task, &job.advice);
            let work = Work {
                id: 0,
                excerpt: parts.excerpt,
                task: parts.task,
                sample: job.sample,
                max_output_tokens: u32::try_from(job.max_output_tokens).unwrap_or(u32::MAX),
            };
            let answered = asked(&self.orders, &self.watched, work).await?;
            Ok(WorkerReply {
                text: answered.text,
                finish: answered.finish,
                usage: Usage {
                    input_tokens: answered.input_tokens,
                    cached_input_tokens: answered.shared_tokens,
                    output_tokens: answered.output_tokens,
                    reasoning_tokens: answered.reasoning_tokens,
                    ..Usage::default()
                },
                useless: Usage::default(),
            })
        })
    }
}
