//! `minions completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::exit::{Exit, Failure};
use super::output::print;
use crate::cli::Cli;

pub fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "minions", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
