//! Whatever it lets through is the JSON object that a worker's reply has to be.

use proptest::prelude::*;

use super::substrings::{ROOT, normalised};
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

const WIDE: Limits = Limits { explanation: 400, citation: 400, answer: 400 };

fn citing(chunk: &str) -> Constraint {
    Constraint::citing(WIDE, Arc::new(Substrings::new(chunk)))
}

fn cites(chunk: &str, inside: &str) -> bool {
    let mut constraint = citing(chunk);
    let text = format!("{{\"explanation\": \"other words\", \"citation\": \"{inside}\", \"answer\": \"yet others\"}}");
    constraint.take(text.as_bytes()) && constraint.is_done()
}

#[test]
fn a_citation_can_be_held_to_words_of_the_chunk() {
    let chunk = "Net  sales\n\nrose 4% to \"€12\" (FY\u{a0}2018) a/b\\c.";
    for right in ["Net sales rose", r"sales\nrose 4%", r#"to \"€12\""#, "(FY 2018)", r"a\/b\\c.", "a/b", " ", "."] {
        assert!(cites(chunk, right), "{right}");
    }
    for wrong in ["", "Net  sales", "net", "rose 5%", "FY\u{a0}2018", r"\u0046Y", r"sales\brose", "c. "] {
        assert!(!cites(chunk, wrong), "{wrong}");
    }
    let mut empty = citing("");
    assert!(empty.take(b"{\"explanation\": \"\", \"citation\": "));
    assert!(!empty.allows(b"\"") && empty.allows(b"null"));
}

/// Symbols of each length in UTF-8, those that are escaped, and some that occur again.
fn words(most: usize) -> impl Strategy<Value = String> {
    let symbol = prop_oneof![
        4 => prop::sample::select(vec!['a', 'b', ' ', '"', '\\', '/', '\n', '\t', '\u{1}', '\u{8}', '\u{a0}', '£']),
        1 => prop::sample::select(vec!['é', '€', '₤', '😀', '😁', '\u{2003}', '\u{85}', '\u{7f}']),
        1 => any::<char>(),
    ];
    prop::collection::vec(symbol, 0..=most).prop_map(String::from_iter)
}

/// The object at the end of a way: each choice is one of the bytes that may come, half of them the first where escapes are.
fn way(mut constraint: Constraint, choices: &[(bool, u16)]) -> Result<String, TestCaseError> {
    let mut text = Vec::new();
    let afterwards = std::iter::repeat_n(&(false, 0), 160);
    for &(escapes, choice) in choices.iter().chain(afterwards) {
        if constraint.is_done() {
            break;
        }
        if text.len() >= choices.len() {
            constraint.curtail();
        }
        let allowed: Vec<u8> = (0..=255).filter(|byte| constraint.allows(&[*byte])).collect();
        prop_assert!(!allowed.is_empty(), "a dead end after {:?}", String::from_utf8_lossy(&text));
        let some: Vec<u8> = allowed.iter().copied().filter(|byte| !escapes || b"\"\\n \xe2".contains(byte)).collect();
        let from = if some.is_empty() { &allowed } else { &some };
        let byte = from[usize::from(choice) % from.len()];
        prop_assert!(constraint.take(&[byte]));
        text.push(byte);
    }
    prop_assert!(constraint.is_done());
    Ok(String::from_utf8(text).unwrap())
}

proptest! {
    #[test]
    fn any_way_through_cites_the_chunk(
        chunk in words(30), citation in 1..12_u32, choices in prop::collection::vec(any::<(bool, u16)>(), 0..140)
    ) {
        let limits = Limits { explanation: 3, citation, answer: 3 };
        let text = way(Constraint::citing(limits, Arc::new(Substrings::new(&chunk))), &choices)?;
        let output = read_output(&text, Finish::Stop).unwrap();
        let cited: String =
            output.citation.unwrap_or_default().chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        prop_assert!(normalised(&chunk).contains(&cited), "{cited:?}");
    }

    #[test]
    fn every_part_of_a_chunk_can_be_cited(chunk in words(24)) {
        let symbols: Vec<char> = normalised(&chunk).chars().collect();
        for from in 0..symbols.len() {
            for to in from + 1..=symbols.len() {
                let part = serde_json::to_string(&String::from_iter(&symbols[from..to])).unwrap();
                prop_assert!(cites(&chunk, &part[1..part.len() - 1]), "{part}");
            }
        }
    }

    #[test]
    fn the_automaton_is_small_and_exact(text in "[abc]{0,40}", other in "[abc]{1,5}") {
        let parts = Substrings::new(&text);
        prop_assert!(parts.states() <= 2 * text.len() + 1);
        let stands = other.bytes().try_fold(ROOT, |state, byte| parts.step(state, byte)).is_some();
        prop_assert_eq!(stands, text.contains(&other));
    }

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
