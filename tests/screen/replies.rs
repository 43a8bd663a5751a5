//! What the remote LM says, on a real terminal: it streams in, its programs are compared, its rounds and citations followed.

use serde_json::json;

use crate::loopback::{Fault, Loopback, Reply};
use crate::planner::{PROGRAM, Step, more, planner};
use crate::pty::Pty;

/// The workbench on a small ledger, with this server as the remote LM.
fn open(server: &Loopback, size: (u16, u16)) -> Pty {
    let lines: String = (0..9).map(|n| format!("Item {n} brought in {} dollars in that year.\n", 10_000 + n)).collect();
    let document = tempfile::Builder::new().suffix(".txt").tempfile().unwrap();
    std::fs::write(document.path(), lines).unwrap();
    let base = format!("remote.base_url={}", server.base_url());
    let settings = ["remote.provider=openai", "remote.model=test-model", "remote.api_key_env=", &base];
    let path = document.path().to_str().unwrap();
    let pty = Pty::minions(&["open", path, "-q", "What did item 7 bring in?"], &settings, size);
    // The document was read once the panes are drawn.
    pty.wait_for("Planner");
    pty
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_read_while_it_streams_in_and_its_escapes_are_not_obeyed() {
    let server = planner(|step, _| {
        let said = "# The plan\n\n| part | lines |\n|---|--:|\n| first | 4 |\n\n- one\n- **two** \u{1b}]52;c;ZXZpbA==\u{7}\n\n&#27;]0;evil&#7;\n";
        (step == Step::Advise).then(|| Reply::text(said).in_writes_of(5).fault(Fault::HangAfterText))
    })
    .await;
    let mut pty = open(&server, (80, 24));
    pty.send(b"2");
    for words in ["reply under way", "The plan", "part   lines", "• two ␛]52", "␛]0;evil"] {
        pty.wait_for(words);
    }
    pty.send(b"Xy");
    pty.wait_until_gone("reply under way");
    pty.send(b"qy");
    pty.wait_exit();
    pty.assert_given_back();
    let sent = String::from_utf8_lossy(&pty.sent()).into_owned();
    assert!(!sent.contains("\u{1b}]52") && !sent.contains("]0;evil\u{7}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rounds_are_compared_and_followed_to_the_words_of_the_document() {
    let server = planner(|step, before| match (step, before) {
        (Step::Decompose, 1) => {
            Some(Reply::text(PROGRAM.replace("splitlines() if line", "splitlines() if '7' in line")))
        }
        (Step::Decide, 0) => Some(Reply::text(more())),
        (Step::Decide, _) => Some(Reply::text(
            json!({
                "decision": "provide_final_answer",
                "answer": "It brought in **10007** dollars, 12 % more.",
                "explanation": "The line of the item says so.",
                "citations": ["Item 7 brought in 10007 dollars in that year.", "Item 99 brought in nothing at all."],
            })
            .to_string(),
        )),
        _ => None,
    })
    .await;
    let mut pty = open(&server, (80, 24));
    pty.wait_until_shown("the answer", |shown| shown.contains("It brought in 10007 dollars"));
    for words in ["[Answer] Round 1  Round 2", "in no cited text: 12", "[1] ✓ exact", "[2] ✗ NOT FOUND"] {
        pty.wait_for(words);
    }
    // The tabs of the rounds.
    pty.send(b"l");
    pty.wait_for("[Round 1]");
    pty.wait_for("Look at item 7.");
    pty.send(b"l");
    pty.wait_for("Since round 1");
    pty.send(b"hh");
    pty.wait_for("[Answer]");
    // A citation leads to its words, and back; one that is not found says so.
    pty.send(b"/[1]\r\r");
    pty.wait_for("━ 1 Document");
    pty.send(b"b/[2]\r\r");
    pty.wait_for("these words stand in no document");
    // The program of the second round beside that of the first.
    pty.send(b"2gd/against round 1\r");
    pty.wait_for("splitlines() if '7' in line]");
    pty.wait_for("+  ");
    pty.wait_for("−  ");
    pty.send(b"d");
    pty.wait_for("programs are shown whole");
    // A prompt opens whole.
    pty.send(b"g/prompt\r\r");
    pty.wait_for("▾ prompt");
    pty.wait_for("What did item 7 bring in?");
    pty.quit();
}
