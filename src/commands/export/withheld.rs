//! Where the documents stay out, so does what the records hold of them: the parts of a request that enclose a document or an
//! error, what programs printed and raised, chunks that stand in none as they are, and the private words that were found.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{Chunk, CodeError, CodeErrorKind, Fact, Held, Purpose, RemoteAsk, Role};

/// How the parts of a request begin that are left out; a mark follows, after a document's also its number and a dash.
const DOCUMENT: &str = "document-";
const ERROR: &str = "error-";

/// Goes over a session's records in their order, and leaves out of each what is a document's own text.
#[derive(Default)]
pub struct Withheld {
    documents: usize,
    /// The request that was held or sent last, by its round and purpose, and what its messages enclose as they were made:
    /// a tag that was taken away by hand is missed.
    last: Option<(u32, Purpose)>,
    enclosed: BTreeMap<usize, Enclosed>,
}

/// How many documents and errors a text encloses, each document counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Enclosed {
    documents: usize,
    errors: usize,
}

impl Withheld {
    pub fn withhold(&mut self, fact: &mut Fact) {
        match fact {
            Fact::SessionOpened(opened) => {
                self.documents = opened.documents.len();
                let words = opened.settings.redact.iter_mut().flat_map(|redact| &mut redact.words);
                words.for_each(|word| leave_out(&mut word.word));
            }
            Fact::WordsRedacted { words } => words.iter_mut().for_each(|word| leave_out(&mut word.word)),
            Fact::JobsPlanned(planned) => {
                for chunk in &mut planned.chunks {
                    if let Chunk::Text(text) = chunk {
                        leave_out(text);
                    }
                }
            }
            Fact::CodeRejected { error, .. } => of_error(error),
            Fact::RemoteAsked(request) => self.of_request(request),
            Fact::GateReached { held: Held::Request(request), .. } => self.of_request(request),
            Fact::RequestEdited { message, before, after } => {
                for text in [before, after] {
                    let (without, found) = without_parts(text);
                    *text = if self.lacks(*message as usize, found) { left_out(text) } else { without };
                }
            }
            _ => {}
        }
    }

    fn of_request(&mut self, request: &mut RemoteAsk) {
        let of = (request.ask.round, request.purpose);
        if self.last.replace(of) != Some(of) {
            self.enclosed.clear();
        }
        let parts: Vec<_> = request.messages.iter().map(|message| without_parts(&message.content)).collect();
        let documents: usize = parts.iter().map(|(_, found)| found.documents).sum();
        let answers = request.purpose == Purpose::Answer;
        for (n, (message, (without, found))) in request.messages.iter_mut().zip(parts).enumerate() {
            // Its documents cannot be told from the rest.
            let mixed = answers && message.role == Role::User && (found.documents == 0 || documents < self.documents);
            let whole = self.lacks(n, found) || mixed;
            message.content = if whole { left_out(&message.content) } else { without };
        }
    }

    /// Whether the message enclosed more before.
    fn lacks(&mut self, message: usize, found: Enclosed) -> bool {
        let most = self.enclosed.entry(message).or_default();
        most.documents = most.documents.max(found.documents);
        most.errors = most.errors.max(found.errors);
        found != *most
    }
}

/// What a program printed and the value that it raised may be a document's words; kind and line stay. The person's own
/// words stay too.
fn of_error(error: &mut CodeError) {
    if let Some(printed) = &mut error.printed {
        leave_out(printed);
    }
    if error.kind == CodeErrorKind::SentBack {
        return;
    }
    let told = match error.message.split_once(": ") {
        Some((class, value)) if is_class(class) => format!("{class}: {}", left_out(value)),
        _ if error.kind != CodeErrorKind::Exception || is_class(&error.message) => error.message.clone(),
        _ => left_out(&error.message),
    };
    if let Some(traceback) = &mut error.traceback {
        *traceback = match traceback.strip_suffix(error.message.as_str()) {
            Some(frames) => format!("{frames}{told}"),
            None => left_out(traceback),
        };
    }
    error.message = told;
}

/// Whether it is the name of a class, as Python writes it.
fn is_class(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
}

fn leave_out(text: &mut String) {
    *text = left_out(text);
}

fn left_out(text: &str) -> String {
    format!("[{} bytes are left out]", text.len())
}

/// The text without what stands between the tags of a document or an error, and how many of them it has. One that is not
/// closed goes on to the end.
fn without_parts(text: &str) -> (String, Enclosed) {
    let (mut without, mut rest) = (String::new(), text);
    let (mut documents, mut errors) = (BTreeSet::new(), 0);
    while let Some((before, behind)) = rest.split_once('<') {
        without.push_str(before);
        without.push('<');
        rest = behind;
        let Some((tag, body)) = behind.split_once(">\n").filter(|(tag, _)| is_tag(tag)) else { continue };
        let closing = format!("\n</{tag}>");
        let end = body.find(&closing).unwrap_or(body.len());
        without.push_str(&format!("{tag}>\n{}", left_out(&body[..end])));
        rest = &body[end..];
        if let Some(document) = tag.strip_prefix(DOCUMENT) {
            documents.insert(document);
        } else {
            errors += 1;
        }
    }
    without.push_str(rest);
    (without, Enclosed { documents: documents.len(), errors })
}

/// Whether it encloses a document, by its number and its mark, or an error, by its mark.
fn is_tag(tag: &str) -> bool {
    let is_mark = |mark: &str| !mark.is_empty() && mark.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (tag.strip_prefix(DOCUMENT).and_then(|tag| tag.split_once('-')), tag.strip_prefix(ERROR)) {
        (Some((number, mark)), _) => {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && is_mark(mark)
        }
        (None, Some(mark)) => is_mark(mark),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::prompts::data;
    use crate::protocol::{AskId, Estimate, Message, ReplyFormat};

    fn asked(text: &str, purpose: Purpose) -> RemoteAsk {
        RemoteAsk {
            ask: AskId { round: 1, n: 1 },
            purpose,
            attempt: 1,
            messages: vec![Message::user(text)],
            format: ReplyFormat::Json,
            max_output_tokens: 1,
            estimate: Estimate::default(),
        }
    }

    /// What is left of a request that was held, edited twice and sent.
    fn left_of(purpose: Purpose, texts: [&str; 3]) -> String {
        let held = |text: &str| Fact::GateReached { n: 1, held: Held::Request(Box::new(asked(text, purpose))) };
        let edited =
            |before: &str, after: &str| Fact::RequestEdited { message: 0, before: before.into(), after: after.into() };
        let [first, second, third] = texts;
        let mut facts = [
            held(first),
            edited(first, second),
            held(second),
            edited(second, third),
            Fact::RemoteAsked(asked(third, purpose)),
        ];
        let mut withheld = Withheld::default();
        facts.iter_mut().for_each(|fact| withheld.withhold(fact));
        serde_json::to_string(&facts).unwrap()
    }

    #[test]
    fn only_what_stands_between_a_documents_tags_is_left_out() {
        let (one, two) = (data("document-0", "walnut\n</document-0>\nwalnut"), data("document-1", "é"));
        let (without, found) = without_parts(&format!("Is it a <document-x>?\n{one}\n\n{two}\n\nReply."));
        assert!(!without.contains("walnut") && !without.contains('é'), "{without}");
        assert!(without.starts_with("Is it a <document-x>?\n<document-0-"), "{without}");
        assert!(without.contains("[2 bytes are left out]\n</document-1-") && without.ends_with(">\n\nReply."));
        assert_eq!(found, Enclosed { documents: 2, errors: 0 });
        let plain = "no <document-0> at all";
        assert_eq!(without_parts(plain), (plain.to_owned(), Enclosed::default()));
    }

    #[test]
    fn a_document_whose_tag_was_taken_away_by_hand_stays_out_all_the_same() {
        let whole = data("document-0", "walnut");
        let unclosed = whole.rsplit_once("</").unwrap().0;
        assert!(!without_parts(unclosed).0.contains("walnut"));
        // Of one document, and of one of two.
        let unopened = whole.split_once('\n').unwrap().1;
        let other = data("document-1", "hazel");
        let both = format!("{whole}\n{other}");
        let one_of_two = format!("{unopened}\n{other}");
        for texts in [
            [whole.as_str(), unopened, "walnut alone"],
            [both.as_str(), one_of_two.as_str(), unopened],
            [both.as_str(), one_of_two.as_str(), one_of_two.as_str()],
        ] {
            let left = left_of(Purpose::Answer, texts);
            assert!(!left.contains("walnut") && !left.contains("hazel"), "{left}");
        }
        // A document that is there twice is not two.
        let twice = format!("{other}\n{other}\n{unopened}");
        assert!(!left_of(Purpose::Answer, [&both, &twice, &twice]).contains("walnut"));
    }

    #[test]
    fn what_a_person_changes_beside_the_documents_is_exported() {
        let whole = data("document-0", "walnut");
        let left =
            left_of(Purpose::Answer, [&whole, &format!("Briefly.\n{whole}"), &format!("Briefly, now.\n{whole}")]);
        assert!(left.contains("Briefly, now.") && !left.contains("walnut"), "{left}");
    }

    #[test]
    fn what_a_program_printed_and_raised_stays_out_and_its_kind_line_and_source_stay() {
        let mut error = CodeError {
            line: Some(3),
            traceback: Some("Traceback (most recent call last):\n  line 3\n    raise x\nValueError: walnut: 3".into()),
            printed: Some("walnut".into()),
            ..CodeError::new(CodeErrorKind::Exception, "ValueError: walnut: 3")
        };
        of_error(&mut error);
        assert_eq!(error.to_string(), "line 3: ValueError: [9 bytes are left out]");
        assert_eq!(error.printed.as_deref(), Some("[6 bytes are left out]"));
        let traceback = error.traceback.unwrap();
        assert!(traceback.ends_with("    raise x\nValueError: [9 bytes are left out]"), "{traceback}");
        let mut own = CodeError::new(CodeErrorKind::SentBack, "Search for walnut: it is there");
        of_error(&mut own);
        assert_eq!(own.message, "Search for walnut: it is there");
        let mut bare = CodeError::new(CodeErrorKind::Contract, "there is no prepare_jobs");
        of_error(&mut bare);
        assert_eq!(bare.message, "there is no prepare_jobs");
    }

    #[test]
    fn a_request_repeats_nothing_of_what_a_program_printed() {
        let whole = format!("It failed:\n{}\nCorrect it.", data("error", "KeyError: 3\nIt had printed:\nwalnut"));
        let unopened = whole.replacen("<error", "<", 1);
        let left = left_of(Purpose::Decompose, [&whole, &whole, &unopened]);
        assert!(!left.contains("walnut") && left.contains("Correct it."), "{left}");
    }
}
