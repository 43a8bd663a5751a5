//! What parent and child say to each other: length-prefixed binary frames, little-endian.
//!
//! A request is one frame, followed by the bytes of its documents; a reply is one frame. Whatever the child writes is
//! untrusted: every length and index is checked, and nothing is allocated for bytes that did not arrive.

use crate::document::Span;
use crate::protocol::{CodeError, CodeErrorKind};

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frame is cut or does not follow the format")]
pub struct Malformed;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Prepare,
    Transform,
}

/// A call, but for the bytes of the documents, which follow the frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub stage: Stage,
    /// The program may run this long.
    pub milliseconds: u64,
    pub max_jobs: u32,
    /// The reply may have this many bytes.
    pub max_reply: u64,
    pub source: String,
    /// Byte lengths.
    pub documents: Vec<u64>,
    /// Texts that `jobs` points into.
    pub texts: Vec<String>,
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
}

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
    Text(String),
}

/// One layer of the lock and whether this kernel holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub name: String,
    pub held: Held,
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Fully,
    Partly,
    No,
}

/// A frame under construction.
struct Writer(Vec<u8>);

impl Writer {
    /// Leaves room for the length.
    fn new() -> Self {
        Self(vec![0; 8])
    }

    fn finish(mut self) -> Vec<u8> {
        let length = (self.0.len() - 8) as u64;
        self.0[..8].copy_from_slice(&length.to_le_bytes());
        self.0
    }

    fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.u64(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.u8(u8::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn texts(&mut self, texts: &[String]) {
        self.u64(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }
}

/// The rest of a frame that is being read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.array::<1>()?[0])
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    fn usize(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.u64()?).map_err(|_| Malformed)
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let length = self.usize()?;
        std::str::from_utf8(self.take(length)?).map(str::to_owned).map_err(|_| Malformed)
    }

    fn optional(&mut self) -> Result<Option<String>, Malformed> {
        match self.u8()? {
            0 => Ok(None),
            1 => self.text().map(Some),
            _ => Err(Malformed),
        }
    }

    /// A list whose items have at least `least` bytes, so that a false count allocates nothing.
    fn list<T>(
        &mut self,
        least: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = self.usize()?;
        if count > self.0.len() / least.max(1) {
            return Err(Malformed);
        }
        (0..count).map(|_| item(self)).collect()
    }

    fn texts(&mut self) -> Result<Vec<String>, Malformed> {
        self.list(8, Self::text)
    }

    fn end<T>(self, value: T) -> Result<T, Malformed> {
        if self.0.is_empty() { Ok(value) } else { Err(Malformed) }
    }
}

impl Request {
    /// The frame with its length in front.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(match self.stage {
            Stage::Prepare => 0,
            Stage::Transform => 1,
        });
        out.u64(self.milliseconds);
        out.u32(self.max_jobs);
        out.u64(self.max_reply);
        out.text(&self.source);
        out.u64(self.documents.len() as u64);
        self.documents.iter().for_each(|length| out.u64(*length));
        out.texts(&self.texts);
        out.u64(self.jobs.len() as u64);
        for job in &self.jobs {
            [job.chunk, job.task, job.advice, job.chunk_id, job.task_id].into_iter().for_each(|index| out.u32(index));
            out.text(&job.explanation);
            out.optional(job.citation.as_deref());
            out.optional(job.answer.as_deref());
        }
        out.finish()
    }

    /// Reads a frame without its length.
    pub fn decode(frame: &[u8]) -> Result<Self, Malformed> {
        let mut rest = Reader(frame);
        let stage = match rest.u8()? {
            0 => Stage::Prepare,
            1 => Stage::Transform,
            _ => return Err(Malformed),
        };
        let (milliseconds, max_jobs, max_reply) = (rest.u64()?, rest.u32()?, rest.u64()?);
        let source = rest.text()?;
        let documents = rest.list(8, Reader::u64)?;
        let texts = rest.texts()?;
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
        rest.end(Request { stage, milliseconds, max_jobs, max_reply, source, documents, texts, jobs })
    }
}

impl Reply {
    /// The frame with its length in front.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        match self {
            Reply::Ready(layers) => {
                out.u8(0);
                out.u64(layers.len() as u64);
                for layer in layers {
                    out.text(&layer.name);
                    out.u8(layer.held as u8);
                    out.text(&layer.detail);
                }
            }
            Reply::Prepared(prepared) => {
                out.u8(1);
                out.u64(prepared.chunks.len() as u64);
                for chunk in &prepared.chunks {
                    match chunk {
                        ChunkRow::Span(span) => {
                            out.u8(0);
                            [span.document, span.start, span.end].into_iter().for_each(|value| out.u64(value as u64));
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
            }
        }
        out.finish()
    }

    /// Reads a frame without its length.
    pub fn decode(frame: &[u8]) -> Result<Self, Malformed> {
        let mut rest = Reader(frame);
        let reply = match rest.u8()? {
            0 => Reply::Ready(rest.list(17, |rest| {
                let name = rest.text()?;
                let held = match rest.u8()? {
                    0 => Held::Fully,
                    1 => Held::Partly,
                    2 => Held::No,
                    _ => return Err(Malformed),
                };
                Ok(Layer { name, held, detail: rest.text()? })
            })?),
            1 => Reply::Prepared(prepared(&mut rest)?),
            2 => Reply::Transformed(rest.text()?),
            3 => Reply::Failed(CodeError {
                kind: *KINDS.get(usize::from(rest.u8()?)).ok_or(Malformed)?,
                message: rest.text()?,
                line: Some(rest.u32()?).filter(|line| *line > 0),
                traceback: rest.optional()?,
            }),
            _ => return Err(Malformed),
        };
        rest.end(reply)
    }
}

/// A child says nothing about whether the sandbox can be had: that is the parent's to say.
const KINDS: [CodeErrorKind; 5] = [
    CodeErrorKind::Exception,
    CodeErrorKind::Contract,
    CodeErrorKind::TimeLimit,
    CodeErrorKind::MemoryLimit,
    CodeErrorKind::Stopped,
];

fn prepared(rest: &mut Reader<'_>) -> Result<Prepared, Malformed> {
    let chunks = rest.list(9, |rest| match rest.u8()? {
        0 => Ok(ChunkRow::Span(Span::new(rest.usize()?, rest.usize()?, rest.usize()?))),
        1 => rest.text().map(ChunkRow::Text),
        _ => Err(Malformed),
    })?;
    let (tasks, advices) = (rest.texts()?, rest.texts()?);
    let lengths = [chunks.len(), tasks.len(), advices.len()];
    let jobs = rest.list(12, |rest| {
        let job = [rest.u32()?, rest.u32()?, rest.u32()?];
        let known = job.iter().zip(lengths).all(|(index, length)| (*index as usize) < length);
        if known { Ok(job) } else { Err(Malformed) }
    })?;
    Ok(Prepared { chunks, tasks, advices, jobs })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn word() -> impl Strategy<Value = String> {
        "\\PC{0,12}"
    }

    fn chunk() -> impl Strategy<Value = ChunkRow> {
        prop_oneof![
            (0usize..9, 0usize..99, 0usize..99).prop_map(|(document, a, b)| ChunkRow::Span(Span::new(document, a, b))),
            word().prop_map(ChunkRow::Text),
        ]
    }

    fn prepared_reply() -> impl Strategy<Value = Reply> {
        let pools = (
            prop::collection::vec(chunk(), 1..6),
            prop::collection::vec(word(), 1..4),
            prop::collection::vec(word(), 1..4),
        );
        (pools, prop::collection::vec(any::<[u32; 3]>(), 0..9)).prop_map(|((chunks, tasks, advices), jobs)| {
            let lengths = [chunks.len() as u32, tasks.len() as u32, advices.len() as u32];
            let jobs = jobs.into_iter().map(|job| std::array::from_fn(|i| job[i] % lengths[i])).collect();
            Reply::Prepared(Prepared { chunks, tasks, advices, jobs })
        })
    }

    fn reply() -> impl Strategy<Value = Reply> {
        prop_oneof![
            prepared_reply(),
            word().prop_map(Reply::Transformed),
            (0..KINDS.len(), word(), prop::option::of(1u32..99), prop::option::of(word())).prop_map(
                |(kind, message, line, traceback)| {
                    Reply::Failed(CodeError { kind: KINDS[kind], message, line, traceback })
                }
            ),
            prop::collection::vec((word(), word()), 0..4).prop_map(|layers| Reply::Ready(
                layers.into_iter().map(|(name, detail)| Layer { name, held: Held::Partly, detail }).collect()
            )),
        ]
    }

    proptest! {
        #[test]
        fn a_reply_is_read_as_it_was_written(reply in reply()) {
            prop_assert_eq!(Reply::decode(&reply.encode()[8..]), Ok(reply));
        }

        #[test]
        fn no_bytes_from_the_child_can_harm_the_parent(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Reply::decode(&bytes);
            let _ = Request::decode(&bytes);
        }

        #[test]
        fn a_damaged_reply_is_refused_or_well_formed(
            reply in reply(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()
        ) {
            let mut frame = reply.encode()[8..].to_vec();
            let at = at.index(frame.len());
            frame[at] = byte;
            if let Ok(Reply::Prepared(prepared)) = Reply::decode(&frame) {
                for [chunk, task, advice] in prepared.jobs {
                    prop_assert!((chunk as usize) < prepared.chunks.len());
                    prop_assert!((task as usize) < prepared.tasks.len());
                    prop_assert!((advice as usize) < prepared.advices.len());
                }
            }
            let whole = reply.encode();
            let cut = 8 + cut.index(whole.len() - 8);
            prop_assert_eq!(Reply::decode(&whole[8..cut]), Err(Malformed));
        }
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let request = Request {
            stage: Stage::Transform,
            milliseconds: 20_000,
            max_jobs: 2048,
            max_reply: 1 << 26,
            source: "def prepare_jobs(): …".into(),
            documents: vec![3, 0, 12],
            texts: vec!["chunk".into(), "task".into()],
            jobs: vec![JobRow {
                chunk: 0,
                task: 1,
                advice: 1,
                chunk_id: 7,
                task_id: 2,
                explanation: String::new(),
                citation: Some("“quoted”".into()),
                answer: None,
            }],
        };
        assert_eq!(Request::decode(&request.encode()[8..]), Ok(request));
    }

    #[test]
    fn a_false_count_allocates_nothing() {
        let mut frame = vec![1];
        frame.extend_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(Reply::decode(&frame), Err(Malformed));
    }
}
