//! `minions resume`: goes on with a session whose process ended first.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::answering::{Beforehand, refused};
use super::begin::{self, Begun};
use super::own_models::config_of;
use super::run::{Watched, watch};
use super::verify::embeddings;
use super::{Exit, Failure, picking, protocol, servers};
use crate::app::Named;
use crate::cli::ResumeArgs;
use crate::config::{Config, Loaded};
use crate::control;
use crate::document::Document;
use crate::document::escape::visible;
use crate::journal::{DayBook, Durability, JournalError, JournalWriter, Record, Session, SessionId, Store};
use crate::load::changes;
use crate::local::LocalLm;
use crate::protocol::{
    BudgetChoice, Changed, Due, Fact, Interrupted, Known, Models, Need, Parent, Phase, ProtocolKind, Resumed, Scope,
    SessionOpened, Settings, State,
};
use crate::remote::RemoteLm;
use crate::remote::nobody::Nobody;
use crate::remote::recorded::{self, RecordedPlanner};
use crate::runtime::{self, Beginning, Embeddings, Order, Recall, Setup};
use crate::sandbox::Sandbox;
use crate::term;

/// A session that can be gone on with. Nobody else writes it while this lives.
pub struct Recorded {
    pub session: Session,
    pub documents: Vec<Document>,
    pub past: Vec<Record>,
    pub state: State,
    /// What is wrong with the journal, each in a sentence.
    pub warnings: Vec<String>,
    /// Whether its local half is run again, and the remote LM's replies are those on record in the session it came from.
    pub repeats: bool,
    /// Whether the planner was named for it anew, and is to plan in place of such replies.
    pub names_planner: bool,
    journal: Unbegun,
    /// The session it was forked from just now, wherever that lies.
    parent: Option<Session>,
}

/// The writer of a session that nothing has been done in yet. A fork that was made just now is gone where it is let go.
pub struct Unbegun {
    journal: Option<JournalWriter>,
    is_new: bool,
}

impl Unbegun {
    /// Of a session that was made just now.
    pub fn new(journal: JournalWriter) -> Self {
        Self { journal: Some(journal), is_new: true }
    }

    /// Writes what it begins with.
    pub async fn append(&self, facts: Vec<Fact>) -> Result<Vec<Record>, JournalError> {
        match &self.journal {
            Some(journal) => journal.append(facts, Durability::Synced).await,
            None => Ok(Vec::new()),
        }
    }

    fn begin(mut self) -> Option<JournalWriter> {
        self.journal.take()
    }
}

impl Drop for Unbegun {
    fn drop(&mut self) {
        if let Some(journal) = self.journal.take().filter(|_| self.is_new) {
            journal.discard();
        }
    }
}

impl Recorded {
    /// A fork that was made just now.
    pub fn forked(
        session: Session,
        documents: Vec<Document>,
        past: Vec<Record>,
        state: State,
        journal: Unbegun,
        parent: Session,
    ) -> Self {
        Self {
            session,
            documents,
            past,
            state,
            warnings: Vec::new(),
            repeats: false,
            names_planner: false,
            journal,
            parent: Some(parent),
        }
    }

    /// What there is to say of it before it goes on.
    pub fn notices(&self) -> Vec<String> {
        let paused = self.state.pause.map(|_| "the session was paused; it goes on now".to_owned());
        self.warnings.iter().cloned().chain(paused).collect()
    }

    /// Takes the session up: its journal is open for writing again, and nothing is done yet.
    pub fn read(session: Session) -> Result<Self, Failure> {
        let (mut state, mut past) = (State::default(), Vec::new());
        let reopened = session.reopen(|record| {
            if let Some(fact) = record.fact.known() {
                state.apply(fact);
            }
            past.push(record);
        });
        let reopened = reopened.map_err(|error| match error {
            JournalError::Sealed { id } => Failure::usage(format!(
                "session {id} has ended, and there is nothing to go on with; `minions replay {id}` shows it, `minions \
                 sessions fork {id}` starts a new one from it"
            )),
            error => error.into(),
        })?;
        let Some(opened) = &state.opened else {
            return Err(Failure::usage(format!(
                "session {} holds no question yet, so there is nothing to go on with; start it anew with `minions run`",
                session.id()
            )));
        };
        let documents = session.documents(&opened.documents)?;
        Ok(Self {
            documents,
            past,
            state,
            warnings: reopened.warnings,
            repeats: false,
            names_planner: false,
            journal: Unbegun { journal: Some(reopened.journal), is_new: false },
            parent: None,
            session,
        })
    }
}

/// Goes on with the session of the command line, on the screen or without it.
pub async fn resume(loaded: &Loaded, args: &ResumeArgs) -> Result<Exit, Failure> {
    let begun_at = Instant::now();
    let signals = Box::pin(term::signals()?);
    let session = begin::store(&loaded.config)?.resolve(&args.session)?;
    let recorded = Recorded::read(session)?;
    let id = recorded.session.id().clone();
    let changed = tokio::task::block_in_place(|| changes(&recorded.documents));
    for warning in recorded.warnings.iter().chain(&changed) {
        eprintln!("minions: {}", visible(warning));
    }
    let said = Beforehand {
        send_again: args.send_again,
        budget_usd: args.budget,
        max_exposed_share: args.max_exposed_share,
        sends_documents: args.yes_send_document,
    };
    if asks_consent(&recorded.state) && said.answer(&Need::Consent).is_none() {
        return Err(refused(id.as_str(), &Need::Consent));
    }
    if let Some(interrupted) = Interrupted::of(&recorded.state).filter(Interrupted::may_cost)
        && said.answer(&Need::SendAgain(&interrupted)).is_none()
    {
        return Err(refused(id.as_str(), &Need::SendAgain(&interrupted)));
    }
    // What is waited for already is asked before anything is connected or recorded.
    if let Some(need) = recorded.state.phase.need()
        && said.answer(&need).is_none()
    {
        return Err(refused(id.as_str(), &need));
    }
    let paused = matches!(recorded.state.phase, Phase::Paused(_));
    if recorded.state.pause.is_some() {
        eprintln!("minions: session {id} was paused; it goes on now");
    }
    let config = config_of(loaded, &recorded.state, Named::by_flags(loaded))?;
    let documents = recorded.documents.clone();
    let begun = go_on(&config, recorded, None).await?;
    // Where no budget is reached yet it is raised for the calls to come.
    if let Some(to_usd) = args.budget.filter(|_| !paused) {
        let _ = begun.running.orders.try_send(Order::Budget(BudgetChoice::Raise { scope: Scope::Session, to_usd }));
    }
    watch(&config, Watched { begun, documents, begun_at, said, expected: None, hung_up: false }, signals, args.json)
        .await
}

/// Whether the session comes to the question of whether the whole documents are sent before it sends anything.
pub fn asks_consent(state: &State) -> bool {
    let before = matches!(state.phase, Phase::Due(Due::BeginRound { .. } | Due::AskConsent));
    state.settings().protocol == ProtocolKind::RemoteOnly && (before || state.phase.need() == Some(Need::Consent))
}

/// Connects to the models and lets the session go on; `planner` plans, where it is not the one of the settings. Must be called
/// on a tokio runtime of several threads.
pub async fn go_on(config: &Config, recorded: Recorded, planner: Option<Arc<dyn RemoteLm>>) -> Result<Begun, Failure> {
    connected(config, recorded, planner).await?.start()
}

/// A session whose models are connected, and of which nothing runs yet. A fork that is let go before it starts is gone.
pub struct Ready {
    pub session: Session,
    pub documents: Vec<Document>,
    /// What there is to say of it before it goes on.
    pub notices: Vec<String>,
    past: Vec<Record>,
    beginning: Beginning,
    remote: Arc<dyn RemoteLm>,
    remote_attempts: u32,
    local: Arc<dyn LocalLm>,
    sandbox: Sandbox,
    embeddings: Embeddings,
    recall: Recall,
    journal: Unbegun,
    book: DayBook,
    connector: control::Connector,
}

/// Connects to the models of the session; `planner` plans, where it is not the one of the settings. Must be called on a tokio
/// runtime of several threads.
pub async fn connected(
    config: &Config,
    recorded: Recorded,
    planner: Option<Arc<dyn RemoteLm>>,
) -> Result<Ready, Failure> {
    let notices = recorded.notices();
    let Recorded { session, documents, past, state, repeats, names_planner, journal, parent, .. } = recorded;
    let parents = tokio::task::block_in_place(|| lineage(&session, state.opened.as_ref(), parent));
    let config = &servers::taken_up(config, &state, [&session].into_iter().chain(&parents));
    let repeats =
        repeats || !names_planner && state.remote().is_some_and(|remote| remote.provider == recorded::PROVIDER);
    // Where the local half is run again, all of it is: another server may go by the same name.
    let recall = match repeats || planner.is_some() {
        true => Recall::default(),
        false => tokio::task::block_in_place(|| recall(&state, &parents, &documents)),
    };
    let remote: Arc<dyn RemoteLm> = match (planner, parents.first()) {
        (Some(planner), _) => planner,
        (None, Some(parent)) if repeats => {
            let replies = || {
                let mut failed = None;
                let replies = RecordedPlanner::of(parent.id().to_string(), parent.records()?.all_facts(&mut failed));
                failed.map_or(Ok::<_, JournalError>(replies), Err)
            };
            Arc::new(tokio::task::block_in_place(replies)?)
        }
        (None, None) if repeats => {
            return Err(Failure::usage(format!(
                "session {} repeats what another one has on record, and that one is there no longer",
                session.id()
            )));
        }
        (None, _) if state.settings().protocol == ProtocolKind::LocalOnly => Arc::new(Nobody),
        (None, _) => begin::remote(config).await?.into(),
    };
    let local: Arc<dyn LocalLm> = begin::local(config).await?.into();
    protocol::has_room(config, &*local, &documents, &state.settings())?;
    let embeddings = match state.opened.as_ref().and_then(|opened| opened.embedding.as_ref()) {
        Some(model) => embeddings(model, &config.local).await,
        None => Embeddings::None,
    };
    let sandbox = begin::sandbox(config, state.settings().max_jobs)?;
    sandbox.warm();
    let root = session.path().parent().unwrap_or(Path::new("."));
    let book = DayBook::new(root.to_owned(), session.id());
    let resumed = Resumed {
        program: env!("CARGO_PKG_VERSION").into(),
        models: Models { remote: Some(remote.info()), local: Some(local.info()) },
        embedding: match &embeddings {
            Embeddings::By(embedder) => Some(embedder.model().clone()),
            Embeddings::None | Embeddings::Missing(_) => None,
        },
    };
    let connector = picking::connector(config, &documents, &state.settings());
    servers::keep(&session, config);
    let beginning = Beginning::OnRecord { state: Box::new(state), resumed: Box::new(resumed) };
    let remote_attempts = config.remote.attempts;
    Ok(Ready {
        session,
        documents,
        notices,
        past,
        beginning,
        remote,
        remote_attempts,
        local,
        sandbox,
        embeddings,
        recall,
        journal,
        book,
        connector,
    })
}

impl Ready {
    /// Lets it go on. Must be called on a tokio runtime.
    pub fn start(self) -> Result<Begun, Failure> {
        let Self { session, documents, past, beginning, remote, remote_attempts, local, sandbox, .. } = self;
        let (embeddings, recall, book) = (self.embeddings, self.recall, self.book);
        let Some(journal) = self.journal.begin() else {
            return Err(Failure::usage(format!("session {} is gone on with already", session.id())));
        };
        let running = runtime::start(Setup {
            beginning,
            documents,
            remote,
            remote_attempts,
            local,
            sandbox,
            embeddings,
            recall,
            journal,
            book,
        });
        let (running, attached) = control::share(&session, running, self.connector);
        Ok(Begun { session, running, past, attached })
    }
}

/// Forks of forks beyond this are not looked into.
const GENERATIONS: usize = 32;

/// The sessions that this one came from, the nearest first, as far as they are there. `parent`: one that need not be looked for.
fn lineage(session: &Session, opened: Option<&SessionOpened>, mut parent: Option<Session>) -> Vec<Session> {
    let Some(root) = session.path().parent() else { return Vec::new() };
    let store = Store::new(root.to_owned());
    let parent_of = |opened: &SessionOpened| opened.parent.as_ref()?.session.parse::<SessionId>().ok();
    let mut next = opened.and_then(parent_of);
    let mut found: Vec<Session> = Vec::new();
    while let Some(id) = next.take()
        && found.len() < GENERATIONS
        && let Some(session) =
            parent.take().filter(|parent| *parent.id() == id).or_else(|| store.resolve(id.as_str()).ok())
    {
        next = session.opened().ok().flatten().and_then(|opened| parent_of(&opened));
        found.push(session);
    }
    found
}

/// What a new question on the same documents goes on from: what was found out, and replies that need not be asked for
/// again, and the settings in force, with what was kept private: its answer has words in it that stood as placeholders there.
/// Nothing where the session is about other documents, or cannot be read.
pub fn follow_up(before: &Session, documents: &[Document]) -> Option<(Parent, Recall, Settings)> {
    tokio::task::block_in_place(|| {
        let theirs = before.opened().ok()??;
        if !theirs.documents.iter().map(|document| document.hash).eq(documents.iter().map(Document::hash)) {
            return None;
        }
        let (mut state, mut seq) = (State::default(), None);
        for record in before.records().ok()? {
            let record = record.ok()?;
            seq = Some(record.seq);
            record.fact.known().into_iter().for_each(|fact| state.apply(fact));
        }
        let mut recall = Recall::default();
        for session in lineage(before, Some(&theirs), None).iter().rev().chain([before]) {
            remember(&mut recall, session, documents);
        }
        let (session, seq) = (before.id().to_string(), seq?);
        Some((
            Parent {
                session,
                seq,
                anew: false,
                known: Known::of(&state),
                changed: vec![Changed::Question],
                details: None,
            },
            recall,
            state.settings_from_here(),
        ))
    })
}

/// What those sessions have on record, where it is to be taken. They are about the same documents.
fn recall(state: &State, parents: &[Session], documents: &[Document]) -> Recall {
    let mut recall = Recall::default();
    let anew = state.opened.as_ref().and_then(|opened| opened.parent.as_ref()).is_none_or(|parent| parent.anew);
    // The nearest last: of two replies to one request its own counts.
    for session in parents.iter().rev().filter(|_| !anew) {
        remember(&mut recall, session, documents);
    }
    recall
}

/// What cannot be read is paid for or computed again.
fn remember(recall: &mut Recall, session: &Session, documents: &[Document]) {
    if let Ok(records) = session.records() {
        recall.add(records.facts(), documents);
    }
}
