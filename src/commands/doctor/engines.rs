//! Whether what a session runs on is there: the sandbox, the servers of the settings, the machine.

use super::Check;
use crate::commands::begin::{keeps_budget, sandbox};
use crate::config::{Config, LocalConfig, ProtocolName, Require};
use crate::provider::{Listing, Probe};
use crate::sandbox::{Attempted, Held, Layer, SandboxReport};
use crate::utilization::Sampler;
use crate::{local, remote};

/// All of them; a server is asked for one token at most, and only where its list of models proves nothing.
pub fn engines(config: &Config) -> Vec<Check> {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return vec![Check::fail("runtime", error.to_string(), "close other programs and try again")],
    };
    let mut checks = runtime.block_on(lock(config));
    let remote = runtime.block_on(remote::probe(&config.remote)).map(|probe| probe.into_iter().map(Ok).collect());
    checks.extend(servers("remote server", "none needed: the offline planner has no model", remote));
    checks.extend(runtime.block_on(budget(config)));
    let local = runtime.block_on(local::probe(&config.local));
    checks.extend(servers("local server", "none needed: the extractive reader has no model", local));
    checks.push(embedding(&config.local));
    checks.extend(Sampler::new().describe().into_iter().map(|line| Check::ok("machine", line)));
    checks
}

/// Whether the budget can be kept to, as a run asks it. Why a remote LM cannot be connected to is told of its server.
async fn budget(config: &Config) -> Option<Check> {
    const NAME: &str = "price and budget";
    if config.protocol.name == ProtocolName::LocalOnly {
        return Some(Check::ok(NAME, "none needed: no remote LM is asked"));
    }
    let remote = remote::connect(config).await.ok()?.info();
    if let Err(failure) = keeps_budget(config, &remote) {
        return Some(Check::fail(NAME, failure.to_string(), "no run begins before that"));
    }
    let limit = |usd: f64, of: &str| if usd > 0.0 { format!("at most ${usd} {of}") } else { format!("no limit {of}") };
    let limits = [(config.remote.budget_usd, "a session"), (config.remote.budget_usd_per_day, "a day")];
    let limits = limits.map(|(usd, of)| limit(usd, of)).join(", ");
    let price = match remote.price {
        _ if !remote.is_model => "the planner costs nothing".to_owned(),
        Some(price) => format!("${} for a million tokens in, ${} out", price.input, price.output),
        None => format!("the price of {} is not known, so costs cannot be told", remote.model),
    };
    Some(Check::ok(NAME, format!("{price}; {limits}")))
}

/// What `retrieve` compares meanings with. Nothing is loaded.
fn embedding(config: &LocalConfig) -> Check {
    const NAME: &str = "embedding model";
    match local::found_embedding(config) {
        Ok(None) => Check::ok(NAME, "none: programs find chunks by words alone"),
        Ok(Some(found)) => Check::ok(NAME, found),
        Err(error) => Check::fail(NAME, error.to_string(), "see [local] in minions.toml; an empty setting needs none"),
    }
}

/// What holds the remote LM's code, and what came of trying everything that it may not do.
async fn lock(config: &Config) -> Vec<Check> {
    const NAME: &str = "sandbox";
    let sandbox = match sandbox(config, config.protocol.max_jobs) {
        Ok(sandbox) => sandbox,
        Err(failure) => return vec![Check::fail(NAME, failure.to_string(), "start the program by its path")],
    };
    match sandbox.check().await {
        Ok(report) => vec![required(config.sandbox.require, &report), extra(&report), tried(&report)],
        Err(error) => vec![Check::fail(NAME, error.to_string(), "without it no program of the remote LM can run")],
    }
}

fn required(require: Require, report: &SandboxReport) -> Check {
    const NAME: &str = "sandbox";
    let found = format!("{}; ready in {} ms", told(report, true), report.starting.as_millis());
    match (report.layers.iter().any(Layer::is_missing), require) {
        (false, _) => Check::ok(NAME, found),
        (true, Require::Full) => Check::fail(
            NAME,
            found,
            "no program of the remote LM runs here; Linux 5.13 and later hold all of it, \
             or set sandbox.require = \"best-effort\" to run with what holds",
        ),
        (true, Require::BestEffort) => Check::warn(
            NAME,
            found,
            "the remote LM's code runs with the layers that hold; Linux 5.13 and later hold all",
        ),
    }
}

/// What is welcome and never asked for: its absence is no fault of the system.
fn extra(report: &SandboxReport) -> Check {
    Check::ok("sandbox, on top", told(report, false))
}

fn tried(report: &SandboxReport) -> Check {
    const NAME: &str = "sandbox, tried";
    let doors: Vec<&str> = report.open_doors().collect();
    let count = |wanted: fn(&Attempted) -> bool| report.attempts.iter().filter(|(_, came)| wanted(came)).count();
    let ended = count(|came| *came == Attempted::Ended);
    let refused = count(|came| matches!(came, Attempted::Refused(_)));
    let names: Vec<&str> = report.attempts.iter().map(|(name, _)| *name).collect();
    let stopped =
        format!("{} forbidden things tried inside: {ended} ended the child, {refused} were refused", names.len());
    match doors.is_empty() {
        true => Check::ok(NAME, format!("{stopped} ({})", names.join(", "))),
        false => Check::fail(
            NAME,
            format!("{stopped}, and nothing stopped it to {}", doors.join(", to ")),
            "do not run the remote LM's code on this system with private documents",
        ),
    }
}

fn told(report: &SandboxReport, required: bool) -> String {
    let layers = report.layers.iter().filter(|layer| layer.required == required);
    let words: Vec<String> = layers
        .map(|layer| match layer.held {
            Held::Fully => layer.name.clone(),
            Held::Partly => format!("{} partly ({})", layer.name, layer.detail),
            Held::No => format!("no {} ({})", layer.name, layer.detail),
        })
        .collect();
    words.join(", ")
}

/// One check for each server, or the one that says why there is none.
fn servers<E: ToString>(name: &str, without: &str, probes: Result<Vec<Result<Probe, E>>, E>) -> Vec<Check> {
    let failed = |error: E| Check::fail(name, error.to_string(), "see [remote] and [local] in minions.toml");
    match probes {
        Err(error) => vec![failed(error)],
        Ok(probes) if probes.is_empty() => vec![Check::ok(name, without)],
        Ok(probes) => probes.into_iter().map(|probe| probe.map_or_else(failed, |probe| found(name, &probe))).collect(),
    }
}

fn found(name: &str, probe: &Probe) -> Check {
    let reached = format!("{} answers", probe.place);
    if probe.has_key && !probe.encrypted && !probe.loopback {
        return Check::warn(name, format!("{reached}, but the key travels there unencrypted"), "use an https base_url");
    }
    let reached = match probe.answered {
        true => format!("{reached}, took the request"),
        false => reached,
    };
    match &probe.listing {
        Listing::Listed => Check::ok(name, format!("{reached} and offers {}", probe.model)),
        Listing::Unknown => Check::ok(name, format!("{reached}; it does not list its models")),
        Listing::NotListed(offered) if offered.is_empty() => {
            Check::warn(name, format!("{reached}, but lists no model"), "load a model there")
        }
        Listing::NotListed(offered) => {
            let some: Vec<&str> = offered.iter().take(5).map(String::as_str).collect();
            Check::warn(
                name,
                format!("{reached}, but does not list {}", probe.model),
                format!("it lists {}", some.join(", ")),
            )
        }
    }
}
