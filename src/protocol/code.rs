//! The program that the remote LM writes: taken out of its reply, and what can go wrong with it.

use serde::{Deserialize, Serialize};

/// Where a program failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeStage {
    /// There was no program in the reply.
    Extract,
    /// While it was loaded or while `prepare_jobs` ran.
    Prepare,
    /// While `transform_outputs` ran.
    Transform,
}

/// Why a program came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeErrorKind {
    /// Python raised an exception.
    Exception,
    /// No code block, a missing function, a result of the wrong shape, too many jobs.
    Contract,
    TimeLimit,
    MemoryLimit,
    /// It returned or printed far more than anyone could read.
    OutputLimit,
    /// The program tried what the sandbox forbids, or brought the interpreter down.
    Stopped,
    /// The sandbox itself could not run: not the program's fault.
    Unavailable,
    /// The person sent it back; the message is what they said.
    SentBack,
}

/// An error the remote LM can act on. No passage of a document stands in it: it goes to the remote LM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeError {
    pub kind: CodeErrorKind,
    /// The exception's type and message, or one sentence.
    pub message: String,
    /// The line of the program, counted from 1.
    pub line: Option<u32>,
    /// The traceback as Python would print it, where there is one.
    pub traceback: Option<String>,
    /// What to do about it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The end of what the program had printed until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed: Option<String>,
}

impl CodeError {
    pub fn new(kind: CodeErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), line: None, traceback: None, hint: None, printed: None }
    }
}

impl std::fmt::Display for CodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// Takes the program out of a reply: all Python blocks joined, in the order they came.
///
/// A reply without fences that defines `prepare_jobs` is taken whole.
pub fn extract_code(reply: &str) -> Result<String, CodeError> {
    let blocks = fenced_blocks(reply);
    let python: Vec<&str> = if blocks.iter().any(|(tag, _)| is_python(tag)) {
        blocks.iter().filter(|(tag, _)| is_python(tag)).map(|(_, body)| body.as_str()).collect()
    } else {
        blocks.iter().filter(|(tag, _)| tag.is_empty()).map(|(_, body)| body.as_str()).collect()
    };
    if !python.is_empty() {
        return Ok(python.join("\n"));
    }
    if reply.contains("def prepare_jobs") {
        return Ok(reply.to_owned());
    }
    Err(CodeError::new(
        CodeErrorKind::Contract,
        "the reply holds no ```python block that defines prepare_jobs and transform_outputs",
    ))
}

/// Whether a reply that was cut off holds its program all the same: every block is closed, and the functions are there.
pub(super) fn is_whole(reply: &str) -> bool {
    let fences = reply.lines().filter(|line| line.trim_start().starts_with("```")).count();
    let defined =
        |source: String| ["def prepare_jobs", "def transform_outputs"].iter().all(|name| source.contains(name));
    fences > 0 && fences % 2 == 0 && extract_code(reply).is_ok_and(defined)
}

/// Whether a fenced block of this language, in small letters, is Python.
pub fn is_python(tag: &str) -> bool {
    matches!(tag, "python" | "py" | "python3")
}

fn fenced_blocks(reply: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in reply.lines() {
        match (open.take(), line.trim_start().strip_prefix("```")) {
            (None, Some(tag)) => open = Some((tag.trim().to_ascii_lowercase(), String::new())),
            (Some(block), Some(_)) => blocks.push(block),
            (Some((tag, mut body)), None) => {
                body.push_str(line);
                body.push('\n');
                open = Some((tag, body));
            }
            (None, None) => {}
        }
    }
    blocks.extend(open);
    blocks
}
