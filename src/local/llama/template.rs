//! A model's own chat template (Jinja, from its GGUF file): what stands before and after the person's words.

use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, context};

/// Stands for the person's words while the template runs; they never pass through it.
const MARK: &str = "@@minions-words@@";
/// What a model that reasons puts around its thoughts (Qwen 3, DeepSeek R1 and their kin).
const THINK: &str = "<think>";
pub const THOUGHT: &str = "</think>";
/// Steps a template may take: it comes from a file that somebody made, and must end.
const FUEL: u64 = 1_000_000;
/// Some templates write the day. A fixed one keeps prompts, and so answers, the same.
const DAY: &str = "26 Jul 2024";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub head: String,
    pub tail: String,
    /// Whether thoughts come first, up to [`THOUGHT`].
    pub thinks: bool,
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
            let reasons = template.contains(THOUGHT);
            Ok(Frame { head: head.to_owned(), tail: lead(tail, reasons, thinking), thinks: reasons && thinking })
        }
        _ => Err(TemplateError::Lost),
    }
}

/// What stands before the model's first word.
fn lead(tail: &str, reasons: bool, thinking: bool) -> String {
    let open = tail.rfind(THINK) > tail.rfind(THOUGHT);
    match (reasons, thinking, open) {
        (true, true, false) => format!("{tail}{THINK}\n"),
        (true, false, true) => format!("{tail}\n{THOUGHT}\n\n"),
        _ => tail.to_owned(),
    }
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
        template,
        context! {
            messages, bos_token => bos, eos_token => eos, add_generation_prompt => true, enable_thinking => thinking,
            date_string => DAY,
        },
    )
}

#[cfg(test)]
mod tests;
