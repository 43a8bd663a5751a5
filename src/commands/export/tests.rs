//! What every format promises: hostile text stays text, what is redacted is nowhere, documents stay out unless asked for.

use std::path::Path;

use super::*;
use crate::cli::ExportArgs;
use crate::commands::import;
use crate::document::Document;
use crate::journal::world::World;
use crate::journal::{Durability, Session};
use crate::protocol::{
    AskId, Chunk, Estimate, Fact, Held, PlannedJob, PlannedJobs, Purpose, RemoteAsk, ReplyFormat, prompts,
};

/// Text that is markup, a way out of markup, or a command to a terminal, in every place where text can come from.
const HOSTILE: &str = "</pre></script><script>alert(1)</script><img src=x onerror=alert(2)> ```` [a](javascript:x) ![b](http://evil/) \u{1b}[2J\u{9b}31m \u{202e}| \" ' & --> ]]>";

fn log() -> serde_json::Value {
    let document = format!("Anna Berg paid 12 dollars. {HOSTILE}\n```\n# no heading\n");
    let reply = serde_json::json!({ "explanation": HOSTILE, "citation": "Anna Berg paid 12 dollars", "answer": format!("12 {HOSTILE}") });
    serde_json::json!({
        "task": format!("What did Anna Berg pay? {HOSTILE}"),
        "conversation": [
            { "user": "remote", "prompt": "advise", "output": format!("look for payments {HOSTILE}") },
            { "user": "supervisor", "prompt": "write", "output": format!("```python\ndef prepare_jobs(context):\n    return '{HOSTILE}'\n```") },
            { "user": "worker", "prompt": "Sending 1 worker chats", "output": [reply.to_string()],
              "job_manifests": [{ "chunk": document, "task": format!("payments {HOSTILE}"), "advice": "", "chunk_id": 0, "task_id": 0, "job_id": 0 }],
              "job_outputs": [{ "job_id": 0, "chunk_id": 0, "task_id": 0, "output": reply }] },
            { "user": "supervisor", "prompt": "think", "output": HOSTILE },
            { "user": "supervisor", "prompt": "decide", "output": serde_json::json!({
                "decision": "provide_final_answer", "explanation": HOSTILE, "answer": format!("She paid 12. {HOSTILE}"),
                "citations": ["Anna Berg paid 12 dollars", format!("invented {HOSTILE}")] }).to_string() },
        ],
        "generated_final_answer": format!("She paid 12. {HOSTILE}"),
        "usage": { "remote": { "prompt_tokens": 10, "completion_tokens": 2 }, "local": {} },
    })
}

fn hostile() -> (tempfile::TempDir, Store, Session) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("sessions"));
    let file = folder.path().join("log.json");
    std::fs::write(&file, log().to_string()).unwrap();
    import::import(&store, &file, &[], &mut Vec::new()).unwrap();
    let session = store.resolve("last").unwrap();
    (folder, store, session)
}

fn exported(store: &Store, format: ExportFormat, redact: &[&str], with_documents: bool) -> String {
    let args = ExportArgs {
        session: "last".into(),
        json: false,
        format: Some(format),
        output: None,
        redact: redact.iter().map(ToString::to_string).collect(),
        with_documents,
        size: (120, 36),
    };
    let mut out = Vec::new();
    export(store, &args, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const ALL: [ExportFormat; 4] = [ExportFormat::Md, ExportFormat::Json, ExportFormat::Html, ExportFormat::Cast];

#[test]
fn no_format_lets_a_terminal_obey_anything() {
    let (_folder, store, _) = hostile();
    for format in ALL {
        let text = exported(&store, format, &[], true);
        assert!(!text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')), "{format:?}");
        assert!(!text.contains('\u{202e}'), "{format:?}");
    }
}

#[test]
fn the_page_is_well_formed_and_holds_only_elements_of_our_own() {
    let (_folder, store, _) = hostile();
    for with_documents in [false, true] {
        let page = exported(&store, ExportFormat::Html, &[], with_documents);
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let tree = roxmltree::Document::parse_with_options(&page, options).unwrap();
        let allowed = [
            "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "dl", "dt", "dd", "ol",
            "ul", "li", "q", "a", "table", "tr", "th", "td", "details", "summary", "pre", "mark", "span", "small",
        ];
        for element in tree.descendants().filter(roxmltree::Node::is_element) {
            assert!(allowed.contains(&element.tag_name().name()), "<{}>", element.tag_name().name());
            for attribute in element.attributes() {
                let own = ["lang", "charset", "http-equiv", "content", "name", "class", "id", "href"];
                assert!(own.contains(&attribute.name()), "{attribute:?}");
                assert!(attribute.name() != "href" || attribute.value().starts_with('#'), "{attribute:?}");
            }
        }
        // Every link leads somewhere on the page.
        let ids: Vec<&str> = tree.descendants().filter_map(|node| node.attribute("id")).collect();
        let links =
            tree.descendants().filter_map(|node| node.attribute("href")).map(|link| link.trim_start_matches('#'));
        let links: Vec<&str> = links.collect();
        assert!(
            links.contains(&"c1") && links.contains(&"j1.0") && links.iter().all(|link| ids.contains(link)),
            "{links:?} {ids:?}"
        );
        // The browser is told to run and fetch nothing, whatever it finds.
        assert!(page.contains("default-src 'none'"));
        let text: String = tree.root().descendants().filter_map(|node| node.text()).collect();
        assert!(text.contains("<script>alert(1)</script>"), "what was said is still to be read");
    }
}

#[test]
fn what_is_redacted_is_in_no_format() {
    let (_folder, store, session) = hostile();
    session.add_note(&crate::journal::Note { seq: 3, at_ms: 1, text: "ask Anna Berg".into() }).unwrap();
    session.set_label(&crate::journal::Label { title: Some("Anna".into()), tags: vec!["berg".into()] }).unwrap();
    for format in ALL {
        for with_documents in [false, true] {
            let text = exported(&store, format, &["(?i)anna|berg", "12"], with_documents);
            let plain = if format == ExportFormat::Cast { screen(&text, (120, 36)) } else { text.to_lowercase() };
            assert!(!plain.contains("anna") && !plain.contains("berg"), "{format:?}: {plain}");
            assert!(!text.contains("paid 12"), "{format:?}");
        }
    }
    let wrong = ExportArgs {
        session: "last".into(),
        json: false,
        format: Some(ExportFormat::Md),
        output: None,
        redact: vec!["(".into()],
        with_documents: false,
        size: (120, 36),
    };
    assert_eq!(export(&store, &wrong, &mut Vec::new()).unwrap_err().exit(), crate::commands::Exit::Usage);
}

/// What a terminal shows after the whole recording, in small letters.
fn screen(cast: &str, (columns, rows): (u16, u16)) -> String {
    let cells = |count| std::num::NonZeroU16::new(count).unwrap();
    let mut terminal = vt100::Parser::new(cells(rows), cells(columns), 0);
    for event in cast.lines().skip(1) {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        if event[1] == "o" {
            terminal.process(event[2].as_str().unwrap().as_bytes());
        }
    }
    terminal.screen().contents().to_lowercase()
}

#[test]
fn documents_stay_out_unless_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("sessions"));
    let (log_file, document) = (folder.path().join("log.json"), folder.path().join("report.txt"));
    std::fs::write(&log_file, log().to_string()).unwrap();
    let chunk = log()["conversation"][2]["job_manifests"][0]["chunk"].as_str().unwrap().to_owned();
    std::fs::write(&document, format!("nobody quotes this walnut\n{chunk}")).unwrap();
    import::import(&store, &log_file, &[document], &mut Vec::new()).unwrap();
    for format in ALL {
        let shows = |text: String| match format {
            ExportFormat::Cast => screen(&text, (120, 36)),
            _ => text,
        };
        assert!(!shows(exported(&store, format, &[], false)).contains("walnut"), "{format:?}");
        assert!(shows(exported(&store, format, &[], true)).contains("walnut"), "{format:?}");
    }
}

/// A session of remote-only, whose request encloses the whole document, with words that were taken out of it and a chunk
/// that a program made.
fn sent_whole() -> (tempfile::TempDir, Store) {
    use crate::protocol::redact::{Kind, PrivateWord, Redaction, Rules};
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("sessions"));
    let document = Document::from_text("report.txt", "nobody quotes this walnut\nRevenue rose.\n");
    let word = |word: &str| PrivateWord { kind: Kind::Name, word: word.into() };
    let mut facts = World::facts(1, 1, 2);
    let Some(Fact::SessionOpened(opened)) = facts.first_mut() else { panic!() };
    opened.documents = vec![document.reference()];
    opened.settings.redact =
        Some(Redaction { rules: Rules::default(), tag: String::new(), words: vec![word("walnut")] });
    let enclosed = prompts::data("document-0", &document.text);
    let request = RemoteAsk {
        ask: AskId { round: 1, n: 9 },
        purpose: Purpose::Answer,
        attempt: 1,
        messages: vec![crate::protocol::Message::user(format!("A question?\n\n{enclosed}\n\nReply."))],
        format: ReplyFormat::Json,
        max_output_tokens: 9,
        estimate: Estimate::default(),
    };
    let more = [
        Fact::GateReached { n: 1, held: Held::Request(Box::new(request.clone())) },
        Fact::RequestEdited { message: 0, before: enclosed.clone(), after: enclosed },
        Fact::RemoteAsked(request),
        Fact::WordsRedacted { words: vec![word("Walnut")] },
        Fact::JobsPlanned(PlannedJobs {
            round: 1,
            chunks: vec![Chunk::Text("WALNUT, in capitals".into())],
            tasks: vec!["Find it.".into()],
            advices: vec![String::new()],
            jobs: vec![PlannedJob { chunk: 0, task: 0, advice: 0, sample: 0 }],
        }),
    ];
    let end = facts.len() - 1;
    facts.splice(end..end, more);
    let (_, writer) = store.create(&[document]).unwrap();
    let written = async {
        writer.append(facts, Durability::Synced).await?;
        writer.close().await
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(written).unwrap();
    (folder, store)
}

#[test]
fn what_the_records_hold_of_the_documents_stays_out_as_well() {
    let (_folder, store) = sent_whole();
    for format in ALL {
        let text = exported(&store, format, &[], false).to_lowercase();
        assert!(!text.contains("walnut"), "{format:?}: {text}");
    }
    let object: serde_json::Value = serde_json::from_str(&exported(&store, ExportFormat::Json, &[], false)).unwrap();
    let text = object.to_string();
    assert!(text.contains("A question?\\n\\n<document-0-") && text.contains("Find it."), "the rest is there: {text}");
    let with = exported(&store, ExportFormat::Json, &[], true);
    assert_eq!(with.matches("walnut").count(), 6, "of the document, its request in four places, and a word: {with}");
    assert!(with.contains("WALNUT, in capitals") && with.contains("\"Walnut\""));
}

#[test]
fn neither_a_model_s_name_nor_a_warning_gives_away_what_is_redacted() {
    let (folder, store) = sent_whole();
    let session = store.resolve("last").unwrap();
    for entry in std::fs::read_dir(session.path().join("documents")).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for format in ALL {
        // The world's models are called `m\u{1b}[31m-1`.
        let text = exported(&store, format, &["31m-1"], false);
        assert!(!text.contains("31m-1"), "{format:?}: {text}");
        assert!(!text.contains(&*folder.path().to_string_lossy()), "{format:?}: {text}");
    }
    assert!(exported(&store, ExportFormat::Json, &[], false).contains("the text of report.txt is not there any more"));
}

#[test]
fn the_object_has_the_keys_of_run_json_and_every_record() {
    let (_folder, store, session) = hostile();
    let object: serde_json::Value = serde_json::from_str(&exported(&store, ExportFormat::Json, &[], false)).unwrap();
    for key in
        ["session", "protocol", "outcome", "answer", "citations", "rounds", "jobs", "usage", "exposed", "seconds"]
    {
        assert!(object.get(key).is_some(), "{key}");
    }
    assert_eq!(object["records"].as_array().unwrap().len(), session.read().unwrap().records.len());
    assert_eq!(object["citations"][0]["match"], "exact");
    assert_eq!(object["citations"][1]["match"], "not_found");
    assert!(object["documents"][0].get("text").is_none());
    // The records are those of a journal: they read back.
    for record in object["records"].as_array().unwrap() {
        serde_json::from_value::<crate::protocol::Fact>(record["fact"].clone()).unwrap();
    }
}

#[test]
fn a_recording_is_an_asciicast_of_the_workbench() {
    let (_folder, store, _) = hostile();
    let cast = exported(&store, ExportFormat::Cast, &[], false);
    let header: serde_json::Value = serde_json::from_str(cast.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&header["version"], &header["term"]["cols"], &header["term"]["rows"]),
        (&3.into(), &120.into(), &36.into())
    );
    for event in cast.lines().skip(1) {
        let event: (f64, String, String) = serde_json::from_str(event).unwrap();
        assert!(event.0 >= 0.0 && matches!(event.1.as_str(), "o" | "x"), "{event:?}");
    }
    let shown = screen(&cast, (120, 36));
    assert!(shown.contains("✓ answered") && shown.contains("she paid 12"), "{shown}");
}

#[test]
fn a_file_is_for_its_owner_alone_and_a_bad_place_is_told() {
    let (folder, store, _) = hostile();
    let args = |output: &Path| ExportArgs {
        session: "last".into(),
        json: false,
        format: Some(ExportFormat::Md),
        output: Some(output.to_owned()),
        redact: Vec::new(),
        with_documents: false,
        size: (120, 36),
    };
    let path = folder.path().join("report.md");
    export(&store, &args(&path), &mut Vec::new()).unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("# What did Anna Berg pay?"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let nowhere = export(&store, &args(&folder.path().join("no/report.md")), &mut Vec::new()).unwrap_err();
    assert!(nowhere.to_string().contains("no/report.md"), "{nowhere}");
}

#[test]
fn the_ending_of_a_file_says_the_format_unless_one_is_named() {
    let args = |output: Option<&str>, format| ExportArgs {
        session: "last".into(),
        json: false,
        format,
        output: output.map(Into::into),
        redact: Vec::new(),
        with_documents: false,
        size: (120, 36),
    };
    for (file, format) in [
        ("a.html", ExportFormat::Html),
        ("a.b.HTM", ExportFormat::Html),
        ("a.json", ExportFormat::Json),
        ("a.cast", ExportFormat::Cast),
        ("a.md", ExportFormat::Md),
        ("html", ExportFormat::Md),
    ] {
        assert_eq!(args(Some(file), None).format(), format, "{file}");
        assert_eq!(args(Some(file), Some(ExportFormat::Cast)).format(), ExportFormat::Cast);
    }
    assert_eq!(args(None, None).format(), ExportFormat::Md);
}

/// A shipped session as it is exported.
fn shipped(name: &str, format: ExportFormat) -> String {
    let store = Store::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions"));
    let args = ExportArgs {
        session: name.into(),
        json: false,
        format: Some(format),
        output: None,
        redact: Vec::new(),
        with_documents: false,
        size: (120, 36),
    };
    let mut out = Vec::new();
    export(&store, &args, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_report_tells_what_the_person_did_and_what_was_there_before() {
    for format in [ExportFormat::Md, ExportFormat::Html] {
        let text = shipped("harbour-every-feature", format);
        for told in [
            "Program 2, edited by hand",
            "What was sent on, changed by hand",
            "Decision by hand",
            "By hand",
            "message 2 of the request was edited",
            "the program was edited",
            "the output of one job was dropped",
            "was redacted from the outputs",
            "one more round, with this feedback",
            "what is under way finishes",
            "the paused run goes on",
            "passages pinned to the next round",
            "provide the final answer",
        ] {
            assert!(text.contains(told), "{format:?} lacks {told}");
        }
        assert!(!text.contains("Program 1, edited"), "{format:?}");
        let (_, second) = text.split_once("Round 2").unwrap();
        assert!(!second.contains("Decision by hand"), "the second round's decision is the remote LM's");
    }
}

#[test]
fn the_time_of_a_report_is_the_session_s_own_and_the_person_s_stands_apart() {
    let text = shipped("harbour-every-feature", ExportFormat::Md);
    let time = text.lines().find(|line| line.starts_with("- **Time:**")).unwrap();
    let seconds: Vec<f64> = time.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [own, waited] = seconds[..] else { panic!("{time}") };
    assert!(time.contains("of waiting for the person") && waited > 1.0, "{time}");
    assert!((own + waited - 13.1).abs() < 0.11, "{time}");
    let other = shipped("patient-lisinopril", ExportFormat::Md);
    assert!(!other.contains("of waiting for the person"), "nobody was waited for there");
}

#[test]
fn a_request_that_may_have_been_paid_for_is_told_with_the_most_that_it_cost() {
    let text = shipped("harbour-every-feature", ExportFormat::Md);
    assert!(text.contains("- **Cost:** $0.0138, and at most $0.0102 for answers that were lost\n"), "{text}");
    assert!(text.contains("| given up | 0 tokens in, 0 out | at most $0.0102 lost | n/a |"), "{text}");
}

#[test]
fn notes_made_while_it_ran_and_later_are_in_every_format() {
    for format in [ExportFormat::Md, ExportFormat::Html, ExportFormat::Json] {
        let text = shipped("harbour-every-feature", format);
        let (_, notes) = text.rsplit_once("otes").unwrap();
        assert!(notes.contains("The first request waits at its gate, word for word."), "{format:?}: {notes}");
        assert!(notes.contains("One more round by hand, with feedback."), "{format:?}: {notes}");
    }
    let (_folder, store, session) = hostile();
    session.add_note(&crate::journal::Note { seq: 3, at_ms: 1, text: "written later".into() }).unwrap();
    assert!(exported(&store, ExportFormat::Md, &[], false).contains("- at record 3: written later\n"));
}
