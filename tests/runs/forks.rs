//! Forks and follow-ups: only what changed is paid for or computed, and every session says where it came from.

use serde_json::{Value, json};

use crate::home::{Home, Said, ledger_of, local, remote, said, settings};
use crate::loopback::{Loopback, Reply};
use crate::planner::{PROGRAM, Step, more, planner, told};

const JOBS: usize = 8;
/// Of the first round advice, and of both a program, a thought and a decision.
const CALLS: usize = 7;

struct Scene {
    home: Home,
    planner: Loopback,
    worker: Loopback,
    settings: Vec<String>,
}

async fn worker(says: &'static str) -> Loopback {
    Loopback::start(move |request| {
        let chunk = request["messages"][1]["content"].as_str().unwrap();
        let number = chunk.split_once("Item ").unwrap().1.split(' ').next().unwrap();
        let output = json!({ "explanation": "read", "citation": null, "answer": format!("{says} {number}") });
        Reply::text(output.to_string())
    })
    .await
}

impl Scene {
    /// A session of two rounds that has ended.
    async fn new() -> Self {
        let home = Home::new();
        home.write("document.txt", ledger_of(JOBS));
        let planner = planner(|step, before| match (step, before) {
            (Step::Decide, 0) => Some(Reply::text(more())),
            _ => None,
        })
        .await;
        let worker = worker("it is").await;
        let priced = settings(&["remote.price_input=2", "remote.price_output=10"]);
        let settings = [remote(&planner), local(&worker), priced].concat();
        let scene = Self { home, planner, worker, settings };
        let ended = scene.home.ask(&["--json"], &scene.settings).await;
        assert_eq!((ended.code, scene.asked(), scene.worked()), (0, CALLS, 2 * JOBS), "{ended:?}");
        scene
    }

    fn asked(&self) -> usize {
        self.planner.counts().requests
    }

    fn worked(&self) -> usize {
        self.worker.counts().requests
    }

    async fn fork_of(&self, of: &str, args: &[&str], more: &[String]) -> Said {
        let mut command = self.home.command(&["sessions", "fork", of, "--json"]);
        command.args(args).args(self.settings.iter().chain(more).flat_map(|setting| ["--set", setting]));
        said(command).await
    }

    async fn fork(&self, args: &[&str]) -> Said {
        self.fork_of(&self.first(), args, &[]).await
    }

    /// The oldest session.
    fn first(&self) -> String {
        let ids: Vec<String> = self.ids();
        let listed =
            |id: &String| std::fs::read_to_string(self.home.path("sessions").join(id).join("journal.jsonl")).unwrap();
        ids.into_iter().find(|id| !listed(id).lines().next().unwrap().contains("\"parent\"")).unwrap()
    }

    fn ids(&self) -> Vec<String> {
        self.home.sessions().iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }

    async fn shown(&self, id: &str) -> Value {
        self.home.run(&["sessions", "show", id, "--json"]).await.json()
    }
}

#[tokio::test]
async fn a_fork_in_which_nothing_changed_pays_for_nothing_and_computes_nothing() {
    let scene = Scene::new().await;
    let fork = scene.fork(&[]).await;
    let report = fork.json();
    assert_eq!((fork.code, &report["answer"]), (0, &json!("10007 dollars")), "{fork:?}");
    assert_eq!((scene.asked(), scene.worked()), (CALLS, 2 * JOBS), "nothing was asked anew");
    assert_eq!(
        (&report["usage"]["remote"]["cost_usd"], &report["exposed"]["bytes"]),
        (&json!(0.0), &json!(0)),
        "{fork:?}"
    );
    assert!(fork.stderr.contains("0 of 16 jobs gave something else"), "{fork:?}");
    // The tree shows where it left, and what is another way.
    let tree = scene.home.run(&["sessions", "tree", report["session"].as_str().unwrap(), "--json"]).await.json();
    assert_eq!((&tree[0]["depth"], &tree[1]["depth"]), (&json!(0), &json!(1)), "{tree}");
    assert_eq!((&tree[1]["id"], &tree[1]["parent"]["changed"]), (&report["session"], &Value::Null), "{tree}");
    let drawn = scene.home.run(&["sessions", "tree", "--set", "screen.ascii=true"]).await.stdout;
    assert!(drawn.lines().nth(1).unwrap().starts_with("`- "), "{drawn}");
    // Both know of one another, and the fork stands by itself.
    let id = report["session"].as_str().unwrap();
    let first = scene.first();
    assert_eq!(scene.shown(id).await["parent"]["session"], first.as_str());
    assert_eq!(scene.shown(&first).await["forks"], json!([id]));
    assert_eq!(scene.home.run(&["sessions", "delete", &first, "--yes"]).await.code, 0);
    let verified = scene.home.run(&["sessions", "verify", id]).await;
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[tokio::test]
async fn a_fork_at_a_round_asks_anew_only_where_it_is_told_to() {
    let scene = Scene::new().await;
    let fork = scene.fork(&["--from", "round:2", "--ask-anew"]).await;
    assert_eq!((fork.code, scene.asked(), scene.worked()), (0, CALLS + 3, 3 * JOBS), "{fork:?}");
    assert!(fork.json()["usage"]["remote"]["cost_usd"].as_f64().unwrap() > 0.0);
    let missing = scene.fork(&["--from", "round:7"]).await;
    missing.assert_refused(2, &["has no round 7"]);
    scene.fork(&["--from", "9999"]).await.assert_refused(2, &["has no record 9999"]);
}

#[tokio::test]
async fn a_fork_that_cannot_begin_leaves_no_session_behind() {
    let scene = Scene::new().await;
    let nowhere = ["local.provider=llama-cpp".to_owned(), "local.model=/nowhere/model.gguf".to_owned()];
    let fork = scene.fork_of(&scene.first(), &[], &nowhere).await;
    assert!(fork.code != 0 && fork.stderr.contains("model.gguf"), "{fork:?}");
    assert_eq!(scene.ids().len(), 1, "{fork:?}");
}

#[tokio::test]
async fn another_lever_pays_for_what_it_changes() {
    let scene = Scene::new().await;
    let fork = scene.fork(&["--samples", "2"]).await;
    assert_eq!(fork.code, 0, "{fork:?}");
    // The limits stand in what is asked from decompose on; the first samples are on record.
    assert_eq!(
        scene.asked(),
        CALLS + fork.json()["usage"]["remote"]["calls"].as_u64().unwrap() as usize - 1,
        "{fork:?}"
    );
    let jobs = fork.json()["jobs"]["planned"].as_u64().unwrap() as usize;
    assert_eq!(scene.worked(), 2 * JOBS + jobs / 2);
}

#[tokio::test]
async fn a_program_that_does_not_load_is_refused_and_one_that_fails_is_told_of() {
    let scene = Scene::new().await;
    scene.home.write("half.py", "def prepare_jobs(context):\n    return []\n");
    let refused = scene.fork(&["--from", "round:1", "--code", "half.py"]).await;
    refused.assert_refused(1, &["the program of --code does not load", "nothing was asked", "transform_outputs"]);
    scene.home.write("broken.py", "def prepare_jobs(context:\n");
    scene.fork(&["--from", "round:1", "--code", "broken.py"]).await.assert_refused(1, &["does not load", "line 1"]);
    assert_eq!((scene.ids().len(), scene.asked()), (1, CALLS), "nothing came of either");

    let raises = "def prepare_jobs(context, prev_job_manifests, prev_job_outputs):\n    raise ValueError('not today')\n\ndef transform_outputs(jobs):\n    return ''\n";
    scene.home.write("raises.py", raises);
    let fork = scene.fork(&["--from", "round:1", "--code", "raises.py"]).await;
    assert_eq!(fork.code, 0, "{fork:?}");
    assert!(fork.stderr.contains("another one ran in its place: line 2: ValueError: not today"), "{fork:?}");
}

#[tokio::test]
async fn another_program_and_another_output_of_a_job_are_facts_of_the_fork() {
    let scene = Scene::new().await;
    let program = PROGRAM.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    scene.home.write("other.py", program.replace("kept[:20]", "kept[:1]"));
    let fork = scene.fork(&["--from", "round:1", "--code", "other.py"]).await;
    assert_eq!((fork.code, scene.worked()), (0, 2 * JOBS), "the same jobs are not run again: {fork:?}");
    let thoughts = told(&scene.planner, Step::Think);
    assert!(thoughts[0].contains("it is 3") && !thoughts[2].contains("it is 3") && thoughts[2].contains("it is 0"));

    let output =
        r#"{"explanation": "by hand", "citation": "Item 3 brought in 10003 dollars in that year.", "answer": "mine"}"#;
    let before = told(&scene.planner, Step::Think).len();
    let fork = scene.fork(&["--job", "1.3", "--output", output]).await;
    assert_eq!((fork.code, scene.worked()), (0, 2 * JOBS), "{fork:?}");
    let thoughts = told(&scene.planner, Step::Think);
    assert!(thoughts[before].contains("mine | Item 3 brought in") && thoughts[before].contains("it is 4"));
    assert!(fork.stderr.contains("job 1.3: it is 3 → mine"), "{fork:?}");
    scene.fork(&["--job", "1.99", "--output", output]).await.assert_refused(2, &["no job 1.99"]);
}

#[tokio::test]
async fn the_local_half_runs_again_with_another_model_at_no_remote_cost() {
    let scene = Scene::new().await;
    let other = worker("I say").await;
    let fork = scene.fork_of(&scene.first(), &["--rerun-local"], &local(&other)).await;
    let report = fork.json();
    assert_eq!((fork.code, scene.asked(), other.counts().requests), (0, CALLS, 2 * JOBS), "{fork:?}");
    assert_eq!(
        (&report["usage"]["remote"]["cost_usd"], &report["exposed"]["bytes"]),
        (&json!(0.0), &json!(0)),
        "{fork:?}"
    );
    assert!(
        fork.stderr.contains("16 of 16 jobs gave something else") && fork.stderr.contains("it is 3 → I say 3"),
        "{fork:?}"
    );
}

#[tokio::test]
async fn a_local_half_that_nobody_reads_is_left_open_with_why_and_read_once_somebody_does() {
    let scene = Scene::new().await;
    let dead = settings(&["local.base_url=http://127.0.0.1:9/v1", "local.attempts=1"]);
    let fork = scene.fork_of(&scene.first(), &["--rerun-local"], &dead).await;
    assert_eq!(fork.code, 3, "{fork:?}");
    assert!(
        fork.stderr.contains("none of its jobs could be done") && fork.stderr.contains("`minions resume "),
        "{fork:?}"
    );
    let ids = scene.ids();
    let forked = ids.iter().find(|id| **id != scene.first()).unwrap();
    let mut again = scene.home.command(&["resume", forked, "--json"]);
    again.args(scene.settings.iter().flat_map(|setting| ["--set", setting]));
    let again = said(again).await;
    assert_eq!((again.code, scene.asked(), scene.worked()), (0, CALLS, 4 * JOBS), "{again:?}");
}

#[tokio::test]
async fn what_no_model_is_asked_is_held_back_by_no_limit_and_counted_nowhere() {
    let home = Home::new();
    home.write("document.txt", ledger_of(JOBS));
    let planner = planner(|_, _| None).await;
    let worker = citing().await;
    let reader = local(&worker);
    let asked = home.ask(&["--json"], &[remote(&planner), reader.clone()].concat()).await;
    assert!(asked.json()["exposed"]["bytes"].as_u64().unwrap() > 100, "{asked:?}");
    let limit = settings(&["remote.max_exposed_share=0.01"]);
    let offline = [reader.clone(), limit.clone(), settings(&["remote.provider=offline"])].concat();
    let fork = |args: &[&str], settings: Vec<String>| {
        let mut command = home.command(&["sessions", "fork", asked.json()["session"].as_str().unwrap(), "--json"]);
        command.args(args).args(settings.iter().flat_map(|setting| ["--set", setting]));
        said(command)
    };
    let again = fork(&["--rerun-local"], [remote(&planner), reader.clone(), limit.clone()].concat()).await;
    assert_eq!((again.code, &again.json()["exposed"]["bytes"]), (0, &json!(0)), "{again:?}");
    let by_offline = fork(&[], offline.clone()).await;
    assert!([0, 3].contains(&by_offline.code) && by_offline.json()["outcome"] != "exposure", "{by_offline:?}");
    // A model that is asked anew is held to it.
    let by_model = fork(&["--ask-anew"], [remote(&planner), reader, limit].concat()).await;
    assert_eq!(by_model.code, 4, "{by_model:?}");
}

/// Answers with the words of the document.
async fn citing() -> Loopback {
    Loopback::start(|request| {
        let chunk = request["messages"][1]["content"].as_str().unwrap();
        let item = chunk.split_once("Item ").unwrap().1.split('.').next().unwrap();
        let output = json!({ "explanation": "read", "citation": format!("Item {item}."), "answer": "it is" });
        Reply::text(output.to_string())
    })
    .await
}

#[tokio::test]
async fn a_new_question_goes_on_from_what_is_known_and_the_same_jobs_are_not_run_again() {
    let scene = Scene::new().await;
    let fork = scene.fork(&["-q", "And what did item 8 bring in?"]).await;
    assert_eq!((fork.code, scene.worked()), (0, 2 * JOBS), "{fork:?}");
    let programs = told(&scene.planner, Step::Decompose);
    let last = programs.last().unwrap();
    assert!(last.contains("And what did item 8") && last.contains("What did item 7 bring in?"), "{last}");
    assert!(last.contains("10007 dollars") && last.contains("Nothing yet."), "{last}");
    assert!(!programs[0].contains("before; the answers are known already"));
    // The next one knows of both.
    let id = fork.json()["session"].as_str().unwrap().to_owned();
    let again = scene.fork_of(&id, &["-q", "And item 9?"], &[]).await;
    assert_eq!(again.code, 0, "{again:?}");
    let programs = told(&scene.planner, Step::Decompose);
    let last = programs.last().unwrap();
    assert!(last.contains("What did item 7") && last.contains("And what did item 8") && last.contains("And item 9?"));
}
