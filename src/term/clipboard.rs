//! Copying by OSC 52: the terminal, also one at the far end of SSH, puts the text on its own clipboard.
//!
//! Format: xterm control sequences, "Operating System Commands", Ps = 5 2.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{self, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crossterm::Command;
use crossterm::clipboard::CopyToClipboard;
use tempfile::NamedTempFile;

use super::{Multiplexer, TermError};

/// Bytes of text at most: 100,000 characters in base64, where the strictest of the common terminals stop.
pub const MAX_COPY_BYTES: usize = 74_994;

/// Where a copy went.
#[derive(Debug)]
pub enum Copied {
    ToClipboard,
    /// To tmux, which hands it on to the terminal's clipboard unless its `set-clipboard` is off.
    ToTmux,
    /// To a file, and to a multiplexer that may or may not have passed it on.
    ToFileToo,
    /// And why not to the clipboard.
    ToFile(TermError),
}

/// How long tmux may take for a copy.
const TMUX_PATIENCE: Duration = Duration::from_secs(1);

/// GNU screen drops a device control string longer than 768 bytes.
const SCREEN_STRING_BYTES: usize = 512;

/// The bytes that make the terminal copy `text`.
pub(super) fn copy_sequence(text: &str, multiplexer: Multiplexer) -> Result<Vec<u8>, TermError> {
    if text.len() > MAX_COPY_BYTES {
        return Err(TermError::CopyTooLong { bytes: text.len(), limit: MAX_COPY_BYTES });
    }
    let mut plain = String::new();
    // Writing into a String cannot fail.
    let _ = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut plain);
    let bytes = match multiplexer {
        Multiplexer::None => plain,
        // tmux hands on what is wrapped only with `allow-passthrough`, and takes what is plain only with
        // `set-clipboard on`: sent both ways, either is enough.
        Multiplexer::Tmux => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")),
        Multiplexer::Screen => through_screen(plain.trim_end_matches("\x1b\\")),
    };
    Ok(bytes.into_bytes())
}

/// Hands the text to the tmux that this terminal is of, by its own program: unlike a sequence it is taken by default, and no
/// answer is waited for from the terminal. False where tmux did not say that it has it. `-w` is of tmux 3.2.
pub(super) fn copy_to_tmux(program: &OsStr, text: &str) -> bool {
    let mut tmux = process::Command::new(program);
    tmux.args(["load-buffer", "-w", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = tmux.spawn() else { return false };
    let (done, taken) = mpsc::channel();
    let text = text.to_owned();
    // A tmux that hangs must not hold the screen up.
    let give = move || {
        let written = child.stdin.take().is_some_and(|mut stdin| stdin.write_all(text.as_bytes()).is_ok());
        let ended = child.wait().is_ok_and(|status| status.success());
        let _ = done.send(written && ended);
    };
    let begun = std::thread::Builder::new().name("copy to tmux".into()).spawn(give).is_ok();
    begun && taken.recv_timeout(TMUX_PATIENCE).unwrap_or(false)
}

/// Writes the text to a file that only its owner can read, over what was copied before.
pub(super) fn copy_to_file(text: &str, file: &Path) -> Result<(), TermError> {
    let write = || -> io::Result<()> {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        // Another file put in its place: whatever was there and whoever could read it, this one is the owner's alone.
        let mut out = NamedTempFile::new_in(folder)?;
        out.write_all(text.as_bytes())?;
        out.persist(file)?;
        Ok(())
    };
    write().map_err(|source| TermError::CopyToFile { file: file.into(), source })
}

/// The sequence cut into device control strings, ended by BEL since `ESC \` would end the wrapping.
fn through_screen(open_sequence: &str) -> String {
    let ended = format!("{open_sequence}\x07");
    let mut wrapped = String::with_capacity(ended.len() + ended.len() / 64);
    // All of it is ASCII, so any cut is between characters.
    for piece in ended.as_bytes().chunks(SCREEN_STRING_BYTES) {
        wrapped.push_str("\x1bP");
        wrapped.push_str(&String::from_utf8_lossy(piece));
        wrapped.push_str("\x1b\\");
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(text: &str, multiplexer: Multiplexer) -> String {
        String::from_utf8(copy_sequence(text, multiplexer).unwrap()).unwrap()
    }

    #[test]
    fn a_copy_is_osc_52_with_the_text_in_base64() {
        assert_eq!(sequence("hello", Multiplexer::None), "\x1b]52;c;aGVsbG8=\x1b\\");
        assert_eq!(sequence("\x1b]0;title\x07", Multiplexer::None).matches('\x1b').count(), 2, "no byte of it leaks");
    }

    #[test]
    fn tmux_gets_it_plain_and_wrapped() {
        let bytes = sequence("hello", Multiplexer::Tmux);
        assert!(bytes.starts_with("\x1b]52;c;aGVsbG8=\x1b\\\x1bPtmux;\x1b\x1b]52;c;"));
        assert!(bytes.ends_with("\x1b\x1b\\\x1b\\"));
    }

    #[test]
    fn tmux_is_given_the_text_by_its_own_program() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (program, got) = (folder.path().join("tmux"), folder.path().join("got"));
        fs::write(&program, format!("#!/bin/sh\necho \"$@\" >'{0}'\ncat >>'{0}'\n", got.display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(copy_to_tmux(program.as_os_str(), "two\nlines"));
        assert_eq!(fs::read_to_string(got).unwrap(), "load-buffer -w -\ntwo\nlines");
        assert!(!copy_to_tmux(OsStr::new("false"), "words"), "an older one, or no server");
        assert!(!copy_to_tmux(folder.path().join("none").as_os_str(), "words"));
    }

    #[test]
    fn screen_gets_it_in_pieces_it_does_not_drop() {
        let text = "x".repeat(5_000);
        let bytes = sequence(&text, Multiplexer::Screen);
        let pieces: Vec<&str> = bytes.split("\x1b\\").filter(|piece| !piece.is_empty()).collect();
        assert!(pieces.len() > 5 && pieces.iter().all(|piece| piece.starts_with("\x1bP") && piece.len() < 768));
        let joined: String = pieces.iter().map(|piece| &piece[2..]).collect();
        assert_eq!(joined, sequence(&text, Multiplexer::None).replace("\x1b\\", "\x07"));
    }

    #[test]
    fn a_file_takes_what_the_clipboard_cannot() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state").join("copied.txt");
        copy_to_file("a longer text", &file).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        copy_to_file("words", &file).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "words");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let error = copy_to_file("words", folder.path()).unwrap_err().to_string();
        assert!(error.contains(&folder.path().display().to_string()), "{error}");
    }

    #[test]
    fn too_much_is_refused_with_the_limit() {
        assert!(copy_sequence(&"x".repeat(MAX_COPY_BYTES), Multiplexer::None).is_ok());
        let error = copy_sequence(&"x".repeat(MAX_COPY_BYTES + 1), Multiplexer::None).unwrap_err().to_string();
        assert!(error.contains("74995") && error.contains("74994"), "{error}");
    }
}
