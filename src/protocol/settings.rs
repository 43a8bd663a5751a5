//! The settings of a run, recorded when a session opens; what the person changes within it is a fact of its own.

use serde::{Deserialize, Serialize};

use super::gate::{self, Gates};
use super::levers::Means;
use super::redact::Redaction;
use crate::document::{Document, Span};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProtocolKind {
    /// Decompose, execute in parallel, aggregate.
    #[default]
    Minions,
    /// The remote LM chats with the local LM, which reads the document.
    Minion,
    /// The whole document goes to the remote LM.
    RemoteOnly,
    /// The local LM answers by itself; nothing leaves the machine.
    LocalOnly,
}

impl ProtocolKind {
    /// As `protocol.name` spells it.
    pub fn name(self) -> &'static str {
        match self {
            ProtocolKind::Minions => "minions",
            ProtocolKind::Minion => "minion",
            ProtocolKind::RemoteOnly => "remote-only",
            ProtocolKind::LocalOnly => "local-only",
        }
    }

    /// Whether a remote LM is asked anything.
    pub fn asks_remote(self) -> bool {
        self != ProtocolKind::LocalOnly
    }

    /// Whether the local LM is given the whole document, window by window, and not what a program chose of it.
    pub fn reads_windows(self) -> bool {
        matches!(self, ProtocolKind::Minion | ProtocolKind::LocalOnly)
    }
}

/// The settings that a session was opened with. Fields that came later are absent from older records, and then at the value
/// that those had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    #[serde(default)]
    pub protocol: ProtocolKind,
    /// The last of these rounds must answer.
    pub max_rounds: u32,
    /// How many tasks the remote LM is told to give each chunk, at most.
    pub tasks_per_round: u32,
    /// How often each task is repeated on each chunk.
    pub samples: u32,
    /// The chunk size in characters suggested to the remote LM; zero leaves it to choose.
    pub chunk_chars: u32,
    /// More jobs than this in one round are refused, and the remote LM is told.
    pub max_jobs: u32,
    /// How often the remote LM may try to write working code in a round.
    pub code_attempts: u32,
    /// How often the remote LM may try to decide in valid JSON in a round.
    pub decision_attempts: u32,
    /// Dollars the session may spend; a call whose worst case does not fit is not made.
    pub budget_usd: Option<f64>,
    /// Dollars that all sessions of the folder may spend on one day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd_per_day: Option<f64>,
    /// What share of the documents may leave this machine, 0 to 1; nothing where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_exposed_share: Option<f64>,
    /// What is taken out of everything that leaves; nothing where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redact: Option<Redaction>,
    /// What the person had blotted out at gates of the sessions that this one comes from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blotted: Vec<gate::Redaction>,
    /// The cap on the output tokens of one remote call.
    pub remote_max_output_tokens: u64,
    /// The cap on the output tokens of one job.
    pub local_max_output_tokens: u64,
    /// The only part of the documents that the session is about; nothing where it is about all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// Where the session waits for the person from its beginning on; nowhere outside of step mode.
    #[serde(default, skip_serializing_if = "Gates::is_empty")]
    pub gates: Gates,
    /// How the remote LM is told to divide and merge, beyond the levers above.
    #[serde(default, skip_serializing_if = "Means::is_default")]
    pub means: Means,
    /// The windows by which the local LM reads the documents, where it is given all of them; see [`windows`](super::windows).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Span>,
}

/// A part of one document. Programs are given its text alone, as their one document; every span that is recorded counts from
/// the beginning of the whole document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub span: Span,
    pub characters: usize,
}

impl Part {
    /// The part of these documents; nothing where it does not stand in them.
    pub fn of(documents: &[Document], span: Span) -> Option<Self> {
        let text = documents.get(span.document)?.slice(span.start, span.end)?;
        (!text.trim().is_empty()).then(|| Self { span, characters: text.chars().count() })
    }

    /// A span of the part's own text as a span of the whole document.
    pub fn whole(&self, span: Span) -> Span {
        let at = |offset: usize| self.span.start.saturating_add(offset).min(self.span.end);
        Span::new(self.span.document, at(span.start), at(span.end))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            protocol: ProtocolKind::Minions,
            max_rounds: 3,
            tasks_per_round: 3,
            samples: 1,
            chunk_chars: 0,
            max_jobs: 2048,
            code_attempts: 3,
            decision_attempts: 3,
            budget_usd: None,
            budget_usd_per_day: None,
            max_exposed_share: None,
            redact: None,
            blotted: Vec::new(),
            remote_max_output_tokens: 4096,
            local_max_output_tokens: 512,
            part: None,
            gates: Gates::default(),
            means: Means::default(),
            windows: Vec::new(),
        }
    }
}
