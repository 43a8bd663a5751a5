//! Jobs that were given up while a reader that is paid for had them: what they cost, nobody tells.

use super::fact::Fact;
use super::state::State;

/// The note that so many jobs were given up; nothing where their reader costs nothing.
pub(super) fn noted(state: &State, jobs: usize) -> Option<Fact> {
    let price = state.models.now.local.as_ref().and_then(|local| local.price);
    let is_paid = price.is_some_and(|price| price.input > 0.0 || price.output > 0.0);
    let text = match jobs {
        0 => return None,
        1 => "1 job under way was lost; what it cost is not known".to_owned(),
        jobs => format!("{jobs} jobs under way were lost; what they cost is not known"),
    };
    is_paid.then_some(Fact::NoteAdded { text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Price, SessionOpened, Settings};

    #[test]
    fn what_a_reader_may_be_paid_for_without_a_reply_is_noted() {
        let noted_at = |price| {
            let mut opened = SessionOpened::example(Settings::default(), &[]);
            opened.local.price = price;
            let mut state = State::default();
            state.apply(&Fact::SessionOpened(Box::new(opened)));
            [noted(&state, 0).is_some(), noted(&state, 2).is_some()]
        };
        assert_eq!(noted_at(Some(Price::flat(1.0, 2.0))), [false, true]);
        assert_eq!((noted_at(Some(Price::flat(0.0, 0.0))), noted_at(None)), ([false, false], [false, false]));
    }
}
