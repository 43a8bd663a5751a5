//! Flags and subcommands. The help, the completions and the man page come from here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::{FILE_NAME, Override};

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
        /// `local` for the models folder, or a provider such as anthropic; the one of the settings where none is named
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

#[derive(Clone, Debug, PartialEq, Args)]
pub struct OpenArgs {
    /// Files (text, PDF, Word, HTML), folders, or - for standard input
    #[arg(required = true, value_name = "DOC")]
    pub documents: Vec<PathBuf>,
    #[command(flatten)]
    pub ask: AskArgs,
}

#[derive(Clone, Debug, PartialEq, Args)]
pub struct DemoArgs {
    /// The sample
    #[arg(long, value_enum, default_value_t)]
    pub document: Sample,
    #[command(flatten)]
    pub ask: AskArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Sample {
    /// A report of the U.S. Office of Personnel Management, with its tables
    #[default]
    Opm,
    /// A synthetic patient record
    Patient,
}

/// A question that may be asked later, on the screen.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct AskArgs {
    /// The question; without it the workbench asks for one
    #[arg(short, long, value_name = "QUESTION")]
    pub question: Option<String>,
    #[command(flatten)]
    pub levers: Levers,
}

#[derive(Clone, Debug, PartialEq, Args)]
pub struct RunArgs {
    /// A file (text, PDF, Word, HTML), a folder, or - for standard input; may be repeated
    #[arg(short, long = "document", required = true, value_name = "DOC", num_args = 1..)]
    pub documents: Vec<PathBuf>,
    /// The question
    #[arg(short, long, value_name = "QUESTION")]
    pub question: String,
    /// Print one JSON object instead of the answer
    #[arg(long)]
    pub json: bool,
    /// remote-only: agree that the whole document is sent to the remote LM
    #[arg(long)]
    pub yes_send_document: bool,
    #[command(flatten)]
    pub levers: Levers,
}

/// Settings of a run that have a flag of their own. They are checked where all settings are.
#[derive(Clone, Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Protocol")]
pub struct Levers {
    /// minions, minion, remote-only or local-only
    #[arg(long, value_name = "NAME")]
    pub protocol: Option<String>,
    /// Rounds at most; the last one must answer. More find more in hard questions; each costs its calls
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub max_rounds: Option<String>,
    /// Tasks for each chunk at most. More look for more at once; each reads every chunk again
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub tasks_per_round: Option<String>,
    /// How often each task is repeated on each chunk. More miss less; each repeats every job
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub samples: Option<String>,
    /// What of the samples goes on: union (all; costs most), majority or best-cited
    #[arg(long, value_name = "HOW")]
    pub merge: Option<String>,
    /// The chunk size in characters; 0 leaves it to the remote LM. Small ones are read better, but are more jobs
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub chunk_chars: Option<String>,
    /// How documents are cut: auto, section, page, paragraph, heading or code. A fitting cut keeps together what belongs so
    #[arg(long, value_name = "HOW")]
    pub chunker: Option<String>,
    /// Characters that neighbouring chunks or windows share. More lose nothing at a cut, and read it twice
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub overlap_chars: Option<String>,
    /// Whether chunks are picked before they are read: auto, on (fewer jobs, may miss) or off (reads all)
    #[arg(long, value_name = "WHEN")]
    pub retrieval: Option<String>,
    /// Chunks picked for each task; 0 leaves it to the remote LM. More miss less, and are more jobs
    #[arg(long, value_name = "K", allow_hyphen_values = true)]
    pub retrieve_k: Option<String>,
    /// What goes on to the next round: scratchpad (advice and what is known) or retry (advice alone; cheaper, forgets)
    #[arg(long, value_name = "WHAT")]
    pub memory: Option<String>,
    /// minion, local-only: characters read at once; 0 takes what the reader holds. Smaller are read better, but are more jobs
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub window_chars: Option<String>,
    /// Output tokens of one job at most. Fewer are faster, and cut long answers short
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub worker_tokens: Option<String>,
    /// Randomness of the reader; negative leaves it to the server. More makes samples differ more, and err more
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub temperature: Option<String>,
    /// The remote LM's model at its provider. Larger plan and judge better, and cost more
    #[arg(long, value_name = "NAME")]
    pub remote_model: Option<String>,
    /// The local LM's model. Larger read better, and are slower
    #[arg(long, value_name = "NAME")]
    pub local_model: Option<String>,
    /// Dollars the session may spend; 0 sets no limit
    #[arg(long, value_name = "USD", allow_hyphen_values = true)]
    pub budget: Option<String>,
    /// Wait before each request, after code, before outputs leave and after each decision, for you to say how to go on
    #[arg(long)]
    pub step: bool,
    /// The share of the documents that may leave this machine, from 0 to 1; 1 sets no limit
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    pub max_exposed_share: Option<String>,
    /// Take these out of everything that leaves: email, phone, iban, card, id; may be repeated
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub redact: Vec<String>,
    /// Take this name out of everything that leaves; may be repeated
    #[arg(long, value_name = "NAME")]
    pub redact_name: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Args)]
pub struct ResumeArgs {
    #[arg(help = SESSION)]
    pub session: String,
    /// Send a request again whose answer never came, although it may have been paid for
    #[arg(long)]
    pub send_again: bool,
    /// Go on under a budget of so many dollars for the session, or for the day where that budget was reached
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub budget: Option<f64>,
    /// Go on where the next request would take too much along: the share of the documents that may leave, from 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub max_exposed_share: Option<f64>,
    /// Agree that the whole documents are sent, where the session's protocol is remote-only
    #[arg(long)]
    pub yes_send_document: bool,
    /// Without the screen; where there is no terminal it is never drawn
    #[arg(long)]
    pub headless: bool,
    /// Print one JSON object instead of the answer; without the screen
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, PartialEq, Args)]
pub struct ReplayArgs {
    #[arg(help = SESSION)]
    pub session: String,
    /// How many times faster than it happened, or `max`
    #[arg(long, value_name = "N|max", default_value = "1", value_parser = speed)]
    pub speed: Speed,
    /// Where to begin: round:2, or the number of a record
    #[arg(long, value_name = "ROUND|RECORD", value_parser = point)]
    pub from: Option<Point>,
    /// Print what happened as text instead of opening the workbench
    #[arg(long)]
    pub headless: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// Times the speed at which it happened: more than 0, at most 1000.
    Times(f64),
    /// Without waiting.
    Max,
}

/// A place in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Counted from 1.
    Round(u32),
    /// The record's `seq`.
    Record(u64),
}

#[derive(Clone, Debug, PartialEq, Subcommand)]
pub enum SessionsCommand {
    /// List the sessions, newest first
    List {
        /// Only those with this tag
        #[arg(long, value_name = "TAG")]
        tag: Option<String>,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// List the sessions in which every word is found: in question, answer, title, tags or documents' names
    Search {
        #[arg(required = true, value_name = "WORD")]
        words: Vec<String>,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show one session: question, answer, citations, cost
    Show {
        #[arg(help = SESSION)]
        session: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Check that the files of a session are whole and unchanged
    Verify {
        #[arg(help = SESSION)]
        session: String,
        /// Run the remote LM's programs again, and see that they give the same; no model is asked
        #[arg(long)]
        rerun_code: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write a session in another format, without its documents' text
    Export(ExportArgs),
    /// Make a session of a log that the reference implementation (HazyResearch/minions) wrote
    Import {
        /// A JSON log of `minions_logs` or `minion_logs`
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The documents that it was about, in their order, to look its citations up in
        #[arg(short, long = "document", value_name = "DOC", num_args = 1..)]
        documents: Vec<PathBuf>,
    },
    /// Compare two sessions, or two rounds: `last@1 last@2`
    Diff {
        /// A session, or a round of one as SESSION@ROUND
        #[arg(value_name = "A")]
        a: String,
        /// Another
        #[arg(value_name = "B")]
        b: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Give a session a title, or take it away with ""
    Rename {
        #[arg(help = SESSION)]
        session: String,
        title: String,
    },
    /// Add tags to a session, or remove some
    Tag {
        #[arg(help = SESSION)]
        session: String,
        /// A word each; `keep` keeps the session from being pruned
        #[arg(value_name = "TAG", required_unless_present = "remove")]
        tags: Vec<String>,
        /// A tag to take away; may be repeated
        #[arg(long, value_name = "TAG")]
        remove: Vec<String>,
    },
    /// Compress sessions; they stay listed, shown and replayed
    Archive {
        #[arg(help = SESSION, required = true, value_name = "SESSION")]
        sessions: Vec<String>,
    },
    /// Bring archived sessions back to what they were
    Restore {
        #[arg(help = SESSION, required = true, value_name = "SESSION")]
        sessions: Vec<String>,
    },
    /// Delete the sessions that are older than `sessions.keep_days`; says which, and asks
    Prune {
        /// In place of the setting
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
        older_than: Option<u32>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Start a new session from a place in an old one
    Fork(Box<ForkArgs>),
    /// Delete a session and the texts of documents it keeps
    Delete {
        #[arg(help = SESSION)]
        session: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Args)]
pub struct ForkArgs {
    #[arg(help = SESSION)]
    pub session: String,
    /// Where to leave the old one: round:2, or the number of a record
    #[arg(long, value_name = "ROUND|RECORD", value_parser = point)]
    pub from: Option<Point>,
    /// Another question on the same documents, which goes on from what is known
    #[arg(short, long, value_name = "QUESTION", conflicts_with_all = ["code", "job", "rerun_local"])]
    pub question: Option<String>,
    /// Another program, in place of the one at that place
    #[arg(long, value_name = "FILE.py", conflicts_with_all = ["job", "rerun_local"])]
    pub code: Option<PathBuf>,
    /// A job whose output is another, such as 1.0; with --output
    #[arg(long, value_name = "ROUND.JOB", value_parser = job, requires = "output", conflicts_with = "rerun_local")]
    pub job: Option<(u32, u32)>,
    /// That output: a JSON object with explanation, citation and answer
    #[arg(long, value_name = "JSON", requires = "job")]
    pub output: Option<String>,
    /// Run all jobs again, with the planner's replies as they are on record: nothing is sent, nothing is paid
    #[arg(long)]
    pub rerun_local: bool,
    /// Ask anew what was asked after that place, instead of taking replies from the record
    #[arg(long)]
    pub ask_anew: bool,
    /// Agree that the whole documents are sent, where the session's protocol is remote-only
    #[arg(long)]
    pub yes_send_document: bool,
    /// Print one JSON object instead of the answer
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub levers: Levers,
}

#[derive(Clone, Debug, PartialEq, Args)]
pub struct ExportArgs {
    #[arg(help = SESSION)]
    pub session: String,
    /// The format
    #[arg(long, value_enum, default_value_t)]
    pub format: ExportFormat,
    /// Write to FILE instead of standard output; only you may read it
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Put stars in place of what the regular expression matches, in every text; may be repeated
    #[arg(long, value_name = "REGEX")]
    pub redact: Vec<String>,
    /// The documents' text as well
    #[arg(long)]
    pub with_documents: bool,
    /// Columns and rows of the screen that `cast` records
    #[arg(long, value_name = "COLSxROWS", default_value = "120x36", value_parser = screen_size)]
    pub size: (u16, u16),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Markdown
    #[default]
    Md,
    /// One JSON object: that of `run --json`, and every record
    Json,
    /// One page in one file, without scripts
    Html,
    /// An asciicast recording (version 3) of the workbench as it plays the session back
    Cast,
}

#[derive(Clone, Debug, PartialEq, Args)]
pub struct EvalArgs {
    /// Questions: JSON lines, CSV, or FinanceBench, LongHealth or QASPER as published
    #[arg(long, value_name = "FILE")]
    pub questions: PathBuf,
    /// The folder of the documents; not needed where the file of questions brings their texts
    #[arg(long, value_name = "DIR")]
    pub documents: Option<PathBuf>,
    /// Only the questions of this set; may be repeated
    #[arg(long, value_name = "NAME")]
    pub dataset: Vec<String>,
    /// Questions at most
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Try each of these values of a setting, such as samples=1,2,4; may be repeated, for every combination
    #[arg(long, value_name = "KEY=A,B,…")]
    pub sweep: Vec<String>,
    /// How often each question is asked, to tell how much answers vary
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub repeat: u32,
    /// Questions at once; as many as there are cores, but 4 at most, where not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub at_once: Option<u32>,
    /// Dollars that all questions together may spend
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub total_budget: Option<f64>,
    /// Have the remote LM, or another model of its provider, judge each answer; it reads question, reference and answer
    #[arg(long, value_name = "MODEL", num_args = 0..=1, require_equals = true)]
    pub judge: Option<Option<String>>,
    /// What the curve calls quality: score, exact, f1, number, choice, judge, evidence, recall or precision
    #[arg(long, value_name = "NAME", default_value = "score")]
    pub measure: String,
    /// The folder of the eval: what is done, and the report; one in the data folder where not given
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Ask again what was answered before
    #[arg(long)]
    pub again: bool,
    /// Send requests again whose answers never came, although they may have been paid for
    #[arg(long)]
    pub send_again: bool,
    /// remote-only: agree that the whole documents are sent to the remote LM
    #[arg(long)]
    pub yes_send_document: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub levers: Levers,
}

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

impl Levers {
    fn overrides(&self) -> Vec<Override> {
        let step = self.step.then(|| "true".to_owned());
        let redacted = self.redact.iter().map(|kind| given(&format!("redact.{kind}"), "true".into(), "--redact"));
        let names = self.redact_name.iter().map(|name| given("redact.names+", one(name), "--redact-name"));
        let all = [
            ("protocol.name", &self.protocol, "--protocol"),
            ("protocol.max_rounds", &self.max_rounds, "--max-rounds"),
            ("protocol.tasks_per_round", &self.tasks_per_round, "--tasks-per-round"),
            ("protocol.samples", &self.samples, "--samples"),
            ("protocol.merge", &self.merge, "--merge"),
            ("protocol.chunk_chars", &self.chunk_chars, "--chunk-chars"),
            ("protocol.chunker", &self.chunker, "--chunker"),
            ("protocol.overlap_chars", &self.overlap_chars, "--overlap-chars"),
            ("protocol.retrieval", &self.retrieval, "--retrieval"),
            ("protocol.retrieve_k", &self.retrieve_k, "--retrieve-k"),
            ("protocol.memory", &self.memory, "--memory"),
            ("protocol.window_chars", &self.window_chars, "--window-chars"),
            ("local.max_output_tokens", &self.worker_tokens, "--worker-tokens"),
            ("local.temperature", &self.temperature, "--temperature"),
            ("remote.model", &self.remote_model, "--remote-model"),
            ("local.model", &self.local_model, "--local-model"),
            ("remote.budget_usd", &self.budget, "--budget"),
            ("protocol.step", &step, "--step"),
            ("remote.max_exposed_share", &self.max_exposed_share, "--max-exposed-share"),
        ]
        .into_iter()
        .filter_map(|(name, value, flag)| Some(given(name, value.clone()?, flag)));
        all.chain(redacted).chain(names).collect()
    }
}

/// `--color` for the help itself, which is printed before the command line is understood.
fn asked_color(arguments: &[OsString]) -> ColorChoice {
    let words: Vec<_> = arguments.iter().map(|a| a.to_string_lossy()).take_while(|a| a != "--").collect();
    let separate = words.windows(2).filter(|pair| pair[0] == "--color").map(|pair| pair[1].as_ref());
    let joined = words.iter().filter_map(|word| word.strip_prefix("--color="));
    separate.chain(joined).find_map(|when| when.parse().ok()).unwrap_or(ColorChoice::Auto)
}

fn given(name: &str, value: String, flag: &str) -> Override {
    Override { name: name.into(), value, flag: flag.into() }
}

/// A list of this one text, whatever it holds.
fn one(text: &str) -> String {
    serde_json::json!([text]).to_string()
}

fn setting(text: &str) -> Result<Override, String> {
    match text.split_once('=') {
        Some((name, value)) => Ok(given(name.trim(), value.into(), "--set")),
        None => Err(format!("write section.key=value, with a section and key of {FILE_NAME}")),
    }
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "write a number from 0 to 1".into())
}

fn dollars(text: &str) -> Result<f64, String> {
    let usd = text.parse::<f64>().ok().filter(|usd| usd.is_finite() && *usd > 0.0);
    usd.ok_or_else(|| "allowed: dollars above 0, such as 1.50".into())
}

fn speed(text: &str) -> Result<Speed, String> {
    match text.parse::<f64>() {
        _ if text == "max" => Ok(Speed::Max),
        Ok(times) if times > 0.0 && times <= 1000.0 => Ok(Speed::Times(times)),
        _ => Err("allowed: a number above 0 and up to 1000, or max".into()),
    }
}

/// A round, counted from 1, and a job of it, counted from 0.
fn job(text: &str) -> Result<(u32, u32), String> {
    let id = text.split_once('.').and_then(|(round, job)| Some((round.parse().ok()?, job.parse().ok()?)));
    id.filter(|(round, _)| *round > 0).ok_or_else(|| "allowed: ROUND.JOB, such as 1.0".into())
}

fn screen_size(text: &str) -> Result<(u16, u16), String> {
    let size = text.split_once('x').and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)));
    size.filter(|(columns, rows)| (20..=500).contains(columns) && (6..=200).contains(rows))
        .ok_or_else(|| "allowed: columns from 20 to 500, x, and rows from 6 to 200, such as 120x36".into())
}

fn point(text: &str) -> Result<Point, String> {
    let point = match text.strip_prefix("round:") {
        Some(round) => round.parse().ok().filter(|n| *n > 0).map(Point::Round),
        None => text.parse().ok().map(Point::Record),
    };
    point.ok_or_else(|| "allowed: round:N with N from 1, or the number of a record".into())
}
