//! Which parts of a program are keywords, names it defines, strings, numbers and comments.
//!
//! The grammar is Python's, and takes any text: what is not yet whole, or is no Python, keeps the parts that can be told.

use std::ops::Range;
use std::sync::LazyLock;

use syntect::easy::ScopeRegionIterator;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxSet};

use super::rows::Tone;

/// What comes after so much of a program is plain, in bytes. A program is a tenth of it.
const LONGEST: usize = 16 * 1024;
/// What comes after so much of a line is plain, in bytes; it bounds what a pattern can look back over.
const WIDEST: usize = 500;
/// Innermost scopes looked at. What a word is stands within the last few.
const DEEPEST: usize = 16;

/// A part of a program: its bytes, and what it is.
pub type Part = (Range<usize>, Tone);

/// What a scope says of the words in it.
#[derive(Clone, Copy)]
enum Kind {
    Is(Tone),
    /// A keyword where it is a word; an operator of signs is code like any other.
    Word,
}

/// What is known of a scope by how its name begins; the first that fits counts.
const KINDS: [(&str, Kind); 9] = [
    ("comment", Kind::Is(Tone::Comment)),
    // With what an f-string has in its braces: fewer colours say more.
    ("meta.string", Kind::Is(Tone::String)),
    ("storage.type.string", Kind::Is(Tone::String)),
    ("constant.numeric", Kind::Is(Tone::Number)),
    ("storage.type.numeric", Kind::Is(Tone::Number)),
    ("constant.language", Kind::Is(Tone::Keyword)),
    ("entity.name", Kind::Is(Tone::Function)),
    ("keyword", Kind::Word),
    ("storage", Kind::Word),
];

struct Grammar {
    syntaxes: SyntaxSet,
    kinds: Vec<(Scope, Kind)>,
}

/// Unpacked when the first program is shown; its patterns are compiled as they are first needed.
static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| Grammar {
    syntaxes: SyntaxSet::load_defaults_newlines(),
    kinds: KINDS.iter().filter_map(|(name, kind)| Some((Scope::new(name).ok()?, *kind))).collect(),
});

/// A program and its parts, and where to go on when more of it comes.
#[derive(Clone, Debug, Default)]
pub struct Highlighted {
    source: String,
    parts: Vec<Part>,
    /// Before its last line, which may not be whole yet: where that begins, the parts until there, and the reader.
    whole: usize,
    whole_parts: usize,
    reader: Reader,
}

impl Highlighted {
    /// The parts that are more than plain code, in the order they stand in; none overlap.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether this is that program.
    pub fn is(&self, source: &str) -> bool {
        self.source == looked_at(source)
    }

    /// Whether that program is this one with more after its last whole line, or after what there is of its first.
    pub fn begins(&self, source: &str) -> bool {
        let begun = match self.whole {
            0 => self.source.strip_suffix('\n').unwrap_or(&self.source).as_bytes(),
            whole => &self.source.as_bytes()[..whole],
        };
        looked_at(source).as_bytes().starts_with(begun)
    }

    /// The program that this one begins, or any program when nothing is known yet. Only what is new is read.
    pub fn grown(mut self, source: &str) -> Self {
        let source = looked_at(source);
        let last = source.strip_suffix('\n').unwrap_or(source).rfind('\n').map_or(0, |end| end + 1).max(self.whole);
        self.parts.truncate(self.whole_parts);
        self.reader.read(source, self.whole..last, &mut self.parts);
        (self.whole, self.whole_parts) = (last, self.parts.len());
        self.reader.clone().read(source, last..source.len(), &mut self.parts);
        source.clone_into(&mut self.source);
        self
    }
}

/// As much of a program as is looked at.
fn looked_at(source: &str) -> &str {
    &source[..source.floor_char_boundary(LONGEST)]
}

/// What is open at the beginning of a line: strings, brackets, definitions.
#[derive(Clone, Debug)]
struct Reader {
    /// Nothing once the grammar was at a loss; what follows is plain.
    state: Option<ParseState>,
    scopes: ScopeStack,
}

impl Default for Reader {
    fn default() -> Self {
        let python = GRAMMAR.syntaxes.find_syntax_by_extension("py");
        Self { state: python.map(ParseState::new), scopes: ScopeStack::new() }
    }
}

impl Reader {
    /// Reads whole lines, and adds their parts.
    fn read(&mut self, source: &str, lines: Range<usize>, parts: &mut Vec<Part>) {
        let mut start = lines.start;
        for line in source.get(lines).unwrap_or_default().split_inclusive('\n') {
            let Some(told) = self.line(line, start) else {
                self.state = None;
                return;
            };
            parts.extend(told);
            start += line.len();
        }
    }

    /// The parts of the line that begins at byte `start`. Nothing when the grammar is at a loss.
    fn line(&mut self, line: &str, start: usize) -> Option<Vec<Part>> {
        let words = line.trim_end_matches('\n');
        let line = format!("{}\n", &words[..words.floor_char_boundary(WIDEST)]);
        let operations = self.state.as_mut()?.parse_line(&line, &GRAMMAR.syntaxes).ok()?;
        let mut parts: Vec<Part> = Vec::new();
        let mut end = start;
        for (words, operation) in ScopeRegionIterator::new(&operations, &line) {
            self.scopes.apply(operation).ok()?;
            let from = end;
            end += words.len();
            let Some(tone) = self.tone(words) else { continue };
            let to = from + words.trim_end_matches('\n').len();
            match parts.last_mut() {
                _ if from == to => {}
                Some((last, same)) if *same == tone && last.end == from => last.end = to,
                _ => parts.push((from..to, tone)),
            }
        }
        Some(parts)
    }

    /// What `words` are, by the outermost scope that tells; nothing for plain code.
    fn tone(&self, words: &str) -> Option<Tone> {
        let innermost = &self.scopes.as_slice()[self.scopes.len().saturating_sub(DEEPEST)..];
        let kind_of = |scope: &Scope| GRAMMAR.kinds.iter().find(|(kind, _)| kind.is_prefix_of(*scope));
        innermost.iter().filter_map(kind_of).find_map(|(_, kind)| match kind {
            Kind::Is(tone) => Some(*tone),
            Kind::Word => words.starts_with(char::is_alphabetic).then_some(Tone::Keyword),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn highlight(source: &str) -> Vec<Part> {
        Highlighted::default().grown(source).parts
    }

    /// The words of each tone, in order.
    fn words(source: &str, of: Tone) -> Vec<&str> {
        highlight(source).into_iter().filter(|(_, tone)| *tone == of).map(|(bytes, _)| &source[bytes]).collect()
    }

    const PROGRAM: &str = "# Pages first.\ndef prepare_jobs(context):\n    for n in range(3):\n        if n is not None and n not in seen:\n            jobs.append(f'page {n:>3} of {len(x)}\\n')\n    return 4.5 if True else jobs\n";

    #[test]
    fn every_kind_of_word_of_a_program_is_told() {
        let keywords =
            ["def", "for", "in", "if", "is", "not", "None", "and", "not", "in", "return", "if", "True", "else"];
        assert_eq!(words(PROGRAM, Tone::Keyword), keywords);
        assert_eq!(words(PROGRAM, Tone::Function), ["prepare_jobs"]);
        assert_eq!(words(PROGRAM, Tone::String), ["f'page {n:>3} of {len(x)}\\n'"]);
        assert_eq!(words(PROGRAM, Tone::Number), ["3", "4.5"]);
        assert_eq!(words(PROGRAM, Tone::Comment), ["# Pages first."]);
    }

    #[test]
    fn a_program_under_way_is_told_as_far_as_it_goes() {
        for end in 0..=PROGRAM.len() {
            assert_in_order(&PROGRAM[..end]);
        }
        let begun = "def prepare_jobs(context):\n    pages = \"\"\"Split the report";
        assert_eq!(words(begun, Tone::Keyword), ["def"]);
        assert_eq!(words(begun, Tone::String), ["\"\"\"Split the report"]);
    }

    #[test]
    fn what_is_long_or_wide_is_plain_beyond_a_length() {
        let long = "x = 1\n".repeat(LONGEST);
        assert!(highlight(&long).last().unwrap().0.end <= LONGEST);
        let wide = format!("x = '{}'\ny = 'a'\n", "日".repeat(WIDEST));
        assert_eq!(highlight(&wide).len(), 2, "the line after a wide one is told");
        assert!(highlight(&wide)[0].0.end <= WIDEST);
    }

    #[test]
    fn text_that_is_no_program_has_its_parts_in_order_too() {
        for unit in ["(", "\u{1}", "a.", "f'{", "r'(", "\"\"\"{", "@a", "\\", "lambda a:", "\r"] {
            assert_in_order(&unit.repeat(LONGEST));
            assert_in_order(&format!("{unit}\n").repeat(100));
        }
    }

    fn assert_in_order(source: &str) {
        let mut at = 0;
        for (bytes, tone) in highlight(source) {
            assert!(at <= bytes.start && bytes.start < bytes.end, "{tone:?} at {bytes:?} of {source:?}");
            assert!(source.get(bytes.clone()).is_some(), "{bytes:?} cuts a character of {source:?}");
            at = bytes.end;
        }
    }

    const ANY: &str =
        "\\PC{0,60}|[\\x00-\\x7f]{0,60}|(def |class |\"\"\"|f'|r'|[{}(#@\\\\\n\r:x日]|    |import |lambda |%s){0,40}";

    proptest::proptest! {
        #[test]
        fn any_text_has_its_parts_in_order(source in ANY) {
            assert_in_order(&source);
        }

        #[test]
        fn a_program_that_came_in_pieces_is_told_as_one_that_came_whole(source in ANY, cut in 0..60_usize) {
            let begun = Highlighted::default().grown(&source[..source.floor_char_boundary(cut)]);
            if begun.begins(&source) {
                assert_eq!(begun.grown(&source).parts, highlight(&source));
            }
        }
    }
}
