//! Whether a request has room in its model's context: asked for before it leaves, and looked at again in the server's count.

use std::time::Duration;

use super::client::{ChatReply, Client};
use super::failure::{self, Again, Failure};
use super::presets::KeyPlace;
use super::reading::{Read, Reading, weight};
use super::request::Chat;

/// A request of fewer bytes fits every model there is, and where it is loaded as somebody pleased.
const SURELY_FITS: usize = 32 << 10;
const SURELY_FITS_OWN: usize = 4 << 10;
/// No text has more bytes a token than this, taken over a whole request.
const MOST_BYTES_A_TOKEN: usize = 6;
/// Text has hardly ever fewer bytes a token than this.
const FEWEST_BYTES_A_TOKEN: usize = 3;

impl Client {
    /// Whether the server makes as much room as a request asks for.
    pub fn sets_context(&self) -> bool {
        self.server.preset.wire.sets_context()
    }

    /// The context to ask for with this request and, if it grew for it, with all that follow.
    pub fn room_for(&self, chat: &Chat<'_>) -> Option<u64> {
        let least = (chat.bytes() / FEWEST_BYTES_A_TOKEN) as u64 + chat.max_output_tokens;
        self.sets_context().then(|| self.dialect.context_tokens(least)).flatten()
    }

    /// That a request is not surely too long for its model, where the server tells how much that reads.
    pub(super) async fn check_length(&self, chat: &Chat<'_>) -> Result<(), Failure> {
        let least = (chat.bytes() / MOST_BYTES_A_TOKEN) as u64;
        match self.limit(chat).await {
            Some(context) if least > context => Err(failure::too_long(&self.server, least, context)),
            _ => Ok(()),
        }
    }

    /// Tokens that the model reads, where a request is long enough to ask for them.
    async fn limit(&self, chat: &Chat<'_>) -> Option<u64> {
        let surely_fits = match self.is_planner_of_ones_own() {
            // How much room to ask for depends on what is there.
            true if self.sets_context() => 0,
            true => SURELY_FITS_OWN,
            false => SURELY_FITS,
        };
        if chat.bytes() <= surely_fits {
            return None;
        }
        let found = self.context.get_or_try_init(|| async {
            let found = self.context_length().await;
            // A model that is not loaded yet says so later.
            if found.is_none() && self.is_planner_of_ones_own() { Err(()) } else { Ok(found) }
        });
        found.await.ok().copied().flatten()
    }

    /// Whether it is a planner on a server that people run themselves, whose context may be short. Readers are seen to by
    /// who shares the jobs out.
    pub(super) fn is_planner_of_ones_own(&self) -> bool {
        let (server, preset) = (&self.server, self.server.preset);
        // OpenAI's name is also the name of all that imitate it.
        let imitates = preset.name == "openai" && server.endpoint.is_loopback();
        server.section == "remote" && (imitates || matches!(preset.key, KeyPlace::Optional(_)))
    }

    /// That the model read the whole of a request, as far as its count and what its server says of itself tell. What only
    /// looks as if it did not is a remark.
    pub async fn check_read(&self, chat: &Chat<'_>, reply: &ChatReply) -> Result<(), Failure> {
        let mut reading = Reading::default();
        // Others refuse what is too long.
        if self.is_planner_of_ones_own() {
            reading.is(self.limit(chat).await);
        }
        match reading.answered(weight(chat), &reply.usage, reply.context_tokens) {
            Read::Whole => Ok(()),
            Read::Doubtful { read, of } => {
                self.remark(format!(
                    "{} says that it read {read} tokens of a request of about {of}: it may cut what is longer than its context, \
                     and have answered without the rest",
                    self.server.name()
                ));
                Ok(())
            }
            Read::Cut { context, of } => {
                let cut = failure::cut(&self.server, of, context);
                let again = if self.grow(Some(context)) { Again::Later(Some(Duration::ZERO)) } else { cut.again };
                let usage = Some(Box::new(reply.usage));
                Err(Failure { again, usage, partial: reply.text.clone(), ..cut })
            }
        }
    }

    /// Makes more room from the next request on where `asked` was too little; whether the server does as it is asked, and
    /// its model has more.
    pub fn grow(&self, asked: Option<u64>) -> bool {
        self.sets_context() && self.dialect.grow(asked)
    }
}
