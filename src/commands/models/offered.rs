//! The models that a provider's server offers.

use std::io::Write;

use futures_util::future::join_all;
use serde::Serialize;

use super::{LOCAL, LOCAL_SERVER};
use crate::commands::sessions::print_json;
use crate::commands::{Exit, Failure, Output};
use crate::config::nearest;
use crate::config::{Config, LocalConfig, LocalProvider, PROVIDERS_OWN, RemoteConfig, RemoteProvider};
use crate::document::escape::visible;
use crate::provider::{self, Client, ListedPrice, Model, presets};
use crate::remote::{self, prices};

/// Lists what the server of this provider offers, or the one of `[remote]`.
pub async fn offered(config: &Config, provider: Option<&str>, json: bool) -> Result<Exit, Failure> {
    print(&remote::models(config, &asked(&config.remote, provider)?).await?, json)
}

/// Lists what the servers of `[local]` offer; what several of them do, once.
pub async fn at_local_server(config: &Config, json: bool) -> Result<Exit, Failure> {
    let local = &config.local;
    if !matches!(local.provider, LocalProvider::Openai | LocalProvider::Ollama) {
        return Err(Failure::usage(
            "[local] names no server: set local.provider to openai or ollama; `minions models local` lists the GGUF files",
        ));
    }
    let mut models: Vec<Model> = Vec::new();
    let servers = local.base_urls();
    let asked = servers.iter().map(|base_url| async {
        let client = Client::for_local_listing(&LocalConfig { base_url: (*base_url).into(), ..local.clone() }).await?;
        Ok::<_, provider::Failure>((client.models().await?, client))
    });
    let (mut silent, mut answers) = (Vec::new(), false);
    for answer in join_all(asked).await {
        let (offered, client) = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                silent.push(failure.message);
                continue;
            }
        };
        answers = true;
        for model in offered {
            if models.iter().all(|known| known.id != model.id) {
                let endpoints = model.price.map(|price| price.price());
                let price = prices::usual(client.place(), &model.id, &config.prices, endpoints);
                models.push(Model { price: price.map(ListedPrice::from), ..model });
            }
        }
    }
    if !answers {
        return Err(Failure::new(Exit::Error, silent.join("; ")));
    }
    // What answers is of use without the others.
    for message in silent {
        eprintln!("{}", visible(&message));
    }
    print(&models, json)
}

fn print(models: &[Model], json: bool) -> Result<Exit, Failure> {
    let rows: Vec<Row<'_>> = models.iter().map(Row::of).collect();
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
                "the planner of the settings is offline and has no models; name a provider: {LOCAL}, {LOCAL_SERVER}, {}",
                names()
            ))),
            _ => Ok(remote.clone()),
        };
    };
    let Some(provider) = presets::named(name) else {
        let hint = nearest(name, presets::PRESETS.iter().map(|(_, preset)| preset.name).chain([LOCAL, LOCAL_SERVER]));
        let hint = hint.map(|hint| format!("; did you mean {hint}?")).unwrap_or_default();
        let name = visible(name);
        return Err(Failure::usage(format!(
            "there is no provider {name}; there are {LOCAL}, {LOCAL_SERVER}, {}{hint}",
            names()
        )));
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
        headers: Vec::new(),
        ..remote.clone()
    })
}

fn names() -> String {
    presets::PRESETS.iter().map(|(_, preset)| preset.name).collect::<Vec<_>>().join(", ")
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
    /// Of input that is read from a cache, and of tokens in a batch.
    price_cached_input: Option<f64>,
    price_batch_input: Option<f64>,
    price_batch_output: Option<f64>,
}

impl<'a> Row<'a> {
    fn of(model: &'a Model) -> Self {
        let price = model.price;
        Self {
            name: &model.id,
            context_length: model.context,
            price_input: price.map(|price| price.input),
            price_output: price.map(|price| price.output),
            price_cached_input: price.and_then(|price| price.cached_input),
            price_batch_input: price.and_then(|price| price.batch_input),
            price_batch_output: price.and_then(|price| price.batch_output),
        }
    }
}

fn print_table(rows: &[Row<'_>], out: &mut dyn Write) -> Result<(), Failure> {
    if rows.is_empty() {
        writeln!(out, "the server offers no model; load one there")?;
        return Ok(());
    }
    let names = rows.iter().map(|row| visible(row.name).chars().count()).max().unwrap_or(0).max("NAME".len());
    let heads = ["$/M INPUT", "CACHED", "$/M OUTPUT", "BATCH IN", "BATCH OUT"];
    let line = |name: &str, context: &str, prices: [String; 5]| {
        let [input, cached, output, batch_in, batch_out] = prices;
        format!("{name:names$}  {context:>9}  {input:>10}  {cached:>8}  {output:>10}  {batch_in:>8}  {batch_out:>9}")
    };
    writeln!(out, "{}", line("NAME", "CONTEXT", heads.map(String::from)))?;
    for row in rows {
        let dollars = |price: Option<f64>| price.map_or_else(|| "n/a".into(), |price| format!("{price:.3}"));
        let context = row.context_length.map_or_else(|| "n/a".into(), |tokens| tokens.to_string());
        let prices =
            [row.price_input, row.price_cached_input, row.price_output, row.price_batch_input, row.price_batch_output];
        writeln!(out, "{}", line(&visible(row.name), &context, prices.map(dollars)))?;
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
        assert!(unknown.contains("local, local-server, openai, openai-responses, anthropic"), "{unknown}");
        assert!(unknown.ends_with("did you mean anthropic?"), "{unknown}");
        assert!(!asked(&mine, Some("offline-planner")).unwrap_err().to_string().contains("did you mean"));
        assert_eq!(asked(&mine, Some("OpenAI")).unwrap(), mine);
        assert!(
            asked(&RemoteConfig { headers: vec!["x-a: b".into()], ..mine }, Some("groq")).unwrap().headers.is_empty()
        );
        assert!(asked(&RemoteConfig::default(), None).unwrap_err().to_string().contains("offline"));
    }
}
