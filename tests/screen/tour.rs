//! The sessions that come with the program show what it does: between them, a fact of nearly every kind.
//!
//! `cargo test --test screen tour -- --ignored` records the one that shows most of it anew: a run of the program on a
//! terminal, steered through its socket, whose planner and reader say what was written for them here.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use crate::loopback::{Fault, Loopback, Reply};
use crate::planner::{Step, planner};
use crate::pty::Pty;

const NAME: &str = "harbour-every-feature";
const QUESTION: &str = "What did the harbour of Tannes earn with moorings in 2031, and from whom is money due?";

/// Kinds that belong to other protocols, to an embedding model, to a reader that is a server, or to counting by a vocabulary.
const ELSEWHERE: [&str; 5] = ["consent_asked", "consent_given", "embedding_failed", "job_useless", "documents_counted"];

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions")
}

fn facts(session: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(session.join("journal.jsonl")).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|mut line| line["fact"].take())
        .collect()
}

fn kinds(facts: &[Value]) -> BTreeSet<&str> {
    facts.iter().filter_map(|fact| fact["kind"].as_str()).collect()
}

/// Every kind that version 1 of the format has, as the golden facts name them.
fn all_kinds() -> BTreeSet<String> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1-facts.jsonl");
    let lines = std::fs::read_to_string(golden).unwrap();
    let kind = |line: &str| serde_json::from_str::<Value>(line).unwrap()["fact"]["kind"].as_str().unwrap().to_owned();
    lines.lines().map(kind).collect()
}

#[test]
fn the_shipped_sessions_show_every_feature() {
    let folders = std::fs::read_dir(shipped()).unwrap().map(|entry| entry.unwrap().path());
    let all: Vec<Value> = folders.flat_map(|folder| facts(&folder)).collect();
    let shown = kinds(&all);
    let missing: Vec<String> = all_kinds()
        .into_iter()
        .filter(|kind| !shown.contains(kind.as_str()) && !ELSEWHERE.contains(&&**kind))
        .collect();
    assert!(missing.is_empty(), "no shipped session shows {missing:?}");
    let tour = facts(&shipped().join(NAME));
    let outcomes: BTreeSet<&str> =
        of(&tour, "job_finished").filter_map(|fact| fact["outcome"]["state"].as_str()).collect();
    for outcome in ["answered", "abstained", "malformed", "failed", "cancelled"] {
        assert!(outcomes.contains(outcome), "no job of it {outcome}: {outcomes:?}");
    }
    let answered = of(&tour, "answered").next_back().unwrap();
    let cited: BTreeSet<&str> = answered["citations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|citation| citation["located"]["match"].as_str().unwrap_or("not found"))
        .collect();
    assert_eq!(cited, ["exact", "fuzzy", "normalised", "not found"].into(), "{answered}");
    assert_eq!(of(&tour, "round_began").count(), 2);
    assert!(of(&tour, "gate_reached").count() >= 10);
}

fn of<'a>(facts: &'a [Value], kind: &'a str) -> impl DoubleEndedIterator<Item = &'a Value> {
    facts.iter().filter(move |fact| fact["kind"] == kind)
}

fn document() -> String {
    let berths = (1..=12).map(|n| {
        let (fee, paid) = (n * 40, if n % 4 == 0 { "still owes the fee" } else { "has paid the fee" });
        format!("Berth {n} is let to the ship Number {n}. Its fee for 2031 is {fee} crowns. Its keeper {paid}.\n")
    });
    let head = "Harbour of Tannes, ledger of moorings\n\nKept by Anna Lind, anna.lind@tannes.example.\n\n";
    format!("{head}{}\nAll moorings together earned 3,120 crowns in\nthe year 2031.\n", berths.collect::<String>())
}

const BROKEN: &str = "```python\ndef prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):\n    return [JobManifest(chunk=line, task=\"Read\", advice=\"\") for line in lines]\n\ndef transform_outputs(jobs):\n    return \"\"\n```\n";
const PROGRAM_OF_JOBS: &str = "Each berth stands in a line of its own.\n\n```python\ndef prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):\n    lines = [line for line in context[0].splitlines() if line.startswith(\"Berth\")]\n    tasks = [\"What is the fee of the berth?\", \"Who still owes a fee?\"]\n    return [JobManifest(chunk=line, task=task, advice=\"A fee is told in crowns.\") for line in lines for task in tasks]\n\ndef transform_outputs(jobs):\n    kept = [job.output for job in jobs if job.output.answer]\n    return \"\\n\".join(f\"{output.answer} | {output.citation}\" for output in kept)\n```\n";

async fn scripted_planner() -> Loopback {
    planner(|step, before| {
        let text = match (step, before) {
            (Step::Advise, 0) => return Some(Reply::status(503, json!({ "error": { "message": "overloaded" } }))),
            (Step::Advise, _) => "Look for the fee of each berth, and for keepers who still owe one.".into(),
            (Step::Decompose, 0) => BROKEN.into(),
            (Step::Decompose | Step::Repair, _) => PROGRAM_OF_JOBS.into(),
            // The process is killed while it waits for this one.
            (Step::Think, 1) => return Some(Reply::text("").fault(Fault::Hang)),
            (Step::Think, _) => "The fees add up to 3,120 crowns; berths 4, 8 and 12 still owe theirs.".into(),
            (Step::Decide, 0) => "I would say that it is done.".into(),
            (Step::Decide | Step::DecideAgain, _) => json!({
                "decision": "provide_final_answer",
                "answer": "3,120 crowns; the keepers of berths 4, 8 and 12 still owe their fees.",
                "explanation": "The ledger gives the sum, and each berth says whether its fee was paid.",
                "citations": [
                    "Its fee for 2031 is 480 crowns. Its keeper still owes the fee.",
                    "All moorings together earned 3,120 crowns in the year 2031.",
                    "Harbour of Tannes, leger of morings",
                    "The harbour master remitted all fees.",
                ],
            })
            .to_string(),
        };
        Some(Reply::text(text).after(Duration::from_millis(60)))
    })
    .await
}

async fn scripted_reader() -> Loopback {
    let asked = Mutex::new(HashMap::<(u32, bool), usize>::new());
    Loopback::start(move |request| {
        let text = request["messages"].to_string();
        let number: u32 =
            text.split("Berth ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or(0);
        let owes = text.contains("Who still owes");
        let mut asked = asked.lock().unwrap();
        let before = asked.entry((number, owes)).or_default();
        *before += 1;
        let fee = number * 40;
        let said = |answer: Option<String>, citation: Option<String>| {
            Reply::text(
                json!({ "explanation": "The line says so.", "citation": citation, "answer": answer }).to_string(),
            )
        };
        let reply = match (number, owes, *before) {
            // A reading that its citation does not bear out.
            (3, false, _) => said(Some("130 crowns".into()), Some(format!("Its fee for 2031 is {fee} crowns."))),
            (5, false, 1) => Reply::text("The fee? Two hundred crowns, I should think."),
            (6, false, _) => Reply::text("no object at all"),
            (7, false, 1) => Reply::status(400, json!({ "error": { "message": "the reader stumbled" } })),
            (9, false, 1) => Reply::text("").fault(Fault::Hang),
            (_, false, _) => said(Some(format!("{fee} crowns")), Some(format!("Its fee for 2031 is {fee} crowns."))),
            (_, true, _) if number.is_multiple_of(4) => said(
                Some(format!("the keeper of berth {number}, berth{number}@tannes.example")),
                Some("Its keeper still owes the fee.".into()),
            ),
            (_, true, _) => said(None, None),
        };
        reply.after(Duration::from_millis(20))
    })
    .await
}

/// The run, steered through its socket, as far as its journal tells.
struct Steered {
    session: PathBuf,
    socket: Option<BufReader<UnixStream>>,
    id: u64,
}

impl Steered {
    fn facts(&self) -> Vec<Value> {
        facts(&self.session)
    }

    /// Waits until the journal holds so many facts of this kind.
    fn until(&self, kind: &str, count: usize) -> Vec<Value> {
        for _ in 0..6_000 {
            let facts = self.facts();
            if of(&facts, kind).count() >= count {
                return facts;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("no {count} of {kind} came: {:?}", self.facts().last());
    }

    fn order(&mut self, order: Value) {
        if self.socket.is_none() {
            self.socket = Some(BufReader::new(UnixStream::connect(self.session.join("control")).unwrap()));
        }
        self.id += 1;
        let socket = self.socket.as_mut().unwrap();
        let line = json!({ "v": 1, "id": self.id, "do": { "order": order } });
        socket.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut said = String::new();
        socket.read_line(&mut said).unwrap();
        assert!(said.contains("taken"), "{line}: {said}");
    }

    fn at_gate(&mut self, n: u64, choice: Value) {
        self.order(json!({ "order": "at_gate", "with": { "n": n, "choice": choice } }));
    }

    /// The number of the gate at which this round begins.
    fn gate_of_round(&self, round: u64) -> u64 {
        for _ in 0..6_000 {
            let facts = self.facts();
            let began = facts.iter().position(|fact| fact["kind"] == "round_began" && fact["round"] == round);
            if let Some(gate) = began.and_then(|began| of(&facts[began..], "gate_reached").next()) {
                return gate["n"].as_u64().unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("round {round} came to no gate");
    }

    /// Answers whatever the run waits at, until its journal holds a fact of this kind.
    fn go_to(&mut self, kind: &str, count: usize, choices: &mut dyn FnMut(&Value, &[Value]) -> Option<Value>) {
        let mut answered = 0;
        for _ in 0..6_000 {
            let facts = self.facts();
            if of(&facts, kind).count() >= count {
                return;
            }
            let last = facts.iter().enumerate().rev().find(|(_, fact)| {
                ["gate_reached", "budget_reached", "exposure_reached"].iter().any(|waits| fact["kind"] == **waits)
            });
            if let Some((at, fact)) = last.filter(|(at, _)| *at >= answered) {
                let passed = facts[at + 1..].iter().any(|fact| fact["kind"] == "gate_passed");
                match fact["kind"].as_str().unwrap() {
                    _ if passed => {}
                    "budget_reached" => self.order(json!({
                        "order": "budget", "with": { "raise": { "scope": "session", "to_usd": 1.0 } }
                    })),
                    "exposure_reached" => {
                        self.order(json!({ "order": "exposure", "with": { "raise": { "to_share": 1.0 } } }));
                    }
                    _ => {
                        let choice = choices(fact, &facts).unwrap_or_else(|| json!("pass"));
                        self.at_gate(fact["n"].as_u64().unwrap(), choice);
                    }
                }
                answered = at + 1;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let facts = self.facts();
        let told: Vec<String> = facts
            .iter()
            .filter(|fact| fact["kind"] != "utilization_sampled")
            .rev()
            .take(9)
            .map(Value::to_string)
            .collect();
        panic!("{kind} never came after {told:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes the shipped session anew"]
async fn the_tour_is_recorded_anew() {
    let (planner, reader) = (scripted_planner().await, scripted_reader().await);
    let folder = tempfile::tempdir().unwrap();
    let document_path = folder.path().join("harbour-ledger.txt");
    std::fs::write(&document_path, document()).unwrap();
    let settings = [
        "remote.provider=openai".to_owned(),
        "remote.model=scripted-planner".into(),
        "remote.api_key_env=".into(),
        format!("remote.base_url={}", planner.base_url()),
        "remote.price_input=2".into(),
        "remote.price_output=8".into(),
        "remote.max_output_tokens=1000".into(),
        "remote.budget_usd=0.011".into(),
        "remote.max_exposed_share=0.2".into(),
        "local.provider=openai".into(),
        "local.model=scripted-reader".into(),
        format!("local.base_url={}", reader.base_url()),
        "local.max_in_flight=4".into(),
        "redact.email=true".into(),
        "redact.names=Anna Lind".into(),
        "protocol.gates=request,code,outputs,decision".into(),
    ];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    tokio::task::block_in_place(|| {
        let arguments = ["open", document_path.to_str().unwrap(), "-q", QUESTION, "--step"];
        let pty = Pty::minions(&arguments, &settings, (120, 36));
        pty.wait_for("Gate 1");
        let sessions = pty.home().join("data/minions/sessions");
        let session =
            std::fs::read_dir(&sessions).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
        let mut run = Steered { session: session.unwrap(), socket: None, id: 1 };
        run.order(json!({ "order": "note", "with": "The first request waits at its gate, word for word." }));
        let (mut edited, mut mended) = (false, false);
        run.go_to("jobs_planned", 1, &mut |gate, _| {
            let messages = gate["held"]["messages"].as_array()?;
            let last = messages.len() - 1;
            let text = format!(
                "{}\nName who still owes money, too; bert@tannes.example asks.",
                messages[last]["content"].as_str()?
            );
            (!std::mem::replace(&mut edited, true))
                .then(|| json!({ "edit_request": { "message": last, "text": text } }))
        });
        // Another program in place of the planned one; its jobs run once it is passed.
        run.go_to("job_started", 1, &mut |gate, facts| {
            let source = of(facts, "code_received").next_back()?["source"].as_str()?;
            let source = format!("# Looked through by hand.\n{source}");
            (gate["held"]["gate"] == "code" && !std::mem::replace(&mut mended, true))
                .then(|| json!({ "edit_program": { "source": source } }))
        });
        // All but the one that hangs have ended.
        let facts = run.until("job_finished", 23);
        run.order(json!({ "order": "pause" }));
        run.until("run_paused", 1);
        run.order(json!({ "order": "go_on" }));
        run.until("run_continued", 1);
        let failed = of(&facts, "job_finished").find(|fact| fact["outcome"]["state"] == "failed").unwrap();
        run.order(json!({ "order": "retry_jobs", "with": [failed["job"]] }));
        run.until("job_reopened", 1);
        run.until("job_finished", 24);
        run.order(json!({ "order": "pin", "with": { "document": 0, "start": 0, "end": 37 } }));
        run.order(json!({ "order": "levers", "with": {
            "tasks_per_round": 2, "samples": 2, "chunk_chars": 0, "local_max_output_tokens": 512
        } }));
        run.order(
            json!({ "order": "pick", "with": { "local": { "provider": "openai", "model": "scripted-reader-b" } } }),
        );
        let hangs = of(&facts, "job_started").map(|fact| &fact["job"]);
        let ended: Vec<&Value> = of(&facts, "job_finished").map(|fact| &fact["job"]).collect();
        let hangs = hangs.into_iter().find(|job| !ended.contains(job)).unwrap().clone();
        run.order(json!({ "order": "cancel_job", "with": hangs }));
        let mut changes =
            vec![json!({ "redact": { "pattern": "keeper of berth 1[0-9]" } }), json!({ "drop_jobs": { "jobs": [4] } })];
        run.go_to("decided", 1, &mut |gate, _| if gate["held"]["gate"] == "outputs" { changes.pop() } else { None });
        run.go_to("decision_changed", 1, &mut |_, _| {
            Some(json!({ "another_round": { "feedback": "Read once more which keepers still owe a fee." } }))
        });
        run.order(json!({ "order": "note", "with": "One more round by hand, with feedback." }));
        // The rest by itself, until the process is killed while a request is out.
        let n = run.gate_of_round(2);
        run.order(json!({ "order": "run_on", "with": { "to": "next_round", "n": n } }));
        run.until("ran_on", 1);
        run.order(json!({ "order": "gates", "with": [] }));
        run.until("gates_chosen", 1);
        let thinks = |fact: &&Value| fact["purpose"] == "think" && fact["ask"]["round"] == 2;
        while of(&run.facts(), "remote_asked").find(thinks).is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        // It has it.
        while planner.counts().in_flight == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        pty.signal(libc::SIGKILL);
        while Path::new(&format!("/proc/{}", pty.process())).exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(run.socket.take());
        let again: Vec<&str> = ["resume", "last", "--send-again"]
            .into_iter()
            .chain(settings.iter().flat_map(|setting| ["--set", setting]))
            .collect();
        pty.said(&again);
        pty.said(&["sessions", "verify", "last"]);
        let place = shipped().join(NAME);
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir_all(place.join("documents")).unwrap();
        std::fs::copy(run.session.join("journal.jsonl"), place.join("journal.jsonl")).unwrap();
        for entry in std::fs::read_dir(run.session.join("documents")).unwrap() {
            let from = entry.unwrap().path();
            if from.extension().is_some_and(|ending| ending == "txt") {
                std::fs::copy(&from, place.join("documents").join(from.file_name().unwrap())).unwrap();
            }
        }
    });
}
