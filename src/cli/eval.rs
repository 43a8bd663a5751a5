//! Many questions at once.

use std::path::PathBuf;

use clap::Args;

use super::Levers;
use super::values::dollars;

#[derive(Clone, Debug, PartialEq, Args)]
pub struct EvalArgs {
    /// Questions: JSON lines, CSV, or FinanceBench, LongHealth or QASPER as published
    #[arg(long, value_name = "FILE", required_unless_present = "show")]
    pub questions: Option<PathBuf>,
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
    /// Draw the curve of an eval that was made, from its folder
    #[arg(long, value_name = "DIR", conflicts_with = "questions")]
    pub show: Option<PathBuf>,
    /// Tell what each setting is expected to come to, in jobs, time, tokens and dollars, and do nothing of it
    #[arg(long)]
    pub dry_run: bool,
    /// On a terminal tell progress in lines, without the picture of the curve
    #[arg(long)]
    pub plain: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub levers: Levers,
}
