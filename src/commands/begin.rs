//! Starts a session: models from the settings, a folder on disk, the driver.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::resume::follow_up;
use super::{Exit, Failure, picking, private, protocol, servers, whole};
use crate::config::{Config, Folders, LocalConfig, LocalProvider};
use crate::control::Attached;
use crate::document::{Document, Span};
use crate::journal::{DayBook, Record, Session, Store};
use crate::protocol::{Gates, ModelInfo, Part, Price, ProtocolKind, SessionOpened, Settings, prompts};
use crate::provider::presets;
use crate::remote::nobody::Nobody;
use crate::remote::prices;
use crate::runtime::{self, Beginning, Embeddings, Order, Recall, Running, Setup};
use crate::sandbox::Sandbox;
use crate::{control, local, remote};

/// A session that has begun.
pub struct Begun {
    pub session: Session,
    pub running: Running,
    /// What was on record before.
    pub past: Vec<Record>,
    /// How many other processes watch it.
    pub attached: Attached,
}

/// What a session works with. Several sessions may share it.
#[derive(Clone)]
pub struct Engines {
    pub remote: Arc<dyn remote::RemoteLm>,
    pub local: Arc<dyn local::LocalLm>,
    pub embedder: Option<Arc<local::Embedder>>,
    pub sandbox: Sandbox,
}

/// A session whose folder is there and of which nothing has been asked yet.
pub struct Prepared {
    pub session: Session,
    setup: Setup,
    /// Connects to what others pick.
    connector: control::Connector,
    /// What there is to say before anything happens.
    notes: Vec<String>,
}

/// Connects to the models, makes the session's folder and starts the run. `part`: the only part of the documents that it
/// is about, where it is not about all of them. `before`: the session that the question follows up on. Must be called on a
/// tokio runtime of several threads.
pub async fn begin(
    config: &Config,
    documents: Vec<Document>,
    question: String,
    part: Option<Span>,
    before: Option<Session>,
) -> Result<Begun, Failure> {
    if question.trim().is_empty() {
        return Err(Failure::usage("the question is blank; give one with --question"));
    }
    let engines = engines(config).await?;
    Ok(prepare(config, &engines, documents, question, part, before).await?.start())
}

/// The remote LM of a session under these settings: nobody, where their protocol asks none.
pub async fn planner(config: &Config) -> Result<Box<dyn remote::RemoteLm>, Failure> {
    match protocol::kind(config.protocol.name) {
        ProtocolKind::LocalOnly => Ok(Box::new(Nobody)),
        _ => remote(config).await,
    }
}

/// Connects to the models of the settings. Nothing is sent yet: what fails here is a setting, or the key that one names.
pub async fn engines(config: &Config) -> Result<Engines, Failure> {
    private::check(config)?;
    let (remote, local) = (planner(config).await?.into(), local(config).await?.into());
    let embedder = embedder(&config.local).await?.map(Arc::new);
    let sandbox = sandbox(config, config.protocol.max_jobs)?;
    sandbox.warm();
    Ok(Engines { remote, local, embedder, sandbox })
}

/// The engines of several settings. Models that read are loaded once for all settings that have the same.
pub async fn engines_of(configs: &[&Config]) -> Result<Vec<Engines>, Failure> {
    let mut all: Vec<Engines> = Vec::new();
    for (n, config) in configs.iter().enumerate() {
        let same = configs[..n].iter().position(|other| other.local == config.local);
        let new = match same.and_then(|at| all.get(at).cloned()) {
            Some(shared) => {
                private::check(config)?;
                let sandbox = sandbox(config, config.protocol.max_jobs)?;
                Engines { remote: planner(config).await?.into(), sandbox, ..shared }
            }
            None => engines(config).await?,
        };
        all.push(new);
    }
    Ok(all)
}

/// How a session would read documents that it can be asked about.
pub struct Admitted {
    part: Option<Part>,
    windows: protocol::Windows,
}

/// Refuses documents that a session under these settings cannot be asked about, such as too long ones. Nothing is made yet.
pub async fn admit(
    config: &Config,
    engines: &Engines,
    documents: &[Document],
    part: Option<Span>,
    question: &str,
) -> Result<Admitted, Failure> {
    let part = part_of(documents, part)?;
    if protocol::kind(config.protocol.name) == ProtocolKind::RemoteOnly {
        whole::fits(config, &*engines.remote, documents, part.as_ref(), question).await?;
    }
    let windows = protocol::windows(config, &*engines.local, documents, part.as_ref())?;
    Ok(Admitted { part, windows })
}

/// Refuses what cannot be asked, and makes the session's folder, with the texts of the documents in it.
pub async fn prepare(
    config: &Config,
    engines: &Engines,
    documents: Vec<Document>,
    question: String,
    part: Option<Span>,
    before: Option<Session>,
) -> Result<Prepared, Failure> {
    let admitted = admit(config, engines, &documents, part, &question).await?;
    make(config, engines, documents, question, admitted, before)
}

/// Makes the session's folder, with the texts of the documents in it.
pub fn make(
    config: &Config,
    engines: &Engines,
    documents: Vec<Document>,
    question: String,
    admitted: Admitted,
    before: Option<Session>,
) -> Result<Prepared, Failure> {
    let Admitted { part, windows } = admitted;
    let Engines { remote, local, embedder, sandbox } = engines.clone();
    let (parent, recall, kept) = match before.as_ref().and_then(|before| follow_up(before, &documents)) {
        Some((parent, recall, kept)) => (Some(parent), recall, kept),
        None => (None, Recall::default(), Settings::default()),
    };
    let before = before.as_ref().map(Session::id);
    let now = protocol::settings(config);
    let redact = private::both(kept.redact.as_ref(), now.redact.as_ref());
    let blotted = kept.blotted;
    let told = before.and_then(|before| private::blotted_too(&blotted, before));
    let store = store(config)?;
    let (session, journal) = store.create(&documents)?;
    servers::keep(&session, config);
    let book = DayBook::new(store.root().to_owned(), session.id());
    let opened = SessionOpened {
        question,
        settings: Settings { part, windows: windows.spans, redact, blotted, ..now },
        documents: documents.iter().map(Document::reference).collect(),
        remote: remote.info(),
        local: local.info(),
        prompts: prompts::VERSION.into(),
        program: env!("CARGO_PKG_VERSION").into(),
        clock_ms: u64::try_from(jiff::Timestamp::now().as_millisecond()).ok(),
        embedding: embedder.as_ref().map(|embedder| embedder.model().clone()),
        parent,
    };
    let connector = picking::connector(config, &documents, &opened.settings);
    let notes =
        [windows.note, remote.remark(), outside_of_budget(config, &*local), told].into_iter().flatten().collect();
    let embeddings = embedder.map_or(Embeddings::None, Embeddings::By);
    let (beginning, remote_attempts) = (Beginning::New(Box::new(opened)), config.remote.attempts);
    let setup =
        Setup { beginning, documents, remote, remote_attempts, local, sandbox, embeddings, recall, journal, book };
    Ok(Prepared { session, setup, connector, notes })
}

/// The part that a question is about; nothing where it is about all of the documents. A part that holds no text is no
/// question about all of them.
pub fn part_of(documents: &[Document], span: Option<Span>) -> Result<Option<Part>, Failure> {
    let Some(span) = span else { return Ok(None) };
    let part = Part::of(documents, span).ok_or_else(|| {
        Failure::usage(
            "nothing was asked: the part that the question is about holds no text of the documents; select lines with \
             words in them",
        )
    })?;
    Ok(Some(part))
}

impl Prepared {
    /// Takes what came of jobs in these other sessions, where a job of its own is byte for byte the same.
    pub fn recalling(mut self, recall: Recall) -> Self {
        self.setup.recall = recall;
        self
    }

    /// Starts the run, and lets other processes follow it. Must be called on a tokio runtime.
    pub fn start(self) -> Begun {
        let (running, attached) = control::share(&self.session, runtime::start(self.setup), self.connector);
        for note in self.notes {
            // The queue has room: they are the first orders.
            let _ = running.orders.try_send(Order::Note(note));
        }
        Begun { session: self.session, running, past: Vec::new(), attached }
    }
}

/// The remote LM of the settings, where their budget can be kept to with it.
pub async fn remote(config: &Config) -> Result<Box<dyn remote::RemoteLm>, Failure> {
    let remote = remote::connect(config).await.map_err(|error| Failure::usage(error.to_string()))?;
    keeps_budget(config, &remote.info())?;
    Ok(remote)
}

/// That the budget of the settings can be kept to with this remote LM.
pub fn keeps_budget(config: &Config, remote: &ModelInfo) -> Result<(), Failure> {
    if is_limited(config) && remote.is_model && remote.price.is_none() {
        return Err(Failure::usage(
            "the budget cannot be kept to while the price of this model is not known; set remote.price_input and \
             remote.price_output, or the budget to 0",
        ));
    }
    Ok(())
}

/// The local LM of the settings.
pub async fn local(config: &Config) -> Result<Box<dyn local::LocalLm>, Failure> {
    local::connect(&config.local, &found_program()?, local_price(config))
        .await
        .map_err(|error| Failure::usage(error.to_string()))
}

/// What the tokens of a local LM behind a server cost: what `[prices]` says of it, or the list where the place is known to it.
pub fn local_price(config: &Config) -> Option<Price> {
    let local = &config.local;
    if !matches!(local.provider, LocalProvider::Openai | LocalProvider::Ollama) {
        return None;
    }
    let place = presets::reader(local.provider).place_of(local.base_urls().first()?)?;
    prices::usual(&place, local.model.trim(), &config.prices, None)
}

/// What to know of a budget where the reader is paid for too.
fn outside_of_budget(config: &Config, local: &dyn local::LocalLm) -> Option<String> {
    let is_paid = local.info().price.is_some_and(|price| price.input > 0.0 || price.output > 0.0);
    (is_limited(config) && is_paid)
        .then(|| "the budget is the planner's: what the reader's tokens cost is outside of it".into())
}

fn is_limited(config: &Config) -> bool {
    config.remote.budget_usd > 0.0 || config.remote.budget_usd_per_day > 0.0
}

/// The sandbox, whose child is this program itself. `max_jobs`: the most that one program may plan.
pub fn sandbox(config: &Config, max_jobs: u32) -> Result<Sandbox, Failure> {
    Ok(Sandbox::new(found_program()?, &config.sandbox, max_jobs))
}

/// The embedding model that the settings name, if they name one.
pub async fn embedder(config: &LocalConfig) -> Result<Option<local::Embedder>, Failure> {
    local::connect_embedder(config, &found_program()?).await.map_err(|error| Failure::usage(error.to_string()))
}

/// The file of this program, which starts its other processes.
pub fn found_program() -> Result<PathBuf, Failure> {
    own_program().map_err(|error| {
        Failure::new(
            Exit::Error,
            format!("this program cannot find its own file to start its other processes: {error}"),
        )
    })
}

/// The file that this process runs: on Linux the very one, even when an update has put another under its name.
fn own_program() -> std::io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_owned()) } else { std::env::current_exe() }
}

/// The store that the settings name.
pub fn store(config: &Config) -> Result<Store, Failure> {
    let named = &config.sessions.dir;
    let root = match Folders::of_process() {
        Some(folders) => folders.sessions(config),
        None if named.as_os_str().is_empty() => {
            return Err(Failure::usage("there is no home folder to keep sessions in; name one with --session-dir"));
        }
        None => named.clone(),
    };
    Ok(Store::new(root))
}

/// Where step mode waits, by the settings.
pub fn gates(config: &Config) -> Gates {
    Gates::named(config.protocol.gate_names())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_without_text_is_never_a_question_about_all_of_the_documents() {
        let documents = [Document::from_text("report.txt", "\n  \nThe margin was 4 %.\n")];
        assert_eq!(part_of(&documents, None).unwrap(), None);
        assert!(part_of(&documents, Some(Span::new(0, 4, 23))).unwrap().is_some());
        for (document, start, end) in [(0, 0, 0), (0, 0, 4), (0, 4, 400), (1, 0, 1)] {
            let failure = part_of(&documents, Some(Span::new(document, start, end))).unwrap_err();
            assert!(failure.to_string().contains("select lines with words"), "{failure}");
        }
    }
}
