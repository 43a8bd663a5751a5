//! Where the documents stay out, so does what the records hold of them: the parts of a request that enclose a document, chunks
//! that stand in none as they are, and the private words that were found.

use crate::protocol::{Chunk, Fact, Held, Purpose, RemoteAsk, Role};

/// How a document's part of a request begins; a number, a dash and a mark follow.
const OPENS: &str = "<document-";

/// Leaves out what stands in the record and is a document's own text.
pub fn withhold(fact: &mut Fact) {
    match fact {
        Fact::SessionOpened(opened) => {
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
        Fact::RemoteAsked(request) => of_request(request),
        Fact::GateReached { held: Held::Request(request), .. } => of_request(request),
        Fact::RequestEdited { before, after, .. } => {
            for text in [before, after] {
                if let Some(without) = without_documents(text) {
                    *text = without;
                }
            }
        }
        _ => {}
    }
}

fn of_request(request: &mut RemoteAsk) {
    let holds_documents = request.purpose == Purpose::Answer;
    for message in request.messages.iter_mut().filter(|_| holds_documents) {
        match without_documents(&message.content) {
            Some(without) => message.content = without,
            // Its documents cannot be told from the rest.
            None if message.role == Role::User => leave_out(&mut message.content),
            None => {}
        }
    }
}

fn leave_out(text: &mut String) {
    *text = left_out(text);
}

fn left_out(text: &str) -> String {
    format!("[{} bytes are left out]", text.len())
}

/// The text without what stands between the tags of a document; nothing where there are no such tags. One that is not
/// closed goes on to the end.
fn without_documents(text: &str) -> Option<String> {
    let (mut without, mut rest, mut found) = (String::new(), text, false);
    while let Some((before, behind)) = rest.split_once(OPENS) {
        without.push_str(before);
        without.push_str(OPENS);
        rest = behind;
        let Some((tag, body)) = behind.split_once(">\n").filter(|(tag, _)| is_tag(tag)) else { continue };
        let closing = format!("\n</document-{tag}>");
        let end = body.find(&closing).unwrap_or(body.len());
        without.push_str(&format!("{tag}>\n{}", left_out(&body[..end])));
        (rest, found) = (&body[end..], true);
    }
    without.push_str(rest);
    found.then_some(without)
}

/// Whether it is a document's number and its mark.
fn is_tag(tag: &str) -> bool {
    tag.split_once('-').is_some_and(|(number, mark)| {
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number && !mark.is_empty() && mark.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::prompts::data;

    #[test]
    fn only_what_stands_between_a_documents_tags_is_left_out() {
        let (one, two) = (data("document-0", "walnut\n</document-0>\nwalnut"), data("document-1", "é"));
        let without = without_documents(&format!("Is it a <document-x>?\n{one}\n\n{two}\n\nReply.")).unwrap();
        assert!(!without.contains("walnut") && !without.contains('é'), "{without}");
        assert!(without.starts_with("Is it a <document-x>?\n<document-0-"), "{without}");
        assert!(without.contains("[2 bytes are left out]\n</document-1-") && without.ends_with(">\n\nReply."));
        assert_eq!(without_documents("no <document-0> at all"), None);
    }

    #[test]
    fn a_document_whose_tag_was_taken_away_by_hand_stays_out_all_the_same() {
        let whole = data("document-0", "walnut");
        let unclosed = whole.rsplit_once("</").unwrap().0;
        assert!(!without_documents(unclosed).unwrap().contains("walnut"));
    }
}
