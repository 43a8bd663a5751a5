//! Who gets the next job.

use proptest::prelude::*;

use super::*;

const NONE: &[bool] = &[];

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn jobs_go_where_most_is_free_and_equals_take_turns() {
    let mut roster = Roster::new(3, 4);
    let order: Vec<usize> = (0..6).map(|_| roster.take(at(0), NONE).unwrap().server).collect();
    assert_eq!(order, [0, 1, 2, 0, 1, 2]);
    roster.has_slots(1, 1);
    let wide: Vec<usize> = (0..4).map(|_| roster.take(at(0), NONE).unwrap().server).collect();
    assert!(!wide.contains(&1), "{wide:?}");
    assert_eq!(roster.take(at(0), NONE), None, "every place is taken");
    assert_eq!(roster.free(at(0)), 0);
}

#[test]
fn a_server_that_is_away_is_set_aside_and_tried_with_one_job() {
    let mut roster = Roster::new(2, 4);
    let places: Vec<Place> = (0..8).map(|_| roster.take(at(0), NONE).unwrap()).collect();
    for place in &places {
        match place.server {
            0 => drop(roster.failed(*place, Trouble::Absent, at(1))),
            _ => drop(roster.answered(*place, at(1))),
        }
    }
    assert_eq!(roster.tally(at(2)).up, 1);
    for _ in 0..4 {
        assert_eq!(roster.take(at(2), NONE).unwrap().server, 1);
    }
    assert_eq!((roster.take(at(2), NONE), roster.next_return(at(2))), (None, Some(at(1001))));
    let trial = roster.take(at(1001), NONE).unwrap();
    assert_eq!((trial.server, roster.take(at(1001), NONE)), (0, None), "one finds out");
    roster.failed(trial, Trouble::Absent, at(1002));
    assert_eq!(roster.next_return(at(1002)), Some(at(3002)), "it is left alone for longer");
    let trial = roster.take(at(3002), NONE).unwrap();
    assert!(roster.answered(trial, at(3003)), "it is back");
    assert_eq!((roster.tally(at(3003)).up, roster.free(at(3003))), (2, 4));
}

#[test]
fn a_server_that_fails_fast_does_not_draw_all_jobs() {
    let mut roster = Roster::new(2, 4);
    let mut failed = 0;
    for ms in 0..100 {
        let place = roster.take(at(ms), NONE).unwrap();
        match place.server {
            0 => {
                failed += 1;
                roster.failed(place, Trouble::Other, at(ms));
            }
            _ => drop(roster.answered(place, at(ms))),
        }
    }
    assert_eq!(failed, FAILURES);
}

#[test]
fn jobs_that_fail_one_after_the_other_do_not_set_a_server_aside_that_works_on_others() {
    let mut roster = Roster::new(2, 64);
    let mut places = places_at_first(&mut roster);
    for place in places.drain(..FAILURES as usize) {
        roster.failed(place, Trouble::Other, at(1));
    }
    assert_eq!(roster.tally(at(1)).up, 2, "most are still under way");
    for place in places {
        roster.failed(place, Trouble::Other, at(2));
    }
    assert_eq!(roster.tally(at(2)).up, 1, "none of them was answered");
}

#[test]
fn the_only_server_is_not_set_aside_for_jobs_that_it_fails() {
    let mut roster = Roster::new(1, 64);
    for place in places_at_first(&mut roster) {
        roster.failed(place, Trouble::Other, at(1));
    }
    assert_eq!(roster.tally(at(1)).up, 1, "there is nobody to draw the jobs from");
}

/// Every place of the first server, with room for many.
fn places_at_first(roster: &mut Roster) -> Vec<Place> {
    for server in 0..roster.servers.len() {
        roster.has_slots(server, 64);
    }
    let places: Vec<Place> =
        std::iter::from_fn(|| roster.take(at(0), NONE)).filter(|place| place.server == 0).collect();
    assert!(places.len() > 3 * FAILURES as usize);
    places
}

#[test]
fn a_job_goes_to_a_server_that_has_not_failed_it() {
    let mut roster = Roster::new(2, 1);
    let place = roster.take(at(0), NONE).unwrap();
    roster.failed(place, Trouble::Other, at(0));
    let tried = [place.server == 0, place.server == 1];
    assert!(roster.has_other(at(0), &tried));
    let other = roster.take(at(0), &tried).unwrap();
    assert_ne!(other.server, place.server);
    assert_eq!(roster.take(at(0), &tried), None, "it waits for the other's place rather than fail again");
    assert!(!roster.has_other(at(0), &[true, true]));
}

#[test]
fn where_all_are_away_the_one_away_longest_is_asked_all_the_same() {
    let mut roster = Roster::new(2, 4);
    for ms in [0, 1] {
        let place = roster.take(at(ms), NONE).unwrap();
        roster.failed(place, Trouble::Absent, at(ms));
    }
    assert_eq!(roster.take(at(2), NONE).unwrap().server, 0);
}

#[test]
fn a_server_hangs_when_it_is_silent_for_much_longer_than_any_answer_took() {
    let mut roster = Roster::new(2, 4);
    let (silent, other) = (roster.take(at(0), NONE).unwrap(), roster.take(at(0), NONE).unwrap());
    assert_eq!(roster.patience(), Duration::MAX, "nobody knows yet how long an answer takes");
    roster.answered(other, at(10_000));
    assert_eq!(roster.patience(), Duration::from_secs(50));
    assert!(roster.is_silent_since(silent));
    let next = roster.take(at(10_000), &[false, true]).unwrap();
    roster.answered(next, at(11_000));
    assert!(!roster.is_silent_since(silent));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn places_are_never_lost_or_given_twice(steps in proptest::collection::vec((0u8..6, 0usize..20, 0u64..3000), 1..300)) {
        let mut roster = Roster::new(3, 5);
        let (mut now, mut held) = (0, Vec::new());
        for (what, which, ms) in steps {
            now += ms;
            if what == 0 || held.is_empty() {
                held.extend(roster.take(at(now), NONE));
                continue;
            }
            let place = held.swap_remove(which % held.len());
            match what {
                1 => drop(roster.failed(place, Trouble::Absent, at(now))),
                2 => drop(roster.failed(place, Trouble::Busy, at(now))),
                3 => drop(roster.failed(place, Trouble::Other, at(now))),
                4 => roster.given_up(place),
                _ => drop(roster.answered(place, at(now))),
            }
            prop_assert_eq!(roster.tally(at(now)).in_flight, held.len());
        }
        held.drain(..).for_each(|place| roster.given_up(place));
        prop_assert_eq!(roster.tally(at(now)).in_flight, 0);
        prop_assert!(roster.take(at(now), NONE).is_some());
    }
}
