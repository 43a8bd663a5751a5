//! JSON (RFC 8259) with a value a line: most of it is written in one line, which is no line to read or to cite.

/// A document whose lines are no longer than this stays as it is.
const LONG: usize = 1000;
/// Levels below this are indented as this one.
const DEEPEST: usize = 16;
/// What would become so many times longer stays as it is.
const LONGER: usize = 4;

/// The same values with a member or an element a line, and letters in the place of their `\u` escapes. What is not JSON
/// stays as it is. Nothing is nested on the stack.
pub fn laid_out(text: String) -> String {
    if text.lines().all(|line| line.len() <= LONG) && !text.contains("\\u") {
        return text;
    }
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut depth = 0_usize;
    let mut rest = text.as_str();
    while let Some(character) = rest.chars().next() {
        if out.len() > text.len().saturating_mul(LONGER) {
            return text;
        }
        match character {
            '"' => {
                let Some(end) = string_end(rest) else { return text };
                unescaped(&rest[..end], &mut out);
                rest = &rest[end..];
                continue;
            }
            '{' | '[' => {
                let inside = rest[1..].trim_start();
                let empty = inside.starts_with(if character == '{' { '}' } else { ']' });
                out.push(character);
                if empty {
                    out.push(if character == '{' { '}' } else { ']' });
                    rest = &inside[1..];
                    continue;
                }
                depth += 1;
                line(&mut out, depth);
            }
            '}' | ']' => {
                let Some(less) = depth.checked_sub(1) else { return text };
                depth = less;
                line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            // Between the values of JSON lines.
            '\n' if depth == 0 => out.push('\n'),
            ' ' | '\t' | '\n' | '\r' => {}
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.') => out.push(c),
            _ => return text,
        }
        rest = &rest[character.len_utf8()..];
    }
    if depth == 0 { out } else { text }
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
}

/// Behind the quote that ends the string at the beginning.
fn string_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            b'\n' => return None,
            _ => {}
        }
    }
    None
}

/// Writes a string with letters in the place of `\u` escapes; control characters, quotes and halves of a pair stay escaped.
fn unescaped(string: &str, out: &mut String) {
    if string.contains("\\u")
        && let Ok(value) = serde_json::from_str::<String>(string)
        && let Ok(written) = serde_json::to_string(&value)
    {
        return out.push_str(&written);
    }
    out.push_str(string);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_stands_in_one_line_gets_a_line_a_value() {
        let long = "x".repeat(LONG);
        let text =
            format!("{{\"a\":[1,{{\"b\":\"Gr\\u00f6\\u00dfe \\ud83d\\ude00 \\n\"}},[],{{ }}],\"long\":\"{long}\"}}");
        let expected = format!(
            "{{\n  \"a\": [\n    1,\n    {{\n      \"b\": \"Größe 😀 \\n\"\n    }},\n    [],\n    {{}}\n  ],\n  \"long\": \"{long}\"\n}}"
        );
        assert_eq!(laid_out(text), expected);
        assert_eq!(laid_out("{\"a\": 1}\n".into()), "{\"a\": 1}\n");
    }

    #[test]
    fn what_is_no_json_stays_and_no_nesting_is_too_deep() {
        for odd in ["{\"a\": \"\\u00f6", "[\\u00f6]", "]\\u", "{\"\\ud83d\": 1"] {
            assert_eq!(laid_out(odd.into()), odd);
        }
        assert_eq!(laid_out("[\"\\ud83d\"]".into()), "[\n  \"\\ud83d\"\n]");
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(laid_out(deep).len() < 200_000 * 80);
    }

    proptest! {
        #[test]
        fn the_values_stay_what_they_are(value in prop::collection::vec("\\PC{0,30}", 1..5)) {
            let long = serde_json::json!({ "long": "y".repeat(LONG), "value": value });
            let laid_out = laid_out(long.to_string());
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&laid_out).unwrap(), long);
        }
    }
}
