//! What the notification service is told by its configuration.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use reqwest::Certificate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::channel::{Channel, ChannelConfig};
use crate::message::{MailIdentity, Renderer, SendingPolicy, Templates};
use crate::recipients::{Language, Softvig};
use crate::webhooks::Networks;

/// The section `notification`; platform's `default.toml` says what each key means. Nothing need be set where mails are
/// written as files.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub channel: Option<ChannelConfig>,
    pub from: Option<String>,
    pub from_name: Option<String>,
    pub domain: Option<String>,
    pub softvig: Option<String>,
    pub softvig_language: Language,
    pub templates: Option<PathBuf>,
    pub public_host: Option<String>,
    pub webhooks: WebhooksConfig,
}

/// The section `notification.webhooks`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhooksConfig {
    pub allowed_networks: Vec<String>,
    pub ca_file: Option<PathBuf>,
}

impl Config {
    /// # Errors
    /// Addresses that are none, or that are missing where mails leave the machine; templates that cannot be used; a
    /// host that is none.
    pub fn renderer(&self) -> anyhow::Result<Renderer> {
        let or = |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
        Ok(Renderer {
            identity: MailIdentity {
                from: self.address("from", &self.from, "przesiadka@softvig.example")?,
                from_name: or(&self.from_name, "SOFTVIG Przesiadka"),
                domain: or(&self.domain, "przesiadka.softvig.pl"),
            },
            softvig: Softvig {
                name: "SOFTVIG".to_owned(),
                email: self.address("softvig", &self.softvig, "migracje@softvig.example")?,
                language: self.softvig_language,
            },
            sending: SendingPolicy::shipped(),
            templates: Templates::load(self.templates.as_deref())?,
            public_host: self.public_host()?,
        })
    }

    /// Where webhooks may go.
    ///
    /// # Errors
    /// What is no network.
    pub fn networks(&self) -> anyhow::Result<Networks> {
        Networks::opening(self.webhooks.allowed_networks.iter().map(String::as_str))
    }

    /// Whose certificates webhooks trust besides those of the system's authorities.
    ///
    /// # Errors
    /// A file that cannot be read, or without a certificate.
    pub fn webhook_authorities(&self) -> anyhow::Result<Vec<Certificate>> {
        let Some(file) = &self.webhooks.ca_file else { return Ok(Vec::new()) };
        let setting = || format!("notification.webhooks.ca_file {}", file.display());
        let pem = std::fs::read(file).with_context(setting)?;
        let authorities = Certificate::from_pem_bundle(&pem).with_context(setting)?;
        ensure!(!authorities.is_empty(), "{}: no certificate in it", setting());
        Ok(authorities)
    }

    /// # Errors
    /// A certificate that cannot be read.
    pub fn open_channel(&self, mail_folder: &Path) -> anyhow::Result<Channel> {
        match &self.channel {
            Some(channel) => Channel::open(channel),
            None => Channel::open(&ChannelConfig::Folder(mail_folder.to_owned())),
        }
    }

    /// # Errors
    /// More than a host and a port, or none where mails leave the machine: they hold links.
    pub fn public_host(&self) -> anyhow::Result<String> {
        ensure!(
            self.public_host.is_some() || !self.mails_leave(),
            "notification.public_host is needed where mails are sent"
        );
        let host = self.public_host.as_deref().unwrap_or("127.0.0.1:8080");
        let authority = host.parse::<axum::http::uri::Authority>();
        let good = authority.is_ok() && !host.contains('@');
        ensure!(good, "notification.public_host: {host:?} is no host with or without a port");
        Ok(host.to_owned())
    }

    const fn mails_leave(&self) -> bool {
        matches!(self.channel, Some(ChannelConfig::Smtp(_)))
    }

    fn address(&self, key: &str, value: &Option<String>, in_a_folder: &str) -> anyhow::Result<String> {
        ensure!(value.is_some() || !self.mails_leave(), "notification.{key} is needed where mails are sent");
        let address = value.as_deref().unwrap_or(in_a_folder);
        let parsed = address.parse::<lettre::Address>();
        parsed.with_context(|| format!("notification.{key}: {address:?} is no e-mail address"))?;
        Ok(address.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_templates_are_checked_before_anything_is_sent() {
        let smtp = "channel.smtp.host = \"mail.example\"\n";
        let sends = format!("{smtp}from = \"a@b.example\"\nsoftvig = \"c@d.example\"");
        let cases = [
            ("", Ok(())),
            ("from = \"nobody\"", Err("notification.from: \"nobody\" is no e-mail address")),
            (smtp, Err("notification.from is needed where mails are sent")),
            (
                &format!("{smtp}from = \"a@b.example\"\n"),
                Err("notification.softvig is needed where mails are sent"),
            ),
            (&sends, Err("notification.public_host is needed where mails are sent")),
            (&format!("{sends}\npublic_host = \"x.example\""), Ok(())),
            ("templates = \"/nowhere\"", Err("notification.templates: /nowhere")),
        ];
        for (config, expected) in cases {
            let config: Config = toml::from_str(config).expect("a valid section");
            let got = config.renderer().map(|_| ()).map_err(|e| e.to_string());
            assert_eq!(got, expected.map_err(str::to_owned));
        }
        for (host, good) in [
            ("x.example", true),
            ("[::1]:80", true),
            ("https://x.example", false),
            ("a@b", false),
            ("", false),
        ] {
            let config = Config { public_host: Some(host.to_owned()), ..Config::default() };
            assert_eq!(config.public_host().is_ok(), good, "{host}");
        }
        for (file, expected) in
            [("/nowhere.pem", "No such file"), (env!("CARGO_MANIFEST_PATH"), "no certificate")]
        {
            let webhooks = WebhooksConfig { ca_file: Some(file.into()), ..Default::default() };
            let refused = Config { webhooks, ..Config::default() }.webhook_authorities();
            let refused = format!("{:#}", refused.expect_err("no certificate"));
            assert!(refused.starts_with("notification.webhooks.ca_file /"), "{refused}");
            assert!(refused.contains(expected), "{refused}");
        }
        toml::from_str::<Config>("form = \"a@b.example\"").expect_err("a misspelt key");
    }
}
