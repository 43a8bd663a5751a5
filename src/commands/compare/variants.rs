//! The variants of a comparison, from the words of `--compare`.

use super::super::{Failure, sweep};
use crate::config::{Config, Loaded, ProtocolName, Sources};

const FLAG: &str = "--compare";
/// As many as stand side by side on a screen of 80 columns.
const MOST: usize = 4;

/// One way to answer the question.
#[derive(Clone, Debug)]
pub struct Variant {
    pub name: String,
    pub config: Config,
}

/// What one `--compare` says.
#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    /// `minions,minion` or `samples=1,2`: values of a setting.
    Values(String),
    /// `fast:samples=1 max_rounds=1`: a variant with a name of its own.
    Named(String, sweep::Combination),
}

/// Two to four variants: every combination of the values, or those that are named.
pub fn variants(words: &[String], loaded: &Loaded, sources: &Sources) -> Result<Vec<Variant>, Failure> {
    let (mut values, mut named) = (Vec::new(), Vec::new());
    for word in words {
        match wanted(word)? {
            Wanted::Values(sweep) => values.push(sweep),
            Wanted::Named(name, combination) => named.push((name, combination)),
        }
    }
    if !values.is_empty() && !named.is_empty() {
        return Err(Failure::usage(format!(
            "{FLAG}: name every variant as NAME:KEY=VALUE …, or give values alone; the two do not mix"
        )));
    }
    if named.is_empty() {
        let combinations = sweep::combinations(&values, FLAG)?;
        named = combinations.into_iter().map(|combination| (sweep::label(&combination), combination)).collect();
    }
    if !(2..=MOST).contains(&named.len()) {
        return Err(Failure::usage(format!(
            "{FLAG} names {} variants; two to {MOST} are compared, such as --compare minions,minion or --compare samples=1,2",
            named.len()
        )));
    }
    let mut variants: Vec<Variant> = Vec::new();
    for (name, combination) in named {
        if variants.iter().any(|known| known.name == name) {
            return Err(Failure::usage(format!("{FLAG}: two variants are called {name:?}; each needs its own name")));
        }
        let mut config = sweep::with(loaded, sources, &combination, FLAG)?.config;
        // Nobody is there to pass a gate.
        config.protocol.step = false;
        variants.push(Variant { name, config });
    }
    Ok(variants)
}

fn wanted(word: &str) -> Result<Wanted, Failure> {
    let (before, after) = word.split_once('=').unwrap_or((word, ""));
    if let Some((name, key)) = before.split_once(':').filter(|_| word.contains('=')) {
        let settings = format!("{key}={after}");
        let setting = |text: &str| {
            let (key, value) = text
                .split_once('=')
                .ok_or_else(|| Failure::usage(format!("{FLAG}: {text:?} of the variant {name:?} is no KEY=VALUE")))?;
            Ok::<_, Failure>((sweep::full_name(key.trim()), value.trim().to_owned()))
        };
        let combination = settings.split_whitespace().map(setting).collect::<Result<_, _>>()?;
        return match name.trim() {
            "" => Err(Failure::usage(format!("{FLAG}: {word:?} gives no name before its colon"))),
            name => Ok(Wanted::Named(name.to_owned(), combination)),
        };
    }
    // Words without a setting are names of protocols.
    Ok(Wanted::Values(if word.contains('=') { word.to_owned() } else { format!("protocol.name={word}") }))
}

impl Variant {
    pub fn sends_documents(&self) -> bool {
        self.config.protocol.name == ProtocolName::RemoteOnly
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;

    fn of(words: &[&str]) -> Result<Vec<Variant>, String> {
        let sources = Sources::default();
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        variants(&words, &load(&sources).unwrap(), &sources).map_err(|failure| failure.to_string())
    }

    fn names(words: &[&str]) -> Vec<String> {
        of(words).unwrap().into_iter().map(|variant| variant.name).collect()
    }

    #[test]
    fn protocols_and_values_make_every_combination() {
        assert_eq!(names(&["minions,minion, local-only"]), ["minions", "minion", "local-only"]);
        assert_eq!(names(&["samples=1,2"]), ["samples=1", "samples=2"]);
        let both = of(&["samples=1,2", "minions,minion"]).unwrap();
        let told: Vec<(&str, u32)> = both.iter().map(|v| (v.name.as_str(), v.config.protocol.samples)).collect();
        assert_eq!(
            told,
            [("samples=1 minions", 1), ("samples=1 minion", 1), ("samples=2 minions", 2), ("samples=2 minion", 2)]
        );
    }

    #[test]
    fn a_variant_may_have_a_name_of_its_own() {
        let named = of(&["fast:samples=1 max_rounds=1", "deep: samples=3 local.max_output_tokens=900"]).unwrap();
        assert_eq!((named[0].name.as_str(), named[0].config.protocol.max_rounds), ("fast", 1));
        assert_eq!((named[1].config.protocol.samples, named[1].config.local.max_output_tokens), (3, 900));
        // A colon in a value makes no name.
        assert_eq!(names(&["local.model=a:1,a:2"]), ["model=a:1", "model=a:2"]);
    }

    #[test]
    fn what_cannot_be_compared_is_told() {
        for (words, told) in [
            (&["minions"][..], "names 1 variants"),
            (&["samples=1,2,3,4,5"], "names 5 variants"),
            (&["samples="], "names no values"),
            (&["fast:samples=1", "minions,minion"], "do not mix"),
            (&["fast:samples=1", "fast:samples=2"], "two variants are called \"fast\""),
            (&["fast:samples=1 quick", "b:samples=2"], "is no KEY=VALUE"),
            (&[":samples=1", "b:samples=2"], "gives no name"),
            (&["minions,minoin"], "--compare"),
            (&["samples=1,0"], "--compare"),
        ] {
            let wrong = of(words).unwrap_err();
            assert!(wrong.contains(told), "{words:?}: {wrong}");
        }
    }
}
