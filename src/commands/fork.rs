//! `minions sessions fork`: a new session from a place in an old one. What did not change is taken from the record.

mod past;

use std::collections::HashMap;
use std::fs;
use std::io::{Write, stderr};
use std::sync::Arc;
use std::time::Instant;

pub use past::Past;

use super::answering::Beforehand;
use super::own_models::config_of;
use super::resume::{Recorded, Unbegun, asks_consent, go_on};
use super::run::{Watched, watch};
use super::{Exit, Failure};
use super::{begin, own_program, private, protocol};
use crate::app::{ForkChange, Named};
use crate::cli::{ForkArgs, Point};
use crate::config::{Loaded, Origin};
use crate::document::escape::visible;
use crate::document::{Document, Locator, Span};
use crate::journal::{Session, Store};
use crate::ledger::differing;
use crate::load::changes;
use crate::protocol::{
    Changed, Changes, Chunk, CodeId, Detail, Due, Fact, Finish, JobId, JobOutput, Known, Means, Parent, Phase,
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
    /// In place of this one; nothing where the place says which.
    pub of: Option<CodeId>,
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
    let wanted = wanted(args)?;
    if let Some(code) = &wanted.code {
        own_program::check(&loaded.config, code).await?;
    }
    let past = Past::read(&parent, &wanted)?;
    let settings = settings_of(loaded, &past.settings())?;
    let blotted = settings.blotted.clone();
    let mut recorded = plan(past, &wanted, &settings)?.make(&store).await?;
    let planner = args.rerun_local.then(|| planner_of(&parent)).transpose()?;
    let named = Named::by_flags(loaded);
    recorded.names_planner = named.remote;
    let config = config_of(loaded, &recorded.state, Named { remote: named.remote || planner.is_some(), ..named })?;
    let documents = recorded.documents.clone();
    for change in tokio::task::block_in_place(|| changes(&documents)) {
        writeln!(stderr(), "minions: {}", visible(&change))?;
    }
    let begun = go_on(&config, recorded, planner).await?;
    writeln!(stderr(), "session {} is a fork of {}", begun.session.id(), parent.id())?;
    if let Some(told) = private::blotted_too(&blotted, parent.id()) {
        writeln!(stderr(), "{told}")?;
    }
    let new = begun.session.clone();
    let said = Beforehand { sends_documents: args.yes_send_document || args.rerun_local, ..Beforehand::default() };
    let exit = watch(
        &config,
        Watched { begun, documents, begun_at, said, expected: None, hung_up: false },
        signals,
        args.json,
    )
    .await?;
    if let Some(told) = wanted.code.as_deref().map(|code| own_program::replaced(&new, code)).transpose()?.flatten() {
        writeln!(stderr(), "{told}")?;
    }
    // The jobs of another question are others.
    if wanted.question.is_none() {
        tell_differences(&parent, &new)?;
    }
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
        of: None,
        output,
        rerun_local: args.rerun_local,
        anew: args.ask_anew,
        // The planner's replies on record are asked for nothing.
        disagrees: !args.yes_send_document && !args.rerun_local,
    })
}

/// The old session's own planner, who says again what is on record.
fn planner_of(parent: &Session) -> Result<Arc<dyn RemoteLm>, Failure> {
    let mut failed = None;
    let planner = RecordedPlanner::of(parent.id().to_string(), parent.records()?.all_facts(&mut failed));
    failed.map_or(Ok(Arc::new(planner) as _), |error| Err(error.into()))
}

/// The settings of a fork that the command line asks for; one that cannot be changed in a fork is refused.
fn settings_of(loaded: &Loaded, old: &Settings) -> Result<Settings, Failure> {
    for (key, flag) in [("protocol.name", "--protocol"), ("protocol.window_chars", "--window-chars")] {
        if is_flag(loaded, key) {
            return Err(Failure::usage(format!(
                "{flag} cannot be changed in a fork, which goes on with the protocol and the windows of its parent; ask \
                 anew with `minions run {flag} …`"
            )));
        }
    }
    Ok(with_flags(loaded, old))
}

/// Whether the command line names this setting.
fn is_flag(loaded: &Loaded, key: &str) -> bool {
    matches!(loaded.provenance.get(key), Some(Origin::Flag(_)))
}

/// The levers of the old session, with those that the command line names in place of theirs. What may be spent, and where it
/// waits, is as the settings have it now.
fn with_flags(loaded: &Loaded, old: &Settings) -> Settings {
    let now = protocol::settings(&loaded.config);
    let named = |key: &str| is_flag(loaded, key);
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
    settings
}

/// A fork that is begun on the screen. The settings of the form are those in force; where something else is changed, the levers
/// of the old session stay, but for those that the command line names.
pub fn on_screen(loaded: &Loaded, parent: &Session, seq: u64, change: ForkChange) -> Result<Plan, Failure> {
    let is_form = matches!(change, ForkChange::Form { .. });
    let wanted = match change {
        ForkChange::Form { question, .. } => Wanted { from: Some(Point::Record(seq)), question, ..Wanted::default() },
        ForkChange::Program { code, source } => Wanted { code: Some(source), of: Some(code), ..Wanted::default() },
        ForkChange::Output { job, output } => Wanted { output: Some((job, output)), ..Wanted::default() },
        ForkChange::LocalAgain => Wanted { rerun_local: true, ..Wanted::default() },
    };
    let past = Past::read(parent, &wanted)?;
    let old = past.settings();
    let settings = if is_form { of_form(loaded, &old) } else { with_flags(loaded, &old) };
    plan(past, &wanted, &settings)
}

fn of_form(loaded: &Loaded, old: &Settings) -> Settings {
    let now = protocol::settings(&loaded.config);
    let named = is_flag(loaded, "remote.max_exposed_share");
    let Settings { max_exposed_share, redact, blotted, .. } = private::inherited(old, &now, named);
    // A fork goes on with the protocol of its parent, and reads the same windows.
    let Settings { protocol, part, windows, .. } = old.clone();
    Settings { protocol, part, windows, max_exposed_share, redact, blotted, ..now }
}

/// What a fork begins with. Nothing of it is on the disk yet.
pub struct Plan {
    documents: Vec<Document>,
    facts: Vec<Fact>,
    state: State,
    parent: Session,
    /// Whether the remote LM's replies are those on record.
    repeats: bool,
}

impl Plan {
    /// Makes the new session. Nothing of it runs yet.
    pub async fn make(self, store: &Store) -> Result<Recorded, Failure> {
        let Self { documents, facts, state, parent, repeats } = self;
        let (session, writer) = store.create(&documents)?;
        // From here on it is gone again where it cannot be written, or is wanted no longer.
        let journal = Unbegun::new(writer);
        let past = journal.append(facts).await?;
        let mut recorded = Recorded::forked(session, documents, past, state, journal, parent);
        recorded.repeats = repeats;
        Ok(recorded)
    }
}

/// Works out what a fork of this session begins with; its `settings` hold from the place on.
pub fn plan(past: Past, wanted: &Wanted, settings: &Settings) -> Result<Plan, Failure> {
    let opened = past.opened()?;
    let Past { parent, state: before, seq, .. } = &past;
    let documents = parent.documents(&opened.documents)?;
    let question = wanted.question.as_ref().unwrap_or(&opened.question);
    let settings = private::opened(settings, question, &documents)?;
    let old: Vec<&Fact> = past.facts.iter().collect();
    let mut details = moved(&before.settings_from_here(), &settings);
    if wanted.code.is_some() {
        details.push(Detail::Code(code_at(&old, wanted)?));
    }
    details.extend(wanted.output.as_ref().map(|(job, _)| Detail::Job(*job)));
    details.extend(wanted.rerun_local.then(|| Detail::Reading { round: first_round(wanted) }));
    let mut changed = Vec::from_iter(wanted.question.is_some().then_some(Changed::Question));
    changed.extend(details.iter().map(Detail::of));
    changed.dedup();
    let mut from = Parent {
        changed,
        details: Some(details),
        session: parent.id().to_string(),
        seq: *seq,
        anew: wanted.anew,
        known: opened.parent.as_ref().map(|parent| parent.known.clone()).unwrap_or_default(),
    };
    let blotted = private::blotted_too(&settings.blotted, parent.id());
    let mut facts = match &wanted.question {
        Some(question) => {
            from.known = Known::of(before);
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
                    Some((job, output)) => Some(located(before, *job, output, &documents)?),
                    None => None,
                },
                jobs_of: wanted.rerun_local.then(|| first_round(wanted)),
            };
            forked(from, &old, &changes)
        }
    };
    facts.extend(blotted.map(|text| Fact::NoteAdded { text }));
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
    Ok(Plan { documents, facts, state, parent: parent.clone(), repeats: wanted.rerun_local })
}

/// The levers that stand otherwise from here on.
fn moved(before: &Settings, after: &Settings) -> Vec<Detail> {
    let said = |cell: &mut Option<String>| cell.take().unwrap_or_else(|| "none".into());
    let detail = |(name, mut cells): (String, Vec<Option<String>>)| match cells.as_mut_slice() {
        [before, after] => Some(Detail::Lever { name, before: said(before), after: said(after) }),
        _ => None,
    };
    // How much may leave is a limit, and no lever.
    let levers = differing(&[Some(before), Some(after)]).into_iter().filter(|(name, _)| name != "max_exposed_share");
    levers.filter_map(detail).collect()
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
    let is_it = |code: &CodeId| match (wanted.of, wanted.from) {
        (Some(of), _) => *code == of,
        (None, Some(Point::Round(round))) => code.round == round,
        (None, _) => true,
    };
    let code = codes.into_iter().find(is_it);
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
mod tests;
