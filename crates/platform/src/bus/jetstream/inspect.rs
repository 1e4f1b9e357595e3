//! What an operator wants to know of NATS before and while services use it. Nothing is changed.

use std::{fmt, time::Duration};

use anyhow::Context as _;
use async_nats::{
    Client, Event,
    jetstream::{
        self, ErrorCode,
        consumer::pull,
        context::GetStreamErrorKind,
        stream::{Config as StreamConfig, ConsumerErrorKind, Info},
    },
};
use tokio::sync::mpsc;

use super::{JetStreamConfig, consumer_config};

/// Shorter than an operator's patience.
const TIMEOUT: Duration = Duration::from_millis(1500);

/// What was seen with one service's rights.
#[derive(Clone, Debug)]
pub struct Inspection {
    pub server: String,
    pub stream: Seen<StreamSeen>,
    pub consumer: Seen<ConsumerSeen>,
    /// What the server would not let this user do.
    pub refused: Vec<String>,
}

/// A part of NATS.
#[derive(Clone, Debug)]
pub enum Seen<T> {
    There(T),
    /// A service that starts makes it.
    Missing,
    /// Why it could not be looked at.
    Hidden(String),
}

#[derive(Clone, Debug)]
pub struct StreamSeen {
    pub messages: u64,
    pub bytes: u64,
    pub differences: Vec<Difference>,
}

#[derive(Clone, Debug)]
pub struct ConsumerSeen {
    /// Messages that it has still to get.
    pub pending: u64,
    /// Messages that it has and that nobody has acknowledged.
    pub unacknowledged: usize,
    pub differences: Vec<Difference>,
}

/// A setting that is not what this build would make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub setting: &'static str,
    pub is: String,
    pub wanted: String,
    /// Whether events may stand still or go missing on the way.
    pub harms: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {} and should be {}", self.setting, self.is, self.wanted)
    }
}

/// A connection for one command.
pub(super) struct Session {
    client: Client,
    pub(super) context: jetstream::Context,
    /// What the server would not let this user do.
    pub(super) refused: mpsc::UnboundedReceiver<String>,
}

impl Session {
    pub(super) fn server(&self) -> String {
        format!("NATS {}", self.client.server_info().version)
    }
}

impl StreamSeen {
    pub(super) fn new(info: &Info, wanted: &StreamConfig) -> Self {
        Self {
            messages: info.state.messages,
            bytes: info.state.bytes,
            differences: stream_differences(&info.config, wanted),
        }
    }
}

impl JetStreamConfig {
    /// Connects as `service`, whose inboxes the user may read; an answer may take `timeout`.
    pub(super) async fn session(&self, service: &str, timeout: Duration) -> anyhow::Result<Session> {
        let (refuse, refused) = mpsc::unbounded_channel();
        let options = self.options(service)?.event_callback(move |event| {
            if let Event::ServerError(error) = event {
                let _ = refuse.send(error.to_string());
            }
            async {}
        });
        let client = options.connect(self.servers()).await.context("cannot connect")?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(timeout);
        Ok(Session { client, context, refused })
    }

    /// Looks at the stream, and at the durable consumer of `service` for events of `sources`.
    ///
    /// # Errors
    /// NATS is away, or does not let this user in.
    pub async fn inspect(&self, service: &str, sources: &[&str]) -> anyhow::Result<Inspection> {
        let mut session = self.session(service, TIMEOUT).await?;
        let (client, context) = (&session.client, &session.context);
        // Heads are how a consumer learns that something is missing.
        let heads = sources.first().map(|source| format!("{}.control.{source}.heads", self.prefix));
        let _hearing = match heads {
            Some(subject) => Some(client.subscribe(subject).await?),
            None => None,
        };
        let stream = self.inspect_stream(context).await;
        let consumer = match sources {
            [] => Seen::Missing,
            sources => self.inspect_consumer(context, service, sources).await,
        };
        let _ = tokio::time::timeout(TIMEOUT, client.flush()).await;
        let server = session.server();
        let refused = std::iter::from_fn(|| session.refused.try_recv().ok()).collect();
        Ok(Inspection { server, stream, consumer, refused })
    }

    async fn inspect_stream(&self, context: &jetstream::Context) -> Seen<StreamSeen> {
        match tokio::time::timeout(TIMEOUT, context.get_stream(&self.stream)).await {
            Ok(Ok(stream)) => Seen::There(StreamSeen::new(stream.cached_info(), &self.stream_config())),
            Ok(Err(e)) => match e.kind() {
                GetStreamErrorKind::JetStream(e) if e.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    Seen::Missing
                }
                _ => Seen::Hidden(chain(&e)),
            },
            Err(_) => Seen::Hidden("no answer from JetStream".to_owned()),
        }
    }

    async fn inspect_consumer(
        &self,
        context: &jetstream::Context,
        service: &str,
        sources: &[&str],
    ) -> Seen<ConsumerSeen> {
        let found = context.get_consumer_from_stream::<pull::Config, _, _>(service, &self.stream);
        match tokio::time::timeout(TIMEOUT, found).await {
            Ok(Ok(consumer)) => {
                let info = consumer.cached_info();
                let wanted = consumer_config(service, &self.prefix, sources);
                Seen::There(ConsumerSeen {
                    pending: info.num_pending,
                    unacknowledged: info.num_ack_pending,
                    differences: consumer_differences(&info.config, &wanted),
                })
            }
            Ok(Err(e)) => match e.kind() {
                ConsumerErrorKind::JetStream(e)
                    if [ErrorCode::CONSUMER_NOT_FOUND, ErrorCode::STREAM_NOT_FOUND]
                        .contains(&e.error_code()) =>
                {
                    Seen::Missing
                }
                _ => Seen::Hidden(chain(&e)),
            },
            Err(_) => Seen::Hidden("no answer from JetStream".to_owned()),
        }
    }
}

pub(super) fn stream_differences(is: &StreamConfig, wanted: &StreamConfig) -> Vec<Difference> {
    let mut differences = Differences::default();
    differences.compare("subjects", &is.subjects, &wanted.subjects, true);
    differences.compare("retention", is.retention, wanted.retention, true);
    differences.compare("discard", is.discard, wanted.discard, true);
    differences.compare("allow_msg_ttl", is.allow_message_ttl, wanted.allow_message_ttl, true);
    differences.compare("storage", is.storage, wanted.storage, true);
    differences.compare("replicas", is.num_replicas, wanted.num_replicas, false);
    differences.compare("max_age", is.max_age, wanted.max_age, false);
    differences.compare("max_bytes", is.max_bytes, wanted.max_bytes, false);
    differences.compare("max_msgs", is.max_messages, -1, true);
    differences.compare("max_msgs_per_subject", is.max_messages_per_subject, -1, true);
    differences.0
}

fn consumer_differences(is: &jetstream::consumer::Config, wanted: &pull::Config) -> Vec<Difference> {
    let mut differences = Differences::default();
    let subjects = |all: &[String], one: &str| {
        let mut subjects = all.to_vec();
        subjects.extend((!one.is_empty()).then(|| one.to_owned()));
        subjects.sort_unstable();
        subjects
    };
    differences.compare(
        "filter_subjects",
        subjects(&is.filter_subjects, &is.filter_subject),
        subjects(&wanted.filter_subjects, &wanted.filter_subject),
        true,
    );
    differences.compare("ack_policy", is.ack_policy, wanted.ack_policy, true);
    differences.compare("max_deliver", is.max_deliver, wanted.max_deliver, true);
    differences.compare("max_ack_pending", is.max_ack_pending, wanted.max_ack_pending, false);
    differences.compare("backoff", &is.backoff, &wanted.backoff, false);
    differences.0
}

#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn compare<T: PartialEq + std::fmt::Debug>(
        &mut self,
        setting: &'static str,
        is: T,
        wanted: T,
        harms: bool,
    ) {
        if is != wanted {
            let (is, wanted) = (format!("{is:?}"), format!("{wanted:?}"));
            self.0.push(Difference { setting, is, wanted, harms });
        }
    }
}

pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
