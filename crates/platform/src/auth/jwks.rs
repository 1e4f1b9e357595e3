//! An issuer's keys, cached: read at first need, again for an unknown key and now and then, and kept
//! while the issuer is away.

use std::{
    path::PathBuf,
    sync::{Arc, RwLock},
    time::Duration,
};

use anyhow::Context as _;
use tokio::{sync::Mutex, time::Instant};

use super::keys::{KeySet, VerifyingKey};

/// Where an issuer publishes its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksSource {
    Url(String),
    File(PathBuf),
    /// The document itself.
    Inline(String),
}

/// Unknown keys ask the issuer at most this often, so that forged tokens cannot flood it.
const LEAST_INTERVAL: Duration = Duration::from_secs(10);
/// Known keys are read again after this time, so that a key taken back stops counting.
const MOST_AGE: Duration = Duration::from_secs(600);
const TIMEOUT: Duration = Duration::from_secs(5);
const MOST_BYTES: usize = 1 << 20;

#[derive(Clone)]
pub struct Jwks(Arc<Inner>);

struct Inner {
    source: JwksSource,
    client: reqwest::Client,
    least_interval: Duration,
    keys: RwLock<KeySet>,
    last: Mutex<Option<Attempt>>,
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
        Self::with_interval(source, LEAST_INTERVAL)
    }

    pub(super) fn with_interval(source: JwksSource, least_interval: Duration) -> anyhow::Result<Self> {
        crate::init();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("cannot build the client that reads JWKS")?;
        Ok(Self(Arc::new(Inner {
            source,
            client,
            least_interval,
            keys: RwLock::default(),
            last: Mutex::new(None),
        })))
    }

    /// Reads the keys anew; how many there are that can be used.
    ///
    /// # Errors
    /// The issuer is away, or publishes none.
    pub async fn check(&self) -> anyhow::Result<usize> {
        Ok(KeySet::from_json(&self.load().await?)?.len())
    }

    pub(super) async fn key(&self, kid: &str) -> Result<VerifyingKey, KeyError> {
        if let Some(key) = self.known(kid) {
            self.refresh_when_old();
            return Ok(key);
        }
        let mut last = self.0.last.lock().await;
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let attempt = match *last {
            Some(attempt) if attempt.at.elapsed() < self.0.least_interval => attempt,
            _ => self.refresh(&mut last).await,
        };
        match self.known(kid) {
            Some(key) => Ok(key),
            None if attempt.worked => Err(KeyError::Unknown),
            None => Err(KeyError::Away),
        }
    }

    fn known(&self, kid: &str) -> Option<VerifyingKey> {
        self.0.keys.read().expect("nobody panics while holding the keys").get(kid).cloned()
    }

    /// Nobody waits for this one; whoever holds the lock is refreshing already.
    fn refresh_when_old(&self) {
        let Ok(last) = self.0.last.try_lock() else { return };
        let old = match *last {
            Some(Attempt { at, worked: true }) => at.elapsed() > MOST_AGE,
            Some(Attempt { at, worked: false }) => at.elapsed() > self.0.least_interval,
            None => true,
        };
        drop(last);
        if old {
            let jwks = self.clone();
            tokio::spawn(async move {
                if let Ok(mut last) = jwks.0.last.try_lock() {
                    jwks.refresh(&mut last).await;
                }
            });
        }
    }

    async fn refresh(&self, last: &mut Option<Attempt>) -> Attempt {
        let outcome = self.load().await.and_then(|json| KeySet::from_json(&json));
        let worked = match outcome {
            Ok(keys) => {
                *self.0.keys.write().expect("nobody panics while holding the keys") = keys;
                true
            }
            Err(error) => {
                tracing::warn!(source = ?self.0.source, %error, "cannot read an issuer's keys, the known ones go on");
                false
            }
        };
        *last.insert(Attempt { at: Instant::now(), worked })
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
