//! Keeps passages of the documents out of what is said of an error: that goes to the remote LM.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::PastJob;
use crate::protocol::CodeError;

/// A run of so many bytes that stands in a document is a passage of it; the exposure ledger counts from there too.
const PASSAGE: usize = 24;
/// Every passage covers at least one whole block of its document, counted from the document's start.
const BLOCK: usize = PASSAGE / 2;
/// A passage with fewer letters and digits is a rule or white space, and says nothing.
const LETTERS: usize = 4;

/// The error without passages of the documents and of what the jobs read and found. What stands in `source` stays: it
/// came from the remote LM.
pub fn without(error: CodeError, source: &str, documents: &[Arc<str>], jobs: &[PastJob<'_>]) -> CodeError {
    let mut private: Vec<&str> = documents.iter().map(|text| &**text).collect();
    let mut known = HashSet::new();
    for job in jobs {
        if known.insert(job.chunk.as_ptr()) {
            private.push(job.chunk);
        }
        let output = &job.output;
        private.push(&output.explanation);
        private.extend(output.citation.as_deref());
        private.extend(output.answer.as_deref());
    }
    let hidden = |text: &str| hide(text, source, &private);
    CodeError {
        message: hidden(&error.message),
        traceback: error.traceback.as_deref().map(hidden),
        hint: error.hint.as_deref().map(hidden),
        printed: error.printed.as_deref().map(hidden),
        ..error
    }
}

/// Every passage is looked up once and then forgotten: a document that repeats itself, and a program that says so, cost no
/// more than others.
fn hide(text: &str, source: &str, private: &[&str]) -> String {
    let bytes = text.as_bytes();
    let known: HashSet<&[u8]> = source.as_bytes().windows(PASSAGE).collect();
    let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (at, passage) in bytes.windows(PASSAGE).enumerate() {
        if says_something(passage) && !known.contains(passage) {
            places.entry(passage).or_default().push(at);
        }
    }
    let blocks: HashSet<&[u8]> = places.keys().flat_map(|passage| passage.windows(BLOCK)).collect();
    let mut hidden = vec![false; bytes.len()];
    for document in private.iter().map(|document| document.as_bytes()) {
        for (n, block) in document.chunks_exact(BLOCK).enumerate() {
            if !blocks.contains(block) {
                continue;
            }
            let place = n * BLOCK;
            let around = &document[place.saturating_sub(BLOCK)..document.len().min(place + PASSAGE)];
            for at in around.windows(PASSAGE).filter_map(|passage| places.remove(passage)).flatten() {
                hidden[at..at + PASSAGE].fill(true);
            }
        }
    }
    told(text, &hidden)
}

fn says_something(passage: &[u8]) -> bool {
    passage.iter().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()).count() >= LETTERS
}

/// The text with the length of what is hidden in its place.
fn told(text: &str, hidden: &[bool]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut count = 0;
    let stand_in = |count: usize| format!("[{count} characters of the documents]");
    for (at, character) in text.char_indices() {
        if hidden[at..at + character.len_utf8()].contains(&true) {
            count += 1;
            continue;
        }
        if count > 0 {
            shown.push_str(&stand_in(count));
            count = 0;
        }
        shown.push(character);
    }
    if count > 0 {
        shown.push_str(&stand_in(count));
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::{CodeErrorKind, JobOutput};

    const DOCUMENT: &str =
        "Patient Anna Müller, born 1961, was given lisinopril 20 mg.\n----------------------------\n";

    fn told_of(message: &str, source: &str) -> String {
        let error = CodeError::new(CodeErrorKind::Exception, message);
        without(error, source, &[DOCUMENT.into()], &[]).message
    }

    #[test]
    fn a_passage_of_a_document_is_not_told() {
        assert_eq!(
            told_of("ValueError: cannot read 'Anna Müller, born 1961, was given' here", ""),
            "ValueError: cannot read '[33 characters of the documents]' here"
        );
    }

    #[test]
    fn short_words_rules_and_the_program_itself_stay() {
        for kept in ["KeyError: 'lisinopril 20 mg'", "ValueError: ----------------------------", "no match"] {
            assert_eq!(told_of(kept, ""), kept);
        }
        let own = "find('was given lisinopril 20 mg')";
        assert_eq!(told_of(own, &format!("x = {own}")), own);
        assert_ne!(told_of(own, ""), own);
    }

    #[test]
    fn a_document_that_repeats_itself_takes_no_time() {
        let (table, row) = ("0,".repeat(1 << 20), "0,".repeat(1000));
        let error = CodeError::new(CodeErrorKind::Exception, row.as_str());
        let told = |source: &str| without(error.clone(), source, &[table.as_str().into()], &[]).message;
        let begun = std::time::Instant::now();
        assert_eq!(told(&row), row);
        assert_eq!(told(""), "[2000 characters of the documents]");
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }

    #[test]
    fn what_a_worker_read_or_found_is_private_too() {
        let output = JobOutput { answer: Some("a long answer from the text".into()), ..JobOutput::default() };
        let job = PastJob { chunk: DOCUMENT, task: "t", advice: "a", chunk_id: 0, task_id: 0, output };
        let error = CodeError {
            traceback: Some("a long answer from the text".into()),
            printed: Some("was given lisinopril 20 mg".into()),
            ..CodeError::new(CodeErrorKind::Exception, "x")
        };
        let told = without(error, "", &[], &[job]);
        assert_eq!(told.traceback.as_deref(), Some("[27 characters of the documents]"));
        assert_eq!(told.printed.as_deref(), Some("[26 characters of the documents]"));
    }

    proptest! {
        #[test]
        fn no_run_of_a_document_is_left(document in "[ab1é ]{30,200}", before in "[ab1é ]{0,20}", start in 0usize..100, length in 24usize..80) {
            let characters: Vec<char> = document.chars().collect();
            let part: String = characters.iter().skip(start.min(characters.len() / 2)).take(length).collect();
            let told = hide(&format!("{before}{part}"), "", &[&document]);
            let left: Vec<char> = told.chars().collect();
            for run in left.windows(PASSAGE) {
                let run: String = run.iter().collect();
                prop_assert!(!says_something(run.as_bytes()) || !document.contains(&run), "{run:?} of {document:?} in {told:?}");
            }
        }
    }
}
