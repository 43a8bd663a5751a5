//! A run whose terminal is gone: it goes on to its end, and waits a while where it needs the person.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::config::Config;
use crate::control::Attached;
use crate::protocol::State;

/// Watches over a run that nobody sees, unless somebody attaches.
pub struct Alone {
    attached: Attached,
    /// How long the person is waited for.
    wait: Duration,
    /// Whether the run is alone by now.
    begun: bool,
    /// Whether the run waits for the person.
    needs: bool,
    /// Until when, while nobody is attached.
    until: Option<Instant>,
}

impl Alone {
    /// A run that is not alone yet.
    pub fn new(config: &Config, attached: Attached) -> Self {
        let wait = Duration::from_secs(config.sessions.hangup_wait_s);
        Self { attached, wait, begun: false, needs: false, until: None }
    }

    /// From here on only who attaches sees the run.
    pub fn begin(&mut self) {
        self.begun = true;
    }

    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether another process watches the run.
    pub fn is_attached(&self) -> bool {
        *self.attached.borrow() > 0
    }

    /// Where the run stands, after each fact.
    pub fn note(&mut self, state: &State) {
        self.needs = state.needs_person();
        if !self.needs {
            self.until = None;
        }
    }

    /// Comes back when the run has waited for the person in vain, and again after another such wait. Safe to cancel.
    pub async fn in_vain(&mut self) {
        loop {
            let attached = *self.attached.borrow_and_update();
            let until = self.until(attached, Instant::now());
            let passed = async {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = passed => {
                    self.until = None;
                    return;
                }
                Ok(()) = self.attached.changed() => {}
            }
        }
    }

    /// When the wait is over; nothing while the run needs nobody, or somebody is there.
    fn until(&mut self, attached: usize, now: Instant) -> Option<Instant> {
        if !self.begun || !self.needs || attached > 0 {
            self.until = None;
            return None;
        }
        Some(*self.until.get_or_insert(now + self.wait))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::protocol::{Phase, Waiting};

    fn stands(waiting: Waiting) -> State {
        let mut state = State::default();
        state.phase = Phase::Waiting(waiting);
        state
    }

    /// A run that waits for the person, so many seconds where it is alone.
    fn alone(wait_s: u64) -> (watch::Sender<usize>, Alone) {
        let mut config = Config::default();
        config.sessions.hangup_wait_s = wait_s;
        let (attached, watched) = watch::channel(0);
        let mut alone = Alone::new(&config, watched);
        alone.note(&stands(Waiting::Consent));
        (attached, alone)
    }

    #[test]
    fn only_a_run_that_is_alone_and_needs_the_person_waits_in_vain() {
        let ((_attached, mut alone), now) = (alone(60), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(alone.until(0, at(0)), None, "its terminal is there");
        alone.begin();
        alone.note(&stands(Waiting::Jobs));
        assert_eq!(alone.until(0, at(5)), None, "it goes on by itself");
        alone.note(&stands(Waiting::Consent));
        assert_eq!(alone.until(0, at(10)), Some(at(70)));
        // What comes in meanwhile does not start the clock again.
        alone.note(&stands(Waiting::Consent));
        assert_eq!(alone.until(0, at(20)), Some(at(70)));
        // The next need has a wait of its own.
        alone.note(&stands(Waiting::Jobs));
        alone.note(&stands(Waiting::Consent));
        assert_eq!(alone.until(0, at(30)), Some(at(90)));
    }

    #[test]
    fn who_attaches_stops_the_clock_and_who_leaves_starts_it_again() {
        let ((_attached, mut alone), now) = (alone(60), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        alone.begin();
        assert_eq!(alone.until(0, at(0)), Some(at(60)));
        assert_eq!(alone.until(1, at(50)), None, "somebody is there to say how to go on");
        assert_eq!(alone.until(0, at(1000)), Some(at(1060)));
    }

    #[tokio::test]
    async fn the_wait_ends_when_its_time_has_come_even_where_nobody_can_attach() {
        let (attached, mut alone) = alone(0);
        alone.begin();
        alone.in_vain().await;
        drop(attached);
        alone.in_vain().await;
    }
}
