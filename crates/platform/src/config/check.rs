//! Settings that are valid each, but not together.

use tracing_subscriber::EnvFilter;

use super::{BusKind, ClockKind, Config, ConfigError, DatabaseKind, IssuerConfig};
use crate::auth::DevelopmentIssuer;

const SERVICES: [&str; 4] = ["scheduling", "audit", "licensing", "notification"];

pub(super) fn contradictions(config: &Config) -> Result<(), ConfigError> {
    let mut found = Vec::new();
    only_on_loopback(config, &mut found);
    let ports = config.ports();
    for (i, (name, address)) in ports.iter().enumerate() {
        if let Some((other, _)) = ports[..i].iter().find(|(_, a)| a == address && a.port() != 0) {
            found.push(format!("{name}.listen and {other}.listen are both {address}"));
        }
    }
    if config.clock.kind == ClockKind::Simulated && config.clock.file.is_none() {
        found.push("clock.kind is \"simulated\", so clock.file must be given".to_owned());
    }
    if !config.auth.development && config.auth.issuers.is_empty() {
        found.push("nobody could call: give auth.issuers, or set auth.development".to_owned());
    }
    for (i, issuer) in config.auth.issuers.iter().enumerate() {
        found.extend(wrong_with(issuer).map(|what| format!("auth.issuers[{i}] ({}): {what}", issuer.name)));
        if config.auth.issuers[..i].iter().any(|other| other.name == issuer.name) {
            found.push(format!("auth.issuers[{i}] ({}): is given twice", issuer.name));
        }
    }
    let positive = [
        ("database.max_connections", config.database.max_connections as usize),
        ("bus.replicas", config.bus.replicas),
        ("bus.heads_every_ms", config.bus.heads_every().as_millis() as usize),
        ("limits.body_bytes", config.limits.body_bytes),
        ("limits.header_timeout_ms", config.limits.header_timeout_ms as usize),
        ("limits.max_connections", config.limits.max_connections),
        ("limits.upload_timeout_ms", config.limits.upload_timeout_ms as usize),
        ("telemetry.metrics_every_ms", config.telemetry.metrics_every_ms as usize),
        ("limits.send_timeout_ms", config.limits.send_timeout_ms as usize),
        ("limits.max_streams", config.limits.max_streams as usize),
        ("limits.max_requests", config.limits.max_requests),
        ("limits.max_watches", config.limits.max_watches),
        ("limits.max_watches_per_caller", config.limits.max_watches_per_caller),
    ];
    found.extend(positive.iter().filter(|(_, n)| *n == 0).map(|(key, _)| format!("{key} is 0")));
    if config.limits.header_bytes < LEAST_HEADER_BYTES {
        found.push(format!("limits.header_bytes is less than {LEAST_HEADER_BYTES}"));
    }
    for (who, per_second, burst) in [
        ("contact", config.limits.contact_requests_per_second, config.limits.contact_burst),
        ("softvig", config.limits.softvig_requests_per_second, config.limits.softvig_burst),
    ] {
        if (per_second == 0) != (burst == 0) {
            found.push(format!(
                "limits.{who}_requests_per_second and limits.{who}_burst: 0 switches both off"
            ));
        }
    }
    // What takes longer is given up by the sweep.
    if config.limits.upload_timeout_ms > LONGEST_UPLOAD_MS {
        found.push(format!("limits.upload_timeout_ms is more than {LONGEST_UPLOAD_MS}, half an hour"));
    }
    if !(0.0..=1.0).contains(&config.telemetry.sample_ratio) {
        found.push("telemetry.sample_ratio is not from 0 to 1".to_owned());
    }
    if let Err(error) = EnvFilter::try_new(&config.telemetry.filter) {
        found.push(format!("telemetry.filter: {error}"));
    }
    if let Some(tls) = &config.bus.tls
        && tls.cert.is_some() != tls.key.is_some()
    {
        found.push(
            "bus.tls.cert and bus.tls.key: one without the other is nothing; give both or neither".to_owned(),
        );
    }
    ok_if_none(found)
}

/// hyper takes no smaller buffer.
const LEAST_HEADER_BYTES: u32 = 8192;
const LONGEST_UPLOAD_MS: u64 = 30 * 60 * 1000;

impl Config {
    /// Checks what depends on which services this process runs.
    ///
    /// # Errors
    /// A database url is missing, or a part of the services is to run on the embedded bus.
    pub fn check_services(&self, services: &[&str]) -> Result<(), ConfigError> {
        let mut found = Vec::new();
        if self.database.kind == DatabaseKind::Postgres {
            let missing = services.iter().filter(|s| self.database.url(s).is_none());
            found.extend(
                missing.map(|s| format!("database.kind is \"postgres\", so database.{s}.url must be given")),
            );
            if self.files.url.is_none() && ["audit", "licensing"].iter().any(|s| services.contains(s)) {
                found.push("database.kind is \"postgres\", so files.url must be given".to_owned());
            }
        }
        if self.bus.kind == BusKind::Embedded && !SERVICES.iter().all(|s| services.contains(s)) {
            found.push("bus.kind is \"embedded\", so one process must run all four services".to_owned());
        }
        ok_if_none(found)
    }
}

/// What is for development alone must not be reachable from elsewhere.
fn only_on_loopback(config: &Config, found: &mut Vec<String>) {
    let open = config.ports().into_iter().find(|(_, address)| !address.ip().is_loopback());
    let Some((name, address)) = open else { return };
    for (on, key) in [
        (config.auth.development, "auth.development"),
        (config.clock.kind == ClockKind::Simulated, "the simulated clock"),
    ] {
        if on {
            found.push(format!("{key} is only for loopback, but {name}.listen is {address}"));
        }
    }
}

fn wrong_with(issuer: &IssuerConfig) -> Option<&'static str> {
    let insecure = |url: &String| {
        let on_loopback = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
        !url.starts_with("https://") && !on_loopback.iter().any(|prefix| url.starts_with(prefix))
    };
    if issuer.jwks_url.is_some() == issuer.jwks_file.is_some() {
        Some("needs jwks_url or jwks_file")
    } else if issuer.jwks_url.as_ref().is_some_and(insecure) {
        Some("jwks_url must be https, or http on loopback")
    } else if issuer.roles.is_empty() {
        Some("may assert no role")
    } else if issuer.name == DevelopmentIssuer::NAME {
        Some("has the name of the development issuer")
    } else {
        None
    }
}

fn ok_if_none(found: Vec<String>) -> Result<(), ConfigError> {
    if found.is_empty() { Ok(()) } else { Err(ConfigError::Contradiction(found)) }
}
