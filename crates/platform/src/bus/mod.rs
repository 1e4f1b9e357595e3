//! The bus carries events between services. It is transport, not truth: whatever it loses, repeats
//! or reorders is mended by cursors, waiting rows and republication from the producer's outbox.

mod embedded;
mod jetstream;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use proto::snapshot;
use tokio_util::sync::CancellationToken;

pub use embedded::Embedded;
pub use jetstream::{
    Brought, ConsumerSeen, Difference, Inspection, JetStream, JetStreamConfig, Seen, StreamSeen, wire,
};

use crate::{
    core::Core,
    error::Error,
    lane::{Lane, Number},
};

/// Most bytes of an event's payload. NATS takes 1 MiB with the headers; one message above that would
/// hold up every lane of its producer, so it is refused before it is committed.
pub const LARGEST_PAYLOAD: usize = 512 * 1024;

/// The one kind of event that holds personal data: a contact's card. It stays where it can be scrubbed, in its
/// producer's outbox: the stream forgets it after a day, and no consumer keeps it to wait.
pub const PERSONAL: &str = "contact_card";

/// The kind of event by which a contact's personal data goes everywhere.
pub const ANONYMISED: &str = "contact_anonymised";

/// Most events that one transaction applies.
const LONGEST_RUN: usize = 32;

/// One event on its way.
#[derive(Clone, Debug)]
pub struct Message {
    /// The producing service.
    pub source: String,
    pub lane: Lane,
    /// The epoch of its producer's database in which it was committed; see [`Number`].
    pub epoch: i64,
    /// Number on the lane, from 1, without gaps.
    pub seq: i64,
    pub event_id: String,
    /// Name of the event.
    pub kind: String,
    /// Business time at which it was recorded.
    pub recorded_at: Timestamp,
    /// Machine time at which it got its position, right after its commit; see [`Unit::is_backfill`](crate::unit::Unit::is_backfill).
    pub sequenced_at: Timestamp,
    /// W3C traceparent.
    pub trace: Option<String>,
    /// How far its producer had applied other services' lanes of the same name when it wrote the event:
    /// `<service>/<number>`, separated by commas. Of a snapshot also how far its own lane went in the backup.
    pub follows: Option<String>,
    pub payload: Bytes,
}

impl Message {
    pub fn number(&self) -> Number {
        Number { epoch: self.epoch, seq: self.seq }
    }

    /// Whether it takes the place of all that its producer told before on the lane.
    pub fn is_snapshot(&self) -> bool {
        self.kind == snapshot::NAME
    }

    /// Whether it can be the first of its epoch on the lane: in a database that was restored every lane goes on with a
    /// snapshot, and those that it did not have begin anew.
    pub fn begins_epoch(&self) -> bool {
        self.is_snapshot() || self.seq == 1
    }

    /// Whether it is of the kind [`PERSONAL`].
    pub fn is_personal(&self) -> bool {
        self.kind == PERSONAL
    }

    /// The event, for who follows. One that cannot be read is told all the same, by event id and company alone: it
    /// does not hold up what comes after it.
    pub fn event_or<E: prost::Message + Default>(&self, unreadable: impl FnOnce(String, String) -> E) -> E {
        E::decode(self.payload.clone()).unwrap_or_else(|error| {
            let (source, lane, seq) = (&self.source, self.lane, self.seq);
            tracing::error!(source, %lane, seq, %error, "event unreadable");
            let company = match self.lane {
                Lane::Company(company) => format!("companies/{company}"),
                Lane::Global => String::new(),
            };
            unreadable(self.event_id.clone(), company)
        })
    }
}

/// How many of these, from the first, are of one lane and have consecutive numbers.
fn run_length<'a>(messages: impl IntoIterator<Item = &'a Message>) -> usize {
    let mut messages = messages.into_iter();
    let Some(first) = messages.next() else { return 0 };
    let goes_on = |(message, seq): &(&Message, i64)| {
        (message.source.as_str(), message.lane, message.epoch, message.seq)
            == (first.source.as_str(), first.lane, first.epoch, *seq)
    };
    1 + messages.zip(first.seq + 1..).take_while(goes_on).count()
}

/// The last number of a lane at its producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneHead {
    pub lane: Lane,
    pub number: Number,
}

/// What a service does with what the bus brings.
#[async_trait]
pub trait Inlet: Send + Sync {
    /// The services whose events are heard.
    fn sources(&self) -> &'static [&'static str];

    /// Takes messages of one lane over whose numbers are consecutive. When this returns `Ok` the bus may forget them.
    async fn receive(&self, run: &[Message]) -> Result<(), Error>;

    /// Notes what cannot be put on a lane, so that people see it.
    async fn receive_stray(&self, subject: &str, error: &str) -> Result<(), Error>;

    /// Compares the producer's lanes with what was applied here; returns the first number missing of each
    /// lane that is behind and not moving. Where its epoch is over, that is the first of the next one.
    async fn compare_heads(&self, source: &str, heads: &[LaneHead]) -> Result<Vec<LaneHead>, Error>;

    /// Events of this service's own outbox, for a consumer that misses them.
    async fn republish(&self, from: LaneHead) -> Result<Vec<Message>, Error>;
}

/// In process, or NATS JetStream.
#[derive(Clone)]
pub enum Bus {
    Embedded(Embedded),
    JetStream(JetStream),
}

impl Bus {
    /// Hands messages over. `Ok` means that the bus has taken every one of them.
    pub async fn publish(&self, messages: Vec<Message>) -> anyhow::Result<()> {
        match self {
            Self::Embedded(bus) => bus.publish(messages).await,
            Self::JetStream(bus) => bus.publish(messages).await,
        }
    }

    /// Tells the consumers how far this service's lanes are.
    pub async fn announce(&self, service: &'static str, heads: Vec<LaneHead>) -> anyhow::Result<()> {
        match self {
            Self::Embedded(bus) => bus.announce(service, heads).await,
            Self::JetStream(bus) => bus.announce(service, heads).await,
        }
    }

    /// Brings messages to the inlet until cancelled; connects again by itself.
    pub async fn run(&self, core: Core, inlet: Arc<dyn Inlet>, stop: CancellationToken) {
        match self {
            Self::Embedded(bus) => bus.run(core, inlet, stop).await,
            Self::JetStream(bus) => bus.run(core, inlet, stop).await,
        }
    }

    /// Whether messages can travel now; a metric, never a condition of readiness.
    pub fn is_connected(&self) -> bool {
        match self {
            Self::Embedded(_) => true,
            Self::JetStream(bus) => bus.is_connected(),
        }
    }
}
