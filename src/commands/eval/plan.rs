//! What is asked: the questions that were picked, under each setting, each as often as wanted.

use serde_json::{Value, json};

use super::super::forecasting::{Experience, Sum};
use super::super::sessions::EVAL_TAG;
use super::super::{Exit, Failure, sweep, whole};
use super::sources::Sources as Documents;
use crate::cli::EvalArgs;
use crate::config::{Config, Loaded, ProtocolName, RedactConfig, Sources};
use crate::eval::book::fingerprint;
use crate::eval::report::Setting;
use crate::eval::{Measure, Question, Try, read};
use crate::protocol::prompts;

const FLAG: &str = "--sweep";

pub struct Plan {
    /// The name and the blake3 of the file of questions.
    pub file: String,
    pub hash: String,
    pub questions: Vec<Question>,
    pub documents: Documents,
    pub settings: Vec<(Setting, Config)>,
    pub repeats: u32,
    pub measure: Measure,
}

impl Plan {
    pub fn of(args: &EvalArgs, loaded: &Loaded, sources: &Sources) -> Result<Self, Failure> {
        let measure = Measure::QUALITY.into_iter().find(|measure| measure.name() == args.measure);
        let measure = measure.ok_or_else(|| {
            let names = Measure::QUALITY.map(Measure::name).join(", ");
            Failure::usage(format!("--measure: {:?} is none of {names}", args.measure))
        })?;
        let path = args.questions.as_ref().ok_or_else(|| Failure::usage("name the questions with --questions FILE"))?;
        let bytes = std::fs::read(path)
            .map_err(|error| Failure::new(Exit::Error, format!("{path:?} could not be read: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Failure::new(Exit::Error, format!("{path:?} is not UTF-8; questions are read as UTF-8 alone"))
        })?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let all = read::read(&file, &text)?;
        let wanted = |question: &Question| args.dataset.is_empty() || args.dataset.contains(&question.dataset);
        let questions: Vec<Question> = all.into_iter().filter(wanted).take(args.limit.unwrap_or(usize::MAX)).collect();
        if questions.is_empty() {
            return Err(Failure::usage("no question is left to ask; --dataset or --limit leaves none"));
        }
        let documents = Documents::find(&questions, args.documents.as_deref())?;
        let settings = settings(args, loaded, sources)?;
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        Ok(Self { file, hash, questions, documents, settings, repeats: args.repeat, measure })
    }

    /// Every try, all settings of a question together, so that a document is at hand for all of them.
    pub fn tries(&self) -> impl Iterator<Item = (usize, usize, Try)> + '_ {
        let all = (1..=self.repeats).flat_map(move |repeat| {
            (0..self.questions.len())
                .flat_map(move |question| (0..self.settings.len()).map(move |s| (repeat, question, s)))
        });
        all.map(|(repeat, question, setting)| {
            let of = Try {
                setting: self.settings[setting].0.fingerprint.clone(),
                question: self.questions[question].id.clone(),
                repeat,
            };
            (setting, question, of)
        })
    }

    /// What each setting is expected to come to. Reads the documents; may take a while.
    pub fn expected(&self) -> Result<Vec<Sum>, Failure> {
        let mut sums: Vec<Sum> = self.settings.iter().map(|(setting, _)| Sum::of(&setting.label)).collect();
        let Some((_, first)) = self.settings.first() else { return Ok(sums) };
        // All settings keep their sessions in one place.
        let experience = Experience::of(first)?;
        for question in &self.questions {
            let documents = self.documents.read(question).ok();
            for ((_, config), sum) in self.settings.iter().zip(&mut sums) {
                match &documents {
                    Some(documents) => {
                        sum.add(&experience.expects(config, documents, &question.asked())?, self.repeats);
                    }
                    None => sum.refused += u64::from(self.repeats),
                }
            }
        }
        Ok(sums)
    }

    /// The tag of the eval's sessions.
    pub fn tag(&self) -> String {
        format!("{EVAL_TAG}{}", self.hash.get(..8).unwrap_or_default())
    }

    /// Fingerprint and label of each setting.
    pub fn labels(&self) -> Vec<(String, String)> {
        self.settings.iter().map(|(setting, _)| (setting.fingerprint.clone(), setting.label.clone())).collect()
    }
}

/// Every combination of the swept values, each read and checked as settings are.
fn settings(args: &EvalArgs, loaded: &Loaded, sources: &Sources) -> Result<Vec<(Setting, Config)>, Failure> {
    let mut found: Vec<(Setting, Config)> = Vec::new();
    for combination in sweep::combinations(&args.sweep, FLAG)? {
        let loaded = sweep::with(loaded, sources, &combination, FLAG)?;
        if loaded.config.protocol.name == ProtocolName::RemoteOnly && !args.yes_send_document && !args.dry_run {
            return Err(Failure::usage(
                "remote-only sends every document whole to the remote LM; nothing was sent: add --yes-send-document to agree",
            ));
        }
        if loaded.config.protocol.name == ProtocolName::RemoteOnly {
            whole::has_reader(&loaded.config)?;
        }
        let mut config = loaded.config;
        // Nobody is there to pass a gate.
        config.protocol.step = false;
        let label = sweep::label(&combination);
        let settings = deciding(&config, &combination)?;
        let setting = Setting {
            fingerprint: fingerprint(&settings),
            label: if label.is_empty() { "as set".into() } else { label },
            settings,
        };
        // The same value twice is one setting.
        if !found.iter().any(|(known, _)| known.fingerprint == setting.fingerprint) {
            found.push((setting, config));
        }
    }
    Ok(found)
}

/// The settings that change an answer, or whether there is one. How fast, by which key, at what price and within which
/// budget of the day it comes changes none: a finished try stays finished when they do.
const DECIDE: [&str; 43] = [
    "protocol.name",
    "protocol.max_rounds",
    "protocol.tasks_per_round",
    "protocol.samples",
    "protocol.merge",
    "protocol.chunk_chars",
    "protocol.chunker",
    "protocol.overlap_chars",
    "protocol.retrieval",
    "protocol.retrieve_k",
    "protocol.memory",
    "protocol.window_chars",
    "protocol.max_jobs",
    "protocol.code_attempts",
    "protocol.decision_attempts",
    "remote.provider",
    "remote.offline_share",
    "remote.model",
    "remote.base_url",
    "remote.budget_usd",
    "remote.max_exposed_share",
    "remote.max_output_tokens",
    "remote.context_tokens",
    "remote.temperature",
    "remote.reasoning_effort",
    "local.provider",
    "local.model",
    "local.base_url",
    "local.max_output_tokens",
    "local.temperature",
    "local.context_tokens",
    "local.kv_type",
    "local.quote_only",
    "local.thinking_tokens",
    "local.embedding_model",
    "local.embedding_query_prefix",
    "local.embedding_document_prefix",
    // Where these are too few, a job or a program fails that would have come to something.
    "remote.attempts",
    "local.attempts",
    "local.timeout_s",
    "local.embedding_timeout_s",
    "sandbox.seconds",
    "sandbox.memory_mb",
];

/// What tells this setting from others: the settings that decide, and those that were swept.
fn deciding(config: &Config, swept: &[(String, String)]) -> Result<Value, Failure> {
    let all = serde_json::to_value(config)?;
    let mut found = json!({ "prompts": prompts::VERSION });
    for name in DECIDE.into_iter().chain(swept.iter().map(|(name, _)| name.as_str())) {
        if let Some((section, key)) = name.split_once('.')
            && let Some(value) = all[section].get(key)
        {
            found[section][key] = value.clone();
        }
    }
    // Placeholders change what models read; a report need not name the words.
    if config.redact != RedactConfig::default() {
        found["redact"] = fingerprint(&all["redact"]).into();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Catalog;

    /// The settings of the sections that work on a question and change no answer.
    const OTHERS: [&str; 20] = [
        "protocol.step",
        "protocol.gates",
        "remote.api_key_env",
        "remote.api_key_keyring",
        "remote.api_key_cmd",
        "remote.budget_usd_per_day",
        "remote.price_input",
        "remote.price_cached_input",
        "remote.price_output",
        "remote.connect_timeout_s",
        "remote.idle_timeout_s",
        "remote.total_timeout_s",
        "local.api_key_env",
        "local.max_in_flight",
        "local.parallel",
        "local.threads",
        "local.gpu_layers",
        "local.flash_attention",
        "local.models_dir",
        "sandbox.require",
    ];

    #[test]
    fn of_every_setting_it_is_known_whether_it_decides() {
        let names: Vec<String> = Catalog::get().settings.iter().map(|setting| setting.name()).collect();
        for name in names.iter().filter(|name| {
            ["protocol.", "remote.", "local.", "sandbox."].iter().any(|section| name.starts_with(section))
        }) {
            let (decides, not) = (DECIDE.contains(&name.as_str()), OTHERS.contains(&name.as_str()));
            assert!(decides != not, "{name}: say in DECIDE or in OTHERS whether it changes an answer");
        }
        for name in DECIDE.iter().chain(&OTHERS) {
            assert!(names.iter().any(|known| known == name), "{name} is no setting");
        }
    }

    #[test]
    fn what_changes_no_answer_is_the_same_setting_unless_it_is_swept() {
        let (before, mut after) = (Config::default(), Config::default());
        after.remote.budget_usd_per_day = 50.0;
        after.remote.price_input = 3.0;
        after.local.threads = 7;
        assert_eq!(deciding(&before, &[]).unwrap(), deciding(&after, &[]).unwrap());
        let swept = [("local.threads".to_owned(), "7".to_owned())];
        assert_ne!(deciding(&before, &swept).unwrap(), deciding(&after, &swept).unwrap());
        after.sandbox.seconds += 1;
        assert_ne!(deciding(&before, &[]).unwrap(), deciding(&after, &[]).unwrap());
        after = Config::default();
        after.protocol.samples = 2;
        assert_ne!(deciding(&before, &[]).unwrap(), deciding(&after, &[]).unwrap());
    }

    #[test]
    fn words_that_are_kept_private_are_another_setting_and_named_nowhere() {
        let mut private = Config::default();
        private.redact.names = vec!["Anna Berg".into()];
        let settings = deciding(&private, &[]).unwrap();
        assert_ne!(settings, deciding(&Config::default(), &[]).unwrap());
        assert!(!settings.to_string().contains("Anna"), "{settings}");
    }
}
