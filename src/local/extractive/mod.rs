//! The embedded local LM: no model, a lexical reader. It quotes the sentences or table rows of a chunk that answer
//! the task, says which words decided it, or abstains.

mod select;

use futures_util::future::BoxFuture;

use super::{JobError, JobRequest, LocalLm};
use crate::document::wanted::Wanted;
use crate::protocol::{Finish, ModelInfo, Usage, WorkerReply, estimate_tokens};

pub use select::{Reading, Selected, read};

/// Chunks longer than this are read on a thread of their own, so that the screen and the other jobs go on.
const LONG_CHUNK: usize = 20_000;

/// Characters of a window where it is given a whole document.
const WINDOW: usize = 20_000;

/// A reader that compares words. It holds no state: any number of jobs may use one.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExtractiveReader;

impl LocalLm for ExtractiveReader {
    fn info(&self) -> ModelInfo {
        ModelInfo { provider: "extractive".into(), model: "extractive reader".into(), is_model: false, price: None }
    }

    fn max_in_flight(&self) -> usize {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }

    /// It has no context that could be full, and quotes one passage of each window: so windows are short.
    fn window_chars(&self, _max_output_tokens: u64) -> Option<usize> {
        Some(WINDOW)
    }

    fn execute(&self, job: JobRequest) -> BoxFuture<'_, Result<WorkerReply, JobError>> {
        Box::pin(async move {
            if job.chunk.as_str().len() <= LONG_CHUNK {
                return Ok(reply(&job));
            }
            tokio::task::spawn_blocking(move || reply(&job)).await.map_err(|_| JobError {
                message: "the extractive reader stopped while it read a long chunk; cancel the job or run it again"
                    .into(),
                useless: Usage::default(),
            })
        })
    }
}

fn reply(job: &JobRequest) -> WorkerReply {
    let chunk = job.chunk.as_str();
    // It remembers nothing of a conversation: each message is read by itself.
    let advice = if job.advice.starts_with("<conversation>") { "" } else { &*job.advice };
    let reading = read(chunk, &job.task, advice);
    let quoted = |range: &std::ops::Range<usize>| chunk.get(range.clone());
    let output = serde_json::json!({
        "explanation": explanation(&reading),
        "citation": reading.selected.as_ref().and_then(|selected| quoted(&selected.citation)),
        "answer": reading.selected.as_ref().and_then(|selected| quoted(&selected.answer)),
    });
    let text = output.to_string();
    let usage = Usage {
        input_tokens: estimate_tokens(chunk.len() + job.task.len() + job.advice.len()),
        output_tokens: estimate_tokens(text.len()),
        estimated: true,
        ..Usage::default()
    };
    WorkerReply { text, finish: Finish::Stop, usage, useless: Usage::default() }
}

fn explanation(reading: &Reading) -> String {
    let count = format!("{} of {} words of the task", reading.matched, reading.asked);
    let Some(selected) = &reading.selected else {
        return format!("Extractive reader: abstained, only {count} stand here.");
    };
    let mut text = format!("Extractive reader: {count} stand here, in this passage {}", selected.words.join(", "));
    if reading.wanted != Wanted::Statement && selected.holds_wanted {
        text.push_str("; it holds ");
        text.push_str(reading.wanted.describe());
    }
    text.push('.');
    text
}

#[cfg(test)]
mod tests;
