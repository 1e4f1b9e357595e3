use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use anyhow::Context;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    transport::smtp::{
        Error, PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls as LettreTls, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Failure, blames_the_address};

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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

/// A mail server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    pub host: String,
    /// 587, 465 or 25 by `tls` if absent.
    pub port: Option<u16>,
    #[serde(default)]
    pub tls: Tls,
    /// A certificate (PEM) to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    /// What this client calls itself; the machine's name if absent.
    pub hello_name: Option<String>,
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
    #[serde(default = "default_connections")]
    pub max_connections: NonZeroU32,
}

fn default_timeout() -> u64 {
    20
}

const fn default_connections() -> NonZeroU32 {
    NonZeroU32::new(4).expect("not 0")
}

/// Sends over pooled connections.
#[derive(Clone, Debug)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    /// For each answer of the server.
    timeout: Duration,
    pub max_connections: NonZeroU32,
}

impl Smtp {
    /// Fails on an unreadable certificate or an impossible host name.
    pub fn new(config: &SmtpConfig) -> anyhow::Result<Self> {
        let parameters = || -> anyhow::Result<TlsParameters> {
            let mut builder = TlsParameters::builder(config.host.clone());
            if let Some(file) = &config.ca_file {
                let pem = std::fs::read(file).with_context(|| format!("ca_file {}", file.display()))?;
                builder = builder.add_root_certificate(Certificate::from_pem(&pem)?);
            }
            Ok(builder.build()?)
        };
        let (tls, port) = match config.tls {
            Tls::Starttls => (LettreTls::Required(parameters()?), 587),
            Tls::Implicit => (LettreTls::Wrapper(parameters()?), 465),
            Tls::Off => (LettreTls::None, 25),
        };
        let timeout = Duration::from_secs(config.timeout_seconds);
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(timeout))
            .pool_config(PoolConfig::new().max_size(config.max_connections.get()));
        if let Some(name) = &config.hello_name {
            builder = builder.hello_name(ClientId::Domain(name.clone()));
        }
        if let (Some(user), Some(password)) = (&config.user, &config.password) {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().into()));
        }
        Ok(Self { transport: builder.build(), timeout, max_connections: config.max_connections })
    }

    /// A server that stalls again and again in the middle of a dialogue is left after this.
    pub fn longest_try(&self) -> Duration {
        self.timeout * 3
    }

    pub async fn deliver(&self, mail: &lettre::Message) -> Result<String, Failure> {
        match self.transport.send(mail.clone()).await {
            Err(e) => Err(classify(&e)),
            Ok(response) => Ok(response.message().collect::<Vec<_>>().join(" ")),
        }
    }
}

fn classify(error: &Error) -> Failure {
    let answer = error.to_string();
    match error.status().map(|code| code.to_string()) {
        Some(code) if is_about_the_address(&code, &answer) => Failure::Permanent(answer),
        _ => Failure::Transient(answer),
    }
}

/// By the enhanced status (RFC 3463) where there is one. Without it a permanent refusal (5xx) speaks of the recipient,
/// except where it speaks of our own dialogue (500–504) or our login (530–538).
fn is_about_the_address(code: &str, answer: &str) -> bool {
    let is_enhanced =
        |word: &&str| word.starts_with("5.") && word.split('.').all(|n| n.parse::<u16>().is_ok());
    if let Some(status) = answer.split_whitespace().find(is_enhanced) {
        return blames_the_address(status);
    }
    let of_the_dialogue = matches!(code, "500" | "501" | "502" | "503" | "504") || code.starts_with("53");
    code.starts_with('5') && !of_the_dialogue
}
