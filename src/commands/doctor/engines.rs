//! Whether what a session runs on is there: the sandbox, the servers of the settings, the machine.

use std::future::Future;

use super::Check;
use crate::commands::begin::sandbox;
use crate::config::Config;
use crate::openai::{Listing, Probe};
use crate::sandbox::{Held, SandboxReport};
use crate::utilization::Sampler;
use crate::{local, remote};

/// All of them; none spends a token.
pub fn engines(config: &Config) -> Vec<Check> {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return vec![Check::fail("runtime", error.to_string(), "close other programs and try again")],
    };
    let mut checks = vec![runtime.block_on(lock(config))];
    let remote = async { remote::probe(&config.remote).await.map_err(|error| error.to_string()) };
    checks.push(runtime.block_on(server("remote server", "none needed: the offline planner has no model", remote)));
    let local = async { local::probe(&config.local).await.map_err(|error| error.to_string()) };
    checks.push(runtime.block_on(server("local server", "none needed: the extractive reader has no model", local)));
    checks.extend(Sampler::new().describe().into_iter().map(|line| Check::ok("machine", line)));
    checks
}

async fn lock(config: &Config) -> Check {
    const NAME: &str = "sandbox";
    let sandbox = match sandbox(config) {
        Ok(sandbox) => sandbox,
        Err(failure) => return Check::fail(NAME, failure.to_string(), "start the program by its path"),
    };
    match sandbox.check().await {
        Ok(report) if report.layers.iter().all(|layer| layer.held == Held::Fully) => Check::ok(NAME, told(&report)),
        Ok(report) => Check::warn(
            NAME,
            told(&report),
            "the remote LM's code runs with the layers that hold; a newer Linux kernel has all of them",
        ),
        Err(error) => Check::fail(NAME, error.to_string(), "without it no program of the remote LM can run"),
    }
}

fn told(report: &SandboxReport) -> String {
    let layers: Vec<String> = report
        .layers
        .iter()
        .map(|layer| match layer.held {
            Held::Fully => layer.name.clone(),
            Held::Partly => format!("{} partly ({})", layer.name, layer.detail),
            Held::No => format!("no {} ({})", layer.name, layer.detail),
        })
        .collect();
    format!("{}; ready in {} ms", layers.join(", "), report.starting.as_millis())
}

async fn server(name: &str, without: &str, probe: impl Future<Output = Result<Option<Probe>, String>>) -> Check {
    match probe.await {
        Ok(None) => Check::ok(name, without),
        Ok(Some(probe)) => found(name, &probe),
        Err(error) => Check::fail(name, error, "see [remote] and [local] in minions.toml"),
    }
}

fn found(name: &str, probe: &Probe) -> Check {
    let reached = format!("{} answers", probe.place);
    if probe.has_key && !probe.encrypted && !probe.loopback {
        return Check::warn(name, format!("{reached}, but the key travels there unencrypted"), "use an https base_url");
    }
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
