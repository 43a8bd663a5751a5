//! What it costs to hold an answer to its form: the engine's own automaton, llama.cpp's grammars (GBNF), and llguidance.
//!
//! `cargo bench --bench constraint -- --model M.gguf` takes the vocabulary from the model and writes answers by made-up
//! likings, once for a model that wants to write the form by itself, and once for one that wants anything. It prints
//! microseconds a token, choosing the likeliest included, and what beginning an answer takes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;
use llguidance::api::TopLevelGrammar;
use llguidance::toktrie::{ApproximateTokEnv, TokEnv, TokRxInfo, TokTrie};
use llguidance::{Matcher, ParserFactory};
use minions::local::llama::constraint::{Constraint, Limits, Substrings};
use minions::local::llama::shortlist::Wish;
use minions::local::llama::words::Words;
use serde_json::{Value, json};

const LIMITS: Limits = Limits { explanation: 600, citation: 1200, answer: 1200 };
const CHUNK: &str = include_str!("../src/commands/samples/opm-annual-performance-report-fy2019.txt");
const CHUNK_BYTES: usize = 3600;
const ANSWER: &str = r#"{"explanation": "The excerpt names the figure in its second sentence.", "citation": null, "answer": "12 percent"}"#;
/// The form without bounds on its texts, with which llama.cpp's grammars become too large to load.
const GBNF: &str = r#"
root ::= "{\"explanation\": " text ", \"citation\": " ( text | "null" ) ", \"answer\": " ( text | "null" ) "}"
text ::= "\"" ( [^"\\\x00-\x1f] | "\\" ( ["\\/bfnrt] | "u" [0-9a-fA-F]{4} ) )* "\""
"#;

#[derive(Parser)]
struct Options {
    #[arg(long)]
    model: PathBuf,
    #[arg(long, default_value_t = 20)]
    answers: usize,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Something that chooses the likeliest token that may follow.
trait Holder {
    fn next(&mut self, likings: &[f32]) -> Option<LlamaToken>;
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let mut backend = LlamaBackend::init()?;
    backend.void_logs();
    let params = LlamaModelParams::default().with_vocab_only(true);
    let model = LlamaModel::load_from_file(&backend, &options.model, &params)?;
    let words = Words::of(&model);
    let factory = ParserFactory::new_simple(&trie(&model, &words))?;
    let schema = schema();
    let chunk: Arc<Substrings> = Arc::new(Substrings::new(&CHUNK[..CHUNK_BYTES]));
    let begun = Instant::now();
    (0..options.answers).for_each(|_| drop(Substrings::new(&CHUNK[..CHUNK_BYTES])));
    println!("words of a chunk of {CHUNK_BYTES} bytes: {:?}", begun.elapsed() / options.answers as u32);
    let wanted = model.vocab().tokenize(ANSWER.as_bytes(), false, false);
    println!("{} tokens in the vocabulary, {} in the answer\n", model.n_vocab(), wanted.len());
    println!("| held by | begin an answer | µs a token, willing | µs a token, anything |\n|---|---|---|---|");
    type Begin<'a> = Box<dyn Fn() -> Box<dyn Holder + 'a> + 'a>;
    let sides: [(&str, Begin<'_>); 6] = [
        ("the engine's automaton", Box::new(|| Box::new(Own { form: Constraint::new(LIMITS), words: &words }))),
        (
            "the same, citing the chunk only",
            Box::new(|| Box::new(Own { form: Constraint::citing(LIMITS, chunk.clone()), words: &words })),
        ),
        ("GBNF, whole vocabulary", Box::new(|| Box::new(Gbnf::new(&model, false)))),
        ("GBNF, the likeliest token first", Box::new(|| Box::new(Gbnf::new(&model, true)))),
        ("llguidance, whole vocabulary", Box::new(|| Box::new(Guidance::new(&factory, &schema, false)))),
        ("llguidance, the likeliest token first", Box::new(|| Box::new(Guidance::new(&factory, &schema, true)))),
    ];
    for (name, begin) in sides {
        let willing = measure(&*begin, &options, model.n_vocab() as usize, |step| wanted.get(step).copied());
        let any = measure(&*begin, &options, model.n_vocab() as usize, |_| None);
        println!("| {name} | {:?} | {:.1} | {:.1} |", willing.begin, willing.micros(), any.micros());
    }
    Ok(())
}

struct Taken {
    begin: Duration,
    choosing: Duration,
    tokens: usize,
}

impl Taken {
    fn micros(&self) -> f64 {
        self.choosing.as_secs_f64() * 1e6 / self.tokens as f64
    }
}

/// Writes answers; `want` is the token that the model likes best at a step.
fn measure<'a>(
    begin: &(dyn Fn() -> Box<dyn Holder + 'a> + 'a),
    options: &Options,
    vocabulary: usize,
    want: impl Fn(usize) -> Option<LlamaToken>,
) -> Taken {
    let mut taken = Taken { begin: Duration::ZERO, choosing: Duration::ZERO, tokens: 0 };
    for answer in 0..options.answers {
        let started = Instant::now();
        let mut holder = begin();
        taken.begin += started.elapsed() / options.answers as u32;
        for step in 0..32 {
            let mut likings = likings(vocabulary, answer * 64 + step);
            if let Some(token) = want(step) {
                likings[token.0 as usize] = 9.0;
            }
            let started = Instant::now();
            let Some(_) = holder.next(&likings) else { break };
            taken.choosing += started.elapsed();
            taken.tokens += 1;
        }
    }
    taken
}

/// Numbers below 1 in no order.
fn likings(vocabulary: usize, seed: usize) -> Vec<f32> {
    let mut state = seed as u64 + 1;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    std::iter::repeat_with(next).take(vocabulary).collect()
}

fn likeliest(likings: &[f32], allowed: impl Fn(usize) -> bool) -> Option<usize> {
    let mut best = None;
    let mut most = f32::NEG_INFINITY;
    for (id, liking) in likings.iter().enumerate() {
        if *liking > most && allowed(id) {
            (best, most) = (Some(id), *liking);
        }
    }
    best
}

struct Own<'a> {
    form: Constraint,
    words: &'a Words,
}

impl Holder for Own<'_> {
    fn next(&mut self, likings: &[f32]) -> Option<LlamaToken> {
        let found = Wish { constraint: Some(&self.form), count: 1 }.of(likings, self.words);
        let token = found.first()?.id();
        self.form.take(self.words.of_token(token)).then_some(token)
    }
}

struct Gbnf {
    grammar: Option<LlamaSampler>,
    likeliest_first: bool,
}

impl Gbnf {
    fn new(model: &LlamaModel, likeliest_first: bool) -> Self {
        Self { grammar: LlamaSampler::grammar(model, GBNF, "root").ok(), likeliest_first }
    }
}

impl Holder for Gbnf {
    fn next(&mut self, likings: &[f32]) -> Option<LlamaToken> {
        let grammar = self.grammar.as_mut()?;
        let one = |id: usize| LlamaTokenData::new(LlamaToken(id as i32), likings[id], 0.0);
        let mut chosen = None;
        if self.likeliest_first {
            let mut first = LlamaTokenDataArray::new(vec![one(likeliest(likings, |_| true)?)], false);
            first.apply_sampler(grammar);
            chosen = first.data.first().filter(|first| first.logit().is_finite()).map(LlamaTokenData::id);
        }
        let token = match chosen {
            Some(token) => token,
            None => {
                let mut all = LlamaTokenDataArray::new((0..likings.len()).map(one).collect(), false);
                all.apply_sampler(grammar);
                all.data.iter().max_by(|a, b| a.logit().total_cmp(&b.logit()))?.id()
            }
        };
        grammar.accept(token);
        Some(token)
    }
}

struct Guidance {
    matcher: Matcher,
    likeliest_first: bool,
}

impl Guidance {
    fn new(factory: &ParserFactory, schema: &Value, likeliest_first: bool) -> Self {
        let grammar = TopLevelGrammar::from_json_schema(schema.clone());
        Self { matcher: Matcher::new(factory.create_parser(grammar)), likeliest_first }
    }
}

impl Holder for Guidance {
    fn next(&mut self, likings: &[f32]) -> Option<LlamaToken> {
        if self.matcher.is_stopped() {
            return None;
        }
        if self.likeliest_first {
            let first = likeliest(likings, |_| true)?;
            if self.matcher.try_consume_tokens(&[first as u32]).ok()? == 1 {
                return Some(LlamaToken(first as i32));
            }
        }
        let mask = self.matcher.compute_mask().ok()?;
        let token = likeliest(likings, |id| mask.is_allowed(id as u32))?;
        self.matcher.consume_token(token as u32).ok()?;
        Some(LlamaToken(token as i32))
    }
}

fn schema() -> Value {
    let text = |least: u32, most: u32| json!({ "type": "string", "minLength": least, "maxLength": most });
    let optional = |text: Value| json!({ "anyOf": [text, { "type": "null" }] });
    json!({
        "type": "object",
        "properties": {
            "explanation": text(0, LIMITS.explanation),
            "citation": optional(text(1, LIMITS.citation)),
            "answer": optional(text(1, LIMITS.answer)),
        },
        "required": ["explanation", "citation", "answer"],
        "additionalProperties": false,
    })
}

fn trie(model: &LlamaModel, words: &Words) -> TokEnv {
    let end = model.vocab().eos().0 as u32;
    let of = |id: i32| match words.of_token(LlamaToken(id)) {
        // How llguidance marks what is no text.
        [] => [b"\xff", id.to_string().as_bytes()].concat(),
        bytes => bytes.to_vec(),
    };
    let all: Vec<Vec<u8>> = (0..model.n_vocab()).map(of).collect();
    Arc::new(ApproximateTokEnv::new(TokTrie::from(&TokRxInfo::new(model.n_vocab() as u32, end), &all)))
}
