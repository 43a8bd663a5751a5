//! Headers of the person's own, for gateways that want more than a key. What is secret in them comes from the environment.

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// What the program and the protocol set themselves.
const OURS: [&str; 8] = [
    "content-type",
    "content-length",
    "content-encoding",
    "host",
    "connection",
    "transfer-encoding",
    "accept-encoding",
    "user-agent",
];
/// What a header's name says where its value is a secret, which is not written into a file.
const SECRET: [&str; 6] = ["auth", "key", "token", "secret", "cookie", "password"];

/// A header to send with every request.
#[derive(Debug)]
pub struct Header {
    pub name: HeaderName,
    value: SecretString,
    /// What of the value came from the environment.
    pub secrets: Vec<SecretString>,
}

impl Header {
    /// Marked so that no library prints it; it was checked when it was read.
    pub fn value(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(self.value.expose_secret()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Reads `Name: value` lines, in whose values `$VARIABLE` stands for what that holds. Errors name the setting and the header,
/// never a value.
pub fn read(section: &str, lines: &[String]) -> Result<Vec<Header>, String> {
    read_with(section, lines, |variable| std::env::var(variable).ok())
}

fn read_with(
    section: &str,
    lines: &[String],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Header>, String> {
    let wrong = |at: usize, why: String| format!("{section}.headers, number {}, {why}", at + 1);
    let mut headers = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let form = || wrong(at, "is no header: write it as \"Name: value\", or \"Name: $VARIABLE\"".into());
        let (name, written) = line.split_once(':').ok_or_else(form)?;
        let name: HeaderName = name.trim().parse().map_err(|_| form())?;
        if OURS.contains(&name.as_str()) {
            return Err(wrong(at, format!("is {name}, which the program sets itself: leave it out")));
        }
        let written = written.trim();
        if !written.contains('$') && SECRET.iter().any(|word| name.as_str().contains(word)) {
            return Err(wrong(
                at,
                format!(
                    "is {name}, whose value is a secret and stands in the file: put it into an environment variable and write \
                     \"{name}: $VARIABLE\""
                ),
            ));
        }
        let (value, secrets) = filled(written, &variable).map_err(|why| wrong(at, format!("is {name}, {why}")))?;
        let header = Header { name, value: value.into(), secrets };
        if header.value().is_none() {
            return Err(wrong(at, format!("is {}, and its value has characters that no header may have", header.name)));
        }
        headers.push(header);
    }
    Ok(headers)
}

/// The value with what the variables hold in their places, and what that is.
fn filled(written: &str, variable: impl Fn(&str) -> Option<String>) -> Result<(String, Vec<SecretString>), String> {
    let (mut value, mut secrets, mut rest) = (String::new(), Vec::new(), written);
    while let Some((before, behind)) = rest.split_once('$') {
        value.push_str(before);
        let braced = behind.strip_prefix('{');
        let body = braced.unwrap_or(behind);
        let end =
            body.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')).unwrap_or(body.len());
        let (name, behind) = body.split_at(end);
        let behind = if braced.is_some() { behind.strip_prefix('}') } else { Some(behind) };
        let (Some(behind), false) = (behind, name.is_empty()) else {
            return Err("where a $ is not followed by the name of a variable in capitals".into());
        };
        let held = variable(name).map(|held| held.trim().to_owned()).filter(|held| !held.is_empty());
        let Some(held) = held else { return Err(format!("whose variable {name} is not set: set it")) };
        value.push_str(&held);
        secrets.push(held.into());
        rest = behind;
    }
    value.push_str(rest);
    Ok((value, secrets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Result<Vec<Header>, String> {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        read_with("remote", &lines, |name| match name {
            "TOKEN" => Some(" planted-token ".into()),
            "ODD" => Some("a\nb".into()),
            _ => None,
        })
    }

    #[test]
    fn values_come_from_the_environment_where_they_name_a_variable() {
        let headers = of(&["X-Title: minions", "cf-aig-authorization: Bearer $TOKEN", "x-a: ${TOKEN}1"]).unwrap();
        let values: Vec<&str> = headers.iter().map(|header| header.value.expose_secret()).collect();
        assert_eq!(values, ["minions", "Bearer planted-token", "planted-token1"]);
        assert!(headers[1].value().unwrap().is_sensitive() && !format!("{headers:?}").contains("planted"));
        assert_eq!((headers[0].secrets.len(), headers[1].secrets[0].expose_secret()), (0, "planted-token"));
    }

    #[test]
    fn what_cannot_be_sent_is_named_without_its_value() {
        for (line, words) in [
            ("no colon planted", "number 1, is no header"),
            ("bad name: planted", "is no header"),
            ("Host: planted", "is host, which the program sets itself"),
            ("X-Api-Key: planted", "\"x-api-key: $VARIABLE\""),
            ("x-a: $MISSING", "variable MISSING is not set"),
            ("x-a: $ planted", "not followed by the name"),
            ("x-a: ${TOKEN planted", "not followed by the name"),
            ("x-a: $ODD", "characters that no header may have"),
        ] {
            let error = of(&[line]).unwrap_err();
            assert!(error.starts_with("remote.headers") && error.contains(words), "{line}: {error}");
            assert!(!error.contains("planted"), "{error}");
        }
    }
}
