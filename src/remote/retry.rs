//! When a request that failed is made again.

use std::time::Duration;

use super::{RemoteError, Retry};
use crate::provider::{self, Again};

/// The nominal wait after the first failure, doubled after each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The waits between the tries of one request.
#[derive(Debug)]
pub struct Backoff(provider::Backoff);

impl Backoff {
    /// `attempts` counts the first try.
    pub fn new(attempts: u32) -> Self {
        Self(provider::Backoff::new(attempts, FIRST_WAIT, LONGEST_WAIT))
    }

    /// The wait before the next try, or nothing when it is time to give up. A time that the server names is kept to; one of
    /// more than ten minutes is not waited for.
    pub fn next(&mut self, error: &RemoteError) -> Option<Duration> {
        self.0.next(match error.retry {
            Retry::Never => Again::Never,
            Retry::Later(named) => Again::Later(named),
        })
    }
}
