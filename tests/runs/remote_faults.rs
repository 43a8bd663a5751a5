//! A remote LM that makes mistakes is corrected; a server that fails is asked again or ends the run in one sentence.

use serde_json::json;

use crate::home::{Home, KEY, Said, ledger_of, remote, said, settings};
use crate::loopback::{Fault, Loopback, Reply, Tokens};
use crate::planner::{PROGRAM, Step, more, planner, told};

const CALLS: usize = 4;

/// A run with the embedded reader on a document of 20 lines.
async fn ask(planner: &Loopback, more: &[&str]) -> (Home, Said) {
    let home = Home::new();
    home.write("document.txt", ledger_of(20));
    let said = home.ask(&["--json"], &[remote(planner), settings(more)].concat()).await;
    home.assert_nowhere(KEY, &said);
    (home, said)
}

/// The run is answered after all.
async fn answered(planner: &Loopback, more: &[&str]) -> Home {
    let (home, said) = ask(planner, more).await;
    assert_eq!((said.code, &said.json()["answer"]), (0, &json!("10007 dollars")), "{said:?}");
    home.shown().await;
    home
}

/// The run ends in an error with these words, and all that happened is on disk.
async fn failed(planner: &Loopback, words: &[&str]) -> Home {
    let (home, said) = ask(planner, &[]).await;
    assert_eq!(said.json()["outcome"], "failed", "{said:?}");
    Said { stdout: String::new(), ..said }.assert_refused(1, words);
    let shown = home.shown().await;
    assert_eq!((&shown["ended"]["outcome"], &shown["answer"]), (&json!("failed"), &json!(null)), "{shown}");
    assert_eq!((home.facts_of("remote_asked").len(), home.facts_of("remote_failed").len()), (1, 1));
    home
}

#[tokio::test]
async fn a_reply_without_a_program_is_sent_back_once() {
    let planner =
        planner(|step, _| (step == Step::Decompose).then(|| Reply::text("First I would read the document."))).await;
    answered(&planner, &[]).await;
    let repair = told(&planner, Step::Repair);
    assert!(repair.len() == 1 && repair[0].contains("holds no ```python block"), "{repair:?}");
}

#[tokio::test]
async fn an_error_of_the_program_goes_back_with_its_line_and_not_for_ever() {
    let broken = PROGRAM.replace("lines = [", "lines = missing_name + [");
    let wrong = broken.clone();
    let mended = planner(move |step, _| (step == Step::Decompose).then(|| Reply::text(wrong.clone()))).await;
    answered(&mended, &[]).await;
    let repair = told(&mended, Step::Repair);
    assert!(repair.len() == 1 && repair[0].contains("missing_name") && repair[0].contains("line 2"), "{repair:?}");

    let never =
        planner(move |step, _| matches!(step, Step::Decompose | Step::Repair).then(|| Reply::text(broken.clone())))
            .await;
    let (home, said) = ask(&never, &["protocol.code_attempts=2"]).await;
    assert_eq!((said.code, &said.json()["outcome"]), (3, &json!("no_answer")), "{said:?}");
    assert!(said.stderr.contains("no working program in 2 attempts"), "{said:?}");
    assert_eq!(never.counts().requests, 3);
    home.shown().await;
}

#[tokio::test]
async fn an_error_goes_back_with_a_hint_and_without_words_of_the_document() {
    let broken = PROGRAM.replace("lines = [", "print(context[0])\n    import numpy\n    lines = [");
    let planner = planner(move |step, _| (step == Step::Decompose).then(|| Reply::text(broken.clone()))).await;
    let home = answered(&planner, &[]).await;
    let repair = &told(&planner, Step::Repair)[0];
    for words in
        ["No module named 'numpy'", "Hint: only the standard library's", "It had printed:", "characters of the"]
    {
        assert!(repair.contains(words), "{words}: {repair}");
    }
    assert!(!repair.contains("brought in 10"), "{repair}");
    assert_eq!(home.facts_of("code_rejected").len(), 1);
}

#[tokio::test]
async fn the_programs_of_a_session_give_the_same_when_they_run_again() {
    let broken = PROGRAM.replace("lines = [", "lines = missing_name + [");
    let planner = planner(move |step, _| match step {
        Step::Decompose => Some(Reply::text(broken.clone())),
        Step::Decide => Some(Reply::text(more())),
        _ => None,
    })
    .await;
    let home = answered(&planner, &["protocol.max_rounds=2"]).await;
    let session = home.session();
    let said = home.run(&["sessions", "verify", &session.to_string_lossy(), "--rerun-code", "--json"]).await;
    let programs = said.json()["programs"].clone();
    let programs = programs.as_array().unwrap();
    assert_eq!((said.code, programs.len()), (0, 6), "{said:?}");
    assert!(programs.iter().all(|program| program["verdict"] == "same"), "{said:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_run_goes_on_when_the_program_is_replaced_meanwhile() {
    let home = Home::new();
    home.write("document.txt", ledger_of(3));
    let installed = home.path("minions");
    std::fs::copy(env!("CARGO_BIN_EXE_minions"), &installed).unwrap();
    let program = installed.clone();
    let planner = planner(move |step, _| {
        if step == Step::Advise {
            // As an update does it: another file under the old name.
            std::fs::remove_file(&program).unwrap();
            std::fs::write(&program, "another version").unwrap();
        }
        None
    })
    .await;
    let said = said(home.asking_of(&installed, &["--json"], &remote(&planner))).await;
    assert_eq!(said.json()["outcome"], "answered", "{said:?}");
}

#[tokio::test]
async fn an_error_of_transform_outputs_is_mended_without_running_the_jobs_again() {
    let broken = PROGRAM.replace("return \"\\n\"", "return missing_name");
    let planner = planner(move |step, _| (step == Step::Decompose).then(|| Reply::text(broken.clone()))).await;
    let home = answered(&planner, &[]).await;
    assert!(told(&planner, Step::Repair)[0].contains("the jobs are done"));
    assert_eq!(home.facts_of("job_finished").len(), 20);
}

#[tokio::test]
async fn more_jobs_than_allowed_are_sent_back_with_the_limit() {
    let planner = planner(|step, _| {
        let fewer = PROGRAM.replace("if line]", "if line][:5]");
        (step == Step::Repair).then(|| Reply::text(fewer))
    })
    .await;
    let home = answered(&planner, &["protocol.max_jobs=10"]).await;
    assert!(told(&planner, Step::Repair)[0].contains("returned 20 jobs"));
    assert_eq!(home.facts_of("job_finished").len(), 5);
}

#[tokio::test]
async fn a_decision_that_is_no_json_is_asked_for_again() {
    let planner = planner(|step, _| (step == Step::Decide).then(|| Reply::text("I decide to answer."))).await;
    let home = answered(&planner, &[]).await;
    assert!(told(&planner, Step::DecideAgain)[0].contains("no JSON object"));
    assert_eq!(home.facts_of("decision_rejected").len(), 1);
}

#[tokio::test]
async fn another_round_may_be_asked_for_but_the_last_one_must_answer() {
    let decided = planner(|step, _| (step == Step::Decide).then(|| Reply::text(more()))).await;
    let home = answered(&decided, &["protocol.max_rounds=2"]).await;
    assert_eq!(home.facts_of("round_began").len(), 2);
    assert!(told(&decided, Step::Decompose)[1].contains("Look at item 7."));
    assert!(told(&decided, Step::DecideAgain)[0].contains("this is the last round"));

    let never = planner(|step, _| matches!(step, Step::Decide | Step::DecideAgain).then(|| Reply::text(more()))).await;
    let (home, said) = ask(&never, &["protocol.max_rounds=1"]).await;
    assert_eq!((said.code, &said.json()["outcome"]), (3, &json!("no_answer")), "{said:?}");
    assert!(said.stderr.contains("no valid decision in 3 attempts"), "{said:?}");
    home.shown().await;
}

#[tokio::test]
async fn an_answer_of_null_is_no_answer() {
    let planner = planner(|step, _| {
        let nothing = json!({ "decision": "provide_final_answer", "answer": null, "explanation": "not there" });
        (step == Step::Decide).then(|| Reply::text(nothing.to_string()))
    })
    .await;
    let home = Home::new();
    home.write("document.txt", ledger_of(3));
    let said = home.ask(&[], &remote(&planner)).await;
    assert_eq!((said.code, said.stdout.as_str()), (3, "No answer: the documents do not tell, as far as was read.\n"));
}

#[tokio::test]
async fn a_server_that_is_overloaded_is_asked_again_on_record() {
    for first in [
        Reply::status(503, json!({})),
        Reply::status(429, json!({})).header("retry-after", "0"),
        Reply::status(429, json!({})).header("retry-after", "1"),
        Reply::text("half of").fault(Fault::CutAfterText),
    ] {
        let planner = planner(move |step, before| (step == Step::Think && before == 0).then(|| first.clone())).await;
        let home = answered(&planner, &["remote.attempts=2"]).await;
        assert_eq!(planner.counts().requests, CALLS + 1);
        let [failure] = home.facts_of("remote_failed").try_into().unwrap();
        let wait = failure["retry_in_ms"].as_u64().unwrap();
        assert!(failure["attempt"] == 1 && (1000..=2000).contains(&wait), "{failure}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_long_wait_is_not_asked_before_and_the_wait_is_told() {
    for (seconds, words) in [("3600", "it asks to wait 1 h"), ("1500", "it asks to wait 25 min")] {
        let planner = planner(move |_, _| Some(Reply::status(429, json!({})).header("retry-after", seconds))).await;
        let (home, said) = ask(&planner, &["remote.attempts=4"]).await;
        said.assert_failed(1, &["asked too often (429)", words]);
        assert_eq!((planner.counts().requests, home.facts_of("remote_failed").len()), (1, 1));
    }
}

#[tokio::test]
async fn a_reply_that_was_cut_off_is_told_as_that_and_not_paid_for_again_where_all_was_thought() {
    let thought = Tokens { input: 100, output: 4096, reasoning: 4096, ..Tokens::default() };
    let thinks = planner(move |step, _| match step {
        Step::Think => Some(Reply::text("").finish("length").tokens(thought)),
        Step::Advise => Some(Reply::text("Look for").finish("length")),
        _ => None,
    })
    .await;
    let (home, said) = ask(&thinks, &[]).await;
    assert_eq!((said.code, thinks.counts().requests), (3, 3), "{said:?}");
    let told = "cut off at remote.max_output_tokens = 4096 (4096 of them thinking)";
    assert!(said.stderr.contains(told), "{said:?}");
    assert!(home.facts_of("note_added")[0]["text"].to_string().contains("(advise), and goes on as far as it came"));

    let half = PROGRAM.split_at(PROGRAM.find("def transform").unwrap()).0.to_owned();
    let writes = planner(move |step, _| {
        let half = Reply::text(half.clone()).finish("length");
        (step == Step::Decompose).then_some(half)
    })
    .await;
    answered(&writes, &[]).await;
    assert!(told_of(&writes).contains("cut off at remote.max_output_tokens = 4096"), "{}", told_of(&writes));
}

/// What the planner is told of its first program.
fn told_of(server: &Loopback) -> String {
    told(server, Step::Repair).remove(0)
}

#[tokio::test]
async fn what_is_no_reply_ends_the_run_in_one_sentence() {
    for (reply, words) in [
        (Reply::body("text/html", "<!doctype html><title>Welcome</title>"), "web page"),
        (Reply::body("application/json", "{}"), "no chat completion"),
        (Reply::text("").fault(Fault::Hang), "silent for 1 s"),
        (Reply::status(401, json!({ "error": { "message": format!("wrong key {KEY}") } })), "did not accept the key"),
        (Reply::status(404, json!({})), "check remote.base_url"),
        (Reply::status(400, json!({ "error": { "message": format!("odd: {KEY}") } })), "[key]"),
    ] {
        let planner = planner(move |_, _| Some(reply.clone())).await;
        failed(&planner, &[words, &planner.place(), "asked to advise"]).await;
        assert_eq!(planner.counts().requests, 1);
    }
}

#[tokio::test]
async fn what_had_come_of_a_reply_that_broke_off_is_kept() {
    for fault in [Fault::CutAfterText, Fault::EndAfterText, Fault::HangAfterText] {
        let planner = planner(move |_, _| Some(Reply::text("Half of an advice").fault(fault.clone()))).await;
        let home = failed(&planner, &[&planner.place()]).await;
        assert_eq!(home.facts_of("remote_failed")[0]["partial"], "Half of an advice");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_with_what_to_do() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let home = Home::new();
    home.write("document.txt", ledger_of(3));
    let place = format!("remote.base_url=http://{closed}/v1");
    let absent = settings(&["remote.provider=openai", "remote.model=m", "remote.attempts=1", &place]);
    let said = home.ask(&[], &absent).await;
    said.assert_refused(1, &[&closed.to_string(), "start the server"]);
    assert_eq!(said.stderr.matches("start the server").count(), 1, "told once: {said:?}");
    assert_eq!(home.shown().await["ended"]["outcome"], "failed");
}

/// Dollars for a million tokens of any kind, and another try.
const PRICED: [&str; 4] =
    ["remote.price_input=10", "remote.price_output=10", "remote.budget_usd=5", "remote.attempts=2"];

fn close(shown: &serde_json::Value, usd: f64) -> bool {
    shown.as_f64().is_some_and(|shown| (shown - usd).abs() < 1e-9)
}

#[tokio::test]
async fn a_refused_or_empty_reply_costs_what_the_server_counted() {
    let counted = Tokens { input: 3000, output: 70, ..Tokens::default() };
    for (reply, outcome, failures) in [
        (Reply::text(" ").tokens(counted), "answered", 1),
        (Reply::text("I would ra").finish("content_filter").tokens(counted), "failed", 1),
    ] {
        let planner = planner(move |step, before| (step == Step::Think && before == 0).then(|| reply.clone())).await;
        let (home, said) = ask(&planner, &PRICED).await;
        let (run, tokens) = (said.json(), planner.counts().tokens);
        let remote = &run["usage"]["remote"];
        assert_eq!((&run["outcome"], home.facts_of("remote_failed").len()), (&json!(outcome), failures), "{said:?}");
        assert_eq!((&remote["input_tokens"], &remote["output_tokens"]), (&json!(tokens.input), &json!(tokens.output)));
        let spent = (tokens.input + tokens.output) as f64 / 1e5;
        assert!(close(&remote["cost_usd"], spent) && !said.stderr.contains("lost"), "{spent}: {said:?}");
        let calls = run["calls"].as_array().unwrap().iter().filter_map(|call| call["cost_usd"].as_f64());
        assert!((calls.sum::<f64>() - spent).abs() < 1e-9, "{run}");
        let failure = &home.facts_of("remote_failed")[0];
        assert!(failure["counted"]["usage"]["input_tokens"] == 3000 && close(&failure["counted"]["cost_usd"], 0.0307));
        assert!(close(&home.shown().await["cost_usd"], spent));
    }
}

#[tokio::test]
async fn what_a_lost_answer_may_have_cost_is_told_wherever_costs_are() {
    let cut = Reply::text("half of").fault(Fault::CutAfterText);
    let planner = planner(move |step, before| (step == Step::Think && before == 0).then(|| cut.clone())).await;
    let (home, said) = ask(&planner, &PRICED).await;
    let run = said.json();
    let reserved = |fact: &serde_json::Value| fact["purpose"] == "think";
    let asked = home.facts_of("remote_asked").into_iter().find(reserved).unwrap();
    let worst = asked["estimate"]["worst_cost_usd"].as_f64().unwrap();
    assert!(worst > 0.0 && close(&run["usage"]["remote"]["lost_usd"], worst), "{worst}: {said:?}");
    let lost: Vec<f64> =
        run["calls"].as_array().unwrap().iter().map(|call| call["lost_usd"].as_f64().unwrap()).collect();
    assert_eq!(lost, [0.0, 0.0, worst, 0.0]);
    assert!(close(&home.shown().await["lost_usd"], worst));
    let shown = home.run(&["sessions", "show", "last"]).await;
    assert!(shown.stdout.contains(&format!("and at most ${worst:.4} for answers that were lost")), "{shown:?}");
    let listed = home.run(&["sessions", "list"]).await;
    assert!(listed.stdout.contains(&format!(" +≤${worst:.4}  ")), "{listed:?}");
}

#[tokio::test]
async fn a_request_that_does_not_fit_into_the_context_is_not_sent() {
    for (context, sent, purpose) in [(300, 0, "(advise)"), (4500, 1, "(decompose)")] {
        let planner = planner(|_, _| None).await;
        let (home, said) = ask(&planner, &[&format!("remote.context_tokens={context}")]).await;
        assert_eq!((said.code, &said.json()["outcome"]), (1, &json!("failed")), "{said:?}");
        said.assert_failed(1, &[purpose, &format!("into the {context} of test-model"), "remote.max_output_tokens"]);
        assert_eq!((planner.counts().requests, home.facts_of("remote_asked").len()), (sent, sent));
    }
}

/// The remote LM's key stands nowhere, whatever the server does with it: not in what any command says, not in a file.
#[tokio::test]
async fn a_key_that_a_server_echoes_everywhere_shows_nowhere() {
    let advice = format!("My key is {KEY}. Look for item 7.");
    let echoing = planner(move |step, _| (step == Step::Advise).then(|| Reply::text(advice.clone()))).await;
    let home = Home::new();
    home.write("document.txt", ledger_of(20));
    let mut run = home.asking(&["--json"], &remote(&echoing));
    run.env("MINIONS_LOG", "trace").env("RUST_BACKTRACE", "full");
    let answered = said(run).await;
    assert_eq!(answered.code, 0, "{answered:?}");
    home.assert_nowhere(KEY, &answered);
    assert!(home.facts_of("remote_answered")[0]["text"].as_str().unwrap().starts_with("My key is [key]."));
    for command in [
        &["sessions", "show", "last", "--json"][..],
        &["sessions", "show", "last"],
        &["sessions", "list", "--json"],
        &["replay", "last", "--headless"],
        &["config", "show"],
    ] {
        let shown = home.run(command).await;
        assert_eq!(shown.code, 0, "{command:?}: {shown:?}");
        home.assert_nowhere(KEY, &shown);
    }
}
