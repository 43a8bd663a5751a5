//! Cuts source code of any language along its definitions, by indentation and braces.

use std::ops::Range;

use super::cut::{self, indentation};
use super::lines;

/// What a line that ends or goes on with what stands above begins with.
const GOING_ON: &[&str] = &[
    "}", ")", "]", "{", "end", "End", "END", "else", "elif", "elsif", "elseif", "except", "finally", "catch", "rescue",
    "ensure", "then", "do", "done", "fi", "esac", "begin", "BEGIN", "#else", "#elif", "#endif",
];
/// What a line begins with that belongs to the definition below it.
const DECORATING: &[&str] = &["@", "#[", "[[", "template<", "template <"];
/// Quotes that may hold many lines.
const LONG_QUOTES: [&str; 2] = ["\"\"\"", "'''"];

/// Pieces of at most `max_chars` characters (more than zero) that together are the whole text. A definition at the
/// outer level stays whole with the decorators, attributes and comments above it where it fits, and small neighbours are joined;
/// a larger one is cut at blank lines, those before the least indented lines first, else at lines.
pub fn by_code(text: &str, max_chars: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut parts = blocks(text)
        .flat_map(move |block| cut::pieces(text, block, max_chars, cut::in_code))
        .map(|part| (text[part.clone()].chars().count(), part))
        .peekable();
    std::iter::from_fn(move || {
        let (mut chars, mut joined) = parts.next()?;
        while let Some((more, next)) = parts.next_if(|(more, _)| chars + more <= max_chars) {
            chars += more;
            joined.end = next.end;
        }
        Some(joined)
    })
}

/// What stands together at the outer level, each with the blank lines behind it.
fn blocks(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut level = Level::default();
    let starts = lines(text).filter(move |line| level.begins(&text[line.clone()]));
    let mut start = 0;
    starts.map(|line| line.start).chain(std::iter::once(text.len())).filter_map(move |end| {
        let block = start..end;
        start = end;
        (!block.is_empty()).then_some(block)
    })
}

/// Where in the structure a line stands.
#[derive(Default)]
struct Level {
    /// The quotes that a text over many lines waits for.
    quoted: Option<&'static str>,
    /// A comment of many lines is open.
    commented: bool,
    braces: Braces,
    /// The last line at the outer level decorates what comes.
    decorated: bool,
    /// The last line was blank, indented or the end of a block: what follows at the outer level is new.
    closed: bool,
}

#[derive(Default, PartialEq)]
enum Braces {
    #[default]
    None,
    /// A line at the outer level ended with a brace.
    Open,
    /// What it opened is indented, so that only a brace at the outer level ends it.
    Indented,
}

impl Level {
    /// Whether a block begins with this line.
    fn begins(&mut self, line: &str) -> bool {
        if self.is_inside_text(line) {
            return false;
        }
        let Some(indentation) = indentation(line) else {
            self.closed = true;
            return false;
        };
        let line = line.trim();
        if indentation > 0 {
            self.closed = true;
            if self.braces == Braces::Open {
                self.braces = Braces::Indented;
            }
            self.opens_text(line);
            return false;
        }
        let goes_on = goes_on(line);
        if self.braces == Braces::Indented && !line.starts_with('}') {
            return false;
        }
        let begins = self.closed && !self.decorated && !goes_on;
        self.closed = goes_on && !line.ends_with('{');
        self.decorated = if goes_on { self.decorated } else { DECORATING.iter().any(|mark| line.starts_with(mark)) };
        self.braces = if line.ends_with('{') { Braces::Open } else { Braces::None };
        self.opens_text(line);
        begins
    }

    /// Whether the line goes on with a quotation or a comment, which it may end.
    fn is_inside_text(&mut self, line: &str) -> bool {
        if let Some(quotes) = self.quoted {
            if line.matches(quotes).count() % 2 == 1 {
                self.quoted = None;
            }
            return true;
        }
        let commented = self.commented;
        self.commented &= !line.contains("*/");
        commented
    }

    fn opens_text(&mut self, line: &str) {
        self.quoted = LONG_QUOTES.into_iter().find(|quotes| line.matches(quotes).count() % 2 == 1);
        self.commented = line.starts_with("/*") && !line.contains("*/");
    }
}

/// Whether a line ends or goes on with what stands above it.
pub(super) fn goes_on(line: &str) -> bool {
    GOING_ON.iter().any(|word| is_word_at_start(line, word))
}

fn is_word_at_start(line: &str, word: &str) -> bool {
    let after = line.strip_prefix(word).and_then(|rest| rest.chars().next());
    let letters = word.ends_with(|last: char| last.is_alphabetic());
    line.starts_with(word) && !(letters && after.is_some_and(|next| next.is_alphanumeric() || next == '_'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::texts_of;
    use super::*;

    fn parts(text: &str, max_chars: usize) -> Vec<&str> {
        texts_of(text, by_code(text, max_chars))
    }

    fn blocks_of(text: &str) -> Vec<&str> {
        texts_of(text, blocks(text))
    }

    #[test]
    fn python_is_cut_before_definitions_with_their_decorators_and_comments() {
        let text = "\"\"\"About\n\nthis module.\n\"\"\"\nimport re\nX = 1\n\n\n# Adds.\n@cache\n@other(\n    1,\n)\ndef add(a):\n    \
                    if a:\n        return 1\n\n    return '''\nnot a line of its own\n'''\nclass B:\n    def c(self):\n        pass\nprint(1)\n";
        let expected = [
            "\"\"\"About\n\nthis module.\n\"\"\"\nimport re\nX = 1\n\n\n",
            "# Adds.\n@cache\n@other(\n    1,\n)\ndef add(a):\n    if a:\n        return 1\n\n    return '''\nnot a line of its own\n'''\n",
            "class B:\n    def c(self):\n        pass\n",
            "print(1)\n",
        ];
        assert_eq!(blocks_of(text), expected);
    }

    #[test]
    fn braces_end_what_they_open_wherever_its_lines_begin() {
        let text = "#include <a.h>\n\n/* About\n\nf. */\nint f(void)\n{\n    g();\n#ifdef X\n    goto out;\n#endif\n\nout:\n    return 1;\n}\n\n\
                    namespace n {\nint a() {\n  return 1;\n}\n\nint b() {\n  return 2;\n}\n} // n\n";
        let expected = [
            "#include <a.h>\n\n",
            "/* About\n\nf. */\nint f(void)\n{\n    g();\n#ifdef X\n    goto out;\n#endif\n\nout:\n    return 1;\n}\n\n",
            "namespace n {\nint a() {\n  return 1;\n}\n\n",
            "int b() {\n  return 2;\n}\n} // n\n",
        ];
        assert_eq!(blocks_of(text), expected);
    }

    #[test]
    fn rust_and_ruby_keep_their_ends() {
        let rust = "use a;\n\n/// Doc.\n#[test]\nfn f() -> u8 {\n    1\n}\nfn g() {}\n";
        assert_eq!(blocks_of(rust), ["use a;\n\n", "/// Doc.\n#[test]\nfn f() -> u8 {\n    1\n}\n", "fn g() {}\n"]);
        let ruby = "def a\n  1\nrescue\n  2\nend\ndef b\n  2\nend\nending = 1\n";
        assert_eq!(blocks_of(ruby), ["def a\n  1\nrescue\n  2\nend\n", "def b\n  2\nend\n", "ending = 1\n"]);
    }

    #[test]
    fn small_neighbours_are_joined_and_large_ones_cut_before_their_outer_parts() {
        let text = "import a\n\nx = 1\n\nclass C:\n    def a(self):\n        one()\n\n        two()\n\n    def b(self):\n        three()\n\n        four()\n";
        assert_eq!(
            parts(text, 70),
            [
                "import a\n\nx = 1\n\n",
                "class C:\n    def a(self):\n        one()\n\n        two()\n\n",
                "    def b(self):\n        three()\n\n        four()\n"
            ]
        );
        assert_eq!(parts("abcdef\nghi\n", 4), ["abcd", "ef\n", "ghi\n"]);
        assert!(parts("", 10).is_empty());
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_whole_text_and_none_is_too_long(
            lines in proptest::collection::vec(
                prop_oneof![
                    "[ \t]{0,4}[a-zé{}()\"'@#/*]{0,30}",
                    Just(String::new()),
                    Just("def f():".to_owned()),
                    Just("fn f() {".to_owned()),
                    Just("}".to_owned()),
                    Just("\"\"\"".to_owned()),
                ],
                0..30,
            ),
            max in 1usize..80,
        ) {
            let text = lines.join("\n");
            let pieces = parts(&text, max);
            prop_assert_eq!(pieces.concat(), text.as_str());
            prop_assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.chars().count() <= max));
        }
    }
}
