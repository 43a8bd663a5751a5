//! The lines of the control socket: one JSON object each, with the version of their form.
//!
//! ```text
//! {"v":1,"id":1,"do":"watch"}                                        to the process that runs the session
//! {"v":1,"id":2,"do":{"order":{"order":"cancel_job","with":{"round":1,"index":3}}}}
//! {"v":1,"taken":{"id":2}}                                           and what it says
//! {"v":1,"refused":{"id":2,"why":"…"}}
//! {"v":1,"delta":{"ask":{"round":1,"n":2},"text":"…"}}
//! ```

use serde::{Deserialize, Serialize};

use crate::protocol::AskId;
use crate::runtime::Order;

pub(super) const VERSION: u32 = 1;
/// A longer line ends the connection, which bounds what one can hold of memory: a request that was edited goes in one. In bytes.
pub(super) const LONGEST: usize = 4 * 1024 * 1024;
/// What the process that runs the session says at once is shorter. In bytes.
pub(super) const LONGEST_REPLY: usize = 128 * 1024;

#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) v: u32,
    /// Comes back with what became of it.
    pub(super) id: u64,
    #[serde(rename = "do")]
    pub(super) what: Wish,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wish {
    /// Be counted as watching, and told the pieces of replies.
    Watch,
    Order(Order),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) v: u32,
    #[serde(flatten)]
    pub(super) reply: Reply,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    /// The order is with the run; its facts say what comes of it.
    Taken {
        id: u64,
    },
    Refused {
        id: u64,
        why: String,
    },
    Delta {
        ask: AskId,
        text: String,
    },
}

impl Request {
    pub(super) fn read(line: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            v: u64,
        }
        match serde_json::from_slice::<Version>(line) {
            Ok(Version { v }) if v != u64::from(VERSION) => {
                Err(format!("this process speaks version {VERSION} of the control socket, not {v}"))
            }
            _ => serde_json::from_slice(line).map_err(|_| "this is no order of the control socket".into()),
        }
    }
}

/// The line with its line feed.
pub(super) fn written(line: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Cuts lines out of what comes in pieces.
#[derive(Default)]
pub(super) struct LineBuffer {
    bytes: Vec<u8>,
    /// So many of them hold no end of a line.
    seen: usize,
}

impl LineBuffer {
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The next whole line; an error where it is longer than a line may be.
    pub(super) fn next(&mut self, longest: usize) -> Result<Option<Vec<u8>>, ()> {
        let end = memchr::memchr(b'\n', self.bytes.get(self.seen..).unwrap_or_default()).map(|end| self.seen + end);
        self.seen = if end.is_some() { 0 } else { self.bytes.len() };
        match end {
            Some(end) if end <= longest => Ok(Some(self.bytes.drain(..=end).collect())),
            None if self.bytes.len() <= longest => Ok(None),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{BudgetChoice, JobId, Scope};
    use crate::runtime::Pick;

    #[test]
    fn each_order_goes_over_the_wire_as_it_is() {
        let job = JobId { round: 1, index: 3 };
        let orders = [
            (
                Order::Pick(Pick::Remote { provider: "openai".into(), model: "m".into() }),
                r#"{"order":"pick","with":{"remote":{"provider":"openai","model":"m"}}}"#,
            ),
            (Order::Stop, r#"{"order":"stop"}"#),
            (Order::Pause, r#"{"order":"pause"}"#),
            (Order::GoOn, r#"{"order":"go_on"}"#),
            (Order::CancelJob(job), r#"{"order":"cancel_job","with":{"round":1,"index":3}}"#),
            (Order::RetryJobs(vec![job]), r#"{"order":"retry_jobs","with":[{"round":1,"index":3}]}"#),
            (Order::Note("a\nb".into()), r#"{"order":"note","with":"a\nb"}"#),
            (Order::Budget(BudgetChoice::Once), r#"{"order":"budget","with":"once"}"#),
            (
                Order::Budget(BudgetChoice::Raise { scope: Scope::Day, to_usd: 0.5 }),
                r#"{"order":"budget","with":{"raise":{"scope":"day","to_usd":0.5}}}"#,
            ),
        ];
        for (order, text) in orders {
            let line = written(&Request { v: VERSION, id: 7, what: Wish::Order(order) }).unwrap();
            assert_eq!(
                String::from_utf8(line.clone()).unwrap(),
                format!("{{\"v\":1,\"id\":7,\"do\":{{\"order\":{text}}}}}\n")
            );
            let back = Request::read(&line).unwrap();
            assert_eq!(written(&back).unwrap(), line);
        }
    }

    #[test]
    fn connections_of_this_process_cannot_be_ordered_by_another() {
        assert!(written(&Request { v: 1, id: 1, what: Wish::Order(Order::LeaveOpen) }).is_err());
        for line in [r#"{"v":1,"id":1,"do":{"order":{"order":"choose","with":{}}}}"#, "{}", "", "\u{1b}[2J"] {
            assert_eq!(Request::read(line.as_bytes()).err().unwrap(), "this is no order of the control socket");
        }
        let newer = Request::read(br#"{"v":2,"id":1,"do":"dance"}"#).err().unwrap();
        assert!(newer.contains("version 1") && newer.contains('2'), "{newer}");
    }

    #[test]
    fn replies_are_flat_objects() {
        let ask = AskId { round: 1, n: 2 };
        for (reply, text) in [
            (Reply::Taken { id: 1 }, r#"{"v":1,"taken":{"id":1}}"#),
            (Reply::Refused { id: 1, why: "x".into() }, r#"{"v":1,"refused":{"id":1,"why":"x"}}"#),
            (Reply::Delta { ask, text: "é".into() }, r#"{"v":1,"delta":{"ask":{"round":1,"n":2},"text":"é"}}"#),
        ] {
            let line = Line { v: 1, reply };
            assert_eq!(serde_json::to_string(&line).unwrap(), text);
            assert_eq!(serde_json::from_str::<Line>(text).unwrap(), line);
        }
    }

    #[test]
    fn lines_are_cut_out_of_pieces_and_bounded() {
        let mut buffer = LineBuffer::default();
        buffer.push(b"ab");
        assert_eq!(buffer.next(4), Ok(None));
        buffer.push(b"c\nd\nlonger than four");
        assert_eq!(buffer.next(4), Ok(Some(b"abc\n".to_vec())));
        assert_eq!(buffer.next(4), Ok(Some(b"d\n".to_vec())));
        assert_eq!(buffer.next(4), Err(()));
    }
}
