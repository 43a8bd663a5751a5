//! What playback promises.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::journal::world::World;
use crate::journal::{FORMAT_VERSION, Record, Stored};
use crate::protocol::{Fact, Held, State};

/// Records of a run in which a fact happens every `gap_ms`.
fn records(facts: Vec<Fact>, gap_ms: u64) -> Vec<Record> {
    let record = |(fact, seq)| Record {
        v: FORMAT_VERSION,
        seq,
        at_ms: 1_000 + seq * gap_ms,
        fact: Stored::Known(Box::new(fact)),
        blake3: None,
    };
    facts.into_iter().zip(1..).map(record).collect()
}

fn player(seed: u64, gap_ms: u64) -> Player {
    Player::new(Timeline::new(records(World::facts(seed, 3, 6), gap_ms)))
}

fn fold(records: &[Record]) -> State {
    let mut state = State::default();
    records.iter().filter_map(|record| record.fact.known()).for_each(|fact| state.apply(fact));
    state
}

fn note(text: &str) -> Fact {
    Fact::NoteAdded { text: text.into() }
}

#[derive(Clone, Debug)]
enum Move {
    Seek(usize),
    Step(Unit, Direction),
    Play(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let unit = prop_oneof![Just(Unit::Record), Just(Unit::Job), Just(Unit::Gate), Just(Unit::Round)];
    let direction = prop_oneof![Just(Direction::Forward), Just(Direction::Back)];
    let one = prop_oneof![
        (0..400usize).prop_map(Move::Seek),
        (unit, direction).prop_map(|(unit, direction)| Move::Step(unit, direction)),
        (0..5_000u64).prop_map(Move::Play),
    ];
    proptest::collection::vec(one, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn wherever_one_goes_the_state_is_the_fold_of_what_has_happened(seed in any::<u64>(), moves in moves()) {
        let mut player = player(seed, 100);
        for next in moves {
            match next {
                Move::Seek(position) => player.seek(position),
                Move::Step(unit, direction) => player.step(unit, direction),
                Move::Play(ms) => {
                    player.play();
                    let before = player.position();
                    let played = player.advance(Duration::from_millis(ms));
                    prop_assert_eq!(played.start, before);
                    prop_assert_eq!(played.end, player.position());
                }
            }
            prop_assert_eq!(player.state(), &fold(&player.timeline().records()[..player.position()]));
        }
    }
}

#[test]
fn a_seek_over_kept_states_gives_the_fold() {
    let many: Vec<Fact> = World::facts(7, 3, 6).into_iter().take(40).collect();
    let facts = many.into_iter().chain((0..100_000).map(|n| note(&n.to_string()))).collect();
    let mut player = Player::new(Timeline::new(records(facts, 1)));
    for position in [100_040, 0, 8_192, 8_191, 8_193, 70_000, 65_536, 99_999, 5, 65_535] {
        player.seek(position);
        let expected = fold(&player.timeline().records()[..position]);
        assert!(*player.state() == expected, "at {position}");
    }
}

#[test]
fn a_record_of_unknown_kind_takes_a_place_and_changes_nothing() {
    let mut all = records(World::facts(3, 2, 3), 10);
    all[2].fact = Stored::Unknown(serde_json::json!({ "kind": "gate_opened" }));
    let mut player = Player::new(Timeline::new(all));
    player.seek(2);
    let before = player.state().clone();
    player.step(Unit::Record, Direction::Forward);
    assert_eq!((player.position(), player.state()), (3, &before));
}

#[test]
fn time_passes_as_it_did_and_long_pauses_are_shortened() {
    let mut all = records((0..4).map(|n| note(&n.to_string())).collect(), 1_000);
    all[3].at_ms += 3_600_000;
    let mut player = Player::new(Timeline::new(all));
    assert_eq!(player.advance(Duration::from_secs(9)), 0..0);
    player.play();
    assert_eq!(player.advance(Duration::ZERO), 0..1);
    assert_eq!(player.advance(Duration::from_millis(999)), 1..1);
    assert_eq!(player.advance(Duration::from_millis(1)), 1..2);
    player.set_speed(Speed::times(2.0));
    assert_eq!(player.advance(Duration::from_millis(500)), 2..3);
    assert_eq!(player.advance(Duration::from_millis(999)), 3..3);
    assert_eq!(player.advance(Duration::from_millis(1)), 3..4);
    assert!(player.at_end() && !player.is_playing());
    player.play();
    assert_eq!(player.position(), 0);
}

#[test]
fn the_highest_speed_plays_all_in_bounded_steps() {
    let mut player = Player::new(Timeline::new(records((0..10_000).map(|n| note(&n.to_string())).collect(), 60_000)));
    player.set_speed(Speed::Max);
    player.play();
    let mut steps = 0;
    while player.is_playing() {
        assert!(player.advance(Duration::from_millis(1)).len() <= 4_096);
        steps += 1;
    }
    assert_eq!((steps, player.position()), (3, 10_000));
}

#[test]
fn a_range_is_played_again_and_again_until_it_is_cleared() {
    let mut player = Player::new(Timeline::new(records((0..10).map(|n| note(&n.to_string())).collect(), 1_000)));
    player.set_repeat(Repeat { from: Some(3), to: Some(6) });
    player.seek(5);
    player.play();
    let second = Duration::from_secs(1);
    assert_eq!(player.advance(second), 5..6);
    assert_eq!(player.advance(second), 3..3, "back to where the range begins");
    assert_eq!(player.advance(Duration::from_secs(9)), 3..6, "and never beyond its end");
    assert!(player.is_playing());
    player.set_repeat(Repeat { from: Some(8), to: None });
    player.seek(10);
    player.play();
    assert_eq!(player.position(), 8);
    player.set_speed(Speed::Max);
    assert_eq!((player.advance(second), player.advance(second)), (8..10, 8..8));
    player.set_repeat(Repeat::default());
    player.advance(second);
    assert!(player.at_end() && !player.is_playing());
    player.set_repeat(Repeat { from: Some(10), to: None });
    player.play();
    player.advance(Duration::from_secs(99));
    assert!(!player.is_playing(), "an empty range is none");
}

#[test]
fn steps_stop_where_jobs_have_ended_and_rounds_have_begun() {
    let mut player = player(11, 10);
    let ended = |player: &Player| matches!(player.record().unwrap().fact.known(), Some(Fact::JobFinished { .. }));
    player.step(Unit::Job, Direction::Forward);
    assert!(ended(&player));
    let first = player.position();
    player.step(Unit::Job, Direction::Forward);
    assert!(ended(&player) && player.position() > first);
    player.step(Unit::Job, Direction::Back);
    assert_eq!(player.position(), first);
    player.step(Unit::Round, Direction::Back);
    assert_eq!(Some(player.position()), player.timeline().round_start(1));
    player.step(Unit::Round, Direction::Back);
    assert_eq!(player.position(), 0);
    player.step(Unit::Record, Direction::Back);
    assert_eq!(player.position(), 0);
    player.seek(usize::MAX);
    player.step(Unit::Round, Direction::Forward);
    assert!(player.at_end());
    let mut all = records((0..9).map(|n| note(&n.to_string())).collect(), 10);
    for (at, n) in [(2, 1), (6, 2)] {
        all[at].fact = Stored::Known(Box::new(Fact::GateReached { n, held: Held::Outputs { round: 1 } }));
    }
    let mut player = Player::new(Timeline::new(all));
    let mut stops = Vec::new();
    for direction in [Direction::Forward, Direction::Forward, Direction::Back, Direction::Back] {
        player.step(Unit::Gate, direction);
        stops.push(player.position());
    }
    assert_eq!(stops, [3, 7, 3, 0]);
}

#[test]
fn marks_name_every_round_and_its_phases_in_order() {
    let timeline = Timeline::new(records(World::facts(11, 3, 6), 10));
    let marks = timeline.marks();
    assert!(marks.is_sorted_by_key(|mark| mark.position));
    assert_eq!(
        marks.iter().map(|mark| mark.kind.name()).take(4).collect::<Vec<_>>(),
        ["round", "advise", "decompose", "execute"]
    );
    assert_eq!(marks.last().unwrap().kind, MarkKind::End);
    for mark in marks {
        assert_eq!(timeline.at_ms(mark.position), Some(mark.at_ms));
    }
}

#[test]
fn an_empty_timeline_can_be_played() {
    let mut player = Player::new(Timeline::new(Vec::new()));
    player.play();
    assert_eq!(player.advance(Duration::from_secs(1)), 0..0);
    player.step(Unit::Job, Direction::Forward);
    player.step(Unit::Round, Direction::Back);
    assert!(player.is_empty() && player.record().is_none() && player.timeline().at_ms(0).is_none());
}
