//! Where a session waits for the person: exactly where nothing goes on by itself.

use proptest::prelude::*;

use super::laws::worlds;
use crate::protocol::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_person_is_needed_where_nothing_else_can_change_where_the_session_stands(world in worlds()) {
        let mut state = State::default();
        for fact in &world.run().facts {
            state.apply(fact);
            let asked = matches!(
                fact,
                Fact::BudgetReached(_) | Fact::GateReached { .. } | Fact::ConsentAsked { .. } | Fact::RemoteInterrupted(_)
            );
            prop_assert!(!asked || state.needs_person(), "{fact:?}");
            if let Some(need) = state.need() {
                prop_assert_eq!(advance(&state, None), None);
                prop_assert!(!need.told().is_empty());
            }
        }
        prop_assert!(!state.needs_person(), "it has ended");
    }
}
