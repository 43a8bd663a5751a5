//! Where the key comes from: an environment variable, the system's keyring, or a command that prints it. It never leaves as text.

use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;

use super::keyring;

/// How long the command that prints the key may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the system's keyring may take, which may ask the person.
const KEYRING_TIMEOUT: Duration = Duration::from_secs(60);

/// A key and where it came from, for errors that tell the person what to check.
#[derive(Clone, Debug)]
pub struct Key {
    pub secret: Option<SecretString>,
    /// Such as "the variable OPENAI_API_KEY".
    pub source: String,
}

/// Reads the key. Where it is not `needed`, as on this machine, a variable that is not set means no key.
///
/// Errors name the variable or the setting, never what it holds or what the command printed.
pub async fn read(section: &str, env: &str, entry: &str, command: &str, needed: bool) -> Result<Key, String> {
    if !env.is_empty()
        && let Some(value) = std::env::var_os(env)
    {
        let value = value.to_str().map(str::trim).unwrap_or_default();
        if !value.is_empty() {
            let source = format!("the variable {env}");
            return Ok(Key { secret: Some(checked(value, &source)?), source });
        }
    }
    if !entry.is_empty() {
        let source = format!("the keyring's entry {section}.api_key_keyring");
        let found = from_keyring(entry.to_owned())
            .await
            .map_err(|why| format!("{section}.api_key_keyring is set, but {why}"))?;
        return Ok(Key { secret: Some(checked(found.trim(), &source)?), source });
    }
    if !command.is_empty() {
        let source = format!("the command {section}.api_key_cmd");
        let printed =
            run(command).await.map_err(|why| format!("{source} {why}: run it by hand to see what it says"))?;
        return Ok(Key { secret: Some(checked(printed.trim(), &source)?), source });
    }
    if !env.is_empty() && needed {
        return Err(format!(
            "the key is looked for in the variable {env}, which is not set: set it, or name another in {section}.api_key_env"
        ));
    }
    Ok(Key { secret: None, source: format!("{section}.api_key_env") })
}

fn checked(key: &str, source: &str) -> Result<SecretString, String> {
    if key.is_empty() {
        return Err(format!("{source} gave an empty key: check it"));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("{source} gave something with blanks or odd characters, which no key has: check it"));
    }
    Ok(SecretString::from(key))
}

/// The system may ask the person first.
async fn from_keyring(entry: String) -> Result<String, String> {
    let found = tokio::task::spawn_blocking(move || keyring::read(&entry));
    match tokio::time::timeout(KEYRING_TIMEOUT, found).await {
        Err(_) => Err(format!("the system's keyring took longer than {} s: try again", KEYRING_TIMEOUT.as_secs())),
        Ok(Err(error)) => Err(format!("reading the system's keyring failed ({error}): please report it")),
        Ok(Ok(found)) => found,
    }
}

async fn run(command: &str) -> Result<String, String> {
    let child = tokio::process::Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(COMMAND_TIMEOUT, child).await {
        Err(_) => Err(format!("took longer than {} s", COMMAND_TIMEOUT.as_secs())),
        Ok(Err(error)) => Err(format!("could not be started ({})", error.kind())),
        Ok(Ok(output)) if !output.status.success() => Err(match output.status.code() {
            Some(code) => format!("ended with status {code}"),
            None => "was ended by a signal".into(),
        }),
        Ok(Ok(output)) => String::from_utf8(output.stdout).map_err(|_| "printed something that is no text".into()),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const UNSET: &str = "MINIONS_TEST_VARIABLE_THAT_NOBODY_SETS";

    #[tokio::test]
    async fn a_command_prints_the_key_where_no_variable_holds_it() {
        let key = read("remote", UNSET, "", "echo ' sk-abc '", true).await.unwrap();
        assert_eq!(key.secret.unwrap().expose_secret(), "sk-abc");
    }

    #[tokio::test]
    async fn a_command_that_fails_is_an_error_without_its_output() {
        let error = read("remote", "", "", "echo sk-abc; exit 3", true).await.unwrap_err();
        assert_eq!(error, "the command remote.api_key_cmd ended with status 3: run it by hand to see what it says");
        let error = read("remote", "", "", "printf 'sk abc'", true).await.unwrap_err();
        assert!(!error.contains("abc"), "{error}");
        assert!(read("remote", "", "", "true", true).await.unwrap_err().contains("empty key"));
    }

    #[tokio::test]
    async fn a_missing_variable_is_an_error_only_for_other_machines() {
        let error = read("remote", UNSET, "", "", true).await.unwrap_err();
        assert!(error.contains(UNSET) && error.contains("remote.api_key_env"), "{error}");
        assert!(read("remote", UNSET, "", "", false).await.unwrap().secret.is_none());
        assert!(read("local", "", "", "", true).await.unwrap().secret.is_none());
    }
}
