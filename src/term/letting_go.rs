//! Going on without a terminal: every file descriptor that leads to it leads elsewhere from then on.
//!
//! A terminal that hung up ends each read at once and fails each write. A library that reads keys in a loop would then take a
//! whole processor, and what is printed would fail the run. So reads wait for ever, and writes go nowhere.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};

/// Descriptors that are looked at; terminals are opened early.
const HIGHEST: RawFd = 1024;

/// Lets go of the terminal for good. Where nothing leads to one, nothing changes.
pub fn let_go_of_terminal() {
    let (Ok((nothing, writer)), Ok(nowhere)) =
        (io::pipe(), OpenOptions::new().read(true).write(true).open("/dev/null"))
    else {
        return;
    };
    // While one end is open, a read at the other waits.
    let _ = writer.into_raw_fd();
    let nothing = File::from(std::os::fd::OwnedFd::from(nothing));
    for descriptor in (0..HIGHEST).filter(|descriptor| is_terminal(*descriptor)) {
        let is_written = matches!(descriptor, libc::STDOUT_FILENO | libc::STDERR_FILENO);
        replace(descriptor, if is_written { &nowhere } else { &nothing });
    }
}

/// Whether it is a terminal, or was one until that hung up.
#[allow(unsafe_code)]
fn is_terminal(descriptor: RawFd) -> bool {
    // SAFETY: a stat of zeros is a valid one, and fstat writes no more than that; isatty takes no pointer.
    unsafe {
        let mut about: libc::stat = std::mem::zeroed();
        libc::fstat(descriptor, &raw mut about) == 0
            && about.st_mode & libc::S_IFMT == libc::S_IFCHR
            && (libc::isatty(descriptor) == 1 || io::Error::last_os_error().raw_os_error() == Some(libc::EIO))
    }
}

#[allow(unsafe_code)]
fn replace(descriptor: RawFd, with: &File) {
    // SAFETY: both are open, and dup2 replaces one in a single step. Close-on-exec is for children, which get their own.
    unsafe {
        libc::dup2(with.as_raw_fd(), descriptor);
    }
}
