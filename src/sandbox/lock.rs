//! What the child gives up before one untrusted byte is read.
//!
//! `early` runs on the only thread, before the interpreter starts: what it sets holds for every later thread.
//! `late` runs when all threads stand and the interpreter is loaded: from there only computing, standard input,
//! standard output and sleeping are left.

use super::wire::{Held, Layer};

/// Address space beyond the memory cap: the program itself, stacks, the heap's reserve.
const ADDRESS_SLACK_MB: u64 = 1024;
/// Memory beyond the cap that the allocator counts: the interpreter's stack, what lies unused between what is in use, and
/// what libraries in C allocate.
const MEMORY_SLACK_MB: u64 = 256;
/// Processor seconds beyond the time limit: starting, and writing the result.
const CPU_SLACK_S: u64 = 10;

pub fn early(memory_mb: u64, seconds: u64) -> Vec<Layer> {
    let mut layers = vec![close_descriptors(), first_to_go(), namespaces()];
    layers.extend([early_limits(memory_mb, seconds), no_new_privileges()]);
    layers.extend(landlock());
    layers
}

pub fn late() -> Vec<Layer> {
    vec![late_limits(), system_calls(), tried()]
}

fn early_limits(memory_mb: u64, seconds: u64) -> Layer {
    let address_space = memory_mb.saturating_mul(2).saturating_add(ADDRESS_SLACK_MB) << 20;
    let all = [
        limit(libc::RLIMIT_CORE, 0),
        limit(libc::RLIMIT_FSIZE, 0),
        limit(libc::RLIMIT_CPU, seconds.saturating_add(CPU_SLACK_S)),
        // macOS refuses this one; there the counting allocator is the only cap.
        limit(libc::RLIMIT_AS, address_space) || cfg!(target_os = "macos"),
        limit(libc::RLIMIT_DATA, memory_mb.saturating_add(MEMORY_SLACK_MB) << 20),
    ];
    layer("rlimits", all.iter().all(|held| *held), "processor time, memory, address space, file size, core files")
}

/// The number of processes counts all of the user's, so it may fall to zero only once our own threads run.
fn late_limits() -> Layer {
    let all = [limit(libc::RLIMIT_NOFILE, 3), limit(libc::RLIMIT_NPROC, 0)];
    layer("rlimits (late)", all.iter().all(|held| *held), "open files, processes")
}

/// What counts in the end: whether a file can be opened.
fn tried() -> Layer {
    match std::fs::File::open("/") {
        Err(_) => Layer::required("files", Held::Fully, "opening one was refused"),
        Ok(_) => Layer::required("files", Held::No, "opening one was not refused"),
    }
}

fn layer(name: &str, held: bool, what: &str) -> Layer {
    match held {
        true => Layer::required(name, Held::Fully, what),
        false => Layer::required(name, Held::Partly, format!("the kernel refused one of: {what}")),
    }
}

#[cfg(target_os = "linux")]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(target_os = "linux"))]
type Resource = libc::c_int;

#[allow(unsafe_code)]
fn limit(resource: Resource, value: u64) -> bool {
    let both = libc::rlimit { rlim_cur: value as libc::rlim_t, rlim_max: value as libc::rlim_t };
    // SAFETY: the pointer is to a live, initialised `rlimit` that the call only reads.
    unsafe { libc::setrlimit(resource, &both) == 0 }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn no_new_privileges() -> Layer {
    // SAFETY: these options of `prctl` take integers only.
    let held = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
    };
    layer("no_new_privs", held, "no set-user-id program, no tracing by others")
}

/// Files are in Landlock's first version; kernels since have added the network and signals, which seccomp stops anyway.
#[cfg(target_os = "linux")]
fn landlock() -> Vec<Layer> {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreated, RulesetError, RulesetStatus, Scope,
    };
    let newest = ABI::V6;
    let denied = || -> Result<_, RulesetError> {
        Ruleset::default()
            .handle_access(AccessFs::from_all(newest))?
            .handle_access(AccessNet::from_all(newest))?
            .scope(Scope::from_all(newest))?
            .create()
            .and_then(RulesetCreated::restrict_self)
    };
    const REST: &str = "landlock network and signals";
    match denied().map(|status| status.ruleset) {
        Ok(RulesetStatus::FullyEnforced) => vec![
            Layer::required("landlock", Held::Fully, "no file can be opened, made or run"),
            Layer::extra(REST, Held::Fully, "no connection, no signal to others"),
        ],
        Ok(RulesetStatus::PartiallyEnforced) => vec![
            Layer::required("landlock", Held::Fully, "no file can be opened, made or run"),
            Layer::extra(REST, Held::Partly, "this kernel's Landlock does not know all of them; seccomp stops them"),
        ],
        Ok(RulesetStatus::NotEnforced) => vec![Layer::required("landlock", Held::No, "this kernel has no Landlock")],
        Err(error) => vec![Layer::required("landlock", Held::No, error.to_string())],
    }
}

#[cfg(target_os = "linux")]
fn system_calls() -> Layer {
    match super::filter::apply() {
        Ok(()) => {
            Layer::required("seccomp", Held::Fully, "no system call but those for memory, time and the two pipes")
        }
        Err(error) => Layer::required("seccomp", Held::No, error),
    }
}

/// User, network and IPC namespaces of its own, where the system lets anyone have them, and no right within them.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn namespaces() -> Layer {
    const NAME: &str = "namespaces";
    // SAFETY: takes flags only; this is the process's only thread, as a new user namespace asks for.
    if unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET | libc::CLONE_NEWIPC) } != 0 {
        let error = std::io::Error::last_os_error();
        return Layer::extra(NAME, Held::No, format!("this system does not let a program make its own: {error}"));
    }
    // Version 3 of `capset` takes two sets of three masks; all are empty.
    let (header, none) = ([0x2008_0522u32, 0], [0u32; 6]);
    // SAFETY: both point to live values of the sizes that this version of the call reads.
    let dropped = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()) } == 0;
    match dropped {
        true => Layer::extra(NAME, Held::Fully, "a network without any interface, and no rights in it"),
        false => Layer::extra(NAME, Held::Partly, "a network of its own, whose rights could not be dropped"),
    }
}

/// When the machine runs out of memory the kernel ends this process before any other.
#[cfg(target_os = "linux")]
fn first_to_go() -> Layer {
    match std::fs::write("/proc/self/oom_score_adj", "1000") {
        Ok(()) => Layer::extra("memory of the machine", Held::Fully, "the kernel ends this process before others"),
        Err(error) => Layer::extra("memory of the machine", Held::No, error.to_string()),
    }
}

#[cfg(not(target_os = "linux"))]
fn namespaces() -> Layer {
    Layer::extra("namespaces", Held::No, "only Linux has them")
}

#[cfg(not(target_os = "linux"))]
fn first_to_go() -> Layer {
    Layer::extra("memory of the machine", Held::No, "only Linux can be told so")
}

#[cfg(not(target_os = "linux"))]
fn no_new_privileges() -> Layer {
    Layer::required("no_new_privs", Held::No, "only Linux has it")
}

#[cfg(not(target_os = "linux"))]
fn landlock() -> Vec<Layer> {
    vec![Layer::required("landlock", Held::No, "only Linux has it")]
}

#[cfg(not(target_os = "linux"))]
fn system_calls() -> Layer {
    Layer::required("seccomp", Held::No, "only Linux has it")
}

/// The process that started this one, or the one that took its place when it died.
#[allow(unsafe_code)]
pub fn parent() -> i32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::getppid() }
}

/// Starts a thread beside the one that works, and comes back when its body runs: what a starting thread asks of the system
/// is refused by the time `late` has run, and would end the process.
pub fn beside(stack: usize, body: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let (stands, standing) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new().stack_size(stack).spawn(move || {
        // Whoever started it waits.
        let _ = stands.send(());
        body();
    })?;
    standing.recv().map_err(std::io::Error::other)
}

/// Ends the process at once, whatever state the interpreter is in.
#[allow(unsafe_code)]
pub fn leave(code: i32) -> ! {
    // SAFETY: takes no pointer and runs no destructor.
    unsafe { libc::_exit(code) }
}

/// Closes whatever the parent left open but the three standard streams.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn close_descriptors() -> Layer {
    // SAFETY: nothing in this process has opened a descriptor yet, so none is closed under its owner.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32) } == 0;
    layer("descriptors", closed, "nothing open but the two pipes")
}

#[cfg(not(target_os = "linux"))]
fn close_descriptors() -> Layer {
    Layer::required("descriptors", Held::Partly, "only what is not marked close-on-exec")
}
