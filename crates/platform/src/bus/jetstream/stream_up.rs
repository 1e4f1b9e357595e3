//! Makes the stream, or brings its settings to those of the configuration: an operator's work. A service only makes
//! the stream where it is missing, and may not change it.

use std::time::Duration;

use anyhow::anyhow;
use async_nats::jetstream::{
    ErrorCode,
    context::{CreateStreamError, CreateStreamErrorKind, GetStreamError, GetStreamErrorKind},
    stream::{Config as StreamConfig, Info},
};

use super::{
    Difference, JetStreamConfig, StreamSeen,
    inspect::{Session, chain, stream_differences},
};

/// A cluster elects a leader for a stream that it makes.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was done to the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brought {
    /// It was as it should be.
    Nothing,
    Made,
    /// These were other than they are now.
    Changed(Vec<Difference>),
}

impl JetStreamConfig {
    /// The stream, compared with the configuration; none if it is missing.
    ///
    /// # Errors
    /// NATS is away or has no JetStream, or this user may not look.
    pub async fn stream_standing(&self) -> anyhow::Result<Option<StreamSeen>> {
        let found = self.find(&mut self.operate().await?).await?;
        Ok(found.map(|info| StreamSeen::new(&info, &self.stream_config())))
    }

    /// Makes the stream, or changes what is not as configured; what no setting is for stays as it is.
    ///
    /// # Errors
    /// As [`Self::stream_standing`]; this user may not change it; or NATS refuses, such as more replicas than it has
    /// servers.
    pub async fn stream_up(&self) -> anyhow::Result<Brought> {
        let mut session = self.operate().await?;
        let (context, wanted) = (session.context.clone(), self.stream_config());
        let Some(found) = self.find(&mut session).await? else {
            let made = self.answered(&mut session, context.create_stream(wanted.clone())).await?;
            let made = made.map_err(|error| self.refused(&error).context("cannot make the stream"))?;
            ensure_taken(&session, made.cached_info(), &wanted)?;
            return Ok(Brought::Made);
        };
        let differences = stream_differences(&found.config, &wanted);
        if differences.is_empty() {
            return Ok(Brought::Nothing);
        }
        let changed = laid_over(found.config, wanted.clone());
        let changed = self.answered(&mut session, context.update_stream(&changed)).await?;
        let changed = changed.map_err(|error| match error.code() {
            Some(ErrorCode::STREAM_INVALID_CONFIG) => self.refused(&error).context(
                "NATS changes no such stream: delete it while all is well, and run this again; what consumers miss is \
                 published again",
            ),
            _ => self.refused(&error).context("cannot change the stream"),
        })?;
        ensure_taken(&session, &changed, &wanted)?;
        Ok(Brought::Changed(differences))
    }

    /// A service's user may read the inboxes below its own name and no others.
    async fn operate(&self) -> anyhow::Result<Session> {
        self.session(self.operator(), PATIENCE).await
    }

    fn operator(&self) -> &str {
        self.user.as_deref().unwrap_or("operator")
    }

    async fn find(&self, session: &mut Session) -> anyhow::Result<Option<Info>> {
        let context = session.context.clone();
        match self.answered(session, context.get_stream(&self.stream)).await? {
            Ok(stream) => Ok(Some(stream.cached_info().clone())),
            Err(error) if error.code() == Some(ErrorCode::STREAM_NOT_FOUND) => Ok(None),
            Err(error) => Err(self.refused(&error).context("cannot look at the stream")),
        }
    }

    /// The answer of NATS, which does not answer what a user may not ask, but says so beside.
    async fn answered<T>(
        &self,
        session: &mut Session,
        asked: impl IntoFuture<Output = T>,
    ) -> anyhow::Result<T> {
        tokio::select! {
            answer = asked.into_future() => Ok(answer),
            Some(refused) = session.refused.recv() => Err(anyhow!(
                "NATS does not let the user {} do that: {refused}; bus.user has to be one that may, `operator` in \
                 deploy/nats/permissions.conf",
                self.operator()
            )),
        }
    }

    fn refused(&self, error: &impl Refused) -> anyhow::Error {
        let said = chain(error);
        match error.code() {
            Some(ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED | ErrorCode::CLUSTER_NO_PEERS) => anyhow!(
                "{said}; bus.replicas is {}, and NATS has not so many servers with JetStream and room for \
                 bus.max_bytes",
                self.replicas
            ),
            Some(ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT) | None => {
                anyhow!(
                    "{said}; see that JetStream is enabled, also for the account of bus.user, and that most of NATS's \
                 servers run"
                )
            }
            Some(_) => anyhow!("{said}"),
        }
    }
}

/// Of JetStream, or of nobody who would have carried it out.
trait Refused: std::error::Error {
    /// None if nobody did.
    fn code(&self) -> Option<ErrorCode>;
}

impl Refused for GetStreamError {
    fn code(&self) -> Option<ErrorCode> {
        match self.kind() {
            GetStreamErrorKind::JetStream(error) => Some(error.error_code()),
            _ => None,
        }
    }
}

impl Refused for CreateStreamError {
    fn code(&self) -> Option<ErrorCode> {
        match self.kind() {
            CreateStreamErrorKind::JetStream(error) => Some(error.error_code()),
            _ => None,
        }
    }
}

/// What `stream_differences` compares, as it should be; everything else as it is.
fn laid_over(is: StreamConfig, wanted: StreamConfig) -> StreamConfig {
    StreamConfig {
        subjects: wanted.subjects,
        retention: wanted.retention,
        discard: wanted.discard,
        allow_message_ttl: wanted.allow_message_ttl,
        storage: wanted.storage,
        num_replicas: wanted.num_replicas,
        max_age: wanted.max_age,
        max_bytes: wanted.max_bytes,
        max_messages: -1,
        max_messages_per_subject: -1,
        ..is
    }
}

/// A server passes over what it does not know, such as `allow_msg_ttl` before 2.11.
fn ensure_taken(session: &Session, made: &Info, wanted: &StreamConfig) -> anyhow::Result<()> {
    let differences = stream_differences(&made.config, wanted);
    let said: Vec<_> = differences.iter().map(ToString::to_string).collect();
    anyhow::ensure!(said.is_empty(), "{} leaves the stream so: {}", session.server(), said.join(", "));
    Ok(())
}
