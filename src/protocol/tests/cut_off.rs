//! A reply of the remote LM that ended at its cap is told as that.

use super::world::*;
use crate::protocol::*;

const SETTING: &str = "cut off at remote.max_output_tokens = 4096";

fn world(cut: Vec<(Purpose, &'static str)>) -> World {
    World { cut, ..World::default() }
}

fn reason(run: &Run) -> &str {
    run.state.ending().unwrap().reason().unwrap()
}

#[test]
fn where_all_went_into_thinking_the_session_ends_at_once_and_says_what_to_do() {
    for purpose in [Purpose::Advise, Purpose::Decompose, Purpose::Think, Purpose::Decide] {
        let run = world(vec![(purpose, " \n")]).run();
        assert_eq!((run.state.ending().unwrap().name(), run.asked_for(purpose).len()), ("no_answer", 1));
        let told = reason(&run);
        for words in [SETTING, "before a word of it came", "raise that setting", purpose.name()] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
    let settings = Settings { protocol: ProtocolKind::RemoteOnly, ..Settings::default() };
    let run = World { settings, ..world(vec![(Purpose::Answer, "")]) }.run();
    assert!(reason(&run).contains(SETTING) && run.asked.len() == 1, "{}", reason(&run));
}

#[test]
fn half_a_program_is_sent_back_as_what_it_is() {
    for half in
        ["```python\ndef prepare_jobs(context):\n    return []\ndef transform_out", "```python\nx = 1\n```\nThen"]
    {
        let run = world(vec![(Purpose::Decompose, half)]).run();
        assert_eq!((run.state.ending(), run.asked_for(Purpose::Decompose).len()), (Some(&Ending::Answered), 2));
        let repair = run.last_user_message(Purpose::Decompose);
        assert!(repair.contains(SETTING) && repair.contains("be briefer"), "{repair}");
    }
    let run = world(vec![(Purpose::Decompose, "```python\nhalf"); 3]).run();
    assert!(reason(&run).contains(SETTING), "{}", reason(&run));
}

#[test]
fn what_was_whole_before_the_cap_is_used() {
    let talks_on = format!("{PROGRAM}\nThis program does the following: it").leak();
    let decided = format!("{FINAL}\nI decided so since").leak();
    let run = world(vec![(Purpose::Decompose, talks_on), (Purpose::Decide, decided)]).run();
    assert_eq!((run.state.ending(), run.asked.len()), (Some(&Ending::Answered), 4));
    assert!(run.state.notes.is_empty(), "{:?}", run.state.notes);
}

#[test]
fn half_a_decision_is_asked_for_again_as_a_briefer_one() {
    let run = world(vec![(Purpose::Decide, r#"{"decision": "provide_final_an"#)]).run();
    assert_eq!((run.state.ending(), run.asked_for(Purpose::Decide).len()), (Some(&Ending::Answered), 2));
    let again = run.last_user_message(Purpose::Decide);
    assert!(again.contains(SETTING) && again.contains("be briefer"), "{again}");

    let settings = Settings { protocol: ProtocolKind::Minion, ..Settings::default() };
    let run = World { settings, ..world(vec![(Purpose::Message, r#"{"message": "Wh"#); 3]) }.run();
    assert!(reason(&run).contains(SETTING), "{}", reason(&run));
}

#[test]
fn advice_and_thoughts_that_go_on_cut_are_noted() {
    let run = world(vec![(Purpose::Advise, "Look for"), (Purpose::Think, "It says")]).run();
    assert_eq!(run.state.ending(), Some(&Ending::Answered));
    let [advice, thought] = &run.state.notes[..] else { panic!("{:?}", run.state.notes) };
    assert!(
        advice.contains(SETTING) && advice.contains("(advise)") && thought.contains("(think)"),
        "{advice} {thought}"
    );
}
