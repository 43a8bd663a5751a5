//! Reads documents, with their progress on standard error where it takes longer than a second.

use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Failure;
use super::begin::found_program;
use crate::document::escape::visible;
use crate::load::{Loader, Progress};

pub use crate::load::Loaded as Read;

/// What takes less is not told.
const SOON: Duration = Duration::from_secs(1);
/// How often it is told on a terminal, and elsewhere.
const LIVE: Duration = Duration::from_millis(100);
const PLAIN: Duration = Duration::from_secs(10);

/// Reads the documents that the command line names, and tells what could not be read of them.
pub fn read(paths: &[PathBuf]) -> Result<Read, Failure> {
    let live = stderr().is_terminal() && !matches!(std::env::var("TERM").as_deref(), Ok("dumb") | Err(_));
    let (begun, mut told, mut drawn) = (Instant::now(), None::<Instant>, false);
    let every = if live { LIVE } else { PLAIN };
    let mut tell = |progress: &Progress| {
        if begun.elapsed() > SOON && told.is_none_or(|told| told.elapsed() > every) {
            told = Some(Instant::now());
            drawn = live;
            let (before, after) = if live { ("\r\x1b[2K", "") } else { ("", "\n") };
            // Where standard error is closed nobody misses it.
            let _ = write!(stderr(), "{before}{}{after}", visible(&line(progress)));
            let _ = stderr().flush();
        }
        true
    };
    let loaded = Loader::new(found_program()?, &mut tell).load(paths);
    if drawn {
        let _ = write!(stderr(), "\r\x1b[2K");
    }
    let loaded = loaded?;
    for remark in &loaded.remarks {
        let _ = writeln!(stderr(), "{}", visible(remark));
    }
    Ok(loaded)
}

/// "reading report.pdf: page 120 of 2000 (document 2 of 3)"
pub fn line(progress: &Progress) -> String {
    let mut line = format!("reading {}", progress.name);
    if progress.pages > 0 {
        line.push_str(&format!(": page {} of {}", progress.page, progress.pages));
    }
    if progress.documents > 1 {
        line.push_str(&format!(" (document {} of {})", progress.document, progress.documents));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_which_page_of_which_document_it_is() {
        let progress = Progress { name: "a.pdf".into(), document: 1, documents: 1, page: 3, pages: 9 };
        assert_eq!(line(&progress), "reading a.pdf: page 3 of 9");
        let several = Progress { document: 2, documents: 3, pages: 0, ..progress };
        assert_eq!(line(&several), "reading a.pdf (document 2 of 3)");
    }
}
