//! Which server gets the next job: the one with the most free places; one that is away is set aside and tried again.
//!
//! Pure: time comes in, and what is sent and answered is told.

use std::cmp::Reverse;
use std::time::Duration;

use super::window::{Ticket, Window};
use crate::provider::Trouble;

/// How long a server is set aside at first, doubled each time that it is still away.
const ASIDE: Duration = Duration::from_secs(1);
const LONGEST_ASIDE: Duration = Duration::from_secs(30);
/// Where there are other servers, one that answers nothing for so many times the longest answer is taken to hang,
const HANGS_AFTER: u32 = 5;
/// but not before this.
const PATIENCE: Duration = Duration::from_secs(20);
/// Failed requests in a row after which a server that is there is set aside for others: it would fail fast, and so draw all jobs.
/// Where more are under way, as many have to fail: jobs that no server can do may come one after the other.
const FAILURES: u32 = 3;

pub struct Roster {
    servers: Vec<Standing>,
    bound: usize,
    sent: u64,
    /// The longest that an answer took.
    longest: Option<Duration>,
}

/// How one server stands.
struct Standing {
    window: Window,
    in_flight: usize,
    answered: u64,
    refused: u64,
    failures_in_a_row: u32,
    aside: Option<Aside>,
    /// When it was last chosen, counted in requests, so that equals take turns.
    last_sent: u64,
}

/// Why and how long a server gets nothing.
#[derive(Clone, Copy)]
struct Aside {
    until: Duration,
    times: u32,
}

/// A place at a server, taken until it is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub server: usize,
    ticket: Ticket,
    sent_at: Duration,
    /// What the server had answered when the request was sent.
    answered_before: u64,
}

/// What the roster says of all servers together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub up: usize,
    pub in_flight: usize,
    /// Requests that the servers that are up are given at once at most.
    pub allowed: usize,
    pub answered: u64,
    pub refused: u64,
}

impl Roster {
    /// So many servers, each given at most `bound` requests at once.
    pub fn new(servers: usize, bound: usize) -> Self {
        let standing = || Standing {
            window: Window::new(bound),
            in_flight: 0,
            answered: 0,
            refused: 0,
            failures_in_a_row: 0,
            aside: None,
            last_sent: 0,
        };
        Self { servers: (0..servers).map(|_| standing()).collect(), bound, sent: 0, longest: None }
    }

    /// Takes a place, at a server that is not in `tried` if there is one up. Where all are away, those are asked that
    /// have been away the longest: somebody has to find out that they are back.
    pub fn take(&mut self, now: Duration, tried: &[bool]) -> Option<Place> {
        let untried = |at: usize| !tried.get(at).copied().unwrap_or(false);
        let best = |fits: &dyn Fn(usize, &Standing) -> bool| {
            let free = self.servers.iter().enumerate().filter(|(at, server)| server.free(now) > 0 && fits(*at, server));
            // Whether one is back is found out first: it costs a job a moment, and may bring many places.
            let order = |at: usize, server: &Standing| {
                (server.aside.is_some(), server.free(now), Reverse(server.last_sent), Reverse(at))
            };
            free.max_by_key(|(at, server)| order(*at, server)).map(|(at, _)| at)
        };
        let at = match self.servers.iter().enumerate().any(|(at, server)| untried(at) && server.is_up(now)) {
            true => best(&|at, _| untried(at))?,
            false if self.servers.iter().any(|server| server.is_up(now)) => best(&|_, _| true)?,
            false => self.longest_away()?,
        };
        self.sent += 1;
        let sent = self.sent;
        let server = self.servers.get_mut(at)?;
        server.in_flight += 1;
        server.last_sent = sent;
        let ticket = server.window.sent(now, server.in_flight);
        Some(Place { server: at, ticket, sent_at: now, answered_before: server.answered })
    }

    fn longest_away(&self) -> Option<usize> {
        let free = self.servers.iter().enumerate().filter(|(_, server)| server.in_flight < server.window.limit());
        free.min_by_key(|(_, server)| (server.aside.map(|aside| aside.until), server.last_sent)).map(|(at, _)| at)
    }

    /// Whether there is a server up that is not in `tried`.
    pub fn has_other(&self, now: Duration, tried: &[bool]) -> bool {
        let untried = |at: usize| !tried.get(at).copied().unwrap_or(false);
        self.servers.iter().enumerate().any(|(at, server)| untried(at) && server.is_up(now))
    }

    /// When a server that is set aside may be tried again, if that is to come.
    pub fn next_return(&self, now: Duration) -> Option<Duration> {
        self.servers
            .iter()
            .filter_map(|server| server.aside.map(|aside| aside.until))
            .filter(|until| *until > now)
            .min()
    }

    /// Gives a place back whose request was answered. Gives back whether the server was away before.
    pub fn answered(&mut self, place: Place, now: Duration) -> bool {
        self.longest = self.longest.max(Some(now.saturating_sub(place.sent_at)));
        let Some(server) = self.servers.get_mut(place.server) else { return false };
        server.in_flight = server.in_flight.saturating_sub(1);
        server.answered += 1;
        server.failures_in_a_row = 0;
        let was_away = server.aside.take().is_some();
        if was_away {
            // It may be another one by now, with other limits.
            server.window = Window::new(self.bound);
        } else {
            server.window.answered(now, server.in_flight);
        }
        was_away
    }

    /// How long a server may answer nothing, where there are others.
    pub fn patience(&self) -> Duration {
        self.longest.map_or(Duration::MAX, |longest| (longest * HANGS_AFTER).max(PATIENCE))
    }

    /// Whether the server has answered nothing since this place was taken.
    pub fn is_silent_since(&self, place: Place) -> bool {
        self.servers.get(place.server).is_some_and(|server| server.answered == place.answered_before)
    }

    /// Gives a place back whose request brought no reply. Gives back whether the server works on others all the same.
    pub fn failed(&mut self, place: Place, trouble: Trouble, now: Duration) -> bool {
        let alone = self.servers.len() == 1;
        let Some(server) = self.servers.get_mut(place.server) else { return false };
        server.in_flight = server.in_flight.saturating_sub(1);
        let works = server.answered > place.answered_before || server.in_flight > 0;
        match trouble {
            Trouble::Busy => {
                server.refused += 1;
                server.window.refused(place.ticket, now, server.in_flight);
            }
            Trouble::Absent | Trouble::Hung => server.set_aside(now),
            Trouble::Other => {
                server.failures_in_a_row += 1;
                let under_way = u32::try_from(server.in_flight).unwrap_or(u32::MAX);
                if !alone && server.failures_in_a_row >= FAILURES.max(under_way) {
                    server.set_aside(now);
                }
            }
        }
        works
    }

    /// Gives a place back whose request was given up by us: it says nothing of the server.
    pub fn given_up(&mut self, place: Place) {
        if let Some(server) = self.servers.get_mut(place.server) {
            server.in_flight = server.in_flight.saturating_sub(1);
        }
    }

    pub fn has_slots(&mut self, server: usize, slots: usize) {
        if let Some(server) = self.servers.get_mut(server) {
            server.window.has_slots(slots);
        }
    }

    /// Places that a job could take now.
    pub fn free(&self, now: Duration) -> usize {
        let free: usize = self.servers.iter().map(|server| server.free(now)).sum();
        if free > 0 || self.servers.iter().any(|server| server.is_up(now)) {
            return free;
        }
        self.servers.iter().map(|server| server.window.limit().saturating_sub(server.in_flight)).sum()
    }

    pub fn tally(&self, now: Duration) -> Tally {
        let mut tally = Tally::default();
        for server in &self.servers {
            tally.in_flight += server.in_flight;
            tally.answered += server.answered;
            tally.refused += server.refused;
            if server.aside.is_none() {
                tally.up += 1;
                tally.allowed += server.window.limit();
            } else {
                tally.allowed += server.free(now);
            }
        }
        tally
    }
}

impl Standing {
    /// Whether it is thought to be there, or to be worth a try.
    fn is_up(&self, now: Duration) -> bool {
        self.aside.is_none_or(|aside| now >= aside.until)
    }

    fn free(&self, now: Duration) -> usize {
        let limit = match self.aside {
            None => self.window.limit(),
            // One request finds out whether it is back.
            Some(aside) => usize::from(now >= aside.until),
        };
        limit.saturating_sub(self.in_flight)
    }

    fn set_aside(&mut self, now: Duration) {
        let times = match self.aside {
            // Those that were under way with the one that found out say nothing new.
            Some(aside) if now < aside.until => return,
            Some(aside) => aside.times + 1,
            None => 0,
        };
        let wait = ASIDE.saturating_mul(1 << times.min(6)).min(LONGEST_ASIDE);
        self.aside = Some(Aside { until: now + wait, times });
    }
}

#[cfg(test)]
mod tests;
