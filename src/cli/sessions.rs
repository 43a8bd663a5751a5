//! What is done with sessions that are there.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::values::{job, point, screen_size, speed};
use super::{Levers, SESSION};

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
    /// Show the sessions as trees: each fork under the session that it left, with what was changed
    Tree {
        /// Only the tree of this one: its id, a unique beginning of it, a folder, or `last`
        session: Option<String>,
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
        /// Print one JSON object
        #[arg(long)]
        json: bool,
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
    /// The format [default: what the ending of FILE says, else md]
    #[arg(long, value_enum)]
    pub format: Option<ExportFormat>,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
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

impl ExportArgs {
    /// The format that is named, or that the ending of the file names.
    pub fn format(&self) -> ExportFormat {
        let ending = || Some(self.output.as_ref()?.extension()?.to_str()?.to_ascii_lowercase());
        let named = self.format.or(self.json.then_some(ExportFormat::Json));
        named.unwrap_or_else(|| match ending().as_deref() {
            Some("json") => ExportFormat::Json,
            Some("html" | "htm") => ExportFormat::Html,
            Some("cast") => ExportFormat::Cast,
            _ => ExportFormat::Md,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Markdown
    Md,
    /// One JSON object: that of `run --json`, and every record
    Json,
    /// One page in one file, without scripts
    Html,
    /// An asciicast recording (version 3) of the workbench as it plays the session back
    Cast,
}
