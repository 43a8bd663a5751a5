//! Where a text shares short runs of bytes with a quotation: the places where it stands, or that are worth an alignment.
//!
//! A place is told by its diagonal, the byte of the text less the byte of the quotation. Runs that lie on diagonals near one
//! another speak for the same place, whatever was put in or left out between them.

use rustc_hash::FxHashMap;

/// Bytes of a run in the index of a whole text, of which every so many-th one is held.
const INDEXED: usize = 8;
/// Bytes of a run where a short text is gone through as a whole.
const SCANNED: usize = 5;
/// Bytes of a text that are gone through in the time in which one place is looked at, and how many places are at most.
const PASSED: usize = 512;
const LOOKS: usize = 4096;
/// A run that stands more often in the quotation does not tell which part of it a place is.
const FEW: usize = 3;
/// A run that stands in more places says little; no more of them are looked at.
const PLACES: usize = 256;

/// The runs of a text at every eighth byte: half of the text's size.
pub(super) struct Seeds {
    /// Where the runs of each hash begin in `runs`.
    begins: Box<[u32]>,
    /// Numbers of runs, in order for each hash.
    runs: Box<[u32]>,
}

impl Seeds {
    pub(super) fn of(text: &[u8]) -> Self {
        let count = text.len() / INDEXED;
        let hashes = (count.max(64) / 2).next_power_of_two();
        let mut begins = vec![0u32; hashes + 1];
        for run in text.chunks_exact(INDEXED) {
            begins[hash(run, hashes) + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let mut next = begins.clone();
        let mut runs = vec![0u32; count];
        for (number, run) in (0u32..).zip(text.chunks_exact(INDEXED)) {
            let slot = &mut next[hash(run, hashes)];
            runs[*slot as usize] = number;
            *slot += 1;
        }
        Self { begins: begins.into_boxed_slice(), runs: runs.into_boxed_slice() }
    }

    /// Where in the text, whose runs these are, the words stand, in order; nothing where they are [too frequent](Self::tell).
    pub(super) fn places_of(&self, text: &[u8], words: &[u8]) -> Option<Vec<usize>> {
        let mut places = Vec::new();
        for (runs, offset) in self.telling(words)? {
            let starts = runs.iter().filter_map(|number| (*number as usize * INDEXED).checked_sub(offset));
            places.extend(starts.filter(|start| text[*start..].starts_with(words)));
        }
        places.sort_unstable();
        Some(places)
    }

    /// Whether the places of the words are told with few looks at the text. Of words that are short, or whose runs are all
    /// frequent, they are found sooner by going through it.
    pub(super) fn tell(&self, words: &[u8]) -> bool {
        self.telling(words).is_some()
    }

    /// Wherever the words stand, an indexed run begins at one of their first bytes, and others behind it: for each of these
    /// bytes the rarest of its runs, and its offset.
    fn telling(&self, words: &[u8]) -> Option<Vec<(&[u32], usize)>> {
        let rarest = |first: usize| {
            let offsets = (first..(words.len() + 1).saturating_sub(INDEXED)).step_by(INDEXED);
            let runs = offsets.map(|offset| (self.runs(&words[offset..offset + INDEXED]), offset));
            runs.min_by_key(|(runs, _)| runs.len())
        };
        let telling: Vec<_> = (0..INDEXED).map(rarest).collect::<Option<_>>()?;
        let looks: usize = telling.iter().map(|(runs, _)| runs.len()).sum();
        (looks <= LOOKS.min(self.runs.len() * INDEXED / PASSED)).then_some(telling)
    }

    /// The numbers of the runs that may be this one.
    fn runs(&self, run: &[u8]) -> &[u32] {
        let at = hash(run, self.begins.len() - 1);
        &self.runs[self.begins[at] as usize..self.begins[at + 1] as usize]
    }

    /// The diagonals on which the text, whose runs these are, shares one with the quotation.
    pub(super) fn diagonals(&self, text: &[u8], quoted: &[u8]) -> Vec<i64> {
        let mut diagonals = Vec::new();
        for (offset, run) in quoted.windows(INDEXED).enumerate() {
            let starts = self.runs(run).iter().map(|number| *number as usize * INDEXED);
            let shared = starts.filter(|start| text.get(*start..*start + INDEXED) == Some(run)).take(PLACES);
            diagonals.extend(shared.map(|start| start as i64 - offset as i64));
        }
        diagonals
    }
}

fn hash(run: &[u8], hashes: usize) -> usize {
    let bytes = run.first_chunk().map_or(0, |run| u64::from_be_bytes(*run));
    // Fibonacci hashing: the upper bits of a multiple of the golden ratio.
    (bytes.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - hashes.trailing_zeros().max(1))) as usize & (hashes - 1)
}

/// The diagonals on which a part of a text, from its byte `start` on, shares a run with the quotation: at most [`FEW`] times
/// [`PLACES`] for each run, however often dots or dashes are repeated in both.
pub(super) fn scan(part: &[u8], start: usize, quoted: &[u8]) -> Vec<i64> {
    let mut runs: FxHashMap<&[u8], Run> = FxHashMap::default();
    for (offset, run) in quoted.windows(SCANNED).enumerate() {
        runs.entry(run).or_default().offsets.push(offset);
    }
    runs.retain(|_, run| run.offsets.len() <= FEW);
    let mut diagonals = Vec::new();
    for (at, bytes) in part.windows(SCANNED).enumerate() {
        if let Some(run) = runs.get_mut(bytes).filter(|run| run.places < PLACES) {
            run.places += 1;
            diagonals.extend(run.offsets.iter().map(|offset| (start + at) as i64 - *offset as i64));
        }
    }
    diagonals
}

/// A run of a quotation: where it stands there, and in how many places of the text it was seen.
#[derive(Default)]
struct Run {
    offsets: Vec<usize>,
    places: usize,
}

/// The places for which most runs speak, best first: the diagonal in the middle of `width` of them.
pub(super) fn places(mut diagonals: Vec<i64>, width: i64, most: usize) -> Vec<i64> {
    diagonals.sort_unstable();
    let mut windows: Vec<(usize, i64)> = Vec::new();
    let mut first = 0;
    for last in 0..diagonals.len() {
        while diagonals[last] - diagonals[first] > width {
            first += 1;
        }
        let found = (last + 1 - first, diagonals[first + (last - first) / 2]);
        match windows.last_mut() {
            // Of windows that lie over one another the fullest stands for all.
            Some(before) if found.1 - before.1 <= width => *before = (*before).max(found),
            _ => windows.push(found),
        }
    }
    windows.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    windows.into_iter().take(most).map(|(_, diagonal)| diagonal).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str =
        "the company sold its northern terminal in the spring and bought a vessel for the southern route";

    #[test]
    fn a_quotation_with_slips_is_looked_for_where_it_stands() {
        let quoted = "bought a vesel for the suthern rout";
        let place = TEXT.find("bought").unwrap() as i64;
        let text = TEXT.repeat(3);
        let seeds = Seeds::of(text.as_bytes());
        let found = places(seeds.diagonals(text.as_bytes(), quoted.as_bytes()), 6, 8);
        let scanned = places(scan(&text.as_bytes()[40..], 40, quoted.as_bytes()), 6, 3);
        for round in 0..3 {
            let at = place + round * TEXT.len() as i64;
            assert!(found.iter().any(|diagonal| (diagonal - at).abs() <= 6), "{found:?} {at}");
            assert!(scanned.iter().any(|diagonal| (diagonal - at).abs() <= 6), "{scanned:?} {at}");
        }
    }

    #[test]
    fn leader_dots_in_both_are_no_places_and_take_no_memory() {
        let text = format!("{} northern terminal {}", ".".repeat(100_000), ".".repeat(100_000));
        assert!(scan(text.as_bytes(), 0, &[b'.'; 4000]).is_empty());
        let quoted = "northern terminal ........";
        let diagonals = scan(text.as_bytes(), 0, quoted.as_bytes());
        assert!(diagonals.len() <= quoted.len() * FEW * PLACES);
        assert!(places(diagonals, 6, 3).contains(&100_001));
        let seeds = Seeds::of(text.as_bytes());
        assert!(seeds.diagonals(text.as_bytes(), &[b'.'; 4000]).len() <= 4000 * PLACES);
    }

    #[test]
    fn texts_shorter_than_a_run_have_no_places() {
        for text in ["", "a", "seven b"] {
            let seeds = Seeds::of(text.as_bytes());
            assert!(places(seeds.diagonals(text.as_bytes(), b"bought a vessel"), 6, 8).is_empty());
            assert!(seeds.diagonals(text.as_bytes(), b"").is_empty());
        }
        assert!(scan(b"abc", 0, b"abc").is_empty());
    }

    #[test]
    fn words_that_are_rare_are_found_by_their_runs_alone() {
        let line = |number: u32| format!("line {number} of the report is like others. ");
        let text: String = (1000..3000).map(line).collect();
        let seeds = Seeds::of(text.as_bytes());
        let places = |words: &str| seeds.places_of(text.as_bytes(), words.as_bytes());
        for number in [1001, 2345, 2999] {
            let words = format!("like others. line {number} of the report");
            assert_eq!(places(&words), text.find(&words).map(|at| vec![at]), "{words}");
        }
        assert_eq!(places("like others. line 3000 of the report"), Some(Vec::new()));
        assert_eq!(places("of the report is like others."), None, "its runs are frequent");
        assert_eq!(places("line 1234 of"), None, "it may hold no run");
    }

    proptest! {
        #[test]
        fn words_are_found_where_going_through_the_text_finds_them(
            text in "[ab]{0,30}(x?[a-f ]{1,9}){100,300}[ab]{0,30}", from in 0usize..1000, length in 0usize..60,
        ) {
            // Long enough for some looks.
            let text = text.repeat(16);
            let words = &text.as_bytes()[from.min(text.len())..(from + length).min(text.len())];
            if let Some(found) = Seeds::of(text.as_bytes()).places_of(text.as_bytes(), words) {
                let all: Vec<usize> = (0..text.len()).filter(|at| text.as_bytes()[*at..].starts_with(words)).collect();
                prop_assert_eq!(found, all);
            }
        }
    }
}
