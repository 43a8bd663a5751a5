//! The line on which a replay is moved: which cell stands for which record, and what mouse and keys make of it.

use super::layout::Area;
use super::message::{Command, ReplayCommand};
use super::model::{Model, Player};

/// Where the scrubber's track begins and how many cells it has, in a row this wide.
pub fn scrubber_track(width: u16) -> (u16, u16) {
    let begin = 10.min(width);
    // What is played again is told behind the track, where there is room for it.
    let after = if width >= 100 { 32 } else { 20 };
    (begin, width.saturating_sub(begin + after).max(1))
}

/// The cell of a track that stands for a position.
pub fn track_cell(cells: u16, position: u64, len: u64) -> u16 {
    let last = u64::from(cells.saturating_sub(1));
    (position.min(len) * last).checked_div(len).unwrap_or(0) as u16
}

/// The position that a column of the screen stands for; beside the track its nearer end.
pub fn record_at(scrubber: Area, x: u16, len: u64) -> u64 {
    let (begin, cells) = scrubber_track(scrubber.width);
    let last = cells.saturating_sub(1);
    let along = x.saturating_sub(scrubber.x + begin).min(last);
    (u64::from(along) * len).checked_div(u64::from(last)).unwrap_or(0)
}

impl Model {
    /// Goes to where the mouse took the knob.
    pub(crate) fn scrub_to(&self, x: u16) -> Vec<Command> {
        let Some(Player { position, len, .. }) = self.player().copied() else { return Vec::new() };
        let to = record_at(self.layout().scrubber, x, len);
        if to == position { Vec::new() } else { vec![Command::Replay(ReplayCommand::Seek(to))] }
    }

    /// Sets an end of the range that is played again and again to where the replay stands; the other end gives way.
    pub(crate) fn repeat_from_here(&mut self, begins: bool) -> Vec<Command> {
        let Some(player) = self.player() else { return Vec::new() };
        let (here, (from, to)) = (player.position, player.repeat);
        let ends = match begins {
            true => (Some(here), to.filter(|to| *to > here)),
            false => (from.filter(|from| *from < here), Some(here)),
        };
        vec![Command::Replay(ReplayCommand::Repeat(ends.0, ends.1))]
    }
}
