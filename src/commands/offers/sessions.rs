//! The sessions on disk, newest first: what is cheap to know of each, and all of the one that is looked at.

use super::{Outlet, failed};
use crate::app::PickerNews;
use crate::app::picker::{Calling, Choice, Group, OfSession, PickerRow, Standing};
use crate::commands::begin;
use crate::commands::screen::now_ms;
use crate::commands::sessions::{called, cost, minute, size, state_of};
use crate::config::Config;
use crate::journal::{Session, Store, Summary};

/// Rows that come together; the first of them sooner.
const FIRST: usize = 40;
const BATCH: usize = 200;
/// More than this are not listed.
const MOST: usize = 20_000;
/// Sessions whose questions can be asked again.
const QUESTIONS: usize = 300;
/// A question or a name is kept this long. In characters.
const LONGEST: usize = 240;
/// An answer is shown this long in the preview. In characters.
const ANSWER: usize = 4_000;

pub(super) async fn fill(outlet: Outlet, config: &Config) {
    match begin::store(config) {
        Ok(store) => {
            let listed = tokio::task::spawn_blocking(move || list(&outlet, &store)).await;
            if let Err(error) = listed {
                tracing::warn!("the sessions could not be listed: {error}");
            }
        }
        Err(error) => outlet.send(PickerNews::Groups(vec![start(), of(failed(error))])).await,
    }
}

fn list(outlet: &Outlet, store: &Store) {
    let loading = Standing::Loading("reading the sessions…".into());
    if !outlet.push(PickerNews::Groups(vec![start(), of(loading.clone()), of_evals()])) {
        return;
    }
    let sessions = match store.newest_first() {
        Ok(sessions) => sessions,
        Err(error) => {
            outlet.push(PickerNews::Groups(vec![start(), of(failed(error))]));
            return;
        }
    };
    if sessions.is_empty() {
        let none = Standing::Told("no session yet; the first question makes one".into());
        outlet.push(PickerNews::Groups(vec![start(), of(none)]));
        return;
    }
    let (now_ms, mut catalogue) = (now_ms(), store.catalogue());
    let (mut rest, mut size) = (sessions.get(..MOST).unwrap_or(&sessions), FIRST);
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(size.min(rest.len()));
        let (of_evals, others): (Vec<_>, Vec<_>) =
            catalogue.briefs(batch).into_iter().partition(|summary| summary.label.is_of_eval());
        let rows = |of: &[Summary]| of.iter().map(|summary| row(summary, now_ms)).collect::<Vec<_>>();
        (rest, size) = (after, BATCH);
        let standing = match (rest.is_empty(), sessions.len() > MOST) {
            (false, _) => Standing::Loading(format!(
                "reading the sessions: {} of {}…",
                sessions.len().min(MOST) - rest.len(),
                sessions.len()
            )),
            (true, false) => Standing::Whole,
            (true, true) => Standing::Told(format!("the newest {MOST} of {}", sessions.len())),
        };
        let (below, rows) = (rows(&of_evals), rows(&others));
        let is_told = outlet.push(PickerNews::Rows { group: 1, rows, standing });
        if !is_told || !outlet.push(PickerNews::Rows { group: 2, rows: below, standing: Standing::Whole }) {
            break;
        }
    }
    // The list is looked at meanwhile.
    catalogue.keep_learnt();
}

/// The questions of the newest sessions, to be asked again. Where they cannot be read there are none.
pub(super) fn questions(config: &Config) -> Vec<String> {
    let sessions = begin::store(config).ok().and_then(|store| store.newest_first().ok()).unwrap_or_default();
    sessions.iter().take(QUESTIONS).map(|session| session.brief().question).collect()
}

fn start() -> Group {
    let about = "Name files, and ask a question of them.";
    let row = PickerRow::new(Choice::Documents, vec!["new session …".into()], about);
    Group { title: "Start".into(), rows: vec![row], standing: Standing::Whole }
}

fn of(standing: Standing) -> Group {
    Group { title: "Pick up".into(), rows: Vec::new(), standing }
}

/// Those of evals stand below all others: one alone may have made hundreds.
fn of_evals() -> Group {
    Group { title: "Made by `minions eval`".into(), rows: Vec::new(), standing: Standing::Whole }
}

fn row(summary: &Summary, now_ms: u64) -> PickerRow {
    let about = called(summary);
    let shown = match &summary.parent {
        Some(parent) => format!("{} · {}", parent.told(), about.trim_start_matches("↳ ")),
        None => about.clone(),
    };
    let cost = summary.sums.as_ref().map_or_else(String::new, cost);
    let cells = vec![
        short(&shown, LONGEST),
        short(&summary.documents.join(", "), LONGEST),
        state_of(summary).replace('_', " "),
        cost,
        age(now_ms.saturating_sub(summary.opened_at_ms)),
    ];
    let also = summary.answer.clone().unwrap_or_default();
    let of_session = Some(Box::new(OfSession {
        title: summary.label.title.clone().unwrap_or_default(),
        tags: summary.label.tags.clone(),
        archived: summary.archived,
        parent: summary.parent.as_ref().map(|parent| parent.session.clone()),
    }));
    PickerRow { also, of_session, ..PickerRow::new(Choice::Session(summary.id.to_string()), cells, about) }
}

/// How long ago, in the largest unit that fits.
fn age(ms: u64) -> String {
    const UNITS: [(u64, &str); 5] = [(31_557_600, "y"), (604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m")];
    let seconds = ms / 1000;
    let unit = UNITS.iter().find(|(length, _)| seconds >= *length);
    unit.map_or_else(|| "now".into(), |(length, name)| format!("{}{name}", seconds / length))
}

fn short(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Reads what there is to say of one session, and its cost where that was left out.
pub(super) fn read(outlet: &Outlet, config: &Config, id: &str) {
    let Some(session) = found(config, id) else { return };
    let summary = session.summary();
    let choice = Choice::Session(id.to_owned());
    if outlet.push(PickerNews::Row(Box::new(row(&summary, now_ms())))) {
        outlet.push(PickerNews::Read { choice, text: told(&session, &summary) });
    }
}

fn told(session: &Session, summary: &Summary) -> String {
    let mut lines = vec![summary.question.clone()];
    if let Some(problem) = &summary.problem {
        lines.push(problem.clone());
    }
    let rounds = |rounds| if rounds == 1 { "1 round".into() } else { format!("{rounds} rounds") };
    let sums = summary.sums.map(|sums| format!(" · {} · {}", rounds(sums.rounds), cost(&sums)));
    lines.push(format!("{} UTC{}", minute(summary.opened_at_ms), sums.unwrap_or_default()));
    lines.push(match (session.answer(), summary.ended.as_ref().and_then(|ending| ending.reason())) {
        (Some(answer), _) => short(&answer, ANSWER),
        (None, Some(reason)) => format!("{}: {reason}", state_of(summary).replace('_', " ")),
        (None, None) => state_of(summary).replace('_', " "),
    });
    lines.push(String::new());
    lines.push(summary.documents.join(", "));
    lines.push(format!("session {}, {} on disk", summary.id, size(summary.disk_bytes)));
    if let Some(parent) = &summary.parent {
        lines.push(format!("{} of {}", parent.told(), parent.session));
    }
    if summary.ended.is_none() && !summary.running {
        lines.push("it was interrupted; open it, and `resume` goes on with it".into());
    }
    lines.join("\n")
}

pub(super) fn delete(outlet: &Outlet, config: &Config, id: String) {
    let Some(session) = found(config, &id) else { return };
    let choice = Choice::Session(id);
    match session.delete() {
        Ok(()) => {
            if let Ok(store) = begin::store(config) {
                store.forget_deleted();
            }
            outlet.push(PickerNews::Gone(choice))
        }
        Err(error) => outlet.push(PickerNews::Read { choice, text: format!("not deleted: {error}") }),
    };
}

/// Calls a session by another title or other tags.
pub(super) fn call(outlet: &Outlet, config: &Config, id: &str, calling: Calling) {
    let Some(session) = found(config, id) else { return };
    let mut label = session.label();
    let taken = match calling {
        Calling::Title(title) => label.set_title(&title),
        Calling::Tags(tags) => {
            label.tags.clear();
            tags.iter().try_for_each(|tag| label.add_tag(tag))
        }
    };
    let done = taken.and_then(|()| session.set_label(&label).map_err(|error| error.to_string()));
    told_anew(outlet, &session, done);
}

/// Compresses a session, or brings it back.
pub(super) fn archive(outlet: &Outlet, config: &Config, id: &str, restore: bool) {
    let Some(session) = found(config, id) else { return };
    let done = if restore { session.restore() } else { session.archive() };
    told_anew(outlet, &session, done.map_err(|error| error.to_string()));
}

/// The row of a session as it is now, or why nothing was done.
fn told_anew(outlet: &Outlet, session: &Session, done: Result<(), String>) {
    match done {
        Ok(()) => {
            let summary = session.summary();
            let choice = Choice::Session(session.id().to_string());
            if outlet.push(PickerNews::Row(Box::new(row(&summary, now_ms())))) {
                outlet.push(PickerNews::Read { choice, text: told(session, &summary) });
            }
        }
        Err(why) => outlet.notice(format!("not done: {why}")),
    }
}

/// The session of this id. Ids come from the store's own list.
pub fn found(config: &Config, id: &str) -> Option<Session> {
    begin::store(config).ok()?.resolve(id).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_largest_unit() {
        let told = [0, 59_000, 60_000, 7_200_000, 90_000_000, 700_000_000, 40_000_000_000].map(age);
        assert_eq!(told, ["now", "now", "1m", "2h", "1d", "1w", "1y"]);
    }
}
