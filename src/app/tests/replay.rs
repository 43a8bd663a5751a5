//! Keys and the mouse in a replay.

use super::*;

#[test]
fn before_the_first_record_there_is_nothing_to_fork() {
    let mut model = Model::new(vec![World::new().document], Mode::Replay(Player::default()));
    assert_eq!(press(&mut model, "Y"), []);
    assert_eq!(notice(&model), "nothing is on record here; ] goes on to the first record");
}

#[test]
fn replay_keys_steer_the_player_and_not_the_run() {
    let mut model = World::new().half().model(120, 40);
    update(&mut model, Message::Player(Player { position: 4, len: 40, speed: 1.0, ..Player::default() }));
    let replay = |command| Command::Replay(command);
    assert_eq!(
        press(&mut model, "space ] [ } > < 0 $"),
        [
            replay(ReplayCommand::TogglePlay),
            replay(ReplayCommand::Step { unit: Unit::Record, forward: true }),
            replay(ReplayCommand::Step { unit: Unit::Record, forward: false }),
            replay(ReplayCommand::Step { unit: Unit::Round, forward: true }),
            replay(ReplayCommand::Faster),
            replay(ReplayCommand::Slower),
            replay(ReplayCommand::Seek(0)),
            replay(ReplayCommand::Seek(40)),
        ]
    );
    assert_eq!(press(&mut model, "3 G x"), []);
    assert_eq!(press(&mut model, "q"), [Command::Quit]);
}

#[test]
fn pressing_the_scrubber_seeks() {
    let mut model = World::new().half().model(120, 40);
    update(&mut model, Message::Player(Player { position: 4, len: 400, speed: 1.0, ..Player::default() }));
    let track = model.layout().scrubber;
    let (begin, cells) = scrubber_track(track.width);
    let mut at = |x| update(&mut model, Message::Mouse(Mouse { what: MouseKind::Press, x, y: track.y }));
    assert_eq!(at(begin), [Command::Replay(ReplayCommand::Seek(0))]);
    assert_eq!(at(begin + cells - 1), [Command::Replay(ReplayCommand::Seek(400))]);
}

#[test]
fn a_seek_shows_what_was_known_then() {
    let mut world = World::new();
    world.start();
    let early = world.state.clone();
    world.whole();
    let mut model = world.model(120, 40);
    update(&mut model, Message::Player(Player { position: 2, len: 90, speed: 1.0, ..Player::default() }));
    update(
        &mut model,
        Message::World { seq: 2, began_ms: 100, at_ms: 600, state: Box::new(early.clone()), load: Load::default() },
    );
    assert_eq!(model.state, early);
    assert!(model.answers.rows.is_empty());
    assert_eq!(model.elapsed_ms(), 500);
}

#[test]
fn the_ends_of_a_loop_are_set_where_the_replay_stands_and_cleared() {
    let mut model = World::new().half().model(120, 40);
    let at = |model: &mut Model, position, repeat| {
        let player = Player { position, len: 40, repeat, speed: 1.0, ..Player::default() };
        update(model, Message::Player(player));
    };
    let repeat = |from, to| [Command::Replay(ReplayCommand::Repeat(from, to))];
    at(&mut model, 4, (None, None));
    assert_eq!(press(&mut model, "("), repeat(Some(4), None));
    at(&mut model, 9, (Some(4), None));
    assert_eq!(press(&mut model, ")"), repeat(Some(4), Some(9)));
    at(&mut model, 12, (Some(4), Some(9)));
    assert_eq!(press(&mut model, "("), repeat(Some(12), None), "an end that is passed gives way");
    assert_eq!(press(&mut model, "|"), repeat(None, None));
}

#[test]
fn the_knob_is_dragged_as_far_as_the_button_is_held() {
    let mut model = World::new().half().model(120, 40);
    update(&mut model, Message::Player(Player { position: 4, len: 400, speed: 1.0, ..Player::default() }));
    let track = model.layout().scrubber;
    let (begin, cells) = scrubber_track(track.width);
    let mut mouse = |what, x, y| update(&mut model, Message::Mouse(Mouse { what, x, y }));
    let to = |position| [Command::Replay(ReplayCommand::Seek(position))];
    assert_eq!(mouse(MouseKind::Drag, begin, track.y), [], "it was not taken");
    assert_eq!(mouse(MouseKind::Press, begin, track.y), to(0));
    assert_eq!(mouse(MouseKind::Drag, begin + cells - 1, track.y - 3), to(400), "the mouse need not keep the line");
    assert_eq!(mouse(MouseKind::Drag, 119, track.y), to(400));
    assert_eq!(mouse(MouseKind::Release, 119, track.y), []);
    assert_eq!(mouse(MouseKind::Drag, begin, track.y), []);
}
