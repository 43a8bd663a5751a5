//! Private words are planted in everything that could leave, and looked for in every byte that the server got.

use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use crate::home::{Home, remote, settings};
use crate::loopback::{Loopback, Reply};
use crate::planner::{Step, planner};

/// Every way in which they must not leave, in lower case.
const PRIVATE: [&str; 9] =
    ["jürgen", "müller", "j\\u00fcrgen", "m\\u00fcller", "relüm", "anna.lind", "0532013000", "0532 0130 00", "1234567"];

const DOCUMENT: &str = "\
Account holder: Jürgen Müller, born 1961.\n\
MÜLLER, JÜRGEN pays into DE89 3704 0044 0532 0130 00 every month.\n\
In 2023 Jürgen\n   Müller paid 4,812 euros to the fund, as Anna.Lind@Example.org confirmed.\n\
Call him at +49 30 1234567. The fund itself held 91,400 euros.\n";

/// A program that gives away what it can: through its jobs, what it prints, its errors and its text, written in many ways.
const GREEDY: &str = r#"```python
import json, re

def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    if FAIL:
        print(context[0])
        raise ValueError(json.dumps(context) + context[0][::-1] + repr(context).upper())
    found = re.findall(r"[^\n]*(?:NAME_1| paid )[^\n]*", context[0])
    print(found)
    return [JobManifest(chunk=line, task="How much did NAME_1 pay?", advice="Look for NAME_1 and EMAIL_1.") for line in found]

def transform_outputs(jobs):
    said = [[job.output.answer, job.output.citation, job.output.explanation, job.manifest.task, job.manifest.chunk] for job in jobs]
    return "\n".join([json.dumps(said), repr(said), str(said)[::-1], str(said).upper()])
```"#;

fn answer() -> String {
    json!({
        "decision": "provide_final_answer",
        "answer": "NAME_1 paid 4,812 euros.",
        "explanation": "EMAIL_1 confirmed it.",
        "citations": ["NAME_1 paid 4,812 euros to the fund, as EMAIL_1 confirmed."],
    })
    .to_string()
}

fn more() -> String {
    let (feedback, scratchpad) = ("What did NAME_1 pay?", "NAME_1 pays into IBAN_1.");
    json!({ "decision": "request_additional_info", "explanation": "-", "feedback": feedback, "scratchpad": scratchpad })
        .to_string()
}

async fn greedy() -> Loopback {
    planner(|step, before| {
        Some(Reply::text(match (step, before) {
            (Step::Decompose, _) => GREEDY.replace("FAIL", "True"),
            (Step::Repair, _) => GREEDY.replace("FAIL", "False"),
            (Step::Decide, 0) => "{\"decision\": \"NAME_1\"}".to_owned(),
            (Step::DecideAgain, 0) => more(),
            (Step::Decide | Step::DecideAgain, _) => answer(),
            (step, _) => return Some(step.good_reply()),
        }))
    })
    .await
}

fn rules() -> Vec<String> {
    settings(&["redact.names=Jürgen Müller", "redact.email=true", "redact.iban=true", "redact.phone=true"])
}

#[tokio::test]
async fn no_private_word_reaches_the_server_and_all_come_back_here() {
    let planner = greedy().await;
    let home = Home::new();
    home.write("document.txt", DOCUMENT);
    let with = [remote(&planner), rules()].concat();
    let mut command = home.asking(&["--json", "-q", "How much did jürgen  MÜLLER (anna.lind@example.org) pay?"], &with);
    command.env("MINIONS_LOG", "trace");
    let said = crate::home::said(command).await;
    let report = said.json();
    assert_eq!(report["outcome"], "answered", "{said:?}");
    let requests = planner.requests();
    let steps: Vec<Step> = requests.iter().map(|request| Step::of(&request.body)).collect();
    for step in [Step::Advise, Step::Decompose, Step::Repair, Step::Think, Step::Decide, Step::DecideAgain] {
        assert!(steps.contains(&step), "{step:?} was never asked: {steps:?}");
    }
    for request in &requests {
        let sent = request.body.to_string();
        for text in [sent.to_lowercase(), sent.to_lowercase().chars().rev().collect()] {
            for word in PRIVATE {
                assert!(!text.contains(word), "{word} left: {sent}");
            }
        }
    }
    let all: String = requests.iter().map(|request| request.body.to_string()).collect();
    assert!(all.contains("NAME_1") && all.contains("EMAIL_1") && all.contains("4,812 euros"), "{all}");
    // On this side the words are back.
    assert_eq!(report["answer"], "Jürgen Müller paid 4,812 euros.");
    let citation = &report["citations"][0];
    assert_eq!(citation["match"], "normalised", "{citation}");
    assert_eq!(citation["text"], "Jürgen\n   Müller paid 4,812 euros to the fund, as Anna.Lind@Example.org confirmed.");
    let planned = home.facts_of("jobs_planned");
    assert_eq!(planned[0]["tasks"], json!(["How much did Jürgen Müller pay?"]));
    let spans = planned[0]["chunks"].as_array().unwrap();
    assert!(spans.iter().all(|chunk| chunk["span"].is_object()), "chunks are found in the document: {spans:?}");
    // What is on record of a request is what left; the rules are in the settings.
    for asked in home.facts_of("remote_asked") {
        assert!(!asked.to_string().contains("Müller"), "{asked}");
    }
    let opened = home.facts_of("session_opened");
    assert_eq!(opened[0]["settings"]["redact"]["rules"]["names"], json!(["Jürgen Müller"]));
}

/// Names as documents have them that no editor of one's own wrote.
const OTHERWISE: &str = "\
Ju\u{308}rgen Mu\u{308}ller paid 10 euros, as Mu\u{308}ller said; the clerk wrote Juergen Mueller.\n\
Jose\u{301} Pen\u{303}a Nu\u{301}n\u{303}ez paid 20 euros, JOSE PENA NUNEZ signed.\n\
İbrahim Çelik paid 30 euros, I\u{307}brahim C\u{327}elik wrote, İBRAHİM ÇELİK signed.\n\
ΜΑΡΙΑ ΠΑΠΑΔΟΠΟΥΛΟΥ paid 40 euros, Μαρία Παπαδοπούλου wrote.\n\
ANNA WEISSGERBER paid 50 euros, Anna Weißgerber wrote.\n\
Ｊａｎｅ Ｄｏｅ paid 60 euros, ＪＡＮＥ　ＤＯＥ signed.\n\
Wu; Li. Dr. Wu paid 70 euros, Li Wu and Ng Bo wrote.\n\
See https://example.org/people/Jane%20Doe?of=J%C3%BCrgen%20M%C3%BCller who paid 80 euros.\n";

#[tokio::test]
async fn names_that_are_written_in_other_letters_do_not_leave_either() {
    let planner = greedy().await;
    let home = Home::new();
    home.write("document.txt", OTHERWISE);
    let names =
        ["Jürgen Müller", "José Peña Núñez", "İbrahim Çelik", "Μαρία Παπαδοπούλου", "Anna Weißgerber", "Jane Doe"];
    let names = names.into_iter().chain(["Li Wu", "Bo Ng"]);
    let asked = ["--json", "-q", "How much did İbrahim Çelik and Jurgen Muller pay?"];
    let arguments: Vec<&str> = asked.into_iter().chain(names.flat_map(|name| ["--redact-name", name])).collect();
    let said = home.ask(&arguments, &remote(&planner)).await;
    assert_eq!(said.json()["outcome"], "answered", "{said:?}");
    let sent: String = planner.requests().iter().map(|request| request.body.to_string()).collect();
    assert!(sent.contains(" paid 10 euros") && sent.contains(" paid 60 euros"), "{sent}");
    // Whatever letters the server takes for the same.
    let bare = sent.nfkd().filter(|mark| !matches!(mark, '\u{300}'..='\u{36f}')).flat_map(char::to_lowercase);
    let bare: String = bare.nfkd().filter(|mark| *mark != '\u{307}').collect();
    for name in
        ["jurgen", "juergen", "muller", "mueller", "pena", "nunez", "ibrahim", "celik", "μαρια", "παπαδ", "weiss"]
    {
        assert!(!bare.contains(name), "{name} left: {sent}");
    }
    for name in ["weiß", "jane", "u\\u0308", "%c3%bc"] {
        assert!(!bare.contains(name), "{name} left: {sent}");
    }
    // As a word: the prompts say what a program does.
    let mut words = bare.split(|character: char| !character.is_alphanumeric());
    assert!(!words.any(|word| word == "doe"), "{sent}");
    for name in ["Li", "Wu", "Bo", "Ng"] {
        let mut words = sent.split(|character: char| !character.is_alphanumeric());
        assert!(!words.any(|word| word == name), "{name} left: {sent}");
    }
}

#[tokio::test]
async fn the_planner_without_a_model_works_with_placeholders_too() {
    let home = Home::new();
    home.write("document.txt", DOCUMENT.repeat(3));
    let said = home.ask(&["--json", "-q", "How much did Jürgen Müller pay in 2023?"], &rules()).await;
    let report = said.json();
    assert_eq!(report["outcome"], "answered", "{said:?}");
    let answer = report["answer"].as_str().unwrap();
    assert!(answer.contains("4,812") && !answer.contains("NAME_1"), "{answer}");
    for asked in home.facts_of("remote_asked") {
        assert!(!asked.to_string().contains("Müller"), "{asked}");
    }
}

#[tokio::test]
async fn a_rule_that_cannot_be_kept_to_is_refused_before_anything_is_made() {
    let home = Home::new();
    home.write("document.txt", DOCUMENT);
    let said = home.ask(&[], &settings(&["redact.patterns=("])).await;
    assert_eq!((said.code, home.sessions().len()), (2, 0), "{said:?}");
    assert!(said.stderr.contains("[redact]") && said.stderr.contains("regular expression"), "{said:?}");
}

#[tokio::test]
async fn what_is_kept_private_from_a_fork_on_leaves_in_no_request_of_it_and_what_was_before_stays_so() {
    let planner = greedy().await;
    let home = Home::new();
    home.write("document.txt", DOCUMENT);
    let models = remote(&planner);
    let old = settings(&["redact.email=true", "redact.iban=true", "redact.phone=true"]);
    let ended = home.ask(&["--json"], &[models.clone(), old].concat()).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let before = planner.requests().len();
    let mut command = home.command(&["sessions", "fork", "last", "--json", "--ask-anew"]);
    command.args(["--redact-name", "Jürgen Müller"]).args(models.iter().flat_map(|setting| ["--set", setting]));
    let fork = crate::home::said(command).await;
    let report = fork.json();
    assert_eq!(report["answer"], "Jürgen Müller paid 4,812 euros.", "{fork:?}");
    let requests = planner.requests();
    assert!(requests.len() > before);
    for request in &requests[before..] {
        let sent = request.body.to_string().to_lowercase();
        assert!(!sent.contains("name_0"), "every word has a number of its own: {sent}");
        for word in PRIVATE {
            assert!(!sent.contains(word), "{word} left: {sent}");
        }
    }
}
