//! How much a model is asked to think where it does not take what was wished for: the nearest that it does take, since
//! what is left out altogether may come to the opposite of the wish.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::config::ReasoningEffort;

/// Every level, the least first.
const LADDER: [ReasoningEffort; 6] = [
    ReasoningEffort::None,
    ReasoningEffort::Minimal,
    ReasoningEffort::Low,
    ReasoningEffort::Medium,
    ReasoningEffort::High,
    ReasoningEffort::Xhigh,
];

/// What is wished for, and a bit for each level that was refused.
#[derive(Debug)]
pub struct Effort {
    wish: Option<ReasoningEffort>,
    refused: AtomicU8,
}

impl Effort {
    pub fn of(wish: Option<ReasoningEffort>) -> Self {
        Self { wish, refused: AtomicU8::new(0) }
    }

    pub fn wish(&self) -> Option<ReasoningEffort> {
        self.wish
    }

    /// The level nearest to the wish that was not refused; of two as near the lesser, which costs less.
    pub fn level(&self) -> Option<ReasoningEffort> {
        let (wish, refused) = (self.wish?, self.refused.load(Ordering::Relaxed));
        let Some(wished) = LADDER.iter().position(|level| *level == wish) else { return Some(wish) };
        let free = (0..LADDER.len()).filter(|at| refused & (1 << at) == 0);
        free.min_by_key(|at| at.abs_diff(wished)).map(|at| LADDER[at])
    }

    /// Whether a refusal, in small letters, is of the level that was sent and not of any level; if so it is remembered,
    /// with what it says of others. `word`: what a level is called on the wire.
    pub fn refuse(&self, sent: ReasoningEffort, refusal: &str, word: impl Fn(ReasoningEffort) -> String) -> bool {
        let named = |level: ReasoningEffort| {
            let word = word(level);
            refusal.split(|c: char| !c.is_ascii_alphanumeric()).any(|other| other == word)
        };
        let is_sent = |level: ReasoningEffort| word(level) == word(sent);
        let others: Vec<ReasoningEffort> =
            LADDER.into_iter().filter(|level| !is_sent(*level) && named(*level)).collect();
        if !named(sent) && others.len() < 2 {
            return false;
        }
        // The word "none" alone may be a word like any other.
        let lists = others.iter().any(|level| *level != ReasoningEffort::None);
        let refused = |level: ReasoningEffort| is_sent(level) || (lists && !others.contains(&level));
        let bits = (0..LADDER.len()).filter(|at| refused(LADDER[*at])).fold(0, |bits, at| bits | (1 << at));
        self.refused.fetch_or(bits, Ordering::Relaxed);
        true
    }

    /// No level is taken.
    pub fn drop_all(&self) {
        self.refused.store(u8::MAX, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use ReasoningEffort::*;

    fn after(wish: ReasoningEffort, refusals: &[&str]) -> Option<ReasoningEffort> {
        let effort = Effort::of(Some(wish));
        for refusal in refusals {
            let level = effort.level().unwrap();
            if !effort.refuse(level, refusal, |level| level.name().into()) {
                effort.drop_all();
            }
        }
        effort.level()
    }

    #[test]
    fn the_next_level_toward_the_wish_is_asked_for() {
        assert_eq!(after(Xhigh, &[]), Some(Xhigh));
        assert_eq!(after(Xhigh, &["'xhigh' is not supported"]), Some(High));
        assert_eq!(after(None, &["none is invalid", "minimal is invalid"]), Some(Low));
        // Of two as near, the cheaper.
        assert_eq!(after(Medium, &["unsupported value: 'medium'"]), Some(Low));
        assert_eq!(after(Low, &["input should be 'none' or 'high', input: 'low'"]), Some(None));
        assert_eq!(after(Medium, &["input should be 'none' or 'high', input: 'medium'"]), Some(High));
        assert_eq!(
            after(Minimal, &["'minimal' is unknown; supported: 'low', 'medium', 'high' and 'xhigh'"]),
            Some(Low)
        );
        assert_eq!(after(None, &["supported values are: low, medium, high"]), Some(Low));
    }

    #[test]
    fn a_model_that_takes_no_level_is_asked_without() {
        assert_eq!(after(Low, &["model m does not support parameter reasoningeffort."]), Option::None);
        assert_eq!(after(High, &["unknown parameter: reasoning_effort, param: none"]), Option::None);
    }
}
