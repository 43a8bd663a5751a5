//! `minions sessions diff`: two sessions, or two rounds, beside each other.

use std::io::Write;

use super::Failure;
use super::json_line::json_line;
use crate::app::{TableRow, table, width, wrap};
use crate::document::escape::{visible, visible_lines};
use crate::journal::{Session, Store};
use crate::ledger::{Comparison, Exposure, JobSays, Ledger, Side, Waited, is_of_round};
use crate::protocol::{Fact, State};

/// More changed jobs are counted and not listed; `--json` lists all.
const JOBS_TOLD: usize = 40;

/// Compares what the two names mean: sessions, or rounds as `SESSION@ROUND`.
pub fn diff(store: &Store, a: &str, b: &str, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let compared = Comparison::new(side(store, a)?, side(store, b)?);
    if json {
        json_line(&compared, out)?;
        return Ok(());
    }
    print(&compared, out)
}

/// Two sessions of the store, for the screen.
pub fn compare(store: &Store, a: &str, b: &str) -> Result<Comparison, Failure> {
    Ok(Comparison::new(side(store, a)?, side(store, b)?))
}

/// Sessions of the store, the oldest first, for the table of the screen; and of each that cannot be read, why.
pub fn sides(store: &Store, sessions: &[String]) -> (Vec<Side>, Vec<String>) {
    let (mut sides, mut unread) = (Vec::new(), Vec::new());
    for session in sessions {
        match side(store, session) {
            Ok(side) => sides.push(side),
            Err(why) => unread.push(format!("{session} could not be read: {why}")),
        }
    }
    sides.sort_by_key(|side| side.began_ms);
    (sides, unread)
}

/// A whole session as it is compared.
pub fn of_session(session: &Session) -> Result<Side, Failure> {
    fold(session, None)
}

/// Two rounds of a session, for the screen that shows it.
pub fn compare_rounds(session: &Session, a: u32, b: u32) -> Result<Comparison, Failure> {
    let round = |number: u32| {
        let mut side = fold(session, Some(number))?;
        side.name = format!("round {number}");
        Ok::<_, Failure>(side)
    };
    Ok(Comparison::new(round(a)?, round(b)?))
}

fn side(store: &Store, name: &str) -> Result<Side, Failure> {
    // A name that is a session's as it stands is one.
    let (session, round) = match (store.resolve(name), name.rsplit_once('@')) {
        (Ok(session), _) => (session, None),
        (Err(_), Some((session, round))) if round.parse::<u32>().is_ok() => {
            (store.resolve(session)?, round.parse::<u32>().ok())
        }
        (Err(error), _) => return Err(error.into()),
    };
    fold(&session, round)
}

fn fold(session: &Session, round: Option<u32>) -> Result<Side, Failure> {
    let opened = session.opened()?;
    let documents = session.documents(opened.as_ref().map_or(&[], |opened| &opened.documents))?;
    let (mut state, mut ledger, mut exposure) = (State::default(), Ledger::new(), Exposure::new(&documents));
    let (mut times, mut waited): (Option<(u64, u64)>, Waited) = Default::default();
    let mut waited_in_it = 0;
    let (mut now, mut settings) = (0, None);
    for record in session.records()? {
        let record = record?;
        let Some(fact) = record.fact.known() else { continue };
        state.apply(fact);
        ledger.apply(fact);
        let waited_before = waited.ms();
        waited.apply(fact, record.at_ms);
        if let Fact::RoundBegan { round, .. } = fact {
            now = *round;
        }
        // A session is known by what it opened with, a round by the levers that it began with.
        let tells = match fact {
            Fact::SessionOpened(_) => true,
            Fact::RoundBegan { .. } => round == Some(now),
            _ => false,
        };
        if tells {
            settings = Some(state.settings().into_owned());
        }
        if round.is_none_or(|round| is_of_round(fact, round)) {
            exposure.apply(fact);
        }
        if round.is_none_or(|round| round == now) {
            times = Some((times.map_or(record.at_ms, |(from, _)| from), record.at_ms));
            waited_in_it += waited.ms() - waited_before;
        }
    }
    // What the person took over a gate says nothing of what the session takes.
    let seconds = times.map_or(0.0, |(from, to)| to.saturating_sub(from).saturating_sub(waited_in_it) as f64 / 1e3);
    let exposed = (exposure.bytes() as u64, exposure.share());
    let id = session.id();
    match round {
        None => {
            let mut side = Side::session(id.to_string(), &state, &ledger, exposed, seconds);
            side.title = session.label().title;
            side.began_ms = times.map_or(0, |(from, _)| from);
            side.settings = settings;
            Ok(side)
        }
        Some(number) => {
            let side = Side::round(format!("{id}@{number}"), &state, &ledger, number, exposed, seconds);
            let mut side = side.ok_or_else(|| Failure::usage(format!("session {id} has no round {number}")))?;
            side.settings = settings;
            Ok(side)
        }
    }
}

fn print(compared: &Comparison, out: &mut dyn Write) -> Result<(), Failure> {
    let Comparison { a, b, .. } = compared;
    writeln!(out, "A  {}", a.name)?;
    writeln!(out, "B  {}\n", b.name)?;
    if compared.same_question {
        writeln!(out, "question: {}", visible(&a.question))?;
    } else {
        writeln!(out, "question of A: {}\nquestion of B: {}", visible(&a.question), visible(&b.question))?;
    }
    writeln!(out)?;
    columns(&table(&[Some(a), Some(b)]), out)?;
    writeln!(out)?;
    if let (None, None) = (&a.answer, &b.answer) {
        writeln!(out, "neither has an answer")?;
    } else if compared.same_answer {
        let what = if a.asks_for_more() { "the same wanted next" } else { "the same answer" };
        writeln!(out, "{what}: {}", visible_lines(answer(a)))?;
    } else {
        let what = |side: &Side| if side.asks_for_more() { "wanted next after" } else { "answer of" };
        let (of_a, of_b) = (visible_lines(answer(a)), visible_lines(answer(b)));
        writeln!(out, "{} A: {of_a}\n\n{} B: {of_b}", what(a), what(b))?;
    }
    let cited = &compared.citations;
    writeln!(out, "\n{} citations of both", cited.both.len())?;
    for (side, texts) in [("A", &cited.only_a), ("B", &cited.only_b)] {
        for text in texts {
            writeln!(out, "  only {side}: “{}”", visible(text))?;
        }
    }
    let jobs = &compared.jobs;
    writeln!(
        out,
        "\n{} jobs say the same, {} something else, {} only in A, {} only in B",
        jobs.same,
        jobs.changed.len(),
        jobs.only_a,
        jobs.only_b
    )?;
    for changed in jobs.changed.iter().take(JOBS_TOLD) {
        writeln!(out, "  {}", visible(&changed.task))?;
        for (side, says) in [("A", &changed.a), ("B", &changed.b)] {
            writeln!(out, "    {side} {}: {}", says.job, visible(&told(says)))?;
        }
    }
    if jobs.changed.len() > JOBS_TOLD {
        writeln!(out, "  and {} more; --json lists all", jobs.changed.len() - JOBS_TOLD)?;
    }
    Ok(())
}

/// Cells of a line, so that it stands whole on a terminal of the usual width.
const LINE: usize = 80;
/// Cells that a column has at least, whatever the names beside it take.
const COLUMN: usize = 24;

/// The rows under one another, what is longer than its column over as many lines as it takes.
fn columns(rows: &[TableRow], out: &mut dyn Write) -> Result<(), Failure> {
    let names = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let room = (LINE.saturating_sub(names) / 2).saturating_sub(1).max(COLUMN);
    let heads = ("", ["A", "B"].map(str::to_owned).to_vec());
    for (name, cells) in [heads].into_iter().chain(rows.iter().map(|(name, cells)| (name.as_str(), cells.clone()))) {
        let cells = cells.iter().map(|cell| {
            let cell = visible(cell).into_owned();
            wrap(&cell, room).into_iter().map(|part| cell[part].trim_end().to_owned()).collect::<Vec<_>>()
        });
        let cells: Vec<Vec<String>> = cells.collect();
        for at in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            let name = if at == 0 { name } else { "" };
            let mut line = format!("{name}{}", " ".repeat(names - width(name)));
            for cell in &cells {
                let told = cell.get(at).map_or("", String::as_str);
                line.push_str(&" ".repeat(1 + room.saturating_sub(width(told))));
                line.push_str(told);
            }
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

fn answer(side: &Side) -> &str {
    side.answer.as_deref().unwrap_or("none")
}

fn told(says: &JobSays) -> String {
    says.answer.clone().unwrap_or_else(|| says.state.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Durability;
    use crate::journal::world::{World, documents};
    use crate::protocol::Decision;

    #[test]
    fn two_columns_stand_within_the_width_of_a_terminal() {
        let long = "meta-llama/Llama-3.3-70B-Instruct-Turbo (together)";
        let row = |name: &str, a: &str, b: &str| (name.to_owned(), vec![a.to_owned(), b.to_owned()]);
        let rows = [
            row("planner", "offline planner (no model)", long),
            row("local max output tokens", "1", "2"),
            row("jobs", "3", "4"),
        ];
        let mut out = Vec::new();
        columns(&rows, &mut out).unwrap();
        let told = String::from_utf8(out).unwrap();
        assert!(told.lines().all(|line| width(line) <= LINE), "{told}");
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[1].starts_with("planner   ") && lines[1].contains("offline planner (no"), "{told}");
        assert!(lines.iter().any(|line| line.ends_with("(together)")), "{told}");
        let ends = |at: usize, text: &str| lines[at].find(text).map(|from| from + text.len());
        assert_eq!(
            (ends(0, "A"), lines[0].len()),
            (ends(lines.len() - 1, "3"), lines[lines.len() - 1].len()),
            "{told}"
        );
    }

    #[tokio::test]
    async fn sessions_stand_side_by_side_without_one_that_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_owned());
        let mut names = vec!["20200101-000000-0000".to_owned()];
        for seed in 1..4 {
            let (session, writer) = store.create(&documents()).unwrap();
            writer.append(World::facts(seed, 1, 2), Durability::Written).await.unwrap();
            writer.close().await.unwrap();
            names.push(session.id().to_string());
        }
        let newer = b"{\"v\":9}\n";
        std::fs::write(folder.path().join(&names[2]).join("journal.jsonl"), newer).unwrap();
        let (sides, unread) = sides(&store, &names);
        let read: Vec<&str> = sides.iter().map(|side| side.name.as_str()).collect();
        assert_eq!(read, [&names[1], &names[3]]);
        assert_eq!(unread.len(), 2, "{unread:?}");
        assert!(unread[0].starts_with(&format!("{} could not be read: there is no session", names[0])), "{unread:?}");
        assert!(unread[1].contains("has format version 9"), "{unread:?}");
    }

    #[tokio::test]
    async fn figures_stand_below_each_other_and_rounds_tell_what_they_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().to_owned());
        let (session, writer) = store.create(&documents()).unwrap();
        let decides = |facts: &[Fact], number, more| {
            facts.iter().any(|fact| match fact {
                Fact::Decided { round, decision } => {
                    *round == number && matches!(decision, Decision::RequestAdditionalInfo(_)) == more
                }
                _ => false,
            })
        };
        let mut worlds = (1..).map(|seed| World::facts(seed, 2, 2));
        let facts = worlds.find(|facts| decides(facts, 1, true) && decides(facts, 2, false)).unwrap();
        writer.append(facts, Durability::Written).await.unwrap();
        writer.close().await.unwrap();
        let id = session.id().to_string();
        let mut out = Vec::new();
        diff(&store, &format!("{id}@1"), &format!("{id}@2"), false, &mut out).unwrap();
        let told = String::from_utf8(out).unwrap();
        let row = |name: &str| told.lines().find(|line| line.starts_with(name)).unwrap().chars().count();
        assert_eq!([row("planner "), row("reader "), row("outcome ")], [row("protocol "); 3], "{told}");
        let outcome = told.lines().find(|line| line.starts_with("outcome ")).unwrap();
        assert_eq!(outcome.split_whitespace().collect::<Vec<_>>()[1..], ["asked", "for", "more", "answered"], "{told}");
        assert!(told.contains("wanted next after A: ") && told.contains("answer of B: "), "{told}");
    }
}
