//! Whether a passage that the person wants read can be: the order may come from another process, and the texts are here.

use crate::document::{Document, Span};
use crate::protocol::{Input, State};

/// The order to pin it, or to pin it no longer; else a note of why it is not. `room`: characters that the reader of the next round
/// holds at once, as far as that is known.
pub(super) fn pin(state: &State, span: Span, documents: &[Document], room: Option<usize>) -> Input {
    if state.pinned.contains(&span) {
        return Input::Pin(span);
    }
    match state.may_pin(span).and_then(|()| readable(span, documents, room)) {
        Ok(()) => Input::Pin(span),
        Err(why) => Input::Note { text: format!("a passage was not pinned: {why}") },
    }
}

fn readable(span: Span, documents: &[Document], room: Option<usize>) -> Result<(), String> {
    let text = documents.get(span.document).and_then(|document| document.slice(span.start, span.end));
    let Some(text) = text else { return Err("it begins or ends within a character".into()) };
    let characters = text.chars().count();
    match room {
        Some(room) if characters > room => Err(format!(
            "it has {characters} characters, and the reader holds {room} of a document at once; pin shorter ones"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Fact, SessionOpened, Settings};

    #[test]
    fn what_cannot_be_read_is_not_pinned_and_a_note_says_why() {
        let documents = [Document::from_text("d", "Äpfel and pears.")];
        let mut state = State::default();
        let settings = Settings::default();
        state.apply(&Fact::SessionOpened(Box::new(SessionOpened::example(settings, &documents))));
        let said = |state: &State, start, end, room| match pin(state, Span::new(0, start, end), &documents, room) {
            Input::Note { text } => text,
            Input::Pin(_) => "pinned".into(),
            input => panic!("{input:?}"),
        };
        for (start, end, room, why) in [
            (0, 6, Some(5), "pinned"),
            (0, 6, None, "pinned"),
            (0, 6, Some(4), "it has 5 characters, and the reader holds 4"),
            (1, 6, None, "within a character"),
            (0, 99, None, "no document of the session"),
        ] {
            let said = said(&state, start, end, room);
            assert!(said.contains(why), "{start}..{end}: {said}");
        }
        state.apply(&Fact::PassagesPinned { spans: vec![Span::new(0, 0, 6)] });
        assert_eq!(said(&state, 0, 6, Some(4)), "pinned", "it is let go whoever reads now");
    }
}
