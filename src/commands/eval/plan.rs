//! What is asked: the questions that were picked, under each setting, each as often as wanted.

use serde_json::{Value, json};

use super::super::forecasting::{Experience, Sum};
use super::super::{Exit, Failure, sweep, whole};
use super::sources::Sources as Documents;
use crate::cli::EvalArgs;
use crate::config::{Catalog, Config, Loaded, ProtocolName, RedactConfig, Sources};
use crate::eval::book::fingerprint;
use crate::eval::report::Setting;
use crate::eval::{Measure, Question, Try, read};
use crate::journal::EVAL_TAG;
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

/// What tells this setting from others: the settings that decide, and those that were swept. A finished try stays finished
/// when others are changed.
fn deciding(config: &Config, swept: &[(String, String)]) -> Result<Value, Failure> {
    let all = serde_json::to_value(config)?;
    let mut found = json!({ "prompts": prompts::VERSION });
    let deciding = Catalog::get().settings.iter().filter(|setting| setting.decides() && setting.section != "redact");
    for name in deciding.map(|setting| setting.name()).chain(swept.iter().map(|(name, _)| name.clone())) {
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
