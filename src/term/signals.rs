//! The signals that end or continue a screen, as a stream.

use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

use super::TermError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, sent by a program: the key Ctrl-C arrives as a key.
    Interrupt,
    /// SIGTERM: end soon and keep what was paid for.
    Terminate,
    /// SIGHUP: the terminal is gone, as when an SSH session ends.
    HangUp,
    /// SIGCONT: the process was stopped, so the terminal's modes and contents are not known any more. It also follows
    /// each suspension of our own, where painting again is merely not needed.
    Continued,
}

/// Listens from now on; these signals no longer end the process by themselves. Needs a tokio runtime with I/O.
pub fn signals() -> Result<impl Stream<Item = Signal> + Unpin + Send, TermError> {
    let mut listeners = [
        (listen(SignalKind::hangup(), "SIGHUP")?, Signal::HangUp),
        (listen(SignalKind::terminate(), "SIGTERM")?, Signal::Terminate),
        (listen(SignalKind::interrupt(), "SIGINT")?, Signal::Interrupt),
        (listen(SignalKind::from_raw(libc::SIGCONT), "SIGCONT")?, Signal::Continued),
    ];
    Ok(futures_util::stream::poll_fn(move |context: &mut Context<'_>| {
        for (listener, meaning) in &mut listeners {
            if let Poll::Ready(Some(())) = listener.poll_recv(context) {
                return Poll::Ready(Some(*meaning));
            }
        }
        Poll::Pending
    }))
}

/// A signal that this process takes no notice of until this is dropped, whoever listens to it.
pub(super) struct Ignored {
    signal: libc::c_int,
    before: libc::sigaction,
}

impl Ignored {
    /// None where the system does not let it be ignored.
    #[allow(unsafe_code)]
    pub fn begin(signal: libc::c_int) -> Option<Self> {
        // SAFETY: a sigaction of zeros is a valid one, with no flag and an empty mask; both pointers are to such values
        // on the stack, and no handler of our own is installed.
        unsafe {
            let mut ignore: libc::sigaction = std::mem::zeroed();
            ignore.sa_sigaction = libc::SIG_IGN;
            let mut before: libc::sigaction = std::mem::zeroed();
            (libc::sigaction(signal, &raw const ignore, &raw mut before) == 0).then_some(Self { signal, before })
        }
    }
}

impl Drop for Ignored {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: what is put back is what the system gave; its handler, where it is one, is there for good.
        unsafe {
            libc::sigaction(self.signal, &raw const self.before, std::ptr::null_mut());
        }
    }
}

fn listen(kind: SignalKind, what: &'static str) -> Result<Listener, TermError> {
    signal(kind).map_err(|source| TermError::Listen { what, source })
}
