//! Reads the body of a 200: a stream of events, objects a line, one JSON object, or something that is no reply at all.
//!
//! Which of them it is shows in its first byte and not in its headers, which servers get wrong. Source of the event
//! format: the WHATWG HTML standard, "Server-sent events".

use std::io::Cursor;
use std::time::Duration;

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use serde_json::Value;
use sse_stream::SseByteStream;

use super::assembly::Assembly;
use super::body::{Body, BodyError};
use super::refusal::Refusal;
use super::wire::Wire;

/// How long the token count is waited for once the text has ended.
const COUNT_WAIT: Duration = Duration::from_secs(5);
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a body is not a whole reply. What had come of the text stands in the assembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    Body(BodyError),
    Empty,
    WebPage,
    /// Neither events nor JSON, or bytes that are not UTF-8.
    Unreadable,
    /// JSON without anything in it that a reply on this wire has.
    NoCompletion,
    /// The server told of an error after it had said 200.
    Refused(Refusal),
}

/// Reads one reply on one wire.
pub struct Reader<'a> {
    pub wire: &'a dyn Wire,
    pub assembly: &'a mut Assembly,
    /// Gets each piece of text as it comes.
    pub delta: &'a mut (dyn FnMut(&str) + Send),
}

impl Reader<'_> {
    /// Reads to the end of the reply.
    pub async fn read(mut self, mut body: Body) -> Result<(), Broken> {
        let mut start = Vec::new();
        let first = loop {
            if let Some(first) = first_byte(&start) {
                break first;
            }
            match body.next().await {
                Some(piece) => start.extend_from_slice(&piece.map_err(Broken::Body)?),
                None => return Err(Broken::Empty),
            }
        };
        if start.starts_with(BYTE_ORDER_MARK) {
            start.drain(..BYTE_ORDER_MARK.len());
        }
        match first {
            b'{' if self.wire.streams_lines() => self.lines(start, body).await,
            b'{' | b'[' => self.plain(start, body).await,
            b'<' => Err(Broken::WebPage),
            _ => self.events(start, body).await,
        }
    }

    /// One piece, and whether it was any of a reply.
    fn take(&mut self, piece: &Value) -> Result<bool, Broken> {
        if let Some(refusal) = self.wire.refusal(piece) {
            return Err(Broken::Refused(refusal));
        }
        let known = self.wire.read(piece, self.assembly);
        let text = self.assembly.fresh();
        if !text.is_empty() {
            (self.delta)(text);
        }
        Ok(known)
    }

    /// One object, or a list of the pieces that a stream would have had.
    async fn plain(&mut self, mut bytes: Vec<u8>, mut body: Body) -> Result<(), Broken> {
        while let Some(piece) = body.next().await {
            bytes.extend_from_slice(&piece.map_err(Broken::Body)?);
        }
        let value: Value = match serde_json::from_slice(&bytes) {
            Ok(value) => value,
            Err(error) if error.is_eof() => return Err(Broken::Body(BodyError::Cut)),
            Err(_) => return Err(Broken::Unreadable),
        };
        let mut known = false;
        match &value {
            Value::Array(pieces) => {
                for piece in pieces {
                    known |= self.take(piece)?;
                }
            }
            whole => known = self.take(whole)?,
        }
        if known { Ok(()) } else { Err(Broken::NoCompletion) }
    }

    /// JSON objects, each on a line or over several.
    async fn lines(&mut self, start: Vec<u8>, mut body: Body) -> Result<(), Broken> {
        let (mut bytes, mut known, mut tried) = (start, false, 0);
        // The bytes that came last are the ones that may hold the end of a line.
        let mut fresh = 0;
        loop {
            let ends_line = bytes[fresh..].contains(&b'\n');
            // An object that is not whole at the end of a line is tried again when there is twice as much of it.
            if ends_line && bytes.len() >= 2 * tried {
                known |= self.take_objects(&mut bytes)?;
                tried = bytes.len();
            }
            if self.assembly.complete {
                return Ok(());
            }
            fresh = bytes.len();
            match body.next().await {
                Some(Ok(piece)) => bytes.extend_from_slice(&piece),
                Some(Err(error)) => return Err(Broken::Body(error)),
                None => break,
            }
        }
        known |= self.take_objects(&mut bytes)?;
        let whole = bytes.iter().all(u8::is_ascii_whitespace);
        match whole {
            true if self.assembly.is_finished() => Ok(()),
            true if !known => Err(Broken::NoCompletion),
            _ => Err(Broken::Body(BodyError::Cut)),
        }
    }

    /// Takes the objects that are whole, and leaves what is not.
    fn take_objects(&mut self, bytes: &mut Vec<u8>) -> Result<bool, Broken> {
        let mut objects = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
        let (mut known, mut taken) = (false, 0);
        while let Some(object) = objects.next() {
            match object {
                Ok(object) => known |= self.take(&object)?,
                Err(error) if error.is_eof() => break,
                Err(_) => return Err(Broken::Unreadable),
            }
            taken = objects.byte_offset();
        }
        bytes.drain(..taken);
        Ok(known)
    }

    async fn events(&mut self, start: Vec<u8>, body: Body) -> Result<(), Broken> {
        let mut events = SseByteStream::new(whole(start, body));
        let (mut known, mut strange) = (false, false);
        let ended = loop {
            let next = if self.assembly.is_finished() {
                match tokio::time::timeout(COUNT_WAIT, events.next()).await {
                    Ok(next) => next,
                    Err(_) => return Ok(()),
                }
            } else {
                events.next().await
            };
            let event = match next {
                None => break BodyError::Cut,
                Some(Ok(event)) => event,
                // The text is whole: what is lost is a count at most.
                Some(Err(_)) if self.assembly.is_finished() => return Ok(()),
                Some(Err(sse_stream::Error::Body(error))) => {
                    break error.downcast_ref::<BodyError>().copied().unwrap_or(BodyError::Cut);
                }
                Some(Err(_)) => return Err(Broken::Unreadable),
            };
            let data = event.data.as_deref().unwrap_or_default().trim();
            if data == "[DONE]" {
                return Ok(());
            }
            if event.event.as_deref() == Some("error") {
                return Err(Broken::Refused(Refusal::read(data)));
            }
            if data.is_empty() {
                continue;
            }
            let Ok(piece) = serde_json::from_str::<Value>(data) else {
                strange = true;
                continue;
            };
            known |= self.take(&piece)?;
            if self.assembly.complete {
                return Ok(());
            }
        };
        let assembly = &*self.assembly;
        match ended {
            BodyError::Cut if assembly.is_finished() || (assembly.counted_at_end && !assembly.text.is_empty()) => {
                Ok(())
            }
            BodyError::Cut if !known && strange => Err(Broken::Unreadable),
            BodyError::Cut if !known => Err(Broken::NoCompletion),
            error => Err(Broken::Body(error)),
        }
    }
}

/// The first byte that is neither blank nor part of a byte-order mark.
fn first_byte(start: &[u8]) -> Option<u8> {
    if start.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(start) {
        return None;
    }
    let start = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start);
    start.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// The bytes from their start, ended by a blank line so that a last event without one still counts.
fn whole(start: Vec<u8>, body: Body) -> impl Stream<Item = Result<Cursor<Vec<u8>>, BodyError>> + Unpin {
    let end = stream::iter([Ok(b"\n\n".to_vec())]);
    stream::iter([Ok(start)]).chain(body).chain(end).map_ok(Cursor::new)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::wire::{OLLAMA, OPENAI_CHAT};
    use super::*;
    use crate::protocol::{Finish, Usage};

    const STREAM: &str = "\u{feff}: hello\r\n\r\nevent: ping\r\ndata: {}\r\n\r\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"naïve \"}}]}\r\n\r\n\
        data:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"→ 😀\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
        data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n";

    fn body(pieces: Vec<Vec<u8>>) -> Body {
        Box::pin(stream::iter(pieces.into_iter().map(Ok)))
    }

    fn run(pieces: Vec<Vec<u8>>) -> (Result<(), Broken>, Assembly, String) {
        run_on(OPENAI_CHAT, pieces)
    }

    fn run_on(wire: &dyn Wire, pieces: Vec<Vec<u8>>) -> (Result<(), Broken>, Assembly, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (mut assembly, mut deltas) = (Assembly::default(), String::new());
        let mut delta = |text: &str| deltas.push_str(text);
        let reader = Reader { wire, assembly: &mut assembly, delta: &mut delta };
        let result = runtime.block_on(reader.read(body(pieces)));
        (result, assembly, deltas)
    }

    fn of(text: &str) -> (Result<(), Broken>, Assembly) {
        let (result, assembly, _) = run(vec![text.into()]);
        (result, assembly)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_stream_reads_the_same_however_its_bytes_are_split(cuts in proptest::collection::vec(0..STREAM.len(), 0..40)) {
            let mut cuts = cuts;
            cuts.extend([0, STREAM.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|cut| STREAM.as_bytes()[cut[0]..cut[1]].to_vec()).collect();
            let (result, assembly, deltas) = run(pieces);
            prop_assert_eq!(result, Ok(()));
            prop_assert_eq!(&assembly.text, "naïve → 😀");
            prop_assert_eq!(deltas, assembly.text.clone());
            prop_assert_eq!(assembly.usage(0), Usage { input_tokens: 9, output_tokens: 4, ..Usage::default() });
        }

        #[test]
        fn no_bytes_at_all_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = run(vec![bytes.clone()]);
            let _ = run_on(OLLAMA, vec![bytes]);
        }
    }

    #[test]
    fn a_stream_cut_anywhere_is_whole_or_an_error_that_keeps_its_start() {
        let finished = STREAM.find("\"stop\"}]}").unwrap() + "\"stop\"}]}".len();
        for cut in 0..STREAM.len() {
            let (result, assembly, deltas) = run(vec![STREAM.as_bytes()[..cut].to_vec()]);
            assert_eq!(result.is_ok(), cut >= finished, "cut at {cut}: {result:?}");
            assert!("naïve → 😀".starts_with(&assembly.text) && deltas == assembly.text);
        }
    }

    #[test]
    fn a_plain_reply_to_a_request_for_a_stream_is_taken() {
        let (result, assembly) =
            of("\u{feff}\n {\"choices\":[{\"message\":{\"content\":\"hi\"},\"finish_reason\":\"length\"}]}");
        assert_eq!((result, assembly.text.as_str(), assembly.finish()), (Ok(()), "hi", Finish::Length));
    }

    #[test]
    fn what_is_no_reply_is_told_apart() {
        assert_eq!(of("").0, Err(Broken::Empty));
        assert_eq!(of("\n \n").0, Err(Broken::Empty));
        assert_eq!(of("\n<!doctype html><title>x</title>").0, Err(Broken::WebPage));
        assert_eq!(of("{\"status\":\"ok\"}").0, Err(Broken::NoCompletion));
        assert_eq!(of("{\"choices\":[").0, Err(Broken::Body(BodyError::Cut)));
        assert_eq!(of("data: hello\n\n").0, Err(Broken::Unreadable));
        assert_eq!(of("hello").0, Err(Broken::NoCompletion));
    }

    #[test]
    fn an_error_inside_a_stream_ends_it_and_keeps_what_had_come() {
        let start = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n";
        for error in ["data: {\"error\":{\"message\":\"overloaded\"}}\n\n", "event: error\ndata: overloaded\n\n"] {
            let (result, assembly) = of(&format!("{start}{error}"));
            let Err(Broken::Refused(refusal)) = result else { panic!("{result:?}") };
            assert_eq!((refusal.text.as_str(), assembly.text.as_str()), ("overloaded", "half"));
        }
    }

    #[test]
    fn objects_are_read_whether_on_a_line_each_or_over_several() {
        let pretty = "\u{feff}{\n \"message\": {\n  \"content\": \"naïve \"\n }\n}\r\n{\"message\":{\"content\":\"😀\"}}\n\
            {\"done\":true,\n\"eval_count\":3,\"prompt_eval_count\":4}";
        for size in [1, 2, 7, 1000] {
            let (result, assembly, deltas) =
                run_on(OLLAMA, pretty.as_bytes().chunks(size).map(<[u8]>::to_vec).collect());
            assert_eq!((result, assembly.text.as_str(), deltas.as_str()), (Ok(()), "naïve 😀", "naïve 😀"), "{size}");
            assert_eq!(assembly.counts.output, Some(3));
        }
        let cut = pretty.find("{\"done\"").unwrap();
        for end in [cut, cut + 3] {
            let (result, assembly, _) = run_on(OLLAMA, vec![pretty.as_bytes()[..end].to_vec()]);
            assert_eq!((result, assembly.text.as_str()), (Err(Broken::Body(BodyError::Cut)), "naïve 😀"));
        }
        assert_eq!(run_on(OLLAMA, vec![b"{\"status\":\"ok\"}\n".to_vec()]).0, Err(Broken::NoCompletion));
    }
}
