//! How long a server asks to be left alone: what its headers say of it.
//!
//! Sources: RFC 9110 §10.2.3; <https://platform.openai.com/docs/guides/rate-limits>, whose headers Groq and others have too;
//! <https://platform.claude.com/docs/en/api/rate-limits>; <https://openrouter.ai/docs/api-reference/limits>.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// What is left of an allowance, and when it is whole again: seconds, `6m0s`, a date, or seconds or milliseconds since 1970.
const ALLOWANCES: [(&str, &str); 7] = [
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
];

/// The wait a server names: seconds or a date, or `retry-after-ms` as some servers send besides. Where it names none and
/// refuses for too many requests, the time until what is used up is there again.
pub fn named(headers: &HeaderMap, status: u16, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|ms| ms.parse::<u64>().ok()) {
        return Some(Duration::from_millis(ms));
    }
    if let Some(value) = text(RETRY_AFTER.as_str()) {
        if let Ok(seconds) = value.parse::<f64>() {
            return Duration::try_from_secs_f64(seconds).ok();
        }
        let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
        return Some(until(date, now));
    }
    if status != 429 {
        return None;
    }
    let used_up = ALLOWANCES.iter().filter(|(left, _)| text(left) == Some("0"));
    used_up.filter_map(|(_, reset)| wait(text(reset)?, now)).max()
}

fn until(date: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO)
}

fn wait(reset: &str, now: Timestamp) -> Option<Duration> {
    // So many seconds are no wait but a date.
    const DATE: f64 = 1e9;
    const DATE_MS: f64 = 1e12;
    match reset.parse::<f64>() {
        Ok(ms) if ms >= DATE_MS => Some(until(Timestamp::from_millisecond(ms as i64).ok()?, now)),
        Ok(seconds) if seconds >= DATE => Some(until(Timestamp::from_second(seconds as i64).ok()?, now)),
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => match reset.parse::<Timestamp>() {
            Ok(date) => Some(until(date, now)),
            Err(_) => spelled(reset),
        },
    }
}

/// Such as `1h2m3.5s` or `12ms`.
fn spelled(text: &str) -> Option<Duration> {
    let (mut rest, mut sum) = (text, 0.0);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let end = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
        let seconds = match &unit[..end] {
            "d" => 86_400.0,
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            _ => return None,
        };
        sum += number * seconds;
        rest = &unit[end..];
    }
    Duration::try_from_secs_f64(sum).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, headers: &[(&'static str, &str)]) -> Option<Duration> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        named(&headers, status, "2026-01-01T00:00:00Z".parse().unwrap())
    }

    fn waits(name: &'static str, value: &str) -> Option<Duration> {
        of(429, &[(name, value)])
    }

    #[test]
    fn the_wait_a_server_names_is_read_in_every_form() {
        assert_eq!(waits("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(waits("retry-after", "1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(waits("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        assert_eq!(waits("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert!(waits("retry-after", "Tue, 31 Dec 2999 23:59:59 GMT").unwrap() > Duration::from_secs(1 << 30));
        assert_eq!(waits("retry-after", "soon"), None);
        assert_eq!(waits("retry-after", "-5"), None);
    }

    #[test]
    fn where_it_names_none_what_is_used_up_is_waited_for() {
        let openai = [
            ("x-ratelimit-remaining-requests", "12"),
            ("x-ratelimit-reset-requests", "6m0s"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "1m2.5s"),
        ];
        assert_eq!(of(429, &openai), Some(Duration::from_millis(62_500)));
        assert_eq!(of(503, &openai), None);
        let named: Vec<_> = openai.into_iter().chain([("retry-after", "3")]).collect();
        assert_eq!(of(429, &named), Some(Duration::from_secs(3)));
        let anthropic = [
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-01-01T00:00:40Z"),
        ];
        assert_eq!(of(429, &anthropic), Some(Duration::from_secs(40)));
        for reset in ["1767225630000", "1767225630", "30", "30s", "30000ms"] {
            let openrouter = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)];
            assert_eq!(of(429, &openrouter), Some(Duration::from_secs(30)), "{reset}");
        }
        for strange in ["", "soon", "5x", "m5"] {
            assert_eq!(of(429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", strange)]), None, "{strange}");
        }
    }
}
