//! The loop that owns an embedding model and its context: takes texts, evaluates as many windows at once as fit, gives one
//! vector for each text.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::load::{Wanted, load, threads};
use super::windows::{Step, add, normalise, windows};
use super::wire::{Command, EmbeddingOptions, Event, KvType, Texts, Vectors};
use crate::protocol::EngineSample;

/// Tokens of the longest window, also where the model could read more: chunks are seldom longer.
const WINDOW: usize = 2048;
/// Tokens of a step on a processor. Attention is computed between all tokens of a step, so larger ones are no faster there.
const TOKENS: usize = 512;
/// And on a GPU, which only many tokens keep busy.
const TOKENS_ON_GPU: usize = 4096;
const SEQUENCES: usize = 64;
/// How often it is told that work goes on.
const ALIVE: Duration = Duration::from_secs(1);

/// Loads the model and works until the commands end. The error is a sentence for the person.
pub fn serve(
    options: &EmbeddingOptions,
    commands: &Receiver<Command>,
    tell: &mut dyn FnMut(Event),
    progress: impl FnMut(f32) -> bool + 'static,
) -> Result<(), String> {
    let wanted = Wanted {
        file: &options.model,
        kv_type: KvType::F16,
        context_tokens: WINDOW as u32,
        gpu_layers: options.gpu_layers,
        left_bytes: 0,
        log: "embedding.log",
    };
    let loaded = load(&wanted, progress)?;
    let model = &loaded.model;
    let step = Step { tokens: if loaded.on_gpu() { TOKENS_ON_GPU } else { TOKENS }, sequences: SEQUENCES };
    let embedding = Embedding::of(options, &loaded.backend, model, step)?;
    tell(Event::Ready {
        note: format!(
            "{} million parameters, {} MB, vectors of {} numbers, windows of {} tokens, {} threads",
            model.n_params() / 1_000_000,
            model.size() >> 20,
            model.n_embd(),
            embedding.window,
            threads(options.threads)
        ),
        parallel: 0,
    });
    embedding.run(commands, tell)
}

struct Embedding<'a> {
    model: &'a LlamaModel,
    context: LlamaContext<'a>,
    batch: LlamaBatch<'a>,
    step: Step,
    /// Tokens of a window, with what the model wants around every text.
    window: usize,
    head: Vec<LlamaToken>,
    tail: Vec<LlamaToken>,
    waiting: VecDeque<Window>,
    open: HashMap<u64, Open>,
}

/// A part of a text that waits to be read.
struct Window {
    texts: u64,
    text: usize,
    tokens: Vec<LlamaToken>,
}

/// Texts whose vectors are wanted together.
struct Open {
    sums: Vec<Vec<f32>>,
    windows: usize,
}

impl<'a> Embedding<'a> {
    fn of(
        options: &EmbeddingOptions,
        backend: &LlamaBackend,
        model: &'a LlamaModel,
        step: Step,
    ) -> Result<Self, String> {
        let file = options.model.display();
        let window = WINDOW.min(model.n_ctx_train() as usize);
        let (head, tail) =
            around(model).ok_or_else(|| format!("{file}: its tokenizer cannot be used; take another file"))?;
        if window <= head.len() + tail.len() {
            return Err(format!("{file} reads {window} tokens at once, which is no text; take another model"));
        }
        let tokens = step.tokens.max(window) as u32;
        let cores = threads(options.threads);
        let params = LlamaContextParams::default()
            .with_embeddings(true)
            .with_n_ctx(NonZeroU32::new(tokens))
            // A model without causal attention reads a step in one piece.
            .with_n_batch(tokens)
            .with_n_ubatch(tokens)
            .with_n_seq_max(step.sequences as u32)
            .with_kv_unified(true)
            .with_n_threads(cores)
            .with_n_threads_batch(cores);
        let context = model
            .new_context(backend, params)
            .map_err(|error| format!("no room to embed with {file} ({error}): take a smaller local.embedding_model"))?;
        let batch = LlamaBatch::new(tokens as usize, 1);
        Ok(Self { model, context, batch, step, window, head, tail, waiting: VecDeque::new(), open: HashMap::new() })
    }

    fn run(mut self, commands: &Receiver<Command>, tell: &mut dyn FnMut(Event)) -> Result<(), String> {
        let mut told = Instant::now();
        while self.take_commands(commands, tell) {
            let lengths = self.waiting.iter().map(|window| window.tokens.len());
            let now: Vec<Window> = self.waiting.drain(..self.step.take(lengths)).collect();
            if now.is_empty() {
                continue;
            }
            self.evaluate(&now)?;
            now.iter().for_each(|window| self.close(window.texts, tell));
            if told.elapsed() >= ALIVE {
                told = Instant::now();
                tell(Event::Sample(EngineSample::default()));
            }
        }
        Ok(())
    }

    /// All commands that are there; waits for one where there is nothing else to do. False where there will be none.
    fn take_commands(&mut self, commands: &Receiver<Command>, tell: &mut dyn FnMut(Event)) -> bool {
        loop {
            let command = match self.waiting.is_empty() {
                true => commands.recv().ok(),
                false => match commands.try_recv() {
                    Ok(command) => Some(command),
                    Err(TryRecvError::Empty) => return true,
                    Err(TryRecvError::Disconnected) => None,
                },
            };
            match command {
                None => return false,
                Some(Command::Embed(texts)) => self.open(texts, tell),
                Some(Command::Cancel { id }) => {
                    self.open.remove(&id);
                    self.waiting.retain(|window| window.texts != id);
                }
                Some(Command::Load(_) | Command::LoadEmbedding(_) | Command::Job(_)) => {}
            }
        }
    }

    fn open(&mut self, Texts { id, texts }: Texts, tell: &mut dyn FnMut(Event)) {
        let most = self.window - self.head.len() - self.tail.len();
        let before = self.waiting.len();
        for (text, words) in texts.iter().enumerate() {
            // A document's words are never read as control tokens.
            let tokens = self.model.vocab().tokenize(words.as_bytes(), false, false);
            for part in windows(tokens.len(), most) {
                let tokens = [&self.head, tokens.get(part).unwrap_or_default(), &self.tail].concat();
                if !tokens.is_empty() {
                    self.waiting.push_back(Window { texts: id, text, tokens });
                }
            }
        }
        let windows = self.waiting.len() - before;
        self.open.insert(id, Open { sums: vec![Vec::new(); texts.len()], windows });
        if windows == 0 {
            self.finish(id, tell);
        }
    }

    fn evaluate(&mut self, now: &[Window]) -> Result<(), String> {
        self.batch.clear();
        self.context.clear_kv_cache();
        for (sequence, window) in now.iter().enumerate() {
            for (position, token) in window.tokens.iter().enumerate() {
                self.batch
                    .add(*token, position as i32, &[sequence as i32], true)
                    .map_err(|error| format!("a step was larger than its batch ({error}); please report it"))?;
            }
        }
        self.context.decode(&mut self.batch).map_err(|error| {
            format!("llama.cpp could not evaluate a step ({error}): see embedding.log in the log folder")
        })?;
        self.context.synchronize();
        for (sequence, window) in now.iter().enumerate() {
            let vector = self.context.embeddings_seq_ith(sequence as i32);
            let mut vector = vector.map_err(|error| format!("the model gave no vector for a text ({error})"))?.to_vec();
            if normalise(&mut vector)
                && let Some(open) = self.open.get_mut(&window.texts)
                && let Some(sum) = open.sums.get_mut(window.text)
            {
                add(sum, &vector);
            }
        }
        Ok(())
    }

    /// One window of these texts was read.
    fn close(&mut self, texts: u64, tell: &mut dyn FnMut(Event)) {
        let Some(open) = self.open.get_mut(&texts) else { return };
        open.windows = open.windows.saturating_sub(1);
        if open.windows == 0 {
            self.finish(texts, tell);
        }
    }

    fn finish(&mut self, id: u64, tell: &mut dyn FnMut(Event)) {
        let Some(Open { sums: mut vectors, .. }) = self.open.remove(&id) else { return };
        for vector in &mut vectors {
            if !normalise(vector) {
                vector.clear();
            }
        }
        tell(Event::Embedded(Vectors { id, vectors }));
    }
}

/// The tokens that the model wants before and behind every text.
fn around(model: &LlamaModel) -> Option<(Vec<LlamaToken>, Vec<LlamaToken>)> {
    let vocab = model.vocab();
    let (bare, whole) = (vocab.tokenize(b"a", false, false), vocab.tokenize(b"a", true, false));
    if bare.is_empty() {
        return None;
    }
    let at = whole.windows(bare.len()).position(|part| part == bare)?;
    Some((whole[..at].to_vec(), whole[at + bare.len()..].to_vec()))
}
