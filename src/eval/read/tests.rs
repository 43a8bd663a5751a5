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
