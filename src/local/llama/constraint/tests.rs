//! Whatever it lets through is the JSON object that a worker's reply has to be.

use proptest::prelude::*;

use super::*;
use crate::protocol::{Finish, read_output};

const LIMITS: Limits = Limits { explanation: 12, citation: 8, answer: 5 };

fn takes(text: &str) -> bool {
    let mut constraint = Constraint::new(LIMITS);
    constraint.take(text.as_bytes()) && constraint.is_done()
}

#[test]
fn the_form_and_nothing_else_is_taken() {
    assert!(takes(r#"{"explanation": "why", "citation": null, "answer": null}"#));
    assert!(takes(r#"{"explanation": "", "citation": "a \"b\"", "answer": "1 €"}"#));
    assert!(takes(r#"{"explanation": "\ud83d\ude00", "citation": "a", "answer": "b"}"#));
    for wrong in [
        r#"{"explanation": null, "citation": null, "answer": null}"#,
        r#"{"explanation":"why", "citation": null, "answer": null}"#,
        r#"{"explanation": "why", "citation": "", "answer": null}"#,
        r#"{"explanation": "why", "citation": null, "answer": "too long"}"#,
        r#"{"explanation": "why", "citation": null, "answer": null} "#,
        r#"{"explanation": "\ude00", "citation": null, "answer": null}"#,
        r#"{"explanation": "a   b", "citation": null, "answer": null}"#,
        "{\"explanation\": \"\n\", \"citation\": null, \"answer\": null}",
        "```json",
    ] {
        assert!(!takes(wrong), "{wrong}");
    }
}

#[test]
fn what_may_not_come_changes_nothing() {
    let mut constraint = Constraint::new(LIMITS);
    assert!(constraint.take(b"{\"expl"));
    assert!(!constraint.take(b"anation\": null"));
    assert!(!constraint.take(b""));
    assert!(constraint.take(b"anation\": \"\xe2\x82"), "a token may end within a symbol");
    assert!(!constraint.allows(b"\""));
    assert!(constraint.allows(b"\xac\""));
}

#[test]
fn a_curtailed_text_closes_at_once() {
    let mut constraint = Constraint::new(LIMITS);
    assert!(constraint.take(b"{\"explanation\": \"so"));
    constraint.curtail();
    assert!(!constraint.allows(b"m"));
    assert!(constraint.take(b"\", \"citation\": "));
    constraint.curtail();
    assert!(!constraint.allows(b"\""));
    assert!(constraint.take(b"null, \"answer\": null}"));
}

proptest! {
    #[test]
    fn any_way_through_it_ends_in_an_object_that_is_read(choices in prop::collection::vec(any::<u16>(), 400), curtailed in any::<u64>()) {
        let mut constraint = Constraint::new(LIMITS);
        let mut text = Vec::new();
        for (at, choice) in choices.into_iter().enumerate() {
            if at < 64 && curtailed >> at & curtailed >> (at / 2) & 1 == 1 {
                constraint.curtail();
            }
            let allowed: Vec<u8> = (0..=255).filter(|byte| constraint.allows(&[*byte])).collect();
            if constraint.is_done() {
                prop_assert!(allowed.is_empty());
                break;
            }
            prop_assert!(!allowed.is_empty(), "a dead end after {:?}", String::from_utf8_lossy(&text));
            let byte = allowed[usize::from(choice) % allowed.len()];
            prop_assert!(constraint.take(&[byte]));
            text.push(byte);
        }
        prop_assert!(constraint.is_done(), "the limits bound the length");
        let text = String::from_utf8(text).unwrap();
        let output = read_output(&text, Finish::Stop).unwrap();
        prop_assert!(output.explanation.chars().count() <= 12);
        prop_assert!(output.citation.is_none_or(|citation| citation.chars().count() <= 8));
        prop_assert!(output.answer.is_none_or(|answer| answer.chars().count() <= 5));
    }

    #[test]
    fn every_object_within_the_limits_is_taken_however_it_is_cut(
        explanation in "[^ \t-\r\u{85}\u{a0}]{0,12}", citation in prop::option::of("[a-z\"\\\\é]{1,8}"), cut in 1usize..7
    ) {
        let json = |text: &Option<String>| serde_json::to_string(text).unwrap();
        let text = format!(
            "{{\"explanation\": {}, \"citation\": {}, \"answer\": null}}",
            serde_json::to_string(&explanation).unwrap(), json(&citation)
        );
        let mut constraint = Constraint::new(LIMITS);
        for piece in text.as_bytes().chunks(cut) {
            prop_assert!(constraint.take(piece), "{text}");
        }
        prop_assert!(constraint.is_done());
    }
}
