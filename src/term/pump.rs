//! The order of the event loop: take all waiting events, then draw at most once, never faster than the limiter allows,
//! and not at all when nothing changed.

use std::time::Instant;

use futures_util::{FutureExt, Stream, StreamExt};

use super::frame::{Due, FrameLimiter};

/// Events taken in one turn; a flood gets its frames in between.
const AT_ONCE: usize = 1024;

/// What the loop does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn<E> {
    /// Apply these, in order, and say with `changed` when they changed what is shown. Never empty.
    Events(Vec<E>),
    /// Draw one frame and call `drawn`.
    Draw,
    /// No event will come any more.
    Ended,
}

/// ```text
/// loop {
///     match pump.next(&mut events).await {
///         Turn::Events(events) => { …apply…; pump.changed(); }
///         Turn::Draw => { let begun = pump.now(); terminal.draw(…)?; pump.drawn(begun); }
///         Turn::Ended => break,
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Pump {
    limiter: FrameLimiter,
    changed: bool,
    /// Events were taken since the last frame, so a due frame goes before more of them.
    taken: bool,
}

impl Pump {
    /// The first frame is due at once.
    pub fn new(limiter: FrameLimiter) -> Self {
        Self { limiter, changed: true, taken: false }
    }

    /// What is shown changed, so a frame is wanted.
    pub fn changed(&mut self) {
        self.changed = true;
    }

    /// The loop's clock.
    pub fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// A frame that was begun at `begun` is written.
    pub fn drawn(&mut self, begun: Instant) {
        self.changed = false;
        self.taken = false;
        self.limiter.drawn(begun, self.now());
    }

    /// Waits for the next thing to do. Nothing is lost when the wait is cancelled.
    pub async fn next<E>(&mut self, events: &mut (impl Stream<Item = E> + Unpin)) -> Turn<E> {
        loop {
            let due = self.changed.then(|| self.limiter.due(self.now()));
            if self.taken && due == Some(Due::Now) {
                return Turn::Draw;
            }
            match (take_waiting(events), due) {
                (Waiting::Events(batch), _) => {
                    self.taken = true;
                    return Turn::Events(batch);
                }
                (Waiting::Ended, _) => return Turn::Ended,
                (Waiting::None, Some(Due::Now)) => return Turn::Draw,
                (Waiting::None, due) => {
                    let frame_due = async {
                        match due {
                            Some(Due::At(at)) => tokio::time::sleep_until(at.into()).await,
                            _ => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        biased;
                        event = events.next() => return match event {
                            Some(event) => {
                                self.taken = true;
                                let mut batch = vec![event];
                                if let Waiting::Events(more) = take_waiting(events) {
                                    batch.extend(more);
                                }
                                Turn::Events(batch)
                            }
                            None => Turn::Ended,
                        },
                        () = frame_due => {}
                    }
                }
            }
        }
    }
}

enum Waiting<E> {
    Events(Vec<E>),
    None,
    Ended,
}

fn take_waiting<E>(events: &mut (impl Stream<Item = E> + Unpin)) -> Waiting<E> {
    let mut batch = Vec::new();
    while batch.len() < AT_ONCE {
        match events.next().now_or_never() {
            Some(Some(event)) => batch.push(event),
            Some(None) if batch.is_empty() => return Waiting::Ended,
            _ => break,
        }
    }
    if batch.is_empty() { Waiting::None } else { Waiting::Events(batch) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::stream;

    use super::*;

    /// A pump that drew its last frame so long ago and may draw one a second.
    fn drew(ago: Duration) -> Pump {
        let mut pump = Pump::new(FrameLimiter::new(1));
        let before = pump.now() - ago;
        pump.limiter.drawn(before, before);
        pump.changed = false;
        pump
    }

    const JUST_NOW: Duration = Duration::ZERO;
    const LONG_AGO: Duration = Duration::from_secs(10);

    /// Events that wait already, and no more after them.
    fn waiting(count: usize) -> impl Stream<Item = usize> + Unpin {
        stream::iter(0..count).chain(stream::pending())
    }

    #[test]
    fn all_waiting_events_are_taken_before_one_frame() {
        let (mut pump, mut events) = (Pump::new(FrameLimiter::new(30)), waiting(100));
        assert_eq!(pump.next(&mut events).now_or_never(), Some(Turn::Events((0..100).collect())));
        assert_eq!(pump.next(&mut events).now_or_never(), Some(Turn::Draw));
    }

    #[test]
    fn nothing_is_drawn_when_nothing_changed() {
        let (mut pump, mut events) = (drew(LONG_AGO), waiting(1));
        assert_eq!(pump.next(&mut events).now_or_never(), Some(Turn::Events(vec![0])));
        assert_eq!(pump.next(&mut events).now_or_never(), None, "an event that changed nothing");
        pump.changed();
        assert_eq!(pump.next(&mut events).now_or_never(), Some(Turn::Draw));
        pump.drawn(pump.now());
        assert_eq!(pump.next(&mut events).now_or_never(), None, "it is drawn");
    }

    #[tokio::test]
    async fn a_change_waits_until_the_next_frame_is_due() {
        let (mut pump, mut events) = (drew(JUST_NOW), waiting(2));
        assert_eq!(pump.next(&mut events).now_or_never(), Some(Turn::Events(vec![0, 1])));
        pump.changed();
        assert_eq!(pump.next(&mut events).now_or_never(), None);
        let before = pump.now() - LONG_AGO;
        pump.limiter.drawn(before, before);
        assert_eq!(pump.next(&mut events).now_or_never(), Some(Turn::Draw));
    }

    #[tokio::test]
    async fn a_change_is_drawn_when_its_time_has_come() {
        let mut pump = Pump::new(FrameLimiter::new(1000));
        pump.drawn(pump.now());
        pump.changed();
        let turn: Turn<u32> = pump.next(&mut stream::pending()).await;
        assert_eq!(turn, Turn::Draw);
        assert_eq!(pump.limiter.due(pump.now()), Due::Now);
    }

    #[test]
    fn a_flood_of_events_cannot_keep_frames_away() {
        let (mut pump, mut flood) = (drew(LONG_AGO), stream::repeat(0));
        for _ in 0..3 {
            let Some(Turn::Events(batch)) = pump.next(&mut flood).now_or_never() else { panic!("events first") };
            assert_eq!(batch.len(), AT_ONCE);
            pump.changed();
            assert_eq!(pump.next(&mut flood).now_or_never(), Some(Turn::Draw));
            pump = drew(LONG_AGO);
        }
    }

    #[test]
    fn the_loop_ends_with_its_events() {
        let (mut pump, mut events) = (drew(LONG_AGO), stream::iter([1]));
        assert_eq!(pump.next(&mut events).now_or_never(), Some(Turn::Events(vec![1])));
        assert_eq!(pump.next(&mut events).now_or_never(), Some(Turn::Ended));
    }
}
