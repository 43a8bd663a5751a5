//! What every command with a screen shares.

use super::{Exit, Failure};

pub fn possible() -> bool {
    false
}
pub fn say_headless() {}
pub fn keys(_json: bool) -> Result<Exit, Failure> {
    Ok(Exit::Success)
}
pub fn themes(_json: bool) -> Result<Exit, Failure> {
    Ok(Exit::Success)
}
