//! NATS JetStream: one stream, a durable pull consumer per service, heads and republication on core NATS.

mod inspect;
mod stream_up;
pub mod wire;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use async_nats::{
    Client, ConnectOptions,
    connection::State,
    jetstream::{
        self, AckKind,
        consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull},
        stream::{DiscardPolicy, StorageType},
    },
};
use futures::{
    FutureExt as _, StreamExt as _,
    future::{join_all, try_join_all},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{select, sync::mpsc, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use inspect::{ConsumerSeen, Difference, Inspection, Seen, StreamSeen};
pub use stream_up::Brought;

use super::{Inlet, LONGEST_RUN, LaneHead, Message, run_length};
use crate::{core::Core, loops::pause, pem::ClientTls};

/// Lanes are spread over this many tasks; the messages of one lane stay in order.
const WORKERS: usize = 4;
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_secs(1);
/// When a message is delivered again that nobody acknowledged. Soon at first: most likely its replica died.
const REDELIVERY: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(30)];
/// Far more than all replicas hold, so that what the dead took with them does not keep the living waiting.
const MOST_UNACKNOWLEDGED: i64 = 4_096;
/// So many announcements of heads are passed over at most while something waits in the stream.
const MOST_PASSED_OVER: u32 = 12;
/// One control message stays far below the server's limit of 1 MiB.
const HEADS_PER_MESSAGE: usize = 5_000;

/// Where NATS is and how the stream is kept.
#[derive(Clone, Debug)]
pub struct JetStreamConfig {
    /// Addresses of the cluster's servers, separated by commas; one is enough to find the others by.
    pub url: String,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    /// No connection without TLS, if given.
    pub tls: Option<ClientTls>,
    pub stream: String,
    /// First token of every subject.
    pub prefix: String,
    pub replicas: usize,
    pub max_age: Duration,
    pub max_bytes: i64,
}

impl JetStreamConfig {
    /// # Errors
    /// Files of TLS that cannot be used.
    fn options(&self, service: &str) -> anyhow::Result<ConnectOptions> {
        let options = ConnectOptions::new()
            .name(format!("przesiadka-{service}"))
            .custom_inbox_prefix(format!("_INBOX_{service}"))
            .connection_timeout(Duration::from_secs(5))
            .ping_interval(Duration::from_secs(10));
        let options = match (&self.user, &self.password) {
            (Some(user), Some(password)) => {
                options.user_and_password(user.clone(), password.expose_secret().to_owned())
            }
            _ => options,
        };
        match &self.tls {
            Some(tls) => with_tls(options, tls),
            None => Ok(options),
        }
    }

    fn servers(&self) -> Vec<&str> {
        self.url.split(',').map(str::trim).collect()
    }

    fn stream_config(&self) -> jetstream::stream::Config {
        jetstream::stream::Config {
            name: self.stream.clone(),
            subjects: vec![format!("{}.v1.>", self.prefix)],
            storage: StorageType::File,
            discard: DiscardPolicy::New,
            num_replicas: self.replicas,
            max_age: self.max_age,
            max_bytes: self.max_bytes,
            allow_message_ttl: true,
            ..Default::default()
        }
    }
}

fn with_tls(options: ConnectOptions, tls: &ClientTls) -> anyhow::Result<ConnectOptions> {
    tls.check().context("bus.tls")?;
    let mut options = options.require_tls(true);
    if let Some(ca) = &tls.ca {
        options = options.add_root_certificates(ca.clone());
    }
    if let (Some(cert), Some(key)) = (&tls.cert, &tls.key) {
        options = options.add_client_certificate(cert.clone(), key.clone());
    }
    Ok(options)
}

/// A service's durable consumer, for the events of others.
fn consumer_config(service: &str, prefix: &str, sources: &[&str]) -> pull::Config {
    pull::Config {
        durable_name: Some(service.to_owned()),
        ack_policy: AckPolicy::Explicit,
        backoff: REDELIVERY.to_vec(),
        deliver_policy: DeliverPolicy::All,
        max_deliver: -1,
        max_ack_pending: MOST_UNACKNOWLEDGED,
        filter_subjects: sources.iter().map(|s| format!("{prefix}.v1.{s}.>")).collect(),
        ..Default::default()
    }
}

/// A connection to NATS. Clones share it.
#[derive(Clone)]
pub struct JetStream {
    client: Client,
    context: jetstream::Context,
    config: Arc<JetStreamConfig>,
}

impl JetStream {
    /// Connects in the background: a start does not need NATS. `service` keeps its inboxes apart.
    pub async fn connect(config: JetStreamConfig, service: &str) -> anyhow::Result<Self> {
        let options = config.options(service)?.retry_on_initial_connect();
        let client = options.connect(config.servers()).await.context("NATS address")?;
        let context = jetstream::new(client.clone());
        Ok(Self { client, context, config: Arc::new(config) })
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// While it is away the client keeps what it is given, and when it has enough it blocks; so nothing is
    /// given to it. The outbox has it all.
    fn ensure_connected(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.is_connected(), "NATS is away");
        Ok(())
    }

    /// Makes the stream if it is not there. Only an operator changes one: [`JetStreamConfig::stream_up`].
    async fn ensure_stream(&self) -> anyhow::Result<()> {
        self.context.get_or_create_stream(self.config.stream_config()).await.context("stream")?;
        Ok(())
    }

    pub(super) async fn publish(&self, messages: Vec<Message>) -> anyhow::Result<()> {
        self.ensure_connected()?;
        let all = async {
            let mut acks = Vec::with_capacity(messages.len());
            for message in messages {
                let subject = wire::subject(&self.config.prefix, &message);
                let headers = wire::headers(&message);
                let ack = self.context.publish_with_headers(subject, headers, message.payload).await?;
                acks.push(ack.into_future());
            }
            try_join_all(acks).await?;
            anyhow::Ok(())
        };
        let outcome =
            timeout(PUBLISH_TIMEOUT, all).await.context("NATS did not acknowledge in time").flatten();
        if outcome.is_err() && self.is_connected() {
            // The stream may be gone; the next sweep publishes again.
            self.ensure_stream().await?;
        }
        outcome
    }

    pub(super) async fn announce(&self, service: &str, heads: Vec<LaneHead>) -> anyhow::Result<()> {
        self.ensure_connected()?;
        let all = async {
            for heads in heads.chunks(HEADS_PER_MESSAGE) {
                let subject = format!("{}.control.{service}.heads", self.config.prefix);
                self.client.publish(subject, wire::encode_heads(heads)).await?;
            }
            anyhow::Ok(())
        };
        timeout(PUBLISH_TIMEOUT, all).await.context("NATS did not take the heads in time").flatten()
    }

    pub(super) async fn run(&self, core: Core, inlet: Arc<dyn Inlet>, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        tasks.spawn(again(stop.clone(), core.service, "consumer", {
            let (bus, inlet, stop) = (self.clone(), inlet.clone(), stop.clone());
            move || bus.clone().consume(core.service, inlet.clone(), stop.clone())
        }));
        for source in inlet.sources() {
            tasks.spawn(again(stop.clone(), core.service, "heads", {
                let (bus, inlet, stop) = (self.clone(), inlet.clone(), stop.clone());
                move || bus.clone().hear_heads(core.service, source, inlet.clone(), stop.clone())
            }));
        }
        tasks.spawn(again(stop.clone(), core.service, "republish", {
            let (bus, stop) = (self.clone(), stop.clone());
            move || bus.clone().hear_republish(core.service, inlet.clone(), stop.clone())
        }));
        tasks.close();
        tasks.wait().await;
    }

    async fn consume(
        self,
        service: &'static str,
        inlet: Arc<dyn Inlet>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        if inlet.sources().is_empty() {
            stop.cancelled().await;
            return Ok(());
        }
        self.ensure_stream().await?;
        let config = consumer_config(service, &self.config.prefix, inlet.sources());
        let consumer: PullConsumer = self
            .context
            .create_consumer_on_stream(config, self.config.stream.clone())
            .await
            .context("consumer")?;
        let mut messages =
            consumer.stream().max_messages_per_batch(64).heartbeat(Duration::from_secs(5)).messages().await?;

        let tracker = TaskTracker::new();
        let workers: Vec<mpsc::Sender<Delivery>> = (0..WORKERS)
            .map(|_| {
                let (sender, receiver) = mpsc::channel(16);
                tracker.spawn(work(service, inlet.clone(), receiver, stop.clone()));
                sender
            })
            .collect();
        tracker.close();
        let ended = loop {
            let delivery = select! {
                () = stop.cancelled() => break Ok(()),
                next = messages.next() => match next {
                    Some(Ok(delivery)) => delivery,
                    Some(Err(e)) => break Err(e.into()),
                    None => break Err(anyhow::anyhow!("the consumer ended")),
                },
            };
            match wire::decode(&self.config.prefix, &delivery) {
                Ok(message) => {
                    let worker = &workers[wire::worker(&message.lane, WORKERS)];
                    let _ = worker.send(Delivery { message, raw: delivery }).await;
                }
                Err(e) => {
                    let subject = delivery.subject.to_string();
                    tracing::error!(service, subject, error = %e, "event without a lane");
                    inlet.receive_stray(&subject, &e).await?;
                    acknowledge(&delivery).await;
                }
            }
        };
        drop(workers);
        if stop.is_cancelled() {
            while let Some(Some(Ok(delivery))) = messages.next().now_or_never() {
                give_back(&delivery).await;
            }
        }
        tracker.wait().await;
        // Acknowledgements that the client still holds.
        let _ = timeout(RETRY, self.client.flush()).await;
        ended
    }

    async fn hear_heads(
        self,
        service: &'static str,
        source: &'static str,
        inlet: Arc<dyn Inlet>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let subject = format!("{}.control.{source}.heads", self.config.prefix);
        let mut heard = self.client.queue_subscribe(subject, service.to_owned()).await?;
        let mut passed_over = 0;
        while let Some(message) = stop.run_until_cancelled(heard.next()).await.flatten() {
            let heads = wire::decode_heads(&message.payload)?;
            // What still waits in the stream is late, not lost: published again it would only come later. But what
            // can only come again, such as contact cards that came too early, does not wait for ever.
            let consumer = self
                .context
                .get_consumer_from_stream::<pull::Config, _, _>(service, self.config.stream.as_str())
                .await;
            let waits = consumer.map_or(1, |consumer| consumer.cached_info().num_pending) > 0;
            if waits && passed_over < MOST_PASSED_OVER {
                passed_over += 1;
                continue;
            }
            passed_over = 0;
            for from in inlet.compare_heads(source, &heads).await? {
                let subject = format!("{}.control.{source}.republish", self.config.prefix);
                self.client.publish(subject, wire::encode_heads(&[from])).await?;
            }
        }
        Ok(())
    }

    async fn hear_republish(
        self,
        service: &'static str,
        inlet: Arc<dyn Inlet>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let subject = format!("{}.control.{service}.republish", self.config.prefix);
        let mut heard = self.client.queue_subscribe(subject, service.to_owned()).await?;
        while let Some(message) = stop.run_until_cancelled(heard.next()).await.flatten() {
            for from in wire::decode_heads(&message.payload)? {
                self.publish(inlet.republish(from).await?).await?;
            }
        }
        Ok(())
    }
}

struct Delivery {
    message: Message,
    raw: jetstream::Message,
}

async fn work(
    service: &'static str,
    inlet: Arc<dyn Inlet>,
    mut deliveries: mpsc::Receiver<Delivery>,
    stop: CancellationToken,
) {
    let mut taken = Vec::new();
    while deliveries.recv_many(&mut taken, LONGEST_RUN).await > 0 {
        while !taken.is_empty() {
            let later = taken.split_off(run_length(taken.iter().map(|delivery| &delivery.message)));
            let (run, raw): (Vec<_>, Vec<_>) = taken.into_iter().map(|d| (d.message, d.raw)).unzip();
            taken = later;
            if stop.is_cancelled() {
                join_all(raw.iter().map(give_back)).await;
                continue;
            }
            match inlet.receive(&run).await {
                Ok(()) => join_all(raw.iter().map(acknowledge)).await,
                Err(e) => {
                    tracing::warn!(service, error = %e, "event waits");
                    join_all(raw.iter().map(try_later)).await
                }
            };
        }
    }
}

/// A lost acknowledgement only means a redelivery, which the cursor recognises; so nobody waits for NATS to have it.
async fn acknowledge(raw: &jetstream::Message) {
    let _ = timeout(PUBLISH_TIMEOUT, raw.ack()).await;
}

/// Delivers it again after a pause.
async fn try_later(raw: &jetstream::Message) {
    let _ = timeout(PUBLISH_TIMEOUT, raw.ack_with(AckKind::Nak(Some(RETRY)))).await;
}

/// Another replica gets at once what this one no longer begins.
async fn give_back(raw: &jetstream::Message) {
    let _ = timeout(RETRY, raw.ack_with(AckKind::Nak(None))).await;
}

/// Runs a task again whenever it ends, until stopped.
async fn again<F>(stop: CancellationToken, service: &'static str, what: &'static str, task: impl Fn() -> F)
where
    F: Future<Output = anyhow::Result<()>>,
{
    while !stop.is_cancelled() {
        if let Err(e) = task().await {
            tracing::warn!(service, what, error = %e, "bus waits");
        }
        pause(RETRY, &stop).await;
    }
}
