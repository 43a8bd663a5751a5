//! What the person wants shown next, read beside the screen: what is at hand stays until that is there.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::Failure;
use super::attach::Elsewhere;
use super::begin::{found_program, store};
use super::fork;
use super::offers::sessions::found;
use super::own_models;
use super::reading::line;
use super::replay::{From, Recording};
use super::resume::{Recorded, connected};
use super::screen::Stage;
use super::workbench::{Leaving, Shown};
use crate::app::{Action, ForkChange, Message, Named};
use crate::config::{Config, Loaded};
use crate::document::escape::visible;
use crate::journal::Session;
use crate::load::{self, Loader, Progress};

/// How often progress is shown.
const FRAME: Duration = Duration::from_millis(100);
/// The same of a session, most of which are there before.
const READING: Duration = Duration::from_millis(400);

/// What is being read, if anything is; what was wanted last is.
#[derive(Default)]
pub struct Opening {
    reading: Option<(Asked, JoinHandle<Result<Shown, Failure>>)>,
    /// How far it is.
    progress: Option<mpsc::Receiver<String>>,
    wanted: Option<Wanted>,
}

/// What is read is wanted until this is dropped.
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// By what it was asked for.
#[derive(Clone, Copy, PartialEq)]
pub enum Asked {
    /// By paths in an overlay that stays until they are read.
    Typed,
    Picked,
    /// By going on with the session at hand, or with a fork of it.
    GoneOn,
}

/// By which settings a session is gone on with, and which models are those that they name.
pub struct GoingOn {
    settings: Loaded,
    named: Named,
}

/// By those in force: a model that the command line names, or that was chosen since the session is on the screen, goes before the
/// session's own.
pub fn going_on(stage: &Stage) -> GoingOn {
    GoingOn { settings: stage.model.settings.clone(), named: stage.model.named_models() }
}

/// What was read, or why it could not be; and before that how far it is.
pub enum Opened {
    Progress { asked: Asked, line: String },
    Done { asked: Asked, shown: Result<Shown, Failure> },
}

impl Opening {
    /// Reads the documents of these paths, as they were typed. One that reads as a known path does is that path.
    pub fn documents(&mut self, typed: String, known: Vec<PathBuf>) {
        let (sender, progress) = mpsc::channel(1);
        let wanted = Arc::new(AtomicBool::new(true));
        let goes_on = wanted.clone();
        self.read(Asked::Typed, move || {
            let mut last = Instant::now();
            let mut tell = |progress: &Progress| {
                if last.elapsed() > FRAME {
                    last = Instant::now();
                    // One that waits says nearly the same.
                    let _ = sender.try_send(visible(&line(progress)).into());
                }
                goes_on.load(Ordering::Relaxed)
            };
            let load::Loaded { documents, remarks } =
                Loader::new(found_program()?, &mut tell).load_files(&files(&typed, known))?;
            Ok(Shown::Documents { documents, remarks, question: None })
        });
        (self.progress, self.wanted) = (Some(progress), Some(Wanted(wanted)));
    }

    /// Reads the session, wherever it lies, to be played from a record.
    pub fn play_from(&mut self, session: Session, seq: u64) {
        self.recording(move |goes_on| {
            Ok(Shown::Session(Box::new(Recording::read(session, From::After(seq), goes_on)?)))
        });
    }

    /// Reads the session of this id of the store, to be followed where it runs, and else to be shown whole.
    pub fn session(&mut self, config: &Config, id: String) {
        let config = config.clone();
        let runtime = tokio::runtime::Handle::current();
        self.recording(move |goes_on| {
            let session =
                found(&config, &id).ok_or_else(|| Failure::usage(format!("session {id} is there no longer")))?;
            if session.is_running() {
                let following = runtime.block_on(Elsewhere::read(session)?.follow())?;
                return Ok(Shown::Elsewhere(Box::new(following)));
            }
            Ok(Shown::Session(Box::new(Recording::read(session, From::End, goes_on)?)))
        });
    }

    /// Reads a session, tells how far that is where it takes long, and stops once it is wanted no longer.
    fn recording(&mut self, read: impl FnOnce(&mut dyn FnMut(f64) -> bool) -> Result<Shown, Failure> + Send + 'static) {
        let (sender, progress) = mpsc::channel(1);
        let wanted = Arc::new(AtomicBool::new(true));
        let goes_on = wanted.clone();
        self.read(Asked::Picked, move || {
            let mut last = Instant::now();
            read(&mut |part| {
                if last.elapsed() > READING {
                    last = Instant::now();
                    let _ = sender.try_send(format!("reading the session, {:.0} %", 100.0 * part));
                }
                goes_on.load(Ordering::Relaxed)
            })
        });
        (self.progress, self.wanted) = (Some(progress), Some(Wanted(wanted)));
    }

    /// Takes the session up, to go on with it: it is left for that once its models are connected.
    pub fn resume(&mut self, by: GoingOn, session: Session) {
        self.going_on(by, move |by, _| {
            let recorded = Recorded::read(session)?;
            let config = own_models::config_of(&by.settings, &recorded.state, by.named)?;
            Ok((recorded, config))
        });
    }

    /// Makes a new session from a record of this one, or from where the change says, to go on with it: what is at hand stays
    /// until its models are connected.
    pub fn fork(&mut self, by: GoingOn, parent: Session, seq: u64, change: ForkChange) {
        let runtime = Handle::current();
        self.going_on(by, move |by, goes_on| {
            let store = store(&by.settings.config)?;
            let chosen = change.models();
            let plan = fork::on_screen(&by.settings, &parent, seq, change)?;
            if !goes_on() {
                return Err(unwanted());
            }
            let mut recorded = runtime.block_on(plan.make(&store))?;
            recorded.names_planner = by.named.remote || chosen.planner.is_some();
            let config = own_models::config_of(&by.settings, &recorded.state, by.named)?;
            Ok((recorded, own_models::with_chosen(config, &chosen)?))
        });
    }

    /// Connects to the models of what is read.
    fn going_on(
        &mut self,
        by: GoingOn,
        read: impl FnOnce(&GoingOn, &dyn Fn() -> bool) -> Result<(Recorded, Config), Failure> + Send + 'static,
    ) {
        let (sender, progress) = mpsc::channel(1);
        let runtime = Handle::current();
        let wanted = Arc::new(AtomicBool::new(true));
        let goes_on = wanted.clone();
        self.read(Asked::GoneOn, move || {
            let (recorded, config) = read(&by, &|| goes_on.load(Ordering::Relaxed))?;
            let connecting = async {
                let mut connected = pin!(connected(&config, recorded, None));
                loop {
                    tokio::select! {
                        ready = &mut connected => return ready,
                        () = sleep(READING) => {}
                    }
                    if !goes_on.load(Ordering::Relaxed) {
                        return Err(unwanted());
                    }
                    // One that waits says the same.
                    let _ = sender.try_send("connecting to the models…".into());
                }
            };
            let ready = runtime.block_on(connecting)?;
            Ok(Shown::Ready { ready: Box::new(ready), config: Box::new(config) })
        });
        (self.progress, self.wanted) = (Some(progress), Some(Wanted(wanted)));
    }

    fn read(&mut self, asked: Asked, read: impl FnOnce() -> Result<Shown, Failure> + Send + 'static) {
        self.stop();
        self.reading = Some((asked, tokio::task::spawn_blocking(read)));
    }

    /// Something else has begun: what was wanted is wanted no longer.
    pub fn stop(&mut self) {
        *self = Self::default();
    }

    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Opened> {
        let Some((asked, reading)) = &mut self.reading else { return Poll::Pending };
        if let Some(progress) = &mut self.progress
            && let Poll::Ready(Some(line)) = progress.poll_recv(context)
        {
            return Poll::Ready(Opened::Progress { asked: *asked, line });
        }
        let Poll::Ready(shown) = reading.poll_unpin(context) else { return Poll::Pending };
        let asked = *asked;
        self.stop();
        Poll::Ready(Opened::Done { asked, shown: shown.map_err(Failure::from).flatten() })
    }
}

impl Opened {
    /// Where the screen goes now: nowhere where it is wanted no longer, or cannot be shown, which is told.
    pub fn leads(self, stage: &mut Stage) -> Option<Leaving> {
        let (asked, shown) = match self {
            Opened::Progress { asked, line } => {
                stage.update(match asked {
                    Asked::Typed => Message::DocumentsProgress(line),
                    Asked::Picked | Asked::GoneOn => Message::Notice(line),
                });
                return None;
            }
            Opened::Done { asked, shown } => (asked, shown),
        };
        match (asked, shown) {
            (Asked::Typed, _) if !stage.model.reads_documents() => None,
            (_, Ok(shown)) => Some(Leaving::To(shown)),
            (Asked::Typed, Err(failure)) => {
                stage.update(Message::DocumentsRefused(failure.to_string()));
                None
            }
            (Asked::Picked, Err(failure)) => {
                stage.model.open_text("This could not be opened", &failure.to_string());
                None
            }
            (Asked::GoneOn, Err(failure)) => {
                let again = stage.model.key_for(Action::Fork);
                let kept = format!("what is shown stays; {again} has what was changed for a fork, to try it again");
                stage.update(Message::Notice(kept));
                stage.model.open_text("The session could not begin", &failure.to_string());
                None
            }
        }
    }
}

fn unwanted() -> Failure {
    Failure::usage("this is wanted no longer")
}

/// The paths that were typed, the known ones among them as they are: a name that is no UTF-8 cannot be typed.
fn files(typed: &str, mut known: Vec<PathBuf>) -> Vec<PathBuf> {
    let meant = |path: PathBuf| {
        let reads_alike = |known: &PathBuf| known.to_string_lossy() == path.to_string_lossy();
        known.iter().position(reads_alike).map(|at| known.remove(at)).unwrap_or(path)
    };
    paths(typed).into_iter().map(meant).collect()
}

/// The paths that were typed: apart by blanks, those with blanks in them in quotes, or one path as it stands.
fn paths(typed: &str) -> Vec<PathBuf> {
    let whole = at_home(typed);
    if whole.exists() {
        return vec![whole];
    }
    let (mut paths, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    let mut characters = typed.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            // As terminals paste what is dropped on them.
            (None, '\\') => {
                word.extend(characters.next());
                any = true;
            }
            (Some(open), _) if character == open => quote = None,
            (None, '"' | '\'') => (quote, any) = (Some(character), true),
            (None, _) if character.is_whitespace() => {
                if any {
                    paths.push(at_home(&std::mem::take(&mut word)));
                }
                any = false;
            }
            _ => {
                word.push(character);
                any = true;
            }
        }
    }
    if any {
        paths.push(at_home(&word));
    }
    paths
}

/// `~/` at a path's beginning is the person's home, as in a shell.
fn at_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::ChosenModels;
    use crate::journal::world::{World, documents};
    use crate::journal::{Durability, Store};

    #[test]
    fn a_fork_that_is_wanted_no_longer_leaves_no_session() {
        // One thread reads: what is to be forked waits until that is taken back.
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.sessions.dir = folder.path().to_owned();
        runtime.block_on(async {
            let store = Store::new(folder.path().to_owned());
            let (parent, writer) = store.create(&documents()).unwrap();
            writer.append(World::facts(1, 1, 2), Durability::Synced).await.unwrap();
            drop(writer);
            let (release, held) = std::sync::mpsc::channel::<()>();
            let busy = tokio::task::spawn_blocking(move || held.recv().is_ok());
            let mut opening = Opening::default();
            let settings = Loaded { config, ..Loaded::default() };
            let change = ForkChange::Form { question: None, models: ChosenModels::default() };
            opening.fork(GoingOn { settings, named: Named::default() }, parent.clone(), 1, change);
            opening.stop();
            release.send(()).unwrap();
            assert!(busy.await.unwrap());
            tokio::task::spawn_blocking(|| ()).await.unwrap();
            assert_eq!(store.newest_first().unwrap(), [parent]);
        });
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_text_stays_as_it_is_beside_what_is_typed() {
        use std::os::unix::ffi::OsStringExt;
        let path = |last: u8| PathBuf::from(std::ffi::OsString::from_vec([b"/a/report ", &[last][..]].concat()));
        let known = vec![path(0xff), path(0xfe), "/a/c".into()];
        let replaced = char::REPLACEMENT_CHARACTER;
        let typed = format!("/a/report\\ {replaced} b.txt '/a/report {replaced}'");
        assert_eq!(files(&typed, known), [path(0xff), "b.txt".into(), path(0xfe)]);
    }

    #[test]
    fn paths_are_read_as_a_shell_reads_them() {
        let read = |typed: &str| paths(typed).iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        assert_eq!(read("a.txt  b.md"), ["a.txt", "b.md"]);
        assert_eq!(read("'my report.txt' b \"c d\""), ["my report.txt", "b", "c d"]);
        assert_eq!(read(r"/a/my\ report.pdf it\'s"), ["/a/my report.pdf", "it's"]);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a report.txt");
        std::fs::write(&file, "x").unwrap();
        assert_eq!(paths(file.to_str().unwrap()), [file]);
        assert!(!read("~/x")[0].starts_with('~'));
    }
}
