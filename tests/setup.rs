//! `scripts/setup` on machines that lack something: it says what, installs what it can, and does nothing where all is there.

#![allow(clippy::unwrap_used)] // Also the helpers here are tests.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

/// A machine that has only these programs and files, each with its content, besides the shell's daily tools.
fn on_machine_with(programs: &[(&str, &str)], args: &[&str]) -> (Output, tempfile::TempDir) {
    on_machine_where(programs, args, &[])
}

/// In `settings` the variables and their values, where `$M` stands for the folder of the programs, as in scripts.
fn on_machine_where(
    programs: &[(&str, &str)],
    args: &[&str],
    settings: &[(&str, &str)],
) -> (Output, tempfile::TempDir) {
    let machine = tempfile::tempdir().unwrap();
    for tool in ["sh", "sed", "dirname", "mktemp", "rm", "ls", "uname", "id", "ln", "cp", "mkdir"] {
        let found = ["/usr/bin", "/bin"].iter().map(|dir| Path::new(dir).join(tool)).find(|p| p.exists()).unwrap();
        symlink(found, machine.path().join(tool)).unwrap();
    }
    for (name, script) in programs {
        let path = machine.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // What is there may be a link to this machine's own tool.
        let _ = fs::remove_file(&path);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/setup");
    let home = machine.path().join("home");
    let mut command = Command::new("/bin/sh");
    command.arg(script).args(args).env_clear().env("PATH", machine.path()).env("HOME", home).env("M", machine.path());
    // Where libclang is on this machine is not for these tests to find out.
    command.env("MINIONS_SETUP_ROOT", machine.path().join("root"));
    for (name, value) in settings {
        command.env(name, value.replace("$M", &machine.path().to_string_lossy()));
    }
    (command.output().unwrap(), machine)
}

const RUST: [(&str, &str); 2] = [("cargo", ""), ("rustc", "echo rustc 1.99.0")];
/// What the local engine is built with, besides a C compiler.
const ENGINE: [(&str, &str); 5] = [
    ("c++", "exit 0"),
    ("cmake", ""),
    ("make", ""),
    ("root/usr/lib/llvm-14/lib/libclang-14.so.1", ""),
    ("root/usr/lib/llvm-14/lib/clang/14.0.6/include/stddef.h", ""),
];

/// What a build without libclang needs, and these files.
fn all_but_libclang_and(files: &[&'static str]) -> Vec<(&'static str, &'static str)> {
    let mut programs = RUST.to_vec();
    programs.push(("cc", "exit 0"));
    programs.extend(&ENGINE[..3]);
    programs.extend(files.iter().map(|file| (*file, "")));
    programs
}

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
    programs.push((
        "dnf",
        "echo chatter; for it in cc c++ cmake make; do cp \"$M/rustc\" \"$M/$it\"; done
        mkdir -p \"$M/root/usr/lib64\" \"$M/root/usr/lib/clang/20/include\"
        : >\"$M/root/usr/lib64/libclang.so.20.1\"; : >\"$M/root/usr/lib/clang/20/include/stddef.h\"",
    ));
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

#[test]
fn each_thing_that_the_local_engine_lacks_is_named_alone() {
    let names = [
        "a C++ compiler (C++17) with its headers",
        "cmake",
        "make",
        "libclang",
        "clang's own headers (stddef.h) for libclang",
    ];
    for (at, name) in names.iter().enumerate() {
        let mut programs = RUST.to_vec();
        programs.push(("cc", "exit 0"));
        // The headers are looked for beside the library.
        programs.extend(ENGINE.iter().enumerate().filter(|(it, _)| *it != at).map(|(_, it)| *it));
        let (output, _machine) = on_machine_with(&programs, &["--check"]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        let said = said(&output);
        assert_eq!(said.lines().next(), Some(format!("setup: missing: {name}").as_str()), "{said}");
        assert!(said.contains("cargo with --no-default-features builds without the local engine"), "{said}");
    }
}

#[test]
fn a_cxx_compiler_that_compiles_nothing_is_missing() {
    let mut programs = RUST.to_vec();
    programs.push(("cc", "exit 0"));
    programs.push(("c++", "exit 1"));
    programs.extend(&ENGINE[1..]);
    let (output, _machine) = on_machine_with(&programs, &["--check"]);
    assert!(said(&output).contains("missing: a C++ compiler"), "{}", said(&output));
}

#[test]
fn without_a_c_compiler_alone_nothing_is_said_of_the_engine() {
    let mut programs = RUST.to_vec();
    programs.extend(ENGINE);
    let (output, _machine) = on_machine_with(&programs, &["--check"]);
    assert_eq!(said(&output), "setup: missing: a C compiler with its linker and headers\n");
}

#[test]
fn libclang_is_found_where_systems_keep_it() {
    let kept = [
        ("Debian", "root/usr/lib/llvm-19/lib/libclang.so.1", "root/usr/lib/llvm-19/lib/clang/19/include/stddef.h"),
        (
            "Debian",
            "root/usr/lib/x86_64-linux-gnu/libclang-14.so.1",
            "root/usr/lib/llvm-14/lib/clang/14/include/stddef.h",
        ),
        ("Fedora", "root/usr/lib64/libclang.so.20.1", "root/usr/lib/clang/20/include/stddef.h"),
        ("Fedora", "root/usr/lib64/llvm20/lib/libclang.so", "root/usr/lib/clang/20/include/stddef.h"),
        ("Arch", "root/usr/lib/libclang.so", "root/usr/lib/clang/21/include/stddef.h"),
        ("by hand", "root/usr/local/lib/libclang.so.18", "root/usr/local/lib/clang/18/include/stddef.h"),
        (
            "macOS",
            "root/Library/Developer/CommandLineTools/usr/lib/libclang.dylib",
            "root/Library/Developer/CommandLineTools/usr/lib/clang/17/include/stddef.h",
        ),
    ];
    for (system, library, header) in kept {
        let (output, _machine) = on_machine_with(&all_but_libclang_and(&[library, header]), &[]);
        assert!(output.status.success() && output.stderr.is_empty(), "{system}, {library}: {}", said(&output));
    }
}

#[test]
fn what_is_only_named_like_libclang_does_not_count() {
    let alike = ["libclang-cpp.so.14", "libclang-cpp.so", "libclangAST.a", "libclangd.so"];
    for name in alike {
        let path = format!("root/usr/lib/llvm-14/lib/{name}");
        let mut programs = all_but_libclang_and(&["root/usr/lib/llvm-14/lib/clang/14/include/stddef.h"]);
        programs.push((&path, ""));
        let (output, _machine) = on_machine_with(&programs, &["--check"]);
        assert!(said(&output).contains("missing: libclang\n"), "{name}: {}", said(&output));
    }
}

#[test]
fn llvm_config_and_clang_tell_where_their_files_are() {
    let mut programs = all_but_libclang_and(&["llvm/lib/libclang.so", "elsewhere/include/stddef.h"]);
    programs.push(("llvm-config", "echo \"$M/llvm/lib\""));
    programs.push(("clang", "echo \"$M/elsewhere\""));
    let (output, _machine) = on_machine_with(&programs, &[]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
    // One that fails is as none.
    let mut programs = all_but_libclang_and(&[]);
    programs.push(("llvm-config", "exit 1"));
    let (output, _machine) = on_machine_with(&programs, &["--check"]);
    assert!(said(&output).contains("missing: libclang\n"), "{}", said(&output));
}

#[test]
fn libclang_path_is_the_only_place_where_it_is_set() {
    let files = ["own/libclang.so", "own/clang/18/include/stddef.h", ENGINE[3].0, ENGINE[4].0];
    for value in ["$M/own", "$M/own/libclang.so"] {
        let (output, _machine) = on_machine_where(&all_but_libclang_and(&files[..2]), &[], &[("LIBCLANG_PATH", value)]);
        assert!(output.status.success() && output.stderr.is_empty(), "{value}: {}", said(&output));
    }
    let (output, _machine) =
        on_machine_where(&all_but_libclang_and(&files), &["--check"], &[("LIBCLANG_PATH", "/none")]);
    assert!(said(&output).contains("missing: libclang (LIBCLANG_PATH is /none, which has none)"), "{}", said(&output));
}

#[test]
fn headers_may_be_named_to_bindgen() {
    let programs = all_but_libclang_and(&["root/usr/lib/libclang.so"]);
    let (output, _machine) = on_machine_where(&programs, &[], &[("BINDGEN_EXTRA_CLANG_ARGS", "-I/own/include")]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
}

#[test]
fn each_package_manager_is_given_one_command_for_everything() {
    let managers = [
        ("apt-get", "gcc g++ libc6-dev cmake make libclang-dev"),
        ("dnf", "gcc gcc-c++ glibc-devel cmake make clang-devel"),
        ("pacman", "gcc cmake make clang"),
        ("brew", "brew install gcc cmake make llvm"),
    ];
    for (manager, packages) in managers {
        let mut programs = RUST.to_vec();
        programs.push(("uname", "echo Linux"));
        programs.push(("sudo", "if [ \"$1\" = -n ]; then exit 0; fi\nexec \"$@\""));
        programs.push((manager, ""));
        let (output, _machine) = on_machine_with(&programs, &[]);
        assert_eq!(output.status.code(), Some(1), "{manager} installed nothing");
        let said = said(&output);
        assert!(said.contains(&format!("running  {manager} ")) && said.contains(packages), "{said}");
        assert!(
            said.contains("still missing after that: a C compiler") && said.contains("set LIBCLANG_PATH"),
            "{said}"
        );
    }
}

#[test]
fn on_macos_compilers_come_from_xcode_and_cmake_from_homebrew() {
    let tools = "root/Library/Developer/CommandLineTools/usr/lib";
    let (library, header) = (format!("{tools}/libclang.dylib"), format!("{tools}/clang/17/include/stddef.h"));
    let mac = [("uname", "echo Darwin"), ("xcode-select", "exit 1"), ("brew", "exit 1")];
    let with = |more: &[(&str, &str)]| {
        let programs: Vec<_> = RUST.iter().chain(&mac).chain(more).copied().collect();
        said(&on_machine_with(&programs, &[]).0)
    };
    let compilers = [("cc", "exit 0"), ("c++", "exit 0"), ("make", "")];
    assert!(with(&[]).contains("running  xcode-select --install\n"));
    assert!(with(&compilers).contains("running  brew install cmake llvm\n"));
    let with_libclang = [&compilers[..], &[(library.as_str(), ""), (header.as_str(), "")]].concat();
    assert!(with(&with_libclang).contains("running  brew install cmake\n"));
}
