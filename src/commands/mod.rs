//! One file a subcommand. Here: which is which, and how a command ends.

mod begin;
mod completions;
mod config;
pub mod doctor;
mod exit;
mod log;
mod man;
mod output;
mod progress;
pub mod report;
mod run;
mod samples;

use crate::cli::{Cli, Command, ConfigCommand, SessionsCommand};
use crate::config::{Loaded, ProtocolName, Sources, load};

pub use exit::{Exit, Failure};
pub use output::{print, printable};

/// Does what the command line says.
pub fn run(cli: &Cli) -> Result<Exit, Failure> {
    match &cli.command {
        // These work without settings, so that they help where the settings are broken.
        Some(Command::Config(ConfigCommand::Schema)) => config::schema(),
        Some(Command::Config(ConfigCommand::Template)) => config::template(),
        Some(Command::Completions { shell }) => completions::completions(*shell),
        Some(Command::Man) => man::man(),
        Some(Command::Doctor { json }) => doctor::doctor(&sources(cli), *json),
        Some(command) => with_settings(cli, command),
        None => Err(not_built("the list of sessions")),
    }
}

fn with_settings(cli: &Cli, command: &Command) -> Result<Exit, Failure> {
    let loaded = load(&sources(cli))?;
    match command {
        Command::Config(ConfigCommand::Show { json }) => config::show(&loaded, *json),
        Command::Attach { .. } => Err(later("attach")),
        Command::Resume { .. } => Err(later("resume")),
        Command::Eval(_) => Err(later("eval")),
        Command::Sessions(SessionsCommand::Export { .. }) => Err(later("sessions export")),
        Command::Sessions(SessionsCommand::Fork { .. }) => Err(later("sessions fork")),
        _ => logged(command, &loaded),
    }
}

/// The commands that work with models or sessions: what they do is logged to a file.
fn logged(command: &Command, loaded: &Loaded) -> Result<Exit, Failure> {
    let _log = log::begin()?;
    match command {
        Command::Open(_) | Command::Demo(_) | Command::Run(_) => {
            known_protocol(loaded)?;
            Err(not_built("asking a question"))
        }
        Command::Replay(_) => Err(not_built("replay")),
        Command::Sessions(_) => Err(not_built("sessions")),
        Command::Keys { .. } => Err(not_built("keys")),
        Command::Themes { .. } => Err(not_built("themes")),
        _ => Err(not_built("this command")),
    }
}

fn sources(cli: &Cli) -> Sources {
    Sources::of_process(cli.global.config.clone(), cli.overrides())
}

/// Only the protocol that is there may be asked for.
fn known_protocol(loaded: &Loaded) -> Result<(), Failure> {
    let name = match loaded.config.protocol.name {
        ProtocolName::Minions => return Ok(()),
        ProtocolName::Minion => "minion",
        ProtocolName::RemoteOnly => "remote-only",
        ProtocolName::LocalOnly => "local-only",
    };
    let origin = loaded.provenance.get("protocol.name").map(ToString::to_string).unwrap_or_default();
    Err(Failure::usage(format!("{origin}: the protocol {name} is not in this version; use minions")))
}

fn later(command: &str) -> Failure {
    Failure::usage(format!("`minions {command}` is not in this version; `minions --help` lists what is"))
}

fn not_built(what: &str) -> Failure {
    Failure::usage(format!("{what} is not in this build"))
}
