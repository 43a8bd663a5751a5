//! Every part of a text, as the suffix automaton of its bytes (Blumer et al. 1985): at most two states and three edges
//! a byte, and one look-up for each byte that follows.

/// The state of the empty part.
pub(super) const ROOT: u32 = 0;
const NONE: u32 = u32::MAX;
/// Bytes of a text at most, so that states and edges have numbers of 32 bits; what follows is left out.
const LONGEST: usize = 1 << 28;

/// The parts of a chunk in which each run of whitespace and control characters is one space. A model that copies
/// words from a page seldom keeps the breaks of its lines, and needs no escapes for the rest.
#[derive(Debug)]
pub struct Substrings {
    /// Where each state's edges begin, and at last where they all end.
    starts: Box<[u32]>,
    /// The edges' bytes, in order within a state, and where the edges lead.
    bytes: Box<[u8]>,
    targets: Box<[u32]>,
}

impl Substrings {
    pub fn new(chunk: &str) -> Self {
        let text = normalised(chunk);
        let mut building = Building::new(text.len());
        for byte in text.bytes() {
            building.push(byte);
        }
        building.finish()
    }

    /// The state after one more byte, if the part so far is followed by it anywhere.
    pub(super) fn step(&self, state: u32, byte: u8) -> Option<u32> {
        let (start, end) = self.edges(state);
        let at = self.bytes[start..end].binary_search(&byte).ok()?;
        Some(self.targets[start + at])
    }

    pub(super) fn has_any(&self) -> bool {
        !self.bytes.is_empty()
    }

    #[cfg(test)]
    pub(super) fn states(&self) -> usize {
        self.starts.len() - 1
    }

    fn edges(&self, state: u32) -> (usize, usize) {
        let state = state as usize;
        (self.starts[state] as usize, self.starts[state + 1] as usize)
    }
}

pub(super) fn normalised(chunk: &str) -> String {
    let mut text = String::with_capacity(chunk.len());
    for symbol in chunk.chars() {
        if text.len() >= LONGEST {
            break;
        }
        if !symbol.is_whitespace() && !symbol.is_control() {
            text.push(symbol);
        } else if !text.ends_with(' ') {
            text.push(' ');
        }
    }
    text
}

/// The automaton while it grows: the edges of a state are a chain, as most states have one or two.
struct Building {
    states: Vec<State>,
    edges: Vec<Edge>,
    /// The root's edges, which are many and looked at most often.
    root: [u32; 256],
    /// The state of the whole text so far.
    last: u32,
}

#[derive(Clone, Copy)]
struct State {
    /// Bytes of its longest part.
    length: u32,
    /// The state of the longest ending that also ends elsewhere.
    link: u32,
    first: u32,
}

#[derive(Clone, Copy)]
struct Edge {
    byte: u8,
    target: u32,
    next: u32,
}

impl Building {
    fn new(bytes: usize) -> Self {
        let mut states = Vec::with_capacity(bytes + bytes / 2 + 1);
        states.push(State { length: 0, link: NONE, first: NONE });
        Self { states, edges: Vec::with_capacity(2 * bytes), root: [NONE; 256], last: ROOT }
    }

    fn push(&mut self, byte: u8) {
        let length = self.states[self.last as usize].length + 1;
        let whole = self.add(State { length, link: ROOT, first: NONE });
        let mut from = std::mem::replace(&mut self.last, whole);
        let known = loop {
            match self.target(from, byte) {
                Some(known) => break known,
                None => self.join(from, byte, whole),
            }
            from = self.states[from as usize].link;
            if from == NONE {
                return;
            }
        };
        let length = self.states[from as usize].length + 1;
        if self.states[known as usize].length == length {
            self.states[whole as usize].link = known;
            return;
        }
        // Its shorter parts now also end here and its longer ones do not: the shorter get a state of their own.
        let split = self.split(known, length);
        self.states[known as usize].link = split;
        self.states[whole as usize].link = split;
        while from != NONE && self.redirect(from, byte, known, split) {
            from = self.states[from as usize].link;
        }
    }

    fn add(&mut self, state: State) -> u32 {
        self.states.push(state);
        (self.states.len() - 1) as u32
    }

    fn split(&mut self, known: u32, length: u32) -> u32 {
        let State { link, first, .. } = self.states[known as usize];
        let split = self.add(State { length, link, first: NONE });
        let mut at = first;
        while at != NONE {
            let Edge { byte, target, next } = self.edges[at as usize];
            self.join(split, byte, target);
            at = next;
        }
        split
    }

    fn join(&mut self, from: u32, byte: u8, target: u32) {
        if from == ROOT {
            self.root[usize::from(byte)] = target;
            return;
        }
        let first = &mut self.states[from as usize].first;
        let next = std::mem::replace(first, self.edges.len() as u32);
        self.edges.push(Edge { byte, target, next });
    }

    fn target(&self, from: u32, byte: u8) -> Option<u32> {
        if from == ROOT {
            return Some(self.root[usize::from(byte)]).filter(|&target| target != NONE);
        }
        self.edge(from, byte).map(|at| self.edges[at].target)
    }

    fn edge(&self, from: u32, byte: u8) -> Option<usize> {
        let mut at = self.states[from as usize].first;
        while at != NONE {
            let edge = &self.edges[at as usize];
            if edge.byte == byte {
                return Some(at as usize);
            }
            at = edge.next;
        }
        None
    }

    /// Whether the edge led to `known`; then it leads to `split`.
    fn redirect(&mut self, from: u32, byte: u8, known: u32, split: u32) -> bool {
        let target = if from == ROOT {
            &mut self.root[usize::from(byte)]
        } else if let Some(at) = self.edge(from, byte) {
            &mut self.edges[at].target
        } else {
            return false;
        };
        let led = *target == known;
        if led {
            *target = split;
        }
        led
    }

    fn finish(self) -> Substrings {
        let mut starts = Vec::with_capacity(self.states.len() + 1);
        let mut bytes = Vec::with_capacity(self.edges.len() + 256);
        let mut targets = Vec::with_capacity(self.edges.len() + 256);
        let mut of_state: Vec<(u8, u32)> = Vec::new();
        for (state, State { first, .. }) in self.states.iter().enumerate() {
            starts.push(bytes.len() as u32);
            if state == ROOT as usize {
                of_state.extend((0..=u8::MAX).zip(self.root).filter(|&(_, target)| target != NONE));
            }
            let mut at = *first;
            while at != NONE {
                let Edge { byte, target, next } = self.edges[at as usize];
                of_state.push((byte, target));
                at = next;
            }
            of_state.sort_unstable();
            for (byte, target) in of_state.drain(..) {
                bytes.push(byte);
                targets.push(target);
            }
        }
        starts.push(bytes.len() as u32);
        Substrings { starts: starts.into(), bytes: bytes.into(), targets: targets.into() }
    }
}
