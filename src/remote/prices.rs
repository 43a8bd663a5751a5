//! What remote models cost and how much they take, from a list that comes with the program. `scripts/refresh-prices`
//! makes the list; the person's own figures go before it.

use std::collections::BTreeMap;

use crate::config::{ModelPrice, RemoteConfig};
use crate::protocol::{LongPrice, Price};

/// The list: one model a line, tab-separated, with a line of names for its columns.
const LIST: &str = include_str!("prices.tsv");

/// Where Azure serves OpenAI's models from, whose prices are one.
const AZURE: [&str; 3] = [".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"];

/// A model as the list has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Listed {
    pub price: Price,
    /// Dollars for a million tokens in a batch, which is answered within a day; nothing where the list names none.
    pub batch: Option<Batch>,
    /// Tokens of input and output together, or of input alone, as the provider counts its context.
    pub context_tokens: Option<u64>,
    pub max_output_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    pub input: f64,
    pub output: f64,
}

/// The list's source and the day it was taken, such as `litellm 1.110.2` and `2026-11-27`.
pub fn source() -> (&'static str, &'static str) {
    let told = |name| LIST.lines().find_map(|line| line.strip_prefix(name)).map_or("", str::trim);
    (told("# source:"), told("# taken:"))
}

/// The model of this name at this provider (`openai`, `anthropic`, `gemini`, `together`, `groq`, `deepseek`, `mistral`, `xai`,
/// `azure`; what OpenRouter's cost, its own list tells). A date at the end of the name may be missing or be another, as long as all
/// models that differ in the date alone cost the same: a wrong price is worse than none.
pub fn listed(provider: &str, model: &str) -> Option<Listed> {
    let provider = provider.trim().to_ascii_lowercase();
    let name = bare(&provider, model);
    let of_provider = || entries().filter(|(owner, ..)| *owner == provider);
    if let Some((_, _, cells)) = of_provider().find(|(_, known, _)| *known == name) {
        return Listed::read(cells);
    }
    let family = undated(&name);
    let mut relatives =
        of_provider().filter(|(_, known, _)| undated(known) == family).filter_map(|(_, _, cells)| Listed::read(cells));
    let first = relatives.next()?;
    relatives.all(|other| other.price == first.price).then_some(first)
}

/// What the vendor itself takes for a model that OpenRouter passes on, named as there (`anthropic/claude-sonnet-4.5`). OpenRouter's
/// own list, which goes before it, is a request away: for forecasts alone.
pub fn of_vendor(place: &str, model: &str) -> Option<Price> {
    if provider_at(place) != Some("openrouter") {
        return None;
    }
    let name = bare("openrouter", model);
    let (vendor, model) = name.split_once('/')?;
    let provider = match vendor {
        "google" => "gemini",
        "mistralai" => "mistral",
        "x-ai" => "xai",
        "openai" | "anthropic" | "deepseek" => vendor,
        _ => return None,
    };
    // A colon names another way to be served, at another price.
    if model.contains(':') {
        return None;
    }
    let found = listed(provider, model).or_else(|| listed(provider, &model.replace('.', "-")));
    found.map(|listed| listed.price)
}

/// Whose prices hold at this place, which is a host with a path, and a port where that is not the usual one; nothing
/// for a place that the list knows nothing of.
pub fn provider_at(place: &str) -> Option<&'static str> {
    let host = place.split('/').next().unwrap_or_default().to_ascii_lowercase();
    let provider = match host.as_str() {
        // Other hosts of OpenAI's keep the data in a region and charge more.
        "api.openai.com" => "openai",
        "api.anthropic.com" => "anthropic",
        "generativelanguage.googleapis.com" => "gemini",
        "openrouter.ai" => "openrouter",
        "api.together.xyz" | "api.together.ai" => "together",
        "api.groq.com" => "groq",
        "api.deepseek.com" => "deepseek",
        "api.mistral.ai" => "mistral",
        "api.x.ai" => "xai",
        host if AZURE.iter().any(|azure| host.ends_with(azure)) => "azure",
        _ => return None,
    };
    Some(provider)
}

/// The price of the model of the settings at this place: what `remote.price_*` says, else the person's table, else the list,
/// else what the endpoint's own list says; figure by figure.
pub fn price(
    place: &str,
    config: &RemoteConfig,
    table: &BTreeMap<String, ModelPrice>,
    endpoints: Option<Price>,
) -> Option<Price> {
    let near = ModelPrice {
        input: config.price_input,
        cached_input: config.price_cached_input,
        cache_write: -1.0,
        output: config.price_output,
    };
    over(usual(place, &config.model, table, endpoints), &near)
}

/// The same of any model, without `remote.price_*`.
pub fn usual(
    place: &str,
    model: &str,
    table: &BTreeMap<String, ModelPrice>,
    endpoints: Option<Price>,
) -> Option<Price> {
    let provider = provider_at(place);
    let known = provider.and_then(|provider| listed(provider, model)).map(|listed| listed.price);
    let full = provider.map(|provider| format!("{provider}/{model}"));
    let own = table.get(model).or_else(|| table.get(&full?));
    over(known.or(endpoints), own.unwrap_or(&ModelPrice::default()))
}

/// A price with the figures of `nearer` in place of its own. Where that names the input, what is read from or written
/// to the cache costs the same unless it says otherwise, and so does input of any length. A nearer price of output counts for
/// long input too.
fn over(price: Option<Price>, nearer: &ModelPrice) -> Option<Price> {
    let told = |figure: f64| (figure >= 0.0).then_some(figure);
    let (own_input, own_output) = (told(nearer.input), told(nearer.output));
    let input = own_input.or(price.map(|price| price.input))?;
    let output = own_output.or(price.map(|price| price.output))?;
    let rest = price.filter(|_| own_input.is_none());
    Some(Price {
        input,
        cached_input: told(nearer.cached_input).or(rest.map(|price| price.cached_input)).unwrap_or(input),
        cache_write: told(nearer.cache_write).or(rest.and_then(|price| price.cache_write)),
        output,
        long: rest
            .and_then(|price| price.long)
            .map(|long| LongPrice { output: own_output.unwrap_or(long.output), ..long }),
    })
}

/// Provider, model and the other cells of every line.
fn entries() -> impl Iterator<Item = (&'static str, &'static str, std::str::Split<'static, char>)> {
    LIST.lines().filter(|line| !line.starts_with('#')).skip(1).filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.next()?, cells))
    })
}

impl Listed {
    fn read<'a>(mut cells: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut next = || cells.next().filter(|cell| !cell.is_empty());
        let mut number = || next()?.parse::<f64>().ok();
        let (input, cached_input, cache_write, output) = (number()?, number(), number(), number()?);
        let (batch_input, batch_output) = (number(), number());
        let mut count = || number().map(|number| number as u64);
        let (context_tokens, max_output_tokens, over_tokens) = (count(), count(), count());
        let (long_input, long_cached, long_write, long_output) = (number(), number(), number(), number());
        let long = over_tokens.zip(long_input).map(|(over_tokens, long_input)| LongPrice {
            over_tokens,
            input: long_input,
            cached_input: long_cached.unwrap_or(long_input),
            cache_write: long_write,
            output: long_output.unwrap_or(output),
        });
        Some(Self {
            price: Price { input, cached_input: cached_input.unwrap_or(input), cache_write, output, long },
            batch: batch_input.zip(batch_output).map(|(input, output)| Batch { input, output }),
            context_tokens,
            max_output_tokens,
        })
    }
}

/// The name as the list writes it: in small letters, without the provider before it, and of a tuned model its base.
fn bare(provider: &str, model: &str) -> String {
    let name = model.trim().to_ascii_lowercase();
    let name = name.strip_prefix("models/").unwrap_or(&name);
    let name = name.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
    match name.strip_prefix("ft:").and_then(|tuned| tuned.split(':').next()) {
        Some(base) => format!("ft:{base}"),
        None => name.to_owned(),
    }
}

/// The name without `-2024-08-06`, `-20240806` or `-latest` at its end.
fn undated(name: &str) -> &str {
    let name = name.strip_suffix("-latest").unwrap_or(name);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_date = |end: &str| match end.len() {
        9 => end.starts_with('-') && digits(&end[1..]) && end[1..].starts_with("20"),
        11 => end.split('-').map(str::len).eq([0, 4, 2, 2]) && end.split('-').all(digits),
        _ => false,
    };
    let cut = |length: usize| name.len().checked_sub(length).and_then(|at| name.split_at_checked(at));
    [11, 9].into_iter().filter_map(cut).find(|(_, end)| is_date(end)).map_or(name, |(base, _)| base)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENAI: &str = "api.openai.com/v1";

    #[test]
    fn every_line_of_the_list_is_read_and_stands_once() {
        let names: Vec<_> = entries().map(|(provider, model, _)| (provider, model)).collect();
        assert!(names.len() > 300 && names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]));
        for (provider, model, cells) in entries() {
            let listed = Listed::read(cells).unwrap_or_else(|| panic!("{provider}/{model}"));
            let Price { input, cached_input, output, .. } = listed.price;
            assert!((0.001..1000.0).contains(&input) && (0.001..2000.0).contains(&output), "{provider}/{model}");
            assert!(cached_input <= input, "{provider}/{model}");
        }
        let (source, taken) = source();
        assert!(source.starts_with("litellm ") && taken.starts_with("20"), "{source} {taken}");
        assert!(LIST.len() < 100_000);
    }

    #[test]
    fn a_model_is_found_by_every_usual_way_to_write_its_name() {
        let known = listed("openai", "gpt-4o").unwrap();
        assert_eq!((known.price.input, known.price.cached_input, known.price.output), (2.5, 1.25, 10.0));
        assert_eq!(known.batch, Some(Batch { input: 1.25, output: 5.0 }));
        assert_eq!((known.context_tokens, known.max_output_tokens), (Some(128_000), Some(16_384)));
        for name in ["GPT-4o", "openai/gpt-4o", " gpt-4o ", "gpt-4o-2099-01-02", "gpt-4o-latest"] {
            assert_eq!(listed("openai", name).map(|listed| listed.price), Some(known.price), "{name}");
        }
        let long = listed("gemini", "models/gemini-2.5-pro").unwrap().price.long.unwrap();
        assert_eq!((long.over_tokens, long.input, long.output), (200_000, 2.5, 15.0));
    }

    #[test]
    fn a_price_is_never_guessed() {
        for (provider, model) in [
            ("openai", "gpt-4"),
            ("openai", "gpt-4o-something"),
            ("openai", "claude-sonnet-4-5"),
            ("openai", ""),
            ("offline", "gpt-4o"),
            ("", "gpt-4o"),
        ] {
            let found = listed(provider, model);
            let exact = entries().any(|(owner, name, _)| (owner, name) == (provider, model));
            assert!(found.is_none() || exact, "{provider}/{model}: {found:?}");
        }
    }

    #[test]
    fn a_date_that_is_not_listed_has_a_price_only_where_all_of_the_family_cost_the_same() {
        let prices = |family: &str| -> Vec<f64> {
            let of = entries().filter(|(owner, name, _)| *owner == "mistral" && undated(name) == family);
            of.filter_map(|(_, _, cells)| Some(Listed::read(cells)?.price.input)).collect()
        };
        assert_eq!(undated("gpt-4o-2024-08-06"), "gpt-4o");
        assert_eq!(undated("claude-opus-4-5-20251101"), "claude-opus-4-5");
        assert_eq!(undated("gpt-4-0613"), "gpt-4-0613", "a number that may be a date is none");
        assert_eq!(undated("größe-x"), "größe-x");
        for family in entries().filter(|(owner, ..)| *owner == "mistral").map(|(_, name, _)| undated(name)) {
            let prices = prices(family);
            if prices.iter().any(|price| *price != prices[0]) {
                assert_eq!(listed("mistral", &format!("{family}-2099-01-01")), None, "{family}");
            }
        }
    }

    #[test]
    fn prices_belong_to_who_is_asked_and_not_to_who_made_the_model() {
        let config = RemoteConfig { model: "gpt-4o".into(), ..RemoteConfig::default() };
        let at = |place: &str| price(place, &config, &BTreeMap::new(), None);
        assert!(at(OPENAI).is_some() && at("API.OpenAI.com").is_some());
        for other in ["127.0.0.1:8080/v1", "eu.api.openai.com/v1", "api.groq.com/openai/v1", "api.openai.com:81/v1", ""]
        {
            assert_eq!(at(other), None, "{other}");
        }
    }

    #[test]
    fn azure_is_at_several_hosts() {
        for host in
            ["x.openai.azure.com/openai/v1", "x.services.ai.azure.com/openai/v1", "x.cognitiveservices.azure.com"]
        {
            assert_eq!(provider_at(host), Some("azure"), "{host}");
        }
        assert_eq!(provider_at("openai.azure.com.example"), None);
    }

    #[test]
    fn a_forecast_of_what_openrouter_passes_on_goes_by_the_vendors_price() {
        let at = |model| of_vendor("openrouter.ai/api/v1", model);
        let of = |provider, model| listed(provider, model).map(|listed| listed.price);
        assert!(at("openai/gpt-4o").is_some() && at("openai/gpt-4o") == of("openai", "gpt-4o"));
        assert_eq!(at("openrouter/openai/gpt-4o"), at("openai/gpt-4o"));
        assert_eq!(at("anthropic/claude-sonnet-4.5"), of("anthropic", "claude-sonnet-4-5"));
        assert_eq!(at("google/gemini-2.5-pro"), of("gemini", "gemini-2.5-pro"));
        for unknown in ["openai/gpt-4o:free", "meta-llama/llama-3.1-405b-instruct", "gpt-4o", "openai/", "auto"] {
            assert_eq!(at(unknown), None, "{unknown}");
        }
        assert_eq!(of_vendor(OPENAI, "openai/gpt-4o"), None);
    }

    #[test]
    fn the_nearest_figure_wins() {
        let config = |price_input, price_cached_input, price_output| RemoteConfig {
            model: "gpt-4o".into(),
            price_input,
            price_cached_input,
            price_output,
            ..RemoteConfig::default()
        };
        let own = |input, cached_input, cache_write, output| {
            BTreeMap::from([("gpt-4o".into(), ModelPrice { input, cached_input, cache_write, output })])
        };
        let none = BTreeMap::new();
        let listed = Price { cached_input: 1.25, ..Price::flat(2.5, 10.0) };
        assert_eq!(price(OPENAI, &config(-1.0, -1.0, -1.0), &none, None), Some(listed));
        assert_eq!(price(OPENAI, &config(7.0, -1.0, -1.0), &none, None), Some(Price::flat(7.0, 10.0)));
        assert_eq!(
            price(OPENAI, &config(-1.0, 0.5, -1.0), &none, None),
            Some(Price { cached_input: 0.5, ..Price::flat(2.5, 10.0) })
        );
        let table = own(2.0, -1.0, 2.5, 9.0);
        let from_table = Price { cache_write: Some(2.5), ..Price::flat(2.0, 9.0) };
        assert_eq!(price(OPENAI, &config(-1.0, -1.0, -1.0), &table, None), Some(from_table));
        assert_eq!(price(OPENAI, &config(-1.0, -1.0, 0.0), &table, None), Some(Price { output: 0.0, ..from_table }));
    }

    #[test]
    fn an_own_price_of_output_leaves_what_long_input_costs() {
        let place = "generativelanguage.googleapis.com/v1beta";
        let (model, none) = ("gemini-2.5-pro".to_owned(), BTreeMap::new());
        let of = |price_input, price_output| {
            let config = RemoteConfig { model: model.clone(), price_input, price_output, ..RemoteConfig::default() };
            price(place, &config, &none, None).unwrap()
        };
        let listed = of(-1.0, -1.0);
        let long = listed.long.unwrap();
        let own = of(-1.0, 9.0);
        assert_eq!((own.input, own.output, own.long), (listed.input, 9.0, Some(LongPrice { output: 9.0, ..long })));
        assert_eq!(of(1.25, -1.0).long, None, "an own price of input counts at any length");
    }

    #[test]
    fn what_the_endpoint_lists_counts_where_nothing_nearer_does() {
        let config = |price_input| RemoteConfig { model: "made-up".into(), price_input, ..RemoteConfig::default() };
        let (none, listed) = (BTreeMap::new(), Some(Price { cached_input: 0.5, ..Price::flat(2.0, 8.0) }));
        let at = |config: &RemoteConfig| price("openrouter.ai/api/v1", config, &none, listed);
        assert_eq!((at(&config(-1.0)), at(&config(3.0))), (listed, Some(Price::flat(3.0, 8.0))));
        let known = RemoteConfig { model: "gpt-4o".into(), ..RemoteConfig::default() };
        assert_eq!(price(OPENAI, &known, &none, listed).map(|price| price.input), Some(2.5));
    }

    #[test]
    fn a_price_is_known_only_when_both_directions_are() {
        let of = |price_input, price_cached_input, price_output| {
            let model = "a-model-of-ones-own".into();
            let config =
                RemoteConfig { model, price_input, price_cached_input, price_output, ..RemoteConfig::default() };
            price(OPENAI, &config, &BTreeMap::new(), None)
        };
        assert_eq!(of(-1.0, -1.0, 10.0), None);
        assert_eq!(of(2.0, -1.0, -1.0), None);
        assert_eq!(of(2.0, -1.0, 10.0), Some(Price::flat(2.0, 10.0)));
        assert_eq!(of(2.0, 0.5, 0.0), Some(Price { cached_input: 0.5, ..Price::flat(2.0, 0.0) }));
    }
}
