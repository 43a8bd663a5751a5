//! Who is let in and what is let go: jobs are admitted while all that they can ever need fits, chunks leave when room is needed.

use std::collections::BTreeSet;

use super::{Anchor, Group, Job, Live, Scheduler};

impl Scheduler {
    /// Admits the oldest job and with it all that wait for the same chunk, then the next oldest, while there is room. The
    /// oldest goes first at every step, so a job can be overtaken only by those that share the chunk of an older one.
    pub(super) fn admit(&mut self) {
        self.begins |= self.live.len() <= self.capacity.few;
        while let Some(oldest) = self.waiting.front() {
            let (chunk, task) = (oldest.chunk, oldest.task);
            let admitted = self.admit_group(chunk, task);
            if !admitted {
                return;
            }
            while let Some(task) = self.waiting.iter().find(|ask| ask.chunk == chunk).map(|ask| ask.task) {
                if !self.admit_group(chunk, task) {
                    return;
                }
            }
        }
    }

    /// Admits as many of the samples that wait for this task on this chunk as there is room for; false for none.
    fn admit_group(&mut self, chunk: u64, task: u64) -> bool {
        let Some(first) = self.waiting.iter().find(|ask| ask.chunk == chunk && ask.task == task).cloned() else {
            return false;
        };
        let here = self.anchors.contains_key(&chunk);
        let own = first.prefix.saturating_sub(self.head_length());
        let idle_here = self.anchors.get(&chunk).is_none_or(|anchor| anchor.users == 0);
        if (idle_here && !self.begins) || self.live.len() >= self.capacity.live {
            return false;
        }
        let anchor_cells = if here { 0 } else { own };
        let alone = anchor_cells + first.suffix + first.output;
        if !self.make_room(alone, usize::from(!here) + 1, chunk) {
            return false;
        }
        self.clock += 1;
        if !here {
            let Some(sequence) = self.free.pop() else { return false };
            self.reserved += own;
            self.anchors.insert(chunk, Anchor { sequence, prefix: first.prefix, filled: 0, users: 0, wanted: 0 });
        }
        let number = self.next_group;
        self.next_group += 1;
        self.reserved += first.suffix;
        let mut group = Group { chunk, suffix: first.suffix, opening: first.opening, filled: 0, members: Vec::new() };
        let mut index = 0;
        while let Some(ask) = self.waiting.get(index) {
            let fits = self.reserved + ask.output <= self.capacity.cells
                && !self.free.is_empty()
                && self.live.len() < self.capacity.live;
            if ask.chunk != chunk || ask.task != task || ask.suffix != first.suffix {
                index += 1;
                continue;
            }
            if !fits {
                break;
            }
            let (Some(ask), Some(sequence)) = (self.waiting.remove(index), self.free.pop()) else { break };
            self.reserved += ask.output;
            self.prompt_asked += (ask.prefix + ask.suffix - ask.opening) as u64;
            group.members.push(ask.job);
            self.live.insert(ask.job, Live { sequence, group: number, output: ask.output, written: 0, pending: 0 });
        }
        if let Some(anchor) = self.anchors.get_mut(&chunk) {
            anchor.users += group.members.len();
            anchor.wanted = self.clock;
        }
        self.groups.insert(number, group);
        self.begins &= self.live.len() < self.capacity.enough;
        true
    }

    /// Lets idle chunks go, the one wanted longest ago first, until this many cells and sequences are free.
    fn make_room(&mut self, cells: usize, sequences: usize, keep: u64) -> bool {
        while self.reserved + cells > self.capacity.cells || self.free.len() < sequences {
            let idle = self.anchors.iter().filter(|(chunk, anchor)| anchor.users == 0 && **chunk != keep);
            let Some(oldest) = idle.min_by_key(|(_, anchor)| anchor.wanted).map(|(chunk, _)| *chunk) else {
                return false;
            };
            self.drop_anchor(oldest);
        }
        true
    }

    fn drop_anchor(&mut self, chunk: u64) {
        if let Some(anchor) = self.anchors.remove(&chunk) {
            self.reserved -= anchor.prefix.saturating_sub(self.head_length());
            self.release(anchor.sequence);
        }
    }

    pub(super) fn leave(&mut self, job: Job, live: &Live) {
        self.reserved -= live.output;
        self.release(live.sequence);
        let Some(group) = self.groups.get_mut(&live.group) else { return };
        group.members.retain(|member| *member != job);
        let (chunk, suffix, empty) = (group.chunk, group.suffix, group.members.is_empty());
        if empty {
            self.groups.remove(&live.group);
            self.reserved -= suffix;
        }
        let Some(anchor) = self.anchors.get_mut(&chunk) else { return };
        anchor.users -= 1;
        // A chunk that is half read is of no use to anybody.
        if anchor.users == 0 && anchor.filled < anchor.prefix {
            self.drop_anchor(chunk);
        }
        self.drop_idle();
    }

    /// Lets chunks go that no job is on or waits for, beyond those that are kept.
    fn drop_idle(&mut self) {
        let waited: BTreeSet<u64> = self.waiting.iter().map(|ask| ask.chunk).collect();
        let mut idle: Vec<(u64, u64)> = self
            .anchors
            .iter()
            .filter(|(chunk, anchor)| anchor.users == 0 && !waited.contains(chunk))
            .map(|(chunk, anchor)| (anchor.wanted, *chunk))
            .collect();
        idle.sort_unstable();
        for (_, chunk) in idle.iter().take(idle.len().saturating_sub(self.capacity.kept)) {
            self.drop_anchor(*chunk);
        }
    }
}
