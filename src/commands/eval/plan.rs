//! What is asked: the questions that were picked, under each setting, each as often as wanted.

use serde_json::{Value, json};

use super::super::{Exit, Failure};
use super::sources::Sources as Documents;
use crate::cli::EvalArgs;
use crate::config::{Catalog, Config, Loaded, Override, ProtocolName, Sources, load};
use crate::eval::book::fingerprint;
use crate::eval::report::Setting;
use crate::eval::{Measure, Question, Try, read};
use crate::protocol::prompts;

/// More combinations than this are a slip.
const MOST_SETTINGS: usize = 200;

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
        let path = &args.questions;
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

    /// Fingerprint and label of each setting.
    pub fn labels(&self) -> Vec<(String, String)> {
        self.settings.iter().map(|(setting, _)| (setting.fingerprint.clone(), setting.label.clone())).collect()
    }
}

/// Every combination of the swept values, each read and checked as settings are.
fn settings(args: &EvalArgs, loaded: &Loaded, sources: &Sources) -> Result<Vec<(Setting, Config)>, Failure> {
    let mut combinations: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for sweep in &args.sweep {
        let (key, values) = sweep.split_once('=').ok_or_else(|| {
            Failure::usage(format!("--sweep: {sweep:?} names no values; write KEY=A,B, such as samples=1,2,4"))
        })?;
        let name = full_name(key.trim());
        let values: Vec<&str> = values.split(',').map(str::trim).filter(|value| !value.is_empty()).collect();
        if values.is_empty() {
            return Err(Failure::usage(format!(
                "--sweep: {sweep:?} names no values; write KEY=A,B, such as samples=1,2,4"
            )));
        }
        combinations = combinations
            .iter()
            .flat_map(|before| {
                let name = &name;
                values.iter().map(move |value| [&before[..], &[(name.clone(), (*value).to_owned())]].concat())
            })
            .collect();
        if combinations.len() > MOST_SETTINGS {
            return Err(Failure::usage(format!("--sweep: more than {MOST_SETTINGS} combinations; name fewer values")));
        }
    }
    let mut found: Vec<(Setting, Config)> = Vec::new();
    for combination in combinations {
        let loaded = match combination.is_empty() {
            true => loaded.clone(),
            false => {
                let mut sources = sources.clone();
                sources.flags.extend(combination.iter().map(|(name, value)| Override {
                    name: name.clone(),
                    value: value.clone(),
                    flag: "--sweep".into(),
                }));
                load(&sources)?
            }
        };
        if loaded.config.protocol.name == ProtocolName::RemoteOnly && !args.yes_send_document {
            return Err(Failure::usage(
                "remote-only sends every document whole to the remote LM; nothing was sent: add --yes-send-document to agree",
            ));
        }
        let mut config = loaded.config;
        // Nobody is there to pass a gate.
        config.protocol.step = false;
        let short = |name: &str| name.rsplit_once('.').map_or(name, |(_, key)| key).to_owned();
        let label: Vec<String> = combination.iter().map(|(name, value)| format!("{}={value}", short(name))).collect();
        let settings = deciding(&config)?;
        let setting = Setting {
            fingerprint: fingerprint(&settings),
            label: if label.is_empty() { "as set".into() } else { label.join(" ") },
            settings,
        };
        // The same value twice is one setting.
        if !found.iter().any(|(known, _)| known.fingerprint == setting.fingerprint) {
            found.push((setting, config));
        }
    }
    Ok(found)
}

/// The full name of a setting that is named by its key alone: one of the protocol, else the only one of that key.
fn full_name(key: &str) -> String {
    let catalog = Catalog::get();
    let named: Vec<String> =
        catalog.settings.iter().filter(|setting| setting.key == key).map(|setting| setting.name()).collect();
    let of_protocol = named.iter().find(|name| name.starts_with("protocol."));
    match (&named[..], of_protocol) {
        (_, Some(name)) => name.clone(),
        ([only], None) => only.clone(),
        _ => key.to_owned(),
    }
}

/// The settings that change an answer. What names a key is none of them.
fn deciding(config: &Config) -> Result<Value, Failure> {
    let mut all = json!({
        "protocol": config.protocol,
        "remote": config.remote,
        "local": config.local,
        "sandbox": config.sandbox,
        "prompts": prompts::VERSION,
    });
    for section in ["remote", "local"] {
        if let Some(section) = all[section].as_object_mut() {
            section.retain(|key, _| !key.starts_with("api_key"));
        }
    }
    Ok(all)
}
