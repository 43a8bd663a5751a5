//! The workbench: one screen on which sessions begin, are played back, and are picked from.

use std::path::PathBuf;

use super::offers::sessions::found;
use super::screen::{Scene, Stage};
use super::{Exit, Failure, open, replay};
use crate::app::{Mode, Model};
use crate::config::{Config, Loaded};
use crate::document::{Document, Span, load_all};

/// What the screen shows first, or next.
pub enum Shown {
    /// Nothing yet: the list of sessions to pick from.
    Nothing,
    /// Why what was wanted cannot be shown.
    Told(String),
    Documents {
        documents: Vec<Document>,
        /// With the only part of the documents that it is about, where it is about a part.
        question: Option<(String, Option<Span>)>,
    },
    Session(Box<replay::Recording>),
}

/// Why one thing is shown no longer.
pub enum Leaving {
    Quit(Exit),
    HungUp,
    /// Play the session of this id back, shown whole.
    Session(String),
    /// Play it back, shown as it stood at this record.
    Record(String, u64),
    /// Ask this of documents that are at hand.
    Question {
        documents: Vec<Document>,
        question: String,
        part: Option<Span>,
    },
    /// Start on these documents: paths as they were typed.
    Documents(String),
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
            Shown::Told(why) => {
                stage.turn_to(Model::new(Vec::new(), Mode::Live { running: false }));
                stage.model.open_text("This could not be opened", &why);
                open::open(&mut stage, &mut config, Vec::new(), open::Begin::Telling).await?
            }
            Shown::Documents { documents, question } => {
                stage.turn_to(Model::new(documents.clone(), Mode::Live { running: false }));
                let begin = question.map_or(open::Begin::Asking, |(text, part)| open::Begin::With(text, part));
                open::open(&mut stage, &mut config, documents, begin).await?
            }
            Shown::Session(recording) => replay::play(&mut stage, &mut config, *recording).await?,
        };
        let next = match leaving {
            Leaving::Quit(exit) => {
                stage.leave()?;
                return Ok(exit);
            }
            Leaving::HungUp => {
                // The terminal may be gone: what it says of that helps nobody.
                let _ = stage.leave();
                return Ok(Exit::Interrupted);
            }
            Leaving::Session(id) => recording(&config, &id).map(|recording| shown_as(recording.at_its_end())),
            Leaving::Record(id, seq) => recording(&config, &id).map(|recording| shown_as(recording.paused_at(seq))),
            Leaving::Question { documents, question, part } => {
                Ok(Shown::Documents { documents, question: Some((question, part)) })
            }
            Leaving::Documents(typed) => tokio::task::block_in_place(|| load_all(&paths(&typed)))
                .map(|documents| Shown::Documents { documents, question: None })
                .map_err(Failure::from),
        };
        shown = match next {
            Ok(next) => next,
            Err(failure) => Shown::Told(failure.to_string()),
        };
    }
}

fn recording(config: &Config, id: &str) -> Result<replay::Recording, Failure> {
    let session = found(config, id).ok_or_else(|| Failure::usage(format!("session {id} is there no longer")))?;
    tokio::task::block_in_place(|| replay::Recording::read(session))
}

fn shown_as(recording: replay::Recording) -> Shown {
    Shown::Session(Box::new(recording))
}

/// The paths that were typed: apart by blanks, those with blanks in them in quotes, or one path as it stands.
fn paths(typed: &str) -> Vec<PathBuf> {
    let whole = at_home(typed);
    if whole.exists() {
        return vec![whole];
    }
    let (mut paths, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    for character in typed.chars() {
        match (quote, character) {
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

    #[test]
    fn paths_are_read_as_a_shell_reads_them() {
        let read = |typed: &str| paths(typed).iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        assert_eq!(read("a.txt  b.md"), ["a.txt", "b.md"]);
        assert_eq!(read("'my report.txt' b \"c d\""), ["my report.txt", "b", "c d"]);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a report.txt");
        std::fs::write(&file, "x").unwrap();
        assert_eq!(paths(file.to_str().unwrap()), [file]);
        assert!(!read("~/x")[0].starts_with('~'));
    }
}
