//! An issuer's keys, cached: read at start, again and again after that, and for an unknown key; kept while the
//! issuer is away.

use std::{
    path::PathBuf,
    sync::{Arc, LazyLock, RwLock},
    time::Duration,
};

use anyhow::Context as _;
use tokio::{sync::Mutex, time::Instant};
use tokio_util::sync::CancellationToken;

use super::keys::{KeySet, VerifyingKey};
use crate::{
    loops::pause,
    telemetry::metrics::{Age, KeyValue},
};

static AGE: LazyLock<Age> = LazyLock::new(|| {
    let text = "Since an issuer's keys were last read, or this process began to.";
    Age::new("przesiadka.jwks.age", text)
});

/// Where an issuer publishes its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksSource {
    Url(String),
    File(PathBuf),
    /// The document itself.
    Inline(String),
}

/// How often an issuer is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Unknown keys ask at most this often, so that forged tokens cannot flood the issuer.
    pub least_interval: Duration,
    /// Known keys are read again, so that one that was taken back stops counting.
    pub every: Duration,
    /// The same while the issuer is away.
    pub after_failure: Duration,
    /// For the whole answer.
    pub timeout: Duration,
}

impl Pace {
    const URL: Self = Self {
        least_interval: Duration::from_secs(10),
        every: Duration::from_secs(300),
        after_failure: Duration::from_secs(30),
        timeout: Duration::from_secs(5),
    };
    const FILE: Self =
        Self { every: Duration::from_secs(10), after_failure: Duration::from_secs(10), ..Self::URL };
}

const MOST_BYTES: usize = 1 << 20;

#[derive(Clone)]
pub struct Jwks(Arc<Inner>);

struct Inner {
    source: JwksSource,
    client: reqwest::Client,
    pace: Pace,
    keys: RwLock<KeySet>,
    last: Arc<Mutex<Option<Attempt>>>,
}

#[derive(Clone, Copy)]
struct Attempt {
    at: Instant,
    worked: bool,
}

pub(super) enum KeyError {
    /// The issuer has no such key.
    Unknown,
    /// The issuer could not be asked.
    Away,
}

impl Jwks {
    pub fn new(source: JwksSource) -> anyhow::Result<Self> {
        let pace = if matches!(source, JwksSource::File(_)) { Pace::FILE } else { Pace::URL };
        Self::with_pace(source, pace)
    }

    pub(super) fn with_pace(source: JwksSource, pace: Pace) -> anyhow::Result<Self> {
        crate::init();
        let client = reqwest::Client::builder()
            .timeout(pace.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("cannot build the client that reads JWKS")?;
        let (keys, last) = Default::default();
        Ok(Self(Arc::new(Inner { source, client, pace, keys, last })))
    }

    pub(super) async fn key(&self, kid: &str) -> Result<VerifyingKey, KeyError> {
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let attempt = self.attempt(self.0.pace.least_interval).await;
        match self.known(kid) {
            Some(key) => Ok(key),
            None if attempt.worked => Err(KeyError::Unknown),
            None => Err(KeyError::Away),
        }
    }

    /// Reads the keys again and again, until stopped.
    pub(super) async fn keep_fresh(&self, issuer: &str, stop: &CancellationToken) {
        if matches!(self.0.source, JwksSource::Inline(_)) {
            return;
        }
        AGE.begins(&[KeyValue::new("issuer", issuer.to_owned())]);
        while !stop.is_cancelled() {
            let Some(attempt) = stop.run_until_cancelled(self.attempt(Duration::ZERO)).await else { return };
            if attempt.worked {
                AGE.begins(&[KeyValue::new("issuer", issuer.to_owned())]);
            }
            let Pace { every, after_failure, .. } = self.0.pace;
            pause(if attempt.worked { every } else { after_failure }, stop).await;
        }
    }

    fn known(&self, kid: &str) -> Option<VerifyingKey> {
        self.0.keys.read().expect("nobody panics while holding the keys").get(kid).cloned()
    }

    /// The last attempt to read the keys if it is younger than that, and else a new one, on which all who ask
    /// meanwhile wait. It goes on when they hang up, or whoever does that could have the issuer asked without end.
    async fn attempt(&self, younger_than: Duration) -> Attempt {
        let mut last = Arc::clone(&self.0.last).lock_owned().await;
        if let Some(attempt) = last.filter(|attempt| attempt.at.elapsed() < younger_than) {
            return attempt;
        }
        let jwks = self.clone();
        let attempt = tokio::spawn(async move {
            let worked = jwks.refresh().await;
            *last.insert(Attempt { at: Instant::now(), worked })
        });
        attempt.await.unwrap_or(Attempt { at: Instant::now(), worked: false })
    }

    async fn refresh(&self) -> bool {
        let source = &self.0.source;
        match self.read().await {
            Ok(keys) => {
                if keys.len() == 0 {
                    tracing::warn!(?source, "an issuer has no key with which tokens could be signed");
                }
                *self.0.keys.write().expect("nobody panics while holding the keys") = keys;
                true
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(?source, error, "cannot read an issuer's keys, the known ones go on");
                false
            }
        }
    }

    /// Reads the keys anew, for nobody; how many there are that can be used.
    ///
    /// # Errors
    /// As for the keys themselves: the issuer is away, or what it says is no JWKS document.
    pub async fn check(&self) -> anyhow::Result<usize> {
        Ok(self.read().await?.len())
    }

    async fn read(&self) -> anyhow::Result<KeySet> {
        KeySet::from_json(&self.load().await?)
    }

    async fn load(&self) -> anyhow::Result<Vec<u8>> {
        match &self.0.source {
            JwksSource::Inline(json) => Ok(json.clone().into_bytes()),
            JwksSource::File(path) => {
                tokio::fs::read(path).await.with_context(|| format!("cannot read {}", path.display()))
            }
            JwksSource::Url(url) => {
                let mut response = self.0.client.get(url).send().await?.error_for_status()?;
                let mut body = Vec::new();
                while let Some(chunk) = response.chunk().await? {
                    anyhow::ensure!(body.len() + chunk.len() <= MOST_BYTES, "the JWKS document is too large");
                    body.extend_from_slice(&chunk);
                }
                Ok(body)
            }
        }
    }
}
