//! Simulated servers: a client that always has more to send keeps the window full.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;

/// A server with so many places; a job takes `ms` there, more or less by `jitter` percent.
#[derive(Clone, Copy)]
struct Server {
    slots: usize,
    ms: u64,
    jitter: u64,
    /// Whether it refuses what it has no place for, or lets it wait.
    refuses: bool,
}

#[derive(Debug)]
struct Seen {
    /// The limit after each answer.
    limits: Vec<usize>,
    refused: usize,
    took: Duration,
}

impl Seen {
    /// The largest limit in the later half.
    fn settled(&self) -> usize {
        *self.limits[self.limits.len() / 2..].iter().max().unwrap()
    }
}

fn simulate(bound: usize, server: Server, jobs: usize) -> Seen {
    let mut window = Window::new(bound);
    let mut seen = Seen { limits: Vec::new(), refused: 0, took: Duration::ZERO };
    // What ends when (µs), whether it was answered, and its ticket's number in `tickets`.
    let mut ends = BinaryHeap::new();
    let mut free_at = vec![0u64; server.slots];
    let (mut now, mut in_flight, mut noise) = (0u64, 0usize, 1u64);
    let mut tickets = Vec::new();
    while seen.limits.len() < jobs {
        while in_flight < window.limit() {
            in_flight += 1;
            tickets.push(window.sent(Duration::from_micros(now), in_flight));
            let slot = free_at.iter_mut().min().unwrap();
            let taken = *slot > now;
            if server.refuses && taken {
                ends.push(Reverse((now + 500, false, tickets.len() - 1)));
                continue;
            }
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let spread = server.ms * 10 * server.jitter;
            let takes = server.ms * 1000 - spread + if spread > 0 { (noise >> 33) % (2 * spread) } else { 0 };
            *slot = now.max(*slot) + takes;
            ends.push(Reverse((*slot, true, tickets.len() - 1)));
        }
        let Some(Reverse((at, answered, ticket))) = ends.pop() else { break };
        now = now.max(at);
        in_flight -= 1;
        let time = Duration::from_micros(now);
        if answered {
            window.answered(time, in_flight);
            seen.limits.push(window.limit());
        } else {
            seen.refused += 1;
            window.refused(tickets[ticket], time, in_flight);
        }
    }
    seen.took = Duration::from_micros(now);
    seen
}

#[test]
fn a_server_that_scales_is_given_all_that_the_bound_allows_within_two_round_trips_where_it_is_quick() {
    let seen = simulate(256, Server { slots: 4096, ms: 50, jitter: 0, refuses: false }, 10_000);
    assert_eq!(seen.limits[START + START * LEAP], 256);
    assert!(seen.limits[1000..].iter().all(|limit| *limit == 256));
    let ideal = Duration::from_millis(50 * 10_000u64.div_ceil(256));
    assert!(seen.took < ideal.mul_f64(1.06), "{:?} of {ideal:?}", seen.took);
    let slow = simulate(256, Server { slots: 4096, ms: 1000, jitter: 0, refuses: false }, 1_000);
    assert_eq!(slow.limits[START], START * STRIDE, "what is too much for it would wait long");
    assert_eq!(slow.limits[START + START * STRIDE + 64], 256);
}

#[test]
fn a_server_that_queues_is_not_given_more_than_a_few_times_its_slots() {
    for slots in [1, 2, 4, 8] {
        for jitter in [0, 30, 60] {
            let seen = simulate(256, Server { slots, ms: 50, jitter, refuses: false }, 2_000);
            assert!(seen.settled() <= (6 * slots).max(3 * START), "{slots} slots, {jitter}: {}", seen.settled());
            assert!(seen.limits.iter().all(|limit| *limit >= slots.min(START)), "{slots} slots stay in use");
        }
    }
}

#[test]
fn a_server_that_refuses_is_used_and_seldom_asked_in_vain() {
    for slots in [1, 3, 4, 20] {
        let seen = simulate(256, Server { slots, ms: 50, jitter: 20, refuses: true }, 4_000);
        assert!(seen.settled() <= slots + slots / 2 + 1, "{slots} slots: {}", seen.settled());
        assert!(seen.refused < 400, "{slots} slots: {} refused", seen.refused);
        let ideal = Duration::from_millis(50 * 4_000 / slots as u64);
        assert!(seen.took < ideal.mul_f64(1.35), "{slots} slots: {:?} of {ideal:?}", seen.took);
    }
}

#[test]
fn a_server_whose_slots_are_known_gets_that_many_and_no_more() {
    let mut window = Window::new(64);
    window.has_slots(6);
    assert_eq!(window.limit(), 6);
    for at in 0..600 {
        window.sent(Duration::from_millis(at), 6);
        window.answered(Duration::from_millis(at), 5);
    }
    assert_eq!(window.limit(), 6);
    let mut narrow = Window::new(2);
    narrow.has_slots(6);
    assert_eq!(narrow.limit(), 2, "the setting is a bound all the same");
}

#[test]
fn a_window_that_was_not_filled_is_not_widened() {
    let mut window = Window::new(64);
    for at in 0..1000 {
        window.sent(Duration::from_millis(2 * at), 2);
        window.answered(Duration::from_millis(2 * at + 1), 1);
    }
    assert_eq!(window.limit(), START);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn it_stays_within_its_bound_and_never_closes(
        bound in 1usize..300,
        slots in 1usize..64,
        jitter in 0u64..90,
        refuses: bool,
    ) {
        let seen = simulate(bound, Server { slots, ms: 20, jitter, refuses }, 600);
        prop_assert!(seen.limits.iter().all(|limit| (1..=bound).contains(limit)));
        prop_assert_eq!(seen.limits.len(), 600);
    }
}
