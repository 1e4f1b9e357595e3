//! Where files lie: in a folder, or in a bucket of S3 or of what speaks like it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    local::LocalFileSystem,
    path::Path as Key,
    prefix::PrefixStore,
};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::{FileId, Files, MOST_AT_ONCE};
use crate::{id::CompanyId, private};

/// Whoever sends a file waits for the store, and can send it again.
const TRIED_FOR: Duration = Duration::from_secs(10);
/// Between two pieces of an answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// Settings; see `default.toml`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    pub url: Option<String>,
    pub endpoint: Option<String>,
    pub region: Option<String>,
    pub access_key_id: Option<String>,
    #[schemars(with = "Option<String>")]
    pub secret_access_key: Option<SecretString>,
}

/// Files cannot be kept as the settings say.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("files.url is {0}, and must be file:///<folder> or s3://<bucket>/<prefix>")]
    Url(String),
    #[error("files.url: cannot make the folder: {0}")]
    Folder(#[from] std::io::Error),
    #[error("files: {0}")]
    Store(#[from] object_store::Error),
}

impl Files {
    /// A service's files, in a folder of its name. Nothing is connected yet.
    ///
    /// # Errors
    /// Settings that cannot be used.
    pub fn open(config: &FilesConfig, data_dir: &Path, service: &str) -> Result<Self, FilesError> {
        let url = match &config.url {
            None => return Self::in_folder(&data_dir.join("files").join(service)),
            Some(url) => url,
        };
        if let Some(folder) = url.strip_prefix("file://").filter(|folder| folder.starts_with('/')) {
            return Self::in_folder(&Path::new(folder).join(service));
        }
        let place = url.strip_prefix("s3://").map(|place| place.split_once('/').unwrap_or((place, "")));
        let (bucket, prefix) =
            place.filter(|(bucket, _)| !bucket.is_empty()).ok_or_else(|| FilesError::Url(url.clone()))?;
        let settings = [
            // Not `Endpoint`, which a variable of the environment would beat.
            (AmazonS3ConfigKey::S3Endpoint, config.endpoint.as_deref()),
            (AmazonS3ConfigKey::Region, config.region.as_deref()),
            (AmazonS3ConfigKey::AccessKeyId, config.access_key_id.as_deref()),
            (
                AmazonS3ConfigKey::SecretAccessKey,
                config.secret_access_key.as_ref().map(|key| key.expose_secret()),
            ),
        ];
        let in_clear = config.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        // The environment's session token would not fit keys that are given.
        let builder = match config.access_key_id {
            None => AmazonS3Builder::from_env(),
            Some(_) => AmazonS3Builder::new(),
        };
        // Whoever reads a file may be slow; only the store must not be.
        let options = ClientOptions::new().with_timeout_disabled().with_read_timeout(ANSWERS_WITHIN);
        let mut builder = builder
            .with_bucket_name(bucket)
            .with_client_options(options.with_allow_http(in_clear))
            .with_retry(RetryConfig {
                backoff: BackoffConfig::default(),
                max_retries: 3,
                retry_timeout: TRIED_FOR,
            });
        for (key, value) in settings {
            if let Some(value) = value {
                builder = builder.with_config(key, value);
            }
        }
        let prefix = Key::from_iter(prefix.split('/').filter(|part| !part.is_empty()).chain([service]));
        Ok(Self::new(PrefixStore::new(builder.build()?, prefix), None))
    }

    /// What was sent lies there under its company and id, for this user alone.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn in_folder(folder: &Path) -> Result<Self, FilesError> {
        private::create_dir_all(folder)?;
        Ok(Self::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true), Some(folder.to_owned())))
    }

    fn new(store: impl ObjectStore, folder: Option<PathBuf>) -> Self {
        Self { store: Arc::new(store), folder, places: Arc::new(Semaphore::new(MOST_AT_ONCE)) }
    }
}

/// Where a file's content lies.
pub(super) fn key(company: CompanyId, file: FileId) -> Key {
    Key::from_iter([company.to_string(), file.to_string()])
}
