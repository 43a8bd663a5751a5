//! `[redact]`: what never leaves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RedactConfig {
    /// Names of people, firms, places: found in any case and layout, with the last part first, and their capitalised parts alone.
    pub names: Vec<String>,
    /// E-mail addresses.
    pub email: bool,
    /// Telephone numbers.
    pub phone: bool,
    /// International bank account numbers whose check digits are right.
    pub iban: bool,
    /// Payment card numbers whose check digit is right.
    pub card: bool,
    /// Numbers of people: social security, insurance, and whatever stands at a label such as Passport No. or Patient ID.
    pub id: bool,
    /// Regular expressions of your own.
    pub patterns: Vec<String>,
}
