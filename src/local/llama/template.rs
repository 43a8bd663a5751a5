//! A model's own chat template (Jinja, from its GGUF file): what stands before and after the person's words.

use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, context};

/// Stands for the person's words while the template runs; they never pass through it.
const MARK: &str = "@@minions-words@@";
/// How models that reason mark it.
const KINDS: [Reasoning; 3] = [
    // Qwen 3, DeepSeek R1 and their kin.
    Reasoning { told_by: "</think>", begin: "<think>\n", end: "</think>", closed: "\n\n</think>\n\n", answer: "" },
    // Magistral (docs.mistral.ai, "Reasoning").
    Reasoning { told_by: "[/THINK]", begin: "[THINK]", end: "[/THINK]", closed: "[/THINK]", answer: "" },
    // gpt-oss (cookbook.openai.com, "OpenAI harmony response format"): thoughts and answer are messages of their own.
    Reasoning {
        told_by: "<|channel|>",
        begin: "<|channel|>analysis<|message|>",
        end: "<|end|><|start|>assistant<|channel|>final<|message|>",
        closed: "",
        answer: "<|channel|>final<|message|>",
    },
];
/// Steps a template may take: it comes from a file that somebody made, and must end.
const FUEL: u64 = 1_000_000;
/// Some templates write the day. A fixed one keeps prompts, and so answers, the same.
const DAY: &str = "26 Jul 2024";

struct Reasoning {
    /// What only templates of these models hold.
    told_by: &'static str,
    begin: &'static str,
    /// What stands between the thoughts and the answer.
    end: &'static str,
    /// Ends at once what a template has begun.
    closed: &'static str,
    /// What an answer without thoughts begins with.
    answer: &'static str,
}

impl Reasoning {
    fn of(template: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| template.contains(kind.told_by))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub head: String,
    pub tail: String,
    /// Where thoughts come first: what ends them.
    pub end_of_thoughts: Option<&'static str>,
}

/// Why a template is of no use.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("the file holds no chat template: take a GGUF of the model's chat or instruct version")]
    Missing,
    #[error("its chat template cannot be used ({0}): take another GGUF of this model")]
    Broken(String),
    #[error("its chat template does not carry the person's words just once: take another GGUF of this model")]
    Lost,
}

/// Whether models with this template can think before they answer.
pub fn reasons(template: &str) -> bool {
    Reasoning::of(template).is_some()
}

/// Renders the template around the person's words. A model that reasons begins with its thoughts where `thinking`, and
/// otherwise they are over before they begin. Where the template knows no
/// system role, what the system says comes first in the person's words.
pub fn frame(template: &str, bos: &str, eos: &str, system: &str, thinking: bool) -> Result<Frame, TemplateError> {
    if template.trim().is_empty() {
        return Err(TemplateError::Missing);
    }
    let message = |role: &str, content: &str| context! { role, content };
    let apart = vec![message("system", system), message("user", MARK)];
    let together = vec![message("user", &format!("{system}\n\n{MARK}"))];
    let rendered = match render(template, bos, eos, thinking, apart) {
        Ok(text) if text.contains(system.trim()) => Ok(text),
        _ => render(template, bos, eos, thinking, together),
    };
    let text = rendered.map_err(|error| TemplateError::Broken(error.to_string()))?;
    match text.split_once(MARK) {
        Some((head, tail)) if !tail.contains(MARK) => {
            let kind = Reasoning::of(template);
            let end_of_thoughts = kind.filter(|_| thinking).map(|kind| kind.end);
            let tail = kind.map_or_else(|| tail.to_owned(), |kind| lead(tail, kind, thinking));
            Ok(Frame { head: head.to_owned(), tail, end_of_thoughts })
        }
        _ => Err(TemplateError::Lost),
    }
}

/// What stands before the model's first word.
fn lead(tail: &str, kind: &Reasoning, thinking: bool) -> String {
    let begun = tail.rfind(kind.begin.trim_end());
    let is_open = begun.is_some() && begun > tail.rfind(kind.end);
    let is_closed = tail.contains(kind.end);
    match (thinking, is_open) {
        (true, true) => tail.to_owned(),
        (true, false) => format!("{tail}{}", kind.begin),
        (false, true) => format!("{}{}", tail.trim_end_matches('\n'), kind.closed),
        (false, false) if is_closed => tail.to_owned(),
        (false, false) => format!("{tail}{}", kind.answer),
    }
}

/// Tags that training alone needs: which words a model is to learn. Around them a template reads as without.
fn without_training(template: &str) -> String {
    let mut rest = template;
    let mut text = String::with_capacity(template.len());
    while let Some((before, tag)) = rest.split_once("{%") {
        let name = tag.trim_start_matches(['-', '+']).trim_start();
        let (word, put) = match name {
            _ if name.starts_with("generation") => ("generation", "if true"),
            _ if name.starts_with("endgeneration") => ("endgeneration", "endif"),
            _ => ("", ""),
        };
        text.push_str(before);
        text.push_str("{%");
        rest = tag;
        if !word.is_empty() {
            let at = tag.len() - name.len();
            text.push_str(&tag[..at]);
            text.push_str(put);
            rest = &name[word.len()..];
        }
    }
    text.push_str(rest);
    text
}

fn render(template: &str, bos: &str, eos: &str, thinking: bool, messages: Vec<Value>) -> Result<String, Error> {
    let mut environment = Environment::new();
    // As the library does that these templates are written for (Hugging Face transformers, `apply_chat_template`).
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_fuel(Some(FUEL));
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_function("strftime_now", |_format: String| DAY);
    environment.render_str(
        &without_training(template),
        context! {
            messages, bos_token => bos, eos_token => eos, add_generation_prompt => true, enable_thinking => thinking,
            date_string => DAY,
        },
    )
}

#[cfg(test)]
mod tests;
