//! Parses the command line, calls the library, prints what went wrong, and chooses the exit code.

use std::process::ExitCode;

use minions::cli::Cli;
use minions::commands;

#[global_allocator]
static ALLOCATOR: minions::sandbox::Counting = minions::sandbox::Counting;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == minions::sandbox::SUBCOMMAND) {
        minions::sandbox::child_main(arguments);
    }
    if std::env::args_os().nth(1).is_some_and(|first| first == minions::load::SUBCOMMAND) {
        minions::load::child_main(std::env::args_os().skip(2));
    }
    #[cfg(feature = "llama")]
    if std::env::args_os().nth(1).is_some_and(|first| first == minions::local::llama::SUBCOMMAND) {
        return minions::local::llama::child_main();
    }
    // A second hook cannot be there yet; without this one a panic is still told, only less well.
    let _ = color_eyre::config::HookBuilder::default().display_env_section(false).install();
    let cli = Cli::of_process();
    match commands::run(&cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if !failure.is_closed_pipe() {
                complain(&failure.to_string());
            }
            failure.exit().into()
        }
    }
}

/// Standard error may be closed too; then there is nobody left to tell.
fn complain(what: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "minions: {what}");
}
