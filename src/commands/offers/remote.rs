//! Who can plan: the models that a provider's server lists, the planner without a model, other providers.

use std::time::Duration;

use tokio::time::timeout;

use super::{Outlet, PATIENCE, failed};
use crate::app::PickerNews;
use crate::app::picker::{Choice, Group, PickerRow, Standing};
use crate::app::short_count;
use crate::commands::models::asked;
use crate::config::{Config, RemoteConfig, RemoteProvider};
use crate::provider::{KeyPlace, Model, Preset, presets};
use crate::remote;

/// The name in the settings of the planner that has no model.
pub const OFFLINE: &str = "offline";

pub async fn fill(outlet: &Outlet, config: &Config, provider: Option<&str>) {
    let without = Group { title: "Without a model".into(), rows: vec![offline(config)], standing: Standing::Whole };
    let others = Group { title: "Providers".into(), rows: providers(), standing: Standing::Whole };
    if provider.is_none() && config.remote.provider == RemoteProvider::Offline {
        return outlet.send(PickerNews::Groups(vec![without, others])).await;
    }
    let asked = match asked(&config.remote, provider) {
        Ok(asked) => asked,
        Err(error) => {
            let wrong =
                Group { title: provider.unwrap_or_default().into(), standing: failed(error), ..Group::default() };
            return outlet.send(PickerNews::Groups(vec![wrong, without, others])).await;
        }
    };
    let preset = presets::planner(asked.provider);
    let name = preset.map_or("", |preset| preset.name);
    // An address may hold a secret beside its place.
    let place = preset.and_then(|preset| preset.place_of(&asked.base_url)).unwrap_or_default();
    let standing = Standing::Loading(format!("asking {place} what it offers…"));
    let offered = Group { title: format!("{name} at {place}"), rows: Vec::new(), standing };
    outlet.send(PickerNews::Groups(vec![offered, without, others])).await;
    let (rows, standing) = listed(config, &asked, name, PATIENCE).await;
    outlet.send(PickerNews::Rows { group: 0, rows, standing }).await;
}

/// What the server lists, within `patience`.
async fn listed(config: &Config, asked: &RemoteConfig, name: &str, patience: Duration) -> (Vec<PickerRow>, Standing) {
    match timeout(patience, remote::models(config, asked)).await {
        Ok(Ok(models)) if models.is_empty() => (Vec::new(), failed("the server offers no model; load one there")),
        Ok(Ok(models)) => {
            let used = asked.provider == config.remote.provider;
            let row = |model: &Model| PickerRow {
                current: used && model.is_called(config.remote.model.trim()),
                ..self::row(name, asked, model)
            };
            (models.iter().map(row).collect(), Standing::Whole)
        }
        Ok(Err(error)) => (Vec::new(), failed(format!("{error}; opened anew, the list asks again"))),
        Err(_) => {
            let waited = patience.as_secs();
            (
                Vec::new(),
                failed(format!("{name} did not list its models within {waited} s; opened anew, the list asks again")),
            )
        }
    }
}

fn row(name: &str, asked: &RemoteConfig, model: &Model) -> PickerRow {
    let dollars = |price: Option<f64>| price.map_or_else(|| "n/a".into(), |price| format!("{price:.3}"));
    let (input, output) = (model.price.map(|price| price.input), model.price.map(|price| price.output));
    let context = model.context.map_or_else(|| "n/a".into(), short_count);
    let mut about = vec![model.id.clone(), format!("at {name}")];
    about.push(match model.context {
        Some(tokens) => format!("reads {tokens} tokens at once"),
        None => "the server does not say how much it reads at once".into(),
    });
    about.push(match (input, output) {
        (Some(input), Some(output)) => format!("${input:.3} for a million tokens in, ${output:.3} out"),
        _ if asked.budget_usd > 0.0 || asked.budget_usd_per_day > 0.0 => {
            "its price is not known, so a budget cannot be kept to: set it in [prices]".into()
        }
        _ => "its price is not known".into(),
    });
    about
        .push("It gets the question, the planner's own messages and what transform_outputs gives; no document.".into());
    let choice = Choice::Remote { provider: name.to_owned(), model: model.id.clone() };
    PickerRow::new(choice, vec![model.id.clone(), context, dollars(input), dollars(output)], about.join("\n"))
}

fn offline(config: &Config) -> PickerRow {
    let choice = Choice::Remote { provider: OFFLINE.into(), model: String::new() };
    let about = "The planner that comes with the program: rules, no language model. Nothing leaves this machine.";
    let cells = vec!["offline planner".into(), String::new(), "0".into(), "0".into()];
    let current = config.remote.provider == RemoteProvider::Offline;
    PickerRow { current, ..PickerRow::new(choice, cells, about) }
}

fn providers() -> Vec<PickerRow> {
    presets::PRESETS.iter().map(|(_, preset)| provider(preset)).collect()
}

fn provider(preset: &Preset) -> PickerRow {
    let variable = preset.key.variable();
    // Whether it is set is all that is looked at.
    let set = if std::env::var_os(variable).is_some_and(|key| !key.is_empty()) { "is set" } else { "is not set" };
    let key = match preset.key {
        KeyPlace::Needed(_) => format!("Its key is looked for in {variable}, which {set}."),
        KeyPlace::Optional(_) => format!("It may need no key; one is looked for in {variable}, which {set}."),
    };
    let place = if preset.base_url.is_empty() { "remote.base_url says where it is" } else { preset.base_url };
    let about = format!("Enter lists what it offers.\n{place}\n{key}");
    let cells = vec![format!("{} …", preset.name), String::new(), String::new(), String::new()];
    PickerRow::new(Choice::Provider(preset.name.into()), cells, about)
}
