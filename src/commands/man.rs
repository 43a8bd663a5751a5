//! `minions man`: one page with all subcommands.

use std::io;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::exit::{Exit, Failure};
use super::output::print;
use crate::cli::Cli;
use crate::config::Catalog;

pub fn man() -> Result<Exit, Failure> {
    print(&page()?)?;
    Ok(Exit::Success)
}

fn page() -> io::Result<String> {
    let mut command = Cli::command();
    command.build();
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut page = String::from_utf8_lossy(&page).into_owned();
    for subcommand in visible(&command) {
        page.push_str(&described(subcommand)?);
    }
    page.push_str(&environment());
    page.push_str(EXIT_STATUS);
    Ok(page)
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help")
}

/// A subcommand as a section of the page; those below it are described after it.
fn described(command: &Command) -> io::Result<String> {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let mut section = format!(".SH \"{}\"\n", name.to_uppercase());
    let mut about = Vec::new();
    let own = command.clone().mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
    let man = Man::new(own.disable_help_flag(true));
    man.render_description_section(&mut about)?;
    man.render_synopsis_section(&mut about)?;
    man.render_options_section(&mut about)?;
    section.push_str(&String::from_utf8_lossy(&about).replace(".SH DESCRIPTION\n", "").replace(".SH ", ".SS "));
    for below in visible(command) {
        section.push_str(&described(below)?);
    }
    Ok(section)
}

fn environment() -> String {
    let mut section = String::from(
        ".SH ENVIRONMENT\n.TP\nMINIONS_CONFIG\nThe file of settings, as with \\-\\-config.\n\
         .TP\nMINIONS_LOG\nThe level of the log, such as info or minions=debug.\n\
         .TP\nNO_COLOR\nWhere it is set and not empty, no colour is used.\n",
    );
    for setting in &Catalog::get().settings {
        section.push_str(&format!(".TP\n{}\n{}\n", setting.variable(), escaped(&setting.doc)));
    }
    section
}

/// Text for roff: a backslash and a dash have a meaning there, and so has a dot at the start of a line.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

const EXIT_STATUS: &str = "\
.SH EXIT STATUS
.TP
0
Answered, or done.
.TP
1
Error.
.TP
2
Wrong usage or configuration.
.TP
3
Ended without an answer.
.TP
4
Stopped by the budget.
.TP
130
Interrupted.
";
