//! Models that were picked, while they are connected: who plans and who reads, each by itself.

use std::future::Future;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tokio_util::task::AbortOnDropHandle;

use super::Failure;
use super::offers::Side;
use crate::config::Config;
use crate::runtime::Connected;

#[derive(Default)]
pub struct Picked {
    planner: Option<Trial>,
    reader: Option<Trial>,
    /// Those that are connected, while the run they are for is only beginning.
    pub ready: Connected,
}

/// A model that is being connected.
struct Trial {
    connecting: AbortOnDropHandle<Result<Connected, Failure>>,
    /// The settings with the last model of its side that was not on trial.
    before: Box<Config>,
    /// What is told where it can be used.
    holds: String,
}

/// What came of a trial.
pub struct Tried {
    pub side: Side,
    pub before: Box<Config>,
    pub holds: String,
    pub connected: Result<Connected, Failure>,
}

impl Picked {
    /// Connects to a model, in place of one of the same side that is on trial. `before`: the settings without it; `holds`:
    /// what is told once it can be used. Must be called on a tokio runtime.
    pub fn try_out(
        &mut self,
        side: Side,
        before: Config,
        holds: String,
        connect: impl Future<Output = Result<Connected, Failure>> + Send + 'static,
    ) {
        let trial = match side {
            Side::Remote => &mut self.planner,
            Side::Local => &mut self.reader,
        };
        let before = trial.take().map_or_else(|| Box::new(before), |superseded| superseded.before);
        *trial = Some(Trial { connecting: AbortOnDropHandle::new(tokio::spawn(connect)), before, holds });
    }

    /// What is on trial on this side is wanted no longer.
    pub fn stop(&mut self, side: Side) {
        match side {
            Side::Remote => self.planner = None,
            Side::Local => self.reader = None,
        }
    }

    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Tried> {
        for (side, trial) in [(Side::Remote, &mut self.planner), (Side::Local, &mut self.reader)] {
            let Some(Trial { connecting, .. }) = trial else { continue };
            if let Poll::Ready(connected) = connecting.poll_unpin(context)
                && let Some(Trial { before, holds, .. }) = trial.take()
            {
                let connected = connected.map_err(Failure::from).flatten();
                return Poll::Ready(Tried { side, before, holds, connected });
            }
        }
        Poll::Pending
    }

    /// Keeps a model until its run goes; of one side the last.
    pub fn keep(&mut self, connected: Connected) {
        self.ready.remote = connected.remote.or(self.ready.remote.take());
        self.ready.local = connected.local.or(self.ready.local.take());
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};
    use std::sync::Arc;

    use super::*;
    use crate::commands::begin;

    fn config(model: &str) -> Config {
        let mut config = Config::default();
        config.remote.model = model.into();
        config
    }

    async fn next(picked: &mut Picked) -> Tried {
        poll_fn(|context| picked.poll(context)).await
    }

    #[tokio::test]
    async fn a_reader_that_is_picked_leaves_the_planner_on_trial_alone() {
        let mut picked = Picked::default();
        let (release, released) = tokio::sync::oneshot::channel::<()>();
        picked.try_out(Side::Remote, config("first"), String::new(), async move {
            let _ = released.await;
            Ok(Connected::default())
        });
        picked.try_out(Side::Local, config("first"), String::new(), async { Err(Failure::usage("it does not load")) });
        let reader = next(&mut picked).await;
        assert!(reader.side == Side::Local && reader.connected.is_err());
        release.send(()).unwrap();
        let planner = next(&mut picked).await;
        assert!(planner.side == Side::Remote && planner.connected.is_ok());
    }

    #[tokio::test]
    async fn what_is_gone_back_to_is_the_last_model_that_was_not_on_trial() {
        let mut picked = Picked::default();
        picked.try_out(Side::Remote, config("proven"), String::new(), pending());
        picked.try_out(Side::Remote, config("on trial"), String::new(), async { Err(Failure::usage("no key")) });
        assert_eq!(next(&mut picked).await.before.remote.model, "proven");
    }

    #[tokio::test]
    async fn both_sides_wait_for_a_run_that_is_beginning() {
        let mut picked = Picked::default();
        let remote = Arc::from(begin::remote(&Config::default()).await.unwrap());
        let local = Arc::from(begin::local(&Config::default()).await.unwrap());
        picked.keep(Connected { remote: Some(remote), local: None });
        picked.keep(Connected { remote: None, local: Some(local) });
        assert!(picked.ready.remote.is_some() && picked.ready.local.is_some());
    }
}
