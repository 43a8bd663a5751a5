use std::sync::Arc;

use proptest::prelude::*;

use super::super::ChunkText;
use super::*;
use crate::protocol::{JobId, JobOutput, read_output};

fn job(chunk: &str, task: &str, advice: &str) -> JobRequest {
    JobRequest {
        id: JobId { round: 1, index: 0 },
        chunk: ChunkText::whole(Arc::from(chunk)),
        task: task.into(),
        advice: advice.into(),
        sample: 0,
        max_output_tokens: 512,
    }
}

fn output(chunk: &str, task: &str) -> JobOutput {
    let reply = reply(&job(chunk, task, ""));
    read_output(&reply.text, reply.finish).unwrap()
}

const TABLE: &str = "Strategic Objective 4.4: answer calls sooner.\n\n  Measure  FY 2017  FY 2018  FY 2019  Target\n\n  \
    Average number of minutes\n  4.4 A  17.7  8.60  6.60  ≤5  Not Met\n  to answer phone calls\n\n\n  \
    Average number of days to\n  4.4 B  67.0  58.6  55.7  ≤60  Met\n  process retirement cases\n";

#[test]
fn a_table_row_is_found_by_the_label_around_it() {
    let output = output(TABLE, "What was the average number of minutes to answer phone calls?");
    let answer = output.answer.unwrap();
    assert!(answer.contains("8.60  6.60  ≤5  Not Met") && answer.contains("to answer phone calls"), "{answer}");
    assert!(!answer.contains("process retirement"), "{answer}");
}

#[test]
fn the_sentence_with_the_asked_words_is_the_answer() {
    let chunk =
        "The garden was old. Dr. Brandt stopped lisinopril on 02/11/2019 because of a cough. The walls were grey.";
    let output = output(chunk, "When was lisinopril stopped?");
    assert_eq!(output.answer.unwrap(), "Dr. Brandt stopped lisinopril on 02/11/2019 because of a cough.");
    assert!(output.explanation.contains("lisinopril") && output.explanation.contains("Extractive reader"));
}

#[test]
fn a_chunk_that_speaks_of_something_else_is_abstained_on() {
    let output =
        output("The cat slept on the warm roof all day.", "How many respondents answered the hiring survey in 2019?");
    assert_eq!((output.answer, output.citation), (None, None));
    assert!(output.explanation.contains("abstained"));
}

#[test]
fn the_advice_sets_how_much_is_quoted() {
    let chunk = "One line on apples.\n\nTwo lines on pears.\n\nThree lines on plums.\n\nFour lines on figs.\n";
    let short = read(chunk, "pears", "");
    let long = read(chunk, "pears", "Quote up to 1,000 characters.");
    assert_eq!(&chunk[short.selected.unwrap().citation], "Two lines on pears.");
    assert_eq!(&chunk[long.selected.unwrap().citation], chunk.trim());
}

#[tokio::test]
async fn the_reader_says_that_it_is_no_model_and_counts_tokens_as_estimates() {
    let reader = ExtractiveReader;
    assert!(!reader.info().is_model && reader.max_in_flight() >= 1);
    let long = "A long text on pears. ".repeat(2_000);
    let reply = reader.execute(job(&long, "pears", "")).await.unwrap();
    assert!(reply.usage.estimated && reply.usage.input_tokens > 10_000);
    assert_eq!(reply.finish, Finish::Stop);
}

proptest! {
    #[test]
    fn what_is_quoted_stands_in_the_chunk_byte_for_byte(
        chunk in "([a-d]{1,4}|[0-9]{1,3}|é|≤|\"|\\.|\n|  | ){0,120}",
        task in "([a-d]{1,4} ?){0,6}",
        limit in 0usize..300,
    ) {
        let job = job(&chunk, &task, &format!("Quote up to {limit} characters."));
        let reply = reply(&job);
        let output = read_output(&reply.text, reply.finish).unwrap();
        if let Some(citation) = output.citation {
            prop_assert!(chunk.contains(&citation));
            if let Some(answer) = output.answer {
                prop_assert!(citation.contains(&answer));
            }
        }
    }
}
