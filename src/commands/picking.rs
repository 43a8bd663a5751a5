//! Models that were picked by somebody who attached: connected where the session runs, with its settings and keys.

use std::sync::Arc;

use futures_util::FutureExt;

use super::offers::{Side, connect, with};
use super::protocol::has_room;
use crate::app::picker::Choice;
use crate::config::Config;
use crate::control::Connector;
use crate::document::Document;
use crate::protocol::Settings;
use crate::runtime::{Order, Pick};

/// What connects to a model for the run of a session with these documents and settings.
pub fn connector(config: &Config, documents: &[Document], settings: &Settings) -> Connector {
    let known = Arc::new((config.clone(), documents.to_vec(), settings.clone()));
    Arc::new(move |pick: Pick| {
        let known = known.clone();
        async move {
            let (config, documents, settings) = &*known;
            let (side, choice) = match pick {
                Pick::Remote { provider, model } => (Side::Remote, Choice::Remote { provider, model }),
                Pick::Local { provider, model } => (Side::Local, Choice::Local { provider, model }),
            };
            let failed = |failure: super::Failure| format!("this model cannot be used: {failure}");
            let config = with(config, &choice).map_err(failed)?.unwrap_or_else(|| config.clone());
            let connected = connect(&config, side).await.map_err(failed)?;
            if let Some(local) = &connected.local {
                has_room(&config, &**local, documents, settings).map_err(failed)?;
            }
            Ok(connected)
        }
        .boxed()
    })
}

/// The order for whoever runs the session; nothing where no model was picked.
pub fn order(choice: &Choice) -> Option<Order> {
    Some(Order::Pick(match choice.clone() {
        Choice::Remote { provider, model } => Pick::Remote { provider, model },
        Choice::Local { provider, model } => Pick::Local { provider, model },
        _ => return None,
    }))
}
