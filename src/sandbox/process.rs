//! The parent's side of one child: start it, wait until it is locked, ask it once, and see that it ends.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::wire::{Layer, Reply, Request};
use super::{Limits, SUBCOMMAND, errors};
use crate::protocol::CodeError;

/// Loading and locking may take this long on a machine that is busy.
const LOADING: Duration = Duration::from_secs(30);
/// So may handing a request over; nothing untrusted runs before it is read.
const SENDING: Duration = Duration::from_secs(30);
/// What a program gets beyond its time limit, to end by itself, before it is killed.
const GRACE: Duration = Duration::from_millis(1500);
/// A child that closed its output is given this long to be gone.
const LEAVING: Duration = Duration::from_secs(2);
/// The first frame is small.
const READY: u64 = 64 << 10;

/// A child process. Dropping it kills it.
pub struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Process {
    /// Starts a child, which loads and locks itself while the caller goes on. Needs a tokio runtime.
    pub fn start(program: &Path, limits: Limits) -> Result<Self, CodeError> {
        let mut command = Command::new(program);
        command
            .arg(SUBCOMMAND)
            .args([limits.memory_mb.to_string(), limits.seconds.to_string()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // The terminal's Ctrl-C is for the program, which then stops its child.
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|error| errors::unavailable(format!("{} could not be started: {error}", program.display())))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self { child, input, output }),
            _ => Err(errors::unavailable("the child has no pipes")),
        }
    }

    /// Whether it has not ended by itself.
    pub fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it is loaded and locked; the result is what the lock holds.
    pub async fn ready(&mut self) -> Result<Vec<Layer>, CodeError> {
        let frame = match timeout(LOADING, read_frame(&mut self.output, READY)).await {
            Ok(frame) => frame,
            Err(_) => {
                return Err(errors::unavailable(format!("the child was not ready within {} s", LOADING.as_secs())));
            }
        };
        match frame.map(|frame| Reply::decode(&frame)) {
            Ok(Ok(Reply::Ready(layers))) => Ok(layers),
            Ok(_) => Err(errors::unavailable("the child began with something that is no greeting")),
            Err(_) => Err(errors::unavailable("the child ended before it was ready")),
        }
    }

    /// Runs one request to its end. The child is spent then: a program may have changed what the next would rely on.
    pub async fn ask(mut self, request: &Request, documents: &[Arc<str>], limits: Limits) -> Result<Reply, CodeError> {
        match timeout(SENDING, self.send(request, documents)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(self.ended(limits, false).await),
            Err(_) => return Err(errors::unavailable("the child did not take the program and the documents")),
        }
        let frame = timeout(limits.time() + GRACE, read_frame(&mut self.output, request.max_reply)).await;
        let reply = match frame {
            Ok(Ok(frame)) => Reply::decode(&frame).map_err(|_| errors::disturbed()),
            Ok(Err(Broken::TooLong)) => Err(errors::disturbed()),
            Ok(Err(Broken::Ended)) => return Err(self.ended(limits, false).await),
            Err(_) => {
                let _ = self.child.start_kill();
                return Err(self.ended(limits, true).await);
            }
        };
        match reply? {
            Reply::Failed(error) => Err(error),
            reply => Ok(reply),
        }
    }

    async fn send(&mut self, request: &Request, documents: &[Arc<str>]) -> std::io::Result<()> {
        self.input.write_all(&request.encode()).await?;
        for text in documents {
            self.input.write_all(text.as_bytes()).await?;
        }
        self.input.flush().await
    }

    async fn ended(mut self, limits: Limits, late: bool) -> CodeError {
        match timeout(LEAVING, self.child.wait()).await {
            Ok(Ok(status)) => errors::from_exit(status, limits, late),
            _ => errors::disturbed(),
        }
    }
}

/// Why no frame came.
enum Broken {
    Ended,
    TooLong,
}

/// Reads one frame. Memory grows with what arrives, not with what is announced.
async fn read_frame(output: &mut ChildStdout, most: u64) -> Result<Vec<u8>, Broken> {
    let length = output.read_u64_le().await.map_err(|_| Broken::Ended)?;
    if length > most {
        return Err(Broken::TooLong);
    }
    let mut frame = Vec::new();
    match output.take(length).read_to_end(&mut frame).await {
        Ok(read) if read as u64 == length => Ok(frame),
        _ => Err(Broken::Ended),
    }
}
