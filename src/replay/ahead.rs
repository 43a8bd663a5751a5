//! Folds a session from a place on in a thread of its own, while it is played, and hands over the states to keep.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use super::timeline::Entry;
use crate::journal::Session;
use crate::protocol::State;

/// States that come, as they are ready. Dropped, nothing is folded any more.
pub(super) struct Ahead {
    states: Receiver<(usize, State)>,
}

impl Ahead {
    /// From a position and the state there on, a state each `spacing` records. Nothing where no thread or file is to be had:
    /// then a far place takes longer to reach.
    pub fn start(
        session: &Session,
        entries: Arc<[Entry]>,
        (mut at, mut state): (usize, State),
        spacing: usize,
    ) -> Option<Self> {
        let mut again = session.again().ok()?;
        // There are few of them, however long the session is, and whoever plays may ask for none for long.
        let (sender, states) = mpsc::sync_channel(entries.len() / spacing + 1);
        let fold = move || {
            while let Some(Entry { start, seq, .. }) = entries.get(at) {
                let Ok(record) = again.record(*start, *seq) else { return };
                if let Some(fact) = record.fact.known() {
                    state.apply(fact);
                }
                at += 1;
                if at.is_multiple_of(spacing) && sender.send((at, state.clone())).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("replay".into()).spawn(fold).ok()?;
        Some(Self { states })
    }

    /// Those that are ready.
    pub fn states(&self) -> impl Iterator<Item = (usize, State)> {
        self.states.try_iter()
    }
}
