//! What a session's settings are, from those of `minions.toml`: its protocol, its levers, its windows.

use super::begin::gates;
use super::{Failure, private};
use crate::config::{ChunkerName, Config, MemoryName, MergeName, ProtocolName, RetrievalName};
use crate::document::{Document, Span};
use crate::local::LocalLm;
use crate::protocol::{
    Chunker, Gates, Levers, Means, Memory, Merge, Part, ProtocolKind, Retrieval, Settings, windows as cut_windows,
};

/// Characters of a window for a reader of which nothing is known: some 6,000 to 8,000 tokens.
const WINDOW: usize = 24_000;

pub fn kind(name: ProtocolName) -> ProtocolKind {
    match name {
        ProtocolName::Minions => ProtocolKind::Minions,
        ProtocolName::Minion => ProtocolKind::Minion,
        ProtocolName::RemoteOnly => ProtocolKind::RemoteOnly,
        ProtocolName::LocalOnly => ProtocolKind::LocalOnly,
    }
}

pub fn settings(config: &Config) -> Settings {
    let protocol = &config.protocol;
    Settings {
        protocol: kind(protocol.name),
        max_rounds: protocol.max_rounds,
        tasks_per_round: protocol.tasks_per_round,
        samples: protocol.samples,
        chunk_chars: protocol.chunk_chars,
        max_jobs: protocol.max_jobs,
        code_attempts: protocol.code_attempts,
        decision_attempts: protocol.decision_attempts,
        budget_usd: limit(config.remote.budget_usd),
        budget_usd_per_day: limit(config.remote.budget_usd_per_day),
        max_exposed_share: Some(config.remote.max_exposed_share).filter(|share| *share < 1.0),
        redact: private::redaction(config),
        remote_max_output_tokens: config.remote.max_output_tokens,
        local_max_output_tokens: config.local.max_output_tokens,
        means: means(config),
        gates: if protocol.step { gates(config) } else { Gates::default() },
        ..Settings::default()
    }
}

/// What of the settings can be moved between two rounds.
pub fn levers(config: &Config) -> Levers {
    Levers::of(&settings(config))
}

fn means(config: &Config) -> Means {
    let protocol = &config.protocol;
    Means {
        merge: match protocol.merge {
            MergeName::Union => Merge::Union,
            MergeName::Majority => Merge::Majority,
            MergeName::BestCited => Merge::BestCited,
        },
        chunker: match protocol.chunker {
            ChunkerName::Auto => Chunker::Auto,
            ChunkerName::Section => Chunker::Section,
            ChunkerName::Page => Chunker::Page,
            ChunkerName::Paragraph => Chunker::Paragraph,
            ChunkerName::Heading => Chunker::Heading,
            ChunkerName::Code => Chunker::Code,
            ChunkerName::Table => Chunker::Table,
            ChunkerName::Tokens => Chunker::Tokens,
        },
        overlap_chars: protocol.overlap_chars,
        retrieval: match protocol.retrieval {
            RetrievalName::Auto => Retrieval::Auto,
            RetrievalName::On => Retrieval::On,
            RetrievalName::Off => Retrieval::Off,
        },
        retrieve_k: protocol.retrieve_k,
        memory: match protocol.memory {
            MemoryName::Scratchpad => Memory::Scratchpad,
            MemoryName::Retry => Memory::Retry,
        },
    }
}

/// A budget of the settings, where 0 means none.
fn limit(usd: f64) -> Option<f64> {
    (usd > 0.0).then_some(usd)
}

/// How a reader that is given whole documents gets them.
#[derive(Debug, Default)]
pub struct Windows {
    /// Empty where the protocol gives it chunks instead.
    pub spans: Vec<Span>,
    /// What the person is told where one window does not hold them.
    pub note: Option<String>,
}

/// Refuses a reader that has no room for the windows by which the session reads its documents: they were cut for the first
/// one, and are part of what is on record. What `protocol.window_chars` says of it counts, too.
pub fn has_room(
    config: &Config,
    local: &dyn LocalLm,
    documents: &[Document],
    settings: &Settings,
) -> Result<(), Failure> {
    let Some(room) = local.window_chars(config.local.max_output_tokens) else { return Ok(()) };
    let room = room.max(config.protocol.window_chars as usize);
    let characters = |span: &Span| {
        let text = documents.get(span.document).and_then(|document| document.slice(span.start, span.end));
        text.map_or(0, |text| text.chars().count())
    };
    let longest = settings.windows.iter().map(characters).max().unwrap_or(0);
    if longest <= room {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{} has room for {room} characters of a document, and the session reads windows of up to {longest}, cut for the reader \
         that it began with: take one with a larger context, say with --set protocol.window_chars={longest} that it has it, or \
         ask anew",
        local.info().label()
    )))
}

/// Characters of a window. `known`: what the reader has room for, where that is known.
pub fn window_chars(config: &Config, known: Option<usize>) -> usize {
    match config.protocol.window_chars {
        0 => known.unwrap_or(WINDOW),
        chars => chars as usize,
    }
}

/// The windows of these documents, or of the part that the session is about.
pub fn windows(
    config: &Config,
    local: &dyn LocalLm,
    documents: &[Document],
    part: Option<&Part>,
) -> Result<Windows, Failure> {
    let protocol = &config.protocol;
    if !kind(protocol.name).reads_windows() {
        return Ok(Windows::default());
    }
    let size = window_chars(config, local.window_chars(config.local.max_output_tokens));
    let spans = cut_windows(documents, part.map(|part| part.span), size, protocol.overlap_chars as usize);
    let jobs = spans.len() as u64 * u64::from(protocol.samples);
    if jobs > u64::from(protocol.max_jobs) {
        return Err(Failure::usage(format!(
            "the reader would get the documents in {} windows of at most {size} characters, {jobs} jobs a round, and \
             protocol.max_jobs allows {}: raise protocol.window_chars or protocol.max_jobs, or ask about a part",
            spans.len(),
            protocol.max_jobs
        )));
    }
    let texts = if part.is_some() { 1 } else { documents.len() };
    let note = (spans.len() > texts).then(|| {
        format!(
            "the reader does not get the documents at once: it reads {} windows of at most {size} characters, each by \
             itself, and nothing is left out",
            spans.len()
        )
    });
    Ok(Windows { spans, note })
}

#[cfg(test)]
mod tests {
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::config::{Catalog, Holds, Override, Sources, load};
    use crate::local::{JobError, JobRequest};
    use crate::protocol::{ModelInfo, WorkerReply};

    #[test]
    fn of_every_setting_it_is_known_whether_a_run_under_way_takes_it_over() {
        let now = levers(&Config::default());
        for setting in &Catalog::get().settings {
            let name = setting.name();
            // Some value that is allowed, and another than the default.
            let values = ["1", "2", "7", "300", "0.5", "true", "false", "majority", "page", "on", "retry", "minion"];
            let moved = values.iter().any(|value| {
                let mut sources = Sources::default();
                sources.flags.push(Override { name: name.clone(), value: (*value).into(), flag: "--set".into() });
                load(&sources).is_ok_and(|loaded| levers(&loaded.config) != now)
            });
            assert_eq!(moved, setting.holds == Holds::NextRound, "{name}");
        }
    }

    /// A reader with room for so many characters.
    struct Room(Option<usize>);

    impl LocalLm for Room {
        fn info(&self) -> ModelInfo {
            ModelInfo { provider: "scripted".into(), model: "reader".into(), is_model: true, price: None }
        }

        fn max_in_flight(&self) -> usize {
            1
        }

        fn window_chars(&self, _max_output_tokens: u64) -> Option<usize> {
            self.0
        }

        fn execute(&self, _job: JobRequest) -> BoxFuture<'_, Result<WorkerReply, JobError>> {
            Box::pin(std::future::pending())
        }
    }

    #[test]
    fn a_reader_without_room_for_the_windows_is_refused_with_both_sizes() {
        let documents = [Document::from_text("a.txt", "ä".repeat(100))];
        let settings = Settings { windows: vec![Span::new(0, 0, 200)], ..Settings::default() };
        let mut config = Config::default();
        let mut tries = |room, said| {
            config.protocol.window_chars = said;
            has_room(&config, &Room(room), &documents, &settings).map_err(|failure| failure.to_string())
        };
        assert!(tries(None, 0).is_ok() && tries(Some(100), 0).is_ok() && tries(Some(60), 100).is_ok());
        let refused = tries(Some(60), 0).unwrap_err();
        assert!(refused.contains("reader (scripted) has room for 60") && refused.contains("up to 100"), "{refused}");
        assert!(
            has_room(&Config::default(), &Room(Some(1)), &documents, &Settings::default()).is_ok(),
            "it is given chunks"
        );
    }
}
