//! Tries what the lock forbids, from inside the locked child, so that `minions doctor` shows what this kernel stops.
//!
//! These are native calls, as code that had broken out of the interpreter would make them. None does harm if it works.

use std::fs::{self, File};
use std::io::{Error, Result};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::ptr;

use super::lock;

/// One forbidden thing: its name, and what tries it.
pub struct Attempt {
    pub name: &'static str,
    run: fn() -> Result<()>,
}

/// Every attempt there is.
pub const ALL: &[Attempt] = &[
    Attempt { name: "read a file", run: || File::open("/etc/passwd").map(drop) },
    Attempt { name: "list a folder", run: || fs::read_dir("/").map(drop) },
    Attempt { name: "look whether a file is there", run: || fs::metadata("/etc/passwd").map(drop) },
    Attempt { name: "write a file", run: write_a_file },
    Attempt { name: "use a descriptor that it was not given", run: read_another_descriptor },
    Attempt { name: "connect to the network", run: || TcpStream::connect("127.0.0.1:9").map(drop) },
    Attempt { name: "listen on the network", run: || TcpListener::bind("127.0.0.1:0").map(drop) },
    Attempt { name: "send on the network", run: || UdpSocket::bind("127.0.0.1:0").map(drop) },
    Attempt { name: "open a local socket", run: || UnixDatagram::unbound().map(drop) },
    Attempt { name: "start a program", run: start_a_program },
    Attempt { name: "start a process", run: start_a_process },
    Attempt { name: "start a thread", run: || std::thread::Builder::new().spawn(|| ()).map(drop) },
    Attempt { name: "signal another process", run: signal_the_parent },
    Attempt { name: "make memory that can be written and run", run: make_writable_code },
    Attempt { name: "run what it wrote to memory", run: run_own_memory },
    Attempt { name: "read the environment", run: read_the_environment },
    Attempt { name: "raise its limits", run: raise_limits },
    #[cfg(target_os = "linux")]
    Attempt { name: "make a file in memory", run: linux::make_a_file_in_memory },
    #[cfg(target_os = "linux")]
    Attempt { name: "be traced", run: linux::be_traced },
    #[cfg(target_os = "linux")]
    Attempt { name: "read another process's memory", run: linux::read_the_parent },
    #[cfg(target_os = "linux")]
    Attempt { name: "change its own rights", run: linux::become_traceable },
    #[cfg(target_os = "linux")]
    Attempt { name: "queue system calls for the kernel", run: || linux::call(libc::SYS_io_uring_setup, [8, 0]) },
    #[cfg(target_os = "linux")]
    Attempt { name: "load code into the kernel", run: || linux::call(libc::SYS_bpf, [0, 0]) },
    #[cfg(target_os = "linux")]
    Attempt { name: "change its namespaces", run: || linux::call(libc::SYS_unshare, [libc::CLONE_NEWNS.into(), 0]) },
];

/// Errors that say "you may not". Any other, such as "no server there", comes from behind the door.
const REFUSALS: &[i32] = &[libc::EACCES, libc::EPERM, libc::ENOSYS, libc::EMFILE, libc::EAGAIN, libc::EBADF];

/// Makes the attempt of this name. Where it was refused, the error number; where it was done, nothing.
pub fn make(name: &str) -> Option<i32> {
    let attempt = ALL.iter().find(|attempt| attempt.name == name)?;
    let number = (attempt.run)().err()?.raw_os_error()?;
    REFUSALS.contains(&number).then_some(number)
}

/// What a call that gives a negative number for an error came to.
fn done(result: i64) -> Result<()> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(()) }
}

fn write_a_file() -> Result<()> {
    let path = std::env::temp_dir().join(format!("minions-sandbox-attempt-{}", std::process::id()));
    File::create(&path)?;
    // It should not have come to this; leave nothing behind.
    fs::remove_file(&path)
}

fn read_the_environment() -> Result<()> {
    match std::env::vars_os().next() {
        Some(_) => Ok(()),
        None => Err(Error::from_raw_os_error(libc::EACCES)),
    }
}

#[allow(unsafe_code)]
fn read_another_descriptor() -> Result<()> {
    let mut byte = [0u8];
    // SAFETY: the buffer is live and one byte long.
    done(unsafe { libc::read(3, byte.as_mut_ptr().cast(), 1) } as i64)
}

#[allow(unsafe_code)]
fn start_a_program() -> Result<()> {
    let path = c"/bin/true";
    let arguments = [path.as_ptr(), ptr::null()];
    // SAFETY: path and arguments are live, and both lists end with a null pointer.
    done(i64::from(unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), arguments[1..].as_ptr()) }))
}

#[allow(unsafe_code)]
fn start_a_process() -> Result<()> {
    // SAFETY: the new process, should there be one, leaves at once.
    match unsafe { libc::fork() } {
        0 => lock::leave(0),
        process => done(i64::from(process)),
    }
}

#[allow(unsafe_code)]
fn signal_the_parent() -> Result<()> {
    // SAFETY: signal 0 only asks whether one could be sent.
    done(i64::from(unsafe { libc::kill(lock::parent(), 0) }))
}

fn make_writable_code() -> Result<()> {
    map(libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC).map(drop)
}

#[allow(unsafe_code)]
fn run_own_memory() -> Result<()> {
    let memory = map(libc::PROT_READ | libc::PROT_WRITE)?;
    // SAFETY: the memory was made above, is not used and has this length.
    done(i64::from(unsafe { libc::mprotect(memory, PAGE, libc::PROT_READ | libc::PROT_EXEC) }))
}

const PAGE: usize = 4096;

#[allow(unsafe_code)]
fn map(protection: i32) -> Result<*mut libc::c_void> {
    // SAFETY: new memory at a place that the kernel chooses.
    let memory = unsafe { libc::mmap(ptr::null_mut(), PAGE, protection, libc::MAP_PRIVATE | libc::MAP_ANON, -1, 0) };
    if memory == libc::MAP_FAILED { Err(Error::last_os_error()) } else { Ok(memory) }
}

#[allow(unsafe_code)]
fn raise_limits() -> Result<()> {
    let more = libc::rlimit { rlim_cur: 1024, rlim_max: 1024 };
    // SAFETY: the pointer is to a live, initialised `rlimit` that the call only reads.
    done(i64::from(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &more) }))
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
mod linux {
    use super::{Result, done, lock, ptr};

    pub fn make_a_file_in_memory() -> Result<()> {
        // SAFETY: the name is live and ends with a null byte.
        done(i64::from(unsafe { libc::memfd_create(c"attempt".as_ptr(), 0) }))
    }

    pub fn be_traced() -> Result<()> {
        // SAFETY: this request uses none of the other arguments.
        done(unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, ptr::null_mut::<u8>(), ptr::null_mut::<u8>()) })
    }

    pub fn read_the_parent() -> Result<()> {
        let mut byte = [0u8];
        let own = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
        let other = libc::iovec { iov_base: ptr::dangling_mut::<u8>().cast(), iov_len: 1 };
        // SAFETY: both point to live values, and the first to a live byte; the other's address is not used here.
        done(unsafe { libc::process_vm_readv(lock::parent(), &own, 1, &other, 1, 0) } as i64)
    }

    pub fn become_traceable() -> Result<()> {
        // SAFETY: this option of `prctl` takes integers only.
        done(i64::from(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) }))
    }

    pub fn call(number: i64, [first, second]: [i64; 2]) -> Result<()> {
        // SAFETY: the arguments are numbers, and null where the call would take a pointer, which it then refuses.
        done(unsafe { libc::syscall(number, first, second, 0, 0, 0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_lock_the_doors_are_open() {
        let harmless = ["read a file", "list a folder", "look whether a file is there", "write a file"].into_iter();
        let harmless = harmless.chain(["connect to the network", "send on the network", "open a local socket"]);
        for name in harmless.chain(["start a thread", "signal another process", "run what it wrote to memory"]) {
            assert_eq!(make(name), None, "{name}");
        }
        assert_eq!(make("read the environment"), None, "cargo sets some of it");
    }

    #[test]
    fn names_are_told_apart() {
        let mut names: Vec<&str> = ALL.iter().map(|attempt| attempt.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
