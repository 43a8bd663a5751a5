//! A whole run over HTTP on both sides, with as many jobs as a round may have.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use crate::home::{Home, KEY, ledger_of, local, remote, settings};
use crate::loopback::{Counts, Loopback, Nature, Reply, Tokens};
use crate::planner::{Step, planner};

const JOBS: usize = 2048;
const AT_ONCE: usize = 64;
/// Dollars for a million tokens that make a token cost 2⁻⁶, 2⁻⁸ and 2⁻⁵ dollars, so that every sum of them is exact.
const PRICES: [f64; 3] = [15_625.0, 3_906.25, 31_250.0];

/// A worker that goes wrong in many ways. It knows a job by the number in its line.
async fn worker() -> Loopback {
    let tries = Mutex::new(HashMap::<usize, usize>::new());
    Loopback::start(move |request| {
        let chunk = request["messages"][1]["content"].as_str().unwrap();
        let number = chunk.split_once("Item ").unwrap().1.split(' ').next().unwrap().parse::<usize>().unwrap();
        let mut tries = tries.lock().unwrap();
        let before = tries.entry(number).or_default();
        *before += 1;
        reply(number, *before - 1).after(Duration::from_millis(5))
    })
    .await
}

fn reply(number: usize, before: usize) -> Reply {
    let citation = format!("Item {number} brought in {} dollars in that year.", 10_000 + number);
    let output = |answer: Value| {
        let citation = if answer.is_null() { Value::Null } else { json!(citation) };
        Reply::text(json!({ "explanation": "read", "citation": citation, "answer": answer }).to_string())
    };
    let good = || output(json!(format!("{} dollars", 10_000 + number)));
    match (number % 16, before) {
        (1..=4, _) => output(Value::Null),
        (5, 0) => Reply::text("I think it was a good year."),
        (6, _) => Reply::text("{\"answer\": [1, 2]}"),
        (8, 0) => Reply::text("{\"explanation\": \"it").finish("length"),
        (9, _) => Reply::text("{\"explanation\": \"it goes on").finish("length"),
        (10, _) => Reply::status(500, json!({ "error": { "message": format!("choked on {citation}") } })),
        (11, 0) => Reply::status(503, json!({})),
        (12, _) => Reply::text(format!("```json\n{{\"answer\": \"{number}\"}}\n```")),
        _ => good(),
    }
    .tokens(Tokens { input: 50 + number as u64 % 7, output: 11, ..Tokens::default() })
}

#[tokio::test]
async fn every_one_of_2048_jobs_ends_and_the_bill_is_the_servers_own_count() {
    let home = Home::new();
    home.write("document.txt", ledger_of(JOBS));
    let planner = planner(|step, _| {
        let tokens = Tokens { input: 1000, cached: 640, output: 77, reasoning: 30 };
        Some(step.good_reply().tokens(tokens))
    })
    .await;
    let worker = worker().await;
    let [input, cached, output] = PRICES;
    let priced = settings(&[
        &format!("remote.price_input={input}"),
        &format!("remote.price_cached_input={cached}"),
        &format!("remote.price_output={output}"),
        &format!("local.max_in_flight={AT_ONCE}"),
        "local.attempts=2",
    ]);
    let said = home.ask(&["--json"], &[remote(&planner), local(&worker), priced].concat()).await;
    assert_eq!(said.code, 0, "{said:?}");
    let report = said.json();
    assert_eq!(report["outcome"], "answered");
    assert_eq!(report["answer"], "10007 dollars");
    assert_keys(&report);

    // 0, 5, 7, 8 and 11 to 15 of every 16 answer in the end.
    let each = JOBS / 16;
    let tally = json!({
        "planned": JOBS,
        "answered": 9 * each,
        "abstained": 4 * each,
        "malformed": each,
        "truncated": each,
        "failed": each,
        "cancelled": 0,
    });
    assert_eq!(report["jobs"], tally);

    let saw = worker.counts();
    assert!((2..=AT_ONCE).contains(&saw.most_in_flight) && saw.abandoned == 0, "{saw:?}");
    let fleet = &report["fleet"];
    let answered = (saw.requests - 3 * each) as u64;
    assert_eq!(
        (&fleet["answered"], &fleet["refused"], &fleet["up"]),
        (&json!(answered), &json!(each), &json!(1)),
        "{fleet}"
    );
    assert_eq!(saw.requests, JOBS + 4 * each + 2 * each, "5, 6, 8, 9 are asked anew; 10, 11 are sent again");
    assert_usage(&report["usage"]["local"], &saw, JOBS + 4 * each - each);
    assert!(worker.requests().iter().all(|request| request.authorization.is_none()));

    let saw = planner.counts();
    assert_eq!((saw.requests, saw.most_in_flight), (4, 1));
    assert_usage(&report["usage"]["remote"], &saw, 4);
    let Tokens { input: all, cached: again, output: written, .. } = saw.tokens;
    let bill = ((all - again) as f64 * input + again as f64 * cached + written as f64 * output) / 1e6;
    assert_eq!(report["usage"]["remote"]["cost_usd"], bill);
    let key = format!("Bearer {KEY}");
    assert!(planner.requests().iter().all(|request| request.authorization.as_ref() == Some(&key)));

    let shown = home.shown().await;
    assert_eq!((&shown["jobs"], &shown["answer"]), (&json!(JOBS), &json!("10007 dollars")));
    assert_eq!(home.facts_of("job_retried").len(), 4 * each);
    assert!(home.facts_of("job_finished").iter().all(|fact| !fact.to_string().contains("choked")));
    home.assert_nowhere(KEY, &said);
}

#[tokio::test]
async fn where_no_job_can_be_done_the_planner_is_not_paid_and_resume_tries_again() {
    let home = Home::new();
    home.write("document.txt", ledger_of(JOBS));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let planner = planner(|_, _| None).await;
    let nobody =
        settings(&["local.provider=openai", "local.model=test-model", &format!("local.base_url=http://{closed}/v1")]);
    let sets = [remote(&planner), nobody].concat();
    let said = home.ask(&["--json"], &sets).await;
    let report = said.json();
    assert_eq!((&report["jobs"]["planned"], &report["jobs"]["failed"]), (&json!(JOBS), &json!(JOBS)));
    let refused = |fact: &Value| fact["outcome"]["error"].as_str().unwrap().contains("start the server");
    assert!(home.facts_of("job_finished").iter().all(refused));
    assert!(report["reason"].as_str().unwrap().contains("start the server"), "{report}");
    said.assert_failed(3, &["none of its jobs could be done", "start the server", "`minions resume"]);
    assert!(said.stderr.contains("paused, since none of the 2048 jobs could be done"), "{said:?}");
    assert_eq!(planner.counts().requests, 2, "advise and decompose");

    let nature = Nature { address: Some(closed), ..Nature::default() };
    let _server = Loopback::start_as(nature, |request| worker_reply(request, 7)).await;
    let args: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    let again = home.run(&[&["resume", "last", "--json"], args.as_slice()].concat()).await;
    assert_eq!((again.code, &again.json()["jobs"]["failed"]), (0, &json!(2)), "{again:?}");
    assert!(again.stderr.contains("2 of 2048 jobs failed; the first with: "), "{again:?}");
    assert_eq!(planner.counts().requests, 4);
}

#[tokio::test]
async fn a_reader_that_keeps_to_no_form_is_told_with_what_helps() {
    let home = Home::new();
    home.write("document.txt", ledger_of(16));
    let none = r#"{"decision": "provide_final_answer", "answer": null, "explanation": "no outputs"}"#;
    let planner = planner(move |step, _| matches!(step, Step::Decide).then(|| Reply::text(none))).await;
    for (reply, told) in [
        (Reply::text("I would say {so}."), "16 malformed (the first: "),
        (Reply::text("").finish("length"), "16 cut at local.max_output_tokens = 512; raise that"),
    ] {
        let reader = Loopback::start(move |_| reply.clone()).await;
        let said = home.ask(&[], &[remote(&planner), local(&reader)].concat()).await;
        assert_eq!(said.code, 3, "{said:?}");
        let round = said.stderr.lines().find(|line| line.starts_with("round 1: no job gave a usable output: "));
        assert!(round.is_some_and(|line| line.contains(told)), "{said:?}");
        let ending = said.stdout.lines().find(|line| line.starts_with("No answer: nothing was read of the documents"));
        assert!(ending.is_some_and(|line| line.contains(told)), "{said:?}");
    }
}

/// The jobs of two lines are refused for good.
fn worker_reply(request: &Value, refused: usize) -> Reply {
    let chunk = request["messages"][1]["content"].as_str().unwrap();
    let number = chunk.split_once("Item ").unwrap().1.split(' ').next().unwrap().parse::<usize>().unwrap();
    if number == refused || number == refused + 1 { Reply::status(400, json!({})) } else { reply(0, 0) }
}

/// The object of `run --json` has these keys and no others, down to the last.
fn assert_keys(report: &Value) {
    let lm = "calls input_tokens cached_input_tokens output_tokens reasoning_tokens cost_usd estimated estimated_usd \
              cache_write_input_tokens estimated_input_tokens estimated_output_tokens seconds";
    for (place, keys) in [
        (
            "",
            "session protocol outcome answer citations uncited_numbers rounds jobs usage calls by_round prices baseline expected \
             exposed fleet seconds",
        ),
        ("/citations/0", "document start end page line heading text match places place_count or_more"),
        ("/jobs", "planned answered abstained malformed truncated failed cancelled"),
        ("/usage", "remote local"),
        ("/usage/remote", &format!("{lm} lost_usd replies")),
        ("/usage/local", lm),
        ("/baseline", "input_tokens cost_usd ratio ratio_estimated ratio_at_most estimated"),
        ("/exposed", "bytes share by_request by_purpose"),
        ("/exposed/by_request/0", "round purpose attempt bytes share new_bytes total_share spans span_count"),
        ("/exposed/by_purpose/0", "purpose requests bytes share"),
    ] {
        let found: BTreeSet<&str> =
            report.pointer(place).unwrap().as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(found, keys.split(' ').collect(), "{place}");
    }
}

/// The program's count is the server's.
fn assert_usage(usage: &Value, saw: &Counts, calls: usize) {
    let Tokens { input, cached, output, reasoning } = saw.tokens;
    assert_eq!(usage["calls"], calls);
    assert_eq!((&usage["input_tokens"], &usage["output_tokens"]), (&json!(input), &json!(output)));
    assert_eq!((&usage["cached_input_tokens"], &usage["reasoning_tokens"]), (&json!(cached), &json!(reasoning)));
    assert_eq!(usage["estimated"], false);
}
