//! Standard error goes to a file while the screen is up, so that no library can print over it; and stopping oneself.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// Standard error is elsewhere until this is dropped.
#[derive(Debug)]
pub(super) struct Redirected {
    before: OwnedFd,
}

/// Sends everything written to file descriptor 2, by this process and the children it starts from now on, to `file`.
pub(super) fn redirect(file: &File) -> io::Result<Redirected> {
    let before = io::stderr().as_fd().try_clone_to_owned()?;
    replace_stderr(file.as_fd())?;
    Ok(Redirected { before })
}

impl Drop for Redirected {
    fn drop(&mut self) {
        // There is nowhere to report it: standard error is what failed.
        let _ = replace_stderr(self.before.as_fd());
    }
}

#[allow(unsafe_code)]
fn replace_stderr(with: BorrowedFd<'_>) -> io::Result<()> {
    const STDERR: RawFd = libc::STDERR_FILENO;
    // SAFETY: both descriptors are open for the length of the call, and dup2 replaces the second in one step, so
    // another thread writing to it meets either the old or the new file, never none.
    match unsafe { libc::dup2(with.as_raw_fd(), STDERR) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Stops this process as Ctrl-Z does and returns when it is continued; at once where no shell could continue it.
#[allow(unsafe_code)]
pub(super) fn stop_self() {
    // SAFETY: raise takes no pointer, and SIGTSTP keeps its default action here. It is sent to this thread, so the
    // process is stopped before the call returns; sent to the process, another thread might still be running ahead.
    unsafe {
        libc::raise(libc::SIGTSTP);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};

    use super::*;

    #[test]
    fn what_is_printed_while_the_screen_is_up_lands_in_the_file() {
        let mut log = tempfile::tempfile().unwrap();
        let redirected = redirect(&log).unwrap();
        // Not eprintln, which the test harness catches.
        writeln!(io::stderr(), "a library complains").unwrap();
        drop(redirected);
        let mut written = String::new();
        log.rewind().unwrap();
        log.read_to_string(&mut written).unwrap();
        assert!(written.contains("a library complains"), "{written:?}");
    }
}
