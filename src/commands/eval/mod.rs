//! `minions eval`: many questions, each a session of its own, and what they come to.

mod due;
mod folder;
mod judging;
mod paper;
mod plan;
mod run;
mod screen;
mod session;
mod show;
mod sources;

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::Arc;
use std::time::Duration;

use clap::ColorChoice;
use futures_util::{Stream, StreamExt};
use tokio::sync::watch;

use super::json_line::json_line;
use super::{Exit, Failure, Output, forecasting};
use crate::cli::EvalArgs;
use crate::config::{Loaded, OnHangup, Sources};
use crate::document::escape::visible_lines;
use crate::eval::report::LEGEND;
use crate::term::{self, Signal};

use folder::Folder;
use plan::Plan;
use run::{Ended, Eval, Standing, Stop};
use screen::Picture;

/// How often lines of progress are told where none can be overwritten.
const LINES: Duration = Duration::from_secs(10);
/// Sessions that wait, and tries that were refused, which are named one by one.
const NAMED: usize = 5;

/// `settings`: where settings come from, to be read again for each combination of a sweep.
pub async fn eval(args: &EvalArgs, loaded: &Loaded, settings: &Sources, color: ColorChoice) -> Result<Exit, Failure> {
    if let Some(folder) = &args.show {
        return show::show(folder, (args.json, args.plain), loaded, color).await;
    }
    let plan = Plan::of(args, loaded, settings)?;
    if args.dry_run {
        return forecasting::tell(&tokio::task::block_in_place(|| plan.expected())?, args.json);
    }
    let folder = Folder::open(args, &plan)?;
    let eval = Eval::new(args, loaded, plan, folder).await?;
    // What was paid for is given up only by a command that can ask for it again.
    if args.again {
        eval.anew()?;
    }
    let (stop, stopped) = watch::channel(Stop::No);
    for line in eval.again() {
        let _ = writeln!(stderr(), "{}", visible_lines(&line));
    }
    let (standing, mut stands) = watch::channel(eval.standing());
    let eval = Arc::new(eval);
    // From here on no failure of the terminal ends what is paid for.
    let (mut signals, on_hangup) = (term::signals()?, loaded.config.sessions.on_hangup);
    let is_drawn = !args.json && !args.plain && !loaded.config.screen.accessible && super::screen::possible().is_ok();
    let picture = if is_drawn { Some(Picture::enter(loaded, color)?) } else { None };
    let working = tokio::spawn(Arc::clone(&eval).run(standing, stopped));
    if let Some(picture) = picture {
        screen::follow(picture, &eval, &mut stands, &stop, &mut signals, on_hangup).await;
    }
    follow(&mut stands, &stop, &mut signals, on_hangup).await;
    // Whatever failed, the report tells what is there.
    let worked = working.await.map_err(Failure::from).and_then(|worked| worked);
    let (ended, waiting) = worked.unwrap_or_else(|failure| (Ended::Broken(failure), Vec::new()));
    if !waiting.is_empty() {
        let _ = writeln!(stderr(), "{}", visible_lines(&told_waiting(&waiting)));
    }
    for line in eval.unjudged() {
        let _ = writeln!(stderr(), "{}", visible_lines(&line));
    }
    let report = eval.report();
    for line in told_refused(report.refusals()) {
        let _ = writeln!(stderr(), "{}", visible_lines(&line));
    }
    paper::write(&report, eval.folder.path())?;
    let mut out = Output::standard();
    if args.json {
        json_line(&report, &mut out)?;
    } else {
        let columns = if stdout().is_terminal() { term::columns() } else { None };
        write!(out, "{}", visible_lines(&report.table(columns.map_or(usize::MAX, usize::from))))?;
        writeln!(
            out,
            "\n{LEGEND}\nreport: {}\ncurve: minions eval --show {}",
            visible_lines(&eval.folder.path().join("report.md").to_string_lossy()),
            visible_lines(&for_a_shell(&eval.folder.path().to_string_lossy()))
        )?;
    }
    out.flush()?;
    ended.exit(&eval.standing())
}

/// Tells how far it is until all is done. The first Ctrl-C lets running questions come to their end, the second does not.
async fn follow(
    stands: &mut watch::Receiver<Standing>,
    stop: &watch::Sender<Stop>,
    signals: &mut (impl Stream<Item = Signal> + Unpin),
    on_hangup: OnHangup,
) {
    let live = stderr().is_terminal() && !matches!(std::env::var("TERM").as_deref(), Ok("dumb") | Err(_));
    let mut told: Option<tokio::time::Instant> = None;
    loop {
        let now = stands.borrow_and_update().clone();
        let is_due = live || told.is_none_or(|at| at.elapsed() >= LINES) || now.done == now.asked;
        if is_due {
            told = Some(tokio::time::Instant::now());
            // Nobody misses progress that cannot be written.
            let _ =
                if live { write!(stderr(), "\r\x1b[2K{}", now.told()) } else { writeln!(stderr(), "{}", now.told()) };
        }
        tokio::select! {
            changed = stands.changed() => if changed.is_err() { break },
            Some(signal) = signals.next() => match signal {
                Signal::Continued => {}
                Signal::HangUp => {
                    term::let_go_of_terminal();
                    screen::hung_up(stop, on_hangup);
                }
                Signal::Interrupt | Signal::Terminate => {
                    let words = match screen::stop_further(stop) {
                        Stop::Now => "stopping now",
                        _ => "no further question is asked; those under way come to their end; press again to stop them too",
                    };
                    let _ = writeln!(stderr(), "{}{words}", if live { "\r\x1b[2K" } else { "" });
                }
            },
        }
    }
    if live {
        let _ = write!(stderr(), "\r\x1b[2K");
    }
}

impl Ended {
    fn exit(self, standing: &Standing) -> Result<Exit, Failure> {
        let left = standing.asked - standing.done;
        if standing.refused == standing.asked {
            return Err(Failure::new(Exit::NoAnswer, "no question could be asked: nothing was sent"));
        }
        let again = format!("{left} of {} tries are left; the same command goes on with them", standing.asked);
        match self {
            Ended::Done => Ok(Exit::Success),
            Ended::Interrupted => Err(Failure::new(Exit::Interrupted, format!("stopped; {again}"))),
            Ended::Budget(which) => {
                Err(Failure::new(Exit::Budget, format!("{which}; {again} where --total-budget and the day allow more")))
            }
            Ended::Broken(failure) => Err(Failure::new(failure.exit(), format!("{failure}; {again}"))),
            Ended::Waits => Err(Failure::new(Exit::NoAnswer, format!("not all came to an end; {again}"))),
            Ended::Failed(count, error) => Err(Failure::new(
                Exit::Error,
                format!("{}, the last with: {error}; {again}", counted(count, "session failed", "sessions failed")),
            )),
            Ended::Failing(error) => Err(Failure::new(
                Exit::Error,
                format!("one session after the other failed, the last with: {error}; {again}"),
            )),
        }
    }
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// What is said of tries that were refused; `refusals`: a line each.
fn told_refused(mut refusals: Vec<String>) -> Vec<String> {
    let more = refusals.len().saturating_sub(NAMED);
    refusals.truncate(NAMED);
    if more > 0 {
        refusals.push(format!("and {} not asked; report.md has them all", counted(more, "more was", "more were")));
    }
    refusals
}

/// What is said of sessions that wait for a word.
fn told_waiting(sessions: &[String]) -> String {
    let which = counted(sessions.len(), "session waits", "sessions wait");
    let named = sessions[..sessions.len().min(NAMED)].join(", ");
    let more = sessions.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "{which} for a word ({named}{more}). The same command goes on with what was left open; requests that may have been paid \
         for and whose answer never came are sent again only with --send-again"
    )
}

/// A word that a shell takes as it is.
fn for_a_shell(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%,=".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_for_a_shell_can_be_pasted_into_one() {
        for (word, quoted) in [
            ("/home/me/out-1.d", "/home/me/out-1.d"),
            ("my evals/$(date)", "'my evals/$(date)'"),
            ("Anna's", r"'Anna'\''s'"),
            ("~/out", "'~/out'"),
            ("", "''"),
        ] {
            assert_eq!(for_a_shell(word), quoted);
        }
    }

    #[test]
    fn many_sessions_that_wait_are_counted_and_a_few_are_named() {
        let names: Vec<String> = (0..9).map(|n| format!("s{n}")).collect();
        assert!(told_waiting(&names[..1]).starts_with("1 session waits for a word (s0)"));
        let told = told_waiting(&names);
        assert!(told.starts_with("9 sessions wait") && told.contains("(s0, s1, s2, s3, s4 and 4 more)"), "{told}");
        assert!(told.ends_with("are sent again only with --send-again"));
    }
}
