//! What a session begins with: the question, the documents and the models.

use serde::{Deserialize, Serialize};

use crate::document::DocumentRef;
use crate::protocol::fork::Known;
use crate::protocol::ids::{CodeId, JobId};
use crate::protocol::price::Price;
use crate::protocol::settings::Settings;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionOpened {
    pub question: String,
    pub settings: Settings,
    pub documents: Vec<DocumentRef>,
    pub remote: ModelInfo,
    pub local: ModelInfo,
    /// The version of the prompts, see [`prompts::VERSION`](super::prompts::VERSION).
    pub prompts: String,
    /// The version of this program.
    pub program: String,
    /// What the remote LM's programs are told the time is, in milliseconds since 1970: when the session began. It stands
    /// still, so that they give the same jobs when they are run again. The first sessions did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ms: Option<u64>,
    /// What `retrieve` compares meanings with; nothing where it goes by words alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<EmbeddingModel>,
    /// The session this one was forked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
}

#[cfg(test)]
impl SessionOpened {
    /// A question of these documents to models that a test names nothing more of.
    pub fn example(settings: Settings, documents: &[crate::document::Document]) -> Self {
        let model = ModelInfo { provider: "test".into(), model: "test".into(), is_model: true, price: None };
        Self {
            question: "What is it?".into(),
            settings,
            documents: documents.iter().map(crate::document::Document::reference).collect(),
            remote: model.clone(),
            local: model,
            prompts: String::new(),
            program: String::new(),
            clock_ms: None,
            embedding: None,
            parent: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    pub session: String,
    /// The last record that counts here.
    pub seq: u64,
    /// Whether what the parent asked after that record is asked anew, although its replies are on record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
    /// What was found out before, for a question that follows up on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<Known>,
    /// What is another way here. The first forks did not record it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Changed>,
    /// What more there is to say of it. Forks before it was recorded say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<Detail>>,
}

/// What of a fork is another way than in the session that it left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    Question,
    Levers,
    Model,
    Code,
    /// The output of a job.
    Job,
    /// All jobs were run again.
    Reading,
}

impl Changed {
    /// In a word.
    pub fn told(self) -> &'static str {
        match self {
            Changed::Question => "question",
            Changed::Levers => "levers",
            Changed::Model => "model",
            Changed::Code => "code",
            Changed::Job => "job",
            Changed::Reading => "jobs run again",
        }
    }
}

/// What was changed, more closely than by its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// By the name that the journal has for it.
    Lever {
        name: String,
        before: String,
        after: String,
    },
    Code(CodeId),
    /// The job whose output was changed.
    Job(JobId),
    /// The first round whose jobs were run again.
    Reading {
        round: u32,
    },
}

impl Detail {
    pub fn of(&self) -> Changed {
        match self {
            Detail::Lever { .. } => Changed::Levers,
            Detail::Code(_) => Changed::Code,
            Detail::Job(_) => Changed::Job,
            Detail::Reading { .. } => Changed::Reading,
        }
    }

    /// In a few words.
    pub fn told(&self) -> String {
        match self {
            Detail::Lever { name, before, after } => format!("{} {before} → {after}", name.replace('_', " ")),
            Detail::Code(code) => format!("code of round {}, attempt {}", code.round, code.attempt),
            Detail::Job(job) => format!("output of job {job}"),
            Detail::Reading { round: 1 } => Changed::Reading.told().into(),
            Detail::Reading { round } => format!("{} from round {round} on", Changed::Reading.told()),
        }
    }
}

/// The provider that stands for the replies on record in another session: they are said again, and nobody is asked.
pub const RECORDED: &str = "recorded";

/// A model as the screen and the journal name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// The setting that chose it: `offline`, `extractive`, `openai`, …
    pub provider: String,
    pub model: String,
    /// Whether there is a language model behind it at all.
    pub is_model: bool,
    /// Nothing where the price is not known.
    pub price: Option<Price>,
}

/// Who plans and who reads. Nothing where it is not said, or not known yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Models {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<ModelInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<ModelInfo>,
}

impl Models {
    /// Those of the session's beginning.
    pub fn of(opened: &SessionOpened) -> Self {
        Self { remote: Some(opened.remote.clone()), local: Some(opened.local.clone()) }
    }

    /// What was chosen, in a line.
    pub fn told(&self) -> String {
        format!("from the next round on {}", self.both())
    }

    /// Who does what.
    pub fn both(&self) -> String {
        let plans = self.remote.as_ref().map(|remote| format!("{} plans", remote.label()));
        let reads = self.local.as_ref().map(|local| format!("{} reads", local.label()));
        let both: Vec<String> = plans.into_iter().chain(reads).collect();
        both.join(", ")
    }

    /// Takes over what `chosen` names.
    pub(in crate::protocol) fn take_over(&mut self, chosen: Self) {
        self.remote = chosen.remote.or(self.remote.take());
        self.local = chosen.local.or(self.local.take());
    }
}

impl ModelInfo {
    /// Its name, and plainly whether there is no model behind it.
    pub fn label(&self) -> String {
        if self.is_model { format!("{} ({})", self.model, self.provider) } else { format!("{} (no model)", self.model) }
    }
}

/// A model that turns texts into vectors, told well enough to say whether another is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbeddingModel {
    pub model: String,
    /// The blake3 of its file.
    pub hash: String,
    /// What stands before each query and each chunk.
    pub query_prefix: String,
    pub document_prefix: String,
}

/// The tokens of the session's texts, each by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentTokens {
    /// The vocabulary that they were counted with, such as `o200k_base`.
    pub tokenizer: String,
    /// Whether it is the remote LM's own; else the counts are an estimate.
    pub counted: bool,
    pub question: u64,
    /// In the order of the session's documents; where it is about a part, that alone.
    pub documents: Vec<u64>,
}
