//! True and false citations made of documents, and how well they are told apart: what is found must be right.
//!
//! A true one is a sentence or a row of a table, as it is or with some of its characters changed; its numbers stay, since
//! another number is another statement. A false one says what the document does not. All follow from a seed.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use minions::document::passage::pieces;
use minions::document::{Document, Locator, NormalChars, Span};

/// Shorter pieces are no citations, and longer ones are cut; in bytes.
const LENGTHS: Range<usize> = 40..500;
/// Of a hundred characters.
const RATES: [usize; 3] = [2, 5, 10];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    AsItIs,
    Substituted(usize),
    Inserted(usize),
    Deleted(usize),
    Cased(usize),
    Spaced(usize),
    Hyphenated(usize),
    Scanned(usize),
    Mixed(usize),
    NumberChanged,
    NumberSwapped,
    NameExchanged,
    WordExchanged,
    Negated,
    Contracted,
    OtherDocument,
    Shuffled,
    TwoHalves,
}

use Kind as K;

impl Kind {
    fn truths() -> Vec<Kind> {
        let with = [K::Substituted, K::Inserted, K::Deleted, K::Cased, K::Spaced, K::Hyphenated, K::Scanned, K::Mixed];
        std::iter::once(K::AsItIs).chain(RATES.into_iter().flat_map(|rate| with.map(|kind| kind(rate)))).collect()
    }

    const LIES: [Kind; 9] = [
        K::NumberChanged,
        K::NumberSwapped,
        K::NameExchanged,
        K::WordExchanged,
        K::Negated,
        K::OtherDocument,
        K::Shuffled,
        K::TwoHalves,
        K::Contracted,
    ];

    pub fn is_true(self) -> bool {
        !Self::LIES.contains(&self)
    }
}

/// How many there were, and what came of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub asked: usize,
    /// Found where they stand.
    pub right: usize,
    /// Found where they do not.
    pub wrong: usize,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.asked += other.asked;
        self.right += other.right;
        self.wrong += other.wrong;
    }

    pub fn recall(&self) -> f64 {
        self.right as f64 / self.asked.max(1) as f64
    }
}

#[derive(Default)]
pub struct Quality {
    pub kinds: BTreeMap<Kind, Tally>,
    /// Some of what was found wrongly or not at all, for people.
    pub faults: Vec<(Kind, String, Option<String>)>,
}

impl Quality {
    pub fn of(&self, which: impl Fn(Kind) -> bool) -> Tally {
        let mut all = Tally::default();
        self.kinds.iter().filter(|(kind, _)| which(**kind)).for_each(|(_, tally)| all.add(*tally));
        all
    }

    /// Of all that was found, what was right.
    pub fn precision(&self) -> f64 {
        let all = self.of(|_| true);
        all.right as f64 / (all.right + all.wrong).max(1) as f64
    }

    /// Of the true ones, what was found where it stands.
    pub fn recall(&self) -> f64 {
        self.of(Kind::is_true).recall()
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<20} {:>7} {:>7} {:>7} {:>9}", "kind", "asked", "right", "wrong", "recall")?;
        for (kind, Tally { asked, right, wrong }) in &self.kinds {
            let recall =
                if kind.is_true() { format!("{:.1} %", 100.0 * *right as f64 / *asked as f64) } else { String::new() };
            writeln!(f, "{:<20} {asked:>7} {right:>7} {wrong:>7} {recall:>9}", format!("{kind:?}"))?;
        }
        let at = |rate| {
            self.of(|kind| kind.is_true() && format!("{kind:?}").contains(&format!("({rate})"))).recall() * 100.0
        };
        writeln!(f, "recall at 2 %: {:.2} %, at 5 %: {:.2} %, at 10 %: {:.2} %", at(2), at(5), at(10))?;
        write!(f, "precision {:.2} %, recall {:.2} %", self.precision() * 100.0, self.recall() * 100.0)
    }
}

/// Asks for `each` citations of every kind in each document. Where only one document is at hand, none is of another.
pub fn measure(documents: &[Document], each: usize, seed: u64) -> Quality {
    let mut quality = Quality::default();
    let sources: Vec<Source> = documents.iter().map(Source::new).collect();
    for (at, source) in sources.iter().enumerate().filter(|(_, source)| source.pieces.len() > 1) {
        let locator = Locator::new(std::slice::from_ref(source.document));
        let mut chance = Chance(seed.wrapping_add(at as u64));
        for kind in Kind::truths().into_iter().chain(Kind::LIES) {
            for _ in 0..each {
                let piece = source.any(&mut chance);
                let quotation = match kind.is_true() {
                    true => Some(perturbed(source.text(&piece), kind, &mut chance)),
                    false => source.lie(kind, &piece, &sources, at, &mut chance),
                };
                let Some(quotation) = quotation else { continue };
                let tally = quality.kinds.entry(kind).or_default();
                tally.asked += 1;
                let found = locator.locate(&quotation, &[]).map(|located| located.span);
                let right = found.is_some_and(|span| kind.is_true() && source.is_right(&piece, span));
                tally.right += usize::from(right);
                tally.wrong += usize::from(found.is_some() && !right);
                if kind.is_true() != right || (found.is_some() && !right) {
                    let words = found.map(|span| source.text(&(span.start..span.end)).to_owned());
                    quality.faults.push((kind, quotation, words));
                }
            }
        }
    }
    quality
}

struct Source<'a> {
    document: &'a Document,
    pieces: Vec<Range<usize>>,
    /// Capitalised words within sentences.
    names: Vec<&'a str>,
    /// Long words of small letters.
    words: Vec<&'a str>,
    numbers: Vec<&'a str>,
    /// Letters and digits of the whole, to tell what it says.
    said: String,
}

impl<'a> Source<'a> {
    fn new(document: &'a Document) -> Self {
        let text = &*document.text;
        let all = pieces(text).into_iter().map(|piece| piece.range).filter(|range| range.len() >= LENGTHS.start);
        let cut = |range: Range<usize>| {
            let end = text.floor_char_boundary(range.end.min(range.start + LENGTHS.end));
            let end = if end < range.end {
                text[range.start..end].rfind(' ').map_or(end, |at| range.start + at)
            } else {
                end
            };
            range.start..end
        };
        let pieces: Vec<Range<usize>> =
            all.map(cut).filter(|range| letters(&text[range.clone()]).len() >= 30).collect();
        let (mut names, mut words, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for piece in &pieces {
            for word in tokens(&text[piece.clone()]).into_iter().skip(1).map(|word| &text[piece.clone()][word]) {
                let capital = word.starts_with(char::is_uppercase);
                if word.starts_with(|c: char| c.is_ascii_digit()) {
                    numbers.push(word);
                } else if word.len() >= 4 && word.chars().all(char::is_alphabetic) {
                    if capital {
                        names.push(word)
                    } else if word.len() >= 6 {
                        words.push(word)
                    }
                }
            }
        }
        Self { document, pieces, names, words, numbers, said: letters(text) }
    }

    fn text(&self, range: &Range<usize>) -> &'a str {
        self.document.slice(range.start, range.end).unwrap_or_default()
    }

    fn any(&self, chance: &mut Chance) -> Range<usize> {
        self.pieces[chance.below(self.pieces.len())].clone()
    }

    /// Whether the place covers nine tenths of the piece and is no more than that longer, or says word for word the same.
    fn is_right(&self, piece: &Range<usize>, span: Span) -> bool {
        let both = span.end.min(piece.end).saturating_sub(span.start.max(piece.start));
        let longer = piece.len().max(span.len());
        both * 10 >= longer * 9 || letters(self.text(&(span.start..span.end))) == letters(self.text(piece))
    }

    /// What the document does not say; nothing where none can be made of the piece.
    fn lie(
        &self,
        kind: Kind,
        piece: &Range<usize>,
        sources: &[Source],
        at: usize,
        chance: &mut Chance,
    ) -> Option<String> {
        let text = self.text(piece);
        let tokens = tokens(text);
        let is_number = |token: &Range<usize>| {
            text[token.clone()].bytes().all(|byte| byte.is_ascii_digit() || b".,".contains(&byte))
        };
        let one = |chance: &mut Chance, wanted: &dyn Fn(&Range<usize>) -> bool| {
            let those: Vec<&Range<usize>> = tokens.iter().skip(1).filter(|token| wanted(token)).collect();
            (!those.is_empty()).then(|| those[chance.below(those.len())].clone())
        };
        let exchanged =
            |token: Range<usize>, word: &str| format!("{}{word}{}", &text[..token.start], &text[token.end..]);
        let lie = match kind {
            K::NumberChanged => {
                let token = one(chance, &is_number)?;
                let digits: Vec<usize> = token.filter(|byte| text.as_bytes()[*byte].is_ascii_digit()).collect();
                let digit = digits[chance.below(digits.len())];
                let new = (text.as_bytes()[digit] - b'0' + 1 + chance.below(9) as u8) % 10;
                exchanged(digit..digit + 1, &new.to_string())
            }
            K::NumberSwapped => {
                let token = one(chance, &is_number)?;
                exchanged(token, self.numbers.get(chance.below(self.numbers.len().max(1)))?)
            }
            K::NameExchanged => {
                let is_name =
                    |token: &Range<usize>| token.len() >= 4 && text[token.clone()].starts_with(char::is_uppercase);
                exchanged(one(chance, &is_name)?, self.names.get(chance.below(self.names.len().max(1)))?)
            }
            K::WordExchanged => {
                let is_word =
                    |token: &Range<usize>| token.len() >= 6 && text[token.clone()].chars().all(char::is_lowercase);
                exchanged(one(chance, &is_word)?, self.words.get(chance.below(self.words.len().max(1)))?)
            }
            K::Negated => match text.find(" not ") {
                Some(at) => exchanged(at..at + 4, ""),
                None => {
                    let verb = |token: &Range<usize>| {
                        ["is", "are", "was", "were", "will", "shall", "may", "has", "have", "had", "can", "does"]
                            .contains(&&text[token.clone()])
                    };
                    let verb = one(chance, &verb)?;
                    exchanged(verb.end..verb.end, " not")
                }
            },
            K::Contracted => match text.find("n't ").or_else(|| text.find("n’t ")) {
                Some(at) => exchanged(at..at + text[at..].find(' ')?, ""),
                None => {
                    let verb = |token: &Range<usize>| {
                        ["is", "are", "was", "were", "has", "have", "had", "does", "did", "could", "would", "should"]
                            .contains(&&text[token.clone()])
                    };
                    let verb = one(chance, &verb)?;
                    exchanged(verb.end..verb.end, ["n't", "n’t", "nt"][chance.below(3)])
                }
            },
            K::OtherDocument => {
                let other = (at + 1 + chance.below(sources.len().saturating_sub(1).max(1))) % sources.len();
                if other == at || sources[other].pieces.is_empty() {
                    return None;
                }
                sources[other].text(&sources[other].any(chance)).to_owned()
            }
            K::Shuffled => {
                let mut words: Vec<&str> = text.split_whitespace().collect();
                for last in (1..words.len()).rev() {
                    words.swap(last, chance.below(last + 1));
                }
                words.join(" ")
            }
            _ => {
                let (first, second) = (text, self.text(&self.any(chance)));
                let half = |text: &str| text[..text.floor_char_boundary(text.len() / 2)].rfind(' ');
                format!("{}{}", &first[..half(first)?], &second[half(second)?..])
            }
        };
        if self.said.contains(&letters(&lie)) {
            return None;
        }
        // Half of them with slips beside, which must not make them true.
        Some(if chance.below(2) == 0 { lie } else { perturbed(&lie, K::Mixed(5), chance) })
    }
}

/// Letters and digits alone, as they are read aloud.
fn letters(text: &str) -> String {
    NormalChars::new(text).map(|normal| normal.character).filter(|c| c.is_alphanumeric()).collect()
}

/// Words and numbers.
fn tokens(text: &str) -> Vec<Range<usize>> {
    minions::document::words::scan(text).map(|(start, end)| start..end).collect()
}

/// The text with so many of a hundred characters changed, and every number as it was.
fn perturbed(text: &str, kind: Kind, chance: &mut Chance) -> String {
    let characters: Vec<char> = text.chars().collect();
    let (how, rate): (fn(usize) -> Kind, usize) = match kind {
        K::Substituted(rate) => (K::Substituted, rate),
        K::Inserted(rate) => (K::Inserted, rate),
        K::Deleted(rate) => (K::Deleted, rate),
        K::Cased(rate) => (K::Cased, rate),
        K::Spaced(rate) => (K::Spaced, rate),
        K::Hyphenated(rate) => (K::Hyphenated, rate),
        K::Scanned(rate) => (K::Scanned, rate),
        K::Mixed(rate) => (K::Mixed, rate),
        _ => return text.to_owned(),
    };
    let budget = characters.len() * rate / 100;
    // Digits, and what stands beside them, belong to numbers.
    let digit = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(char::is_ascii_digit);
    let free = |at: usize| !(digit(Some(at)) || digit(at.checked_sub(1)) || digit(Some(at + 1)));
    let mut changed: BTreeMap<usize, String> = BTreeMap::new();
    let mut done = 0;
    for _ in 0..characters.len() * 30 {
        if done >= budget {
            break;
        }
        let at = chance.below(characters.len());
        if !free(at) || changed.contains_key(&at) {
            continue;
        }
        let character = characters[at];
        let how = match how(rate) {
            K::Mixed(_) => [K::Substituted, K::Inserted, K::Deleted, K::Cased, K::Spaced, K::Hyphenated, K::Scanned]
                [chance.below(7)](rate),
            how => how,
        };
        let inside = |at: usize| characters.get(at).is_some_and(|c| c.is_alphabetic());
        let new = match how {
            K::Substituted(_) => chance.letter_but(character).to_string(),
            K::Inserted(_) => format!("{character}{}", chance.letter_but(' ')),
            K::Deleted(_) => String::new(),
            K::Cased(_) if character.is_lowercase() => character.to_uppercase().to_string(),
            K::Cased(_) if character.is_uppercase() => character.to_lowercase().to_string(),
            K::Spaced(_) if character.is_whitespace() => ["\n", "  ", "\u{a0}", "\t", " \n "][chance.below(5)].into(),
            K::Hyphenated(_) if inside(at) && inside(at + 1) => {
                format!("{character}{}", ["-\n", "\u{ad}", "-"][chance.below(3)])
            }
            K::Scanned(_) => match (character, characters.get(at + 1)) {
                ('r', Some('n')) if !changed.contains_key(&(at + 1)) && free(at + 1) => {
                    changed.insert(at + 1, String::new());
                    "m".into()
                }
                ('m', _) => "rn".into(),
                ('l', _) => ["1", "I"][chance.below(2)].into(),
                ('o', _) => "0".into(),
                ('e', _) => "c".into(),
                ('h', _) => "b".into(),
                ('d', _) => "cl".into(),
                ('i', _) => ["l", "1"][chance.below(2)].into(),
                ('t', _) => "f".into(),
                _ => continue,
            },
            _ => continue,
        };
        changed.insert(at, new);
        done += 1;
    }
    let perturbed = characters.iter().enumerate().map(|(at, character)| match changed.get(&at) {
        Some(new) => new.clone(),
        None => character.to_string(),
    });
    perturbed.collect()
}

/// The same numbers at every run (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn letter_but(&mut self, character: char) -> char {
        loop {
            let letter = (b'a' + self.below(26) as u8) as char;
            if letter != character {
                return letter;
            }
        }
    }
}
