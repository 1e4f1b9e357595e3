//! What the notification service is told by its configuration.

use serde::Deserialize;

use crate::channel::ChannelConfig;
use crate::message::{MailIdentity, Renderer};
use crate::recipients::{Language, Softvig};

/// The section `notification`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub channel: ChannelConfig,
    /// Address of the sender, and of the calendar entries' organiser.
    pub from: String,
    #[serde(default = "from_name")]
    pub from_name: String,
    /// Behind the @ of Message-IDs and calendar UIDs; it must never change.
    #[serde(default = "domain")]
    pub domain: String,
    /// Where SOFTVIG hears of all companies.
    pub softvig: String,
    #[serde(default)]
    pub softvig_language: Language,
}

fn from_name() -> String {
    "SOFTVIG Przesiadka".into()
}

fn domain() -> String {
    "przesiadka.softvig.pl".into()
}

impl Config {
    /// Fails on addresses that are none, before anything is sent.
    pub fn renderer(&self) -> anyhow::Result<Renderer> {
        for address in [&self.from, &self.softvig] {
            address
                .parse::<lettre::Address>()
                .map_err(|e| anyhow::anyhow!("notification: {address:?} is no e-mail address: {e}"))?;
        }
        Ok(Renderer {
            identity: MailIdentity {
                from: self.from.clone(),
                from_name: self.from_name.clone(),
                domain: self.domain.clone(),
            },
            softvig: Softvig {
                name: "SOFTVIG".into(),
                email: self.softvig.clone(),
                language: self.softvig_language,
            },
        })
    }
}
