use super::*;
use crate::eval::question::{Evidence, Place, Source};

fn problems(file: &str, text: &str) -> Vec<String> {
    read(file, text).unwrap_err().problems
}

#[test]
fn lines_may_leave_out_what_is_not_known() {
    let text = "\u{feff}{\"question\": \"Why?\", \"document\": \"a.txt\"}\n\n\
        {\"id\": 7, \"dataset\": \"d\", \"doc_ids\": [\"a\", \"b\"], \"question\": \"How much?\", \"answer\": 12.5, \"evidence\": [\
        {\"doc_id\": \"b\", \"start\": 4, \"end\": 9, \"byte_start\": 5, \"byte_end\": 11, \"key_spans\": [[4, 6]]}, {\"text\": \"in words\"}]}\n";
    let questions = read("set.jsonl", text).unwrap();
    assert_eq!((questions[0].id.as_str(), questions[0].dataset.as_str()), ("1", "set"));
    assert_eq!(questions[0].documents, [Source::File("a.txt".into())]);
    assert!(questions[0].answers.is_empty() && questions[0].evidence.is_empty());
    assert_eq!((questions[1].id.as_str(), questions[1].answers[0].as_str()), ("7", "12.5"));
    let bytes = Evidence { document: 1, place: Place::Bytes(5..11), keys: std::iter::once(4..6).collect() };
    let words = Evidence { document: 0, place: Place::Words("in words".into()), keys: Vec::new() };
    assert_eq!(questions[1].evidence, [bytes, words]);
}

#[test]
fn every_broken_line_is_named_and_hides_no_other() {
    let text = "{\"question\": \"Why?\"}\nnot json\n{\"id\": \"x\", \"question\": \"q\", \"document\": \"d\"}\n\
        {\"id\": \"x\", \"question\": \"q\", \"document\": \"d\"}\n[1]\n{\"document\": \"d\"}\n{\"question\": \" \", \"document\": \"d\"}\n\
        {\"question\": \"q\", \"document\": \"d\", \"evidence\": [{\"doc_id\": \"e\", \"text\": \"t\"}]}\n\
        {\"question\": \"q\", \"document\": \"d\", \"evidence\": [{\"start\": 9, \"end\": 2}]}\n\
        {\"question\": \"q\", \"document\": \"d\", \"evidence\": [{}]}\n";
    let told = problems("set.jsonl", text);
    for (n, (line, words)) in [
        ("line 1", "no document is named"),
        ("line 2", "no JSON object"),
        ("line 4", "\"x\" was there before"),
        ("line 5", "no JSON object"),
        ("line 6", "no `question`"),
        ("line 7", "the question is blank"),
        ("line 8", "names the document \"e\", the question does not"),
        ("line 9", "`start` and `end` must be whole numbers"),
        ("line 10", "evidence needs"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(told[n].starts_with(&format!("{line}: ")) && told[n].contains(words), "{line}: {}", told[n]);
    }
    assert_eq!(told.len(), 9);
    assert_eq!(problems("set.jsonl", " \n"), ["there is no question in it"]);
    assert!(read("set.jsonl", "x\n".repeat(20).as_str()).unwrap_err().to_string().ends_with("and 8 more"));
}

#[test]
fn csv_has_names_in_its_first_row() {
    let text = "Question,document,answer,options,evidence\n\"How much,\nin all?\",a.txt|b.txt,12,,\"twelve, all told\"\nWhich?,a.txt,B,one|two,\n";
    let questions = read("set.csv", text).unwrap();
    assert_eq!(questions[0].question, "How much,\nin all?");
    assert_eq!(questions[0].documents.len(), 2);
    assert_eq!(questions[0].evidence[0].place, Place::Words("twelve, all told".into()));
    assert_eq!(questions[1].options, ["one", "two"]);
    assert_eq!((questions[0].id.as_str(), questions[1].id.as_str()), ("1", "2"));

    assert_eq!(problems("set.csv", "a,b\n1,2\n"), ["line 1: no column is named `question`"]);
    let told = problems("set.csv", "question,document\nq,d\nq\n,d\nq,\n");
    assert_eq!(told[0], "line 3: there are 1 fields where the first line names 2");
    assert_eq!(told[1], "line 4: the question is blank");
    assert!(told[2].starts_with("line 5: no document is named"), "{told:?}");
}

#[test]
fn financebench_is_read_as_published() {
    let text = "{\"financebench_id\":\"financebench_id_03029\",\"company\":\"3M\",\"doc_name\":\"3M_2018_10K\",\"question_type\":\
        \"metrics-generated\",\"question\":\"What is the FY2018 capital expenditure?\",\"answer\":\"$1577.00\",\"evidence\":[{\
        \"evidence_text\":\"Purchases of PP&E (1,577)\",\"doc_name\":\"3M_2018_10K\",\"evidence_page_num\":59}]}\n";
    let questions = read("financebench_open_source.jsonl", text).unwrap();
    assert_eq!((questions[0].id.as_str(), questions[0].dataset.as_str()), ("financebench_id_03029", "financebench"));
    assert_eq!(questions[0].documents, [Source::File("3M_2018_10K".into())]);
    assert_eq!(questions[0].evidence[0].place, Place::Words("Purchases of PP&E (1,577)".into()));
}

#[test]
fn longhealth_is_read_as_published() {
    let text = r#"{"patient_01": {"name": "A", "birthday": "1970", "diagnosis": "D", "texts": {"text_10": "last", "text_0": "first", "text_9": "ninth"},
        "questions": [{"No": 3, "question": "Which?", "answer_a": "one", "answer_b": "two", "answer_c": "three",
        "answer_d": "four", "answer_e": "five", "correct": "two"}]}}"#;
    let questions = read("benchmark_v5.json", text).unwrap();
    assert_eq!((questions[0].id.as_str(), questions[0].dataset.as_str()), ("patient_01/3", "longhealth"));
    assert_eq!(
        questions[0].documents,
        [Source::Text { name: "patient_01".into(), text: "first\n\nninth\n\nlast".into() }]
    );
    assert_eq!((questions[0].options.len(), questions[0].answers[0].as_str()), (5, "two"));
    assert!(questions[0].asked().contains("\nB) two\n"));
    let broken = text.replace("\"correct\": \"two\"", "\"right\": 1");
    assert_eq!(problems("b.json", &broken), ["patient_01, question 1: `correct` does not say which is right"]);
}

#[test]
fn qasper_is_read_as_published() {
    let text = r#"{"1909.00694": {"title": "T", "abstract": "A", "full_text": [{"section_name": "Intro", "paragraphs": ["One.", "Two."]}],
        "qas": [{"question": "How large?", "question_id": "q1", "answers": [
          {"answer": {"unanswerable": true, "extractive_spans": [], "yes_no": null, "free_form_answer": "", "evidence": []}},
          {"answer": {"unanswerable": false, "extractive_spans": ["One", "Two"], "yes_no": null, "free_form_answer": "",
            "evidence": ["One.", "FLOAT SELECTED: Table 1"]}},
          {"answer": {"unanswerable": false, "extractive_spans": [], "yes_no": false, "free_form_answer": "", "evidence": ["Two."]}}]}]}}"#;
    let questions = read("qasper-dev-v0.3.json", text).unwrap();
    assert_eq!(questions[0].answers, ["One, Two", "No"]);
    assert!(questions[0].unanswerable);
    assert_eq!(questions[0].evidence.len(), 1);
    let Source::Text { text, .. } = &questions[0].documents[0] else { panic!() };
    assert_eq!(text.as_ref(), "T\n\nA\n\nIntro\n\nOne.\n\nTwo.");
}
