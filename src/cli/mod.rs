//! Flags and subcommands. The help, the completions and the man page come from here.

mod asking;
mod eval;
mod levers;
mod sessions;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

pub use asking::{AskArgs, DemoArgs, OpenArgs, ResumeArgs, RunArgs, Sample};
pub use eval::EvalArgs;
pub use levers::{Levers, has_flag, setting_of};
pub use sessions::{ExportArgs, ExportFormat, ForkArgs, Point, ReplayArgs, SessionsCommand, Speed};

use crate::config::Override;
use values::{given, setting};

/// Ask questions of long private documents with two language models: a local LM that reads, and a remote LM
/// that never sees them, unless you choose `remote-only`.
///
/// Without a subcommand: the workbench, to pick up a session or start one.
#[derive(Clone, Debug, PartialEq, Parser)]
#[command(name = "minions", version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub global: Global,
}

const AFTER_HELP: &str = "\
Exit codes: 0 answered, 1 error, 2 usage or configuration, 3 ended without an answer, 4 stopped by the budget or by \
--max-exposed-share, 130 interrupted.";

/// What every subcommand understands.
#[derive(Clone, Debug, PartialEq, Args)]
#[command(next_help_heading = "Settings")]
pub struct Global {
    /// Read settings from FILE instead of ./minions.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set one setting, such as remote.provider=openai; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = setting)]
    pub set: Vec<Override>,
    /// The folder of sessions
    #[arg(long, global = true, value_name = "DIR")]
    pub session_dir: Option<PathBuf>,
    /// When to use colour; NO_COLOR in the environment turns auto off
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto, hide_default_value = true)]
    pub color: ColorChoice,
    /// Instead of the screen one line after the other, for a screen reader
    #[arg(long, global = true)]
    pub accessible: bool,
}

#[derive(Clone, Debug, PartialEq, Subcommand)]
pub enum Command {
    /// Open the workbench on documents
    Open(OpenArgs),
    /// Open the workbench on a sample document: no key, no download
    Demo(DemoArgs),
    /// Ask a question without the screen: the answer on standard output, progress on standard error
    Run(RunArgs),
    /// Follow a session that another process is running, and steer it
    Attach {
        /// The session; the one that runs, where only one does
        session: Option<String>,
    },
    /// Go on where a crash, a kill or a lost connection stopped a session
    Resume(ResumeArgs),
    /// Play a session back, in the workbench or as text
    Replay(ReplayArgs),
    /// List, search, show, compare, export, import, archive, fork or delete sessions
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Fetch a model into the models folder
    Pull {
        /// The URL of a .gguf file, or a name at Hugging Face: owner/repository, or owner/repository:Q4_K_M
        #[arg(value_name = "MODEL")]
        model: String,
        /// The file's SHA-256; Hugging Face tells it by itself
        #[arg(long, value_name = "HEX")]
        sha256: Option<String>,
    },
    /// List the models that a provider offers, or those on this machine
    Models {
        /// `local` for the models folder, `local-server` for the servers of [local], or a provider such as anthropic; the one of the settings where none is named
        #[arg(value_name = "PROVIDER")]
        provider: Option<String>,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Ask many questions of many documents, and count how many answers are right
    Eval(EvalArgs),
    /// Check settings, keys, terminal, sessions folder, sandbox, servers and GPU
    Doctor {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print the settings in force, their schema or a file to start from
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List what each key does, and where that was set
    Keys {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show the themes, each in its own colours
    Themes {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page; read it with `minions man | man -l -`
    Man,
    /// Run the sandbox's child process; started by the program itself
    #[command(name = "__sandbox", hide = true)]
    Sandbox,
    /// Run the process that reads documents; started by the program itself
    #[command(name = "__read", hide = true)]
    Read,
    /// Run the local engine's process; started by the program itself
    #[command(name = "__engine", hide = true)]
    Engine,
}

const SESSION: &str = "An id, the beginning of one, a folder, or `last`";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum ConfigCommand {
    /// Print the settings in force and where each came from
    Show {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON schema of minions.toml, for editors
    Schema,
    /// Print a minions.toml with every setting, its default and its explanation
    Template,
}

impl Cli {
    /// The command line of this process. Prints help, or what is wrong, and ends the process where there is nothing to do.
    pub fn of_process() -> Self {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        let command = Self::command().color(asked_color(&arguments));
        Self::from_arg_matches(&command.get_matches_from(arguments)).unwrap_or_else(|error| error.exit())
    }

    /// The settings that were given as flags, general ones first, so that a flag of its own wins over `--set`.
    pub fn overrides(&self) -> Vec<Override> {
        let mut all = self.global.set.clone();
        if let Some(dir) = &self.global.session_dir {
            all.push(given("sessions.dir", dir.to_string_lossy().into_owned(), "--session-dir"));
        }
        if self.global.accessible {
            all.push(given("screen.accessible", "true".into(), "--accessible"));
        }
        let levers = match &self.command {
            Some(Command::Open(open)) => Some(&open.ask.levers),
            Some(Command::Demo(demo)) => Some(&demo.ask.levers),
            Some(Command::Run(run)) => Some(&run.levers),
            Some(Command::Eval(eval)) => Some(&eval.levers),
            Some(Command::Sessions(SessionsCommand::Fork(fork))) => Some(&fork.levers),
            _ => None,
        };
        all.extend(levers.into_iter().flat_map(Levers::overrides));
        all
    }
}

/// `--color` for the help itself, which is printed before the command line is understood.
fn asked_color(arguments: &[OsString]) -> ColorChoice {
    let words: Vec<_> = arguments.iter().map(|a| a.to_string_lossy()).take_while(|a| a != "--").collect();
    let separate = words.windows(2).filter(|pair| pair[0] == "--color").map(|pair| pair[1].as_ref());
    let joined = words.iter().filter_map(|word| word.strip_prefix("--color="));
    separate.chain(joined).find_map(|when| when.parse().ok()).unwrap_or(ColorChoice::Auto)
}
