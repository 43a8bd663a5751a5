//! How long to wait before the next try.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::failure::Again;

/// A server that names a longer time than this is not waited for.
pub(super) const LONGEST: Duration = Duration::from_secs(600);

/// Exponential waits with jitter, each between one and two times its nominal length, so that callers that failed
/// together do not come back together. A time that the server names is kept to.
#[derive(Debug)]
pub struct Backoff {
    waits: ExponentialBackoff,
}

impl Backoff {
    /// `attempts` counts the first try; `first` is the nominal wait after it, doubled each time up to `longest`.
    pub fn new(attempts: u32, first: Duration, longest: Duration) -> Self {
        let waits = ExponentialBuilder::new()
            .with_factor(2.0)
            .with_min_delay(first)
            .with_max_delay(longest)
            .with_max_times(attempts.saturating_sub(1) as usize)
            .with_jitter()
            .build();
        Self { waits }
    }

    /// The wait before the next try, or nothing when it is time to give up: after the last try, and where the server asks for
    /// a longer wait than anyone would sit through. Asked before that, it would only refuse again.
    pub fn next(&mut self, again: Again) -> Option<Duration> {
        let Again::Later(named) = again else { return None };
        let own = self.waits.next()?;
        match named {
            Some(named) if named > LONGEST => None,
            Some(named) => Some(named.max(own)),
            None => Some(own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_wait_fewer_than_tries_and_each_is_longer() {
        let mut backoff = Backoff::new(4, Duration::from_secs(1), Duration::from_secs(30));
        for nominal in [1.0, 2.0, 4.0] {
            let wait = backoff.next(Again::Later(None)).unwrap().as_secs_f64();
            assert!((nominal..=2.0 * nominal).contains(&wait), "{wait} after {nominal}");
        }
        assert_eq!(backoff.next(Again::Later(None)), None);
    }

    #[test]
    fn what_fails_for_good_is_not_tried_again() {
        let mut backoff = Backoff::new(4, Duration::from_secs(1), Duration::from_secs(30));
        assert_eq!(backoff.next(Again::Never), None);
    }

    #[test]
    fn the_time_a_server_names_is_kept_to_and_one_beyond_ten_minutes_ends_it() {
        let mut backoff = Backoff::new(4, Duration::from_secs(1), Duration::from_secs(30));
        assert_eq!(backoff.next(Again::Later(Some(Duration::from_secs(77)))), Some(Duration::from_secs(77)));
        assert_eq!(backoff.next(Again::Later(Some(Duration::from_secs(600)))), Some(Duration::from_secs(600)));
        assert_eq!(backoff.next(Again::Later(Some(Duration::from_secs(601)))), None);
    }
}
