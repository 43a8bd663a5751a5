//! One file a subcommand. Here: which is which, and how a command ends.

mod accessible;
mod alone;
mod answering;
mod archive;
mod attach;
mod attach_lines;
mod attach_spoken;
mod begin;
mod beside;
mod bill;
mod changed;
mod compare;
mod completions;
mod config;
mod desk;
mod diff;
pub mod doctor;
mod eval;
mod exit;
mod export;
pub mod folds;
mod forecasting;
mod fork;
mod import;
mod json_line;
mod keys;
mod label;
mod live_run;
mod log;
mod man;
mod models;
mod noted;
mod offers;
mod open;
mod opening;
mod output;
mod own_models;
mod own_program;
#[cfg(test)]
mod paint_tests;
mod person;
mod picked;
mod picking;
mod private;
mod progress;
mod protocol;
mod prune;
mod pull;
mod reading;
mod replay;
mod replay_headless;
mod report;
mod resume;
mod run;
mod samples;
mod screen;
mod search;
mod servers;
mod sessions;
mod sweep;
mod telling;
mod themes;
mod transcript;
mod tree;
mod typed;
mod verify;
mod whole;
mod workbench;

use std::future::Future;
use std::io::{IsTerminal, Write, stdin};

use screen::Scene;
use transcript::Style;
use workbench::Shown;

use crate::app::{Keymap, Named};
use crate::cli::{AskArgs, Cli, Command, ConfigCommand, SessionsCommand};
use crate::config::{Loaded, Sources, load};

pub use exit::{Exit, Failure};
pub use output::{Output, OutputError, print};

/// Does what the command line says.
pub fn run(cli: &Cli) -> Result<Exit, Failure> {
    match &cli.command {
        // These work without settings, so that they help where the settings are broken.
        Some(Command::Config(ConfigCommand::Schema)) => config::schema(),
        Some(Command::Config(ConfigCommand::Template)) => config::template(),
        Some(Command::Completions { shell }) => completions::completions(*shell),
        Some(Command::Man) => man::man(),
        Some(Command::Doctor { json }) => doctor::doctor(&sources(cli), *json),
        Some(Command::Engine) => Err(Failure::usage("the program starts its local engine by itself")),
        Some(Command::Read) => Err(Failure::usage("the program starts the process that reads documents by itself")),
        Some(Command::Sandbox) => Err(Failure::usage("the program starts its sandbox by itself")),
        Some(command) => with_settings(cli, command),
        None => pick_up(cli),
    }
}

/// The workbench without documents: pick up a session, or start one.
fn pick_up(cli: &Cli) -> Result<Exit, Failure> {
    let loaded = load(&sources(cli))?;
    if loaded.config.screen.accessible {
        return Err(Failure::usage(
            "sessions are picked on the full screen, which screen.accessible does without; `minions open DOCUMENT` asks \
             anew, `minions sessions list` lists what there is, `minions replay SESSION` reads one out",
        ));
    }
    if let Err(why) = screen::possible() {
        return Err(Failure::usage(format!(
            "{why}, so no session can be picked; `minions sessions list` lists them, `minions run` asks without a screen, \
             `minions --help` lists the rest"
        )));
    }
    let _log = log::begin()?;
    block_on(workbench::workbench(&loaded, scene(cli), Shown::Nothing))
}

fn with_settings(cli: &Cli, command: &Command) -> Result<Exit, Failure> {
    let loaded = load(&sources(cli))?;
    // Keys that clash are wrong settings like others.
    let keymap = Keymap::of(&loaded)?;
    match command {
        Command::Keys { json } => keys::keys(&keymap, *json),
        Command::Config(ConfigCommand::Show { json }) => config::show(&loaded, *json),
        Command::Themes { json } => themes::themes(&loaded, *json, cli.global.color),
        Command::Pull { model, sha256 } => block_on(pull::pull(&loaded.config, model, sha256.clone())),
        Command::Models { provider, json } => models::models(&loaded.config, provider.as_deref(), *json),
        _ => logged(cli, command, &loaded),
    }
}

/// The commands that work with models or sessions: what they do is logged to a file.
fn logged(cli: &Cli, command: &Command, loaded: &Loaded) -> Result<Exit, Failure> {
    let _log = log::begin()?;
    match command {
        Command::Run(args) => {
            nobody_steps(loaded, "`minions run` asks nobody")?;
            let read = reading::read(&args.documents)?;
            if args.dry_run && !args.compare.is_empty() {
                return compare::dry_run(args, loaded, &sources(cli), &read.documents);
            }
            if args.dry_run {
                return forecasting::dry_run(&loaded.config, &read.documents, &args.question, args.json);
            }
            if !args.compare.is_empty() {
                return block_on(compare::compare(args, loaded, &sources(cli), read.documents));
            }
            block_on(run::run(&loaded.config, read.documents, args.question.clone(), args.json, args.yes_send_document))
        }
        Command::Eval(args) => {
            nobody_steps(loaded, "`minions eval` asks nobody")?;
            block_on(eval::eval(args, loaded, &sources(cli), cli.global.color))
        }
        Command::Open(args) => {
            let read = reading::read(&args.documents)?;
            let from_stdin = args.documents.iter().any(|path| crate::load::is_standard_input(path));
            ask_of(cli, loaded, read, &args.ask, None, from_stdin)
        }
        Command::Demo(args) => {
            let sample = reading::Read { documents: vec![args.document.document()], remarks: Vec::new() };
            ask_of(cli, loaded, sample, &args.ask, Some(args.document.question()), false)
        }
        Command::Replay(args) => {
            let session = begin::store(&loaded.config)?.resolve(&args.session)?;
            if args.headless || loaded.config.screen.accessible || screen::possible().is_err() {
                let from = replay::first_record(&session, args.from)?;
                let mut out = Output::standard();
                let style = if loaded.config.screen.accessible { Style::Spoken } else { Style::Columns };
                replay_headless::print(&session, from, style, &mut out)?;
                replay::tell_changes(&session);
                out.flush()?;
                return Ok(Exit::Success);
            }
            let recording = Box::new(replay::Recording::of(session, args)?);
            block_on(workbench::workbench(loaded, scene(cli), Shown::Session(recording)))
        }
        Command::Resume(args) => {
            let says = args.send_again || args.yes_send_document;
            let says = says || args.budget.is_some() || args.max_exposed_share.is_some();
            let headless = args.headless || args.json || says;
            if !headless && !loaded.config.screen.accessible && screen::possible().is_ok() {
                let session = begin::store(&loaded.config)?.resolve(&args.session)?;
                let recorded = Box::new(resume::Recorded::read(session)?);
                let named = Named::by_flags(loaded);
                let config = Box::new(own_models::config_of(loaded, &recorded.state, named)?);
                return block_on(workbench::workbench(loaded, scene(cli), Shown::Resumed { recorded, config }));
            }
            block_on(resume::resume(loaded, args))
        }
        Command::Attach { session } => {
            let session = attach::running(&begin::store(&loaded.config)?, session.as_deref())?;
            let elsewhere = attach::Elsewhere::read(session)?;
            if loaded.config.screen.accessible && stdin().is_terminal() {
                return block_on(attach_spoken::steer(elsewhere));
            }
            if loaded.config.screen.accessible {
                return block_on(attach_lines::follow(elsewhere, Style::Spoken));
            }
            if screen::possible().is_err() {
                return block_on(attach_lines::follow(elsewhere, Style::Columns));
            }
            block_on(async {
                let following = Box::new(elsewhere.follow().await?);
                workbench::workbench(loaded, scene(cli), Shown::Elsewhere(following)).await
            })
        }
        Command::Sessions(command) => sessions(loaded, command),
        _ => Err(Failure::usage("this command is not in this version")),
    }
}

fn sessions(loaded: &Loaded, command: &SessionsCommand) -> Result<Exit, Failure> {
    let config = &loaded.config;
    let store = begin::store(config)?;
    let out = &mut Output::standard();
    match command {
        SessionsCommand::List { tag, json } => {
            let all = sessions::list(&store, tag.as_deref(), *json, out)?;
            if !json {
                prune::tell(all, config.sessions.keep_days);
            }
        }
        SessionsCommand::Tree { session, json } => {
            tree::tree(&store, session.as_deref(), config.screen.ascii, *json, out)?;
        }
        SessionsCommand::Show { session, json } => sessions::show(&store, session, *json, out)?,
        SessionsCommand::Verify { session, rerun_code: false, json } => verify::verify(&store, session, *json, out)?,
        SessionsCommand::Verify { session, rerun_code: true, json } => {
            let again =
                async { verify::verify_and_rerun(&store, config, session, *json, out).await.map(|()| Exit::Success) };
            let exit = block_on(again);
            out.flush()?;
            return exit;
        }
        SessionsCommand::Delete { session, yes, json } => sessions::delete(&store, session, (*yes, *json), out)?,
        SessionsCommand::Fork(args) => return block_on(fork::fork(loaded, args)),
        SessionsCommand::Search { words, json } => search::search(&store, words, *json, out)?,
        SessionsCommand::Diff { a, b, json } => diff::diff(&store, a, b, *json, out)?,
        SessionsCommand::Export(args) => export::export(&store, args, out)?,
        SessionsCommand::Import { file, documents } => import::import(&store, file, documents, out)?,
        SessionsCommand::Rename { session, title } => label::rename(&store, session, title, out)?,
        SessionsCommand::Tag { session, tags, remove } => label::tag(&store, session, tags, remove, out)?,
        SessionsCommand::Archive { sessions } => archive::archive(&store, sessions, out)?,
        SessionsCommand::Restore { sessions } => archive::restore(&store, sessions, out)?,
        SessionsCommand::Prune { older_than, yes } => {
            prune::prune(&store, older_than.unwrap_or(config.sessions.keep_days), *yes, out)?;
        }
    }
    out.flush()?;
    Ok(Exit::Success)
}

/// Refuses step mode where nobody can say how to go on: the run would wait for ever.
fn nobody_steps(loaded: &Loaded, why: &str) -> Result<(), Failure> {
    if !loaded.config.protocol.step {
        return Ok(());
    }
    let by = loaded.provenance.get("protocol.step").map(|origin| format!(" (set by {origin})")).unwrap_or_default();
    Err(Failure::usage(format!(
        "{why}, so nobody can say how to go on in step mode{by}: leave it with --set protocol.step=false, or use \
         `minions open` on a terminal, where --accessible asks line by line"
    )))
}

/// The workbench on these documents; where there is no terminal to draw on, a run without it. `from_stdin`: one of them came in
/// by standard input.
fn ask_of(
    cli: &Cli,
    loaded: &Loaded,
    read: reading::Read,
    ask: &AskArgs,
    default_question: Option<&str>,
    from_stdin: bool,
) -> Result<Exit, Failure> {
    let question = ask.question.clone().or_else(|| default_question.map(str::to_owned));
    if loaded.config.screen.accessible {
        return block_on(accessible::open(&loaded.config, read.documents, question, from_stdin));
    }
    let Err(why) = screen::possible() else {
        let question = question.map(|question| (question, None));
        let shown = Shown::Documents { documents: read.documents, remarks: read.remarks, question };
        return block_on(workbench::workbench(loaded, scene(cli), shown));
    };
    let Some(question) = question else {
        return Err(Failure::usage(format!("{why}, so no question can be asked for; give one with --question")));
    };
    nobody_steps(loaded, &why.to_string())?;
    screen::say_headless(&why);
    block_on(run::run(&loaded.config, read.documents, question, false, false))
}

/// Runs a command that waits for others, on a runtime of its own.
fn block_on(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(work);
    // Nothing that still runs in the background is worth waiting for: what counts is on the disk.
    runtime.shutdown_background();
    exit
}

fn scene(cli: &Cli) -> Scene {
    Scene { sources: sources(cli), color: cli.global.color }
}

fn sources(cli: &Cli) -> Sources {
    Sources::of_process(cli.global.config.clone(), cli.overrides())
}
