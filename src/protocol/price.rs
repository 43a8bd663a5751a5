//! What tokens cost.

use serde::{Deserialize, Serialize};

use super::message::Usage;

/// Dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Price {
    pub input: f64,
    pub cached_input: f64,
    /// Of input that the server writes to its cache; nothing where that costs what other input does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    pub output: f64,
    /// What a request with a long input costs instead, all of its tokens; nothing where its length makes no difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<LongPrice>,
}

/// The price of a request whose input has more than `over_tokens`, in dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LongPrice {
    pub over_tokens: u64,
    pub input: f64,
    pub cached_input: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    pub output: f64,
}

impl Price {
    /// One price for input, cached or not, and one for output.
    pub fn flat(input: f64, output: f64) -> Self {
        Self { input, cached_input: input, cache_write: None, output, long: None }
    }

    /// What the tokens of one call cost in dollars.
    pub fn cost(&self, usage: &Usage) -> f64 {
        let price = self.at(usage.input_tokens);
        let (read, written) = (usage.cached_input_tokens, usage.cache_write_input_tokens);
        let fresh = usage.input_tokens.saturating_sub(read).saturating_sub(written);
        (fresh as f64 * price.input
            + read as f64 * price.cached_input
            + written as f64 * price.cache_write.unwrap_or(price.input)
            + usage.output_tokens as f64 * price.output)
            / 1e6
    }

    /// The most that a call may cost in dollars: none of its input read from a cache, all of it written to one where
    /// that costs more, and its output at the cap.
    pub fn worst(&self, input_tokens: u64, max_output_tokens: u64) -> f64 {
        let price = self.at(input_tokens);
        let input = price.cache_write.unwrap_or(price.input).max(price.input);
        (input_tokens as f64 * input + max_output_tokens as f64 * price.output) / 1e6
    }

    /// The price of a call with this much input.
    fn at(&self, input_tokens: u64) -> LongPrice {
        match self.long.filter(|long| input_tokens > long.over_tokens) {
            Some(long) => long,
            None => {
                let Self { input, cached_input, cache_write, output, .. } = *self;
                LongPrice { over_tokens: 0, input, cached_input, cache_write, output }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price {
        input: 3.0,
        cached_input: 0.3,
        cache_write: Some(3.75),
        output: 15.0,
        long: Some(LongPrice {
            over_tokens: 200_000,
            input: 6.0,
            cached_input: 0.6,
            cache_write: Some(7.5),
            output: 22.5,
        }),
    };

    fn usage(input: u64, read: u64, written: u64, output: u64) -> Usage {
        Usage {
            input_tokens: input,
            cached_input_tokens: read,
            cache_write_input_tokens: written,
            output_tokens: output,
            ..Usage::default()
        }
    }

    #[test]
    fn input_costs_by_what_the_cache_did_with_it() {
        let cost = PRICE.cost(&usage(1000, 300, 200, 100));
        let by_hand = (500.0 * 3.0 + 300.0 * 0.3 + 200.0 * 3.75 + 100.0 * 15.0) / 1e6;
        assert!((cost - by_hand).abs() < 1e-12);
        let without = Price { cache_write: None, ..PRICE };
        assert!((without.cost(&usage(1000, 0, 1000, 0)) - 3000.0 / 1e6).abs() < 1e-12);
    }

    #[test]
    fn a_request_beyond_the_step_costs_more_in_all_of_its_tokens() {
        assert!((PRICE.cost(&usage(200_000, 0, 0, 100)) - (200_000.0 * 3.0 + 1500.0) / 1e6).abs() < 1e-9);
        assert!((PRICE.cost(&usage(200_001, 0, 0, 100)) - (200_001.0 * 6.0 + 2250.0) / 1e6).abs() < 1e-9);
    }

    #[test]
    fn no_usage_within_the_bounds_costs_more_than_the_worst_case() {
        for written in [0, 500, 1000] {
            for read in [0, 500] {
                let usage = usage(1000, read, written.min(1000 - read), 64);
                assert!(PRICE.cost(&usage) <= PRICE.worst(1000, 64) + 1e-12);
            }
        }
    }

    #[test]
    fn a_price_of_earlier_sessions_is_read_and_written_as_it_was() {
        let text = r#"{"input":2.5,"cached_input":1.25,"output":10.0}"#;
        let price: Price = serde_json::from_str(text).unwrap();
        assert_eq!((price.cache_write, price.long), (None, None));
        assert_eq!(serde_json::to_string(&price).unwrap(), text);
    }
}
