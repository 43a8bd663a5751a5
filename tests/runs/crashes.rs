//! A run that is killed at any moment goes on: nothing is done or paid for twice unasked, and the answer is the same.
//!
//! `MINIONS_CRASHES=200 cargo test --release --test runs crashes` kills as often as it says.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::home::{Home, Said, finished, ledger_of, local, remote, said, settings};
use crate::loopback::{Loopback, Reply};
use crate::planner::{Step, more, planner};

const SEED: u64 = 0x5eed;
const JOBS: usize = 16;

/// What is asked, and by whom.
struct Scene {
    home: Home,
    planner: Loopback,
    worker: Loopback,
    settings: Vec<String>,
}

impl Scene {
    /// Two rounds of paid requests and jobs, each of which takes a moment.
    async fn new() -> Self {
        let home = Home::new();
        home.write("document.txt", ledger_of(JOBS));
        let moment = Duration::from_millis(12);
        // What is said depends on what is asked alone, so that asking again changes nothing.
        let planner = Loopback::start(move |request| {
            let messages = request["messages"].to_string();
            let reply = match Step::of(request) {
                Step::Decide if !messages.contains("Look at item 7") => Reply::text(more()),
                step => step.good_reply(),
            };
            reply.after(moment)
        })
        .await;
        let worker = Loopback::start(move |request| {
            let chunk = request["messages"][1]["content"].as_str().unwrap();
            let number = chunk.split_once("Item ").unwrap().1.split(' ').next().unwrap();
            let output = json!({ "explanation": "read", "citation": null, "answer": format!("{number} it is") });
            Reply::text(output.to_string()).after(moment)
        })
        .await;
        let own = settings(&["remote.price_input=2", "remote.price_output=10", "local.max_in_flight=4"]);
        let settings = [remote(&planner), local(&worker), own].concat();
        Self { home, planner, worker, settings }
    }

    fn resuming(&self, args: &[&str]) -> tokio::process::Command {
        let mut command = self.home.command(&["resume", "last", "--json"]);
        command.args(args).args(self.settings.iter().flat_map(|setting| ["--set", setting]));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// How often each job's text was sent to the worker, and each request to the planner.
    fn sent(&self) -> (usize, HashMap<String, usize>) {
        let mut asked = HashMap::new();
        for request in self.planner.requests() {
            *asked.entry(request.body["messages"].to_string()).or_default() += 1;
        }
        (self.worker.counts().requests, asked)
    }
}

/// The facts of a journal as far as it can be read.
fn facts(session: &Path) -> Vec<Value> {
    let journal = std::fs::read(session.join("journal.jsonl")).unwrap_or_default();
    let lines = journal.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .map(|mut record| record["fact"].take())
        .collect()
}

fn of_kind<'a>(facts: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    facts.iter().filter(move |fact| fact["kind"] == kind)
}

/// Xorshift: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn between(&mut self, least: f64, most: f64) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        least + (most - least) * (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// What the killed processes and those that went on came to.
#[derive(Debug, Default)]
struct Figures {
    killed: usize,
    before_the_question: usize,
    after_the_end: usize,
    resumed: usize,
    with_consent: usize,
    torn: usize,
    jobs_kept: usize,
    jobs_again: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_at_random_moments_goes_on_and_ends_the_same() {
    let count = std::env::var("MINIONS_CRASHES").ok().and_then(|count| count.parse().ok()).unwrap_or(16);
    let undisturbed = Scene::new().await;
    let whole = undisturbed.home.ask(&["--json"], &undisturbed.settings).await;
    let length = length_of(&undisturbed.home);
    assert_eq!((whole.code, &whole.json()["rounds"]), (0, &json!(2)), "{whole:?}");
    let mut random = Random(SEED);
    let mut figures = Figures::default();
    for n in 0..count {
        let mut moment = || Moment {
            share: random.between(0.0, 1.0),
            after: Duration::from_micros(random.between(0.0, 20_000.0) as u64),
        };
        let first = moment();
        let again = (n % 3 == 0).then(moment);
        crash(&whole, length, first, again, &mut figures).await;
    }
    eprintln!("{figures:?}");
    assert!(figures.resumed > count / 2, "{figures:?}");
}

/// When a process is killed: so long after its journal has come to this share of the way to its end.
#[derive(Clone, Copy)]
struct Moment {
    share: f64,
    after: Duration,
}

fn length_of(home: &Home) -> u64 {
    let session = home.sessions().pop();
    session.and_then(|path| std::fs::metadata(path.join("journal.jsonl")).ok()).map_or(0, |about| about.len())
}

/// Waits for the moment, or for the process to end.
async fn until(moment: Moment, length: u64, home: &Home, run: &mut tokio::process::Child) {
    let from = length_of(home);
    let due = from + (length.saturating_sub(from) as f64 * moment.share) as u64;
    while length_of(home) < due && run.try_wait().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(moment.after).await;
}

async fn crash(whole: &Said, length: u64, first: Moment, again: Option<Moment>, figures: &mut Figures) {
    let scene = Scene::new().await;
    let mut command = scene.home.asking(&["--json"], &scene.settings);
    let mut moments = vec![first];
    moments.extend(again);
    let mut jobs_begun = 0;
    let mut consents = 0;
    for moment in moments {
        let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until(moment, length, &scene.home, &mut run).await;
        run.kill().await.unwrap();
        figures.killed += 1;
        let Some(session) = scene.home.sessions().pop() else {
            figures.before_the_question += 1;
            return;
        };
        let known = facts(&session);
        if of_kind(&known, "session_opened").next().is_none() {
            figures.before_the_question += 1;
            return;
        }
        consents += of_kind(&known, "resend_allowed").count();
        jobs_begun = of_kind(&known, "job_started").count() - of_kind(&known, "job_finished").count();
        // The second time the process that went on is killed.
        command = scene.resuming(&[]);
    }
    let session = scene.home.session();
    let known = facts(&session);
    let done: Vec<&Value> = of_kind(&known, "job_finished").map(|fact| &fact["job"]).collect();
    let (_, asked_before) = scene.sent();
    let mut ended = said(scene.resuming(&[])).await;
    if ended.code == 2 {
        assert!(ended.stderr.contains("has ended, and there is nothing to go on with"), "{ended:?}");
        figures.after_the_end += 1;
        return;
    }
    figures.resumed += 1;
    figures.torn += usize::from(session.join("journal.torn").exists());
    if ended.code == 3 {
        assert!(ended.stderr.contains("may have been paid for") && ended.stderr.contains("--send-again"), "{ended:?}");
        assert_eq!(scene.sent().1, asked_before, "nothing is sent unasked");
        figures.with_consent += 1;
        consents += 1;
        ended = said(scene.resuming(&["--send-again"])).await;
    }
    assert_eq!(ended.code, 0, "{ended:?}");
    let (then, now) = (whole.json(), ended.json());
    for part in ["answer", "citations", "outcome", "rounds", "jobs"] {
        assert_eq!(now[part], then[part], "{part}: {ended:?}");
    }
    // No finished job ran twice, in the journal and at the worker.
    let after = facts(&session);
    let twice = of_kind(&after[known.len()..], "job_started").filter(|fact| done.contains(&&fact["job"])).count();
    assert_eq!(twice, 0);
    assert_eq!(of_kind(&after, "job_finished").count(), 2 * JOBS);
    let (worked, asked) = scene.sent();
    let started = of_kind(&after, "job_started").count();
    assert!(worked <= started, "{worked} requests of jobs, and {started} jobs were started");
    figures.jobs_kept += done.len();
    figures.jobs_again += jobs_begun;
    // No request went out twice but those that the person let.
    let repeated: usize = asked.values().map(|times| times - 1).sum();
    assert!(repeated <= consents, "{repeated} requests were sent again, {consents} with consent");
    let verified = scene.home.run(&["sessions", "verify", "last"]).await;
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[tokio::test]
async fn a_folder_that_is_removed_under_way_a_second_process_and_an_ended_session_each_have_their_sentence() {
    let scene = Scene::new().await;
    let mut run = scene.home.asking(&["--json"], &scene.settings);
    let run = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    scene.home.until_journal_holds("jobs_planned").await;
    let second = said(scene.resuming(&[])).await;
    second.assert_refused(1, &["is being written by another process"]);
    let session = scene.home.session();
    std::fs::remove_dir_all(&session).unwrap();
    let removed: Said = finished(run.wait_with_output()).await;
    removed.assert_failed(1, &["was removed while it was written to"]);
    // What was known to come of it by then is told all the same.
    assert_eq!(removed.json()["outcome"], "unfinished");
    assert!(removed.json()["usage"]["remote"]["calls"].as_u64() >= Some(2), "{removed:?}");
    let gone = said(scene.resuming(&[])).await;
    assert_eq!(gone.code, 1, "{gone:?}");
}

#[tokio::test]
async fn a_run_that_the_disk_stopped_goes_on_when_there_is_room() {
    let planner = planner(|_, _| None).await;
    let home = Home::new();
    home.write("document.txt", ledger_of(40));
    // 24 KiB a file: the document fits, the journal with the question in each request does not.
    let question = "What did item 7 bring in? ".repeat(100);
    let free = remote(&planner).into_iter().chain(settings(&["remote.price_input=0", "remote.price_output=0"]));
    let free: Vec<String> = free.flat_map(|setting| ["--set".to_owned(), setting]).collect();
    let set: Vec<&str> = free.iter().map(String::as_str).collect();
    let run = [&["run", "-d", "document.txt", "-q", &question], set.as_slice()].concat();
    let full = said(home.shell("trap '' XFSZ; ulimit -f 48", &run)).await;
    full.assert_refused(1, &["journal.jsonl", "cannot write"]);
    let again = said(home.shell("trap '' XFSZ; ulimit -f 48", &[&["resume", "last"], set.as_slice()].concat())).await;
    again.assert_refused(1, &["cannot write"]);
    let ended = home.run(&[&["resume", "last"], set.as_slice()].concat()).await;
    assert_eq!((ended.code, ended.stdout.contains("10007 dollars")), (0, true), "{ended:?}");
}
