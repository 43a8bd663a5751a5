//! `minions sessions tree`: each fork under the session that it left, with what was changed.

use std::io::Write;

use serde::Serialize;

use super::Failure;
use super::sessions::{called, cost, minute, print_json, state_of};
use crate::document::escape::visible;
use crate::journal::{Branch, Store, Summary, trees};

/// A session with how deep it stands in its tree.
#[derive(Serialize)]
struct Shown<'a> {
    depth: usize,
    #[serde(flatten)]
    summary: &'a Summary,
}

/// Prints the trees of all sessions, or that of one. `ascii`: whether lines are drawn with ASCII signs.
pub fn tree(store: &Store, named: Option<&str>, ascii: bool, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let named = named.map(|named| store.resolve(named)).transpose()?;
    let summaries = store.list()?;
    let parents: Vec<(&str, Option<&str>)> = summaries
        .iter()
        .map(|summary| (summary.id.as_str(), summary.parent.as_ref().map(|parent| parent.session.as_str())))
        .collect();
    let branches = trees(&parents);
    let branches = match &named {
        Some(session) => {
            let is_named = |branch: &Branch| summaries[branch.at].id == *session.id();
            tree_of(&branches, is_named)
        }
        None => &branches,
    };
    if json {
        let shown = |branch: &Branch| Shown { depth: branch.rails.len(), summary: &summaries[branch.at] };
        return print_json(&branches.iter().map(shown).collect::<Vec<_>>(), out);
    }
    if branches.is_empty() {
        writeln!(out, "no session yet in {}", visible(&store.root().to_string_lossy()))?;
    }
    for branch in branches {
        let summary = &summaries[branch.at];
        let here = named.as_ref().is_some_and(|session| summary.id == *session.id());
        let cost = summary.sums.map_or_else(String::new, |sums| format!("  {}", cost(&sums)));
        let from = summary.parent.as_ref().map_or_else(String::new, |parent| format!("  {}", visible(&parent.told())));
        let line = format!(
            "{}{}{}  {}  {}{cost}{from}  {}",
            branch.signs(ascii),
            summary.id,
            if here { " *" } else { "" },
            minute(summary.opened_at_ms),
            state_of(summary).replace('_', " "),
            visible(&name(summary, &summaries)),
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// What the session is called; nothing of its question where its parent asked the same.
fn name(summary: &Summary, all: &[Summary]) -> String {
    let parent = summary.parent.as_ref().and_then(|parent| all.iter().find(|one| one.id.as_str() == parent.session));
    let called = called(summary);
    let called = called.trim_start_matches("↳ ");
    match parent {
        Some(parent) if parent.question == summary.question => called.trim_end_matches(&summary.question).to_owned(),
        _ => called.to_owned(),
    }
}

/// The whole tree in which one session is.
fn tree_of(branches: &[Branch], is_it: impl Fn(&Branch) -> bool) -> &[Branch] {
    let Some(at) = branches.iter().position(is_it) else { return &[] };
    let is_root = |branch: &Branch| branch.rails.is_empty();
    let from = branches[..=at].iter().rposition(is_root).unwrap_or(0);
    let to = branches[at + 1..].iter().position(is_root).map_or(branches.len(), |after| at + 1 + after);
    &branches[from..to]
}
