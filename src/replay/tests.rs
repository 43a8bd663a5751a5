//! What playback promises.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::journal::world::World;
use crate::journal::{FORMAT_VERSION, Record, Session, Stored};
use crate::protocol::{Fact, Held, State, UtilizationSample};

/// A session of these records; its folder goes with it.
struct Recorded {
    records: Vec<Record>,
    session: Session,
    _folder: tempfile::TempDir,
}

impl Recorded {
    fn new(records: Vec<Record>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        for Record { v, seq, at_ms, fact, .. } in &records {
            let fact = match fact {
                Stored::Known(fact) => serde_json::to_string(fact).unwrap(),
                Stored::Unknown(value) => value.to_string(),
            };
            lines.push_str(&format!("{{\"v\":{v},\"seq\":{seq},\"at_ms\":{at_ms},\"fact\":{fact}}}\n"));
        }
        std::fs::write(folder.path().join("journal.jsonl"), lines).unwrap();
        let session = Session::at(folder.path()).unwrap();
        Self { records, session, _folder: folder }
    }

    fn timeline(&self) -> Timeline {
        Timeline::read(&self.session, &mut |_| true).unwrap().unwrap()
    }

    fn player(&self) -> Player {
        Player::new(self.timeline())
    }
}

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

fn recorded(seed: u64, gap_ms: u64) -> Recorded {
    Recorded::new(records(World::facts(seed, 3, 6), gap_ms))
}

fn notes(count: usize, gap_ms: u64) -> Recorded {
    Recorded::new(records((0..count).map(|n| note(&n.to_string())).collect(), gap_ms))
}

/// Lets time pass, and tells from where to where that leads.
fn advance(player: &mut Player, elapsed: Duration) -> std::ops::Range<usize> {
    let before = player.position();
    let passed = player.advance(elapsed).unwrap();
    let after = player.position();
    assert!(after < before || passed.len() == after - before);
    if after < before { after..after } else { before..after }
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
        let recorded = recorded(seed, 100);
        let mut player = recorded.player();
        for next in moves {
            match next {
                Move::Seek(position) => player.seek(position).unwrap(),
                Move::Step(unit, direction) => player.step(unit, direction).unwrap(),
                Move::Play(ms) => {
                    player.play().unwrap();
                    let before = player.position();
                    let passed = player.advance(Duration::from_millis(ms)).unwrap();
                    prop_assert_eq!(passed.as_slice(), &recorded.records[before..player.position()]);
                }
            }
            prop_assert_eq!(player.state(), &fold(&recorded.records[..player.position()]));
        }
    }
}

/// Facts of which a state holds something, far apart.
fn far_apart() -> Recorded {
    let many: Vec<Fact> = World::facts(7, 3, 6).into_iter().take(40).collect();
    let notes = |from: usize, to: usize| (from..to).map(|n| note(&n.to_string()));
    let (first, second) = many.split_at(20);
    let first = first.iter().cloned().chain(notes(0, 9_000));
    Recorded::new(records(first.chain(second.iter().cloned()).chain(notes(9_000, 30_000)).collect(), 1))
}

#[test]
fn a_seek_over_kept_states_gives_the_fold() {
    let recorded = far_apart();
    let all = recorded.records.len();
    for ahead in [false, true] {
        let mut player = recorded.player();
        if ahead {
            player.fold_ahead();
        }
        for position in [all, 0, 8_192, 8_191, 8_193, 20_000, 24_576, 29_999, 5, 12_287, 4_096] {
            player.seek(position).unwrap();
            assert!(*player.state() == fold(&recorded.records[..position]), "at {position}");
        }
        // And so does going on from one over others that are kept.
        player.seek(4_000).unwrap();
        player.set_speed(Speed::Max);
        player.play().unwrap();
        let passed = player.advance(Duration::ZERO).unwrap();
        assert_eq!(passed, recorded.records[4_000..8_096]);
        assert!(*player.state() == fold(&recorded.records[..8_096]));
    }
}

#[test]
fn what_is_wanted_no_longer_is_read_no_further() {
    let recorded = far_apart();
    let mut told = Vec::new();
    let read = Timeline::read(&recorded.session, &mut |part| {
        told.push(part);
        told.len() < 2
    });
    assert!(read.unwrap().is_none());
    assert!(told.len() == 2 && 0.0 < told[0] && told[0] < told[1] && told[1] < 1.0, "{told:?}");
    let mut player = recorded.player();
    player.seek_while(usize::MAX, &mut |_| false).unwrap();
    assert!(0 < player.position() && player.position() < player.len());
    assert!(*player.state() == fold(&recorded.records[..player.position()]));
}

#[test]
fn where_the_journal_was_changed_one_stands_before_it_and_is_told() {
    let recorded = notes(6_000, 10);
    let mut player = recorded.player();
    player.seek(10).unwrap();
    let path = recorded.session.path().join("journal.jsonl");
    let length = std::fs::metadata(&path).unwrap().len();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(length / 2).unwrap();
    let error = player.seek(usize::MAX).unwrap_err().to_string();
    assert!(error.contains("was changed; open the session again"), "{error}");
    assert!(10 < player.position() && player.position() < 6_000);
    assert!(*player.state() == fold(&recorded.records[..player.position()]));
    player.seek(3).unwrap();
    assert_eq!(*player.state(), fold(&recorded.records[..3]));
}

#[test]
fn the_time_before_a_place_is_told_without_its_records() {
    let mut facts = World::facts(11, 3, 6);
    let at = facts.iter().position(|fact| matches!(fact, Fact::JobStarted { .. })).unwrap();
    facts.insert(at, Fact::UtilizationSampled(UtilizationSample::default()));
    let recorded = Recorded::new(records(facts, 10));
    let timeline = recorded.timeline();
    for until in [0, at, at + 1, at + 5, recorded.records.len()] {
        for from_ms in [0, 1_000 + 10 * at as u64, 1_030 + 10 * at as u64, u64::MAX] {
            let told = timeline.load_since(from_ms, until).filter_map(|(at_ms, what)| match what {
                Loaded::JobBegan => Some((at_ms, 0)),
                Loaded::JobEnded => Some((at_ms, 1)),
                Loaded::Held(Fact::UtilizationSampled(_)) => Some((at_ms, 2)),
                Loaded::Held(_) => None,
            });
            let expected = recorded.records[..until].iter().filter(|record| record.at_ms >= from_ms);
            let expected = expected.filter_map(|record| match record.fact.known()? {
                Fact::JobStarted { .. } => Some((record.at_ms, 0)),
                Fact::JobFinished { .. } => Some((record.at_ms, 1)),
                Fact::UtilizationSampled(_) => Some((record.at_ms, 2)),
                _ => None,
            });
            assert_eq!(told.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{from_ms} to {until}");
        }
    }
}

#[test]
fn a_record_of_unknown_kind_takes_a_place_and_changes_nothing() {
    let mut all = records(World::facts(3, 2, 3), 10);
    all[2].fact = Stored::Unknown(serde_json::json!({ "kind": "gate_opened" }));
    let recorded = Recorded::new(all);
    let mut player = recorded.player();
    player.seek(2).unwrap();
    let before = player.state().clone();
    player.step(Unit::Record, Direction::Forward).unwrap();
    assert_eq!((player.position(), player.state()), (3, &before));
}

#[test]
fn time_passes_as_it_did_and_long_pauses_are_shortened() {
    let mut all = records((0..4).map(|n| note(&n.to_string())).collect(), 1_000);
    all[3].at_ms += 3_600_000;
    let recorded = Recorded::new(all);
    let mut player = recorded.player();
    assert_eq!(advance(&mut player, Duration::from_secs(9)), 0..0);
    player.play().unwrap();
    assert_eq!(advance(&mut player, Duration::ZERO), 0..1);
    assert_eq!(advance(&mut player, Duration::from_millis(999)), 1..1);
    assert_eq!(advance(&mut player, Duration::from_millis(1)), 1..2);
    player.set_speed(Speed::times(2.0));
    assert_eq!(advance(&mut player, Duration::from_millis(500)), 2..3);
    assert_eq!(advance(&mut player, Duration::from_millis(999)), 3..3);
    assert_eq!(advance(&mut player, Duration::from_millis(1)), 3..4);
    assert!(player.at_end() && !player.is_playing());
    player.play().unwrap();
    assert_eq!(player.position(), 0);
}

#[test]
fn the_highest_speed_plays_all_in_bounded_steps() {
    let recorded = notes(10_000, 60_000);
    let mut player = recorded.player();
    player.set_speed(Speed::Max);
    player.play().unwrap();
    let mut steps = 0;
    while player.is_playing() {
        assert!(advance(&mut player, Duration::from_millis(1)).len() <= 4_096);
        steps += 1;
    }
    assert_eq!((steps, player.position()), (3, 10_000));
}

#[test]
fn a_range_is_played_again_and_again_until_it_is_cleared() {
    let recorded = notes(10, 1_000);
    let mut player = recorded.player();
    player.set_repeat(Repeat { from: Some(3), to: Some(6) });
    player.seek(5).unwrap();
    player.play().unwrap();
    let second = Duration::from_secs(1);
    assert_eq!(advance(&mut player, second), 5..6);
    assert_eq!(advance(&mut player, second), 3..3, "back to where the range begins");
    assert_eq!(advance(&mut player, Duration::from_secs(9)), 3..6, "and never beyond its end");
    assert!(player.is_playing());
    player.set_repeat(Repeat { from: Some(8), to: None });
    player.seek(10).unwrap();
    player.play().unwrap();
    assert_eq!(player.position(), 8);
    player.set_speed(Speed::Max);
    assert_eq!((advance(&mut player, second), advance(&mut player, second)), (8..10, 8..8));
    player.set_repeat(Repeat::default());
    advance(&mut player, second);
    assert!(player.at_end() && !player.is_playing());
    player.set_repeat(Repeat { from: Some(10), to: None });
    player.play().unwrap();
    advance(&mut player, Duration::from_secs(99));
    assert!(!player.is_playing(), "an empty range is none");
}

#[test]
fn steps_stop_where_jobs_have_ended_and_rounds_have_begun() {
    let recorded = recorded(11, 10);
    let mut player = recorded.player();
    let ended = |player: &Player| {
        let last = recorded.records[player.position() - 1].fact.known();
        matches!(last, Some(Fact::JobFinished { .. }))
    };
    player.step(Unit::Job, Direction::Forward).unwrap();
    assert!(ended(&player));
    let first = player.position();
    player.step(Unit::Job, Direction::Forward).unwrap();
    assert!(ended(&player) && player.position() > first);
    player.step(Unit::Job, Direction::Back).unwrap();
    assert_eq!(player.position(), first);
    player.step(Unit::Round, Direction::Back).unwrap();
    assert_eq!(Some(player.position()), player.timeline().round_start(1));
    player.step(Unit::Round, Direction::Back).unwrap();
    assert_eq!(player.position(), 0);
    player.step(Unit::Record, Direction::Back).unwrap();
    assert_eq!(player.position(), 0);
    player.seek(usize::MAX).unwrap();
    player.step(Unit::Round, Direction::Forward).unwrap();
    assert!(player.at_end());
    let mut all = records((0..9).map(|n| note(&n.to_string())).collect(), 10);
    for (at, n) in [(2, 1), (6, 2)] {
        all[at].fact = Stored::Known(Box::new(Fact::GateReached { n, held: Held::Outputs { round: 1 } }));
    }
    let recorded = Recorded::new(all);
    let mut player = recorded.player();
    let mut stops = Vec::new();
    for direction in [Direction::Forward, Direction::Forward, Direction::Back, Direction::Back] {
        player.step(Unit::Gate, direction).unwrap();
        stops.push(player.position());
    }
    assert_eq!(stops, [3, 7, 3, 0]);
}

#[test]
fn marks_name_every_round_and_its_phases_in_order() {
    let recorded = recorded(11, 10);
    let timeline = recorded.timeline();
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
    let recorded = Recorded::new(Vec::new());
    let mut player = recorded.player();
    player.play().unwrap();
    assert_eq!(advance(&mut player, Duration::from_secs(1)), 0..0);
    player.step(Unit::Job, Direction::Forward).unwrap();
    player.step(Unit::Round, Direction::Back).unwrap();
    assert!(player.is_empty() && player.last().is_none() && player.timeline().at_ms(0).is_none());
}
