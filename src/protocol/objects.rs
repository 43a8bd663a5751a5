//! JSON objects in a text that may hold anything besides: fences, prose, thoughts with braces in them.

use serde_json::Value;

/// Braces that may begin an object and are tried: a text of nothing else would take long.
const TRIES: usize = 64;

/// Each object that stands in the text, and what is wrong where a brace begins none. An object within one that could be
/// read is not looked for.
pub(super) fn objects(text: &str) -> impl Iterator<Item = serde_json::Result<Value>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text.get(at..)?.find('{')?;
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        let value = values.next()?;
        at = start + if value.is_ok() { values.byte_offset() } else { 1 };
        Some(value)
    })
    .take(TRIES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_found_behind_what_is_none() {
        let found = |text: &str| objects(text).filter_map(Result::ok).collect::<Vec<_>>();
        assert_eq!(found("no brace"), Vec::<Value>::new());
        assert_eq!(found("set {x} then ```{\"a\": {\"b\": 1}}``` and {\"c\": 2}").len(), 2);
        assert!(objects("{\"a\": ").next().unwrap().unwrap_err().is_eof());
        assert_eq!(objects(&"{".repeat(100_000)).count(), TRIES);
    }
}
