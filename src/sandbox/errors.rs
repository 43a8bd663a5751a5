//! What went wrong with a program, in words that the remote LM can act on.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustpython_vm::builtins::{PyBaseExceptionRef, PyDictRef};
use rustpython_vm::{AsObject, VirtualMachine};

use super::{Limits, allocator, hints, watch};
use crate::protocol::{CodeError, CodeErrorKind};

/// What a program is called in its tracebacks.
pub const FILE: &str = "program.py";
/// Exit codes of the child, beside [`allocator::OUT_OF_MEMORY`].
pub const PANICKED: i32 = 94;
/// The same, when its time was over already.
pub const PANICKED_LATE: i32 = 95;
/// The interpreter never came up.
pub const NOT_LOADED: i32 = 96;

const PANIC: &str = "the interpreter failed at what the program does here; write it another way";

/// Characters of an exception's own message that are passed on.
const MESSAGE: usize = 2000;
/// Characters of a name or of one line of the program that are passed on.
const WORDS: usize = 200;
/// Characters of the end of what it printed that are passed on.
const PRINTED: usize = 1000;
/// Frames of a traceback that are passed on: the outermost and the innermost.
const OUTER: usize = 4;
const INNER: usize = 8;

/// Reads an exception that ended the program, in the child.
pub fn from_exception(
    error: &PyBaseExceptionRef,
    source: &str,
    prelude: &PyDictRef,
    limits: Limits,
    vm: &VirtualMachine,
) -> CodeError {
    let class = cut(&error.class().name());
    let is_own = |name: &str| prelude.get_item(name, vm).is_ok_and(|known| known.is(error.class()));
    let kind = if error.fast_isinstance(vm.ctx.exceptions.memory_error) {
        CodeErrorKind::MemoryLimit
    } else if watch::is_late() && error.fast_isinstance(vm.ctx.exceptions.keyboard_interrupt) {
        CodeErrorKind::TimeLimit
    } else if is_own("OutputLimit") {
        CodeErrorKind::OutputLimit
    } else {
        CodeErrorKind::Exception
    };
    let said = shown(error, vm);
    let message = match kind {
        CodeErrorKind::MemoryLimit => limits.memory_words(),
        CodeErrorKind::TimeLimit => limits.time_words(),
        CodeErrorKind::OutputLimit => said.clone(),
        _ if said.is_empty() => class.clone(),
        _ => format!("{class}: {said}"),
    };
    let frames = frames(error);
    let line = frames.last().map(|(line, _)| *line);
    let words = line.and_then(|line| source.lines().nth((line as usize).saturating_sub(1))).unwrap_or("");
    let hint = if kind == CodeErrorKind::Exception { hints::hint(&class, &said, words) } else { None };
    let traceback = Some(traceback(&frames, source, &message));
    CodeError { kind, message, line, traceback, hint, printed: printed(prelude, vm) }
}

/// The end of what the program printed until it failed.
fn printed(prelude: &PyDictRef, vm: &VirtualMachine) -> Option<String> {
    let tail = prelude.get_item("printed", vm).ok()?.call((), vm).ok()?.try_into_value::<String>(vm).ok()?;
    let skipped = tail.chars().count().saturating_sub(PRINTED);
    let kept: String = tail.chars().skip(skipped).collect();
    (!kept.trim().is_empty()).then_some(kept)
}

/// What to say of a program that hit an error of the interpreter itself, in the child. Where a limit was reached before,
/// it is that: the interpreter does not take an exception everywhere.
pub fn from_panic(limits: Limits, vm: &VirtualMachine) -> CodeError {
    let (kind, message) = match (watch::is_late(), watch::was_full()) {
        (true, _) => (CodeErrorKind::TimeLimit, limits.time_words()),
        (false, true) => (CodeErrorKind::MemoryLimit, limits.memory_words()),
        (false, false) => (CodeErrorKind::Stopped, PANIC.to_owned()),
    };
    let innermost = std::iter::successors(vm.current_frame(), |frame| frame.f_back(vm));
    let mut own = innermost.filter(|frame| frame.code.source_path().as_str() == FILE);
    let line = own.next().map(|frame| frame.f_lineno() as u32);
    CodeError { line, ..CodeError::new(kind, message) }
}

fn shown(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> String {
    match error.as_object().str(vm) {
        Ok(text) => text.to_string_lossy().trim_end().chars().take(MESSAGE).collect(),
        Err(_) => String::new(),
    }
}

/// The beginning of a name or a line, which a program may make as long as it likes.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Lines of the program, outermost first, with the function each stands in.
fn frames(error: &PyBaseExceptionRef) -> Vec<(u32, String)> {
    let Some(first) = error.__traceback__() else { return Vec::new() };
    let own = first.iter().filter(|entry| entry.frame.code.source_path().as_str() == FILE);
    own.map(|entry| (entry.lineno.get() as u32, cut(entry.frame.code.obj_name.as_str()))).collect()
}

fn traceback(frames: &[(u32, String)], source: &str, message: &str) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let mut text = String::from("Traceback (most recent call last):\n");
    let hidden = if frames.len() > OUTER + INNER { OUTER..frames.len() - INNER } else { 0..0 };
    for (n, (line, function)) in frames.iter().enumerate() {
        if n == hidden.start && !hidden.is_empty() {
            text.push_str(&format!("  [{} more frames]\n", hidden.len()));
        }
        if !hidden.contains(&n) {
            let words = cut(lines.get((*line as usize).saturating_sub(1)).unwrap_or(&"").trim());
            text.push_str(&format!("  File \"{FILE}\", line {line}, in {function}\n    {words}\n"));
        }
    }
    text + message
}

/// Why a child that was running the program ended without an answer.
pub fn from_exit(status: ExitStatus, limits: Limits, late: bool) -> CodeError {
    let (kind, message) = match (status.code(), status.signal()) {
        (Some(allocator::OUT_OF_MEMORY), _) => (CodeErrorKind::MemoryLimit, limits.memory_words()),
        (Some(PANICKED_LATE), _) | (_, Some(libc::SIGXCPU)) => (CodeErrorKind::TimeLimit, limits.time_words()),
        (_, Some(libc::SIGKILL)) if late => (CodeErrorKind::TimeLimit, limits.time_words()),
        (_, Some(libc::SIGKILL)) => (
            CodeErrorKind::Stopped,
            "the system killed the program, most likely because the machine ran out of memory".to_owned(),
        ),
        (_, Some(libc::SIGSYS)) => (
            CodeErrorKind::Stopped,
            "the program tried what the sandbox forbids; it can only compute, without files, network or processes"
                .to_owned(),
        ),
        (Some(PANICKED), _) => (CodeErrorKind::Stopped, PANIC.to_owned()),
        (_, Some(libc::SIGSEGV | libc::SIGABRT | libc::SIGBUS)) => (
            CodeErrorKind::Stopped,
            "the program nests or recurses too deeply for the interpreter: flatten expressions and data, use loops"
                .to_owned(),
        ),
        _ => (
            CodeErrorKind::Stopped,
            "the program ended the interpreter before it gave a result; let the two functions return theirs".to_owned(),
        ),
    };
    CodeError::new(kind, message)
}

/// The jobs' texts are more than `most` bytes, written out.
pub fn long_jobs(most: usize) -> CodeError {
    let message = format!(
        "the made-up chunks, the tasks and the advice of all jobs are longer than {} MB together; use text of the documents as it stands, and short tasks",
        most >> 20
    );
    CodeError::new(CodeErrorKind::OutputLimit, message)
}

/// The program got in the way of the channel that its result comes by.
pub fn disturbed() -> CodeError {
    CodeError::new(CodeErrorKind::Stopped, "the program's result could not be read; return it and write nothing else")
}

/// The sandbox itself could not run.
pub fn unavailable(why: impl std::fmt::Display) -> CodeError {
    CodeError::new(CodeErrorKind::Unavailable, format!("{why}; `minions doctor` checks the sandbox"))
}
