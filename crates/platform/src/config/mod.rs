//! Settings: defaults, replaced by a file, replaced by the environment. Unknown keys are refused.

mod check;
mod follow;
mod load;
mod open;
mod print;

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    auth::RoleSet,
    edge::{Limits as EdgeLimits, Rate},
    files::FilesConfig,
    pem::ClientTls,
    servers::{ConnectionLimits, Listen},
};
pub use load::{ConfigError, Loaded, is_secret, variable};

/// The commented file with every default.
pub const DEFAULTS: &str = include_str!("default.toml");

/// All settings. What each means stands in `default.toml` alone; docs/SETTINGS.md takes it from there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data_dir: PathBuf,
    pub database: Database,
    pub bus: Bus,
    pub rest: Listen,
    pub grpc: Listen,
    pub ops: Listen,
    pub limits: Limits,
    pub shutdown: ShutdownTimes,
    pub auth: Auth,
    pub clock: ClockConfig,
    pub telemetry: TelemetryConfig,
    pub catalogue: Catalogue,
    pub files: FilesConfig,
    /// The notification service reads this itself, by [`Loaded::section`].
    #[serde(rename = "notification")]
    #[schemars(skip)]
    _notification: IgnoredAny,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseKind {
    Sqlite,
    Postgres,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub kind: DatabaseKind,
    pub max_connections: u32,
    pub schema_at_start: bool,
    #[serde(default)]
    pub scheduling: ServiceDatabase,
    #[serde(default)]
    pub audit: ServiceDatabase,
    #[serde(default)]
    pub licensing: ServiceDatabase,
    #[serde(default)]
    pub notification: ServiceDatabase,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceDatabase {
    #[schemars(with = "Option<String>")]
    pub url: Option<SecretString>,
}

impl Database {
    /// The PostgreSQL url of a service.
    pub fn url(&self, service: &str) -> Option<&SecretString> {
        match service {
            "scheduling" => self.scheduling.url.as_ref(),
            "audit" => self.audit.url.as_ref(),
            "licensing" => self.licensing.url.as_ref(),
            "notification" => self.notification.url.as_ref(),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BusKind {
    Embedded,
    Nats,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    pub kind: BusKind,
    pub url: String,
    pub user: Option<String>,
    #[schemars(with = "Option<String>")]
    pub password: Option<SecretString>,
    pub tls: Option<ClientTls>,
    pub stream: String,
    pub prefix: String,
    pub replicas: usize,
    pub max_age_days: u64,
    pub max_bytes: i64,
    heads_every_ms: u64,
}

impl Bus {
    pub fn heads_every(&self) -> Duration {
        Duration::from_millis(self.heads_every_ms)
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub body_bytes: usize,
    pub body_timeout_ms: u64,
    pub upload_timeout_ms: u64,
    pub header_timeout_ms: u64,
    pub header_bytes: u32,
    pub send_timeout_ms: u64,
    pub max_connections: usize,
    pub max_streams: u32,
    pub max_requests: usize,
    pub max_wait_ms: u64,
    pub contact_requests_per_second: u32,
    pub contact_burst: u32,
    pub softvig_requests_per_second: u32,
    pub softvig_burst: u32,
    pub max_watches: usize,
    pub max_watches_per_caller: usize,
}

impl Limits {
    pub fn edge(&self) -> EdgeLimits {
        EdgeLimits {
            body_bytes: self.body_bytes,
            body_time: Duration::from_millis(self.body_timeout_ms),
            upload_time: Duration::from_millis(self.upload_timeout_ms),
            most_requests: self.max_requests,
            longest_wait: Duration::from_millis(self.max_wait_ms),
            contacts: rate(self.contact_requests_per_second, self.contact_burst),
            softvig: rate(self.softvig_requests_per_second, self.softvig_burst),
            most_watches: self.max_watches,
            most_watches_per_caller: self.max_watches_per_caller,
        }
    }

    pub fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            header_timeout_ms: self.header_timeout_ms,
            max_connections: self.max_connections,
            header_bytes: self.header_bytes,
            max_streams: self.max_streams,
            send_timeout_ms: self.send_timeout_ms,
        }
    }
}

/// 0 is no limit.
fn rate(per_second: u32, burst: u32) -> Option<Rate> {
    Some(Rate { per_second: NonZeroU32::new(per_second)?, burst: NonZeroU32::new(burst)? })
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShutdownTimes {
    delay_ms: u64,
    deadline_ms: u64,
}

impl ShutdownTimes {
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub development: bool,
    #[serde(default)]
    pub issuers: Vec<IssuerConfig>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    pub name: String,
    pub audience: String,
    pub roles: RoleSet,
    pub jwks_url: Option<String>,
    pub jwks_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClockKind {
    System,
    Simulated,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockConfig {
    pub kind: ClockKind,
    pub file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Pretty,
    Json,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    pub format: LogFormat,
    pub filter: String,
    pub otlp_endpoint: Option<String>,
    pub otlp_ca_file: Option<PathBuf>,
    pub metrics_every_ms: u64,
    pub sample_ratio: f64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    pub dir: Option<PathBuf>,
}

impl Config {
    /// The three ports with their names.
    pub fn ports(&self) -> [(&'static str, SocketAddr); 3] {
        [("rest", self.rest.listen), ("grpc", self.grpc.listen), ("ops", self.ops.listen)]
    }
}

#[cfg(test)]
mod tests;
