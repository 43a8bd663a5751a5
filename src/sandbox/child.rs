//! The child process: loads the interpreter, locks itself in, answers one request after another until its input ends. In
//! mid-program it may ask its parent how alike texts are.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::time::Duration;

use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::compiler::Mode;
use rustpython_vm::signal::{UserSignalReceiver, user_signal_channel};
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{Interpreter, PyResult, Settings, VirtualMachine};

use super::errors::{self, NOT_LOADED, PANICKED, PANICKED_LATE};
use super::likeness::{self, Likenesses};
use super::wire::{Answer, Held, Layer, Reply, Request, question};
use super::{Limits, allocator, host, lock, mend, program, sysconfig, watch};

/// The stack of the interpreter's thread: deep recursion in Python must end in RecursionError, not here.
const STACK: usize = 64 << 20;
const INTERPRETER: &str = "python";
const WATCHDOG_STACK: usize = 256 << 10;
/// Python frames; as CPython's default, where the crate takes 256 in builds with debug assertions.
const RECURSION_LIMIT: usize = 1000;

/// The entry point of the hidden subcommand. `arguments`: megabytes of memory and seconds of time.
pub fn child_main(mut arguments: impl Iterator<Item = OsString>) -> ! {
    // First of all, since a parent that dies while the child loads has no number to be known by later.
    let parent = lock::parent();
    let mut number = || arguments.next().and_then(|text| text.to_str().and_then(|text| text.parse::<u64>().ok()));
    let (Some(memory_mb), Some(seconds)) = (number(), number()) else { lock::leave(NOT_LOADED) };
    let limits = Limits { memory_mb, seconds };
    std::panic::set_hook(Box::new(move |_| end_by_panic(limits)));
    allocator::cap(limits.memory_bytes());
    let mut layers = lock::early(memory_mb, seconds);
    layers.push(match allocator::used() {
        Some(_) => Layer::required("memory cap", Held::Fully, format!("{memory_mb} MB, counted")),
        None => Layer::required("memory cap", Held::No, "this executable does not count its allocations"),
    });
    let interpreter = std::thread::Builder::new()
        .stack_size(STACK)
        .name(INTERPRETER.into())
        .spawn(move || serve(limits, layers, parent));
    if let Ok(thread) = interpreter {
        let _ = thread.join();
    }
    lock::leave(NOT_LOADED)
}

/// A panic means that the program hit an error of the interpreter, or that an interrupt did: nothing may run after it.
fn end_by_panic(limits: Limits) -> ! {
    if watch::is_armed() && std::thread::current().name() == Some(INTERPRETER) {
        with_current_vm(|vm| answer(&Reply::Failed(errors::from_panic(limits, vm))));
    }
    lock::leave(if watch::is_late() { PANICKED_LATE } else { PANICKED })
}

fn serve(limits: Limits, mut layers: Vec<Layer>, parent: i32) {
    let (signals, receiver) = user_signal_channel();
    if lock::beside(WATCHDOG_STACK, move || watch::watch(&signals, parent)).is_err() {
        lock::leave(NOT_LOADED);
    }
    interpreter(receiver).enter(|vm| {
        vm.recursion_limit.set(RECURSION_LIMIT);
        let Ok(prelude) = load_prelude(vm) else { lock::leave(NOT_LOADED) };
        layers.extend(lock::late());
        answer(&Reply::Ready(layers));
        while let Some(frame) = next_frame() {
            let Some((request, documents)) = read_request(&frame) else { break };
            let used = allocator::used().unwrap_or(0);
            let left = limits.memory_bytes().saturating_sub(used);
            watch::arm(Duration::from_millis(request.milliseconds), used + left / 4 * 3);
            answer(&program::run(&request, documents, &prelude, limits, vm));
        }
        lock::leave(0)
    })
}

fn interpreter(signals: UserSignalReceiver) -> Interpreter {
    let mut settings = Settings::default();
    // A fixed seed, so that sets come in the same order in every run.
    settings.hash_seed = Some(0);
    settings.install_signal_handlers = false;
    settings.import_site = false;
    settings.isolated = true;
    settings.ignore_environment = true;
    settings.write_bytecode = false;
    settings.allow_external_library = false;
    let builder = Interpreter::builder(settings);
    let mut native = rustpython_stdlib::stdlib_module_defs(&builder.ctx);
    native.push(sysconfig::module_def(&builder.ctx));
    builder
        .add_native_modules(&native)
        .add_frozen_modules(rustpython_pylib::FROZEN_STDLIB)
        .init_hook(move |vm| vm.set_user_signal_channel(signals))
        .build()
}

/// Runs the Python that is ours, with the host functions in scope.
fn load_prelude(vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let scope = vm.new_scope_with_builtins();
    let globals = scope.globals.clone();
    globals.set_item("__name__", vm.ctx.new_str("minions").into(), vm)?;
    globals.set_item("_host", vm.ctx.new_list(host::functions(vm)).into(), vm)?;
    for source in [
        include_str!("prelude.py"),
        include_str!("text_io.py"),
        include_str!("csv.py"),
        include_str!("checks.py"),
        include_str!("models.py"),
    ] {
        let code = vm
            .compile(source, Mode::Exec, "<minions>".to_owned())
            .map_err(|error| vm.new_syntax_error(&error, None))?;
        vm.run_code_obj(code, scope.clone())?;
    }
    mend::mend(&globals, vm)?;
    Ok(globals)
}

/// The frame of the next call, or nothing when the parent closed its end.
fn next_frame() -> Option<Vec<u8>> {
    let mut input = std::io::stdin().lock();
    let mut length = [0; 8];
    input.read_exact(&mut length).ok()?;
    bytes(&mut input, u64::from_le_bytes(length))
}

/// The call and its documents, or nothing where that is what no parent of ours sends.
fn read_request(frame: &[u8]) -> Option<(Request<'_>, Vec<String>)> {
    let mut input = std::io::stdin().lock();
    let request = Request::decode(frame).ok()?;
    let document = |length: &u64| String::from_utf8(bytes(&mut input, *length)?).ok();
    let documents = request.documents.iter().map(document).collect::<Option<_>>()?;
    Some((request, documents))
}

/// How alike the parent says these texts are; nothing where it does not know. The program's time stands still meanwhile.
pub fn compare(queries: &[&str], chunks: &[&str]) -> Option<Likenesses> {
    if !likeness::fits(queries, chunks) {
        answer(&Reply::AsksTooMuch);
        return None;
    }
    let waits = watch::pause();
    write(&question(queries, chunks));
    // A parent that does not answer is gone.
    let Some(frame) = next_frame() else { lock::leave(0) };
    drop(waits);
    Answer::decode(&frame).ok()?.0
}

fn bytes(input: &mut impl Read, length: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    input.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn answer(reply: &Reply) {
    write(&reply.encode());
}

fn write(frame: &[u8]) {
    let mut output = std::io::stdout().lock();
    if output.write_all(frame).and_then(|()| output.flush()).is_err() {
        lock::leave(0);
    }
}
