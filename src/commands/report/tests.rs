//! What `run --json` and the answer for people promise.

use super::*;
use crate::commands::json_line::obeyed;
use crate::document::{Document, Located, Match, Span};
use crate::ledger::{Exposure, Ledger};
use crate::protocol::{AnswerCitation, Ending, Fact, ModelInfo, SessionOpened, Settings, State};

fn keys(value: &serde_json::Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The report of a session on one document that ends with this answer.
fn report_of(text: &str, answer: Option<&str>, citations: Vec<AnswerCitation>, ending: Ending) -> Report {
    let documents = [Document::from_text("report.txt", text)];
    let model =
        |provider: &str| ModelInfo { provider: provider.into(), model: provider.into(), is_model: false, price: None };
    let facts = [
        Fact::SessionOpened(Box::new(SessionOpened {
            question: "What?".into(),
            settings: Settings::default(),
            documents: documents.iter().map(Document::reference).collect(),
            remote: model("offline"),
            local: model("extractive"),
            prompts: "1".into(),
            program: "0.1.0".into(),
            clock_ms: None,
            embedding: None,
            parent: None,
        })),
        Fact::RoundBegan { round: 1, last: false },
        Fact::Answered { answer: answer.map(str::to_owned), explanation: String::new(), citations },
        Fact::SessionEnded { ending },
    ];
    let (mut state, mut ledger, mut exposure) = (State::default(), Ledger::new(), Exposure::new(&documents));
    for fact in &facts {
        state.apply(fact);
        ledger.apply(fact);
        exposure.apply(fact);
    }
    report("s1", &state, &ledger, &exposure, &documents, 1.5)
}

fn found(start: usize, end: usize, how: Match) -> AnswerCitation {
    let located = Some(Located::new(Span::new(0, start, end), how));
    AnswerCitation { text: "as the model wrote it".into(), located }
}

#[test]
fn the_json_object_has_exactly_the_keys_scripts_rely_on() {
    let citations =
        vec![found(6, 11, Match::Normalised), AnswerCitation { text: "invented words".into(), located: None }];
    let report = report_of("first\x0cWORDS and more", Some("42"), citations, Ending::Answered);
    let mut line = Vec::new();
    report.write_json(&mut line).unwrap();
    let object: serde_json::Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(
        keys(&object),
        [
            "answer",
            "baseline",
            "by_round",
            "calls",
            "citations",
            "exposed",
            "jobs",
            "outcome",
            "prices",
            "protocol",
            "rounds",
            "seconds",
            "session",
            "uncited_numbers",
            "usage"
        ]
    );
    for citation in object["citations"].as_array().unwrap() {
        assert_eq!(
            keys(citation),
            [
                "document",
                "end",
                "heading",
                "line",
                "match",
                "or_more",
                "page",
                "place_count",
                "places",
                "start",
                "text"
            ]
        );
    }
    assert_eq!(
        keys(&object["jobs"]),
        ["abstained", "answered", "cancelled", "failed", "malformed", "planned", "truncated"]
    );
    assert_eq!(keys(&object["usage"]), ["local", "remote"]);
    for lm in ["local", "remote"] {
        let mut keys = keys(&object["usage"][lm]);
        let own = keys.extract_if(.., |key| ["lost_usd", "replies"].contains(key)).count();
        assert_eq!(own, if lm == "remote" { 2 } else { 0 });
        assert_eq!(
            keys,
            [
                "cache_write_input_tokens",
                "cached_input_tokens",
                "calls",
                "cost_usd",
                "estimated",
                "estimated_input_tokens",
                "estimated_output_tokens",
                "estimated_usd",
                "input_tokens",
                "output_tokens",
                "reasoning_tokens",
                "seconds"
            ]
        );
    }
    assert_eq!(
        keys(&object["baseline"]),
        ["cost_usd", "estimated", "input_tokens", "ratio", "ratio_at_most", "ratio_estimated"]
    );
    assert_eq!(keys(&object["exposed"]), ["by_purpose", "by_request", "bytes", "share"]);
    for request in object["exposed"]["by_request"].as_array().unwrap() {
        let spans = request["spans"].as_array().unwrap();
        assert_eq!(request["span_count"], spans.len());
        let bytes = |span: &serde_json::Value| span["end"].as_u64().unwrap() - span["start"].as_u64().unwrap();
        assert_eq!(request["bytes"], spans.iter().map(bytes).sum::<u64>());
        assert!(spans.iter().all(|span| keys(span) == ["document", "end", "page", "start"]), "{spans:?}");
    }

    assert_eq!(object["protocol"], "minions");
    assert_eq!(object["outcome"], "answered");
    let located = serde_json::json!(
        {"document": "report.txt", "start": 6, "end": 11, "page": 2, "text": "WORDS", "match": "normalised",
        "places": [{"document": "report.txt", "start": 6, "end": 11, "page": 2}], "place_count": 1, "or_more": false, "line": 1, "heading": null});
    assert_eq!(object["citations"][0], located);
    let missing = serde_json::json!(
        {"document": null, "start": null, "end": null, "page": null, "text": "invented words", "match": "not_found",
        "places": [], "place_count": 0, "or_more": false, "line": null, "heading": null});
    assert_eq!(object["uncited_numbers"], serde_json::json!([{"number": "42", "reckoned": null}]));
    assert_eq!(object["citations"][1], missing);
}

#[test]
fn a_citation_says_in_how_many_more_places_its_words_stand() {
    let mut citation = Citation {
        document: Some("a.txt".into()),
        start: Some(0),
        end: Some(4),
        page: None,
        text: "word".into(),
        how: CitationMatch::Exact,
        places: Vec::new(),
        place_count: 1,
        or_more: false,
        line: None,
        heading: None,
    };
    assert_eq!(citation.elsewhere(), None);
    for (place_count, or_more, told) in
        [(2, false, "and 1 more place"), (9, false, "and 8 more places"), (1001, true, "and 1000 or more places")]
    {
        (citation.place_count, citation.or_more) = (place_count, or_more);
        assert_eq!(citation.elsewhere().as_deref(), Some(told));
        assert_eq!(serde_json::to_value(&citation).unwrap()["or_more"], or_more);
    }
}

#[test]
fn a_terminal_obeys_nothing_of_the_json_and_nothing_is_lost() {
    let answer = "red \u{1b}[31m, C1 \u{9b}31m, \u{7f}, \u{202e}, \u{e9}, \u{1f600}";
    let report = report_of("text", Some(answer), Vec::new(), Ending::Answered);
    let mut line = Vec::new();
    report.write_json(&mut line).unwrap();
    let line = String::from_utf8(line).unwrap();
    assert!(!line.trim_end().contains(obeyed));
    assert!(line.contains("\u{e9}, \u{1f600}"));
    let object: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(object["answer"], answer);
}

#[test]
fn people_read_the_answer_and_where_its_words_stand() {
    let citations =
        vec![found(4, 17, Match::Exact), AnswerCitation { text: "invented\u{1b}[2J".into(), located: None }];
    let report = report_of("one\ntwo words\nhere", Some("It is two."), citations, Ending::Answered);
    let mut out = Vec::new();
    report.write_human(&mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "It is two.\n\n[1] report.txt, line 2: \"two words her\"\n[2] not found in the documents: \"invented␛[2J\"\n"
    );
}

#[test]
fn without_an_answer_people_read_why() {
    for (ending, sentence) in [
        (Ending::NoAnswer { reason: "the documents do not tell".into() }, "No answer: the documents do not tell.\n"),
        (Ending::Cancelled, "No answer: the run was stopped before it came to one.\n"),
    ] {
        let mut out = Vec::new();
        report_of("text", None, Vec::new(), ending).write_human(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), sentence);
    }
}
