//! A run that the person, the budget or the machine ends: what was paid for is on disk.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Child;

use crate::home::{Home, KEY, finished, ledger_of, local, remote, said, settings};
use crate::loopback::{Fault, Loopback, Reply};
use crate::planner::{Step, planner};

fn home() -> Home {
    let home = Home::new();
    home.write("document.txt", ledger_of(20));
    home
}

fn start(home: &Home, settings: &[Vec<String>]) -> Child {
    let mut command = home.asking(&["--json"], &settings.concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(run: &Child, name: &str) {
    let run = run.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-s", name, &run]).status().unwrap().success());
}

#[tokio::test]
async fn an_interrupt_while_the_remote_lm_writes_keeps_what_had_come() {
    for name in ["INT", "TERM", "HUP"] {
        let home = home();
        let planner = planner(|step, _| {
            (step == Step::Think).then(|| Reply::text("Half of a thought").fault(Fault::HangAfterText))
        })
        .await;
        let patient = settings(&["remote.idle_timeout_s=60", "sessions.on_hangup=stop"]);
        let run = start(&home, &[remote(&planner), patient]);
        planner.wait_for(|counts| counts.requests == 3 && counts.in_flight == 1).await;
        signal(&run, name);
        let said = finished(run.wait_with_output()).await;
        assert_eq!((said.code, &said.json()["outcome"]), (130, &json!("cancelled")), "{said:?}");
        let failure = &home.facts_of("remote_failed")[0];
        // How much had come when the signal arrived is chance; nothing is left out as a field.
        let partial = failure["partial"].as_str().unwrap_or_default();
        assert!("Half of a thought".starts_with(partial) && failure["retry_in_ms"].is_null(), "{failure}");
        assert_eq!(home.shown().await["ended"]["outcome"], "cancelled");
        planner.wait_for(|counts| counts.in_flight == 0 && counts.abandoned == 1).await;
        home.assert_nowhere(KEY, &said);
    }
}

#[tokio::test]
async fn an_interrupt_while_jobs_run_closes_their_connections_and_counts_them_as_cancelled() {
    let home = home();
    let planner = planner(|_, _| None).await;
    let worker = Loopback::start(|_| Reply::text("").fault(Fault::Hang)).await;
    let few = settings(&["local.max_in_flight=3"]);
    let run = start(&home, &[remote(&planner), local(&worker), few]);
    worker.wait_for(|counts| counts.in_flight == 3).await;
    signal(&run, "INT");
    let said = finished(run.wait_with_output()).await;
    let report = said.json();
    assert_eq!((said.code, &report["jobs"]["cancelled"]), (130, &json!(20)), "{said:?}");
    worker.wait_for(|counts| counts.in_flight == 0 && counts.abandoned == 3).await;
    assert_eq!(worker.counts().requests, 3);
    assert_eq!(home.shown().await["ended"]["outcome"], "cancelled");
}

#[tokio::test]
async fn an_interrupt_after_the_answer_does_not_undo_it() {
    const ONE_JOB: &str = r#"
```python
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    return [JobManifest(chunk=context[0][:400], task="What did item 7 bring in?", advice="")]

def transform_outputs(jobs):
    return "\n".join(job.output.citation or "" for job in jobs)
```
"#;
    let home = Home::new();
    home.write("document.txt", ledger_of(120_000));
    let planner = planner(|step, _| (step == Step::Decompose).then(|| Reply::text(ONE_JOB))).await;
    let run = start(&home, &[remote(&planner), settings(&["remote.model=gpt-4o-mini"])]);
    home.until_journal_holds(r#""kind":"answered""#).await;
    signal(&run, "INT");
    let said = finished(run.wait_with_output()).await;
    assert_eq!((said.code, &said.json()["outcome"]), (0, &json!("answered")), "{said:?}");
    assert_eq!(home.shown().await["ended"]["outcome"], "answered");
}

#[tokio::test]
async fn a_run_that_is_paused_goes_on() {
    let home = home();
    let planner = planner(|_, _| None).await;
    let output = json!({ "explanation": "", "citation": null, "answer": "yes" }).to_string();
    let worker = Loopback::start(move |_| Reply::text(output.clone())).await;
    let run = start(&home, &[remote(&planner), local(&worker)]);
    planner.wait_for(|counts| counts.requests >= 1).await;
    signal(&run, "STOP");
    signal(&run, "CONT");
    let said = finished(run.wait_with_output()).await;
    assert_eq!((said.code, &said.json()["outcome"]), (0, &json!("answered")), "{said:?}");
}

#[tokio::test]
async fn a_budget_is_kept_before_money_is_spent() {
    let home = home();
    let planner = planner(|_, _| None).await;
    let priced = settings(&["remote.price_input=2", "remote.price_output=10"]);
    let said = home.ask(&["--json", "--budget", "0.0001"], &[remote(&planner), priced].concat()).await;
    assert_eq!((said.code, &said.json()["outcome"]), (4, &json!("budget")), "{said:?}");
    assert!(said.stderr.contains("would pass the budget of $0.0001"), "{said:?}");
    assert_eq!(planner.counts().requests, 0);
    assert_eq!(home.shown().await["ended"]["outcome"], "budget");
}

#[tokio::test]
async fn the_budget_of_the_day_is_one_for_all_sessions_of_the_folder() {
    let home = home();
    let planner = planner(|_, _| None).await;
    let ask = async |per_day: f64| {
        let per_day = format!("remote.budget_usd_per_day={per_day}");
        let priced = settings(&["remote.price_input=2", "remote.price_output=10", &per_day]);
        home.ask(&["--json"], &[remote(&planner), priced].concat()).await
    };
    let first = ask(1.0).await;
    let spent = first.json()["usage"]["remote"]["cost_usd"].as_f64().unwrap();
    assert!((first.code, spent > 0.0) == (0, true), "{first:?}");
    let before = planner.counts().requests;
    // A call may cost more than a cent: 4096 tokens of output at ten dollars a million.
    let second = ask(spent + 0.01).await;
    assert_eq!((second.code, &second.json()["outcome"]), (4, &json!("budget")), "{second:?}");
    assert!(
        second.stderr.contains("by today's sessions") && second.stderr.contains("budget_usd_per_day"),
        "{second:?}"
    );
    assert_eq!(planner.counts().requests, before);
    assert_eq!(ask(spent + 1.0).await.code, 0);
    let verified = home.run(&["sessions", "verify", "last"]).await;
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[tokio::test]
async fn a_disk_that_takes_no_more_ends_the_run_in_one_sentence_and_keeps_what_is_on_it() {
    let home = home();
    // 12 KiB a file: the document fits, the journal with the question in each request does not.
    let question = "What did item 7 bring in? ".repeat(200);
    let said = said(home.shell("trap '' XFSZ; ulimit -f 24", &["run", "-d", "document.txt", "-q", &question])).await;
    said.assert_refused(1, &["journal.jsonl", "cannot write"]);
    let listed = home.run(&["sessions", "list", "--json"]).await;
    let sessions: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!((sessions.len(), &sessions[0]["ended"]), (1, &Value::Null), "{listed:?}");
    let replayed = home.run(&["replay", "last", "--headless"]).await;
    assert_eq!(replayed.code, 0);
    assert!(replayed.stdout.contains("the session was interrupted"), "{replayed:?}");
}
