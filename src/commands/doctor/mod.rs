//! `minions doctor`: is everything there that a session needs, and what to do where it is not.

mod engines;
mod folders;
mod keys;
mod settings;
mod terminal;

use std::fmt::Write;

use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::print;
use crate::config::{Folders, Sources, load};
use crate::document::escape::visible_lines;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: String,
    pub status: Status,
    /// What was found, in one sentence.
    pub detail: String,
    /// What to do, where something should be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Ok,
    /// Works, though not as well as it could.
    Warn,
    /// A session would not work.
    Fail,
}

impl Check {
    pub fn ok(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.into(), status: Status::Ok, detail: detail.into(), advice: None }
    }

    pub fn warn(name: &str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name: name.into(), status: Status::Warn, detail: detail.into(), advice: Some(advice.into()) }
    }

    pub fn fail(name: &str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name: name.into(), status: Status::Fail, detail: detail.into(), advice: Some(advice.into()) }
    }
}

/// Prints all checks; the exit code is 1 where one failed.
pub fn doctor(sources: &Sources, as_json: bool) -> Result<Exit, Failure> {
    let checks = checks(sources);
    let failed = checks.iter().any(|c| c.status == Status::Fail);
    if as_json {
        print(&format!("{:#}\n", serde_json::json!({ "healthy": !failed, "checks": checks })))?;
    } else {
        print(&report(&checks))?;
    }
    Ok(if failed { Exit::Error } else { Exit::Success })
}

fn checks(sources: &Sources) -> Vec<Check> {
    let loaded = load(sources);
    let mut checks = settings::files(sources, &loaded);
    // With broken settings the rest is looked at under the built-in ones.
    let config = loaded.map(|l| l.config).unwrap_or_default();
    checks.extend(keys::keys(&config, |name| variable(sources, name)));
    checks.extend(terminal::terminal(|name| variable(sources, name)));
    checks.extend(folders::folders(&config, Folders::of_process()));
    checks.extend(engines::engines(&config));
    checks
}

fn variable(sources: &Sources, name: &str) -> Option<String> {
    let found = sources.environment.iter().find(|(n, _)| n == name);
    found.map(|(_, value)| value.to_string_lossy().into_owned()).filter(|v| !v.is_empty())
}

fn report(checks: &[Check]) -> String {
    let width = checks.iter().map(|c| c.name.chars().count()).max().unwrap_or_default();
    let mut out = String::new();
    for check in checks {
        let status = match check.status {
            Status::Ok => "ok  ",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{status}  {:width$}  {}", check.name, check.detail);
        if let Some(advice) = &check.advice {
            let _ = writeln!(out, "      {:width$}  -> {advice}", "");
        }
    }
    let count = |status| checks.iter().filter(|c| c.status == status).count();
    let _ = match (count(Status::Fail), count(Status::Warn)) {
        (0, 0) => writeln!(out, "\nAll is well."),
        (0, warnings) => writeln!(out, "\nNothing failed; warnings: {warnings}."),
        (failures, warnings) => writeln!(out, "\nFailed: {failures}; warnings: {warnings}."),
    };
    visible_lines(&out).into_owned()
}
