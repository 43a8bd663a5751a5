//! Minion and the two baselines, every branch: the last round, empty outputs, conflicting samples, a remote LM that never
//! decides, a person who does not agree.

use super::world::*;
use crate::document::{Document, Span};
use crate::protocol::*;

const ASK_ON: &str = r#"{"decision": "request_additional_info", "explanation": "thin", "feedback": "And which year?", "scratchpad": "42 so far"}"#;
const OTHER: &str = r#"{"explanation": "hm", "citation": null, "answer": "43"}"#;
const OTHER_MADE: &str = r#"{"explanation": "neither", "citation": "of neither", "answer": "44"}"#;
const SAME: &str = r#"{"explanation": "it is said", "citation": "the answer is 42", "answer": "42."}"#;

/// Windows of so many characters of the world's document.
fn settings(protocol: ProtocolKind, size: usize) -> Settings {
    let windows = windows(&[Document::from_text("d", text())], None, size, 0);
    Settings { protocol, windows, ..Settings::default() }
}

fn chat(size: usize) -> World {
    World { settings: settings(ProtocolKind::Minion, size), ..World::default() }
}

fn local(size: usize) -> World {
    World { settings: settings(ProtocolKind::LocalOnly, size), ..World::default() }
}

fn purposes(run: &Run) -> Vec<Purpose> {
    run.asked.iter().map(|ask| ask.purpose).collect()
}

fn said(run: &Run) -> String {
    run.asked.last().unwrap().messages.iter().map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_chat_goes_from_a_message_to_a_cited_answer_and_sends_no_document() {
    let run = chat(1000).run();
    assert_eq!(purposes(&run), [Purpose::Message, Purpose::Think, Purpose::Decide]);
    assert_eq!(run.state.ending(), Some(&Ending::Answered));
    let round = &run.state.rounds[0];
    assert_eq!((round.jobs.len(), round.tasks.as_slice()), (1, ["What is the answer?".to_owned()].as_slice()));
    assert_eq!(round.chunks, [Chunk::Span(Span::new(0, 0, text().len()))]);
    assert!(round.aggregated.as_ref().unwrap().text.contains("citation, 16 characters:\nthe answer is 42"));
    assert_eq!(run.state.answer.as_ref().unwrap().citations[0].text, "the answer is 42");
    assert!(run.asked.iter().flat_map(|ask| &ask.messages).all(|message| !message.content.contains("noise")));
    assert!(run.asked.iter().all(|ask| (ask.format == ReplyFormat::Json) == (ask.purpose != Purpose::Think)));
}

#[test]
fn the_next_message_comes_with_the_decision_and_both_remember_what_was_said() {
    let run = World { decisions: vec![ASK_ON, FINAL], ..chat(1000) }.run();
    let second = &run.state.rounds[1];
    assert_eq!(second.tasks, ["And which year?"]);
    assert!(second.advices[0].contains("asked: What is the answer?\nyou: 42"), "{:?}", second.advices);
    assert!(said(&run).contains("It says 42.") && said(&run).contains("42 so far"));
    assert_eq!(run.asked_for(Purpose::Message).len(), 1);
}

#[test]
fn without_a_memory_a_round_starts_from_its_message_alone() {
    let mut world = World { decisions: vec![ASK_ON, FINAL], ..chat(1000) };
    world.settings.means.memory = Memory::Retry;
    let run = world.run();
    assert_eq!(run.state.rounds[1].advices, [""]);
    let said = said(&run);
    assert!(said.contains("And which year?") && said.contains("neither of you will remember"));
    assert!(!said.contains("42 so far"), "{said}");
}

#[test]
fn in_the_last_round_the_reply_is_answered_at_once_and_no_more_is_asked() {
    let mut world = World { decisions: vec![ASK_ON, ASK_ON, FINAL], ..chat(1000) };
    world.settings.max_rounds = 1;
    let run = world.run();
    assert_eq!(purposes(&run), [Purpose::Message, Purpose::Decide, Purpose::Decide, Purpose::Decide]);
    assert!(run.last_user_message(Purpose::Decide).contains("this is the last round"));
    assert!(said(&run).contains("This was the last round") && said(&run).contains("The reader replied:"));
    assert_eq!(run.state.ending(), Some(&Ending::Answered));
}

#[test]
fn a_remote_lm_that_never_decides_or_never_asks_ends_without_an_answer() {
    let run = World { decisions: vec!["Hm."], ..chat(1000) }.run();
    assert_eq!(run.asked_for(Purpose::Decide).len(), 3);
    assert!(matches!(run.state.ending(), Some(Ending::NoAnswer { reason }) if reason.contains("valid decision")));
    let run = World { messages: vec!["Hello?", r#"{"message": ""}"#, "{"], ..chat(1000) }.run();
    assert_eq!(purposes(&run), [Purpose::Message; 3]);
    assert!(run.last_user_message(Purpose::Message).contains("`message` is blank"));
    assert!(matches!(run.state.ending(), Some(Ending::NoAnswer { reason }) if reason.contains("readable message")));
    let run =
        World { decisions: vec![r#"{"decision": "request_additional_info", "feedback": " "}"#, FINAL], ..chat(1000) }
            .run();
    assert!(run.last_user_message(Purpose::Decide).contains("`feedback` is blank"));
}

#[test]
fn a_message_that_was_mended_is_asked_and_the_decision_begins_anew() {
    let run = World { messages: vec!["Hello?", MESSAGE], decisions: vec!["Hm.", FINAL], ..chat(1000) }.run();
    let attempts: Vec<(Purpose, u32)> = run.asked.iter().map(|ask| (ask.purpose, ask.attempt)).collect();
    let decide = Purpose::Decide;
    assert_eq!(attempts, [(Purpose::Message, 1), (Purpose::Message, 2), (Purpose::Think, 1), (decide, 1), (decide, 2)]);
    let first = &run.asked_for(decide)[0].messages;
    assert!(first.last().unwrap().content.contains("Now decide"), "the mended message is no news any more");
}

#[test]
fn a_document_that_is_too_long_is_read_by_windows_and_the_remote_lm_is_told() {
    let run = World { workers: vec![Ok((ANSWERED, Finish::Stop)), Ok((ABSTAINED, Finish::Stop))], ..chat(30) }.run();
    let round = &run.state.rounds[0];
    assert!(round.chunks.len() > 2 && round.jobs.len() == round.chunks.len());
    let opening = &run.asked[0].messages[1].content;
    assert!(opening.contains(&format!("it reads {} windows", round.chunks.len())));
    let told = &round.aggregated.as_ref().unwrap().text;
    assert!(told.starts_with("Window 1 of ") && told.contains("other reading(s) nothing was found"), "{told}");
}

#[test]
fn a_reader_that_finds_nothing_or_fails_is_told_as_such() {
    let run = World { workers: vec![Ok((ABSTAINED, Finish::Stop))], ..chat(1000) }.run();
    assert_eq!(
        run.state.rounds[0].aggregated.as_ref().unwrap().text,
        "The reader found nothing in the document that tells."
    );
    let run = World { workers: vec![Err("refused")], ..chat(1000) }.run();
    assert!(run.state.rounds[0].aggregated.as_ref().unwrap().text.ends_with("1 reading(s) came to nothing."));
}

#[test]
fn samples_that_disagree_are_merged_as_the_lever_says() {
    let workers = vec![Ok((OTHER, Finish::Stop)), Ok((ANSWERED, Finish::Stop)), Ok((SAME, Finish::Stop))];
    for (merge, kept) in
        [(Merge::Union, vec!["43", "42", "42."]), (Merge::Majority, vec!["42"]), (Merge::BestCited, vec!["42"])]
    {
        let mut world = World { workers: workers.clone(), ..chat(1000) };
        world.settings.samples = 3;
        world.settings.means.merge = merge;
        let run = world.run();
        let jobs = merged(&run.state.rounds[0], merge);
        let answers: Vec<&str> = jobs.iter().filter_map(|job| job.outcome()?.output()?.answer.as_deref()).collect();
        assert_eq!(answers, kept, "{merge:?}");
        let told = &run.state.rounds[0].aggregated.as_ref().unwrap().text;
        assert_eq!(told.contains("43"), merge == Merge::Union, "{told}");
    }
    // Most abstained: that is what they say.
    let mut world = World {
        workers: vec![Ok((ABSTAINED, Finish::Stop)), Ok((ABSTAINED, Finish::Stop)), Ok((OTHER, Finish::Stop))],
        ..chat(1000)
    };
    world.settings.samples = 3;
    world.settings.means.merge = Merge::Majority;
    assert!(!world.run().state.rounds[0].aggregated.as_ref().unwrap().text.contains("43"));
}

#[test]
fn the_local_lm_alone_answers_from_one_window_and_asks_nobody() {
    let run = local(1000).run();
    assert!(run.asked.is_empty());
    assert_eq!(run.state.ending(), Some(&Ending::Answered));
    let answer = run.state.answer.as_ref().unwrap();
    assert_eq!((answer.answer.as_deref(), answer.citations[0].text.as_str()), (Some("42"), "the answer is 42"));
}

#[test]
fn answers_of_several_windows_are_read_once_more_until_one_is_left() {
    let answers = [
        r#"{"explanation": "a", "citation": "the answer is 42", "answer": "42"}"#,
        r#"{"explanation": "b", "citation": "noise", "answer": "noise"}"#,
        r#"{"explanation": "c", "citation": "anyone can tell", "answer": "anyone"}"#,
    ];
    for samples in [1, 2] {
        let mut world = World { workers: answers.map(|text| Ok((text, Finish::Stop))).to_vec(), ..local(20) };
        world.settings.samples = samples;
        let run = world.run();
        assert!(run.state.rounds.len() > 1 && run.asked.is_empty());
        for pair in run.state.rounds.windows(2) {
            assert!(pair[1].jobs.len() < pair[0].jobs.len(), "each round leaves fewer");
        }
        assert!(matches!(&run.state.rounds[1].chunks[0], Chunk::Text(text) if text.contains("42\nthe answer is 42")));
        assert_eq!(run.state.answer.as_ref().unwrap().answer.as_deref(), Some("42"));
    }
}

#[test]
fn an_answer_made_of_answers_stands_on_what_the_windows_cited_and_not_on_words_of_its_own() {
    let made = r#"{"explanation": "both", "citation": "42\nthe answer is 42\n\nnoise\nnoise", "answer": "42."}"#;
    let workers = [ANSWERED, r#"{"explanation": "b", "citation": "noise", "answer": "noise"}"#, ABSTAINED];
    let workers = workers.map(|text| Ok((text, Finish::Stop))).to_vec();
    for (says, stands_on) in [(made, "the answer is 42"), (OTHER_MADE, "of neither")] {
        let run = World { workers: workers.clone(), reads_again: Some(says), ..local(30) }.run();
        assert_eq!(run.state.rounds.len(), 2);
        let cited: Vec<&str> =
            run.state.answer.as_ref().unwrap().citations.iter().map(|citation| citation.text.as_str()).collect();
        assert_eq!(cited, [stands_on]);
    }
}

#[test]
fn the_local_lm_alone_says_when_it_found_nothing_and_why_it_failed() {
    let run = World { workers: vec![Ok((ABSTAINED, Finish::Stop))], ..local(30) }.run();
    assert!(matches!(run.state.ending(), Some(Ending::NoAnswer { .. })));
    let run = World { workers: vec![Err("refused")], ..local(30) }.run();
    assert!(matches!(run.state.ending(), Some(Ending::Failed { error }) if error.contains("refused")));
    let run = World { workers: vec![Ok(("garbage", Finish::Stop))], ..local(30) }.run();
    assert!(matches!(run.state.ending(), Some(Ending::NoAnswer { reason }) if reason.contains("no job")));
    // What the windows found stands, though the second reading makes nothing of it.
    let workers = vec![Ok((ABSTAINED, Finish::Stop)), Ok((OTHER, Finish::Stop)), Ok((ANSWERED, Finish::Stop))];
    let run = World { workers, ..local(30) }.run();
    assert_eq!(run.state.answer.as_ref().unwrap().answer.as_deref(), Some("43\n42"));
}

#[test]
fn the_whole_document_leaves_only_once_the_person_agreed() {
    let remote =
        World { settings: Settings { protocol: ProtocolKind::RemoteOnly, ..Settings::default() }, ..World::default() };
    let run = remote.run();
    assert!(run.kinds().iter().any(|kind| kind == "consent_given"));
    assert_eq!(purposes(&run), [Purpose::Answer]);
    let content = &run.asked[0].messages[1].content;
    let (documents, question) = content.split_at(prompts::enclosed(content));
    assert!(documents.contains(text()) && !question.contains(text()), "the documents come first: {content}");
    assert!(question.contains(run.state.question()) && !documents.contains(run.state.question()));
    assert!(!prompts::is_follow_up(question));
    assert!(run.asked[0].estimate.worst_cost_usd.unwrap() > 0.0);
    assert_eq!(run.state.ending(), Some(&Ending::Answered));

    let run = World { agrees: false, ..remote.clone() }.run();
    assert!(run.asked.is_empty());
    assert_eq!(run.state.ending(), Some(&Ending::Cancelled));
}

#[test]
fn a_reply_in_words_of_its_own_is_no_reason_to_send_the_document_again() {
    let settings = Settings { protocol: ProtocolKind::RemoteOnly, ..Settings::default() };
    let run = World { settings: settings.clone(), decisions: vec!["It is 42."], ..World::default() }.run();
    assert_eq!((run.asked.len(), run.state.answer.unwrap().answer.as_deref()), (1, Some("It is 42.")));
    let again = World { settings: settings.clone(), decisions: vec!["{bad", MORE, FINAL], ..World::default() };
    let run = again.run();
    assert_eq!((run.asked.len(), run.state.ending()), (3, Some(&Ending::Answered)));
    assert!(run.last_user_message(Purpose::Answer).contains("last round"));
    for (request, holds) in run.asked.iter().zip([true, false, false]) {
        let sent = request.messages.iter().any(|message| message.content.contains(text()));
        assert_eq!(sent, holds, "consent for one sending covers one");
    }
    assert!(run.asked[1].messages[2].content.contains("{bad"), "what it replied is there to be mended");
    let run = World { settings, decisions: vec![" "], ..World::default() }.run();
    assert_eq!(run.asked.len(), 1);
    assert!(matches!(run.state.ending(), Some(Ending::NoAnswer { reason }) if reason.contains("empty reply")));
}

#[test]
fn a_request_that_lacks_its_documents_never_goes_out() {
    let settings = Settings { protocol: ProtocolKind::RemoteOnly, ..Settings::default() };
    let mut state = State::default();
    state.apply(&Fact::SessionOpened(opened(settings, None)));
    state.apply(&Fact::RoundBegan { round: 1, last: true });
    state.apply(&Fact::ConsentGiven);
    let step = advance(&state, None).unwrap();
    assert!(matches!(&step.facts[0], Fact::SessionEnded { ending: Ending::Failed { .. } }));
}

#[test]
fn levers_that_are_moved_hold_from_the_next_round_on() {
    let mut run = World { decisions: vec![MORE, FINAL], ..World::default() }.run();
    let at = run.facts.iter().position(|fact| matches!(fact, Fact::OutputsAggregated { .. })).unwrap();
    let mut levers = Levers::of(&run.state.settings());
    (levers.samples, levers.means.chunker) = (3, Chunker::Heading);
    run.facts.insert(at, Fact::LeversChosen(levers));
    let mut state = State::default();
    for fact in &run.facts {
        let samples = state.settings().samples;
        state.apply(fact);
        let moved = matches!(fact, Fact::RoundBegan { round: 2, .. });
        assert_eq!(
            state.settings().samples != samples && state.opened.is_some() && samples == 1,
            moved && samples == 1
        );
    }
    assert_eq!((state.settings().samples, state.settings().means.chunker), (3, Chunker::Heading));
}

#[test]
fn the_remote_lm_is_told_of_the_means_that_were_set() {
    let means = Means {
        merge: Merge::Majority,
        chunker: Chunker::Page,
        overlap_chars: 40,
        retrieval: Retrieval::On,
        retrieve_k: 7,
        memory: Memory::Retry,
    };
    let settings = Settings { samples: 2, means, ..Settings::default() };
    let run = World { settings, decisions: vec![MORE, FINAL], ..World::default() }.run();
    let told = run.last_user_message(Purpose::Decompose);
    for words in
        ["`chunk_by_page`", "share 40 characters", "7 chunks for each task", "which says what most say", "look further"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("nothing yet"), "the scratchpad is not kept");
    let plain = World::default().run();
    assert!(!plain.last_user_message(Purpose::Decompose).contains("Cut the documents with"));
}

#[test]
fn a_reader_without_any_window_ends_with_the_reason_and_waits_for_nothing() {
    for protocol in [ProtocolKind::LocalOnly, ProtocolKind::Minion] {
        let run = World { settings: Settings { protocol, ..Settings::default() }, ..World::default() }.run();
        assert!(matches!(run.state.ending(), Some(Ending::Failed { error }) if error.contains("hold no text")));
    }
}

#[test]
fn a_follow_up_question_is_told_what_is_known_in_every_protocol_that_asks() {
    for protocol in [ProtocolKind::Minions, ProtocolKind::Minion, ProtocolKind::RemoteOnly] {
        let mut opened = opened(settings(protocol, 1000), None);
        let known =
            vec![Known { question: "Whose is it?".into(), answer: Some("Ada's".into()), scratchpad: String::new() }];
        opened.parent =
            Some(Parent { session: "s".into(), seq: 1, anew: false, known, changed: Vec::new(), details: None });
        let mut run = Run { state: State::default(), facts: Vec::new(), asked: Vec::new() };
        let mut waiting = Vec::new();
        take(&mut run, &mut waiting, Input::Start(opened));
        take(&mut run, &mut waiting, Input::Consent);
        if protocol == ProtocolKind::Minions {
            assert!(prompts::messages(&run.state, Purpose::Decompose)[1].content.contains("Ada's"));
            continue;
        }
        let Some(Effect::Ask(request)) = waiting.pop() else { panic!("nothing is asked") };
        let told = &request.messages[1].content;
        assert!(told.contains("Whose is it?") && told.contains("Ada's"), "{told}");
    }
}
