//! Runs the remote LM's programs: what each is given of a session, and what came of it.

use std::borrow::Cow;
use std::sync::Arc;

use super::hidden::{Hidden, hide_output};
use super::likeness::{Asked, Embeddings};
use crate::document::Document;
use crate::local::ChunkText;
use crate::protocol::redact::Redactor;
use crate::protocol::{
    Blotted, Chunk, CodeId, CodeResult, CodeStage, Input, Job, JobOutput, Merge, Part, Phase, Round, State, Waiting,
    merged,
};
use crate::sandbox::{PastJob, Program, Sandbox};

/// One of a program's two functions, to be run.
pub(super) struct ProgramCall {
    code: CodeId,
    source: String,
    clock_ms: u64,
    /// `prepare_jobs` sees the jobs of the round before, `transform_outputs` those of its own.
    round: Option<Round>,
    is_transform: bool,
    /// The only part of the documents that the program is given.
    part: Option<Part>,
    /// Which samples `transform_outputs` is given.
    merge: Merge,
    redactor: Redactor,
    /// What the person had blotted out, which no program is told of the jobs before.
    blotted: Blotted,
}

impl ProgramCall {
    /// The call that the session waits for, if it waits for one.
    pub(super) fn due(state: &State) -> Option<Self> {
        let (code, is_transform) = match state.phase {
            Phase::Waiting(Waiting::Prepare(code)) => (code, false),
            Phase::Waiting(Waiting::Transform(code)) => (code, true),
            _ => return None,
        };
        let round = match is_transform {
            true => state.round_numbered(code.round),
            false => state.rounds.iter().rev().find(|round| round.number < code.round),
        };
        let known = state.round_numbered(code.round)?.codes.iter().find(|known| known.id == code)?;
        let clock_ms = state.opened.as_ref().and_then(|opened| opened.clock_ms).unwrap_or(0);
        let part = state.opened.as_ref().and_then(|opened| opened.settings.part);
        let merge = if is_transform { state.settings().means.merge } else { Merge::Union };
        Some(Self {
            code,
            source: known.source.clone(),
            clock_ms,
            round: round.cloned(),
            is_transform,
            part,
            merge,
            redactor: state.redactor.clone(),
            blotted: state.redactions.clone(),
        })
    }

    pub(super) fn code(&self) -> CodeId {
        self.code
    }

    pub(super) fn stage(&self) -> CodeStage {
        if self.is_transform { CodeStage::Transform } else { CodeStage::Prepare }
    }

    /// With all that the program is given of earlier jobs, which takes a while where there are thousands.
    pub(super) fn prepared(self, documents: &Hidden) -> PreparedCall {
        let hide = |text: &str| self.blotted.hide(&self.redactor, text).into_owned();
        let hidden = |texts: &[String]| texts.iter().map(|text| hide(text)).collect();
        let past = self.round.as_ref().map(|round| Past {
            chunks: round.chunks.iter().map(|chunk| self.blotted(documents.chunk(chunk, &self.redactor))).collect(),
            tasks: hidden(&round.tasks),
            advices: hidden(&round.advices),
            // What the person let go no further, no program is told of, in this round or the next.
            jobs: merged(round, self.merge).into_iter().map(|job| PastOutput::of(job, hide)).collect(),
        });
        PreparedCall { past: past.unwrap_or_default(), call: self }
    }

    fn blotted(&self, chunk: ChunkText) -> ChunkText {
        match self.blotted.without(Cow::Borrowed(chunk.as_str())) {
            Cow::Borrowed(_) => chunk,
            Cow::Owned(text) => ChunkText::whole(text.into()),
        }
    }
}

/// A call that can be made.
pub(super) struct PreparedCall {
    call: ProgramCall,
    past: Past,
}

impl PreparedCall {
    /// Runs it. Dropping the future ends the program.
    pub(super) async fn run(self, documents: &Hidden, sandbox: &Sandbox, embeddings: &Embeddings) -> Input {
        let Self { call, past } = self;
        let asked = Asked::new(embeddings);
        let program = Program { source: &call.source, clock_ms: call.clock_ms, likeness: asked.likeness() };
        let result = match call.is_transform {
            true => CodeResult::Transformed(sandbox.transform(program, &past.jobs()).await),
            false => {
                let texts = documents.texts(call.part.as_ref());
                let mut prepared = sandbox.prepare(program, &texts, &past.jobs()).await;
                for manifest in prepared.iter_mut().flatten() {
                    documents.restore(manifest, call.part.as_ref(), &call.redactor);
                }
                CodeResult::Prepared(prepared)
            }
        };
        Input::CodeRan { code: call.code, result, embedding_error: asked.error() }
    }
}

/// What a program may see of the jobs of a round.
#[derive(Default)]
struct Past {
    chunks: Vec<ChunkText>,
    tasks: Vec<String>,
    advices: Vec<String>,
    jobs: Vec<PastOutput>,
}

struct PastOutput {
    chunk: u32,
    task: u32,
    advice: u32,
    output: JobOutput,
}

impl PastOutput {
    fn of(job: &Job, hide: impl Fn(&str) -> String) -> Self {
        let said = job.outcome().and_then(|outcome| outcome.output());
        let output = said.map(|said| hide_output(said, hide)).unwrap_or_default();
        Self { chunk: job.chunk, task: job.task, advice: job.advice, output }
    }
}

impl Past {
    fn jobs(&self) -> Vec<PastJob<'_>> {
        let past = |job: &PastOutput| PastJob {
            chunk: self.chunks.get(job.chunk as usize).map_or("", ChunkText::as_str),
            task: self.tasks.get(job.task as usize).map_or("", String::as_str),
            advice: self.advices.get(job.advice as usize).map_or("", String::as_str),
            chunk_id: job.chunk,
            task_id: job.task,
            output: job.output.clone(),
        };
        self.jobs.iter().map(past).collect()
    }
}

/// What a program is given: the documents, or the one part that the session is about.
pub(super) fn texts(documents: &[Document], part: Option<&Part>) -> Vec<Arc<str>> {
    let Some(Part { span, .. }) = part else {
        return documents.iter().map(|document| document.text.clone()).collect();
    };
    let text = documents.get(span.document).and_then(|document| document.slice(span.start, span.end));
    vec![text.unwrap_or_default().into()]
}

/// The text that a chunk stands for.
pub(super) fn chunk_text(documents: &[Document], chunk: &Chunk) -> ChunkText {
    if let Chunk::Span(span) = chunk {
        return match documents.get(span.document) {
            Some(document) => ChunkText::of(document.text.clone(), span.start..span.end),
            None => ChunkText::whole("".into()),
        };
    }
    let text = chunk.text(|span| documents.get(span.document)?.slice(span.start, span.end));
    ChunkText::whole(text.unwrap_or_default().into())
}
