//! The models that a provider's server offers.

use std::io::Write;

use serde::Serialize;

use super::LOCAL;
use crate::commands::sessions::print_json;
use crate::commands::{Exit, Failure, Output};
use crate::config::{Config, PROVIDERS_OWN, RemoteConfig, RemoteProvider};
use crate::document::escape::visible;
use crate::provider::{ListedPrice, Model, presets};
use crate::remote;

/// Lists what the server of this provider offers, or the one of `[remote]`.
pub async fn offered(config: &Config, provider: Option<&str>, json: bool) -> Result<Exit, Failure> {
    let remote = asked(&config.remote, provider)?;
    let models = remote::models(&remote).await?;
    let rows: Vec<Row<'_>> = models.iter().map(|model| Row::of(&remote, model)).collect();
    let out = &mut Output::standard();
    if json {
        print_json(&rows, out)?;
    } else {
        print_table(&rows, out)?;
    }
    out.flush()?;
    Ok(Exit::Success)
}

/// The settings to ask with: those of `[remote]` for its own provider, and a provider's usual ones for any other.
pub fn asked(remote: &RemoteConfig, provider: Option<&str>) -> Result<RemoteConfig, Failure> {
    let Some(name) = provider else {
        return match remote.provider {
            RemoteProvider::Offline => Err(Failure::usage(format!(
                "the planner of the settings is offline and has no models; name a provider: {LOCAL}, {}",
                names()
            ))),
            _ => Ok(remote.clone()),
        };
    };
    let Some(provider) = presets::named(name) else {
        let name = visible(name);
        return Err(Failure::usage(format!("there is no provider {name}; there are {LOCAL}, {}", names())));
    };
    if provider == remote.provider {
        return Ok(remote.clone());
    }
    Ok(RemoteConfig {
        provider,
        base_url: String::new(),
        api_key_env: PROVIDERS_OWN.into(),
        api_key_keyring: String::new(),
        api_key_cmd: String::new(),
        ..remote.clone()
    })
}

fn names() -> String {
    presets::PRESETS.iter().map(|(_, preset)| preset.name).collect::<Vec<_>>().join(", ")
}

/// What a model costs, as far as it is known.
fn price(_remote: &RemoteConfig, model: &Model) -> Option<ListedPrice> {
    model.price
}

/// What `--json` prints of a model: a contract, so its fields and their names stay.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    /// Tokens that it reads; nothing where the server does not tell.
    context_length: Option<u64>,
    /// Dollars for a million tokens; nothing where it is not known.
    price_input: Option<f64>,
    price_output: Option<f64>,
}

impl<'a> Row<'a> {
    fn of(remote: &RemoteConfig, model: &'a Model) -> Self {
        let price = price(remote, model);
        Self {
            name: &model.id,
            context_length: model.context,
            price_input: price.map(|price| price.input),
            price_output: price.map(|price| price.output),
        }
    }
}

fn print_table(rows: &[Row<'_>], out: &mut dyn Write) -> Result<(), Failure> {
    if rows.is_empty() {
        writeln!(out, "the server offers no model; load one there")?;
        return Ok(());
    }
    let names = rows.iter().map(|row| visible(row.name).chars().count()).max().unwrap_or(0).max("NAME".len());
    writeln!(out, "{:names$}  {:>9}  {:>10}  {:>10}", "NAME", "CONTEXT", "$/M INPUT", "$/M OUTPUT")?;
    for row in rows {
        let dollars = |price: Option<f64>| price.map_or_else(|| "n/a".into(), |price| format!("{price:.3}"));
        writeln!(
            out,
            "{:names$}  {:>9}  {:>10}  {:>10}",
            visible(row.name),
            row.context_length.map_or_else(|| "n/a".into(), |tokens| tokens.to_string()),
            dollars(row.price_input),
            dollars(row.price_output)
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_asked_with_its_own_settings_or_with_its_usual_ones() {
        let mine = RemoteConfig {
            provider: RemoteProvider::Openai,
            base_url: "https://mine.example/v1".into(),
            api_key_env: "MINE".into(),
            ..RemoteConfig::default()
        };
        for name in [None, Some("openai")] {
            assert_eq!(asked(&mine, name).unwrap(), mine);
        }
        let other = asked(&mine, Some("anthropic")).unwrap();
        assert_eq!((other.base_url.as_str(), other.api_key_env.as_str()), ("", PROVIDERS_OWN));
        let unknown = asked(&mine, Some("antropic")).unwrap_err().to_string();
        assert!(unknown.contains("local, openai, openai-responses, anthropic"), "{unknown}");
        assert!(asked(&RemoteConfig::default(), None).unwrap_err().to_string().contains("offline"));
    }
}
