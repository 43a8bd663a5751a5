//! JSON objects in a text that may hold anything besides: fences, prose, thoughts with braces in them.

use std::ops::Range;

use serde::de::DeserializeOwned;

/// Braces that may begin an object and are tried: a text of nothing else would take long.
const TRIES: usize = 64;

/// Each object that stands in the text, with its bytes there, and what is wrong where a brace begins none. An object within one that could be
/// read is not looked for.
pub(super) fn objects<T: DeserializeOwned>(
    text: &str,
) -> impl Iterator<Item = (Range<usize>, serde_json::Result<T>)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text.get(at..)?.find('{')?;
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<T>();
        let value = values.next()?;
        at = start + if value.is_ok() { values.byte_offset() } else { 1 };
        Some((start..at, value))
    })
    .take(TRIES)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn an_object_is_found_behind_what_is_none() {
        let found = |text: &str| objects::<Value>(text).filter_map(|(_, value)| value.ok()).collect::<Vec<_>>();
        assert_eq!(found("no brace"), Vec::<Value>::new());
        assert_eq!(found("set {x} then ```{\"a\": {\"b\": 1}}``` and {\"c\": 2}").len(), 2);
        assert!(objects::<Value>("{\"a\": ").next().unwrap().1.unwrap_err().is_eof());
        assert_eq!(objects::<Value>(&"{".repeat(100_000)).count(), TRIES);
    }
}
