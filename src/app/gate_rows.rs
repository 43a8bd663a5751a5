//! What waits at a gate, in rows: the request and what it exposes, the program and its jobs, the outputs, the decision.

use std::collections::HashMap;

use super::figures::{counted, dollars, short_bytes, short_count, short_time};
use super::model::Model;
use super::panes::jobs::job_word;
use super::rows::{Mark, Piece, Target, Tone, Writer, pad};
use super::visible::gist;
use crate::protocol::{
    Chunk, Decision, Held, Job, JobId, RemoteAsk, Role, Round, State, estimate_tokens, percent, prompts,
};

/// Passages that are told one by one.
const PASSAGES: usize = 200;
/// Jobs of a task that are told one by one; the samples of one are one row.
const JOBS: usize = 200;
/// Cells of a chunk's first words.
const WORDS: usize = 60;

impl Model {
    pub(crate) fn write_gate(&self, width: usize) -> Writer {
        let mut writer = Writer::new(width);
        if self.at_gate().is_some() && self.state.pause.is_some() {
            writer.text(Tone::Warning, 0, "The run is paused. Whatever is done at this gate has it go on.", None);
        }
        match (self.at_gate(), self.state.round()) {
            (Some((n, Held::Request(request))), _) => self.write_request(&mut writer, n, request),
            (Some((_, Held::Code { .. })), Some(round)) => self.write_program(&mut writer, round),
            (Some((_, Held::Outputs { .. })), Some(round)) => self.write_outputs(&mut writer, round),
            (Some((_, Held::Decision { .. })), Some(round)) => write_decision(&mut writer, &self.state, round),
            _ => {}
        }
        writer
    }

    fn write_request(&self, writer: &mut Writer, n: u32, request: &RemoteAsk) {
        let is_model = self.state.remote().is_some_and(|remote| remote.is_model);
        let to = self.state.remote().map(|remote| remote.label()).unwrap_or_default();
        let attempt = if request.attempt > 1 { format!(", attempt {}", request.attempt) } else { String::new() };
        writer.text(Tone::Strong, 0, &format!("To {to}, to {}{attempt}", request.purpose.name()), None);
        let estimate = request.estimate;
        let approx = if estimate.counted { "" } else { "≈ " };
        let worst = match estimate.worst_cost_usd {
            Some(usd) => format!("{} at most", dollars(usd)),
            None if is_model => "its price is not known".into(),
            None => "it costs nothing: no model plans".into(),
        };
        let bytes: usize = request.messages.iter().map(|message| message.content.len()).sum();
        let size = format!(
            "{approx}{} tokens in, {} out at most; {worst}; {bytes} bytes",
            estimate.input_tokens, request.max_output_tokens
        );
        writer.text(Tone::Text, 0, &size, None);
        self.write_exposed(writer, n, is_model);
        for (message, at) in request.messages.iter().zip(0..) {
            let role = match message.role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            let count = request.messages.len();
            let head = format!("message {} of {count}, {role}, {} bytes", at + 1, message.content.len());
            heading(writer, &head, Some(Target::Message(at)));
            writer.text(Tone::Text, 2, &message.content, None);
        }
    }

    fn write_exposed(&self, writer: &mut Writer, n: u32, is_model: bool) {
        let Some(exposes) = self.account.held.as_ref().filter(|exposes| exposes.n == n) else {
            return writer.text(Tone::Dim, 0, "looking for what it exposes of the documents…", None);
        };
        if exposes.spans.is_empty() {
            return writer.text(Tone::Good, 0, "It exposes no passage of the documents.", None);
        }
        let (would, tone) =
            if is_model { ("exposes", Tone::Warning) } else { ("would expose, to a model,", Tone::Text) };
        let count = exposes.spans.len();
        let head = format!(
            "It {would} {count} {} of the documents, {} ({}):",
            if count == 1 { "passage" } else { "passages" },
            short_bytes(exposes.bytes),
            percent(exposes.share)
        );
        writer.text(tone, 0, &head, None);
        let grows =
            format!("With it {} will have left, after {} by now.", percent(exposes.total), percent(exposes.left));
        writer.text(Tone::Dim, 0, &grows, None);
        for span in exposes.spans.iter().take(PASSAGES) {
            let words = self.documents.get(span.document).and_then(|open| open.document.slice(span.start, span.end));
            let place = format!("{}, {} bytes", self.place_of(Some(&Chunk::Span(*span))), span.len());
            let lead = vec![pad(2), Piece::text(Tone::Dim, format!("{place:<18} "))];
            writer.lead(lead, Tone::Quote, &one_line(words.unwrap_or_default()), None);
        }
        if count > PASSAGES {
            writer.text(Tone::Dim, 2, &format!("and {} more", count - PASSAGES), None);
        }
    }

    fn write_program(&self, writer: &mut Writer, round: &Round) {
        let Some(code) = round.codes.last() else { return };
        if let Some(error) = &code.rejected {
            writer.text(Tone::Bad, 0, &format!("It failed: {error}"), None);
            let next = "Passed, it goes back to the remote LM with this error; edited, it runs again.";
            writer.text(Tone::Dim, 0, next, None);
        } else {
            self.write_local_cost(writer, round);
        }
        let edited = if code.edited { ", as you edited it" } else { "" };
        heading(writer, &format!("Program of attempt {}{edited}", code.id.attempt), None);
        let digits = code.source.lines().count().to_string().len();
        let mut at = 0;
        for (line, number) in code.source.split_inclusive('\n').zip(1..) {
            let end = at + line.trim_end_matches('\n').len();
            let lead = vec![Piece::text(Tone::LineNumber, format!("{number:>digits$} "))];
            writer.code_line(lead, &code.source, at..end, &[]);
            at += line.len();
        }
        if round.unfinished == 0 {
            return;
        }
        self.write_planned(writer, round);
    }

    /// The jobs by task, a row for all samples of one.
    fn write_planned(&self, writer: &mut Writer, round: &Round) {
        let mut samples: HashMap<(u32, u32, u32), usize> = HashMap::new();
        let mut tasks: Vec<(usize, Vec<(JobId, &Job)>)> = vec![Default::default(); round.tasks.len()];
        for (job, index) in round.jobs.iter().zip(0..) {
            *samples.entry((job.task, job.chunk, job.advice)).or_default() += 1;
            if let Some((count, firsts)) = tasks.get_mut(job.task as usize) {
                *count += 1;
                let id = JobId { round: round.number, index };
                firsts.extend((job.sample == 0).then_some((id, job)));
            }
        }
        for (((count, firsts), words), number) in tasks.into_iter().zip(&round.tasks).zip(1..) {
            heading(writer, &format!("Task {number}, {}: {words}", counted(count, "job")), None);
            for (id, job) in firsts.iter().take(JOBS) {
                let times = samples.get(&(job.task, job.chunk, job.advice)).copied().unwrap_or_default();
                self.write_job_planned(writer, round, (*id, job), times);
            }
            if firsts.len() > JOBS {
                writer.text(Tone::Dim, 2, &format!("and {} more", firsts.len() - JOBS), None);
            }
        }
    }

    fn write_job_planned(&self, writer: &mut Writer, round: &Round, (id, job): (JobId, &Job), samples: usize) {
        let chunk = round.chunk_of(job);
        let times = if samples > 1 { format!("×{samples} ") } else { String::new() };
        let place = self.place_of(chunk);
        let lead = vec![pad(2), Piece::text(Tone::Dim, format!("{:<7} {place:<8} {times}", id.to_string()))];
        let words = chunk.and_then(|chunk| chunk.text(|span| self.passage(span))).unwrap_or_default();
        let advice = round.advice_of(job);
        let advice = if advice.trim().is_empty() { String::new() } else { format!(" · {}", one_line(advice)) };
        writer.lead(lead, Tone::Text, &format!("{}{advice}", gist(&one_line(&words), WORDS)), None);
    }

    /// What the jobs take on this machine: an estimate, from the lengths of what they read and the jobs so far.
    fn write_local_cost(&self, writer: &mut Writer, round: &Round) {
        let length = |chunk: Option<&Chunk>| chunk.map_or(0, Chunk::bytes);
        let same_for_all: usize =
            prompts::worker_messages("", "", "").iter().map(|message| message.content.len()).sum();
        let read: u64 = round
            .jobs
            .iter()
            .map(|job| {
                let own = length(round.chunk_of(job)) + round.task_of(job).len() + round.advice_of(job).len();
                estimate_tokens(own + same_for_all)
            })
            .sum();
        let jobs = round.jobs.len() as u64;
        let written = jobs.saturating_mul(self.state.settings().local_max_output_tokens);
        let plan = format!(
            "{} on {}, {}",
            counted(round.jobs.len(), "job"),
            counted(round.chunks.len(), "chunk"),
            counted(round.tasks.len(), "task")
        );
        writer.text(Tone::Strong, 0, &plan, None);
        let local = self.account.ledger.totals().local;
        let time = match local.calls {
            0 => "no job has run yet to tell how long they take".to_owned(),
            calls => {
                let ms = local.busy_ms / calls * jobs;
                format!(
                    "≈ {} of reading, by the {calls} jobs so far, shorter where several run at once",
                    short_time(ms)
                )
            }
        };
        let reads = self.state.models.now.local.as_ref().is_none_or(|local| local.is_model);
        let tokens = match reads {
            true => format!("≈ {} tokens read here, {} written at most", short_count(read), short_count(written)),
            false => format!("≈ {} tokens of text read here, by no model", short_count(read)),
        };
        writer.text(Tone::Text, 0, &format!("{tokens}; {time}"), None);
    }

    fn write_outputs(&self, writer: &mut Writer, round: &Round) {
        let unticked = self.dropped(round);
        let Some(aggregated) = &round.aggregated else { return };
        let text = &aggregated.text;
        let head = format!(
            "{} bytes go on to the remote LM: {} kept, {} dropped",
            text.len(),
            counted(aggregated.kept as usize, "output"),
            counted(aggregated.dropped as usize, "output")
        );
        writer.text(Tone::Strong, 0, &head, None);
        for redaction in self.state.redactions.iter() {
            let told = match redaction {
                crate::protocol::Redaction::Line(line) => format!("redacted in this session: the line “{line}”"),
                crate::protocol::Redaction::Pattern(pattern) => format!("redacted in this session: {pattern}"),
            };
            writer.text(Tone::Dim, 0, &told, None);
        }
        heading(writer, "What goes on", None);
        for (line, at) in text.split('\n').zip(0..) {
            writer.lead(vec![pad(2)], Tone::Text, line, Some(Target::Line(at)));
        }
        heading(writer, "Outputs of the jobs", None);
        for (job, index) in round.jobs.iter().zip(0..) {
            let id = JobId { round: round.number, index };
            let target = Some(Target::Job(id));
            let (mark, tone, word) = job_word(job);
            let (sign, tick) = if unticked.contains(&index) { ("[ ] ", Tone::Dim) } else { ("[x] ", Tone::Key) };
            let lead = vec![
                Piece::text(tick, sign),
                Piece::Mark(tone, mark),
                Piece::text(tone, format!(" {:<6} {word:<10}", id.to_string())),
            ];
            let output = job.outcome().and_then(|outcome| outcome.output());
            let answer = output.and_then(|output| output.answer.as_deref()).unwrap_or_default();
            writer.lead(lead, Tone::Text, &one_line(answer), target);
            if let Some(citation) = output.and_then(|output| output.citation.as_deref()) {
                writer.lead(vec![pad(23)], Tone::Quote, &one_line(citation), target);
            }
        }
    }
}

fn write_decision(writer: &mut Writer, state: &State, round: &Round) {
    match &round.decision {
        Some(Decision::ProvideFinalAnswer(last)) => {
            writer.text(Tone::Strong, 0, "The remote LM has its final answer. Passed, it is the session's.", None);
            heading(writer, "Answer", None);
            let none = || format!("none: {}", state.why_no_answer_of(round));
            writer.text(Tone::Text, 2, &last.answer.clone().unwrap_or_else(none), None);
            part(writer, "Why", &last.explanation);
            if !last.citations.is_empty() {
                heading(writer, "Citations", None);
            }
            for citation in &last.citations {
                writer.lead(vec![pad(2), Piece::Mark(Tone::Dim, Mark::Bullet), pad(1)], Tone::Quote, citation, None);
            }
        }
        Some(Decision::RequestAdditionalInfo(more)) => {
            writer.text(Tone::Strong, 0, "The remote LM wants another round. Passed, it begins.", None);
            part(writer, "Why", &more.explanation);
            part(writer, "Feedback for it", &more.feedback);
            part(writer, "What is known so far", &more.scratchpad);
        }
        None => {}
    }
}

fn part(writer: &mut Writer, name: &str, text: &str) {
    if !text.trim().is_empty() {
        heading(writer, name, None);
        writer.text(Tone::Text, 2, text, None);
    }
}

fn heading(writer: &mut Writer, text: &str, target: Option<Target>) {
    writer.blank();
    writer.lead(Vec::new(), Tone::Heading, text, target);
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}
