//! Which tokens the next step evaluates: every chunk once, every task on it once, all live jobs together. Pure.
//!
//! What all jobs are told first, the head, is evaluated once in a sequence of its own and stays. A chunk's tokens follow it
//! in another, the anchor. Each job on the chunk shares the anchor's cells and adds those of its task, which the samples of
//! one task share again, and those of its output. Everything that a job can ever need is reserved when it is admitted, so
//! that nothing fails in the middle for want of cells.

mod room;

use std::collections::{BTreeMap, VecDeque};
use std::mem;

/// A job's number; the caller's own.
pub type Job = u64;
/// A sequence of the cache.
pub type Sequence = i32;

/// What the device holds and takes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Tokens that the cache holds.
    pub cells: usize,
    /// Sequences that may exist at once, anchors included.
    pub sequences: usize,
    /// Jobs that may be at work at once.
    pub live: usize,
    /// Tokens of one step at most; no fewer than `sequences`.
    pub batch: usize,
    /// Prompt tokens of a step in which jobs are writing, so that a long chunk does not hold them up. With none, jobs that
    /// write wait until what was begun is read.
    pub mixed: usize,
    /// Jobs at work from which on no further chunk is begun, as the device is busy enough, and down to which they have to
    /// fall before chunks are begun again.
    pub enough: usize,
    pub few: usize,
    /// Chunks kept in the cache after their last job, for jobs that may come.
    pub kept: usize,
}

/// A job that wants to run. `chunk` and `task` name equal texts by equal numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub job: Job,
    pub chunk: u64,
    pub task: u64,
    /// Tokens up to the end of the chunk, the head included.
    pub prefix: usize,
    /// Tokens after it; at least one.
    pub suffix: usize,
    /// Those of them that begin its answer, and are evaluated with the prompt though they are not of it.
    pub opening: usize,
    /// Tokens it may write.
    pub output: usize,
}

impl Ask {
    fn cells(&self) -> usize {
        self.prefix + self.suffix + self.output
    }
}

/// What to do with the cache and then to evaluate. The scheduler takes it as done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Sequences whose cells are free now. They are cleared first.
    pub released: Vec<Sequence>,
    /// All cells of `from` become cells of `to` too.
    pub shares: Vec<Share>,
    pub runs: Vec<Run>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub from: Sequence,
    pub to: Sequence,
}

/// Tokens that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub source: Source,
    /// The first of them, counted from the source's beginning.
    pub start: usize,
    pub length: usize,
    /// The position of the first.
    pub position: usize,
    pub sequences: Vec<Sequence>,
    /// The jobs whose next token the last of them tells.
    pub tells: Vec<Job>,
}

/// Whose tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// What all prompts begin with.
    Head,
    /// The prompt up to the end of the chunk.
    Prefix(u64),
    /// What comes after it, as this job has it.
    Suffix(Job),
    /// What this job wrote.
    Output(Job),
}

/// Why a job can never run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    pub needed: usize,
    pub cells: usize,
}

/// How full the device is, and how much sharing saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    pub live: usize,
    pub waiting: usize,
    pub chunks: usize,
    pub cells_used: usize,
    /// Those of them that more than one live job reads.
    pub cells_shared: usize,
    pub cells_reserved: usize,
    /// Prompt tokens of all jobs admitted so far, as each job has them.
    pub prompt_asked: u64,
    /// Prompt tokens evaluated so far.
    pub prompt_evaluated: u64,
}

/// What all prompts begin with; it is kept for good.
#[derive(Debug)]
struct Head {
    sequence: Sequence,
    length: usize,
    filled: usize,
}

#[derive(Debug)]
struct Anchor {
    sequence: Sequence,
    /// Tokens up to the end of the chunk, and how many of them are there, the head's included.
    prefix: usize,
    filled: usize,
    /// Live jobs on it.
    users: usize,
    /// When it was last wanted, for choosing which idle one goes.
    wanted: u64,
}

/// One task on one chunk, with the samples of it that were admitted together.
#[derive(Debug)]
struct Group {
    chunk: u64,
    suffix: usize,
    opening: usize,
    filled: usize,
    members: Vec<Job>,
}

#[derive(Debug)]
struct Live {
    sequence: Sequence,
    group: u64,
    output: usize,
    written: usize,
    /// How many of them are still to be evaluated.
    pending: usize,
}

#[derive(Debug)]
pub struct Scheduler {
    capacity: Capacity,
    /// Nothing where prompts begin with nothing in common.
    head: Option<Head>,
    waiting: VecDeque<Ask>,
    anchors: BTreeMap<u64, Anchor>,
    groups: BTreeMap<u64, Group>,
    live: BTreeMap<Job, Live>,
    free: Vec<Sequence>,
    released: Vec<Sequence>,
    reserved: usize,
    /// Whether chunks are begun now.
    begins: bool,
    next_group: u64,
    clock: u64,
    prompt_asked: u64,
    prompt_evaluated: u64,
}

impl Scheduler {
    /// `head`: how many tokens all prompts begin with.
    pub fn new(capacity: Capacity, head: usize) -> Self {
        let sequences = capacity.sequences.max(3);
        let capacity = Capacity { sequences, batch: capacity.batch.max(sequences), ..capacity };
        let mut free: Vec<Sequence> = (0..sequences as Sequence).rev().collect();
        let sequence = if head > 0 { free.pop() } else { None };
        Self {
            capacity,
            head: sequence.map(|sequence| Head { sequence, length: head, filled: 0 }),
            waiting: VecDeque::new(),
            anchors: BTreeMap::new(),
            groups: BTreeMap::new(),
            live: BTreeMap::new(),
            free,
            released: Vec::new(),
            reserved: head,
            begins: true,
            next_group: 0,
            clock: 0,
            prompt_asked: 0,
            prompt_evaluated: 0,
        }
    }

    /// Takes a job into the queue.
    pub fn submit(&mut self, ask: Ask) -> Result<(), TooLong> {
        let ask = Ask { opening: ask.opening.min(ask.suffix), ..ask };
        if ask.cells() > self.capacity.cells {
            return Err(TooLong { needed: ask.cells(), cells: self.capacity.cells });
        }
        self.waiting.push_back(ask);
        Ok(())
    }

    /// Whether a job is under way or waits.
    pub fn has_jobs(&self) -> bool {
        !self.waiting.is_empty() || !self.live.is_empty()
    }

    /// Whether there is nothing to evaluate and nothing to clear.
    pub fn is_idle(&self) -> bool {
        !self.has_jobs() && self.released.is_empty()
    }

    /// The next step, with at most this many prompt tokens. It is empty where nothing is left to do, or where every live
    /// job waits for [`wrote`](Self::wrote).
    pub fn plan(&mut self, prompt_tokens: usize) -> Step {
        self.admit();
        let mut step = Step { released: mem::take(&mut self.released), ..Step::default() };
        if self.capacity.mixed > 0 {
            self.plan_outputs(&mut step);
        }
        let rows: usize = step.runs.iter().map(|run| run.length).sum();
        let room = self.capacity.batch - rows;
        let room = if step.runs.is_empty() { room } else { room.min(self.capacity.mixed) };
        let mut room = room.min(prompt_tokens.max(1));
        self.plan_suffixes(&mut step, &mut room);
        self.plan_prefixes(&mut step, &mut room);
        if step.runs.is_empty() {
            self.plan_outputs(&mut step);
        }
        step
    }

    /// The job wrote this many tokens, from the last of which it goes on.
    pub fn wrote(&mut self, job: Job, tokens: usize) {
        if let Some(live) = self.live.get_mut(&job) {
            let tokens = tokens.min(live.output - live.written);
            live.written += tokens;
            live.pending += tokens;
        }
    }

    /// The job has ended, or is not wanted any more: its cells are free from the next step on. Returns whether it was there.
    pub fn end(&mut self, job: Job) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|ask| ask.job != job);
        if let Some(live) = self.live.remove(&job) {
            self.leave(job, &live);
            return true;
        }
        self.waiting.len() < before
    }

    pub fn gauge(&self) -> Gauge {
        let anchors = self.anchors.values();
        let groups = self.groups.values();
        let outputs: usize = self.live.values().map(|live| live.written - live.pending).sum();
        let head = self.head.as_ref().map_or(0, |head| head.filled);
        let own = |anchor: &Anchor| anchor.filled.saturating_sub(self.head_length());
        let shared = |shared: bool, tokens: usize| if shared { tokens } else { 0 };
        Gauge {
            live: self.live.len(),
            waiting: self.waiting.len(),
            chunks: self.anchors.len(),
            cells_used: head
                + anchors.clone().map(own).sum::<usize>()
                + groups.clone().map(|group| group.filled).sum::<usize>()
                + outputs,
            cells_shared: shared(self.live.len() > 1, head)
                + anchors.map(|anchor| shared(anchor.users > 1, own(anchor))).sum::<usize>()
                + groups.map(|group| shared(group.members.len() > 1, group.filled)).sum::<usize>(),
            cells_reserved: self.reserved,
            prompt_asked: self.prompt_asked,
            prompt_evaluated: self.prompt_evaluated,
        }
    }

    /// Every job that wrote goes on by one token at least: there is room for that, as no more jobs live than fit a step.
    fn plan_outputs(&mut self, step: &mut Step) {
        let writing = self.live.values().filter(|live| live.pending > 0).count();
        let mut room = self.capacity.batch - writing;
        for (job, live) in self.live.iter_mut().filter(|(_, live)| live.pending > 0) {
            let Some(group) = self.groups.get(&live.group) else { continue };
            let Some(anchor) = self.anchors.get(&group.chunk) else { continue };
            let length = live.pending.min(room + 1);
            let start = live.written - live.pending;
            room -= length - 1;
            live.pending -= length;
            step.runs.push(Run {
                source: Source::Output(*job),
                start,
                length,
                position: anchor.prefix + group.suffix + start,
                sequences: vec![live.sequence],
                tells: if live.pending == 0 { vec![*job] } else { Vec::new() },
            });
        }
    }

    fn plan_suffixes(&mut self, step: &mut Step, room: &mut usize) {
        for group in self.groups.values_mut().filter(|group| group.filled < group.suffix) {
            let (Some(anchor), Some(first)) = (self.anchors.get(&group.chunk), group.members.first()) else { continue };
            if *room == 0 || anchor.filled < anchor.prefix {
                continue;
            }
            let sequences: Vec<Sequence> =
                group.members.iter().filter_map(|job| Some(self.live.get(job)?.sequence)).collect();
            if group.filled == 0 {
                step.shares.extend(sequences.iter().map(|to| Share { from: anchor.sequence, to: *to }));
            }
            let length = (group.suffix - group.filled).min(*room);
            let ends = group.filled + length == group.suffix;
            step.runs.push(Run {
                source: Source::Suffix(*first),
                start: group.filled,
                length,
                position: anchor.prefix + group.filled,
                sequences,
                tells: if ends { group.members.clone() } else { Vec::new() },
            });
            let prompt = group.suffix - group.opening;
            let of_prompt = |tokens: usize| tokens.min(prompt) as u64;
            self.prompt_evaluated += of_prompt(group.filled + length) - of_prompt(group.filled);
            group.filled += length;
            *room -= length;
        }
    }

    fn plan_prefixes(&mut self, step: &mut Step, room: &mut usize) {
        let mut unfilled: Vec<(&u64, &mut Anchor)> =
            self.anchors.iter_mut().filter(|(_, anchor)| anchor.filled < anchor.prefix).collect();
        if unfilled.is_empty() {
            return;
        }
        if let Some(head) = self.head.as_mut().filter(|head| head.filled < head.length) {
            let length = (head.length - head.filled).min(*room);
            if length > 0 {
                let (start, sequences) = (head.filled, vec![head.sequence]);
                let source = Source::Head;
                step.runs.push(Run { source, start, length, position: start, sequences, tells: Vec::new() });
                head.filled += length;
                self.prompt_evaluated += length as u64;
            }
            // Its cells can be shared from the next step on.
            *room = 0;
            return;
        }
        unfilled.sort_by_key(|(_, anchor)| anchor.wanted);
        for (chunk, anchor) in unfilled {
            if *room == 0 {
                return;
            }
            if let (0, Some(head)) = (anchor.filled, &self.head) {
                step.shares.push(Share { from: head.sequence, to: anchor.sequence });
                anchor.filled = head.length;
            }
            let length = (anchor.prefix - anchor.filled).min(*room);
            if length == 0 {
                continue;
            }
            step.runs.push(Run {
                source: Source::Prefix(*chunk),
                start: anchor.filled,
                length,
                position: anchor.filled,
                sequences: vec![anchor.sequence],
                tells: Vec::new(),
            });
            anchor.filled += length;
            *room -= length;
            self.prompt_evaluated += length as u64;
        }
    }

    fn head_length(&self) -> usize {
        self.head.as_ref().map_or(0, |head| head.length)
    }

    fn release(&mut self, sequence: Sequence) {
        self.released.push(sequence);
        self.free.push(sequence);
    }
}

#[cfg(test)]
mod tests;
