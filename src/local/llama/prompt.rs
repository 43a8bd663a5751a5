//! A job's prompt in tokens: what the chunk's jobs share, then what is this task's own.
//!
//! The document's words are never read as the model's control tokens, whatever they look like.

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::template::{self, Frame, TemplateError};
use super::wire::Work;
use crate::protocol::prompts;

pub struct Prompts {
    frame: Frame,
    head: Vec<LlamaToken>,
}

/// The two halves, the first with the head of all jobs, and numbers that are equal where the halves are.
pub struct Parts {
    pub chunk: u64,
    pub task: u64,
    pub prefix: Vec<LlamaToken>,
    pub suffix: Vec<LlamaToken>,
}

impl Prompts {
    /// Reads the model's own chat template, for answers after thoughts or without.
    pub fn of(model: &LlamaModel, thinking: bool) -> Result<Self, TemplateError> {
        let text = model.chat_template(None).ok().and_then(|template| template.to_string().ok());
        let vocab = model.vocab();
        let special = |token| String::from_utf8_lossy(&vocab.token_to_piece(token, true, None)).into_owned();
        let frame = template::frame(
            &text.unwrap_or_default(),
            &special(vocab.bos()),
            &special(vocab.eos()),
            prompts::worker_system(),
            thinking,
        )?;
        // A template writes the first token itself where the model wants one.
        let bos = vocab.token_to_piece(vocab.bos(), true, None);
        let written = !bos.is_empty() && frame.head.as_bytes().starts_with(&bos);
        let head = vocab.tokenize(frame.head.as_bytes(), !written && vocab.should_add_bos(), true);
        Ok(Self { frame, head })
    }

    /// What all jobs are told first.
    pub fn head(&self) -> &[LlamaToken] {
        &self.head
    }

    /// What ends this model's thoughts; nothing where it has none.
    pub fn end_of_thoughts(&self, model: &LlamaModel) -> Option<Vec<LlamaToken>> {
        self.frame.end_of_thoughts.map(|end| model.vocab().tokenize(end.as_bytes(), false, true))
    }

    pub fn parts(&self, model: &LlamaModel, work: &Work) -> Parts {
        let vocab = model.vocab();
        let mut prefix = self.head.clone();
        prefix.extend(vocab.tokenize(work.excerpt.as_bytes(), false, false));
        let mut suffix = vocab.tokenize(work.task.as_bytes(), false, false);
        suffix.extend(vocab.tokenize(self.frame.tail.as_bytes(), false, true));
        Parts { chunk: number(&prefix), task: number(&suffix), prefix, suffix }
    }
}

/// Equal for equal tokens, and not for others but by a chance of 2⁻⁶⁴ a pair.
fn number(tokens: &[LlamaToken]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for token in tokens {
        hasher.update(&token.0.to_le_bytes());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}
