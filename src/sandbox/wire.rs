//! What parent and child say to each other: length-prefixed binary frames, little-endian.
//!
//! A request is one frame, followed by the bytes of its documents; a reply is one frame. Before it the child may ask how
//! alike texts are, each time in a frame that is answered by one. Whatever the child writes is untrusted: every length and index is checked, and nothing is allocated for bytes that did not arrive.

use super::frame::{Malformed, Reader, Writer};
use super::likeness::{self, CHUNKS, Likenesses, QUERIES, Question};
use crate::document::Span;
use crate::protocol::{CodeError, CodeErrorKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Prepare,
    Transform,
    /// Try the forbidden thing that the source names, see [`attempts`](super::attempts).
    Attempt,
}

/// A call, but for the bytes of the documents, which follow the frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Request<'a> {
    pub stage: Stage,
    /// The program may run this long.
    pub milliseconds: u64,
    /// What the program is told the time is, in milliseconds since 1970.
    pub clock_ms: u64,
    pub max_jobs: u32,
    /// The reply may have this many bytes.
    pub max_reply: u64,
    /// Whether the child may ask how alike texts are.
    pub compares: bool,
    pub source: String,
    /// Byte lengths.
    pub documents: Vec<u64>,
    /// Texts that `jobs` points into.
    pub texts: Vec<&'a str>,
    pub jobs: Vec<JobRow>,
}

/// A finished job; `chunk`, `task` and `advice` are indexes into the request's texts.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    pub chunk: u32,
    pub task: u32,
    pub advice: u32,
    pub chunk_id: u32,
    pub task_id: u32,
    pub explanation: String,
    pub citation: Option<String>,
    pub answer: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The child is loaded and locked.
    Ready(Vec<Layer>),
    Prepared(Prepared),
    Transformed(String),
    Failed(CodeError),
    /// How a forbidden thing was refused; without an error number it was done.
    Attempted(Option<i32>),
    /// No end of the call: the child waits for an [`Answer`].
    Asks(Question),
    /// No end of the call either: the program would have asked more than is answered, and went on without.
    AsksTooMuch,
}

/// The parent's answer to a question; nothing where there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer(pub Option<Likenesses>);

impl Answer {
    /// The frame with its length in front.
    pub fn encode(&self) -> Vec<u8> {
        let rows = self.0.as_deref().unwrap_or_default();
        let mut out = Writer::new(16 + rows.iter().map(|row| 8 + row.len() * 4).sum::<usize>());
        out.u8(u8::from(self.0.is_some()));
        out.u64(rows.len() as u64);
        for row in rows {
            out.u64(row.len() as u64);
            row.iter().for_each(|likeness| out.u32(likeness.to_bits()));
        }
        out.finish()
    }

    /// Reads a frame without its length.
    pub fn decode(frame: &[u8]) -> Result<Self, Malformed> {
        let mut rest = Reader::new(frame);
        let known = rest.flag()?;
        let rows = rest.list(8, |rest| rest.list(4, |rest| rest.u32().map(f32::from_bits)))?;
        rest.end(Self(known.then_some(rows)))
    }
}

/// The frame of a question, with its length in front.
pub fn question(queries: &[impl AsRef<str>], chunks: &[impl AsRef<str>]) -> Vec<u8> {
    let mut out = Writer::new(chunks.iter().map(|chunk| chunk.as_ref().len() + 8).sum());
    out.u8(ASKS);
    out.texts(queries);
    out.texts(chunks);
    out.finish()
}

const ASKS: u8 = 5;

/// The result of `prepare_jobs`: distinct chunks, tasks and advice, and jobs as indexes into them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prepared {
    pub chunks: Vec<ChunkRow>,
    pub tasks: Vec<String>,
    pub advices: Vec<String>,
    pub jobs: Vec<[u32; 3]>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ChunkRow {
    Span(Span),
    Headed { header: Span, rows: Span },
    Text(String),
}

/// One layer of the lock and whether this kernel holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub name: String,
    pub held: Held,
    /// Whether `sandbox.require = "full"` asks for it; the others come on top where the system has them.
    pub required: bool,
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Fully,
    Partly,
    No,
}

impl Layer {
    pub fn required(name: &str, held: Held, detail: impl Into<String>) -> Self {
        Self { name: name.into(), held, required: true, detail: detail.into() }
    }

    pub fn extra(name: &str, held: Held, detail: impl Into<String>) -> Self {
        Self { name: name.into(), held, required: false, detail: detail.into() }
    }

    /// Whether it is asked for and not there.
    pub fn is_missing(&self) -> bool {
        self.required && self.held != Held::Fully
    }
}

/// About what a job takes beside the texts it shares.
const JOB_BYTES: usize = 256;

impl<'a> Request<'a> {
    /// The parts of the frame, with its length in front, between which its texts stand, each behind its length: they may be the
    /// documents over again, and are not put together for it.
    pub fn around_texts(&self) -> (Vec<u8>, Vec<u8>) {
        let mut tail = Writer::part(self.jobs.len() * JOB_BYTES);
        tail.u64(self.jobs.len() as u64);
        for job in &self.jobs {
            [job.chunk, job.task, job.advice, job.chunk_id, job.task_id].into_iter().for_each(|index| tail.u32(index));
            tail.text(&job.explanation);
            tail.optional(job.citation.as_deref());
            tail.optional(job.answer.as_deref());
        }
        let tail = tail.into_bytes();
        let mut head = Writer::new(self.source.len() + JOB_BYTES);
        head.u8(match self.stage {
            Stage::Prepare => 0,
            Stage::Transform => 1,
            Stage::Attempt => 2,
        });
        head.u64(self.milliseconds);
        head.u64(self.clock_ms);
        head.u32(self.max_jobs);
        head.u64(self.max_reply);
        head.u8(u8::from(self.compares));
        head.text(&self.source);
        head.u64(self.documents.len() as u64);
        self.documents.iter().for_each(|length| head.u64(*length));
        head.u64(self.texts.len() as u64);
        let texts: usize = self.texts.iter().map(|text| 8 + text.len()).sum();
        (head.finish_before(texts + tail.len()), tail)
    }

    /// Reads a frame without its length.
    pub fn decode(frame: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = Reader::new(frame);
        let stage = match rest.u8()? {
            0 => Stage::Prepare,
            1 => Stage::Transform,
            2 => Stage::Attempt,
            _ => return Err(Malformed),
        };
        let (milliseconds, clock_ms) = (rest.u64()?, rest.u64()?);
        let (max_jobs, max_reply) = (rest.u32()?, rest.u64()?);
        let compares = rest.flag()?;
        let source = rest.text()?;
        let documents = rest.list(8, Reader::u64)?;
        let texts = rest.list(8, Reader::borrowed)?;
        let jobs = rest.list(30, |rest| {
            let job = JobRow {
                chunk: rest.u32()?,
                task: rest.u32()?,
                advice: rest.u32()?,
                chunk_id: rest.u32()?,
                task_id: rest.u32()?,
                explanation: rest.text()?,
                citation: rest.optional()?,
                answer: rest.optional()?,
            };
            let known = |index: u32| (index as usize) < texts.len();
            if known(job.chunk) && known(job.task) && known(job.advice) { Ok(job) } else { Err(Malformed) }
        })?;
        rest.end(Request {
            stage,
            milliseconds,
            clock_ms,
            max_jobs,
            max_reply,
            compares,
            source,
            documents,
            texts,
            jobs,
        })
    }
}

impl Reply {
    /// The frame with its length in front.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(0);
        match self {
            Reply::Asks(asked) => return question(&asked.queries, &asked.chunks),
            Reply::AsksTooMuch => out.u8(6),
            Reply::Ready(layers) => {
                out.u8(0);
                out.u64(layers.len() as u64);
                for layer in layers {
                    out.text(&layer.name);
                    out.u8(layer.held as u8);
                    out.u8(u8::from(layer.required));
                    out.text(&layer.detail);
                }
            }
            Reply::Prepared(prepared) => {
                out.u8(1);
                out.u64(prepared.chunks.len() as u64);
                for chunk in &prepared.chunks {
                    let span = |out: &mut Writer, span: &Span| {
                        [span.document, span.start, span.end].into_iter().for_each(|value| out.u64(value as u64));
                    };
                    match chunk {
                        ChunkRow::Span(place) => {
                            out.u8(0);
                            span(&mut out, place);
                        }
                        ChunkRow::Headed { header, rows } => {
                            out.u8(2);
                            span(&mut out, header);
                            span(&mut out, rows);
                        }
                        ChunkRow::Text(text) => {
                            out.u8(1);
                            out.text(text);
                        }
                    }
                }
                out.texts(&prepared.tasks);
                out.texts(&prepared.advices);
                out.u64(prepared.jobs.len() as u64);
                prepared.jobs.iter().flatten().for_each(|index| out.u32(*index));
            }
            Reply::Transformed(text) => {
                out.u8(2);
                out.text(text);
            }
            Reply::Failed(error) => {
                out.u8(3);
                out.u8(KINDS.iter().position(|kind| *kind == error.kind).unwrap_or(0) as u8);
                out.text(&error.message);
                out.u32(error.line.unwrap_or(0));
                out.optional(error.traceback.as_deref());
                out.optional(error.hint.as_deref());
                out.optional(error.printed.as_deref());
            }
            Reply::Attempted(refused) => {
                out.u8(4);
                out.u8(u8::from(refused.is_some()));
                out.u32(refused.unwrap_or(0) as u32);
            }
        }
        out.finish()
    }

    /// Reads a frame without its length; `max_jobs` is what the request allowed.
    pub fn decode(frame: &[u8], max_jobs: u32) -> Result<Self, Malformed> {
        let mut rest = Reader::new(frame);
        let reply = match rest.u8()? {
            0 => Reply::Ready(rest.list_within(LAYERS, 18, layer)?),
            1 => Reply::Prepared(prepared(&mut rest, max_jobs as usize)?),
            2 => Reply::Transformed(rest.text_within(OUTPUT)?),
            3 => Reply::Failed(failed(&mut rest)?),
            4 => {
                let (refused, number) = (rest.flag()?, rest.u32()?);
                Reply::Attempted(refused.then_some(number as i32))
            }
            ASKS => {
                let (queries, chunks) = (rest.texts_within(QUERIES)?, rest.texts_within(CHUNKS)?);
                if !likeness::fits(&queries, &chunks) {
                    return Err(Malformed);
                }
                Reply::Asks(Question { queries, chunks })
            }
            6 => Reply::AsksTooMuch,
            _ => return Err(Malformed),
        };
        rest.end(reply)
    }
}

/// The most bytes of what `transform_outputs` returns: more than any remote LM reads.
pub const OUTPUT: usize = 8 << 20;
/// The most bytes of each text of an error, and of a layer.
const ERROR: usize = 32 << 10;
const LAYERS: usize = 64;

/// A child says nothing about whether the sandbox can be had: that is the parent's to say.
const KINDS: [CodeErrorKind; 6] = [
    CodeErrorKind::Exception,
    CodeErrorKind::Contract,
    CodeErrorKind::TimeLimit,
    CodeErrorKind::MemoryLimit,
    CodeErrorKind::OutputLimit,
    CodeErrorKind::Stopped,
];

fn layer(rest: &mut Reader<'_>) -> Result<Layer, Malformed> {
    let name = rest.text_within(ERROR)?;
    let held = match rest.u8()? {
        0 => Held::Fully,
        1 => Held::Partly,
        2 => Held::No,
        _ => return Err(Malformed),
    };
    Ok(Layer { name, held, required: rest.flag()?, detail: rest.text_within(ERROR)? })
}

fn failed(rest: &mut Reader<'_>) -> Result<CodeError, Malformed> {
    Ok(CodeError {
        kind: *KINDS.get(usize::from(rest.u8()?)).ok_or(Malformed)?,
        message: rest.text_within(ERROR)?,
        line: Some(rest.u32()?).filter(|line| *line > 0),
        traceback: rest.optional_within(ERROR)?,
        hint: rest.optional_within(ERROR)?,
        printed: rest.optional_within(ERROR)?,
    })
}

/// Each job names one chunk, one task and one advice, so there are no more of these than jobs.
fn prepared(rest: &mut Reader<'_>, max_jobs: usize) -> Result<Prepared, Malformed> {
    let span = |rest: &mut Reader<'_>| Ok(Span::new(rest.usize()?, rest.usize()?, rest.usize()?));
    let chunks = rest.list_within(max_jobs, 9, |rest| match rest.u8()? {
        0 => span(rest).map(ChunkRow::Span),
        1 => rest.text().map(ChunkRow::Text),
        2 => Ok(ChunkRow::Headed { header: span(rest)?, rows: span(rest)? }),
        _ => Err(Malformed),
    })?;
    let (tasks, advices) = (rest.texts_within(max_jobs)?, rest.texts_within(max_jobs)?);
    let lengths = [chunks.len(), tasks.len(), advices.len()];
    let jobs = rest.list_within(max_jobs, 12, |rest| {
        let job = [rest.u32()?, rest.u32()?, rest.u32()?];
        let known = job.iter().zip(lengths).all(|(index, length)| (*index as usize) < length);
        if known { Ok(job) } else { Err(Malformed) }
    })?;
    Ok(Prepared { chunks, tasks, advices, jobs })
}

#[cfg(test)]
mod tests;
