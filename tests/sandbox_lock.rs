//! The sandbox as its caller sees it: limits that name themselves, a child that never outlives its call, honest errors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(unix)]

#[path = "sandbox/errors.rs"]
mod errors;
#[path = "sandbox/functions.rs"]
mod functions;
#[path = "sandbox/likeness.rs"]
mod likeness;

use std::path::Path;
use std::sync::Arc;

use minions::config::SandboxConfig;
use minions::document::Span;
use minions::journal::Session;
use minions::protocol::{Chunk, CodeError, CodeErrorKind, CodeStage, Fact, JobOutput};
use minions::runtime::{Embeddings, Verdict, rerun};
use minions::sandbox::{Attempted, Held, PastJob, Program, Sandbox};

fn sandbox_of(program: &str, memory_mb: u64, seconds: u64) -> Sandbox {
    Sandbox::new(program.into(), &SandboxConfig { memory_mb, seconds, ..SandboxConfig::default() }, 2048)
}

/// The program as a session runs it that began on 2026-11-23 at noon.
fn at_noon(source: &str) -> Program<'_> {
    Program { source, clock_ms: 1_795_435_200_000, likeness: None }
}

fn sandbox() -> Sandbox {
    sandbox_of(env!("CARGO_BIN_EXE_minions"), 512, 20)
}

fn program(body: &str) -> String {
    let body = body.replace('\n', "\n    ");
    format!(
        "def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):\n    {body}\n\ndef transform_outputs(jobs):\n    return ''\n"
    )
}

#[tokio::test]
async fn chunks_of_a_document_come_back_as_their_exact_place() {
    // Long enough that the two are not joined.
    let first = format!("Größe: {} µm.", "5".repeat(400));
    let paragraphs = format!("{first}\n\nSecond paragraph.");
    let documents: Vec<Arc<str>> =
        vec![paragraphs.into(), "Page one.\x0cPage two.".into(), "a,b,c\n1,2,3\n4,5,6\n".into()];
    let source = program(
        "texts = chunk_by_paragraph(context[0]) + chunk_by_page(context[1]) + [context[0][:5], 'made up'] + chunk_by_table(context[2], 12)\n\
         return [JobManifest(chunk=text, task='t', advice='a') for text in texts]",
    );
    let manifests = sandbox().prepare(at_noon(&source), &documents, &[]).await.unwrap();
    let chunks: Vec<Chunk> = manifests.into_iter().map(|manifest| manifest.chunk).collect();
    let second = documents[0].find("Second").unwrap();
    assert_eq!(
        chunks,
        [
            Chunk::Span(Span::new(0, 0, first.len())),
            Chunk::Span(Span::new(0, second, documents[0].len())),
            Chunk::Span(Span::new(1, 0, 9)),
            Chunk::Span(Span::new(1, 10, 19)),
            Chunk::Span(Span::new(0, 0, "Größe".len())),
            Chunk::Text("made up".into()),
            Chunk::Span(Span::new(2, 0, 12)),
            Chunk::Headed { header: Span::new(2, 0, 6), rows: Span::new(2, 12, 18) },
        ]
    );
}

#[tokio::test]
async fn the_second_round_sees_the_jobs_and_outputs_of_the_first() {
    let output = JobOutput { explanation: "e".into(), citation: Some("c".into()), answer: None };
    let previous = [PastJob { chunk: "chunk", task: "task", advice: "advice", chunk_id: 3, task_id: 4, output }];
    let source = program(
        "if prev_job_manifests is None:\n    return []\n\
         m, o = prev_job_manifests[0], prev_job_outputs[0]\n\
         seen = f'{m.chunk} {m.task} {m.advice} {m.chunk_id} {m.task_id} {m.job_id} {o.explanation} {o.citation} {o.answer}'\n\
         return [JobManifest(chunk=seen, task='t', advice='a')]",
    );
    let documents: Vec<Arc<str>> = vec!["text".into()];
    assert!(sandbox().prepare(at_noon(&source), &documents, &[]).await.unwrap().is_empty());
    let manifests = sandbox().prepare(at_noon(&source), &documents, &previous).await.unwrap();
    assert_eq!(manifests[0].chunk, Chunk::Text("chunk task advice 3 4 0 e c None".into()));
}

#[tokio::test]
async fn python_behaves_as_programs_expect() {
    let source = "import re, random, time, dataclasses\nfrom datetime import datetime\nfrom pydantic import BaseModel, Field\n\
        @dataclasses.dataclass\nclass Row:\n    name: str\n    values: list = dataclasses.field(default_factory=list)\n\
        class Found(BaseModel):\n    title: str\n    tags: List[str] = Field(default_factory=list)\n\
        def transform_outputs(jobs):\n\
        \x20   print('told only when it fails')\n\
        \x20   found = [round(2.675, 2), round(2.5), round(-0.5), round(1e300, 2), round(1234.5678, -2), 'a\\xa0b c'.split(), 'a,b,c'.split(',', 1), 'a b c'.rsplit(None, 1)]\n\
        \x20   found += [Row('x'), Found(title='t').model_dump(), datetime.now().isoformat(), time.time()]\n\
        \x20   try:\n        Found()\n    except ValueError as error:\n        found.append(str(error))\n\
        \x20   return repr(found)\n";
    let text = sandbox().transform(at_noon(source), &[]).await.unwrap();
    assert_eq!(
        text,
        "[2.67, 2, 0, 1e+300, 1200.0, ['a', 'b', 'c'], ['a', 'b,c'], ['a b', 'c'], Row(name='x', values=[]), \
         {'title': 't', 'tags': []}, '2026-11-23T12:00:00', 1795435200.0, '1 validation error for Found\\ntitle\\n  Field required [type=missing, input_type=dict]']"
    );
}

#[tokio::test]
async fn documents_that_cannot_fit_are_no_fault_of_the_program() {
    let documents: Vec<Arc<str>> = vec!["x".repeat(40 << 20).into()];
    let small = sandbox_of(env!("CARGO_BIN_EXE_minions"), 128, 20);
    let error = small.prepare(at_noon(&program("return []")), &documents, &[]).await.unwrap_err();
    assert_eq!(error.kind, CodeErrorKind::Unavailable);
    assert!(error.message.contains("sandbox.memory_mb to 144"), "{error}");
}

#[tokio::test]
async fn a_text_that_all_jobs_share_does_not_fill_the_memory_of_the_parent() {
    let documents: Vec<Arc<str>> = vec!["a document. ".repeat(100_000).into()];
    let jobs = |chunk: &str, task: &str| {
        program(&format!("return [JobManifest(chunk={chunk}, task={task}, advice='a')] * 2048"))
    };
    for source in [jobs("'x' * 100_000", "'t'"), jobs("context[0]", "'t' * 100_000")] {
        let error = sandbox().prepare(at_noon(&source), &documents, &[]).await.unwrap_err();
        assert_eq!(error.kind, CodeErrorKind::OutputLimit, "{error}");
        assert!(error.message.contains("longer than 64 MB together"), "{error}");
    }
    let manifests = sandbox().prepare(at_noon(&jobs("context[0]", "'t'")), &documents, &[]).await.unwrap();
    assert_eq!(manifests.len(), 2048);
}

#[tokio::test]
async fn no_file_is_read_by_way_of_a_traceback() {
    let source = "import traceback\ndef transform_outputs(jobs):\n\
        \x20   try:\n        exec(compile('raise ValueError', '/etc/passwd', 'exec'))\n\
        \x20   except ValueError:\n        return traceback.format_exc()\n";
    let text = sandbox().transform(at_noon(source), &[]).await.unwrap();
    assert!(text.contains("/etc/passwd") && !text.contains("root:"), "{text}");
}

#[tokio::test]
async fn a_program_does_not_see_the_environment_that_this_program_was_built_in() {
    let source = "import sys\ndef transform_outputs(jobs):\n\
        \x20   names = [name for name in sys.builtin_module_names if 'sysconfigdata' in name]\n\
        \x20   return repr([(len(names) > 0, 'PATH' in __import__(name).build_time_vars) for name in names])\n";
    let text = sandbox().transform(at_noon(source), &[]).await.unwrap();
    assert!(text.contains("(True, False)") && !text.contains("True)"), "{text}");
}

#[tokio::test]
async fn each_call_gets_an_interpreter_that_no_program_touched() {
    let sandbox = sandbox();
    let spoil = "import builtins, random\n\
                 def transform_outputs(jobs):\n    builtins.len = None\n    return str(random.random())\n";
    let first = sandbox.transform(at_noon(spoil), &[]).await.unwrap();
    let uses =
        "import random\ndef transform_outputs(jobs):\n    assert len(jobs) == 0\n    return str(random.random())\n";
    assert_eq!(sandbox.transform(at_noon(uses), &[]).await.unwrap(), first, "runs are repeatable");
}

#[tokio::test]
async fn the_memory_limit_names_itself_and_the_line() {
    let source = program("rows = []\nwhile True:\n    rows.append('x' * 100000 + str(len(rows)))");
    let error =
        sandbox_of(env!("CARGO_BIN_EXE_minions"), 256, 20).prepare(at_noon(&source), &[], &[]).await.unwrap_err();
    assert_eq!(error.kind, CodeErrorKind::MemoryLimit);
    assert!(error.message.contains("256 MB"), "{error}");
    assert!(matches!(error.line, Some(3 | 4)), "{error:?}");
}

#[tokio::test]
async fn the_time_limit_names_itself_and_the_line() {
    let source = program("n = 0\nwhile True:\n    n += 1");
    let error =
        sandbox_of(env!("CARGO_BIN_EXE_minions"), 256, 1).prepare(at_noon(&source), &[], &[]).await.unwrap_err();
    assert_eq!(error.kind, CodeErrorKind::TimeLimit);
    assert!(error.message.contains("1 s"), "{error}");
    assert!(matches!(error.line, Some(3 | 4)), "{error:?}");
    assert!(error.traceback.unwrap().contains("in prepare_jobs"));
}

/// Processes whose parent is this one and that run as the sandbox's child with this much memory.
#[cfg(target_os = "linux")]
fn children(memory_mb: u64) -> Vec<u32> {
    let wanted = format!("__sandbox\0{memory_mb}\0");
    let processes =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes
        .filter(|process| {
            std::fs::read(format!("/proc/{process}/cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&wanted))
        })
        .collect()
}

#[cfg(target_os = "linux")]
async fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = found() {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.expect("it never came to be")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_call_that_is_dropped_kills_its_child() {
    let sandbox = sandbox_of(env!("CARGO_BIN_EXE_minions"), 311, 600);
    let source = program("while True:\n    pass");
    let call = sandbox.prepare(at_noon(&source), &[], &[]);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(1500), call).await.is_err());
    until(|| children(311).is_empty().then_some(())).await;
}

/// A shell between this process and the child, so that the child's parent can be killed.
#[cfg(target_os = "linux")]
fn through_a_shell() -> tempfile::TempPath {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    let mut script = tempfile::NamedTempFile::new().unwrap();
    write!(script, "#!/bin/sh\n'{}' \"$@\"\n", env!("CARGO_BIN_EXE_minions")).unwrap();
    script.as_file().set_permissions(std::fs::Permissions::from_mode(0o700)).unwrap();
    script.into_temp_path()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_ends_with_the_process_that_started_it_even_while_it_is_asked_for_its_error() {
    let running = program("while True:\n    pass");
    let asked =
        program("class Mute(Exception):\n    def __str__(self):\n        while True:\n            pass\nraise Mute");
    for (memory_mb, source) in [(317, running), (319, asked)] {
        let script = through_a_shell();
        let sandbox = sandbox_of(script.to_str().unwrap(), memory_mb, 20);
        let call = sandbox.prepare(at_noon(&source), &[], &[]);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(1500), call).await.is_err());
        let gone = until(|| children(memory_mb).is_empty().then_some(()));
        tokio::time::timeout(std::time::Duration::from_secs(5), gone).await.expect("it outlived its parent");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_child_is_kept_ready_and_goes_with_the_sandbox() {
    let sandbox = sandbox_of(env!("CARGO_BIN_EXE_minions"), 313, 20);
    sandbox.warm();
    sandbox.warm();
    let kept = until(|| Some(children(313)).filter(|found| !found.is_empty())).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(sandbox.transform(at_noon("def transform_outputs(jobs):\n    return 'x'\n"), &[]).await.unwrap(), "x");
    until(|| children(313).iter().find(|process| !kept.contains(process)).copied()).await;
    drop(sandbox);
    until(|| children(313).is_empty().then_some(())).await;
}

#[tokio::test]
async fn an_executable_that_is_no_sandbox_is_said_to_be_unavailable() {
    let mut programs = vec!["/nonexistent/minions", "/bin/true"];
    programs.extend(["/usr/bin/yes", "/bin/cat"].into_iter().filter(|program| Path::new(program).exists()));
    for program in programs {
        let error = sandbox_of(program, 256, 1).prepare(at_noon(""), &[], &[]).await.unwrap_err();
        assert_eq!(error.kind, CodeErrorKind::Unavailable, "{program}: {error}");
        assert!(error.message.contains("minions doctor"));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_report_says_what_holds_and_nothing_forbidden_works() {
    let report = sandbox().check().await.unwrap();
    let held = |name: &str| report.layers.iter().find(|layer| layer.name == name).map(|layer| layer.held);
    for name in
        ["descriptors", "memory cap", "rlimits", "rlimits (late)", "no_new_privs", "landlock", "seccomp", "files"]
    {
        assert_eq!(held(name), Some(Held::Fully), "{name}");
    }
    assert_eq!(report.open_doors().collect::<Vec<_>>(), Vec::<&str>::new());
    let ended = |name: &str| report.attempts.iter().any(|(tried, came)| *tried == name && *came == Attempted::Ended);
    for name in ["connect to the network", "start a program", "start a process", "start a thread", "be traced"] {
        assert!(ended(name), "{name}: {:?}", report.attempts);
    }
    assert!(report.attempts.len() > 20);
    let told = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("SECURITY.md")).unwrap();
    for layer in &report.layers {
        let row = format!("\n| {} |", layer.name.trim_end_matches(" (late)"));
        assert!(told.contains(&row), "SECURITY.md does not say what {} stops", layer.name);
    }
}

#[tokio::test]
async fn a_program_learns_neither_the_time_nor_whose_machine_it_is_on() {
    let source = "import sys, time\ndef transform_outputs(jobs):\n\
        \x20   clocks = [time.ctime(), time.asctime(), time.strftime('%c'), time.clock_gettime(0), time.clock_gettime_ns(1)]\n\
        \x20   clocks += [time.monotonic_ns(), time.perf_counter_ns(), time.process_time_ns(), time.thread_time(), time.thread_time_ns()]\n\
        \x20   return repr((clocks, [getattr(sys, name) for name in dir(sys) if name != 'modules']))\n";
    let text = sandbox().transform(at_noon(source), &[]).await.unwrap();
    let noon = "'Mon Nov 23 12:00:00 2026'";
    let clocks = format!("([{noon}, {noon}, {noon}, 1795435200.0, 1795435200000000000, 0, 0, 0, 0.0, 0]");
    assert!(text.starts_with(&clocks), "{text}");
    let folder = Path::new(env!("CARGO_BIN_EXE_minions")).parent().unwrap();
    assert!(!text.contains(folder.to_str().unwrap()), "{text}");
}

#[tokio::test]
async fn a_recorded_session_runs_again_and_what_differs_is_told() {
    let session = Session::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions/patient-lisinopril")).unwrap();
    let journal = session.read().unwrap();
    let mut facts: Vec<Fact> = journal.facts().cloned().collect();
    let Fact::SessionOpened(opened) = &facts[0] else { panic!("{:?}", facts[0]) };
    let documents = session.documents(&opened.documents).unwrap();
    let again = rerun(facts.iter(), &documents, &sandbox(), &Embeddings::None).await;
    assert_eq!(again.iter().map(|again| &again.verdict).collect::<Vec<_>>(), [&Verdict::Same; 2]);
    for fact in &mut facts {
        match fact {
            Fact::JobsPlanned(planned) => planned.tasks[0].push('!'),
            Fact::OutputsAggregated { text, .. } => text.clear(),
            _ => {}
        }
    }
    let again = rerun(facts.iter(), &documents, &sandbox(), &Embeddings::None).await;
    let [Verdict::Different(jobs), Verdict::Different(text)] = [&again[0].verdict, &again[1].verdict] else {
        panic!("{again:?}")
    };
    assert!(jobs.starts_with("other tasks") && text.contains("0 bytes on record"), "{jobs}; {text}");

    let planned = facts.iter().position(|fact| matches!(fact, Fact::JobsPlanned(_))).unwrap();
    let Fact::CodeReceived { code, .. } = facts[planned - 1] else { panic!("{:?}", facts[planned - 1]) };
    for (kind, verdict) in [(CodeErrorKind::TimeLimit, Some(Verdict::ByLimit)), (CodeErrorKind::Exception, None)] {
        let error = CodeError::new(kind, "as it was then");
        facts[planned] = Fact::CodeRejected { code, stage: CodeStage::Prepare, error };
        let again = rerun(facts.iter(), &documents, &sandbox(), &Embeddings::None).await;
        match verdict {
            Some(verdict) => assert_eq!(again[0].verdict, verdict),
            None => assert!(matches!(&again[0].verdict, Verdict::Different(words) if words.contains("runs now"))),
        }
    }
}
