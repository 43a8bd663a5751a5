//! A job opened: everything that is known of it, from what it was told to what it said.

use crate::app::figures::short_time;
use crate::app::model::Model;
use crate::app::panes::jobs::job_word;
use crate::app::rows::{Piece, Tone, Writer, match_word, pad};
use crate::app::visible::gist;
use crate::protocol::{Chunk, Flaw, Job, JobId, JobState, Outcome, Role, Round, prompts};

impl Model {
    /// What a job says in a few words.
    pub fn job_gist(&self, job: &Job, limit: usize) -> String {
        match &job.state {
            JobState::Waiting | JobState::Running { .. } => match &job.retried {
                Some((flaw, _)) => format!("first reply {}", flaw_word(flaw, limit)),
                None => String::new(),
            },
            JobState::Ended(outcome) => match outcome {
                Outcome::Answered { output, .. } => gist(output.answer.as_deref().unwrap_or_default(), limit),
                Outcome::Abstained { output } => gist(&output.explanation, limit),
                Outcome::Malformed { error, .. } | Outcome::Failed { error } => gist(error, limit),
                Outcome::Truncated { .. } => "the reply ran into the token cap".into(),
                Outcome::Cancelled => String::new(),
            },
        }
    }

    /// What a job's details show.
    pub(crate) fn write_job(&self, id: JobId, width: usize) -> Writer {
        let mut writer = Writer::new(width);
        let Some((round, job)) = self.state.round_numbered(id.round).and_then(|round| Some((round, round.job(id)?)))
        else {
            writer.text(Tone::Dim, 0, "this job is not on record here", None);
            return writer;
        };
        let (mark, tone, word) = job_word(job);
        let head = vec![Piece::Mark(tone, mark), pad(1), Piece::text(tone, word), pad(2)];
        let told = format!(
            "sample {} · attempt {} · {} in, {} out tokens · {}",
            job.sample + 1,
            job.attempt(),
            job.usage.input_tokens,
            job.usage.output_tokens,
            short_time(job.ms)
        );
        writer.lead(head, Tone::Dim, &told, None);
        part(&mut writer, "task", Tone::Text, round.task_of(job));
        part(&mut writer, "advice", Tone::Text, round.advice_of(job));
        let chunk = round.chunk_of(job);
        let reads = match chunk {
            Some(Chunk::Span(span)) | Some(Chunk::Headed { rows: span, .. }) => {
                let name = self.documents.get(span.document).map_or("", |open| open.document.name.as_str());
                let head = match chunk {
                    Some(Chunk::Headed { header, .. }) => {
                        format!(", behind the header of their table, bytes {}–{}", header.start, header.end)
                    }
                    _ => String::new(),
                };
                format!("{} of {name}, bytes {}–{}{head}", self.place_of(chunk), span.start, span.end)
            }
            Some(Chunk::Text(text)) => {
                format!("text that the program made up: {} bytes that stand in no document", text.len())
            }
            None => "nothing".into(),
        };
        part(&mut writer, "reads", Tone::Text, &reads);
        write_outcome(&mut writer, job);
        write_reply(&mut writer, job);
        write_tries(&mut writer, job);
        self.write_worker_prompt(&mut writer, round, job);
        writer
    }

    /// The messages as the worker gets them.
    fn write_worker_prompt(&self, writer: &mut Writer, round: &Round, job: &Job) {
        let text = round.chunk_of(job).and_then(|chunk| chunk.text(|span| self.passage(span)));
        let Some(text) = text else {
            return part(writer, "prompt", Tone::Dim, "the document that it holds is not at hand");
        };
        for message in prompts::worker_messages(&text, round.task_of(job), round.advice_of(job)) {
            let role = match message.role {
                Role::System => "prompt",
                Role::User | Role::Assistant => "",
            };
            part(writer, role, Tone::Dim, &message.content);
        }
    }
}

fn write_outcome(writer: &mut Writer, job: &Job) {
    let Some(outcome) = job.outcome() else { return };
    match outcome {
        Outcome::Answered { output, located } => {
            part(writer, "answer", Tone::Strong, output.answer.as_deref().unwrap_or_default());
            part(writer, "because", Tone::Text, &output.explanation);
            match &output.citation {
                Some(citation) => {
                    let (tone, mark, word) = match_word(citation, located.as_ref().map(|located| located.how));
                    writer.blank();
                    writer.row(
                        vec![
                            Piece::text(Tone::Dim, format!("{:<12}", "citation")),
                            Piece::Mark(tone, mark),
                            pad(1),
                            Piece::text(tone, word),
                        ],
                        None,
                    );
                    writer.text(Tone::Quote, 12, citation, None);
                }
                None => part(writer, "citation", Tone::Warning, "none given"),
            }
        }
        Outcome::Abstained { output } => {
            part(writer, "abstained", Tone::Text, &output.explanation);
        }
        Outcome::Malformed { error, raw } => {
            part(writer, "error", Tone::Bad, error);
            part(writer, "it said", Tone::Dim, raw);
        }
        Outcome::Truncated { raw } => part(writer, "it said", Tone::Dim, raw),
        Outcome::Failed { error } => part(writer, "error", Tone::Bad, error),
        Outcome::Cancelled => part(writer, "cancelled", Tone::Dim, "before it was done"),
    }
}

/// The raw reply of a job that gave an output; the others show theirs as what was wrong with it.
fn write_reply(writer: &mut Writer, job: &Job) {
    match (&job.raw, job.outcome().and_then(Outcome::output)) {
        (Some(raw), Some(_)) => part(writer, "raw reply", Tone::Dim, raw),
        // It was the object and nothing else; the white space in it is not on record.
        (None, Some(output)) => {
            if let Ok(object) = serde_json::to_string_pretty(output) {
                part(writer, "raw reply", Tone::Dim, &object);
            }
        }
        (_, None) => {}
    }
}

/// The attempts that came to nothing, the last first.
fn write_tries(writer: &mut Writer, job: &Job) {
    let flawed = |writer: &mut Writer, retried: &Option<(Flaw, String)>| {
        if let Some((flaw, raw)) = retried {
            part(writer, "first reply", Tone::Warning, &flaw_word(flaw, 400));
            part(writer, "it said", Tone::Dim, raw);
        }
    };
    flawed(writer, &job.retried);
    for earlier in job.earlier.iter().rev() {
        part(writer, "before", Tone::Warning, &format!("{}, and tried again at your word", earlier.outcome.name()));
        match &earlier.outcome {
            Outcome::Malformed { error, raw } => {
                part(writer, "error", Tone::Bad, error);
                part(writer, "it said", Tone::Dim, raw);
            }
            Outcome::Truncated { raw } => part(writer, "it said", Tone::Dim, raw),
            Outcome::Failed { error } => part(writer, "error", Tone::Bad, error),
            Outcome::Cancelled | Outcome::Answered { .. } | Outcome::Abstained { .. } => {}
        }
        flawed(writer, &earlier.retried);
    }
}

fn part(writer: &mut Writer, name: &str, tone: Tone, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    writer.blank();
    for (at, line) in text.trim_end().lines().enumerate() {
        let name = if at == 0 { name } else { "" };
        writer.lead(vec![Piece::text(Tone::Dim, format!("{name:<12}"))], tone, line, None);
    }
}

fn flaw_word(flaw: &Flaw, limit: usize) -> String {
    match flaw {
        Flaw::Malformed(error) => format!("malformed: {}", gist(error, limit)),
        Flaw::Truncated => "truncated at the token cap".into(),
    }
}
