//! Which bytes of the documents left this machine in the requests to the remote LM.
//!
//! A request exposes every run of at least five consecutive words of a document, whatever its case, layout, typography and
//! JSON escapes, and every run of at least 24 exact bytes. Words that the person typed into the question or that stand in
//! the prompts and coincide with a document's count as well, and so does every place where the documents repeat what left:
//! the figure is an upper bound of what such runs give away. Shorter pieces, such as a single number, are not seen.
//!
//! Where words are kept private, what leaves has placeholders in their place: it is looked for in the documents with the same
//! ones, which the fold makes itself from the facts. A run that takes a placeholder in counts with the word behind it.

use std::sync::Arc;

use super::shingle::Shingles;
use super::span_set::SpanSet;
use crate::document::{Document, Span};
use crate::protocol::redact::{HiddenText, Redactor};
use crate::protocol::{AskId, Fact, Message, Purpose, RemoteAsk};

/// How deep JSON within JSON is unescaped.
const ESCAPE_LEVELS: usize = 3;

/// Shorter documents are looked for by their words alone.
const WHOLE: usize = 24;

/// A fold over facts, for the session's documents.
#[derive(Clone, Debug)]
pub struct Exposure {
    texts: Vec<Arc<str>>,
    redactor: Redactor,
    /// The documents as they leave.
    hidden: Vec<HiddenText>,
    asks: Vec<AskExposure>,
    spans: SpanSet,
}

/// What one request took along.
#[derive(Clone, Debug, PartialEq)]
pub struct AskExposure {
    pub ask: AskId,
    pub purpose: Purpose,
    /// Which try at this purpose in its round, counted from 1.
    pub attempt: u32,
    pub spans: SpanSet,
    pub bytes: usize,
    /// Those that had not left before.
    pub new_bytes: usize,
    /// All that had left with it.
    pub total_bytes: usize,
}

impl Exposure {
    /// In the order in which the session names the documents.
    pub fn new(documents: &[Document]) -> Self {
        let texts: Vec<Arc<str>> = documents.iter().map(|document| Arc::clone(&document.text)).collect();
        let hidden = texts.iter().map(HiddenText::plain).collect();
        Self { texts, redactor: Redactor::default(), hidden, asks: Vec::new(), spans: SpanSet::new() }
    }

    /// The same, of a session that keeps words private, whose facts from here on alone are applied.
    pub fn hiding(documents: &[Document], redactor: &Redactor) -> Self {
        let mut exposure = Self::new(documents);
        exposure.hide(redactor.clone());
        exposure
    }

    fn hide(&mut self, redactor: Redactor) {
        self.hidden = self.texts.iter().map(|text| HiddenText::of(text, &redactor)).collect();
        self.redactor = redactor;
    }

    /// Reads every document once for each request to the remote LM, and where words are kept private for each fact that names
    /// some; other facts cost nothing.
    pub fn apply(&mut self, fact: &Fact) {
        let request = match fact {
            Fact::RemoteAsked(request) => request,
            Fact::SessionOpened(opened) => {
                if let Some(redaction) = &opened.settings.redact {
                    self.hide(Redactor::new(redaction));
                }
                return;
            }
            Fact::WordsRedacted { words } => {
                let mut redactor = std::mem::take(&mut self.redactor);
                redactor.add(words);
                // Words that no document holds change nothing in one.
                match self.hidden.iter().any(HiddenText::has_unnumbered) {
                    true => self.hide(redactor),
                    false => self.redactor = redactor,
                }
                return;
            }
            _ => return,
        };
        // Nothing left this machine for it.
        if request.estimate.reused {
            return;
        }
        self.left(request, self.exposed_by(request));
    }

    /// Notes that the request left, where what it [exposes](Self::exposed_by) is known already.
    pub fn left(&mut self, request: &RemoteAsk, spans: SpanSet) {
        let before = self.bytes();
        self.spans.merge(&spans);
        self.asks.push(AskExposure {
            ask: request.ask,
            purpose: request.purpose,
            attempt: request.attempt,
            bytes: spans.total_bytes(),
            new_bytes: self.bytes() - before,
            total_bytes: self.bytes(),
            spans,
        });
    }

    /// What sending `request` would expose, whether or not it is sent.
    pub fn exposed_by(&self, request: &RemoteAsk) -> SpanSet {
        let mut shingles = Shingles::default();
        for message in &request.messages {
            shingles.add(&message.content);
            let mut text = unescape(&message.content);
            for _ in 1..ESCAPE_LEVELS {
                let Some(plain) = text else { break };
                shingles.add(&plain);
                text = unescape(&plain);
            }
            if let Some(plain) = text {
                shingles.add(&plain);
            }
        }
        let mut spans = SpanSet::new();
        for (document, (text, hidden)) in self.texts.iter().zip(&self.hidden).enumerate() {
            // One that was sent whole left to its last byte.
            let bytes = hidden.text.as_bytes();
            // To search for a long document takes longer than to see that it has no room there.
            let whole = |message: &Message| {
                let content = message.content.as_bytes();
                content.len() >= bytes.len() && memchr::memmem::find(content, bytes).is_some()
            };
            if bytes.len() >= WHOLE && request.messages.iter().any(whole) {
                spans.insert(Span::new(document, 0, text.len()));
                continue;
            }
            // Windows come in order, so most continue the run before them.
            let mut run = Span::new(document, 0, 0);
            shingles.scan(&hidden.text, |window| {
                if window.start >= run.start && window.start <= run.end {
                    run.end = run.end.max(window.end);
                } else {
                    spans.insert(hidden.original(&run));
                    run = Span::new(document, window.start, window.end);
                }
            });
            spans.insert(hidden.original(&run));
        }
        spans
    }

    /// The requests that were made, in order.
    pub fn asks(&self) -> &[AskExposure] {
        &self.asks
    }

    /// Everything that left in any request.
    pub fn spans(&self) -> &SpanSet {
        &self.spans
    }

    /// How many bytes of the documents left, each counted once.
    pub fn bytes(&self) -> usize {
        self.spans.total_bytes()
    }

    /// The exposed part of all documents, 0 to 1.
    pub fn share(&self) -> f64 {
        self.share_of(self.bytes())
    }

    /// What part of all documents so many bytes are, 0 to 1.
    pub fn share_of(&self, bytes: usize) -> f64 {
        let all: usize = self.texts.iter().map(|text| text.len()).sum();
        if all == 0 { 0.0 } else { bytes as f64 / all as f64 }
    }
}

/// The text with one level of JSON (and Python) escapes undone; nothing where there are none.
fn unescape(text: &str) -> Option<String> {
    let mut rest = &text[text.find('\\')?..];
    let mut plain = text[..text.len() - rest.len()].to_owned();
    let mut changed = false;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let escape = &rest[at..];
        let (character, length) = match escape.as_bytes().get(1) {
            Some(b'n' | b'r' | b't' | b'f' | b'b') => (Some(' '), 2),
            Some(b'"') => (Some('"'), 2),
            Some(b'\'') => (Some('\''), 2),
            Some(b'/') => (Some('/'), 2),
            Some(b'\\') => (Some('\\'), 2),
            Some(b'x') => (hex(escape, 2).and_then(char::from_u32), 4),
            Some(b'u') => match hex(escape, 4) {
                Some(high @ 0xd800..0xdc00) => (surrogate_pair(high, escape.get(6..)), 12),
                code => (code.and_then(char::from_u32), 6),
            },
            _ => (None, 1),
        };
        match character {
            Some(character) => {
                plain.push(character);
                rest = &escape[length..];
                changed = true;
            }
            None => {
                plain.push('\\');
                rest = &escape[1..];
            }
        }
    }
    plain.push_str(rest);
    changed.then_some(plain)
}

/// The number in the `digits` hexadecimal digits behind `\x` or `\u`.
fn hex(escape: &str, digits: usize) -> Option<u32> {
    let number = escape.get(2..2 + digits)?;
    number.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(number, 16).ok()).flatten()
}

fn surrogate_pair(high: u32, second: Option<&str>) -> Option<char> {
    let low = hex(second?.strip_prefix("\\u").and(second)?, 4).filter(|low| (0xdc00..0xe000).contains(low))?;
    char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::{Estimate, ReplyFormat};

    const TEXT: &str = "\
Mrs. Äpfel, 54, was admitted on 12 March with \"chest pain\".\n\
\tTroponin rose to 0.8 µg/L; an angio-\n  gram showed a narrowed artery.\n\
She was given aspirin and sent home after five days.\n\
Contact: https://hospital.example/patients/1234567890\n\
----------------------------------------\n";

    fn ask(n: u32, content: impl Into<String>) -> Fact {
        Fact::RemoteAsked(RemoteAsk {
            ask: AskId { round: 1, n },
            purpose: Purpose::Think,
            attempt: 1,
            messages: vec![Message::system("You are a planner."), Message::user(content)],
            format: ReplyFormat::Text,
            max_output_tokens: 10,
            estimate: Estimate::default(),
        })
    }

    fn exposed(text: &str, content: impl Into<String>) -> Vec<String> {
        let mut exposure = Exposure::new(&[Document::from_text("d", text)]);
        exposure.apply(&ask(1, content));
        exposure.spans().iter().map(|span| text[span.start..span.end].to_owned()).collect()
    }

    #[test]
    fn quoted_words_are_found_through_json_layout_case_and_typography() {
        let words = "was admitted on 12 March with \"chest pain";
        for content in [
            "was admitted on 12 March with \"chest pain\"",
            r#"{"citation": "was admitted on 12 March with \"chest pain\""}"#,
            r#"{"outputs": "{\"citation\": \"was admitted\\non 12 March\\nwith \\\"chest pain\\\"\"}"}"#,
            "WAS ADMITTED on  12\nMarch with ‘chest pain’",
        ] {
            let found = exposed(TEXT, content);
            assert_eq!(found.len(), 1, "{content}: {found:?}");
            assert!(found[0].starts_with(words), "{content}: {found:?}");
        }
        assert_eq!(exposed(TEXT, r"mrs. \u00c4pfel, 54; was admitted"), ["Mrs. Äpfel, 54, was admitted"]);
        assert_eq!(exposed(TEXT, r"Mrs. \xc4pfel, 54, was admitted"), ["Mrs. Äpfel, 54, was admitted"]);
        assert_eq!(exposed(TEXT, "an angiogram showed a narrowed vein"), ["an angio-\n  gram showed a narrowed"]);
    }

    #[test]
    fn long_bytes_without_words_between_them_are_found() {
        let found = exposed(TEXT, "see <https://hospital.example/patients/1234567890>");
        assert_eq!(found, ["https://hospital.example/patients/1234567890"]);
        assert_eq!(exposed("患者は胸の痛みで三月十二日に入院しました。", "「胸の痛みで三月十二日に」").len(), 1);
        assert!(exposed(TEXT, "----------------------------------------").is_empty());
    }

    #[test]
    fn a_message_without_words_of_the_document_exposes_nothing() {
        let mut exposure = Exposure::new(&[Document::from_text("d", TEXT)]);
        exposure.apply(&ask(1, "What was the patient given, and when was she sent home?"));
        exposure.apply(&Fact::NoteAdded { text: TEXT.into() });
        assert_eq!((exposure.bytes(), exposure.share()), (0, 0.0));
        assert_eq!(exposure.asks().len(), 1);
        assert_eq!(Exposure::new(&[]).share(), 0.0);
    }

    #[test]
    fn the_whole_document_is_all_of_it_and_is_counted_once() {
        let documents = [Document::from_text("other", "nothing of this one left"), Document::from_text("d", TEXT)];
        let mut exposure = Exposure::new(&documents);
        exposure.apply(&ask(1, TEXT));
        exposure.apply(&ask(2, format!("again: {TEXT}")));
        assert_eq!(exposure.spans().bytes(0), 0);
        let left = exposure.spans().bytes(1);
        assert_eq!(left, TEXT.len());
        assert_eq!(exposure.bytes(), left);
        assert_eq!(exposure.asks()[1].bytes, left);
        let grew: Vec<_> = exposure.asks().iter().map(|ask| (ask.new_bytes, ask.total_bytes)).collect();
        assert_eq!(grew, [(left, left), (0, left)], "what had left before is nothing new");
        let all = (documents[0].text.len() + TEXT.len()) as f64;
        assert_eq!(exposure.share(), left as f64 / all);
    }

    /// A table of addresses, as it opens a session that keeps them private.
    fn table() -> (Document, crate::protocol::SessionOpened, Redactor) {
        use crate::protocol::redact::{Kind, Rules};
        let rows: String = (0..40).map(|row| format!("u{row}@x.de paid {row}\n")).collect();
        let document = Document::from_text("d", rows.as_str());
        let rules = Rules { kinds: vec![Kind::Email], ..Rules::default() };
        let redactor = Redactor::open(&rules, [rows.as_str()].into_iter());
        let model = |model: &str| crate::protocol::ModelInfo {
            provider: "test".into(),
            model: model.into(),
            is_model: true,
            price: None,
        };
        let opened = crate::protocol::SessionOpened {
            question: "Who paid?".into(),
            settings: crate::protocol::Settings { redact: Some(redactor.redaction()), ..Default::default() },
            documents: vec![document.reference()],
            remote: model("planner"),
            local: model("reader"),
            prompts: String::new(),
            program: String::new(),
            clock_ms: None,
            embedding: None,
            parent: None,
        };
        (document, opened, redactor)
    }

    #[test]
    fn what_leaves_with_placeholders_is_found_in_the_documents() {
        let (document, opened, redactor) = table();
        let sent = redactor.hide(&document.text).into_owned();
        let opened = Fact::SessionOpened(Box::new(opened));
        for (content, all) in [(sent.clone(), true), (sent.split_at(sent.len() / 2).0.to_owned(), false)] {
            let mut exposure = Exposure::new(std::slice::from_ref(&document));
            exposure.apply(&opened);
            exposure.apply(&ask(1, format!("<document>\n{content}</document>")));
            assert_eq!(exposure.share() == 1.0, all, "{}", exposure.share());
            assert!(exposure.share() > 0.4);
            let mut same = Exposure::hiding(std::slice::from_ref(&document), &redactor);
            same.apply(&ask(1, format!("<document>\n{content}</document>")));
            assert_eq!(same.spans(), exposure.spans(), "the limit and the figures on the screen agree");
        }
    }

    #[test]
    fn words_that_are_found_later_are_hidden_in_the_documents_from_then_on() {
        let (document, mut opened, redactor) = table();
        let sent = redactor.hide(&document.text).into_owned();
        let words = std::mem::take(&mut opened.settings.redact.as_mut().unwrap().words);
        let mut exposure = Exposure::new(std::slice::from_ref(&document));
        exposure.apply(&Fact::SessionOpened(Box::new(opened)));
        exposure.apply(&Fact::WordsRedacted { words });
        exposure.apply(&ask(1, sent));
        assert_eq!(exposure.share(), 1.0);
    }

    #[test]
    fn escapes_that_are_cut_or_wrong_are_left_alone() {
        for (text, plain) in [
            (r"a\nb", Some("a b")),
            (r"\ud83d\ude00!", Some("😀!")),
            (r"\ud83d", None),
            (r"\ud83dx\n", Some("\\ud83dx ")),
            (r"\u12", None),
            (r"\u+123", None),
            (r"\xé9", None),
            ("trailing \\", None),
            ("none", None),
        ] {
            assert_eq!(unescape(text).as_deref(), plain, "{text}");
        }
    }

    proptest! {
        #[test]
        fn five_words_in_a_row_are_found_wherever_they_stand(
            words in prop::collection::vec("[a-zé]{1,8}", 12..60), from in 0usize..7, count in 5usize..8, json in any::<bool>(),
        ) {
            let text = words.join(" ");
            let quotation = words[from..(from + count).min(words.len())].join("\n");
            let content = if json { serde_json::to_string(&quotation).unwrap() } else { quotation.clone() };
            let start = words[..from].iter().map(|word| word.len() + 1).sum::<usize>();
            let mut exposure = Exposure::new(&[Document::from_text("d", text.as_str())]);
            exposure.apply(&ask(1, format!("The worker said: {content} (end)")));
            for at in start..start + quotation.len() {
                prop_assert!(exposure.spans().contains(0, at), "byte {} of {:?}", at, text);
            }
        }

        #[test]
        fn spans_are_at_character_boundaries(text in "[a-c äß漢字\n]{0,120}", content in "[a-c äß漢字\n]{0,120}") {
            let mut exposure = Exposure::new(&[Document::from_text("d", text.as_str())]);
            exposure.apply(&ask(1, content));
            for span in exposure.spans().iter() {
                prop_assert!(text.get(span.start..span.end).is_some());
            }
        }
    }
}
