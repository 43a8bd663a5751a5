//! What the child gives up before one untrusted byte is read.
//!
//! `early` runs on the only thread, before the interpreter starts: what it sets holds for every later thread.
//! `late` runs when all threads stand and the interpreter is loaded: from there only computing, standard input,
//! standard output and sleeping are left.

use super::wire::{Held, Layer};

/// Address space beyond the memory cap: the program itself, stacks, the heap's reserve.
const ADDRESS_SLACK_MB: u64 = 1024;
/// Processor seconds beyond the time limit: starting, and writing the result.
const CPU_SLACK_S: u64 = 10;

pub fn early(memory_mb: u64, seconds: u64) -> Vec<Layer> {
    vec![close_descriptors(), early_limits(memory_mb, seconds), no_new_privileges(), file_system()]
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
    ];
    layer("rlimits", all.iter().all(|held| *held), "processor time, address space, file size, core files")
}

/// The number of processes counts all of the user's, so it may fall to zero only once our own threads run.
fn late_limits() -> Layer {
    let all = [limit(libc::RLIMIT_NOFILE, 3), limit(libc::RLIMIT_NPROC, 0)];
    layer("rlimits (late)", all.iter().all(|held| *held), "open files, processes")
}

/// What counts in the end: whether a file can be opened.
fn tried() -> Layer {
    let (held, detail) = match std::fs::File::open("/") {
        Err(_) => (Held::Fully, "opening one was refused"),
        Ok(_) => (Held::No, "opening one was not refused"),
    };
    Layer { name: "files".into(), held, detail: detail.into() }
}

fn layer(name: &str, held: bool, what: &str) -> Layer {
    match held {
        true => Layer { name: name.into(), held: Held::Fully, detail: what.into() },
        false => Layer { name: name.into(), held: Held::Partly, detail: format!("the kernel refused one of: {what}") },
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

#[cfg(target_os = "linux")]
fn file_system() -> Layer {
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
    let (held, detail) = match denied().map(|status| status.ruleset) {
        Ok(RulesetStatus::FullyEnforced) => (Held::Fully, "no file, no network, no signal to others".into()),
        Ok(RulesetStatus::PartiallyEnforced) => (Held::Partly, "this kernel knows only a part of it".into()),
        Ok(RulesetStatus::NotEnforced) => (Held::No, "this kernel has no Landlock".into()),
        Err(error) => (Held::No, error.to_string()),
    };
    Layer { name: "landlock".into(), held, detail }
}

#[cfg(target_os = "linux")]
fn system_calls() -> Layer {
    let (held, detail) = match filter::apply() {
        Ok(()) => (Held::Fully, "any system call but those for memory, time and the two pipes".into()),
        Err(error) => (Held::No, error),
    };
    Layer { name: "seccomp".into(), held, detail }
}

#[cfg(target_os = "linux")]
mod filter {
    use std::collections::BTreeMap;

    use seccompiler::{
        BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, TargetArch, apply_filter_all_threads,
    };

    type Rules = BTreeMap<i64, Vec<SeccompRule>>;

    /// Allowed with any arguments.
    const ALLOWED: &[i64] = &[
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_brk,
        libc::SYS_madvise,
        libc::SYS_futex,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigreturn,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_gettimeofday,
        libc::SYS_getrandom,
        libc::SYS_sched_yield,
        libc::SYS_getpid,
        libc::SYS_getppid,
        libc::SYS_gettid,
        libc::SYS_restart_syscall,
        libc::SYS_rseq,
        libc::SYS_set_robust_list,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_time,
    ];

    /// Answered with EACCES instead of death: what an honest program, or the interpreter's own traceback printer, tries.
    const REFUSED: &[i64] = &[
        libc::SYS_openat,
        libc::SYS_newfstatat,
        libc::SYS_statx,
        libc::SYS_close,
        libc::SYS_fstat,
        libc::SYS_getcwd,
        libc::SYS_ioctl,
        libc::SYS_prlimit64,
        libc::SYS_faccessat,
        libc::SYS_readlinkat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_stat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_lstat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_access,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_readlink,
    ];

    pub fn apply() -> Result<(), String> {
        // The second filter kills at `seccomp` itself, so the one that answers with an error goes first.
        for program in [refusing(), killing()] {
            let program = program.map_err(|error| error.to_string())?;
            apply_filter_all_threads(&program).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn refusing() -> Result<BpfProgram, BackendError> {
        let rules: Rules = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
        build(rules, SeccompAction::Allow, SeccompAction::Errno(libc::EACCES as u32))
    }

    fn killing() -> Result<BpfProgram, BackendError> {
        let mut rules: Rules = ALLOWED.iter().chain(REFUSED).map(|call| (*call, Vec::new())).collect();
        let not_executable = SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64);
        rules.insert(libc::SYS_mmap, vec![when(2, not_executable.clone(), 0)?]);
        rules.insert(libc::SYS_mprotect, vec![when(2, not_executable, 0)?]);
        rules.insert(libc::SYS_read, vec![when(0, SeccompCmpOp::Eq, 0)?]);
        rules.insert(libc::SYS_write, vec![when(0, SeccompCmpOp::Eq, 1)?, when(0, SeccompCmpOp::Eq, 2)?]);
        // `abort` sends a signal to its own thread; no signal leaves this process.
        rules.insert(libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Eq, u64::from(std::process::id()))?]);
        build(rules, SeccompAction::KillProcess, SeccompAction::Allow)
    }

    fn when(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, BackendError> {
        SeccompRule::new(vec![SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?])
    }

    fn build(rules: Rules, other: SeccompAction, listed: SeccompAction) -> Result<BpfProgram, BackendError> {
        let machine = TargetArch::try_from(std::env::consts::ARCH)?;
        SeccompFilter::new(rules, other, listed, machine)?.try_into()
    }
}

#[cfg(not(target_os = "linux"))]
fn no_new_privileges() -> Layer {
    Layer { name: "no_new_privs".into(), held: Held::No, detail: "only Linux has it".into() }
}

#[cfg(not(target_os = "linux"))]
fn file_system() -> Layer {
    Layer { name: "landlock".into(), held: Held::No, detail: "only Linux has it".into() }
}

#[cfg(not(target_os = "linux"))]
fn system_calls() -> Layer {
    Layer { name: "seccomp".into(), held: Held::No, detail: "only Linux has it".into() }
}

/// The process that started this one, or the one that took its place when it died.
#[allow(unsafe_code)]
pub fn parent() -> i32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::getppid() }
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
    Layer { name: "descriptors".into(), held: Held::Partly, detail: "only what is not marked close-on-exec".into() }
}
