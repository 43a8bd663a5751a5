//! What the person is asked where the next call could pass the budget.

use super::*;
use crate::protocol::Scope;

/// A screen whose session waits at its budget.
fn at_the_budget() -> (World, Model) {
    let mut world = World { budget_usd: 0.02, ..World::new() };
    world.start();
    let model = world.model(80, 24);
    assert!(matches!(model.overlay, Some(Overlay::Budget)));
    (world, model)
}

#[test]
fn at_a_reached_budget_each_key_passes_its_choice_on() {
    let choice = |keys: &str| press(&mut at_the_budget().1, keys);
    assert_eq!(choice("o"), [Command::Budget(BudgetChoice::Once)]);
    assert_eq!(choice("x"), [Command::Budget(BudgetChoice::Stop)]);
    assert_eq!(choice("esc"), []);
    assert_eq!(choice("esc B o"), [Command::Budget(BudgetChoice::Once)], "one can look around first");
    assert_eq!(choice("r esc x"), [Command::Budget(BudgetChoice::Stop)], "the amount goes back to the choice");
    let (_, mut model) = at_the_budget();
    press(&mut model, "r ctrl-u");
    type_in(&mut model, "0.01");
    assert_eq!(press(&mut model, "enter"), []);
    assert!(notice(&model).contains("at least"), "{}", notice(&model));
    press(&mut model, "ctrl-u");
    type_in(&mut model, "1.5");
    assert_eq!(
        press(&mut model, "enter"),
        [Command::Budget(BudgetChoice::Raise { scope: Scope::Session, to_usd: 1.5 })]
    );
}

#[test]
fn a_reached_budget_and_a_failed_run_wait_until_what_is_typed_is_closed() {
    let (mut world, mut model) = at_the_budget();
    world.input(Input::Budget(BudgetChoice::Raise { scope: Scope::Session, to_usd: 1.0 }));
    world.feed(&mut model);
    press(&mut model, "A w h");
    let reached = world.facts.iter().find(|fact| matches!(fact, Fact::BudgetReached(_))).unwrap().clone();
    let seq = model.seq + 1;
    update(&mut model, Message::Fact { seq, at_ms: 0, fact: Box::new(reached) });
    assert!(notice(&model).contains("budget"), "{}", notice(&model));
    assert_eq!(press(&mut model, "o"), [], "a letter of the note is no choice");
    assert!(matches!(&model.overlay, Some(Overlay::Note { input, .. }) if input.text == "who"));
    assert!(matches!(press(&mut model, "enter")[..], [Command::Note { .. }]));
    assert!(matches!(model.overlay, Some(Overlay::Budget)));
    press(&mut model, "esc A w");
    update(&mut model, Message::RunEnded { error: Some("the disk is full".into()) });
    assert!(matches!(&model.overlay, Some(Overlay::Note { input, .. }) if input.text == "w"));
    press(&mut model, "esc");
    assert!(matches!(&model.overlay, Some(Overlay::Text { text, .. }) if text == "the disk is full"));
    press(&mut model, "esc");
    assert!(model.overlay.is_none());
}

#[test]
fn a_raised_budget_takes_the_question_away_and_the_run_goes_on() {
    let (mut world, mut model) = at_the_budget();
    assert_eq!(headline(&model).word, "paused");
    world.input(Input::Budget(BudgetChoice::Raise { scope: Scope::Session, to_usd: 1.0 }));
    world.feed(&mut model);
    assert!(model.overlay.is_none());
    assert_eq!(headline(&model).word, "planning");
    press(&mut model, "B");
    assert_eq!(notice(&model), "no limit is reached");
}

#[test]
fn a_replay_shows_the_pause_and_asks_nothing() {
    let (world, _) = at_the_budget();
    let mut model = Model::new(vec![world.document.clone()], Mode::Replay(Player::default()));
    world.feed(&mut model);
    assert_eq!((headline(&model).word, model.overlay.is_none()), ("paused", true));
}

#[test]
fn nothing_moves_while_the_run_waits_for_the_person() {
    let (_, model) = at_the_budget();
    assert!(model.is_running() && !model.is_busy() && !model.is_moving());
}
