//! What the screen costs on a real terminal: `cargo bench --bench screen`.
//!
//! The program runs on a pseudo-terminal of 160×48 cells whose output is parsed. The goals: the first frame of a document of
//! 10 MB within 100 ms; nothing written and under 0.1 % of a processor while nothing happens; 2,048 jobs that finish in ten
//! seconds write at most 20 kB a second, and no key waits longer than 16 ms (99 of 100); a document of 100 MB takes at most
//! three times its size and 60 MB, and any jump in it 50 ms.

// What the tests share fails as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(unused_imports)]
#[path = "../tests/loopback/mod.rs"]
mod loopback;
#[allow(dead_code)]
#[path = "../tests/runs/planner.rs"]
mod planner;
#[allow(dead_code)]
#[path = "../tests/screen/pty.rs"]
mod pty;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use loopback::{Loopback, Reply};
use planner::planner;
use pty::Pty;
use serde_json::json;

const SIZE: (u16, u16) = (160, 48);
const JOBS: usize = 2_048;
/// So many jobs at once, each of this long, end in ten seconds.
const AT_ONCE: usize = 64;
const A_JOB: Duration = Duration::from_millis(300);
const MB: usize = 1_000_000;

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    first_frame(folder.path());
    large_document(folder.path());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (plans, reads) = runtime.block_on(servers());
    many_jobs(folder.path(), &plans, &reads);
}

/// Numbered lines, so many bytes of them.
fn document(folder: &Path, bytes: usize) -> PathBuf {
    let path = folder.join(format!("{}mb.txt", bytes / MB));
    let lines = (1..).map(|n| format!("{n}: a line of a long document, with the figure {} in it\n", n * 7));
    let mut text = String::with_capacity(bytes + 80);
    for line in lines {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&line);
    }
    std::fs::write(&path, text).unwrap();
    path
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn open(path: &Path) -> Pty {
    Pty::minions(&["open", path.to_str().unwrap()], &[], SIZE)
}

fn first_frame(folder: &Path) {
    let path = document(folder, 10 * MB);
    let times = (0..5).map(|_| {
        let began = Instant::now();
        let pty = open(&path);
        pty.wait_for("1: a line of a long document");
        began.elapsed()
    });
    println!("first frame with 10 MB, median of 5: {:.0?}", median(times.collect()));
}

fn large_document(folder: &Path) {
    let path = document(folder, 100 * MB);
    let began = Instant::now();
    let mut pty = open(&path);
    pty.wait_for("1: a line of a long document");
    println!("first frame with 100 MB: {:.0?}", began.elapsed());
    pty.wait_for("What do you want to know?");
    pty.send(b"\x1b");
    pty.wait_until_gone("What do you want to know?");
    pty.send(b"1");
    pty.wait_for(" lines");
    println!("all lines of 100 MB found after {:.1?}", began.elapsed());
    let mut times = Vec::new();
    for share in [50, 10, 90, 33, 66, 1, 99] {
        pty.send(b"\x07");
        pty.wait_for("Go to");
        pty.send(format!("{share}%").as_bytes());
        pty.wait_for(&format!("{share}%"));
        let began = Instant::now();
        pty.send(b"\r");
        pty.wait_until_gone("Go to");
        times.push(began.elapsed());
    }
    println!("a jump in 100 MB: median {:.1?}, longest {:.1?}", median(times.clone()), times.iter().max().unwrap());
    println!("resident with 100 MB: {} MB", resident(&pty) / MB);
    idle(&pty);
}

/// Nothing happens for ten seconds.
fn idle(pty: &Pty) {
    // What is looked for in a document is found first.
    let mut worked = processor_time(pty);
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let now = processor_time(pty);
        if now - worked <= Duration::from_millis(10) {
            break;
        }
        worked = now;
    }
    let (written, worked) = (pty.sent().len(), processor_time(pty));
    let wait = Duration::from_secs(10);
    std::thread::sleep(wait);
    let share = (processor_time(pty) - worked).as_secs_f64() / wait.as_secs_f64();
    println!("idle for 10 s: {} bytes, {:.2} % of a processor", pty.sent().len() - written, share * 100.0);
}

/// Who plans, and who reads.
async fn servers() -> (Loopback, Loopback) {
    let reads = Loopback::start(|_| {
        let output =
            json!({ "explanation": "The line names it.", "citation": "with the figure", "answer": "42 dollars" });
        Reply::text(output.to_string()).after(A_JOB)
    })
    .await;
    (planner(|_, _| None).await, reads)
}

/// Jobs finish, and keys are pressed meanwhile: each puts another pane in front, which its title shows.
fn many_jobs(folder: &Path, plans: &Loopback, reads: &Loopback) {
    let path = folder.join("jobs.txt");
    let lines: String = (0..JOBS).map(|n| format!("Item {n} came with the figure {}.\n", n * 7)).collect();
    std::fs::write(&path, lines).unwrap();
    let (remote, local) =
        (format!("remote.base_url={}", plans.base_url()), format!("local.base_url={}", reads.base_url()));
    let at_once = format!("local.max_in_flight={AT_ONCE}");
    let settings = [
        "remote.provider=openai",
        "remote.model=test-model",
        "remote.api_key_env=",
        "local.provider=openai",
        "local.model=reader",
        &remote,
        &local,
        &at_once,
    ];
    let mut pty =
        Pty::minions(&["open", path.to_str().unwrap(), "-q", "What did the items bring in?"], &settings, SIZE);
    let panes = ["1 Document", "2 Planner", "3 Jobs", "4 Answers"];
    pty.wait_for(&format!("{JOBS} jobs"));
    let rate = |pty: &Pty, (since, written): (Instant, usize)| {
        (pty.sent().len() - written) as f64 / since.elapsed().as_secs_f64() / 1000.0
    };
    let undisturbed = (Instant::now(), pty.sent().len());
    std::thread::sleep(Duration::from_secs(4));
    let alone = rate(&pty, undisturbed);
    let (began, written) = (Instant::now(), pty.sent().len());
    let mut waits = Vec::new();
    while began.elapsed() < Duration::from_secs(4) {
        for (n, pane) in (1..).zip(panes) {
            let front = format!("━ {pane}");
            let pressed = Instant::now();
            pty.send(format!("{n}").as_bytes());
            pty.wait_until_shown(pane, |shown| shown.contains(&front));
            waits.push(pressed.elapsed());
            std::thread::sleep(Duration::from_millis(23));
        }
    }
    let with_keys = rate(&pty, (began, written));
    waits.sort();
    let of = |share: usize| waits[(waits.len() - 1) * share / 100];
    println!(
        "{JOBS} jobs, {AT_ONCE} of {} ms at once: {alone:.1} kB a second, {with_keys:.1} with keys; {} keys, shown after {:.1?} \
         (median), {:.1?} (99 of 100)",
        A_JOB.as_millis(),
        waits.len(),
        of(50),
        of(99)
    );
    println!("resident: {} MB", resident(&pty) / MB);
}

/// Bytes of memory that the program has.
fn resident(pty: &Pty) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pty.process())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap() * 1024
    };
    field("VmRSS:")
}

fn processor_time(pty: &Pty) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pty.process())).unwrap();
    let fields: Vec<u64> =
        stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2).map(|n| n.parse().unwrap()).collect();
    // proc(5): in ticks of a hundredth of a second.
    Duration::from_millis(fields.iter().sum::<u64>() * 10)
}
