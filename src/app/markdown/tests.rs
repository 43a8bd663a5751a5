//! What Markdown becomes in rows.

use super::super::rows::Row;
use super::*;

/// Rows with their marks.
fn shown(width: usize, text: &str) -> Vec<String> {
    let mut writer = Writer::new(width);
    writer.markdown(Tone::Text, 0, text, None);
    writer.rows.iter().map(drawn).collect()
}

fn drawn(row: &Row) -> String {
    let signs = row.pieces.iter().map(|piece| match piece {
        Piece::Text(_, text) => text.as_str(),
        Piece::Mark(_, Mark::Bullet) => "*",
        Piece::Mark(_, Mark::Bar) => "|",
        Piece::Mark(_, Mark::Rule) => "-",
        Piece::Mark(..) => "?",
    });
    signs.collect::<String>().trim_end().to_owned()
}

fn tones(text: &str) -> Vec<(Tone, String)> {
    let mut writer = Writer::new(80);
    writer.markdown(Tone::Text, 0, text, None);
    let pieces = writer.rows.into_iter().flat_map(|row| row.pieces);
    let texts = pieces.filter_map(|piece| match piece {
        Piece::Text(tone, text) if !text.trim().is_empty() => Some((tone, text)),
        _ => None,
    });
    texts.collect()
}

#[test]
fn blocks_stand_apart_and_line_ends_are_kept() {
    let text = "# Plan\nFirst\nsecond.\n\n- one two three\n- four\n  1. five\n\n> said\n> twice\n\n***\nend";
    assert_eq!(
        shown(12, text),
        [
            "Plan",
            "",
            "First",
            "second.",
            "",
            "* one two",
            "  three",
            "* four",
            "  1. five",
            "",
            "| said",
            "| twice",
            "",
            "------------",
            "",
            "end"
        ]
    );
}

#[test]
fn words_keep_what_they_were_marked_as() {
    assert_eq!(
        tones("a *b* **c** `d` [e](http://e) <u>"),
        [
            (Tone::Text, "a ".into()),
            (Tone::Emphasis, "b".into()),
            (Tone::Strong, "c".into()),
            (Tone::Code, "d".into()),
            (Tone::Text, " e".into()),
            (Tone::Dim, " (http://e)".into()),
            (Tone::Text, " <u>".into()),
        ]
    );
}

#[test]
fn a_table_keeps_its_columns_and_folds_within_them() {
    let text = "| year | income |\n|---|---:|\n| 2022 | 39.7 |\n| 2023, restated once | 48.2 |\n";
    assert_eq!(
        shown(60, text),
        [
            "year                 income",
            "---------------------------",
            "2022                   39.7",
            "2023, restated once    48.2"
        ]
    );
    assert_eq!(
        shown(20, text),
        [
            "year          income",
            "--------------------",
            "2022            39.7",
            "2023,           48.2",
            "restated",
            "once"
        ]
    );
}

#[test]
fn a_table_too_wide_for_its_room_is_told_cell_by_cell() {
    let text = "| a | b | c |\n|---|---|---|\n| one two | three | four |\n";
    let text = text.replace("one", "one more");
    assert_eq!(shown(14, &text), ["* a: one more", "  two", "  b: three", "  c: four"]);
}

#[test]
fn nothing_of_a_program_is_taken_for_markdown() {
    let text = "So:\n\n```python\n# not a heading\nx = '*a*'\n```\ndone";
    assert_eq!(shown(30, text), ["So:", "", "   1 # not a heading", "   2 x = '*a*'", "", "done"]);
    assert_eq!(fenced(text), [("python".to_owned(), "# not a heading\nx = '*a*'\n".to_owned())]);
}

#[test]
fn a_program_in_a_list_or_a_quotation_stands_under_its_words() {
    let text = "- so:\n  ```json\n  {}\n  ```\n- ```python\n  x = 1\n  ```\n\n> 1. ```\n>    a\n>    ```\n";
    assert_eq!(shown(30, text), ["* so:", "    {}", "*", "     1 x = 1", "", "| 1.", "       a"]);
}

#[test]
fn what_stands_for_a_control_character_is_made_safe() {
    let rows = shown(40, "&#27;[31m &#x202e;x &#x9b;2J | \u{1b}]52;c;x\u{7}\n\n[a](&#27;c)\n");
    assert!(rows.concat().chars().all(|c| !c.is_control() && c != '\u{202e}'), "{rows:?}");
    assert!(rows[0].contains('␛'));
}

const ANY: &str =
    "[a-zé日👩 ]{0,80}|([-*>#`|_ \n~0-9a]|\\[a\\]\\(b\\)|&#27;|    |\\| a \\| b \\|\n|--\\|--\n|```\n|<b>){0,60}";

proptest::proptest! {
    #[test]
    fn any_text_fits_its_room(text in ANY, width in 4usize..60) {
        for row in shown(width, &text) {
            proptest::prop_assert!(super::width(&row) <= width.max(8), "{row:?} is wider than {width}");
        }
    }

    #[test]
    fn no_word_is_lost(words in proptest::collection::vec("[a-z]{1,8}", 1..20), width in 4usize..40) {
        let text = words.join(" ");
        proptest::prop_assert_eq!(shown(width, &text).concat().replace(' ', ""), words.concat());
    }
}
