//! How long a long document takes to open, to go through, to search and to count: `cargo bench --bench document`.
//!
//! The goals: the first frame of 10 MB in 100 ms from the start of the program, any jump in 50 ms, memory of at most three
//! times the document and 60 MB. The text is made up.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use divan::{Bencher, black_box};
use minions::app::{Key, KeyCode, LineIndex, Message, Mode, Model, Work, WorkId, Worked, update};
use minions::document::Document;
use minions::load::Loader;
use minions::remote::Tokenizer;
use minions::view::{Depth, Theme, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const SIZES: [usize; 2] = [10_000_000, 100_000_000];
const LARGE: usize = 100_000_000;
const WORDS: [&str; 16] = [
    "the", "company", "revenue", "of", "vessel", "terminal", "and", "route", "in", "northern", "fuel", "cost", "per",
    "mile", "rose", "by",
];

fn main() {
    divan::main();
    let before = resident();
    let folder = folder();
    let mut model = opened(&written(&folder, LARGE));
    let after = resident();
    finish(&mut model);
    if let (Some(before), Some(after), Some(done)) = (before, after, resident()) {
        eprintln!(
            "resident memory with a document of {} MB: {} MB more at the first frame, {} MB when lines and headings are known",
            LARGE / 1_000_000,
            after.saturating_sub(before) / 1_000,
            done.saturating_sub(before) / 1_000
        );
    }
}

/// Lines, headings and pages as reports have them, the same every time.
fn text(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 4096);
    let mut seed = 7_u32;
    let mut draw = |below: usize| {
        // A linear congruential step (Numerical Recipes).
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    for section in 1.. {
        if text.len() >= bytes {
            return text;
        }
        text.push_str(&format!("\n## {section}. Notes on Routes\n\n"));
        for _ in 0..12 {
            for _ in 0..draw(30) + 5 {
                text.push_str(WORDS[draw(WORDS.len())]);
                text.push(' ');
            }
            text.push_str(&format!("{}.\n", draw(1_000)));
        }
        if section % 3 == 0 {
            text.push('\u{c}');
        }
    }
    text
}

fn fail(error: &dyn std::error::Error) -> ! {
    eprintln!("the document for the benchmark cannot be made: {error}");
    std::process::exit(1)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|error| fail(&error))
}

fn written(folder: &tempfile::TempDir, bytes: usize) -> PathBuf {
    let path = folder.path().join("report.txt");
    std::fs::write(&path, text(bytes)).unwrap_or_else(|error| fail(&error));
    path
}

fn screen() -> (Terminal<TestBackend>, Theme) {
    let Ok(terminal) = Terminal::new(TestBackend::new(160, 48));
    let theme = Theme::built_in("dark", Depth::True).unwrap_or_else(|error| fail(&error));
    (terminal, theme)
}

fn paint(screen: &mut (Terminal<TestBackend>, Theme), model: &Model) {
    let (terminal, theme) = screen;
    let Ok(_) = terminal.draw(|frame| draw(frame, model, theme));
}

fn opened(path: &std::path::Path) -> Model {
    model(loaded(path))
}

fn loaded(path: &std::path::Path) -> Document {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_minions"));
    Loader::new(program, &mut |_| true).load_one(path).unwrap_or_else(|error| fail(&error))
}

fn model(document: Document) -> Model {
    let mut model = Model::new(vec![document], Mode::Live { running: false });
    update(&mut model, Message::Resize { width: 160, height: 48 });
    press(&mut model, "1");
    model
}

/// Does what is due, as it is done beside the screen.
fn finish(model: &mut Model) {
    while let Some(work) = model.due().first().and_then(|id: &WorkId| model.work(*id)) {
        do_work(model, work);
    }
}

fn do_work(model: &mut Model, work: Work) {
    let mut found: Vec<Worked> = Vec::new();
    work.run(&AtomicBool::new(false), &mut |worked| found.push(worked));
    for worked in found {
        update(model, Message::Worked(worked));
    }
}

fn press(model: &mut Model, keys: &str) {
    for key in keys.split(' ').filter_map(|key| key.parse().ok()) {
        update(model, Message::Key(key));
    }
}

fn type_in(model: &mut Model, words: &str) {
    for character in words.chars() {
        update(model, Message::Key(Key::plain(KeyCode::Char(character))));
    }
}

/// Resident memory in kB, where the system tells.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok())
}

/// From the file to the first frame.
#[divan::bench(sample_count = 5, args = SIZES)]
fn first_frame(bencher: Bencher, bytes: usize) {
    let folder = folder();
    let path = written(&folder, bytes);
    bencher.with_inputs(screen).bench_local_refs(|screen| paint(screen, &opened(black_box(&path))));
}

#[divan::bench(sample_count = 5, args = SIZES)]
fn all_lines(bencher: Bencher, bytes: usize) {
    let document = Document::from_text("report.txt", text(bytes));
    bencher.with_inputs(|| model(document.clone())).bench_local_refs(|model| {
        let work = model.due().into_iter().find(|id| matches!(id, WorkId::Lines(_))).and_then(|id| model.work(id));
        if let Some(work) = work {
            do_work(model, work);
        }
    });
}

#[divan::bench(sample_count = 5, args = SIZES)]
fn all_headings(bencher: Bencher, bytes: usize) {
    let document = Document::from_text("report.txt", text(bytes));
    let lines = LineIndex::begun(&document, usize::MAX);
    let outline = || Work::Outline { document: document.clone(), lines: lines.clone() };
    bencher.with_inputs(outline).bench_local_values(|work| work.run(&AtomicBool::new(false), &mut |_| {}));
}

/// The list of all headings, opened on the screen's task, with its frame.
#[divan::bench(sample_count = 20)]
fn outline_opened(bencher: Bencher) {
    let mut model = model(Document::from_text("report.txt", text(LARGE)));
    finish(&mut model);
    let mut screen = screen();
    bencher.bench_local(|| {
        press(&mut model, "o");
        paint(&mut screen, &model);
        press(&mut model, "esc");
    });
}

/// To the end, to the middle by its share, and to a line, each with its frame.
#[divan::bench(sample_count = 20, args = ["G", "50%", "700000"])]
fn jump(bencher: Bencher, to: &str) {
    let mut model = model(Document::from_text("report.txt", text(LARGE)));
    finish(&mut model);
    let mut screen = screen();
    bencher.bench_local(|| {
        press(&mut model, "g");
        if to == "G" {
            press(&mut model, "G");
        } else {
            press(&mut model, "ctrl-g");
            type_in(&mut model, to);
            press(&mut model, "enter");
        }
        paint(&mut screen, &model);
    });
}

/// All matches of what stands everywhere, of what stands nowhere, and of an expression.
#[divan::bench(sample_count = 3, args = ["northern terminal", "xyzzy", r"rose by \d{3}"])]
fn search(bencher: Bencher, words: &str) {
    let mut model = model(Document::from_text("report.txt", text(LARGE)));
    finish(&mut model);
    bencher.bench_local(|| {
        press(&mut model, "esc esc /");
        type_in(&mut model, words);
        press(&mut model, "enter");
        finish(&mut model);
        black_box(model.search.matches.len())
    });
}

/// Until the first match is on the screen.
#[divan::bench(sample_count = 10)]
fn first_match(bencher: Bencher) {
    let mut model = model(Document::from_text("report.txt", text(LARGE)));
    finish(&mut model);
    let mut screen = screen();
    bencher.bench_local(|| {
        press(&mut model, "esc esc /");
        type_in(&mut model, "northern terminal");
        press(&mut model, "enter");
        let search = model.due().into_iter().find(|id| matches!(id, WorkId::Search(_)));
        let Some(work) = search.and_then(|id| model.work(id)) else { return };
        let (stop, mut first) = (AtomicBool::new(false), None);
        work.run(&stop, &mut |worked| {
            first = first.take().or(Some(worked));
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        if let Some(first) = first {
            update(&mut model, Message::Worked(first));
        }
        paint(&mut screen, &model);
    });
}

/// The tokens of 10 MB, as a session counts those of its documents beside its work.
#[divan::bench(sample_count = 3)]
fn count_tokens(bencher: Bencher) {
    let text = text(SIZES[0]);
    let tokenizer = Tokenizer::of_model("gpt-4o");
    bencher.bench_local(|| tokenizer.count(black_box(&text), || false));
}
