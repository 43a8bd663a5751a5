//! The documents as the remote LM's programs may see them: placeholders stand where private words do.
//!
//! A program that never had a word cannot give it away, however it writes it. What it returns is brought back: spans count
//! in the documents themselves again, and texts have their words put back before the local LM reads them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::document::{Document, Span};
use crate::local::ChunkText;
use crate::protocol::redact::{HiddenText, Redaction, Redactor};
use crate::protocol::{Chunk, JobOutput, Manifest, Part};

/// The documents without their private words, and the words: those that are `known`, which a session that `opens` has to find
/// first, and new ones. Found on another thread, since that reads the documents several times; nothing where that failed.
pub(super) async fn find(
    documents: Arc<Vec<Document>>,
    question: String,
    known: Redaction,
    opens: bool,
) -> Option<(Hidden, Redaction)> {
    let found = tokio::task::spawn_blocking(move || {
        let texts = || std::iter::once(&*question).chain(documents.iter().map(|document| &*document.text));
        let redactor = match opens {
            true => Redactor::open(&known.rules, texts()),
            false => {
                let mut redactor = Redactor::new(&known);
                redactor.learn(texts());
                redactor
            }
        };
        (Hidden::of(&documents, &redactor), redactor.redaction())
    });
    found.await.ok()
}

pub(super) struct Hidden {
    texts: Vec<HiddenText>,
}

impl Hidden {
    /// The documents, nothing of which is private.
    pub(super) fn none(documents: &[Document]) -> Self {
        let plain = |document: &Document| HiddenText::plain(&document.text);
        Self { texts: documents.iter().map(plain).collect() }
    }

    /// The documents with placeholders in the place of private words.
    pub(super) fn of(documents: &[Document], redactor: &Redactor) -> Self {
        let hide = |document: &Document| HiddenText::of(&document.text, redactor);
        Self { texts: documents.iter().map(hide).collect() }
    }

    /// Hides them anew where the redactor has come to know words that had no placeholder. Words that no document holds change
    /// nothing.
    pub(super) fn learn(&mut self, documents: &[Document], redactor: &Redactor) {
        if self.texts.iter().any(HiddenText::has_unnumbered) {
            *self = Self::of(documents, redactor);
        }
    }

    /// What a program is given: the documents, or the one part that the session is about.
    pub(super) fn texts(&self, part: Option<&Part>) -> Vec<Arc<str>> {
        let Some(Part { span, .. }) = part else {
            return self.texts.iter().map(|hidden| hidden.text.clone()).collect();
        };
        let text = self.texts.get(span.document).and_then(|hidden| {
            let span = hidden.hidden(span);
            hidden.text.get(span.start..span.end)
        });
        vec![text.unwrap_or_default().into()]
    }

    /// A chunk of the documents, as a program may see it.
    pub(super) fn chunk(&self, chunk: &Chunk, redactor: &Redactor) -> ChunkText {
        match chunk {
            Chunk::Span(span) => match self.texts.get(span.document) {
                Some(hidden) => {
                    let span = hidden.hidden(span);
                    ChunkText::of(hidden.text.clone(), span.start..span.end)
                }
                None => ChunkText::whole("".into()),
            },
            Chunk::Headed { .. } => {
                let passage = |span: Span| {
                    let hidden = self.texts.get(span.document)?;
                    let span = hidden.hidden(&span);
                    hidden.text.get(span.start..span.end)
                };
                ChunkText::whole(chunk.text(passage).unwrap_or_default().into())
            }
            Chunk::Text(text) => ChunkText::whole(redactor.hide(text).into()),
        }
    }

    /// What a program made of what it was given, as the session has it.
    pub(super) fn restore(&self, manifest: &mut Manifest, part: Option<&Part>, redactor: &Redactor) {
        match &mut manifest.chunk {
            Chunk::Span(span) => *span = self.original(*span, part),
            Chunk::Headed { header, rows } => {
                (*header, *rows) = (self.original(*header, part), self.original(*rows, part));
            }
            Chunk::Text(text) => put_back(text, redactor),
        }
        put_back(&mut manifest.task, redactor);
        put_back(&mut manifest.advice, redactor);
    }

    fn original(&self, span: Span, part: Option<&Part>) -> Span {
        let (document, before) = match part {
            Some(part) => {
                (part.span.document, self.texts.get(part.span.document).map(|text| text.hidden(&part.span).start))
            }
            None => (span.document, Some(0)),
        };
        let before = before.unwrap_or(0);
        let Some(text) = self.texts.get(document) else { return span };
        let span =
            text.original(&Span::new(document, span.start.saturating_add(before), span.end.saturating_add(before)));
        match part {
            Some(part) => {
                let within = |at: usize| at.clamp(part.span.start, part.span.end);
                Span::new(document, within(span.start), within(span.end))
            }
            None => span,
        }
    }
}

fn put_back(text: &mut String, redactor: &Redactor) {
    if let Cow::Owned(restored) = redactor.restore(text) {
        *text = restored;
    }
}

/// A worker's output, as a program may see it.
pub(super) fn hide_output(output: &JobOutput, hide: impl Fn(&str) -> String) -> JobOutput {
    JobOutput {
        explanation: hide(&output.explanation),
        citation: output.citation.as_deref().map(&hide),
        answer: output.answer.as_deref().map(&hide),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::redact::Rules;

    const TEXT: &str = "Dear Jürgen Müller,\nMÜLLER, JÜRGEN and Li wrote.\nYours, Li\n";

    fn hidden() -> (Hidden, Redactor) {
        let rules = Rules { names: vec!["Jürgen Müller".into(), "Li".into()], ..Rules::default() };
        let redactor = Redactor::open(&rules, ["Who is Li?", TEXT].into_iter());
        (Hidden::of(&[Document::from_text("d", TEXT)], &redactor), redactor)
    }

    #[test]
    fn a_program_sees_placeholders_and_its_spans_come_back() {
        let (hidden, redactor) = hidden();
        let text = hidden.texts(None).remove(0);
        assert_eq!(&*text, "Dear NAME_2,\nNAME_2 and NAME_1 wrote.\nYours, NAME_1\n");
        for (seen, meant) in [
            ("NAME_2 and NAME_1 wrote", "MÜLLER, JÜRGEN and Li wrote"),
            ("ME_2,\nNA", "Jürgen Müller,\nMÜLLER, JÜRGEN"),
            ("Dear ", "Dear "),
            ("NAME_1\n", "Li\n"),
        ] {
            let start = if seen == "NAME_1\n" { text.rfind(seen) } else { text.find(seen) }.unwrap();
            let mut manifest = Manifest {
                chunk: Chunk::Span(Span::new(0, start, start + seen.len())),
                task: "Find NAME_1.".into(),
                advice: String::new(),
            };
            hidden.restore(&mut manifest, None, &redactor);
            let Chunk::Span(span) = manifest.chunk else { panic!() };
            assert_eq!((&TEXT[span.start..span.end], manifest.task.as_str()), (meant, "Find Li."));
            let again = hidden.chunk(&Chunk::Span(span), &redactor);
            assert!(again.as_str().contains(seen), "{}", again.as_str());
        }
    }

    #[test]
    fn words_that_no_document_holds_leave_the_documents_as_they_are() {
        let documents = [Document::from_text("d", "Li wrote to a@b.org.")];
        let rules =
            Rules { names: vec!["Li".into()], kinds: vec![crate::protocol::redact::Kind::Email], ..Rules::default() };
        let mut redactor = Redactor::open(&rules, ["Li"].into_iter());
        let mut hidden = Hidden::of(&documents, &redactor);
        let text = |hidden: &Hidden| hidden.texts(None).remove(0);
        assert_eq!(&*text(&hidden), "NAME_1 wrote to EMAIL_0.");
        redactor.learn(["a@b.org"].into_iter());
        hidden.learn(&documents, &redactor);
        let known = text(&hidden);
        assert_eq!(&*known, "NAME_1 wrote to EMAIL_1.");
        redactor.learn(["another@mail.org"].into_iter());
        hidden.learn(&documents, &redactor);
        assert!(Arc::ptr_eq(&known, &text(&hidden)), "they are not read again");
    }

    #[test]
    fn of_a_part_spans_count_from_the_whole_documents_beginning() {
        let (hidden, redactor) = hidden();
        let start = TEXT.find("MÜLLER").unwrap();
        let part = Part { span: Span::new(0, start, TEXT.find("\nYours").unwrap()), characters: 0 };
        let text = hidden.texts(Some(&part)).remove(0);
        assert_eq!(&*text, "NAME_2 and NAME_1 wrote.");
        let mut manifest = Manifest { chunk: Chunk::Span(Span::new(0, 11, 17)), ..manifest() };
        hidden.restore(&mut manifest, Some(&part), &redactor);
        let at = TEXT.find("Li").unwrap();
        assert_eq!(manifest.chunk, Chunk::Span(Span::new(0, at, at + 2)));
    }

    fn manifest() -> Manifest {
        Manifest { chunk: Chunk::Text(String::new()), task: String::new(), advice: String::new() }
    }
}
