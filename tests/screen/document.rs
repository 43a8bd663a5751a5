//! The Document pane on a real terminal: a long text, and a question about a part of one.

use crate::pty::{Pty, RUN};

/// A text of so many bytes, with headings, pages and a needle near its end.
fn long_document(folder: &std::path::Path, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 4096);
    for section in 1.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&format!("## {section}. Notes on Routes\n\n"));
        for line in 1..=40 {
            text.push_str(&format!(
                "Line {line} of section {section}: revenue of the northern routes rose by {line} million.\n"
            ));
        }
        text.push_str("\n\u{c}");
    }
    text.push_str("A needle stands here.\n");
    let path = folder.join("long.txt");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The text of the pane's title, the third row at this size.
fn title(screen: &vt100::Screen) -> String {
    screen.rows(0, screen.size().1.get()).nth(2).unwrap_or_default()
}

#[test]
fn a_long_document_is_gone_through_searched_and_listed_by_its_headings() {
    let folder = tempfile::tempdir().unwrap();
    let document = long_document(folder.path(), 10_000_000);
    let mut pty = Pty::minions(&["open", &document], &[], (80, 24));
    pty.wait_for("What do you want to know?");
    pty.send(b"\x1b");
    pty.wait_until_gone("want to know");
    pty.send(b"1");
    pty.wait_until("all lines to be known", RUN, |screen| title(screen).contains(" lines"));
    pty.send(b"/needle\r");
    pty.wait_until("the match", RUN, |screen| {
        title(screen).contains("1 of 1") && screen.contents().contains("A needle stands here.")
    });
    pty.send(b"\x07");
    pty.wait_for("Go to");
    pty.send(b"p9999999\r");
    pty.wait_for("pages go from p1 to p");
    pty.send(b"\x15p100\r");
    pty.wait_until("page 100", RUN, |screen| title(screen).contains("p 100/"));
    pty.send(b"o");
    pty.wait_until_shown("the headings", |shown| shown.contains("enter go there"));
    pty.send(b"2000. Notes\r");
    pty.wait_until("section 2000", RUN, |screen| title(screen).contains("p 2000/"));
    // The last row of the map, in the last column but one: the end of the document.
    pty.send(b"\x1b[<0;79;21M\x1b[<0;79;21m");
    pty.wait_until("the end", RUN, |screen| title(screen).contains("100%"));
    pty.quit();
}

#[test]
fn a_question_about_selected_lines_reads_those_alone() {
    let document = format!("{}/src/commands/samples/synthetic-patient-record.txt", env!("CARGO_MANIFEST_DIR"));
    let mut pty = Pty::minions(&["open", &document], &[], (100, 30));
    pty.wait_for("What do you want to know?");
    pty.send(b"\x1b");
    pty.wait_until_gone("want to know");
    pty.send(b"1\x079\r");
    pty.wait_for("  9 OUTPATIENT LETTER");
    pty.send(b"vjjjjjjjj");
    pty.wait_for("lines 9–17");
    pty.send(b"a");
    pty.wait_for("of lines 9–17");
    pty.send("Why was lisinopril stopped?\r".as_bytes());
    pty.wait_for_state("answer");
    pty.send(b"1");
    pty.wait_for("asked of lines 9–17 only");
    pty.send(b"q");
    pty.wait_exit();
    pty.assert_given_back();
    pty.said(&["sessions", "verify", "last"]);
    let text = std::fs::read_to_string(&document).unwrap().replace("\r\n", "\n");
    let mut lines = text.split_inclusive('\n');
    let start: usize = lines.by_ref().take(8).map(str::len).sum();
    let end = start + lines.take(9).map(str::len).sum::<usize>();
    let read = spans_read(&pty);
    assert!(!read.is_empty());
    assert!(read.iter().all(|(from, to)| start <= *from && *to <= end), "{read:?} of {start}..{end}");
}

/// The bytes of the chunks that the last session's jobs read.
fn spans_read(pty: &Pty) -> Vec<(usize, usize)> {
    let folder = pty.home().join("data/minions/sessions");
    let session = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let journal = std::fs::read_to_string(session.unwrap().join("journal.jsonl")).unwrap();
    let records = journal.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let planned = records.filter(|record| record["fact"]["kind"] == "jobs_planned");
    let chunks: Vec<serde_json::Value> =
        planned.flat_map(|record| record["fact"]["chunks"].as_array().unwrap().clone()).collect();
    let bytes = |chunk: &serde_json::Value, end: &str| chunk["span"][end].as_u64().unwrap() as usize;
    chunks.iter().map(|chunk| (bytes(chunk, "start"), bytes(chunk, "end"))).collect()
}
