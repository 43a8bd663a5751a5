//! The rounds of a session, which the copies of its state share: to copy a long one takes no longer than a short one.

use std::ops::Deref;
use std::sync::Arc;
use std::{iter, slice};

use super::state::{Aggregated, Round};

/// A round is copied when it is changed while another state holds it as well: in practice the one at hand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rounds(Vec<Arc<Round>>);

impl Rounds {
    pub fn iter(&self) -> Each<'_> {
        self.0.iter().map(Arc::as_ref)
    }

    pub fn get(&self, at: usize) -> Option<&Round> {
        self.0.get(at).map(Arc::as_ref)
    }

    pub fn last(&self) -> Option<&Round> {
        self.0.last().map(Arc::as_ref)
    }

    pub(super) fn push(&mut self, round: Round) {
        self.0.push(Arc::new(round));
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut Round> {
        self.0.last_mut().map(Arc::make_mut)
    }

    pub(super) fn numbered_mut(&mut self, number: u32) -> Option<&mut Round> {
        self.0.get_mut((number as usize).checked_sub(1)?).map(Arc::make_mut)
    }

    /// Takes the past rounds of a state that is the same, in place of equal ones: what two folds made is then held once.
    pub(super) fn share_past(&mut self, same: &Self) {
        let past = self.0.len().saturating_sub(1);
        for (own, other) in self.0[..past].iter_mut().zip(&same.0) {
            *own = other.clone();
        }
    }

    /// Gives away the round before the one at hand and leaves in its place what the session's course goes by: whether it
    /// aggregated, and what was decided.
    pub(super) fn part_with_one(&mut self) -> Option<Arc<Round>> {
        let before = self.0.len().checked_sub(2)?;
        let round = self.0.get_mut(before)?;
        let remains = Round {
            aggregated: round.aggregated.as_ref().map(|one| Aggregated { text: String::new(), ..*one }),
            decision: round.decision.clone(),
            ..Round::new(round.number, round.last, round.models.clone())
        };
        Some(std::mem::replace(round, Arc::new(remains)))
    }
}

impl Deref for Rounds {
    type Target = [Arc<Round>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

type Each<'a> = iter::Map<slice::Iter<'a, Arc<Round>>, fn(&'a Arc<Round>) -> &'a Round>;

impl<'a> IntoIterator for &'a Rounds {
    type Item = &'a Round;
    type IntoIter = Each<'a>;

    fn into_iter(self) -> Each<'a> {
        self.iter()
    }
}
