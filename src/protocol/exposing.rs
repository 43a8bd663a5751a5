//! How much of the documents may leave this machine: the limit in force, and the pause before a request that would pass it.

use serde::{Deserialize, Serialize};

use super::message::Purpose;

/// A request that was not sent, since with it more of the documents would have left than may. The session waits until the
/// person says what to do. Shares are of all bytes of the documents, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overexposed {
    pub purpose: Purpose,
    /// Which try at this purpose in its round, counted from 1.
    pub attempt: u32,
    /// What left in the requests before.
    pub left: f64,
    /// What would have left with this one.
    pub share: f64,
    /// How many bytes of the documents this request holds, whether they left before or not.
    pub bytes: usize,
    pub limit: f64,
}

impl Overexposed {
    /// Why the session stops here, where it does.
    pub fn reason(&self) -> String {
        format!(
            "the next request ({}) tells of {} bytes of the documents; with it {} of them would have left this machine, more \
             than the {} that may: raise remote.max_exposed_share, or ask for less",
            self.purpose.name(),
            self.bytes,
            percent(self.share),
            percent(self.limit)
        )
    }
}

/// A share as people read it, rounded up: what is shown is never less than what leaves.
pub fn percent(share: f64) -> String {
    // Adding nothing makes no share at all a plain zero.
    format!("{:.1}%", (share * 1000.0 - 1e-6).ceil() / 10.0 + 0.0)
}

/// What the person says to an [`Overexposed`] request.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExposureChoice {
    /// Send this one request; the limit holds again after it.
    Once,
    /// Go on under a limit of so much, for this session.
    Raise { to_share: f64 },
    /// End the session here.
    Stop,
}

/// The limit in force, as set when the session opened and raised since.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExposureLimit {
    share: Option<f64>,
    /// For the next request alone.
    once: Option<f64>,
}

impl ExposureLimit {
    pub(super) fn new(share: Option<f64>) -> Self {
        Self { share, once: None }
    }

    /// What share of the documents may leave; nothing where there is no limit.
    pub fn share(&self) -> Option<f64> {
        self.share
    }

    /// The limit that is passed where so much would have left; nothing where it may.
    pub fn passed(&self, share: f64) -> Option<f64> {
        let limit = self.share?;
        (share > limit.max(self.once.unwrap_or(0.0))).then_some(limit)
    }

    pub(super) fn raise(&mut self, to_share: f64, once: bool) {
        if once { self.once = Some(to_share) } else { self.share = Some(to_share) }
    }

    /// A request is made: what was granted for one is used up.
    pub(super) fn call(&mut self) {
        self.once = None;
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_share_is_never_told_as_less_than_it_is_and_none_is_zero() {
        assert_eq!([0.0, 0.00001, 0.5, 1.0].map(percent), ["0.0%", "0.1%", "50.0%", "100.0%"]);
    }
}
