//! The key from the system's keyring: the kernel's own on Linux (`keyrings(7)`), the Keychain on macOS.
//!
//! Built with the cargo feature `keyring` alone. The Secret Service of Linux desktops takes a hundred more crates to ask;
//! its own program does that in one line of `api_key_cmd`.

/// What stands before the entry's name in the kernel's keyring, and what the Keychain calls the service.
#[cfg(feature = "keyring")]
const SERVICE: &str = "minions";

/// What the entry of this name holds. Errors say what to do and never what was found. May wait for the person, where the
/// system asks whether the program may read it.
pub fn read(entry: &str) -> Result<String, String> {
    let found = found(entry)?;
    String::from_utf8(found)
        .map_err(|_| format!("the entry {entry:?} of the system's keyring holds no text: store it again"))
}

#[cfg(all(feature = "keyring", target_os = "linux"))]
fn found(entry: &str) -> Result<Vec<u8>, String> {
    use linux_keyutils::{KeyError, KeyRing, KeyRingIdentifier};
    let name = format!("{SERVICE}:{entry}");
    // The user's keyring is not linked to every session.
    let places = [KeyRingIdentifier::Session, KeyRingIdentifier::User];
    let read = |place| KeyRing::from_special_id(place, false)?.search(name.as_str())?.read_to_vec();
    let mut last = KeyError::KeyDoesNotExist;
    for place in places {
        match read(place) {
            Ok(found) => return Ok(found),
            Err(error) => last = error,
        }
    }
    Err(format!(
        "the kernel's keyring gives no key {name:?} ({last}): store it with `keyctl padd user {name} @u`, which takes it from standard input"
    ))
}

#[cfg(all(feature = "keyring", target_os = "macos"))]
fn found(entry: &str) -> Result<Vec<u8>, String> {
    security_framework::passwords::get_generic_password(SERVICE, entry).map_err(|error| {
        format!("the Keychain gives no key {entry:?} ({error}): store it with `security add-generic-password -s {SERVICE} -a {entry} -w`")
    })
}

#[cfg(not(all(feature = "keyring", any(target_os = "linux", target_os = "macos"))))]
fn found(_entry: &str) -> Result<Vec<u8>, String> {
    let missing = if cfg!(feature = "keyring") {
        "on a system whose keyring it does not know"
    } else {
        "without the cargo feature keyring"
    };
    Err(format!("this program was built {missing}: build it with that feature on Linux or macOS, or set api_key_cmd"))
}

#[cfg(test)]
mod tests {
    #[cfg(not(feature = "keyring"))]
    #[test]
    fn without_the_feature_the_error_names_it() {
        let error = super::read("openai").unwrap_err();
        assert!(error.contains("cargo feature keyring") && error.contains("api_key_cmd"), "{error}");
    }

    #[cfg(all(feature = "keyring", target_os = "linux"))]
    #[test]
    fn a_key_of_the_kernels_keyring_is_read_and_a_missing_one_told() {
        use linux_keyutils::{KeyRing, KeyRingIdentifier};
        let ring = KeyRing::from_special_id(KeyRingIdentifier::User, true).unwrap();
        let key = ring.add_key("minions:test-of-the-keyring", "sk-planted").unwrap();
        let read = super::read("test-of-the-keyring");
        ring.unlink_key(key).unwrap();
        assert_eq!(read.unwrap(), "sk-planted");
        let error = super::read("test-of-the-keyring").unwrap_err();
        assert!(error.contains("keyctl padd user minions:test-of-the-keyring"), "{error}");
    }
}
