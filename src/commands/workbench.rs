//! The workbench: one screen on which sessions begin, are played back, and are picked from.

use std::io::{Write, stderr};

use super::attach::Following;
use super::resume::{Ready, Recorded};
use super::screen::{Scene, Stage};
use super::{Exit, Failure, open, replay};
use crate::app::{Message, Mode, Model};
use crate::config::{Config, Loaded};
use crate::document::{Document, Span};

/// What the screen shows first, or next.
pub enum Shown {
    /// Nothing yet: the list of sessions to pick from.
    Nothing,
    Documents {
        documents: Vec<Document>,
        /// What could not be read of them.
        remarks: Vec<String>,
        /// With the only part of the documents that it is about, where it is about a part.
        question: Option<(String, Option<Span>)>,
    },
    Session(Box<replay::Recording>),
    /// A session that is gone on with under these settings.
    Resumed {
        recorded: Box<Recorded>,
        config: Box<Config>,
    },
    /// The same, where its models are connected already.
    Ready {
        ready: Box<Ready>,
        config: Box<Config>,
    },
    /// One that another process runs.
    Elsewhere(Box<Following>),
}

/// Why one thing is shown no longer.
pub enum Leaving {
    Quit(Exit),
    /// The terminal is gone, or the process is asked to end.
    Over,
    /// The terminal is gone, and the run went on to its end.
    Finished(Exit),
    /// The session waits for the person; this says for what, and how to go on.
    LeftOpen(Failure),
    /// The session of this id is followed no more; another process runs it.
    Unfollowed(String),
    /// This is there to be shown in its place.
    To(Shown),
}

/// Shows one thing after the other until the person quits.
pub async fn workbench(loaded: &Loaded, scene: Scene, first: Shown) -> Result<Exit, Failure> {
    let mut stage = Stage::enter(Model::new(Vec::new(), Mode::Live { running: false }), loaded, scene)?;
    let mut config = loaded.config.clone();
    let mut shown = first;
    loop {
        let leaving = match shown {
            Shown::Nothing => {
                stage.turn_to(Model::new(Vec::new(), Mode::Live { running: false }));
                open::open(&mut stage, &mut config, Vec::new(), open::Begin::Picking).await?
            }
            Shown::Documents { documents, remarks, question } => {
                stage.turn_to(Model::new(documents.clone(), Mode::Live { running: false }));
                if !remarks.is_empty() {
                    stage.update(Message::Notice(remarks.join("; ")));
                }
                let begin = question.map_or(open::Begin::Asking, |(text, part)| open::Begin::With(text, part));
                open::open(&mut stage, &mut config, documents, begin).await?
            }
            Shown::Resumed { recorded, config: own } => {
                let documents = recorded.documents.clone();
                stage.turn_to(Model::new(documents.clone(), Mode::Live { running: false }));
                open::open(&mut stage, &mut config, documents, open::Begin::Resuming(recorded, own)).await?
            }
            Shown::Ready { ready, config: own } => {
                let documents = ready.documents.clone();
                stage.turn_to(Model::new(documents.clone(), Mode::Live { running: false }));
                open::open(&mut stage, &mut config, documents, open::Begin::Ready(ready, own)).await?
            }
            Shown::Elsewhere(following) => {
                let documents = following.documents.clone();
                stage.turn_to(Model::new(documents.clone(), Mode::Live { running: false }));
                open::open(&mut stage, &mut config, documents, open::Begin::Following(following)).await?
            }
            Shown::Session(recording) => replay::play(&mut stage, &mut config, *recording).await?,
        };
        shown = match leaving {
            Leaving::Quit(exit) => {
                stage.leave()?;
                return Ok(exit);
            }
            Leaving::LeftOpen(how) => {
                stage.leave()?;
                let _ = writeln!(stderr(), "{how}");
                return Ok(Exit::Interrupted);
            }
            Leaving::Unfollowed(id) => {
                stage.leave()?;
                // Where standard error is closed nobody misses it.
                let _ = writeln!(
                    stderr(),
                    "session {id} goes on in its own process; `minions attach {id}` follows it again"
                );
                return Ok(Exit::Success);
            }
            Leaving::Over => {
                // The terminal may be gone: what it says of that helps nobody.
                let _ = stage.leave();
                return Ok(Exit::Interrupted);
            }
            Leaving::Finished(exit) => {
                let _ = stage.leave();
                return Ok(exit);
            }
            Leaving::To(next) => next,
        };
    }
}
