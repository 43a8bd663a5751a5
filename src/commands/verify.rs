//! `minions sessions verify`: whether a session is what was written, and whether its programs give the same again.

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;

use super::begin;
use super::sessions::print_json;
use super::{Exit, Failure};
use crate::config::{Config, LocalConfig};
use crate::document::escape::visible;
use crate::journal::{Seal, Session, Store, Verification};
use crate::protocol::{CodeStage, EmbeddingModel};
use crate::runtime::{Embeddings, Rerun, Verdict, rerun};

#[derive(Serialize)]
struct Verified<'a> {
    session: &'a str,
    intact: bool,
    #[serde(flatten)]
    found: &'a Verification,
    /// Absent unless it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    programs: Option<Vec<Again<'a>>>,
}

/// One function of a program that was run again.
#[derive(Serialize)]
struct Again<'a> {
    round: u32,
    attempt: u32,
    function: &'static str,
    verdict: &'static str,
    /// What differs, or why it was not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<&'a str>,
}

impl<'a> Again<'a> {
    fn of(again: &'a Rerun) -> Self {
        let (verdict, difference) = match &again.verdict {
            Verdict::Same => ("same", None),
            Verdict::ByLimit => ("limit", None),
            Verdict::NotCompared(why) => ("not_compared", Some(why.as_str())),
            Verdict::Different(difference) => ("different", Some(difference.as_str())),
        };
        let function = match again.stage {
            CodeStage::Transform => "transform_outputs",
            CodeStage::Extract | CodeStage::Prepare => "prepare_jobs",
        };
        Self { round: again.code.round, attempt: again.code.attempt, function, verdict, difference }
    }

    fn line(&self) -> String {
        let difference = match (self.verdict, self.difference) {
            (_, Some(words)) => format!(": {}", visible(words)),
            ("limit", None) => ": it ended at a limit of time or memory, and was not run again".into(),
            (_, None) => String::new(),
        };
        let Self { round, attempt, function, .. } = self;
        let verdict = self.verdict.replace('_', " ");
        format!("round {round}, program {attempt}, {function}: {verdict}{difference}")
    }
}

/// Checks one session. What is wrong is printed, and is an error.
pub fn verify(store: &Store, name: &str, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let session = store.resolve(name)?;
    conclude(&session, &session.verify()?, None, json, out)
}

/// As [`verify`], and runs the programs of the session again. No model is asked, and nothing is written.
pub async fn verify_and_rerun(
    store: &Store,
    config: &Config,
    name: &str,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let session = store.resolve(name)?;
    let found = session.verify()?;
    // Programs run over changed documents would say nothing.
    let again = if found.is_intact() { Some(run_again(&session, config).await?) } else { None };
    conclude(&session, &found, again.as_deref(), json, out)
}

async fn run_again(session: &Session, config: &Config) -> Result<Vec<Rerun>, Failure> {
    let journal = session.read()?;
    let Some(opened) = journal.opened() else { return Ok(Vec::new()) };
    let documents = session.documents(&opened.documents)?;
    let sandbox = begin::sandbox(config, opened.settings.max_jobs)?;
    let embeddings = match &opened.embedding {
        Some(model) => embeddings(model, &config.local).await,
        None => Embeddings::None,
    };
    Ok(rerun(journal.facts(), &documents, &sandbox, &embeddings).await)
}

/// The session's embedding model, if the settings name it. A program that did not ask for embeddings needs none.
pub(super) async fn embeddings(recorded: &EmbeddingModel, local: &LocalConfig) -> Embeddings {
    let local = LocalConfig {
        embedding_query_prefix: recorded.query_prefix.clone(),
        embedding_document_prefix: recorded.document_prefix.clone(),
        ..local.clone()
    };
    match begin::embedder(&local).await {
        Ok(Some(embedder)) if embedder.model().hash == recorded.hash => Embeddings::By(Arc::new(embedder)),
        Ok(Some(embedder)) => Embeddings::Missing(format!(
            "the session's embedding model is {}, and {} is another file",
            recorded.model,
            embedder.model().model
        )),
        Ok(None) => Embeddings::Missing(format!(
            "the session's embedding model is {}; set local.embedding_model to it",
            recorded.model
        )),
        Err(failure) => Embeddings::Missing(failure.to_string()),
    }
}

fn conclude(
    session: &Session,
    found: &Verification,
    again: Option<&[Rerun]>,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let programs: Option<Vec<Again>> = again.map(|again| again.iter().map(Again::of).collect());
    if json {
        let session = session.id().as_str();
        print_json(&Verified { session, intact: found.is_intact(), found, programs }, out)?;
    } else {
        print_found(session, found, out)?;
        for program in programs.iter().flatten() {
            writeln!(out, "{}", program.line())?;
        }
    }
    let other =
        again.iter().flat_map(|again| again.iter()).filter(|again| matches!(again.verdict, Verdict::Different(_)));
    let wrong = |what| Failure::new(Exit::Error, format!("session {} {what}", session.id()));
    match (found.problems.len(), other.count()) {
        (0, 0) => Ok(()),
        (0, count) => Err(wrong(format!("does not repeat: {count} call(s) of its programs gave something else"))),
        (count, _) => Err(wrong(format!("is not what was written: {count} problem(s) found"))),
    }
}

fn print_found(session: &Session, found: &Verification, out: &mut dyn Write) -> Result<(), Failure> {
    for problem in &found.problems {
        writeln!(out, "{}", visible(problem))?;
    }
    if found.is_intact() {
        let seal = match found.seal {
            Seal::None => "it has not ended, so no seal guards it yet",
            Seal::Intact | Seal::Broken => "its seal fits",
        };
        let (id, records, documents) = (session.id(), found.records, found.documents);
        writeln!(
            out,
            "session {id}: {records} records and the text of {documents} document(s) as they were written; {seal}"
        )?;
    }
    Ok(())
}
