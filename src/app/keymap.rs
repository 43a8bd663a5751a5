//! Which key does what, by context.

use std::collections::HashMap;

use super::action::{Action, BINDINGS, Binding, Context};
use super::key::Key;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    keys: HashMap<(Context, Key), Action>,
}

impl Default for Keymap {
    fn default() -> Self {
        let mut keys = HashMap::new();
        for binding in BINDINGS {
            for key in binding.keys() {
                keys.insert((binding.context, key), binding.action);
            }
        }
        Self { keys }
    }
}

impl Keymap {
    /// What the key does in the first of these contexts that knows it.
    pub fn action(&self, contexts: &[Context], key: Key) -> Option<Action> {
        contexts.iter().find_map(|context| self.keys.get(&(*context, key)).copied())
    }
}

impl Binding {
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.keys.split(' ').filter_map(|text| text.parse().ok())
    }

    /// The key that hints show.
    pub fn first_key(&self) -> &'static str {
        self.keys.split(' ').next().unwrap_or_default()
    }
}

/// The declaration of an action.
pub fn binding_of(action: Action) -> Option<&'static Binding> {
    BINDINGS.iter().find(|binding| binding.action == action)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_default_key_can_be_read() {
        for binding in BINDINGS {
            assert_eq!(binding.keys().count(), binding.keys.split(' ').count(), "{}", binding.name);
        }
    }

    #[test]
    fn no_key_does_two_things_where_both_could_be_meant() {
        let together: [&[Context]; 6] = [
            &[Context::Everywhere, Context::Jobs, Context::Replay],
            &[Context::Everywhere, Context::Document, Context::Replay],
            &[Context::Question],
            &[Context::Budget],
            &[Context::Typing, Context::Picking],
            &[Context::Typing, Context::Form],
        ];
        for contexts in together {
            let mut seen = HashSet::new();
            for binding in BINDINGS.iter().filter(|binding| contexts.contains(&binding.context)) {
                for key in binding.keys() {
                    assert!(
                        seen.insert(key),
                        "`{key}` is bound twice in {contexts:?}, the second time to {}",
                        binding.name
                    );
                }
            }
        }
    }

    #[test]
    fn every_action_is_declared_once() {
        let names: HashSet<_> = BINDINGS.iter().map(|binding| (binding.context, binding.name)).collect();
        let actions: HashSet<_> = BINDINGS.iter().map(|binding| binding.action).collect();
        assert_eq!((names.len(), actions.len()), (BINDINGS.len(), BINDINGS.len()));
    }
}
