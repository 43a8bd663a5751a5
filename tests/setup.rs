//! `scripts/setup` on machines that lack something: it says what, installs what it can, and does nothing where all is there.

#![allow(clippy::unwrap_used)] // Also the helpers here are tests.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

/// A machine that has only these programs, each with its script, besides the shell's daily tools.
fn on_machine_with(programs: &[(&str, &str)], args: &[&str]) -> (Output, tempfile::TempDir) {
    let machine = tempfile::tempdir().unwrap();
    for tool in ["sh", "sed", "dirname", "mktemp", "rm", "ls", "uname", "id", "ln", "cp"] {
        let found = ["/usr/bin", "/bin"].iter().map(|dir| Path::new(dir).join(tool)).find(|p| p.exists()).unwrap();
        symlink(found, machine.path().join(tool)).unwrap();
    }
    for (name, script) in programs {
        let path = machine.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/setup");
    let home = machine.path().join("home");
    let mut command = Command::new("/bin/sh");
    command.arg(script).args(args).env_clear().env("PATH", machine.path()).env("HOME", home).env("M", machine.path());
    // Where libclang is on this machine is not for these tests to find out.
    command.env("LIBCLANG_PATH", machine.path());
    (command.output().unwrap(), machine)
}

const RUST: [(&str, &str); 2] = [("cargo", ""), ("rustc", "echo rustc 1.99.0")];
/// What the local engine is built with, besides a C compiler.
const ENGINE: [(&str, &str); 4] = [("c++", "exit 0"), ("cmake", ""), ("make", ""), ("libclang.so.1", "")];

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn where_everything_is_there_it_does_nothing() {
    let mut programs = RUST.to_vec();
    programs.push(("cc", "exit 0"));
    programs.extend(ENGINE);
    let (output, _machine) = on_machine_with(&programs, &[]);
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{}", said(&output));
}

#[test]
fn without_rust_it_points_to_rustup() {
    let (output, _machine) = on_machine_with(&[("cc", "exit 0")], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("https://rustup.rs"), "{}", said(&output));
}

#[test]
fn a_rust_that_is_too_old_is_told_with_the_one_needed() {
    let old = [("cargo", ""), ("rustc", "echo rustc 1.9.0"), ("rustup", ""), ("cc", "exit 0")];
    let (output, _machine) = on_machine_with(&old, &[]);
    assert_eq!(output.status.code(), Some(1));
    let wanted = env!("CARGO_PKG_RUST_VERSION");
    let expected = format!("Rust 1.9 is too old, {wanted} or newer is needed: run  rustup update stable");
    assert!(said(&output).contains(&expected), "{}", said(&output));
}

#[test]
fn what_it_cannot_install_it_names() {
    let (output, _machine) = on_machine_with(&RUST, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("missing: a C compiler"), "{}", said(&output));
    assert!(said(&output).contains("install it by hand"), "{}", said(&output));
}

#[test]
fn what_is_missing_is_only_told_when_only_that_is_asked() {
    let mut programs = RUST.to_vec();
    programs.push(("dnf", "echo installed >\"$M/installed\""));
    let (output, machine) = on_machine_with(&programs, &["--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("missing: a C compiler"), "{}", said(&output));
    assert!(!machine.path().join("installed").exists());
}

#[test]
fn what_is_missing_is_installed_by_the_package_manager_and_nothing_goes_to_standard_output() {
    let mut programs = RUST.to_vec();
    // Root needs no sudo; anyone else has one here that asks nothing.
    programs.push(("sudo", "if [ \"$1\" = -n ]; then exit 0; fi\nexec \"$@\""));
    programs
        .push(("dnf", "echo chatter; for it in cc c++ cmake make libclang.so; do cp \"$M/rustc\" \"$M/$it\"; done"));
    let (output, _machine) = on_machine_with(&programs, &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(output.stdout.is_empty());
    assert!(
        said(&output).contains("running  dnf install -q -y gcc gcc-c++ glibc-devel cmake make clang-devel"),
        "{}",
        said(&output)
    );
}

#[test]
fn everything_that_the_local_engine_is_built_with_is_named() {
    let mut programs = RUST.to_vec();
    programs.push(("cc", "exit 0"));
    let (output, _machine) = on_machine_with(&programs, &[]);
    assert_eq!(output.status.code(), Some(1));
    for wanted in ["a C++ compiler", "cmake", "make", "libclang", "--no-default-features"] {
        assert!(said(&output).contains(wanted), "{wanted}: {}", said(&output));
    }
}
