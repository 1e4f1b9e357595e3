//! How a mail server is reached.

use std::{net::IpAddr, num::NonZeroU32, path::PathBuf};

use anyhow::ensure;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// STARTTLS, and no mail without it.
    #[default]
    Starttls,
    /// From the first byte.
    Implicit,
    /// None: for a server on the same machine.
    Off,
}

/// A mail server; platform's `default.toml` says what each key means.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    pub host: String,
    pub port: Option<u16>,
    #[serde(default)]
    pub tls: Tls,
    pub ca_file: Option<PathBuf>,
    pub user: Option<String>,
    #[schemars(with = "Option<String>")]
    pub password: Option<SecretString>,
    pub hello_name: Option<String>,
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
    /// Whoever hangs up sooner than the server answers sends again what it just
    /// takes, so RFC 5321 asks for ten minutes (4.5.3.2.6). But so long would also have to wait what a process had in
    /// hand when it died, and servers answer within seconds.
    #[serde(default = "default_content_timeout")]
    pub content_timeout_seconds: u64,
    #[serde(default = "default_connections")]
    pub max_connections: NonZeroU32,
}

fn default_timeout() -> u64 {
    20
}

fn default_content_timeout() -> u64 {
    120
}

const fn default_connections() -> NonZeroU32 {
    NonZeroU32::new(4).expect("not 0")
}

impl SmtpConfig {
    /// What would harm is refused, with what is allowed.
    pub fn check(&self) -> anyhow::Result<()> {
        let Self { host, user, password, tls, .. } = self;
        ensure!(
            user.is_some() == password.is_some(),
            "{KEY}.user and {KEY}.password: one without the other is no login; give both or neither"
        );
        ensure!(
            *tls != Tls::Off || password.is_none() || is_this_machine(host),
            "{KEY}.tls: \"off\" would send the password to {host:?} in clear; \
             allowed are \"starttls\" and \"implicit\", and \"off\" to this machine alone (localhost)"
        );
        for (key, value, most) in [
            ("timeout_seconds", self.timeout_seconds, 3600),
            ("content_timeout_seconds", self.content_timeout_seconds, 3600),
            ("max_connections", self.max_connections.get().into(), 100),
        ] {
            ensure!((1..=most).contains(&value), "{KEY}.{key}: {value} is not from 1 to {most}");
        }
        Ok(())
    }
}

/// The section in the configuration.
const KEY: &str = "notification.channel.smtp";

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
