//! Text from outside made safe to draw and to print: what a terminal would obey, or an eye would miss, becomes a symbol.

use std::borrow::Cow;
use std::fmt::Write;

/// One line of text in which every control, line feeds and tabs included, is shown and none is left.
///
/// Controls of ASCII become their pictures (`␛`, `␊`), all others their number (`\u{9b}`, `\u{202e}`).
pub fn visible(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Like [`visible`], but line feeds and tabs stay, and a carriage return before a line feed is left out.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    let text = if memchr::memmem::find(text.as_bytes(), b"\r\n").is_some() {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    };
    match text {
        Cow::Borrowed(text) => escape(text, |c| matches!(c, '\n' | '\t')),
        Cow::Owned(text) => Cow::Owned(escape(&text, |c| matches!(c, '\n' | '\t')).into_owned()),
    }
}

/// Text on one line in which nothing is Markdown (CommonMark with GitHub's tables), HTML, a link or a picture. What would be
/// none of these anyway stays as people write it. That GitHub finds addresses with an `@` behind the Markdown no escape prevents.
pub fn markdown(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = visible(&words);
    let mut escaped = String::with_capacity(shown.len() + 16);
    let (mut before, digits) = (None, shown.bytes().take_while(u8::is_ascii_digit).count());
    let words = shown.trim_end_matches('#').len();
    for (at, character) in shown.char_indices() {
        let rest = &shown[at + character.len_utf8()..];
        let next = rest.chars().next();
        let is_word = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        let ends = next.is_none_or(char::is_whitespace);
        let is_markup = match character {
            '*' | '`' | '[' | '|' | '~' => true,
            // Within a word it is no emphasis.
            '_' => !is_word(before) || !is_word(next),
            // A formula of GitHub's ends with one, which an amount of money cannot.
            '$' => !next.is_some_and(|next| next.is_ascii_digit()) || !before.is_none_or(char::is_whitespace),
            // Before anything else it stands for itself.
            '\\' => next.is_none_or(|next| next.is_ascii_punctuation()),
            // A heading begins with them, and may end with them.
            '#' => at == 0 || at >= words,
            // A list, a rule, the line under a heading or under the head of a table.
            '-' | '+' | '=' => at == 0 && !is_word(next),
            ':' => (at == 0 && next == Some('-')) || rest.starts_with("//"),
            // GitHub makes a link of `www.` alone. A number with one begins a list.
            '.' => ends_with_www(&shown[..at]) || (at > 0 && at == digits && ends),
            ')' => at > 0 && at == digits && ends,
            _ => false,
        };
        match character {
            '<' if next.is_none_or(|next| !next.is_whitespace() && !next.is_ascii_digit()) => escaped.push_str("&lt;"),
            '>' if at == 0 => escaped.push_str("&gt;"),
            '&' if is_entity(rest) => escaped.push_str("&amp;"),
            other => {
                escaped.extend(is_markup.then_some('\\'));
                escaped.push(other);
            }
        }
        before = Some(character);
    }
    escaped
}

fn ends_with_www(before: &str) -> bool {
    before.get(before.len().saturating_sub(3)..).is_some_and(|www| www.eq_ignore_ascii_case("www"))
}

/// Whether what stands behind an `&` makes a character of it.
fn is_entity(rest: &str) -> bool {
    let name = rest.strip_prefix('#').unwrap_or(rest);
    let end = name.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(name.len());
    end > 0 && name[end..].starts_with(';')
}

fn escape(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let mut before = ' ';
    let mut shown: Option<String> = None;
    for (at, c) in text.char_indices() {
        if !is_hidden(c, before) || stays(c) {
            before = c;
            if let Some(shown) = &mut shown {
                shown.push(c);
            }
        } else {
            before = ' ';
            let shown = shown.get_or_insert_with(|| {
                let mut start = String::with_capacity(text.len() + 16);
                start.push_str(&text[..at]);
                start
            });
            show(c, shown);
        }
    }
    shown.map_or(Cow::Borrowed(text), Cow::Owned)
}

fn show(c: char, to: &mut String) {
    match c {
        '\0'..='\u{1f}' => to.extend(char::from_u32(0x2400 + c as u32)),
        '\u{7f}' => to.push('␡'),
        // Writing into a string cannot fail.
        _ => drop(write!(to, "\\u{{{:x}}}", c as u32)),
    }
}

/// Whether a terminal would obey the character, or it changes what is seen without being seen.
fn is_hidden(c: char, before: char) -> bool {
    match c {
        ' '..='~' => false,
        // C0, DEL and C1: a terminal obeys them.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        // Joiners belong to many scripts and to emoji; between Latin letters they only hide.
        '\u{200c}' | '\u{200d}' => before.is_ascii() || matches!(before, '\u{200c}' | '\u{200d}'),
        // Marks, overrides and isolates that turn the direction of writing.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => true,
        // No width at all, or line ends that only some programs obey.
        '\u{180e}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{feff}' => true,
        // Annotations, tags and further variation selectors: whole hidden texts are written in them.
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    #[test]
    fn controls_are_shown_as_symbols() {
        assert_eq!(visible("a\u{1b}[2Jb\r\n\tc\u{7f}"), "a␛[2Jb␍␊␉c␡");
        assert_eq!(visible("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(visible("1\u{202e}23\u{2066}"), "1\\u{202e}23\\u{2066}");
        assert_eq!(visible("to\u{200b}tal\u{feff}"), "to\\u{200b}tal\\u{feff}");
        assert_eq!(visible("x\u{e0041}"), "x\\u{e0041}");
    }

    #[test]
    fn lines_and_tabs_can_stay() {
        assert_eq!(visible_lines("a\tb\r\nc\rd\u{7}"), "a\tb\nc␍d␇");
    }

    #[test]
    fn plain_text_of_any_script_is_not_copied() {
        for text in ["", "plain", "naïve – “quoted” €5", "数字と表", "نمی\u{200c}خواهم", "👩\u{200d}🔬 ❤\u{fe0f}"]
        {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }

    #[test]
    fn joiners_that_only_hide_are_shown() {
        assert_eq!(visible("pass\u{200d}word"), "pass\\u{200d}word");
    }

    proptest! {
        #[test]
        fn no_control_ever_comes_out(text in any::<String>(), controls in "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{202a}-\u{202e}a-z]{0,20}") {
            for text in [text.clone(), controls.clone(), format!("{text}{controls}{text}")] {
                let shown = visible(&text);
                let obeyed = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
                prop_assert!(!shown.chars().any(obeyed));
                prop_assert!(!visible_lines(&text).chars().any(|c| obeyed(c) && c != '\n' && c != '\t'));
                prop_assert_eq!(visible(&shown), shown.as_ref());
            }
        }
    }

    #[test]
    fn in_markdown_hostile_text_stays_text() {
        for hostile in [
            "<script>alert(1)</script>",
            "![x](http://evil/?leak) [y](javascript:alert(1)) <http://evil>",
            "1. one",
            "# heading",
            "- item",
            "+ item",
            "a | b\\| c",
            "`code` ``` ~~~ *b* _i_ ~~s~~ $x$",
            "&lt;b&gt; &#x3c;",
            "=====",
            // What cannot be seen is shown as words, which are longer.
            "\u{1b}a.",
            "é\u{200b}1)",
            "www.evil.example WWW.evil.example (www.evil.example) ww.w www",
        ] {
            for text in [markdown(hostile), format!("> {}", markdown(hostile))] {
                let mut shown = String::new();
                for event in Parser::new_ext(&text, Options::all()) {
                    match event {
                        Event::Text(text) => shown.push_str(&text),
                        Event::Start(Tag::Paragraph | Tag::BlockQuote(_)) | Event::End(_) => {}
                        other => panic!("{hostile}: {other:?}"),
                    }
                }
                assert_eq!(shown.trim_end_matches(' '), visible(hostile), "{text}");
                // The parser makes no links of bare addresses, as GitHub does.
                for bare in ["www.", "http:", "evil:"] {
                    assert!(!text.to_ascii_lowercase().contains(bare), "{text}");
                }
            }
        }
    }

    #[test]
    fn in_markdown_plain_text_stays_as_it_is_written() {
        for plain in [
            "19:58 UTC, 12:30:45",
            "13.1 s, 3.5 % (1.2 kB)",
            "$0.0138 + at most $0.0102 broken off",
            "berth4@tannes.example",
            "no cited text: 4!",
            "-5 degrees, R&D, 5 < 6 > 4, a#b, snake_case, C:\\dir",
            "2031 was good.",
        ] {
            assert_eq!(markdown(plain), plain);
        }
    }

    fn is_text_alone(text: &str) -> Result<(), TestCaseError> {
        let escaped = markdown(text);
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_GFM
            | Options::ENABLE_MATH;
        for (lead, trail) in [("", ""), ("> ", ""), ("> before\\\n> ", "\\\n> behind"), ("# ", ""), ("- **x:** ", "")] {
            let source = format!("{lead}{escaped}{trail}");
            let mut shown = String::new();
            for event in Parser::new_ext(&source, options) {
                match event {
                    Event::Text(text) => shown.push_str(&text),
                    Event::HardBreak if !trail.is_empty() => {}
                    Event::Start(Tag::Paragraph | Tag::BlockQuote(_)) | Event::End(_) => {}
                    Event::Start(Tag::Heading { .. }) if lead == "# " => {}
                    Event::Start(Tag::List(None) | Tag::Item | Tag::Strong) if lead.starts_with('-') => {}
                    other => return Err(TestCaseError::fail(format!("{source:?}: {other:?}"))),
                }
            }
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let all = match (lead, trail) {
                (_, "") if lead.starts_with('-') => {
                    format!("x:{}{}", if words.is_empty() { "" } else { " " }, visible(&words))
                }
                (_, "") => visible(&words).into_owned(),
                _ => format!("before{}behind", visible(&words)),
            };
            prop_assert_eq!(shown, all, "{:?}", source);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn in_markdown_no_text_is_markup(
            marks in "[-+=*_`~<>&#;:!|$.)(\\[\\]\\\\/a1 x]{0,14}",
            words in "[a-z0-9 ]{0,4}",
        ) {
            is_text_alone(&marks)?;
            is_text_alone(&format!("{words}{marks}{words}"))?;
        }
    }
}
