//! What is outside: issuers' keys, the mail server, the object store.

use anyhow::anyhow;
use notification::Notification;
use platform::config::{IssuerConfig, Loaded};

use super::finding::{Finding, bounded};
use crate::services::{self, Name};

pub async fn issuers(loaded: &Loaded) -> Vec<Finding> {
    let auth = &loaded.config.auth;
    let mut findings = Vec::new();
    if auth.development {
        findings.push(Finding::ok("issuer.development", "a key in data_dir, accepted on loopback only"));
    }
    for issuer in &auth.issuers {
        let check = format!("issuer {}", issuer.name);
        let advice = "see that the issuer's JWKS can be reached from here, and holds an RS256, ES256 or EdDSA key with a kid";
        findings.extend(bounded(check.clone(), advice, keys(check, issuer)).await);
    }
    findings
}

async fn keys(check: String, issuer: &IssuerConfig) -> anyhow::Result<Vec<Finding>> {
    let usable = issuer.keys()?.check().await?;
    anyhow::ensure!(usable > 0, "it publishes no key that can be used");
    Ok(vec![Finding::ok(check, format!("keys that can be used: {usable}"))])
}

/// What only this service needs.
pub async fn of(loaded: &Loaded, name: Name) -> Vec<Finding> {
    match name {
        Name::Scheduling => Vec::new(),
        Name::Audit | Name::Licensing => store(loaded, name).await,
        Name::Notification => mail(loaded).await,
    }
}

async fn store(loaded: &Loaded, name: Name) -> Vec<Finding> {
    let check = format!("files.{name}");
    let advice = "see that the store of files.url runs, and lets its key write, read, list and delete below the prefix";
    bounded(check.clone(), advice, async {
        loaded.config.open_files(name.as_str())?.probe().await?;
        let url = loaded.config.files.url.as_deref().unwrap_or("a folder in data_dir");
        Ok(vec![Finding::ok(check, format!("{url}: written, read, listed and deleted"))])
    })
    .await
}

async fn mail(loaded: &Loaded) -> Vec<Finding> {
    let advice = "see host, port, tls, user and password of notification.channel.smtp; nothing was sent";
    bounded("mail", advice, async {
        let config: notification::Config = loaded.section(Notification::NAME)?;
        let channel = config.open_channel(&services::mail_folder(loaded))?;
        let seen = channel.check().await.map_err(|failure| anyhow!("{failure}"))?;
        Ok(vec![Finding::ok("mail", seen)])
    })
    .await
}
