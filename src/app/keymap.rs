//! Which keys do what, by context: those built in, and over them those of `minions.toml`.

use super::action::{Action, BINDINGS, Binding, Context};
use super::key::{Key, Sequence, UnknownKey};
use crate::config::{Config, ConfigError, Loaded, Origin, nearest};

/// The keys in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Keymap {
    rows: Vec<Bound>,
    /// By context, as in [`Context::ALL`].
    trees: [Vec<(Key, Node)>; Context::ALL.len()],
}

/// An action with the keys that do it in a context. Without any key it is unbound there.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    pub binding: &'static Binding,
    pub context: Context,
    pub keys: Vec<Sequence>,
    pub origin: Origin,
}

/// What follows a key.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Does(&'static Binding),
    Goes(Vec<(Key, Node)>),
}

/// What keys pressed one after the other mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Does(Action),
    /// Another key is wanted.
    Begins,
    Nothing,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::of_rows(built_in())
    }
}

impl Keymap {
    /// The keys under these settings. A setting replaces the keys of its action in its context, and takes a key from
    /// what is built in there. The error tells all that is wrong, each with its place; where two settings want the same
    /// key it names both.
    pub fn of(settings: &Loaded) -> Result<Self, ConfigError> {
        let (mut own, mut problems) = (Vec::new(), Vec::new());
        for (table, actions) in &settings.config.keys {
            for (name, keys) in actions {
                let origin = settings.provenance.get(&Config::key_name(table, name)).unwrap_or(&Origin::BuiltIn);
                match bound(table, name, keys, origin) {
                    Ok(bound) => own.push(bound),
                    Err(problem) => problems.push(format!("{origin}: {problem}")),
                }
            }
        }
        problems.extend(clashes(&own));
        ConfigError::unless_empty(problems)?;
        Ok(Self::of_rows(laid_over(built_in(), own)))
    }

    fn of_rows(rows: Vec<Bound>) -> Self {
        let mut trees = [const { Vec::new() }; Context::ALL.len()];
        for row in &rows {
            for sequence in &row.keys {
                plant(&mut trees[row.context as usize], sequence.keys(), row.binding);
            }
        }
        Self { rows, trees }
    }

    /// Every action of every context, in the order of declaration, those moved to another context after their own.
    pub fn rows(&self) -> &[Bound] {
        &self.rows
    }

    /// What one key does by itself in the first of these contexts that knows it.
    pub fn action(&self, contexts: &[Context], key: Key) -> Option<Action> {
        match self.meaning(contexts, &[key]) {
            Meaning::Does(action) => Some(action),
            Meaning::Begins | Meaning::Nothing => None,
        }
    }

    /// What these keys mean in the first of these contexts that knows them.
    pub fn meaning(&self, contexts: &[Context], keys: &[Key]) -> Meaning {
        let known = contexts.iter().find_map(|context| walk(&self.trees[*context as usize], keys));
        match known {
            Some(Node::Does(binding)) => Meaning::Does(binding.action),
            Some(Node::Goes(_)) => Meaning::Begins,
            None => Meaning::Nothing,
        }
    }

    /// The keys that can follow these, each with what it does or how much it leads to.
    pub fn following(&self, contexts: &[Context], keys: &[Key]) -> Vec<(Key, String)> {
        let mut found: Vec<(Key, String)> = Vec::new();
        for context in contexts {
            let Some(Node::Goes(next)) = walk(&self.trees[*context as usize], keys) else { continue };
            for (key, node) in next {
                if found.iter().all(|(known, _)| known != key) {
                    found.push((*key, node.label()));
                }
            }
        }
        found
    }

    /// All keys of an action, those of its own context first.
    pub fn keys_of(&self, action: Action) -> impl Iterator<Item = &Sequence> {
        self.rows.iter().filter(move |row| row.binding.action == action).flat_map(|row| &row.keys)
    }

    /// The keys that hints show for an action; none where nothing is bound to it.
    pub fn first_keys(&self, action: Action) -> Option<&Sequence> {
        self.keys_of(action).next()
    }
}

impl Node {
    fn label(&self) -> String {
        match self {
            Node::Does(binding) => binding.name.to_owned(),
            Node::Goes(next) => format!("{} more", next.len()),
        }
    }
}

fn walk<'a>(mut tree: &'a [(Key, Node)], keys: &[Key]) -> Option<&'a Node> {
    let (last, before) = keys.split_last()?;
    let step = |tree: &'a [(Key, Node)], key: &Key| tree.iter().find(|(known, _)| known == key).map(|(_, node)| node);
    for key in before {
        let Node::Goes(next) = step(tree, key)? else { return None };
        tree = next;
    }
    step(tree, last)
}

/// Clashes were refused or resolved before, so the way is free.
fn plant(tree: &mut Vec<(Key, Node)>, keys: &[Key], binding: &'static Binding) {
    let Some((first, rest)) = keys.split_first() else { return };
    if rest.is_empty() {
        tree.push((*first, Node::Does(binding)));
        return;
    }
    let at = tree.iter().position(|(known, _)| known == first).unwrap_or_else(|| {
        tree.push((*first, Node::Goes(Vec::new())));
        tree.len() - 1
    });
    if let Some((_, Node::Goes(next))) = tree.get_mut(at) {
        plant(next, rest, binding);
    }
}

fn built_in() -> Vec<Bound> {
    let rows = BINDINGS.iter().map(|binding| Bound {
        binding,
        context: binding.context,
        keys: binding.keys().collect(),
        origin: Origin::BuiltIn,
    });
    rows.collect()
}

/// One setting: `[keys.TABLE] NAME = KEYS`.
fn bound(table: &str, name: &str, keys: &[String], origin: &Origin) -> Result<Bound, String> {
    let Some(context) = Context::ALL.into_iter().find(|context| context.table() == table) else {
        let tables = Context::ALL.map(Context::table);
        let hint = match nearest(table, tables) {
            Some(near) => format!("did you mean [keys.{near}]?"),
            None => format!("there are {}", tables.join(", ")),
        };
        return Err(format!("there are no keys in `{table}`; {hint}"));
    };
    let possible = || BINDINGS.iter().filter(|binding| binding.can_be_in(context));
    let own_first = possible().filter(|binding| binding.context == context).chain(possible());
    let Some(binding) = own_first.clone().find(|binding| binding.setting() == name) else {
        let names: Vec<String> = possible().map(Binding::setting).collect();
        let hint = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`minions keys` lists them".to_owned(),
        };
        return Err(format!("[keys.{table}] has no action `{name}`; {hint}"));
    };
    let mut sequences = Vec::new();
    for text in keys {
        let sequence = Sequence::split(text, ' ').map_err(|UnknownKey(key)| {
            format!("`keys.{table}.{name}`: {}", UnknownKey(if key.is_empty() { text.clone() } else { key }))
        })?;
        if let (true, [key, rest @ ..]) = (context.is_text(), sequence.keys())
            && (!rest.is_empty() || key.is_text())
        {
            return Err(format!(
                "`keys.{table}.{name}`: `{sequence}` is text while typing; take one key with ctrl- or alt-, or one such \
                 as enter or f2"
            ));
        }
        if !sequences.contains(&sequence) {
            sequences.push(sequence);
        }
    }
    Ok(Bound { binding, context, keys: sequences, origin: origin.clone() })
}

/// Two settings that want the same key in the same context, or where one is the beginning of the other.
fn clashes(own: &[Bound]) -> Vec<String> {
    let mut problems = Vec::new();
    for (at, second) in own.iter().enumerate() {
        for (index, first) in own[..=at].iter().enumerate().filter(|(_, first)| first.context == second.context) {
            let pairs = second.keys.iter().enumerate().flat_map(|(n, key)| {
                // Within one setting each pair is looked at once.
                let before = if index == at { n } else { first.keys.len() };
                first.keys[..before].iter().map(move |other| (key, other))
            });
            for (key, other) in pairs.filter(|(key, other)| key.clashes_with(other)) {
                let (table, name) = (second.context.table(), second.binding.setting());
                let taken = format!("does `{}` already, by {}", first.binding.setting(), first.origin);
                problems.push(match key == other {
                    true => format!("{}: `keys.{table}.{name}`: `{key}` {taken}", second.origin),
                    false => format!(
                        "{}: `keys.{table}.{name}`: `{key}` and `{other}` begin alike, and `{other}` {taken}",
                        second.origin
                    ),
                });
            }
        }
    }
    problems
}

fn laid_over(mut rows: Vec<Bound>, own: Vec<Bound>) -> Vec<Bound> {
    for row in own {
        let same = |known: &Bound| known.context == row.context && known.binding.action == row.binding.action;
        for other in rows.iter_mut().filter(|known| known.context == row.context && known.origin == Origin::BuiltIn) {
            other.keys.retain(|key| !row.keys.iter().any(|own| own.clashes_with(key)));
        }
        match rows.iter_mut().find(|known| same(known)) {
            Some(known) => *known = row,
            None => rows.push(row),
        }
    }
    rows
}

impl Binding {
    pub fn keys(&self) -> impl Iterator<Item = Sequence> {
        self.keys.split(' ').filter_map(|text| Sequence::split(text, ',').ok())
    }

    /// Its name in `minions.toml`.
    pub fn setting(&self) -> String {
        self.name.replace(' ', "-")
    }

    fn can_be_in(&self, context: Context) -> bool {
        self.context == context || self.context.is_pane() && context.is_pane()
    }
}

/// The declaration of an action.
pub fn binding_of(action: Action) -> Option<&'static Binding> {
    BINDINGS.iter().find(|binding| binding.action == action)
}

#[cfg(test)]
mod tests;
