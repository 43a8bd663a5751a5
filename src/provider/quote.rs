//! What a server said, made fit to be shown: short, without control characters, without the key or what was sent.

use secrecy::{ExposeSecret, SecretString};

use super::redact::LEAST_KEY;
use crate::protocol::Message;

/// Characters of a quotation, at most.
const LENGTH: usize = 200;
/// A run of this many bytes of the key in a text counts as the key.
const KEY_RUN: usize = 8;
/// A run of this many bytes that also stands in a message counts as an echo of it.
const ECHO_RUN: usize = 24;

/// The text as one line of at most 200 characters. Nothing where it is blank, a web page, echoes a message, or holds
/// part of a secret.
pub fn quote<'a>(
    text: &str,
    secrets: impl IntoIterator<Item = &'a SecretString>,
    messages: &[Message],
) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('<') {
        return None;
    }
    let mut text = text.to_owned();
    let secrets = secrets.into_iter().map(ExposeSecret::expose_secret).filter(|secret| secret.len() >= LEAST_KEY);
    for key in secrets {
        text = text.replace(key, "[key]");
        if runs(key.as_bytes(), KEY_RUN).any(|run| contains(text.as_bytes(), run)) {
            return None;
        }
    }
    let head: String = text.chars().take(LENGTH).collect();
    let echoes =
        |message: &Message| runs(head.as_bytes(), ECHO_RUN).any(|run| contains(message.content.as_bytes(), run));
    if messages.iter().any(echoes) {
        return None;
    }
    let cut = if head.len() < text.len() { "…" } else { "" };
    Some(format!("{}{cut}", one_line(&head)))
}

/// Blank runs become one blank; control and direction-changing characters become visible escapes.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character {
            '\n' | '\r' | '\t' | ' ' => {
                if !line.ends_with(' ') {
                    line.push(' ');
                }
            }
            _ if character.is_control() || is_invisible(character) => line.extend(character.escape_unicode()),
            _ => line.push(character),
        }
    }
    line
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn runs(bytes: &[u8], length: usize) -> impl Iterator<Item = &[u8]> {
    bytes.windows(length)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_never_stands_in_a_quotation() {
        let key = SecretString::from("sk-planted-key-1234567890");
        assert_eq!(quote("bad key sk-planted-key-1234567890 given", Some(&key), &[]).unwrap(), "bad key [key] given");
        assert_eq!(quote("bad key sk-planted-key*** given", Some(&key), &[]), None);
        let made_up = SecretString::from("x");
        assert_eq!(quote("max_tokens exceeded", Some(&made_up), &[]).unwrap(), "max_tokens exceeded");
    }

    #[test]
    fn what_was_sent_is_not_quoted_back() {
        let sent = [Message::user("The patient, Mr Example, was admitted on Monday.")];
        assert_eq!(quote("invalid input: 'The patient, Mr Example, was admitted'", None, &sent), None);
        assert!(quote("invalid input", None, &sent).is_some());
    }

    #[test]
    fn a_quotation_is_one_short_line_that_a_terminal_can_show() {
        assert_eq!(quote("a\u{1b}[31m\r\n\r\n  b\u{202e}", None, &[]).unwrap(), "a\\u{1b}[31m b\\u{202e}");
        assert_eq!(quote(&"é".repeat(999), None, &[]).unwrap().chars().count(), 201);
        assert_eq!(quote("<html>", None, &[]), None);
    }
}
