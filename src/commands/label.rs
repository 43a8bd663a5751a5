//! `minions sessions rename` and `tag`: what a person calls a session, and keeps it under.

use std::io::Write;

use super::Failure;
use crate::document::escape::visible;
use crate::journal::{Label, Store};

/// Gives the session a title, or takes it away where the title is blank.
pub fn rename(store: &Store, name: &str, title: &str, out: &mut dyn Write) -> Result<(), Failure> {
    change(store, name, |label| label.set_title(title), out)
}

/// Adds tags, after some were taken away.
pub fn tag(store: &Store, name: &str, add: &[String], remove: &[String], out: &mut dyn Write) -> Result<(), Failure> {
    let change_tags = |label: &mut Label| {
        remove.iter().for_each(|tag| label.remove_tag(tag));
        add.iter().try_for_each(|tag| label.add_tag(tag))
    };
    change(store, name, change_tags, out)
}

fn change(
    store: &Store,
    name: &str,
    change: impl FnOnce(&mut Label) -> Result<(), String>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let session = store.resolve(name)?;
    let mut label = session.label();
    change(&mut label).map_err(Failure::usage)?;
    session.set_label(&label)?;
    let title = label.title.as_ref().map_or_else(|| "no title".into(), |title| format!("“{}”", visible(title)));
    let tags: String = label.tags.iter().map(|tag| format!(" #{}", visible(tag))).collect();
    writeln!(out, "session {}: {title}{tags}", session.id())?;
    Ok(())
}
