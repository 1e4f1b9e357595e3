//! NATS from the side of who may do anything: it forgets, and it repeats.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::{
    datetime,
    jetstream::{self, Context, stream::Stream},
};
use futures::TryStreamExt as _;
use platform::loops::pause;
use testkit::Nats;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;

const MOST_REVERSED: usize = 60;
/// Who resumes them is late, or gone.
const HELD_LONGER: Duration = Duration::from_secs(1);
/// While there is no majority of nodes nobody answers.
const PATIENCE: Duration = Duration::from_secs(5);

/// The stream, as an operator sees it.
pub struct Bus {
    nats: Nats,
}

impl Bus {
    pub fn new(nats: Nats) -> Self {
        Self { nats }
    }

    /// Deletes the stream with all that is in it. How many messages there were.
    pub async fn delete_stream(&self) -> anyhow::Result<usize> {
        self.on_stream(async |context, stream| {
            context.delete_stream(&self.nats.stream).await?;
            Ok(usize::try_from(stream.cached_info().state.messages)?)
        })
        .await
    }

    /// Removes up to so many of the newest messages. How many it did.
    pub async fn lose_newest(&self, number: usize) -> anyhow::Result<usize> {
        self.on_stream(async |_, stream| {
            let newest = stream.cached_info().state.last_sequence;
            let mut lost = 0;
            for seq in (1..=newest).rev().take(number) {
                lost += usize::from(stream.delete_message(seq).await.unwrap_or(false));
            }
            Ok(lost)
        })
        .await
    }

    /// Publishes up to so many old messages again, in any order. How many it did.
    pub async fn deliver_again(&self, number: usize, chance: &mut Chance) -> anyhow::Result<usize> {
        self.on_stream(async |context, stream| {
            let state = &stream.cached_info().state;
            anyhow::ensure!(state.messages > 0, "an empty stream");
            let span = usize::try_from(state.last_sequence - state.first_sequence)? + 1;
            let mut again = 0;
            for _ in 0..number {
                let seq = state.first_sequence + chance.below(span) as u64;
                // It may have been removed.
                let Ok(message) = stream.get_raw_message(seq).await else { continue };
                context
                    .publish_with_headers(message.subject, message.headers, message.payload)
                    .await?
                    .await?;
                again += 1;
            }
            Ok(again)
        })
        .await
    }

    /// Keeps each consumer waiting for a while, and turns round what came meanwhile: the newest comes first. How many
    /// messages these were.
    pub async fn reverse_newest(&self, how_long: Duration) -> anyhow::Result<usize> {
        self.on_stream(async |context, stream| {
            let before = stream.cached_info().state.last_sequence;
            let until = datetime::add_std_duration(datetime::now(), how_long + HELD_LONGER)
                .map_err(anyhow::Error::from_boxed)?;
            let consumers: Vec<String> = stream.consumer_names().try_collect().await?;
            for consumer in &consumers {
                stream.pause_consumer(consumer, until).await?;
            }
            pause(how_long, &CancellationToken::new()).await;
            let mut reversed = Vec::new();
            for seq in (before + 1..=stream.get_info().await?.state.last_sequence).rev().take(MOST_REVERSED) {
                // It may have been removed.
                let Ok(message) = stream.get_raw_message(seq).await else { continue };
                stream.delete_message(seq).await?;
                reversed.push(message);
            }
            for message in &reversed {
                context
                    .publish_with_headers(
                        message.subject.clone(),
                        message.headers.clone(),
                        message.payload.clone(),
                    )
                    .await?
                    .await?;
            }
            for consumer in &consumers {
                stream.resume_consumer(consumer).await?;
            }
            Ok(reversed.len())
        })
        .await
    }

    async fn on_stream(
        &self,
        work: impl AsyncFnOnce(&Context, &Stream) -> anyhow::Result<usize>,
    ) -> anyhow::Result<usize> {
        let all = async {
            let client = self.nats.connect("operator").await;
            let context = jetstream::new(client);
            let stream = context.get_stream(&self.nats.stream).await?;
            work(&context, &stream).await
        };
        timeout(PATIENCE, all).await.context("no answer in time")?
    }
}
