//! The name of a session: the UTC time at which it was made and a little randomness, so that names sort by age.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use super::error::JournalError;

/// `20261123-181501-7f3a`, or another plain folder name for a session that was renamed or came from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(String);

const TIME: &str = "%Y%m%d-%H%M%S";
const TIME_LENGTH: usize = "20261123-181501".len();
const LONGEST: usize = 100;

impl SessionId {
    /// A new name for a session that begins at `now`.
    pub(super) fn new(now: SystemTime) -> Self {
        let time = jiff::Timestamp::try_from(now).unwrap_or_default();
        // The tail of a UUID is random in every version of it that the crate makes.
        let [.., high, low] = *uuid::Uuid::now_v7().as_bytes();
        Self(format!("{}-{high:02x}{low:02x}", time.strftime(TIME)))
    }

    /// The name of a session in a folder that the person pointed at: what does not fit a name becomes `_`.
    pub(super) fn of_folder(name: &str) -> Self {
        let name: String = name.chars().take(LONGEST).map(|c| if is_plain(c) { c } else { '_' }).collect();
        Self(match name.trim_start_matches(['.', '-']) {
            "" => "session".into(),
            name => name.into(),
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Milliseconds since 1970 of the time in the name, where it holds one.
    pub(super) fn made_at_ms(&self) -> Option<u64> {
        let time = self.0.get(..TIME_LENGTH)?;
        let time = jiff::civil::DateTime::strptime(TIME, time).ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        u64::try_from(time.timestamp().as_millisecond()).ok()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SessionId {
    type Err = JournalError;

    /// Takes only what is safe as the name of one folder: letters, digits, `-`, `_` and inner dots of ASCII.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let bad = |why| Err(JournalError::BadName { name: name.escape_debug().take(LONGEST).collect(), why });
        if name.is_empty() {
            return bad("it is empty");
        }
        if name.len() > LONGEST {
            return bad("it is longer than 100 characters");
        }
        if name.starts_with(['.', '-']) {
            return bad("it begins with a dot or a hyphen");
        }
        if !name.chars().all(is_plain) {
            return bad("only letters, digits, `-`, `_` and `.` may stand in it");
        }
        Ok(Self(name.to_owned()))
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Milliseconds since 1970.
pub(super) fn unix_ms(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_tells_its_time_and_reads_back() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_457_701_250);
        let id = SessionId::new(now);
        assert!(id.as_str().starts_with("20261123-181501-"), "{id}");
        assert_eq!(id.as_str().len(), TIME_LENGTH + 5);
        assert_eq!(id.as_str().parse::<SessionId>().unwrap(), id);
        assert_eq!(id.made_at_ms(), Some(1_795_457_701_000));
    }

    #[test]
    fn names_sort_by_age() {
        let at = |seconds| SessionId::new(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert!(at(1_795_457_701) < at(1_795_457_702));
    }

    #[test]
    fn no_name_leads_out_of_the_store() {
        for name in ["", ".", "..", "../x", "a/b", "a\\b", "/etc", ".hidden", "-rf", "a\0b", "a\u{1b}[2J", "é"] {
            assert!(name.parse::<SessionId>().is_err(), "{name:?}");
            let folder = SessionId::of_folder(name);
            assert!(folder.as_str().parse::<SessionId>().is_ok(), "{name:?} became {folder}");
        }
    }
}
