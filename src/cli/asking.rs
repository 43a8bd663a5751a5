//! What begins a session or goes on with one.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{dollars, share};
use super::{Levers, SESSION};

#[derive(Clone, Debug, PartialEq, Args)]
pub struct OpenArgs {
    /// Files (text, PDF, Word, HTML, CSV, TSV, JSON), folders, or - for standard input
    #[arg(required = true, value_name = "DOC")]
    pub documents: Vec<PathBuf>,
    #[command(flatten)]
    pub ask: AskArgs,
}

#[derive(Clone, Debug, PartialEq, Args)]
#[command(mut_arg("question", |question| question.help("The question; without it the sample's own is asked")))]
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
    /// A file (text, PDF, Word, HTML, CSV, TSV, JSON), a folder, or - for standard input; may be repeated
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
    /// Answer in two to four ways, a session each, and compare them: protocols as minions,minion, values as samples=1,2, or
    /// variants as 'NAME:KEY=VALUE KEY=VALUE'; may be repeated. --budget is for all together
    #[arg(long, value_name = "WAYS")]
    pub compare: Vec<String>,
    /// Tell what is expected, in jobs, time, tokens and dollars, and do nothing of it; with --json as one object
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub levers: Levers,
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
