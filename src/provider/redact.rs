//! Takes the key and other secrets out of a reply: a server that echoes one must not bring it into a journal or onto the screen.

use secrecy::{ExposeSecret, SecretString};

/// A shorter key is no secret: servers that want none are given one, and its letters stand in any text.
pub const LEAST_KEY: usize = 8;
/// What stands in its place.
const PUT: &str = "[key]";

/// Text that comes in pieces, any of which may hold a part of a secret.
#[derive(Debug)]
pub struct Redact<'a> {
    secrets: Vec<&'a SecretString>,
    /// The end of what came, where a secret may have begun.
    held: String,
}

impl<'a> Redact<'a> {
    pub fn new(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let long = |secret: &&SecretString| secret.expose_secret().len() >= LEAST_KEY;
        Self { secrets: secrets.into_iter().filter(long).collect(), held: String::new() }
    }

    fn words(&self) -> impl Iterator<Item = &'a str> {
        self.secrets.iter().map(|secret| secret.expose_secret())
    }

    /// The text without the secrets.
    pub fn whole(&self, text: String) -> String {
        self.words().fold(text, |text, word| if text.contains(word) { text.replace(word, PUT) } else { text })
    }

    /// What of the text so far can be passed on.
    pub fn piece(&mut self, text: &str) -> String {
        if self.secrets.is_empty() {
            return text.to_owned();
        }
        self.held.push_str(text);
        let held = std::mem::take(&mut self.held);
        let mut clean = self.whole(held);
        let begun = |word: &str| {
            let lengths = (1..word.len()).rev().filter(|length| word.is_char_boundary(*length));
            lengths.map(|length| &word[..length]).find(|start| clean.ends_with(start)).map_or(0, str::len)
        };
        let begun = self.words().map(begun).max().unwrap_or(0);
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
    fn several_secrets_are_taken_out_each_of_its_own() {
        let secrets = [SecretString::from("sk-sk-abc"), SecretString::from("token-12345")];
        for size in 1..9 {
            let mut redact = Redact::new(&secrets);
            let text = "a token-12345 sk-sk-abc token-1";
            let mut out: String =
                text.as_bytes().chunks(size).map(|piece| redact.piece(std::str::from_utf8(piece).unwrap())).collect();
            out.push_str(&redact.rest());
            assert_eq!(out, "a [key] [key] token-1");
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
