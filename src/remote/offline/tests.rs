use proptest::prelude::*;

use super::outputs::{Found, read_outputs};
use super::*;
use crate::document::Document;
use crate::protocol::Price;
use crate::protocol::{
    AskId, Decision, Estimate, Fact, Message, ReplyFormat, SessionOpened, Settings, State, extract_code,
    parse_decision,
    prompts::{self, data},
};

fn ask(purpose: Purpose, round: u32, messages: Vec<Message>) -> RemoteAsk {
    RemoteAsk {
        ask: AskId { round, n: 1 },
        purpose,
        attempt: 1,
        messages,
        format: ReplyFormat::Text,
        max_output_tokens: 4096,
        estimate: Estimate::default(),
    }
}

fn plan(question: &str, characters: usize, round: u32) -> String {
    let prompt = format!(
        "{}\n\n{}\n\n- At most 2048 jobs in all and at most 3 tasks for each chunk; every job is repeated 1 time(s) as samples, which count.",
        data("question", question),
        data("documents", &format!("document 0: {characters} characters"))
    );
    OfflinePlanner::default().reply(&ask(Purpose::Decompose, round, vec![Message::system("s"), Message::user(prompt)]))
}

fn decision(question: &str, found: &[Found], scratchpad: &str, round: u32, last: bool) -> Decision {
    let outputs: String = found.iter().map(|found| found.write() + "\n").collect();
    let outputs = if outputs.is_empty() { "No worker found anything.".to_owned() } else { outputs };
    let prompt = format!(
        "{}\n\n{}\n\n{}",
        data("question", question),
        data("scratchpad", scratchpad),
        data("outputs", &outputs)
    );
    let end = if last {
        "Now decide.\n\nThis was the last round: the decision must be \"provide_final_answer\"."
    } else {
        "Now decide."
    };
    let messages = vec![Message::system("s"), Message::user(prompt), Message::assistant("thought"), Message::user(end)];
    parse_decision(&OfflinePlanner::default().reply(&ask(Purpose::Decide, round, messages)), last).unwrap()
}

fn quote(citation: &str) -> Found {
    Found { citation: citation.into(), answer: None }
}

/// A state in which a round stands, as the protocol would ask from it.
fn state(question: &str, round: u32, last: bool) -> State {
    let mut state = State::default();
    let model = OfflinePlanner::default().info();
    let settings = Settings { max_jobs: 77, tasks_per_round: 2, samples: 5, chunk_chars: 640, ..Settings::default() };
    state.apply(&Fact::SessionOpened(Box::new(SessionOpened {
        question: question.into(),
        settings,
        documents: vec![Document::from_text("a", "x".repeat(1234)).reference()],
        remote: model.clone(),
        local: model,
        prompts: String::new(),
        program: String::new(),
        clock_ms: None,
        embedding: None,
        parent: None,
    })));
    for round in 1..=round {
        state.apply(&Fact::RoundBegan { round, last });
    }
    state
}

#[test]
fn what_the_prompts_say_is_what_the_planner_reads() {
    let mut state = state("How many penguins?", 1, true);
    let read = |state: &State, purpose| Request::read(&ask(purpose, 1, prompts::messages(state, purpose)));
    let decompose = read(&state, Purpose::Decompose);
    assert_eq!(decompose.question.text, "How many penguins?");
    assert_eq!(decompose.characters, 1234);
    let limits = decompose.limits;
    assert_eq!((limits.jobs, limits.tasks, limits.samples, limits.chunk), (77, 2, 5, Some(640)));
    assert_eq!(Plan::of(&decompose, KEPT_SHARE).jobs, 15);
    state.apply(&Fact::OutputsAggregated { round: 1, text: quote("Two penguins.").write(), kept: 1, dropped: 0 });
    assert_eq!(read_outputs(&read(&state, Purpose::Think).outputs), [quote("Two penguins.")]);
    assert!(read(&state, Purpose::Decide).last);
}

#[test]
fn a_program_that_ran_out_of_its_time_is_followed_by_one_that_does_less() {
    let documents = data("documents", "document 0: 9000000 characters");
    let prompt = format!("{}\n\n{documents}", data("question", "How many penguins?"));
    let planned = |attempt: u32, error: &str| {
        let messages = vec![Message::system("s"), Message::user(prompt.clone()), Message::user(error.to_owned())];
        OfflinePlanner::default().reply(&RemoteAsk { attempt, ..ask(Purpose::Decompose, 1, messages) })
    };
    let slow = "the program ran longer than its time limit of 20 s: do less work, or do it in fewer steps";
    let (first, again, last) = (planned(1, ""), planned(2, slow), planned(3, slow));
    let by_host = |program: &str| program.contains("chunk_by_section(document");
    let chunk = |program: &str| -> usize {
        let line = program.lines().find_map(|line| line.strip_prefix("CHUNK = ")).unwrap();
        line.split(' ').next().unwrap().parse().unwrap()
    };
    assert!(!by_host(&first) && by_host(&again) && by_host(&last));
    assert!(chunk(&first) < chunk(&again) && chunk(&again) < chunk(&last));
    assert!(!by_host(&planned(2, "NameError: name 'x' is not defined")));
    assert!(by_host(&plan("How many penguins?", 100_000_000, 1)));
}

#[test]
fn a_later_round_reads_more_and_larger_chunks() {
    let (first, second) = (plan("How many penguins?", 50_000, 1), plan("How many penguins?", 50_000, 2));
    let line = |text: &str, name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert_eq!(line(&first, "CHUNK"), "CHUNK = 500  # characters of a chunk at most");
    assert_eq!(line(&second, "CHUNK"), "CHUNK = 800  # characters of a chunk at most");
    assert_eq!(line(&first, "KEEP"), "KEEP = 5000  # characters sent on at most");
    assert_eq!(line(&second, "KEEP"), "KEEP = 7500  # characters sent on at most");
}

#[test]
fn a_strong_quotation_becomes_the_answer_word_for_word() {
    let found = [
        quote("The weather was fine.\nIn all, 4,812 penguins live on the island.\nSeals are rare."),
        quote("Nothing of note."),
    ];
    let Decision::ProvideFinalAnswer(answer) = decision("How many penguins live on the island?", &found, "", 1, false)
    else {
        panic!("asked for more")
    };
    assert!(answer.answer.unwrap().contains("4,812 penguins"));
    assert_eq!(answer.citations[0], "In all, 4,812 penguins live on the island.");
    assert!(answer.explanation.contains("no model"));
}

#[test]
fn thin_evidence_asks_for_another_round_and_keeps_what_is_known() {
    let found = [quote("The island is small.")];
    let question = "How many penguins breed on the northern island in winter?";
    let Decision::RequestAdditionalInfo(more) = decision(question, &found, "", 1, false) else { panic!("answered") };
    assert!(more.feedback.contains("penguins"));
    assert_eq!(read_outputs(&more.scratchpad), found);
    let Decision::ProvideFinalAnswer(answer) = decision(question, &[], &more.scratchpad, 2, true) else {
        panic!("asked for more in the last round")
    };
    assert_eq!(answer.answer, None, "one word of five is no answer");
    assert_eq!(answer.citations, ["The island is small."]);
}

#[test]
fn nothing_found_is_said_honestly() {
    let Decision::ProvideFinalAnswer(answer) = decision("How many penguins?", &[], "", 3, true) else {
        panic!("asked for more in the last round")
    };
    assert_eq!(answer.answer, None);
    assert!(answer.citations.is_empty() && answer.explanation.contains("penguins"));
}

#[test]
fn a_table_row_is_answered_with_the_years_above_it() {
    let found = [quote("(in millions)  2019  2018\nInventories, net  32  43\nProperty and equipment, net  253  282")];
    let Decision::ProvideFinalAnswer(answer) = decision("What were the inventories, net?", &found, "", 1, true) else {
        panic!("asked for more")
    };
    assert!(answer.answer.unwrap().contains("Inventories, net 32 43 (under: (in millions) 2019 2018)"));
}

#[tokio::test]
async fn the_planner_says_that_it_is_no_model_and_counts_tokens_as_estimates() {
    let (deltas, mut received) = mpsc::channel(1);
    let request = ask(Purpose::Advise, 1, vec![Message::user(data("question", "How many penguins?"))]);
    let reply = OfflinePlanner::default().ask(&request, deltas).await.unwrap();
    assert!(reply.usage.estimated && reply.text.contains("without a model") && reply.text.contains("penguins"));
    assert_eq!(received.recv().await, Some(reply.text));
    assert!(!OfflinePlanner::default().info().is_model);
    assert_eq!(OfflinePlanner::default().info().price, Some(Price::default()), "it runs here and is free");
}

proptest! {
    #[test]
    fn whatever_is_asked_the_program_is_one_block_of_well_formed_lines(question in "(?s).{0,80}", round in 1u32..4) {
        let code = extract_code(&plan(&question, 100_000, round)).unwrap();
        prop_assert!(code.contains("def prepare_jobs(") && code.contains("def transform_outputs("));
        let head = code.split("def cut(").next().unwrap();
        for line in head.lines() {
            prop_assert_eq!(open_quotes(line) % 2, 0, "{}", line);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }

    #[test]
    fn a_python_string_holds_the_text(text in "(?s).{0,60}") {
        prop_assert_eq!(read_python_string(&program::python_string(&text)), text);
    }

    #[test]
    fn every_decision_can_be_read_and_the_last_round_answers(
        question in ".{0,60}", citation in "(?s).{0,120}", last in proptest::bool::ANY
    ) {
        let found = [quote(&format!("x{citation}"))];
        let decided = decision(&question, &found, "", 1, last);
        prop_assert!(!last || matches!(decided, Decision::ProvideFinalAnswer(_)));
        if let Decision::ProvideFinalAnswer(answer) = decided {
            for citation in answer.citations {
                prop_assert!(found[0].citation.contains(&citation));
            }
        }
    }
}

fn open_quotes(line: &str) -> usize {
    let mut escaped = false;
    line.chars()
        .filter(|&c| {
            let quote = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            quote
        })
        .count()
}

/// A Python string literal as Python reads it, for the escapes that are written here.
fn read_python_string(literal: &str) -> String {
    let mut text = String::new();
    let mut chars = literal[1..literal.len() - 1].chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => text.push('\n'),
            ('\\', Some('U')) => {
                let code: String = chars.by_ref().take(8).collect();
                text.push(char::from_u32(u32::from_str_radix(&code, 16).unwrap()).unwrap());
            }
            ('\\', Some(plain)) => text.push(plain),
            _ => text.push(c),
        }
    }
    text
}
