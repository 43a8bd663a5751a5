//! Pausing a run, putting its rounds side by side, and letting documents leave.

use super::super::world::{World, notice, press};
use super::super::*;
use crate::protocol::{Input, ProtocolKind, Settings};

#[test]
fn the_key_pauses_the_run_and_lets_it_go_on_and_the_status_says_so() {
    let mut world = World::new();
    world.half();
    assert_eq!(press(&mut world.model(120, 40), "p"), [Command::Pause]);
    world.input(Input::Pause { holds: false });
    let mut model = world.model(120, 40);
    let head = headline(&model);
    assert_eq!(head.word, "paused");
    assert!(head.detail.contains("still") && head.detail.contains("p goes on"), "{}", head.detail);
    assert_eq!(press(&mut model, "p"), [Command::GoOn]);
    let mut idle = World::new().model(120, 40);
    assert!(press(&mut idle, "p").is_empty() && notice(&idle).contains("no run is in flight"));
}

#[test]
fn in_a_replay_no_key_is_named_that_lets_the_run_go_on() {
    let mut world = World::new();
    world.half().input(Input::Pause { holds: false });
    let mut model = world.model(120, 40);
    update(&mut model, Message::Player(Player::default()));
    assert!(!headline(&model).detail.contains("goes on"), "{}", headline(&model).detail);
}

#[test]
fn a_paused_run_is_quit_without_a_question_and_stays_open() {
    let mut world = World::new();
    world.half().input(Input::Pause { holds: false });
    let mut model = world.model(120, 40);
    assert_eq!(press(&mut model, "q"), [Command::Quit]);
}

#[test]
fn two_rounds_are_compared_where_there_are_two() {
    let mut one = World::new().half().model(120, 40);
    assert!(press(&mut one, "D").is_empty() && notice(&one).contains("no two rounds"));
    let mut two = World::new().two_rounds().model(120, 40);
    assert_eq!(press(&mut two, "D"), [Command::CompareRounds { a: 1, b: 2 }]);
}

#[test]
fn whole_documents_leave_only_where_that_key_was_pressed() {
    let mut world = World::new();
    world.start_with(Settings { protocol: ProtocolKind::RemoteOnly, ..Settings::default() });
    let model = world.model(80, 24);
    assert!(matches!(model.overlay, Some(Overlay::Consent)));
    assert_eq!(press(&mut model.clone(), "y"), [Command::Consent]);
    assert_eq!(press(&mut model.clone(), "enter"), [], "a second Enter sends nothing");
    assert_eq!(press(&mut model.clone(), "n"), [Command::StopRun]);
}
