//! `minions open`.
use super::{Exit, Failure};
use crate::config::{Loaded, Sources};
use crate::document::Document;
pub async fn open(_: &Loaded, _: Sources, _: Vec<Document>, _: Option<String>) -> Result<Exit, Failure> {
    Ok(Exit::Success)
}
