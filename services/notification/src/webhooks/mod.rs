//! Webhooks: events for the CRM and for partners, signed and in order, by Standard Webhooks.
//!
//! An event becomes one delivery for each endpoint that wants it, in the transaction that applies it ([`heard`]). The
//! courier sends deliveries ([`courier`]): lease, act, commit with the lease's token.

pub(crate) mod address;
mod commands;
mod courier;
pub(crate) mod endpoints;
mod heard;
mod model;
mod networks;
mod payload;
mod post;
mod queries;
pub(crate) mod queue;
mod record;
mod retention;
pub(crate) mod schedule;
mod settings;
mod signature;
mod switch_off;
mod view;

use std::sync::{Arc, atomic::AtomicBool};

pub(crate) use heard::Heard;
pub use model::{Endpoint, EndpointId, Secret, Settings, State, Why};
pub use networks::Networks;
pub(crate) use post::Answer;
pub use post::{LONGEST_TRY, Lookup, Post, SystemLookup};

/// While there is no endpoint, events that change nothing else are passed over.
pub(crate) const NOBODY_WANTS_ANY: &str = "not exists (select 1 from webhook_endpoint)";

/// What sending needs besides the database. Cloned freely; clones share everything.
#[derive(Clone, Debug)]
pub struct Webhooks {
    pub(crate) post: Post,
    /// Whether there was an endpoint when the courier looked last: otherwise it does not look at each commit.
    wanted: Arc<AtomicBool>,
}

impl Webhooks {
    pub fn new(post: Post) -> Self {
        Self { post, wanted: Arc::default() }
    }

    /// How long a delivery is held for one try: half as long again as that takes, for clocks that differ and for what
    /// became of it to be recorded.
    pub(crate) fn lease(&self) -> std::time::Duration {
        self.post.longest_try() * 3 / 2
    }
}

#[cfg(test)]
pub(crate) use {
    schedule::{GIVEN_UP_AFTER, LONGEST_RETRY_AFTER},
    signature::sign,
};

#[cfg(test)]
mod tests;
