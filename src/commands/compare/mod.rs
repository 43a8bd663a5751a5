//! `minions run --compare`: one question in several ways, a session each, and what they came to in one table.

mod table;
mod variants;

use std::io::{Write, stderr};
use std::time::Instant;

use super::answering::Beforehand;
use super::begin::{self, Engines, prepare};
use super::forecasting::{Experience, Sum, tell};
use super::json_line::json_line;
use super::run::{Over, Watched, follow};
use super::{Exit, Failure, Output, diff, protocol, whole};
use crate::cli::RunArgs;
use crate::config::{Config, Loaded, Sources};
use crate::document::Document;
use crate::document::escape::visible;
use crate::journal::Session;
use crate::runtime::Recall;
use crate::term;

use table::{Compared, Outcome};
use variants::{Variant, variants};

/// Asks the question in every way, in turns. What came of a job that is byte for byte the same in two of them, for one
/// reader with the same settings, is computed once; the remote LM is asked in each as if it were alone, so that each costs
/// what it would.
pub async fn compare(
    args: &RunArgs,
    loaded: &Loaded,
    sources: &Sources,
    documents: Vec<Document>,
) -> Result<Exit, Failure> {
    let question = args.question.trim();
    if question.is_empty() {
        return Err(Failure::usage("the question is blank; give one with --question"));
    }
    let variants = variants(&args.compare, loaded, sources)?;
    // Everything that a variant lacks is told before any of them is paid for.
    let configs: Vec<&Config> = variants.iter().map(|variant| &variant.config).collect();
    let engines = begin::engines_of(&configs).await?;
    for (variant, engines) in variants.iter().zip(&engines).filter(|(variant, _)| variant.sends_documents()) {
        let whole = whole::fits(&variant.config, &*engines.remote, &documents, None, question);
        let whole = whole.await.map_err(|failure| failure.of(&variant.name))?;
        if !args.yes_send_document {
            return Err(whole::not_agreed(&whole));
        }
    }
    for (variant, engines) in variants.iter().zip(&engines) {
        protocol::windows(&variant.config, &*engines.local, &documents, None)
            .map_err(|failure| failure.of(&variant.name))?;
    }
    let mut signals = Box::pin(term::signals()?);
    let mut asked =
        Asked { documents, question, budget_usd: loaded.config.remote.budget_usd, spent_usd: 0.0, hung_up: false };
    let (mut outcomes, mut before, mut tag) = (Vec::new(), Vec::<(Session, &Config)>::new(), None);
    let mut stopped = false;
    for (variant, engines) in variants.iter().zip(&engines) {
        if stopped {
            outcomes.push(Outcome::not_run(&variant.name, "stopped before", Exit::Interrupted));
            continue;
        }
        let Some(config) = asked.config_of(variant, engines) else {
            outcomes.push(Outcome::not_run(&variant.name, "the budget of all was spent", Exit::Budget));
            continue;
        };
        // From here on something may be paid for: what goes wrong is told beside what came of the others.
        let _ = writeln!(stderr(), "── {} ──", visible(&variant.name));
        let over = match asked.ask(&config, engines, &before, &mut signals).await {
            Ok(over) => over,
            Err(failure) => {
                outcomes.push(Outcome::failed(&variant.name, &failure));
                continue;
            }
        };
        asked.spent_usd += over.spent_usd;
        asked.hung_up = over.hung_up;
        stopped = over.told_to_end || over.exit == Exit::Interrupted;
        let tag = tag.get_or_insert_with(|| tag_of(&over.session));
        let labelled = put_label(&over.session, &variant.name, tag);
        before.push((over.session.clone(), &variant.config));
        outcomes.push(Outcome::of(&variant.name, over, labelled));
    }
    let exit = outcomes.iter().find_map(Outcome::trouble).unwrap_or(Exit::Success);
    let budget_usd = Some(asked.budget_usd).filter(|usd| *usd > 0.0);
    let compared = Compared { question, tag, spent_usd: asked.spent_usd, budget_usd, variants: outcomes };
    let mut out = Output::standard();
    if args.json {
        json_line(&compared, &mut out)?
    } else {
        compared.write(&mut out)?
    }
    out.flush()?;
    Ok(exit)
}

/// Tells what each variant is expected to come to, and does nothing of it.
pub fn dry_run(args: &RunArgs, loaded: &Loaded, sources: &Sources, documents: &[Document]) -> Result<Exit, Failure> {
    let variants = variants(&args.compare, loaded, sources)?;
    let experience = Experience::of(&loaded.config)?;
    let sum = |variant: &Variant| {
        let mut sum = Sum::of(&variant.name);
        sum.add(&experience.expects(&variant.config, documents, &args.question)?, 1);
        Ok::<_, Failure>(sum)
    };
    tell(&variants.iter().map(sum).collect::<Result<Vec<_>, _>>()?, args.json)
}

/// What all variants have in common, and what they have spent so far.
struct Asked<'a> {
    documents: Vec<Document>,
    question: &'a str,
    /// Dollars for all together; 0 sets no limit.
    budget_usd: f64,
    spent_usd: f64,
    /// The terminal is gone.
    hung_up: bool,
}

impl Asked<'_> {
    /// The settings of the next variant, which may spend what is left of the budget of all; nothing where nothing is left
    /// and it would spend.
    fn config_of(&self, variant: &Variant, engines: &Engines) -> Option<Config> {
        let mut config = variant.config.clone();
        if self.budget_usd > 0.0 && engines.remote.info().is_model {
            let left = self.budget_usd - self.spent_usd;
            let own = Some(config.remote.budget_usd).filter(|usd| *usd > 0.0);
            config.remote.budget_usd = own.map_or(left, |own| own.min(left));
            return (config.remote.budget_usd > 0.0).then_some(config);
        }
        Some(config)
    }

    async fn ask(
        &self,
        config: &Config,
        engines: &Engines,
        before: &[(Session, &Config)],
        signals: &mut (impl futures_util::Stream<Item = term::Signal> + Unpin),
    ) -> Result<Over, Failure> {
        let begun_at = Instant::now();
        let documents = self.documents.clone();
        let recall = tokio::task::block_in_place(|| recall(config, before, &documents));
        let prepared = prepare(config, engines, documents.clone(), self.question.to_owned(), None, None).await?;
        let begun = prepared.recalling(recall).start();
        let said = Beforehand { sends_documents: true, ..Beforehand::default() };
        let watched = Watched { begun, documents, begun_at, said, expected: None, hung_up: self.hung_up };
        Ok(follow(config, watched, signals).await)
    }
}

/// What came of jobs in the variants before, as far as the same reader worked on them. One that cannot be read is computed again.
fn recall(config: &Config, before: &[(Session, &Config)], documents: &[Document]) -> Recall {
    let mut recall = Recall::default();
    for (session, _) in before.iter().filter(|(_, other)| other.local == config.local) {
        if let Ok(records) = session.records() {
            recall.add_jobs(records.facts(), documents);
        }
    }
    recall
}

/// By which the sessions of one comparison are found.
fn tag_of(first: &Session) -> String {
    let id = first.id().as_str();
    format!("ab-{}", id.rsplit_once('-').map_or(id, |(_, short)| short))
}

fn put_label(session: &Session, name: &str, tag: &str) -> Result<(), Failure> {
    let mut label = session.label();
    let short: String = name.chars().take(120).collect();
    label.set_title(&short).map_err(Failure::usage)?;
    label.add_tag(tag).map_err(Failure::usage)?;
    Ok(session.set_label(&label)?)
}

impl Outcome {
    /// `labelled`: whether its session has the name and the tag by which it is found.
    fn of(name: &str, over: Over, labelled: Result<(), Failure>) -> Self {
        let (side, unread) = match diff::of_session(&over.session) {
            Ok(side) => (Some(side), None),
            Err(failure) => (None, Some(failure)),
        };
        let failed = over.failed.or(unread).or(labelled.err());
        let exit = failed.as_ref().map_or(over.exit, Failure::exit);
        Self::run(name, over.report, side, exit, failed.map(|failed| failed.to_string()))
    }
}
