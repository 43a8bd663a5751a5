//! Settings of a run that have a flag of their own.

use clap::{Args, ValueEnum};

use super::values::given;
use crate::config::Override;

/// Settings of a run that have a flag of their own. They are checked where all settings are.
#[derive(Clone, Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Protocol")]
pub struct Levers {
    /// minions, minion (a chat; cheaper, misses more), remote-only (sends the documents; dearest) or local-only (free, misses most)
    #[arg(long, value_name = "NAME")]
    pub protocol: Option<String>,
    /// Rounds at most; the last one must answer. More find more in hard questions; each costs its calls
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub max_rounds: Option<String>,
    /// Tasks for each chunk at most. More look for more at once; each reads every chunk again
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub tasks_per_round: Option<String>,
    /// How often each task is repeated on each chunk. More miss less; each repeats every job
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub samples: Option<String>,
    /// What of the samples goes on: union (all; costs most), majority or best-cited
    #[arg(long, value_name = "HOW")]
    pub merge: Option<String>,
    /// The chunk size in characters; 0 leaves it to the remote LM. Small ones are read better, but are more jobs
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub chunk_chars: Option<String>,
    /// How documents are cut: auto, section, page, paragraph, heading, code, table or tokens. A fitting cut keeps together what belongs so
    #[arg(long, value_name = "HOW")]
    pub chunker: Option<String>,
    /// Characters that neighbouring chunks or windows share. More lose nothing at a cut, and read it twice
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub overlap_chars: Option<String>,
    /// Whether chunks are picked before they are read: auto, on (fewer jobs, may miss) or off (reads all)
    #[arg(long, value_name = "WHEN")]
    pub retrieval: Option<String>,
    /// Chunks picked for each task; 0 leaves it to the remote LM. More miss less, and are more jobs
    #[arg(long, value_name = "K", allow_hyphen_values = true)]
    pub retrieve_k: Option<String>,
    /// What goes on to the next round: scratchpad (advice and what is known) or retry (advice alone; cheaper, forgets)
    #[arg(long, value_name = "WHAT")]
    pub memory: Option<String>,
    /// minion, local-only: characters read at once; 0 takes what the reader holds. Smaller are read better, but are more jobs
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub window_chars: Option<String>,
    /// Output tokens of one job at most. Fewer are faster, and cut long answers short
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub worker_tokens: Option<String>,
    /// Randomness of the reader; negative leaves it to the server. More makes samples differ more, and err more
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub temperature: Option<String>,
    /// The remote LM's model at its provider. Larger plan and judge better, and cost more
    #[arg(long, value_name = "NAME")]
    pub remote_model: Option<String>,
    /// The local LM's model. Larger read better, and are slower
    #[arg(long, value_name = "NAME")]
    pub local_model: Option<String>,
    /// Dollars the session may spend; 0 sets no limit
    #[arg(long, value_name = "USD", allow_hyphen_values = true)]
    pub budget: Option<String>,
    /// Wait before each request, after code, before outputs leave and after each decision, for you to say how to go on
    #[arg(long)]
    pub step: bool,
    /// The share of the documents that may leave this machine, from 0 to 1; 1 sets no limit
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    pub max_exposed_share: Option<String>,
    /// Take these out of everything that leaves; may be repeated
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub redact: Vec<Kind>,
    /// Take this name out of everything that leaves; may be repeated
    #[arg(long, value_name = "NAME")]
    pub redact_name: Vec<String>,
}

/// What is taken out wherever it stands. Names and patterns are lists, and have no place here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Email,
    Phone,
    Iban,
    Card,
    Id,
}

impl Kind {
    /// Its key in `[redact]`.
    fn setting(self) -> &'static str {
        match self {
            Self::Email => "redact.email",
            Self::Phone => "redact.phone",
            Self::Iban => "redact.iban",
            Self::Card => "redact.card",
            Self::Id => "redact.id",
        }
    }
}

/// The flags of one value, and the setting that each gives.
const FLAGS: [(&str, &str); 19] = [
    ("--protocol", "protocol.name"),
    ("--max-rounds", "protocol.max_rounds"),
    ("--tasks-per-round", "protocol.tasks_per_round"),
    ("--samples", "protocol.samples"),
    ("--merge", "protocol.merge"),
    ("--chunk-chars", "protocol.chunk_chars"),
    ("--chunker", "protocol.chunker"),
    ("--overlap-chars", "protocol.overlap_chars"),
    ("--retrieval", "protocol.retrieval"),
    ("--retrieve-k", "protocol.retrieve_k"),
    ("--memory", "protocol.memory"),
    ("--window-chars", "protocol.window_chars"),
    ("--worker-tokens", "local.max_output_tokens"),
    ("--temperature", "local.temperature"),
    ("--remote-model", "remote.model"),
    ("--local-model", "local.model"),
    ("--budget", "remote.budget_usd"),
    ("--step", "protocol.step"),
    ("--max-exposed-share", "remote.max_exposed_share"),
];

/// The setting that is meant by the name of its flag, with `-` or `_`, or by a word that no other flag has, such as `rounds`.
pub fn setting_of(name: &str) -> Option<&'static str> {
    let name = name.replace('_', "-");
    let words = |flag: &'static str| flag.trim_start_matches("--").split('-');
    let named = FLAGS.iter().find(|(flag, _)| flag.trim_start_matches("--") == name);
    let mut with_word = FLAGS.iter().filter(|(flag, _)| words(flag).any(|word| word == name));
    let only = with_word.next().filter(|_| with_word.next().is_none());
    named.or(only).map(|(_, setting)| *setting)
}

/// Whether a flag gives this setting.
pub fn has_flag(setting: &str) -> bool {
    FLAGS.iter().any(|(_, known)| *known == setting)
}

impl Levers {
    pub(super) fn overrides(&self) -> Vec<Override> {
        let step = self.step.then(|| "true".to_owned());
        let redacted = self.redact.iter().map(|kind| given(kind.setting(), "true".into(), "--redact"));
        let names = self.redact_name.iter().map(|name| given("redact.names+", one(name), "--redact-name"));
        // In the order of `FLAGS`.
        let values = [
            &self.protocol,
            &self.max_rounds,
            &self.tasks_per_round,
            &self.samples,
            &self.merge,
            &self.chunk_chars,
            &self.chunker,
            &self.overlap_chars,
            &self.retrieval,
            &self.retrieve_k,
            &self.memory,
            &self.window_chars,
            &self.worker_tokens,
            &self.temperature,
            &self.remote_model,
            &self.local_model,
            &self.budget,
            &step,
            &self.max_exposed_share,
        ];
        let all = FLAGS.iter().zip(values).filter_map(|((flag, name), value)| Some(given(name, value.clone()?, flag)));
        all.chain(redacted).chain(names).collect()
    }
}

/// A list of this one text, whatever it holds.
fn one(text: &str) -> String {
    serde_json::json!([text]).to_string()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Cli;

    fn overrides(flags: &[&str]) -> Result<Vec<(String, String)>, String> {
        let words = ["minions", "run", "-d", "a.txt", "--question", "q"].iter().chain(flags);
        let cli = Cli::try_parse_from(words).map_err(|error| error.to_string())?;
        Ok(cli.overrides().into_iter().map(|given| (given.name, given.value)).collect())
    }

    #[test]
    fn every_flag_gives_the_setting_that_it_is_tied_to() {
        for (flag, setting) in super::FLAGS {
            let given = match flag {
                "--step" => overrides(&[flag]),
                _ => overrides(&[flag, "7"]),
            };
            let value = if flag == "--step" { "true" } else { "7" };
            assert_eq!(given.unwrap(), [(setting.to_owned(), value.to_owned())], "{flag}");
            assert!(crate::config::Catalog::get().by_name(setting).is_some(), "{setting}");
        }
    }

    #[test]
    fn a_kind_that_is_redacted_leaves_the_lists_of_the_file_alone() {
        let on = |key: &str| (key.to_owned(), "true".to_owned());
        assert_eq!(overrides(&["--redact", "email,id"]).unwrap(), [on("redact.email"), on("redact.id")]);
        for list in ["names", "patterns", "names+"] {
            let refused = overrides(&["--redact", list]).unwrap_err();
            assert!(refused.contains("--redact") && refused.contains("email, phone, iban, card, id"), "{refused}");
        }
        let name = ("redact.names+".to_owned(), "[\"Ann Lee\"]".to_owned());
        assert_eq!(overrides(&["--redact-name", "Ann Lee"]).unwrap(), [name]);
    }
}
