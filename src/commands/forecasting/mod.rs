//! What a run is expected to come to, before anything is connected or sent.

mod live;
mod past;
mod sums;

use std::io::Write;

use super::begin::{local_price, part_of, store};
use super::json_line::json_line;
use super::{Exit, Failure, Output, private, protocol};
use crate::app::forecast as words;
use crate::config::Config;
use crate::document::escape::visible;
use crate::document::{Document, Span};
use crate::ledger::{Division, Forecast, Outlook, Precedent, Prompts, forecast};
use crate::local;
use crate::protocol::prompts::{messages, worker_messages};
use crate::protocol::{
    AskId, Estimate, Fact, ModelInfo, Part, Purpose, RemoteAsk, ReplyFormat, SessionOpened, Settings, State,
    estimate_tokens, windows,
};
use crate::remote;
use crate::remote::offline::{self, OfflinePlanner};

pub use live::{Forecasting, Wanted};
pub use sums::{Sum, tell};

/// Tells what the run would come to, and does nothing of it.
pub fn dry_run(config: &Config, documents: &[Document], question: &str, json: bool) -> Result<Exit, Failure> {
    if question.trim().is_empty() {
        return Err(Failure::usage("the question is blank; give one with --question"));
    }
    let expected = expected(config, documents, question, None, None)?;
    let mut out = Output::standard();
    match json {
        true => json_line(&expected, &mut out)?,
        false => words::lines(&expected).iter().try_for_each(|line| writeln!(out, "{}", visible(line)))?,
    }
    out.flush()?;
    Ok(Exit::Success)
}

/// What is expected of a run under these settings. Reads the documents once, and past sessions; may take a while. Of a run
/// that goes on meanwhile nothing is to be known: `before_ms` is when it began, in milliseconds since 1970.
pub fn expected(
    config: &Config,
    documents: &[Document],
    question: &str,
    part: Option<Span>,
    before_ms: Option<u64>,
) -> Result<Forecast, Failure> {
    private::check(config)?;
    let outlook = outlook(config, documents, question, part_of(documents, part)?);
    Ok(forecast(&outlook, &past::past(&store(config)?, before_ms)))
}

/// What past sessions say to the forecasts of several runs.
pub struct Experience(Vec<Precedent>);

impl Experience {
    pub fn of(config: &Config) -> Result<Self, Failure> {
        Ok(Self(past::past(&store(config)?, None)))
    }

    pub fn expects(&self, config: &Config, documents: &[Document], question: &str) -> Result<Forecast, Failure> {
        private::check(config)?;
        Ok(forecast(&outlook(config, documents, question, None), &self.0))
    }
}

fn outlook(config: &Config, documents: &[Document], question: &str, part: Option<Part>) -> Outlook {
    let remote = remote::named(config);
    let local = local::named(&config.local, local_price(config));
    let settings = Settings { part, ..protocol::settings(config) };
    let characters = match part {
        Some(part) => part.characters,
        None => documents.iter().map(|document| document.text.chars().count()).sum(),
    };
    let bytes = match part {
        Some(part) => part.span.end - part.span.start,
        None => documents.iter().map(|document| document.text.len()).sum(),
    };
    let windows = match settings.protocol.reads_windows() {
        true => {
            let size = protocol::window_chars(config, local::window_chars(&config.local));
            let overlap = config.protocol.overlap_chars as usize;
            windows(documents, part.map(|part| part.span), size, overlap).len() as u64
        }
        false => 0,
    };
    let asked = Asked::new(question, &settings, documents, &remote, &local);
    Outlook {
        plans_with_model: remote.is_model,
        price: remote.price,
        local_price: local.price,
        remote: remote.label(),
        local: local.label(),
        characters: characters as u64,
        whole_tokens: estimate_tokens(bytes + question.len()) + asked.tokens(Purpose::Answer),
        windows,
        division: asked.division(config.remote.offline_share),
        prompts: Prompts {
            advise: asked.tokens(Purpose::Advise),
            decompose: asked.tokens(Purpose::Decompose),
            think: asked.tokens(Purpose::Think),
            decide: asked.tokens(Purpose::Decide),
            message: asked.tokens(Purpose::Message),
            answer: asked.tokens(Purpose::Answer),
        },
        job_prompt: tokens_of(&worker_messages("", question, "")),
        settings,
    }
}

/// The state of the session as it would begin, which says the requests word for word, as far as they can be known.
struct Asked(State);

impl Asked {
    fn new(question: &str, settings: &Settings, documents: &[Document], remote: &ModelInfo, local: &ModelInfo) -> Self {
        let mut state = State::default();
        // Private words have placeholders of about their length.
        let settings = Settings { redact: None, ..settings.clone() };
        let opened = SessionOpened {
            question: question.to_owned(),
            settings,
            documents: documents.iter().map(Document::reference).collect(),
            remote: remote.clone(),
            local: local.clone(),
            prompts: String::new(),
            program: String::new(),
            clock_ms: None,
            embedding: None,
            parent: None,
        };
        state.apply(&Fact::SessionOpened(Box::new(opened)));
        state.apply(&Fact::RoundBegan { round: 1, last: false });
        Self(state)
    }

    fn request(&self, purpose: Purpose) -> RemoteAsk {
        RemoteAsk {
            ask: AskId { round: 1, n: 1 },
            purpose,
            attempt: 1,
            messages: messages(&self.0, purpose),
            format: ReplyFormat::Text,
            max_output_tokens: self.0.settings().remote_max_output_tokens,
            estimate: Estimate::default(),
        }
    }

    fn tokens(&self, purpose: Purpose) -> u64 {
        tokens_of(&self.request(purpose).messages)
    }

    fn division(&self, kept_share: f64) -> Division {
        let offline::Division { chunk, topics, read, retrieves, keep } =
            OfflinePlanner::keeping(kept_share).plan(&self.request(Purpose::Decompose)).division();
        Division { chunk_chars: chunk as u64, topics: topics as u64, read: read as u64, retrieves, keep: keep as u64 }
    }
}

fn tokens_of(messages: &[crate::protocol::Message]) -> u64 {
    estimate_tokens(messages.iter().map(|message| message.content.len()).sum())
}
