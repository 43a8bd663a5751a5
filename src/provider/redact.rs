//! Takes the key out of a reply: a server that echoes it must not bring it into a journal or onto the screen.

use secrecy::{ExposeSecret, SecretString};

/// A shorter key is no secret: servers that want none are given one, and its letters stand in any text.
pub const LEAST_KEY: usize = 8;
/// What stands in its place.
const PUT: &str = "[key]";

/// Text that comes in pieces, any of which may hold a part of the key.
#[derive(Debug)]
pub struct Redact<'a> {
    key: Option<&'a SecretString>,
    /// The end of what came, where the key may have begun.
    held: String,
}

impl<'a> Redact<'a> {
    pub fn new(key: Option<&'a SecretString>) -> Self {
        Self { key: key.filter(|key| key.expose_secret().len() >= LEAST_KEY), held: String::new() }
    }

    /// The text without the key.
    pub fn whole(&self, text: String) -> String {
        match self.key.map(ExposeSecret::expose_secret) {
            Some(key) if text.contains(key) => text.replace(key, PUT),
            _ => text,
        }
    }

    /// What of the text so far can be passed on.
    pub fn piece(&mut self, text: &str) -> String {
        let Some(key) = self.key.map(ExposeSecret::expose_secret) else { return text.to_owned() };
        self.held.push_str(text);
        let mut clean = self.held.replace(key, PUT);
        let begun = (1..key.len()).rev().filter(|length| key.is_char_boundary(*length));
        let begun = begun.map(|length| &key[..length]).find(|start| clean.ends_with(start)).map_or(0, str::len);
        self.held = clean.split_off(clean.len() - begun);
        clean
    }

    /// What was held back, once nothing more comes.
    pub fn rest(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_pieces(text: &str, size: usize) -> String {
        let key = SecretString::from("sk-sk-abc");
        let mut redact = Redact::new(Some(&key));
        let characters: Vec<char> = text.chars().collect();
        let mut out: String =
            characters.chunks(size).map(|piece| redact.piece(&piece.iter().collect::<String>())).collect();
        out.push_str(&redact.rest());
        assert_eq!(out, redact.whole(text.to_owned()));
        out
    }

    #[test]
    fn the_key_is_taken_out_however_the_text_is_cut() {
        for size in 1..12 {
            assert_eq!(in_pieces("a sk-sk-abc, sk-sk-sk-abc é sk-", size), "a [key], sk-[key] é sk-");
            assert_eq!(in_pieces("nothing here sk-sk-ab", size), "nothing here sk-sk-ab");
        }
    }

    #[test]
    fn without_a_key_text_passes_as_it_is() {
        let mut redact = Redact::new(None);
        assert_eq!((redact.piece("sk-"), redact.rest()), ("sk-".into(), String::new()));
        for made_up in ["", "x", "abc"] {
            let key = SecretString::from(made_up);
            assert_eq!(Redact::new(Some(&key)).piece("xabcx"), "xabcx");
            assert_eq!(Redact::new(Some(&key)).whole("xabcx".into()), "xabcx");
        }
    }
}
