//! The child's watchdog: raises an exception in the running program at the time limit and close to the memory cap.
//!
//! An exception carries the line it was raised at. What cannot be interrupted so is stopped by the allocator or the parent.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::signal::UserSignalSender;
use rustpython_vm::{PyResult, VirtualMachine};

use super::{allocator, lock};

/// How often a running program is looked at.
const TICK: Duration = Duration::from_millis(5);
/// A program that caught the exception is given this long before the next.
const AGAIN: Duration = Duration::from_millis(20);

/// Where the one program of this process stands.
#[derive(Clone, Copy, PartialEq)]
enum Time {
    NotBegun,
    Until(Instant),
    /// It stands still, with this much left.
    Paused(Duration),
    /// It no longer counts.
    Over,
}

static TIME: Mutex<Time> = Mutex::new(Time::NotBegun);
static ARMED: Condvar = Condvar::new();
static MEMORY: AtomicUsize = AtomicUsize::new(usize::MAX);
static LATE: AtomicBool = AtomicBool::new(false);
static FULL: AtomicBool = AtomicBool::new(false);

/// Begins the program's time. `memory` is the total of bytes in use at which MemoryError is raised.
pub fn arm(time: Duration, memory: usize) {
    MEMORY.store(memory, Relaxed);
    *now() = Time::Until(Instant::now() + time);
    ARMED.notify_all();
}

/// The program waits for its parent: until what is given is dropped its time stands still.
pub fn pause() -> Pause {
    let mut time = now();
    if let Time::Until(deadline) = *time {
        *time = Time::Paused(deadline.saturating_duration_since(Instant::now()));
    }
    Pause
}

pub struct Pause;

impl Drop for Pause {
    fn drop(&mut self) {
        let mut time = now();
        if let Time::Paused(left) = *time {
            *time = Time::Until(Instant::now() + left);
        }
    }
}

/// Ends it: from here no exception is raised.
pub fn disarm() {
    MEMORY.store(usize::MAX, Relaxed);
    *now() = Time::Over;
}

fn now() -> MutexGuard<'static, Time> {
    TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a program runs.
pub fn is_armed() -> bool {
    matches!(*now(), Time::Until(_) | Time::Paused(_))
}

/// Whether the time limit has passed.
pub fn is_late() -> bool {
    LATE.load(Relaxed)
}

/// Whether the program uses more memory than it may.
pub fn is_full() -> bool {
    allocator::used().unwrap_or(0) > MEMORY.load(Relaxed)
}

/// Whether a MemoryError was raised because it did.
pub fn was_full() -> bool {
    FULL.load(Relaxed)
}

/// The body of the watchdog's thread. `parent` is the process that started this one.
pub fn watch(signals: &UserSignalSender, parent: i32) {
    let mut time = now();
    // A program may be over before this thread comes to wake: that counts as begun.
    while *time == Time::NotBegun {
        time = ARMED.wait(time).unwrap_or_else(PoisonError::into_inner);
    }
    drop(time);
    // From here to the end of the process: what a program left behind may run on when its time no longer counts.
    loop {
        let time = *now();
        let late = matches!(time, Time::Until(deadline) if Instant::now() >= deadline);
        // Not PR_SET_PDEATHSIG: that is sent when the *thread* that started us ends, which one of a pool may at any time.
        // An idle child sees its input end.
        if lock::parent() != parent {
            lock::leave(0);
        }
        let full = is_full();
        if late {
            LATE.store(true, Relaxed);
        }
        if late || full {
            if signals.send(Box::new(move |vm: &VirtualMachine| interrupt(full, vm))).is_err() {
                return;
            }
            std::thread::sleep(AGAIN);
        }
        std::thread::sleep(TICK);
    }
}

/// Raises what the limit calls for, unless the program ended meanwhile. `except Exception` does not catch the late one.
fn interrupt(full: bool, vm: &VirtualMachine) -> PyResult<()> {
    match is_armed() {
        true if full => Err(memory_error(vm)),
        true => Err(time_error(vm)),
        false => Ok(()),
    }
}

/// Whether native code has to end early, which no signal interrupts.
pub fn must_stop() -> bool {
    is_full() || is_late()
}

/// Raises in native code what the watchdog raises in Python's.
pub fn check(vm: &VirtualMachine) -> PyResult<()> {
    match must_stop() {
        true if is_full() => Err(memory_error(vm)),
        true => Err(time_error(vm)),
        false => Ok(()),
    }
}

fn time_error(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_exception_msg(vm.ctx.exceptions.keyboard_interrupt.to_owned(), "the time limit is reached".into())
}

/// The exception for a program that uses too much memory.
fn memory_error(vm: &VirtualMachine) -> PyBaseExceptionRef {
    FULL.store(true, Relaxed);
    vm.new_exception_msg(vm.ctx.exceptions.memory_error.to_owned(), "the memory limit is reached".into())
}
