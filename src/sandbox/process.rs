//! The parent's side of one child: start it, wait until it is locked, ask it once, and see that it ends.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufWriter};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::check::Attempted;
use super::likeness::{Answers, Likeness};
use super::wire::{Answer, Layer, Reply, Request};
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
/// Bytes that go to a child at once: what a pipe holds.
const PIECE: usize = 64 << 10;
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
        // What a person reads in the list of processes, whatever the path is.
        command.arg0("minions").arg(SUBCOMMAND).args([limits.memory_mb.to_string(), limits.seconds.to_string()]);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Result<Self, CodeError> {
        command
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // The terminal's Ctrl-C is for the parent, which then stops its child.
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| {
            let program = command.as_std().get_program().to_string_lossy().into_owned();
            errors::unavailable(format!("{program} could not be started: {error}"))
        })?;
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
        match frame.map(|frame| Reply::decode(&frame, 0)) {
            Ok(Ok(Reply::Ready(layers))) => Ok(layers),
            Ok(_) => Err(errors::unavailable("the child began with something that is no greeting")),
            Err(_) => Err(errors::unavailable("the child ended before it was ready")),
        }
    }

    /// Runs one request to its end. The child is spent then: a program may have changed what the next would rely on.
    ///
    /// `likeness` answers what the program asks on the way. While it does, the program's time stands still.
    pub async fn ask(
        mut self,
        request: &Request<'_>,
        documents: &[Arc<str>],
        limits: Limits,
        likeness: Option<&dyn Likeness>,
    ) -> Result<Reply, CodeError> {
        match timeout(SENDING, self.send(request, documents)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(self.ended(limits, false).await),
            Err(_) => return Err(errors::unavailable("the child did not take the program and the documents")),
        }
        let mut answers = likeness.map(Answers::new);
        let mut left = limits.time() + GRACE;
        loop {
            let begun = Instant::now();
            let frame = timeout(left, read_frame(&mut self.output, request.max_reply)).await;
            left = left.saturating_sub(begun.elapsed());
            let reply = match frame {
                Ok(Ok(frame)) => Reply::decode(&frame, request.max_jobs).map_err(|_| errors::disturbed())?,
                Ok(Err(Broken::TooLong)) => return Err(errors::disturbed()),
                Ok(Err(Broken::Ended)) => return Err(self.ended(limits, false).await),
                Err(_) => {
                    let _ = self.child.start_kill();
                    return Err(self.ended(limits, true).await);
                }
            };
            match (reply, &mut answers) {
                (Reply::Failed(error), _) => return Err(error),
                (Reply::Asks(question), Some(answers)) => {
                    let answer = Answer(answers.to(question).await).encode();
                    // One that asks and does not listen is no honest child.
                    match timeout(SENDING, self.answer(&answer)).await {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return Err(self.ended(limits, false).await),
                        Err(_) => return Err(errors::disturbed()),
                    }
                }
                (Reply::AsksTooMuch, Some(answers)) => answers.too_much(),
                (Reply::Asks(_) | Reply::AsksTooMuch, None) => return Err(errors::disturbed()),
                (reply, _) => return Ok(reply),
            }
        }
    }

    async fn answer(&mut self, frame: &[u8]) -> std::io::Result<()> {
        self.input.write_all(frame).await?;
        self.input.flush().await
    }

    /// Has it try a forbidden thing. The child is spent then, or dead.
    pub async fn attempt(mut self, request: &Request<'_>) -> Result<Attempted, CodeError> {
        if timeout(SENDING, self.send(request, &[])).await.is_err() {
            return Err(errors::unavailable("the child did not take what it was asked to try"));
        }
        match timeout(LEAVING, read_frame(&mut self.output, READY)).await {
            Ok(Ok(frame)) => match Reply::decode(&frame, 0) {
                Ok(Reply::Attempted(Some(number))) => Ok(Attempted::Refused(number)),
                Ok(Reply::Attempted(None)) => Ok(Attempted::Done),
                _ => Err(errors::disturbed()),
            },
            _ => match timeout(LEAVING, self.child.wait()).await {
                Ok(Ok(status)) if status.signal() == Some(libc::SIGSYS) => Ok(Attempted::Ended),
                // It went on in some other way: another program took its place, say.
                _ => Ok(Attempted::Done),
            },
        }
    }

    async fn send(&mut self, request: &Request<'_>, documents: &[Arc<str>]) -> std::io::Result<()> {
        let (head, tail) = request.around_texts();
        let mut input = BufWriter::with_capacity(PIECE, &mut self.input);
        input.write_all(&head).await?;
        for text in &request.texts {
            input.write_u64_le(text.len() as u64).await?;
            input.write_all(text.as_bytes()).await?;
        }
        input.write_all(&tail).await?;
        for text in documents {
            input.write_all(text.as_bytes()).await?;
        }
        input.flush().await
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
async fn read_frame(output: &mut (impl AsyncRead + Unpin), most: u64) -> Result<Vec<u8>, Broken> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::likeness::Question;
    use super::super::wire::{ChunkRow, Held, Prepared, Stage};
    use super::super::{Program, Sandbox};
    use super::*;
    use crate::config::{Require, SandboxConfig};
    use crate::document::Span;
    use crate::protocol::CodeErrorKind;

    const LIMITS: Limits = Limits { memory_mb: 256, seconds: 1 };

    /// A shell in the child's place that greets as a child does, then does as `then` says.
    async fn ask_a_liar(then: &str) -> Result<Reply, CodeError> {
        let greeting = octal(&Reply::Ready(Vec::new()).encode());
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("printf '{greeting}'; {then}"));
        let mut process = Process::spawn(command)?;
        process.ready().await?;
        let request = Request {
            stage: Stage::Prepare,
            milliseconds: 1000,
            clock_ms: 0,
            max_jobs: 10,
            max_reply: 1 << 20,
            compares: false,
            source: String::new(),
            documents: vec![4],
            texts: Vec::new(),
            jobs: Vec::new(),
        };
        process.ask(&request, &["text".into()], LIMITS, None).await
    }

    fn octal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("\\{byte:03o}")).collect()
    }

    async fn kind_for(then: &str) -> CodeErrorKind {
        ask_a_liar(then).await.unwrap_err().kind
    }

    #[tokio::test]
    async fn a_child_that_lies_or_dies_only_ends_its_own_call() {
        assert_eq!(kind_for("exit 0").await, CodeErrorKind::Stopped);
        assert_eq!(kind_for("kill -SEGV $$").await, CodeErrorKind::Stopped);
        assert_eq!(kind_for("printf garbage").await, CodeErrorKind::Stopped);
        assert_eq!(kind_for("while :; do printf garbage; done").await, CodeErrorKind::Stopped);
        assert_eq!(kind_for(&format!("printf '{}'", octal(&[255; 64]))).await, CodeErrorKind::Stopped);
        assert_eq!(
            kind_for(&format!("printf '{}'; printf x", octal(&9u64.to_le_bytes()))).await,
            CodeErrorKind::Stopped
        );
        assert_eq!(kind_for("exit 97").await, CodeErrorKind::MemoryLimit);
    }

    #[tokio::test]
    async fn a_child_that_asks_what_it_may_not_ends_its_own_call() {
        for asks in [Reply::AsksTooMuch, Reply::Asks(Question { queries: vec!["q".into()], chunks: vec![] })] {
            let frame = octal(&asks.encode());
            assert_eq!(kind_for(&format!("printf '{frame}'; while :; do :; done")).await, CodeErrorKind::Stopped);
        }
    }

    #[tokio::test]
    async fn a_child_that_says_nothing_is_killed_at_the_time_limit() {
        assert_eq!(kind_for("while :; do :; done").await, CodeErrorKind::TimeLimit);
        assert_eq!(kind_for("exec >&-; while :; do :; done").await, CodeErrorKind::Stopped);
    }

    #[tokio::test]
    async fn a_place_that_a_child_made_up_is_not_believed() {
        let made_up = |start, end| Prepared {
            chunks: vec![ChunkRow::Span(Span::new(0, start, end))],
            tasks: vec!["t".into()],
            advices: vec!["a".into()],
            jobs: vec![[0, 0, 0]],
        };
        let documents = ["té".into()];
        assert!(super::super::manifests(made_up(0, 3), &documents).is_ok());
        for (start, end) in [(0, 4), (0, 2), (2, 1), (usize::MAX, usize::MAX)] {
            assert!(super::super::manifests(made_up(start, end), &documents).is_err());
        }
        let frame = octal(&Reply::Prepared(made_up(0, 3)).encode());
        assert!(matches!(
            ask_a_liar(&format!("printf '{frame}'; while read -r _; do :; done")).await,
            Ok(Reply::Prepared(_))
        ));
    }

    /// A shell that says it is a child with these layers, started anew for each call.
    fn sandbox_with(layers: Vec<Layer>, require: Require) -> (Sandbox, tempfile::TempPath) {
        use std::io::Write;
        use std::os::unix::fs::PermissionsExt;
        let mut script = tempfile::NamedTempFile::new().unwrap();
        let transformed = octal(&Reply::Transformed("ran".into()).encode());
        let greeting = octal(&Reply::Ready(layers).encode());
        write!(script, "#!/bin/sh\nprintf '{greeting}{transformed}'; while read -r _; do :; done\n").unwrap();
        script.as_file().set_permissions(std::fs::Permissions::from_mode(0o700)).unwrap();
        let path = script.into_temp_path();
        let config = SandboxConfig { require, ..SandboxConfig::default() };
        (Sandbox::new(path.to_path_buf(), &config, 10), path)
    }

    #[tokio::test]
    async fn code_runs_only_behind_as_much_of_the_lock_as_is_required() {
        let program = Program { source: "", clock_ms: 0, likeness: None };
        let whole = || vec![Layer::required("seccomp", Held::Fully, ""), Layer::extra("namespaces", Held::No, "")];
        let part = || vec![Layer::required("landlock", Held::No, "this kernel has no Landlock")];
        for (layers, require) in [(whole(), Require::Full), (part(), Require::BestEffort)] {
            let (sandbox, _file) = sandbox_with(layers, require);
            assert_eq!(sandbox.transform(program, &[]).await.as_deref(), Ok("ran"));
        }
        for (layers, why) in [(part(), "missing: landlock (this kernel has no Landlock)"), (vec![], "does not say")] {
            let (sandbox, _file) = sandbox_with(layers, Require::Full);
            let error = sandbox.transform(program, &[]).await.unwrap_err();
            assert_eq!(error.kind, CodeErrorKind::Unavailable);
            assert!(error.message.contains(why), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_stream_of_bytes_harms_the_parent(
            lengths in prop::collection::vec(0u64..200, 0..3), mut bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..8
        ) {
            if let Some(first) = bytes.first_mut() {
                *first = kind;
            }
            let stream: Vec<u8> = lengths.iter().flat_map(|length| length.to_le_bytes()).chain(bytes).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let frame = runtime.block_on(read_frame(&mut stream.as_slice(), 100));
            prop_assert!(!matches!(&frame, Ok(frame) if frame.len() > 100));
            if let Ok(Ok(Reply::Prepared(prepared))) = frame.map(|frame| Reply::decode(&frame, 9)) {
                let _ = super::super::manifests(prepared, &["té".into()]);
            }
        }
    }
}
