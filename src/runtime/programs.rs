//! Runs the remote LM's programs: what each is given of a session, and what came of it.

use std::borrow::Cow;
use std::sync::Arc;

use super::hidden::{Hidden, hide_output};
use super::likeness::{Asked, Embeddings};
use crate::document::Document;
use crate::local::ChunkText;
use crate::protocol::redact::Redactor;
use crate::protocol::{
    Chunk, CodeId, CodeResult, CodeStage, Input, Job, Merge, Part, Phase, Redaction, Round, State, Waiting, hide,
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
    blotted: Vec<Redaction>,
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

    /// Runs it. Dropping the future ends the program.
    pub(super) async fn run(self, documents: &Hidden, sandbox: &Sandbox, embeddings: &Embeddings) -> Input {
        let asked = Asked::new(embeddings);
        let program = Program { source: &self.source, clock_ms: self.clock_ms, likeness: asked.likeness() };
        let chunks: Vec<ChunkText> = self
            .round
            .iter()
            .flat_map(|round| &round.chunks)
            .map(|chunk| self.blotted(documents.chunk(chunk, &self.redactor)))
            .collect();
        let hide = |text: &str| hide(&self.redactor, &self.blotted, text).into_owned();
        let texts = self.round.as_ref().map(|round| PastTexts::of(round, hide)).unwrap_or_default();
        let jobs =
            self.round.as_ref().map(|round| past_jobs(round, &chunks, &texts, self.merge, hide)).unwrap_or_default();
        let result = match self.is_transform {
            true => CodeResult::Transformed(sandbox.transform(program, &jobs).await),
            false => {
                let texts = documents.texts(self.part.as_ref());
                let mut prepared = sandbox.prepare(program, &texts, &jobs).await;
                for manifest in prepared.iter_mut().flatten() {
                    documents.restore(manifest, self.part.as_ref(), &self.redactor);
                }
                CodeResult::Prepared(prepared)
            }
        };
        Input::CodeRan { code: self.code, result, embedding_error: asked.error() }
    }

    fn blotted(&self, chunk: ChunkText) -> ChunkText {
        let text = self.blotted.iter().fold(Cow::Borrowed(chunk.as_str()), |text, redaction| redaction.without(text));
        match text {
            Cow::Borrowed(_) => chunk,
            Cow::Owned(text) => ChunkText::whole(text.into()),
        }
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

/// The tasks and advice of a round, as a program may see them.
#[derive(Default)]
struct PastTexts {
    tasks: Vec<String>,
    advices: Vec<String>,
}

impl PastTexts {
    fn of(round: &Round, hide: impl Fn(&str) -> String) -> Self {
        let hide = |texts: &[String]| texts.iter().map(|text| hide(text)).collect();
        Self { tasks: hide(&round.tasks), advices: hide(&round.advices) }
    }
}

fn past_jobs<'a>(
    round: &'a Round,
    chunks: &'a [ChunkText],
    texts: &'a PastTexts,
    merge: Merge,
    hide: impl Fn(&str) -> String,
) -> Vec<PastJob<'a>> {
    let output = |job: &Job| job.outcome().and_then(|outcome| outcome.output()).map(|said| hide_output(said, &hide));
    let past = |job: &'a Job| PastJob {
        chunk: chunks.get(job.chunk as usize).map_or("", ChunkText::as_str),
        task: texts.tasks.get(job.task as usize).map_or("", String::as_str),
        advice: texts.advices.get(job.advice as usize).map_or("", String::as_str),
        chunk_id: job.chunk,
        task_id: job.task,
        output: output(job).unwrap_or_default(),
    };
    // What the person let go no further, no program is told of, in this round or the next.
    merged(round, merge).into_iter().map(past).collect()
}
