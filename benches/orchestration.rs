//! What thousands of jobs cost this program itself, on their way from the planner's program to the journal:
//! `cargo bench --bench orchestration`.
//!
//! A whole session, as `minions run` makes it: the sandbox plans the jobs, the driver hands them to servers over HTTP, every
//! fact is on disk, and the folds follow. Server and session are processes of their own, so that each one's time and memory
//! is its own; the sandbox's child is a third. Each job cites a line of its own part, or, as a bad case, all cite the same words,
//! which stand in every part. The goals: 2,048 jobs against a server that takes no time in 0.3 s of processor time and 40 MB
//! over the document; 10,000 jobs of 50 ms, 256 at once, within a tenth of the ideal time.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use minions::config::{LocalConfig, SandboxConfig};
use minions::document::Document;
use minions::journal::{DayBook, Store, Stored};
use minions::ledger::{Exposure, Ledger};
use minions::local::{LocalLm, OpenAiLocal};
use minions::protocol::{
    Fact, Finish, FleetSample, ModelInfo, Purpose, RemoteAsk, SessionOpened, Settings, State, Usage, prompts,
};
use minions::remote::{RemoteError, RemoteLm, RemoteReply};
use minions::runtime::{self, Beginning, Embeddings, Event, Recall, Setup};
use minions::sandbox::Sandbox;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What the server is told where it shall give all jobs one citation.
const SAME: &str = "the same words";

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |at: usize| arguments.get(at).and_then(|argument| argument.parse().ok()).unwrap_or(0);
    match arguments.first().map(String::as_str) {
        Some("serve") => {
            block_on(serve(Duration::from_millis(number(1)), arguments.get(2).is_some_and(|it| it == SAME)))
        }
        Some("session") => {
            let told = block_on(session(
                number(1) as usize,
                number(2) as usize,
                arguments.get(3).cloned().unwrap_or_default(),
            ))?;
            println!("{told}");
            Ok(())
        }
        Some("--list") => Ok(()),
        _ => {
            for citing in ["words of its own", SAME] {
                for (jobs, at_once, ms) in [(2_048, 256, 0), (10_000, 256, 50)] {
                    measure(jobs, at_once, ms, citing)?;
                }
            }
            Ok(())
        }
    }
}

fn block_on<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// One server, and sessions against it until each figure was taken three times.
fn measure(jobs: usize, at_once: usize, ms: u64, citing: &str) -> Outcome<()> {
    let program = std::env::current_exe()?;
    let mut server = Command::new(&program).args(["serve", &ms.to_string(), citing]).stdout(Stdio::piped()).spawn()?;
    let mut address = String::new();
    BufReader::new(server.stdout.take().ok_or("the server says nothing")?).read_line(&mut address)?;
    for _ in 0..3 {
        let arguments = ["session", &jobs.to_string(), &at_once.to_string(), address.trim()];
        let session = Command::new(&program).args(arguments).stderr(Stdio::inherit()).output()?;
        let ideal = jobs.div_ceil(at_once) as f64 * ms as f64 / 1000.0;
        print!(
            "{jobs} jobs of {ms} ms, {at_once} at once, each citing {citing}, ideal {ideal:.2} s: {}",
            String::from_utf8_lossy(&session.stdout)
        );
    }
    server.kill()?;
    server.wait()?;
    Ok(())
}

/// Answers every chat request after so long, with the same citation or with a line that the request holds.
async fn serve(after: Duration, same: bool) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (connection, _) = listener.accept().await?;
        tokio::spawn(async move {
            // A client that goes away is no fault.
            let _ = answer(connection, after, same).await;
        });
    }
}

/// The whole response to a chat request.
fn reply(request: &[u8], same: bool) -> String {
    let line = memchr::memmem::find(request, b"Line 7 of part").filter(|_| !same).and_then(|at| {
        let line = &request[at..];
        std::str::from_utf8(&line[..memchr::memchr(b'\\', line)?]).ok()
    });
    let citation = line.unwrap_or("It was the best year so far.");
    let output = json!({ "explanation": "The line names it.", "citation": citation, "answer": "42 dollars" });
    let body = json!({
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": output.to_string() }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 900, "completion_tokens": 40 },
    })
    .to_string();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

async fn answer(mut connection: TcpStream, after: Duration, same: bool) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let missing = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    let mut bytes = Vec::new();
    loop {
        let (head, length) = loop {
            if let Some(head) = memchr::memmem::find(&bytes, b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
                let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
                break (head + 4, length.unwrap_or(0));
            }
            if connection.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        while bytes.len() < head + length {
            if connection.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        let reply = match bytes.starts_with(b"POST") {
            true => reply(&bytes[head..head + length], same),
            false => missing.to_owned(),
        };
        bytes.drain(..head + length);
        if !after.is_zero() {
            tokio::time::sleep(after).await;
        }
        connection.write_all(reply.as_bytes()).await?;
    }
}

/// The remote LM: one program, one decision.
struct Planner;

const PROGRAM: &str = r#"```python
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    parts = [part for part in context[0].split("\n\n") if part]
    return [JobManifest(chunk=part, task="What did the year bring in?", advice="Quote the sentence.") for part in parts]

def transform_outputs(jobs):
    return "\n".join(job.output.answer for job in jobs[:20] if job.output.answer)
```"#;

impl RemoteLm for Planner {
    fn info(&self) -> ModelInfo {
        ModelInfo { provider: "bench".into(), model: "bench".into(), is_model: false, price: None }
    }

    fn ask<'a>(
        &'a self,
        request: &'a RemoteAsk,
        _: mpsc::Sender<String>,
    ) -> BoxFuture<'a, Result<RemoteReply, RemoteError>> {
        let text = match request.purpose {
            Purpose::Advise | Purpose::Think => "It is there.".to_owned(),
            Purpose::Decompose => PROGRAM.to_owned(),
            Purpose::Decide | Purpose::Message | Purpose::Answer => {
                json!({ "decision": "provide_final_answer", "answer": "42", "explanation": "", "citations": [] })
                    .to_string()
            }
        };
        let reply = RemoteReply {
            text,
            finish: Finish::Stop,
            usage: Usage::default(),
            first_token: Duration::ZERO,
            total: Duration::ZERO,
        };
        Box::pin(std::future::ready(Ok(reply)))
    }
}

/// As many parts as jobs, of about 3,000 characters.
fn document(jobs: usize) -> Document {
    let mut text = String::new();
    for part in 0..jobs {
        for line in 0..60 {
            text.push_str(&format!("Line {line} of part {part}: it was a year like others.\n"));
        }
        text.push_str("It was the best year so far.\n\n");
    }
    Document::from_text("years.txt", text)
}

/// Runs one session and says what it cost.
async fn session(jobs: usize, at_once: usize, address: String) -> Outcome<String> {
    let folder = tempfile::tempdir()?;
    let documents = vec![document(jobs)];
    let bytes = documents[0].text.len();
    let local = LocalConfig {
        model: "bench".into(),
        base_url: format!("http://{address}/v1"),
        max_in_flight: at_once,
        ..LocalConfig::default()
    };
    let local = Arc::new(OpenAiLocal::connect(&local).await?);
    let program = PathBuf::from(env!("CARGO_BIN_EXE_minions"));
    let settings = Settings { max_rounds: 1, max_jobs: jobs as u32, ..Settings::default() };
    let sessions = folder.path().join("sessions");
    let (session, journal) = Store::new(sessions.clone()).create(&documents)?;
    let opened = SessionOpened {
        question: "What did the year bring in?".into(),
        settings,
        documents: documents.iter().map(Document::reference).collect(),
        remote: Planner.info(),
        local: local.info(),
        prompts: prompts::VERSION.into(),
        program: "bench".into(),
        clock_ms: Some(0),
        embedding: None,
        parent: None,
    };
    let (mut state, mut ledger, mut exposure) = (State::default(), Ledger::default(), Exposure::new(&documents));
    let sandbox = Sandbox::new(program, &SandboxConfig::default(), jobs as u32);
    let before = Spent::now();
    let mut running = runtime::start(Setup {
        beginning: Beginning::New(Box::new(opened)),
        recall: Recall::default(),
        documents: documents.clone(),
        remote: Arc::new(Planner),
        remote_attempts: 1,
        local: local.clone(),
        sandbox,
        embeddings: Embeddings::None,
        journal,
        book: DayBook::new(sessions, session.id()),
    });
    let (mut planned, mut done) = (before, before);
    while let Some(event) = running.events.recv().await {
        let Event::Recorded(records) = event else { continue };
        for record in records {
            let Stored::Known(fact) = &record.fact else { continue };
            match **fact {
                Fact::JobsPlanned(_) => planned = Spent::now(),
                Fact::TransformBegan { .. } => done = Spent::now(),
                _ => {}
            }
            state.apply(fact);
            ledger.apply(fact);
            exposure.apply(fact);
        }
    }
    running.outcome.await??;
    let whole = Spent::now();
    let tally = ledger.totals().jobs;
    if tally.answered as usize != jobs {
        return Err(format!("{} of {jobs} jobs were answered: {:?}", tally.answered, state.ending()).into());
    }
    let FleetSample { allowed, .. } = local.fleet().unwrap_or_default();
    Ok(format!(
        "jobs {:.2} s wall, {:.3} s cpu; session {:.2} s wall, {:.3} s cpu; peak {:.1} MB over {:.1} MB of document; window {allowed}",
        (done.at - planned.at).as_secs_f64(),
        (done.cpu - planned.cpu).as_secs_f64(),
        (whole.at - before.at).as_secs_f64(),
        (whole.cpu - before.cpu).as_secs_f64(),
        peak_bytes() as f64 / 1e6 - bytes as f64 / 1e6,
        bytes as f64 / 1e6,
    ))
}

/// Time on the clock, and of the processor for this process alone.
#[derive(Clone, Copy)]
struct Spent {
    at: Instant,
    cpu: Duration,
}

impl Spent {
    fn now() -> Self {
        Self { at: Instant::now(), cpu: cpu() }
    }
}

#[allow(unsafe_code)]
fn cpu() -> Duration {
    // SAFETY: plain numbers, for which zero is a value, written by the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let of = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    of(usage.ru_utime) + of(usage.ru_stime)
}

/// The most memory that this process held, in bytes (`VmHWM` of proc(5)); 0 where the system does not tell.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}
