//! `[protocol]`: how a question is worked on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{GATES, Holds, NO_READER, ONE_ROUND, UNPLANNED};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProtocolName {
    #[default]
    Minions,
    Minion,
    RemoteOnly,
    LocalOnly,
}

/// What becomes of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MergeName {
    #[default]
    Union,
    Majority,
    BestCited,
}

/// How documents are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChunkerName {
    #[default]
    Auto,
    Section,
    Page,
    Paragraph,
    Heading,
    Code,
    Table,
    Tokens,
}

/// Whether chunks are picked before they are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetrievalName {
    #[default]
    Auto,
    On,
    Off,
}

/// What goes on to the next round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryName {
    #[default]
    Scratchpad,
    Retry,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProtocolConfig {
    /// The protocol: minions, minion, remote-only or local-only.
    pub name: ProtocolName,
    /// Rounds at most; the last one must answer. More find more in hard questions; each costs its calls.
    #[schemars(range(min = 1, max = 20), extend("x-idle" = ONE_ROUND))]
    pub max_rounds: u32,
    /// Tasks for each chunk at most. More look for more at once; each reads every chunk again.
    #[schemars(range(min = 1, max = 50), extend("x-holds" = Holds::NextRound, "x-idle" = UNPLANNED))]
    pub tasks_per_round: u32,
    /// How often each task is repeated on each chunk. More miss less; each repeats every job.
    #[schemars(range(min = 1, max = 50), extend("x-holds" = Holds::NextRound, "x-idle" = NO_READER))]
    pub samples: u32,
    /// What of the samples goes on: union (all; costs most), majority (what most say), best-cited (whose words stand in the document).
    #[schemars(extend("x-holds" = Holds::NextRound, "x-idle" = NO_READER))]
    pub merge: MergeName,
    /// The chunk size in characters suggested to the remote LM; 0 leaves it to choose. Small ones are read better, but are more jobs.
    #[schemars(extend("x-holds" = Holds::NextRound, "x-idle" = UNPLANNED))]
    pub chunk_chars: u32,
    /// How documents are cut: auto, section, page, paragraph, heading, code, table or tokens. A cut that fits the text keeps what belongs together.
    #[schemars(extend("x-holds" = Holds::NextRound, "x-idle" = UNPLANNED))]
    pub chunker: ChunkerName,
    /// Characters that neighbouring chunks or windows share; 0 leaves it open. More lose nothing at a cut, and read it twice.
    #[schemars(range(max = 1000000), extend("x-holds" = Holds::NextRound, "x-idle" = NO_READER))]
    pub overlap_chars: u32,
    /// Whether chunks are picked before they are read: auto, on (fewer jobs, may miss) or off (reads all).
    #[schemars(extend("x-holds" = Holds::NextRound, "x-idle" = UNPLANNED))]
    pub retrieval: RetrievalName,
    /// Chunks picked for each task; 0 leaves it open. More miss less, and are more jobs.
    #[schemars(range(max = 100000), extend("x-holds" = Holds::NextRound, "x-idle" = UNPLANNED))]
    pub retrieve_k: u32,
    /// What goes on to the next round: scratchpad (advice and what is known), or retry (advice alone; cheaper, forgets).
    #[schemars(extend("x-holds" = Holds::NextRound, "x-idle" = ONE_ROUND))]
    pub memory: MemoryName,
    /// minion, local-only: characters of the document that are read at once; 0 takes what the reader holds. Smaller ones are read better, but are more jobs.
    #[schemars(extend("x-idle" = NO_READER))]
    pub window_chars: u32,
    /// Jobs in one round at most.
    #[schemars(range(min = 1, max = 100000))]
    pub max_jobs: u32,
    /// How often the remote LM may try to write working code in a round.
    #[schemars(range(min = 1, max = 20))]
    pub code_attempts: u32,
    /// How often the remote LM may try to decide in valid JSON in a round.
    #[schemars(range(min = 1, max = 20))]
    pub decision_attempts: u32,
    /// Step mode: wait at the gates until you say how to go on. `s` on the screen and --step do the same.
    #[schemars(extend("x-decides" = false))]
    pub step: bool,
    /// Where step mode waits: request, code, outputs, decision.
    #[schemars(regex(pattern = r"^[\s,]*(request|code|outputs|decision)([\s,]+(request|code|outputs|decision))*[\s,]*$"), extend("x-decides" = false, "x-allowed" = GATES))]
    pub gates: String,
}

impl ProtocolConfig {
    /// Each name in `gates`.
    pub fn gate_names(&self) -> impl Iterator<Item = &str> {
        // As the pattern above separates them: `\s` is every blank of Unicode.
        self.gates.split(|c: char| c == ',' || c.is_whitespace()).filter(|name| !name.is_empty())
    }
}

impl Default for ProtocolConfig {
    fn default() -> Self {
        Self {
            name: ProtocolName::Minions,
            max_rounds: 3,
            tasks_per_round: 3,
            samples: 1,
            merge: MergeName::Union,
            chunk_chars: 0,
            chunker: ChunkerName::Auto,
            overlap_chars: 0,
            retrieval: RetrievalName::Auto,
            retrieve_k: 0,
            memory: MemoryName::Scratchpad,
            window_chars: 0,
            max_jobs: 2048,
            code_attempts: 3,
            decision_attempts: 3,
            step: false,
            gates: "request, code, outputs, decision".into(),
        }
    }
}
