//! `minions sessions fork`: a new session from a place in an old one. What did not change is taken from the record.

use std::collections::HashMap;
use std::fs;
use std::io::{Write, stderr};
use std::sync::Arc;
use std::time::Instant;

use super::answering::Beforehand;
use super::resume::{Recorded, asks_consent, config_of, go_on};
use super::run::{Watched, watch};
use super::{Exit, Failure};
use super::{begin, private, protocol};
use crate::cli::{ForkArgs, Point};
use crate::config::{Config, Loaded, Origin};
use crate::document::escape::visible;
use crate::document::{Document, Locator, Span};
use crate::journal::{Durability, Journal, Record, Session, Store};
use crate::load::changes;
use crate::protocol::{
    Changed, Changes, Chunk, CodeId, Due, Fact, Finish, JobId, JobOutput, Known, Levers, Means, Parent, Phase,
    SessionOpened, Settings, State, forked, read_output,
};
use crate::remote::RemoteLm;
use crate::remote::recorded::RecordedPlanner;
use crate::term;

/// What the person wants of a fork.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub from: Option<Point>,
    /// Another question, which follows up on the old one.
    pub question: Option<String>,
    /// Another program.
    pub code: Option<String>,
    /// Another output of a job.
    pub output: Option<(JobId, JobOutput)>,
    pub rerun_local: bool,
    /// Ask again what was asked after the place.
    pub anew: bool,
    /// Nobody will be there to agree that the whole documents are sent, and nobody has.
    pub disagrees: bool,
}

/// Forks the session of the command line, and runs the fork.
pub async fn fork(loaded: &Loaded, args: &ForkArgs) -> Result<Exit, Failure> {
    let begun_at = Instant::now();
    let signals = Box::pin(term::signals()?);
    let store = begin::store(&loaded.config)?;
    let parent = store.resolve(&args.session)?;
    let journal = parent.read()?;
    let wanted = wanted(args)?;
    let settings = settings_of(loaded, &in_force(&parent, &journal, &wanted)?)?;
    let recorded = plan(&parent, &journal, &wanted, &settings)?.make(&store).await?;
    let planner: Option<Arc<dyn RemoteLm>> =
        args.rerun_local.then(|| Arc::new(RecordedPlanner::of(parent.id().to_string(), journal.facts())) as _);
    // It may be long, and the fork runs for long.
    drop(journal);
    let config = config_of(loaded, &recorded.state, planner.is_some())?;
    let documents = recorded.documents.clone();
    for change in tokio::task::block_in_place(|| changes(&documents)) {
        writeln!(stderr(), "minions: {}", visible(&change))?;
    }
    let begun = go_on(&config, recorded, planner).await?;
    writeln!(stderr(), "session {} is a fork of {}", begun.session.id(), parent.id())?;
    let new = begun.session.clone();
    let said = Beforehand { sends_documents: args.yes_send_document || args.rerun_local, ..Beforehand::default() };
    let exit = watch(
        &config,
        Watched { begun, documents, begun_at, said, expected: None, hung_up: false },
        signals,
        args.json,
    )
    .await?;
    tell_differences(&parent, &new)?;
    Ok(exit)
}

fn wanted(args: &ForkArgs) -> Result<Wanted, Failure> {
    let code =
        match &args.code {
            Some(path) => Some(fs::read_to_string(path).map_err(|error| {
                Failure::usage(format!("the program in {} cannot be read: {error}", path.display()))
            })?),
            None => None,
        };
    let output = match (args.job, &args.output) {
        (Some((round, index)), Some(text)) => {
            let job = JobId { round, index };
            let output = read_output(text, Finish::Stop).map_err(|_| {
                Failure::usage(
                    "--output is no output of a job: write {\"explanation\": …, \"citation\": …, \"answer\": …}, with null for \
                     what it lacks",
                )
            })?;
            Some((job, output))
        }
        _ => None,
    };
    Ok(Wanted {
        from: args.from,
        question: args.question.clone(),
        code,
        output,
        rerun_local: args.rerun_local,
        anew: args.ask_anew,
        // The planner's replies on record are asked for nothing.
        disagrees: !args.yes_send_document && !args.rerun_local,
    })
}

/// The settings of the old session as they held at the place where it is left.
fn in_force(parent: &Session, journal: &Journal, wanted: &Wanted) -> Result<Settings, Failure> {
    opened_of(parent, journal)?;
    let mut state = State::default();
    let records = &journal.records[..place(parent, journal, wanted)?];
    records.iter().filter_map(|record| record.fact.known()).for_each(|fact| state.apply(fact));
    Ok(state.settings_from_here())
}

/// The levers of the old session, with those that the command line names in place of theirs. What may be spent is as the
/// settings have it now.
fn settings_of(loaded: &Loaded, old: &Settings) -> Result<Settings, Failure> {
    let now = protocol::settings(&loaded.config);
    let named = |key: &str| matches!(loaded.provenance.get(key), Some(Origin::Flag(_)));
    for (key, flag) in [("protocol.name", "--protocol"), ("protocol.window_chars", "--window-chars")] {
        if named(key) {
            return Err(Failure::usage(format!(
                "{flag} cannot be changed in a fork, which goes on with the protocol and the windows of its parent; ask \
                 anew with `minions run {flag} …`"
            )));
        }
    }
    let mut settings = Settings {
        budget_usd: now.budget_usd,
        budget_usd_per_day: now.budget_usd_per_day,
        gates: now.gates.clone(),
        ..private::inherited(old, &now, named("remote.max_exposed_share"))
    };
    let levers: [(&str, &mut u32, u32); 7] = [
        ("protocol.max_rounds", &mut settings.max_rounds, now.max_rounds),
        ("protocol.tasks_per_round", &mut settings.tasks_per_round, now.tasks_per_round),
        ("protocol.samples", &mut settings.samples, now.samples),
        ("protocol.chunk_chars", &mut settings.chunk_chars, now.chunk_chars),
        ("protocol.max_jobs", &mut settings.max_jobs, now.max_jobs),
        ("protocol.code_attempts", &mut settings.code_attempts, now.code_attempts),
        ("protocol.decision_attempts", &mut settings.decision_attempts, now.decision_attempts),
    ];
    for (_, lever, now) in levers.into_iter().filter(|(key, ..)| named(key)) {
        *lever = now;
    }
    let (means, wanted) = (&mut settings.means, now.means);
    for (key, take) in [
        ("merge", (|means, now| means.merge = now.merge) as fn(&mut Means, Means)),
        ("chunker", |means, now| means.chunker = now.chunker),
        ("overlap_chars", |means, now| means.overlap_chars = now.overlap_chars),
        ("retrieval", |means, now| means.retrieval = now.retrieval),
        ("retrieve_k", |means, now| means.retrieve_k = now.retrieve_k),
        ("memory", |means, now| means.memory = now.memory),
    ] {
        if named(&format!("protocol.{key}")) {
            take(means, wanted);
        }
    }
    if named("remote.max_output_tokens") {
        settings.remote_max_output_tokens = now.remote_max_output_tokens;
    }
    if named("local.max_output_tokens") {
        settings.local_max_output_tokens = now.local_max_output_tokens;
    }
    Ok(settings)
}

/// A fork that is begun on the screen, and its settings: its levers are those of the form, which are the settings in force.
pub fn on_screen(
    config: &Config,
    (parent, journal): (&Session, &Journal),
    seq: u64,
    question: Option<String>,
) -> Result<(Wanted, Settings), Failure> {
    let wanted = Wanted { from: Some(Point::Record(seq)), question, ..Wanted::default() };
    let settings = of_form(config, &in_force(parent, journal, &wanted)?);
    Ok((wanted, settings))
}

fn of_form(config: &Config, old: &Settings) -> Settings {
    let now = protocol::settings(config);
    let Settings { max_exposed_share, redact, .. } = private::inherited(old, &now, false);
    // A fork goes on with the protocol of its parent, and reads the same windows.
    let Settings { protocol, part, windows, .. } = old.clone();
    Settings { protocol, part, windows, max_exposed_share, redact, ..now }
}

fn opened_of<'a>(session: &Session, journal: &'a Journal) -> Result<&'a SessionOpened, Failure> {
    journal
        .opened()
        .ok_or_else(|| Failure::usage(format!("session {} holds no question, so nothing can be forked", session.id())))
}

/// What a fork begins with. Nothing of it is on the disk yet.
pub struct Plan {
    documents: Vec<Document>,
    facts: Vec<Fact>,
    state: State,
    parent: Session,
}

impl Plan {
    /// Makes the new session. Nothing of it runs yet.
    pub async fn make(self, store: &Store) -> Result<Recorded, Failure> {
        let Self { documents, facts, state, parent } = self;
        let (session, writer) = store.create(&documents)?;
        let past = writer.append(facts, Durability::Synced).await?;
        Ok(Recorded::forked(session, documents, past, state, writer, parent))
    }
}

/// Works out what a fork of this session begins with; its `settings` hold from the place on.
pub fn plan(parent: &Session, journal: &Journal, wanted: &Wanted, settings: &Settings) -> Result<Plan, Failure> {
    let opened = opened_of(parent, journal)?;
    let documents = parent.documents(&opened.documents)?;
    let question = wanted.question.as_ref().unwrap_or(&opened.question);
    let settings = private::opened(settings, question, &documents)?;
    let records = &journal.records[..place(parent, journal, wanted)?];
    let old: Vec<&Fact> = records.iter().filter_map(|record| record.fact.known()).collect();
    let mut before = State::default();
    old.iter().for_each(|fact| before.apply(fact));
    let mut changed = Vec::new();
    for (is_changed, what) in [
        (wanted.question.is_some(), Changed::Question),
        (Levers::of(&settings) != Levers::of(&before.settings_from_here()), Changed::Levers),
        (wanted.code.is_some(), Changed::Code),
        (wanted.output.is_some(), Changed::Job),
        (wanted.rerun_local, Changed::Reading),
    ] {
        changed.extend(is_changed.then_some(what));
    }
    let mut from = Parent {
        changed,
        session: parent.id().to_string(),
        seq: records.last().map_or(0, |record| record.seq),
        anew: wanted.anew,
        known: opened.parent.as_ref().map(|parent| parent.known.clone()).unwrap_or_default(),
    };
    let facts = match &wanted.question {
        Some(question) => {
            from.known = Known::of(&before);
            vec![Fact::SessionOpened(Box::new(SessionOpened {
                question: question.clone(),
                settings,
                remote: before.remote().unwrap_or(&opened.remote).clone(),
                local: before.models.now.local.as_ref().unwrap_or(&opened.local).clone(),
                parent: Some(from),
                ..opened.clone()
            }))]
        }
        None => {
            let changes = Changes {
                settings,
                code: wanted
                    .code
                    .as_ref()
                    .map(|code| Ok::<_, Failure>((code_at(&old, wanted)?, code.clone())))
                    .transpose()?,
                output: match &wanted.output {
                    Some((job, output)) => Some(located(&before, *job, output, &documents)?),
                    None => None,
                },
                jobs_of: wanted.rerun_local.then(|| first_round(wanted)),
            };
            forked(from, &old, &changes)
        }
    };
    let mut state = State::default();
    facts.iter().for_each(|fact| state.apply(fact));
    if matches!(state.phase, Phase::Due(Due::End(_))) {
        return Err(Failure::usage(format!(
            "session {} has its answer there, and nothing is left to be done; leave it at an earlier place with --from",
            parent.id()
        )));
    }
    if wanted.disagrees && asks_consent(&state) {
        return Err(Failure::usage(format!(
            "a fork of session {} sends the whole documents to the remote LM; nothing was sent: add --yes-send-document to agree",
            parent.id()
        )));
    }
    Ok(Plan { documents, facts, state, parent: parent.clone() })
}

/// How many of the records come before the place.
fn place(session: &Session, journal: &Journal, wanted: &Wanted) -> Result<usize, Failure> {
    let records = &journal.records;
    let changes_itself = wanted.question.is_some() || wanted.code.is_some() || wanted.output.is_some();
    match wanted.from {
        // The change says itself where.
        _ if wanted.rerun_local || wanted.output.is_some() => Ok(records.len()),
        Some(Point::Round(_)) if wanted.code.is_some() => Ok(records.len()),
        None if changes_itself => Ok(records.len()),
        None => Ok(records.len().min(1)),
        Some(Point::Record(seq)) => {
            let until = records.partition_point(|record| record.seq <= seq);
            match (until, records.last()) {
                (1.., Some(last)) if seq <= last.seq => Ok(until),
                (_, last) => Err(Failure::usage(format!(
                    "session {} has no record {seq}; its records are 1 to {}",
                    session.id(),
                    last.map_or(0, |last| last.seq)
                ))),
            }
        }
        Some(Point::Round(round)) => {
            let begins = |record: &Record| matches!(record.fact.known(), Some(Fact::RoundBegan { round: of, .. }) if *of == round);
            records
                .iter()
                .position(begins)
                .ok_or_else(|| Failure::usage(format!("session {} has no round {round}", session.id())))
        }
    }
}

fn first_round(wanted: &Wanted) -> u32 {
    match wanted.from {
        Some(Point::Round(round)) => round,
        _ => 1,
    }
}

/// The program that is changed: the last one up to the place, or of the round that is named.
fn code_at(facts: &[&Fact], wanted: &Wanted) -> Result<CodeId, Failure> {
    let codes = facts.iter().rev().filter_map(|fact| match fact {
        Fact::CodeReceived { code, .. } => Some(*code),
        _ => None,
    });
    let of_round = |code: &CodeId| !matches!(wanted.from, Some(Point::Round(round)) if code.round != round);
    let code = codes.into_iter().find(of_round);
    code.ok_or_else(|| Failure::usage("there is no program at that place that could be changed"))
}

fn located(
    state: &State,
    id: JobId,
    output: &JobOutput,
    documents: &[Document],
) -> Result<(JobId, JobOutput, Option<crate::document::Located>), Failure> {
    let round = state.round_numbered(id.round);
    let Some((round, job)) =
        round.and_then(|round| Some((round, round.job(id)?))).filter(|(_, job)| job.outcome().is_some())
    else {
        return Err(Failure::usage(format!(
            "there is no job {id} that has ended; jobs are named as 1.0, round and number"
        )));
    };
    let prefer: Vec<Span> = round.chunk_of(job).into_iter().flat_map(Chunk::spans).collect();
    let locator = Locator::within(documents, state.settings().part.map(|part| part.span));
    let located = output.citation.as_ref().and_then(|citation| locator.locate(citation, &prefer));
    Ok((id, output.clone(), located))
}

/// Differences told, each in a line.
const TOLD: usize = 20;

/// Tells which jobs of the fork gave something else than those of the session it came from.
fn tell_differences(parent: &Session, new: &Session) -> Result<(), Failure> {
    let outputs = |session: &Session| {
        let mut state = State::default();
        let mut failed = None;
        session.records()?.all_facts(&mut failed).for_each(|fact| state.apply(&fact));
        if let Some(failed) = failed {
            return Err(failed.into());
        }
        let mut outputs = HashMap::new();
        for round in &state.rounds {
            for (job, index) in round.jobs.iter().zip(0..) {
                let request = (round.number, round.chunk_of(job).cloned(), round.task_of(job).to_owned(), job.sample);
                let answer = job.outcome().map(|outcome| match outcome.output() {
                    Some(JobOutput { answer: Some(answer), .. }) => answer.clone(),
                    _ => format!("({})", outcome.name()),
                });
                outputs.insert(request, (JobId { round: round.number, index }, answer));
            }
        }
        Ok::<_, Failure>(outputs)
    };
    let (old, new) = (outputs(parent)?, outputs(new)?);
    let mut changed: Vec<_> = new
        .iter()
        .filter_map(|(request, (job, now))| {
            let then = &old.get(request)?.1;
            (then != now).then_some((*job, then.clone(), now.clone()))
        })
        .collect();
    changed.sort_by_key(|(job, ..)| *job);
    let both = new.keys().filter(|request| old.contains_key(*request)).count();
    let mut out = stderr();
    writeln!(
        out,
        "compared with {}: {} of {both} jobs gave something else, {} jobs are new",
        parent.id(),
        changed.len(),
        new.len() - both
    )?;
    let told = |answer: &Option<String>| visible(answer.as_deref().unwrap_or("(nothing)")).into_owned();
    for (job, then, now) in changed.iter().take(TOLD) {
        writeln!(out, "  job {job}: {} → {}", told(then), told(now))?;
    }
    if changed.len() > TOLD {
        writeln!(out, "  … and {} more", changed.len() - TOLD)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "fork_tests.rs"]
mod tests;
