//! The published files, key by key as they stand in their repositories, with invented content.

use super::*;
use crate::document::Document;
use crate::eval::question::{Place, Source};
use crate::eval::score::places;

/// `data/financebench_open_source.jsonl` at cc39aeb of patronus-ai/financebench: all 150 lines have these eleven keys, each piece
/// of evidence these four. Slashes are escaped, and a table's cells stand on lines of their own.
#[test]
fn financebench() {
    let text = concat!(
        r#"{"financebench_id":"financebench_id_03029","company":"Acme","doc_name":"ACME_2018_10K","question_type":"metrics-generated","#,
        r#""question_reasoning":"Information extraction","domain_question_num":null,"question":"What is the FY2018 capital expenditure "#,
        r#"amount (in USD millions) for Acme?","answer":"$1577.00","justification":"The line item was: Purchases of PP&E.","#,
        r#""dataset_subset_label":"OPEN_SOURCE","evidence":[{"evidence_text":"Table of Contents \nAcme Company\nPurchases of property, "#,
        r#"plant and equipment (PP&E)\n \n \n(1,577) \n \n(1,373) \n","doc_name":"ACME_2018_10K","evidence_page_num":59,"#,
        r#""evidence_text_full_page":"Table of Contents \nAcme Company\n58 \n"}]}"#,
        "\n",
        r#"{"financebench_id":"financebench_id_00723","company":"Acme","doc_name":"ACME_2022_10K","question_type":"domain-relevant","#,
        r#""question_reasoning":"Numerical reasoning OR information extraction","domain_question_num":"dg14","question":"Does it improve?","#,
        r#""answer":"No\/unclear","justification":null,"dataset_subset_label":"OPEN_SOURCE","evidence":[{"evidence_text":"One.","doc_name":"#,
        r#""ACME_2022_10K","evidence_page_num":95,"evidence_text_full_page":"One."},{"evidence_text":"Two.","doc_name":"ACME_2022_10K","#,
        r#""evidence_page_num":96,"evidence_text_full_page":"Two."}]}"#,
        "\n",
    );
    let questions = read("financebench_open_source.jsonl", text).unwrap();
    assert_eq!((questions[0].id.as_str(), questions[0].dataset.as_str()), ("financebench_id_03029", "financebench"));
    // The file of the folder `pdfs`, whose name it is without its ending.
    assert_eq!(questions[0].documents, [Source::File("ACME_2018_10K".into())]);
    assert_eq!(questions[0].answers, ["$1577.00"]);
    assert_eq!((questions[1].answers[0].as_str(), questions[1].evidence.len()), ("No/unclear", 2));
    // The cells of a row stand on one line in the text of the PDF.
    let page = "58\n\nTable of Contents\nAcme Company\nPurchases of property, plant and equipment (PP&E)   (1,577)   (1,373)\n";
    let found = places(&questions[0], &[Document::from_text("ACME_2018_10K.pdf", page)]);
    assert_eq!((found.pieces.len(), found.missing), (1, 0));
    // Or in another order, on the page that is named, counted from 0.
    let before = "\x0c".repeat(59);
    let page = "Acme Company\nTable of Contents\n(1,577) (1,373)\nPurchases of property, plant and equipment (PP&E)\n";
    let found =
        places(&questions[0], &[Document::from_text("ACME_2018_10K.pdf", format!("{before}{page}\x0cNotes\n"))]);
    assert_eq!((found.pieces[0].start, found.pieces[0].end), (59, 59 + page.trim_end().len()));
}

/// `data/benchmark_v5.json` of kbressem/LongHealth: patients by name, their letters by name, twenty questions each. That `answer_location`
/// holds shares of a letter's length is an assumption: the published file was not at hand.
#[test]
fn longhealth() {
    let text = r#"{"patient_01": {"name": "Anna Sample", "birthday": "1970-01-01", "diagnosis": "DLBCL",
        "texts": {"text_0": "Dear colleague, first", "text_9": "ninth …", "text_10": "last words"},
        "questions": [{"No": 0, "question": "Which?", "answer_a": "one", "answer_b": "two", "answer_c": "three", "answer_d": "four",
        "answer_e": "five", "correct": "two", "answer_location": {"text_0": {"start": [0.0, 0.5, 0.9], "end": [0.19048, 0.5, 7.0]}, "text_10": {"start": [0.5], "end": [1.0]}}},
        {"No": 3, "question": "How many?", "answer_a": "1", "answer_b": "2", "answer_c": "3", "answer_d": "4", "answer_e": "5",
        "correct": "5", "answer_location": {}}]},
        "patient_02": {"name": "B", "birthday": "1971-02-03", "diagnosis": "MM", "texts": {"text_0": "other"}, "questions": []}}"#;
    let questions = read("benchmark_v5.json", text).unwrap();
    assert_eq!(
        questions.iter().map(|question| question.id.as_str()).collect::<Vec<_>>(),
        ["patient_01/0", "patient_01/3"]
    );
    let letters = "Dear colleague, first\n\nninth …\n\nlast words";
    assert_eq!(questions[0].documents, [Source::Text { name: "patient_01".into(), text: letters.into() }]);
    assert_eq!((questions[0].options.len(), questions[0].answers[0].as_str()), (5, "two"));
    assert!(questions[0].asked().contains("\nB) two\n"));
    let said = places(&questions[0], &[Document::from_text("patient_01", letters)]);
    let words: Vec<&str> = said.pieces.iter().map(|piece| &letters[piece.start..piece.end]).collect();
    assert_eq!(
        (words, said.missing, questions[1].evidence.len()),
        (vec!["Dear", "words"], 0, 0),
        "shares of each letter"
    );
    let broken = text.replace("\"correct\": \"two\"", "\"right\": 1");
    assert_eq!(
        super::read("b.json", &broken).unwrap_err().problems,
        ["patient_01, question 1: `correct` does not say which is right"]
    );
}

/// `qasper-*-v0.3.json`, as in `fixtures/data` at afd0fb9 of allenai/qasper-led-baseline, which names fewer keys than the release does.
#[test]
fn qasper() {
    let text = r#"{"1909.00694": {"title": "T", "abstract": "A", "full_text": [
        {"section_name": "Introduction", "paragraphs": ["One.", ""]},
        {"section_name": "Proposed Method ::: Polarity Function", "paragraphs": ["", "Two."]},
        {"section_name": null, "paragraphs": ["Three."]}],
        "figures_and_tables": [{"caption": "Figure 1: An overview.", "file": "3-Figure1-1.png"}],
        "qas": [{"question": "How large?", "question_id": "7539", "nlp_background": "two", "topic_background": "unfamiliar",
        "paper_read": "no", "search_query": "", "question_writer": "writer0", "answers": [
          {"answer": {"unanswerable": true, "extractive_spans": [], "yes_no": null, "free_form_answer": "", "evidence": [],
            "highlighted_evidence": []}, "annotation_id": "31e8", "timestamp": "2020-07-26 14:43:00.311000-07:00", "worker_id": "w0"},
          {"answer": {"unanswerable": false, "extractive_spans": ["One", "Two"], "yes_no": null, "free_form_answer": "",
            "evidence": ["One.", "FLOAT SELECTED: Table 1: Sizes."], "highlighted_evidence": ["One"]}, "annotation_id": "95da",
            "worker_id": "w1"},
          {"answer": {"unanswerable": false, "extractive_spans": [], "yes_no": false, "free_form_answer": "", "evidence": ["Two."],
            "highlighted_evidence": []}, "annotation_id": "95db", "worker_id": "w2"}]},
        {"question": "Are there three?", "question_id": "7539", "answers": [
          {"answer": {"unanswerable": false, "extractive_spans": [], "yes_no": null, "free_form_answer": "three kinds",
            "evidence": ["Three."], "highlighted_evidence": []}, "annotation_id": "95dc", "worker_id": "w1"}]}]}}"#;
    let questions = read("qasper-dev-v0.3.json", text).unwrap();
    assert_eq!((questions[0].id.as_str(), questions[1].id.as_str()), ("7539", "1909.00694/1"), "each has its own");
    assert_eq!(questions[0].answers, ["One, Two", "No"]);
    assert!(questions[0].unanswerable && !questions[1].unanswerable);
    assert_eq!(questions[0].evidence.len(), 1, "a table is no text of the paper");
    assert_eq!(questions[1].answers, ["three kinds"]);
    assert_eq!(questions[1].evidence[0].place, Place::Words("Three.".into()));
    let Source::Text { text, .. } = &questions[0].documents[0] else { panic!() };
    assert!(text.starts_with("T\n\nA\n\nIntroduction\n\nOne.") && text.ends_with("Two.\n\nThree."), "{text}");
}
