//! An endpoint: where events go, which ones, and what signs them. Pure.

use std::fmt;

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use platform::id::CompanyId;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

platform::id! {
    /// Where events are sent.
    pub EndpointId
}

/// Machine time for which a secret signs on after the next one was made.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(24);
/// Secrets that sign at the same time: each is a signature in a header.
const MOST_SECRETS: usize = 10;

/// Where events are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub id: EndpointId,
    pub settings: Settings,
    pub state: State,
    /// The last one is the present one.
    pub secrets: Vec<Secret>,
    /// Business time, as is [`Endpoint::changed_at`].
    pub created_at: Timestamp,
    /// The last command that changed it.
    pub changed_at: Timestamp,
}

/// What people decide about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub url: String,
    pub description: String,
    /// Such as "scheduling.date_agreed"; all if empty.
    pub event_types: Vec<String>,
    /// The only company whose events it gets; all if none.
    pub company: Option<CompanyId>,
}

/// Whether events are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Enabled,
    /// Business time.
    Disabled {
        why: Why,
        at: Timestamp,
    },
}

/// Why it was switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    Failing,
    Gone,
}

/// What signs. Shown nowhere but in the answer of the command that made it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    pub id: Uuid,
    /// Base64 of 32 random bytes.
    key: String,
    /// Machine time; none for the present one.
    pub signs_until: Option<Timestamp>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.id)
    }
}

impl Secret {
    /// Fails where the system has no random numbers.
    pub fn random() -> anyhow::Result<Self> {
        let mut key = [0; 32];
        rand::fill(&mut key).map_err(|_| anyhow::anyhow!("no random numbers to be had"))?;
        Ok(Self { id: Uuid::now_v7(), key: STANDARD.encode(key), signs_until: None })
    }

    /// As its owner gets it.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", self.key)
    }

    pub fn key(&self) -> Vec<u8> {
        STANDARD.decode(&self.key).unwrap_or_default()
    }

    pub fn signs(&self, machine_now: Timestamp) -> bool {
        self.signs_until.is_none_or(|until| machine_now < until)
    }
}

impl Endpoint {
    pub fn new(settings: Settings, secret: Secret, now: Timestamp) -> Self {
        let id = EndpointId::new();
        Self { id, settings, state: State::Enabled, secrets: vec![secret], created_at: now, changed_at: now }
    }

    /// Whether it gets an event.
    pub fn wants(&self, event_type: &str, company: CompanyId) -> bool {
        let Settings { event_types, company: only, .. } = &self.settings;
        (event_types.is_empty() || event_types.iter().any(|wanted| wanted == event_type))
            && only.is_none_or(|only| only == company)
    }

    /// Puts a new secret in place. The one before signs besides, so that nobody has to change at the same instant.
    ///
    /// Refused while too many sign.
    pub fn rotate(&mut self, secret: Secret, now: Timestamp, machine_now: Timestamp) -> Result<(), Refusal> {
        self.forget_old_secrets(machine_now);
        if self.secrets.len() >= MOST_SECRETS {
            let until = self.secrets[0].signs_until.unwrap_or(machine_now);
            return Err(Violation::new(ErrorReason::InvalidArgument)
                .field("name")
                .asked(words(
                    format!("an endpoint for which {MOST_SECRETS} secrets sign"),
                    format!("punkt odbioru, dla którego podpisuje {MOST_SECRETS} sekretów"),
                ))
                .allowed(words(
                    format!("one with fewer: the earliest ends at {until}"),
                    format!("mający ich mniej: najwcześniejszy przestaje podpisywać {until}"),
                ))
                .into());
        }
        for earlier in &mut self.secrets {
            earlier.signs_until.get_or_insert(machine_now + OVERLAP);
        }
        self.secrets.push(secret);
        self.changed_at = now;
        Ok(())
    }

    /// What signs no more is not kept.
    pub fn forget_old_secrets(&mut self, machine_now: Timestamp) {
        self.secrets.retain(|secret| secret.signs(machine_now));
    }

    /// What signs at that time, the newest first.
    pub fn signing(&self, machine_now: Timestamp) -> impl Iterator<Item = &Secret> {
        self.secrets.iter().rev().filter(move |secret| secret.signs(machine_now))
    }

    /// Whether that changed anything.
    pub fn enable(&mut self, now: Timestamp) -> bool {
        let changes = !self.is_enabled();
        if changes {
            self.state = State::Enabled;
            self.changed_at = now;
        }
        changes
    }

    /// Whether that changed anything.
    pub fn disable(&mut self, why: Why, now: Timestamp) -> bool {
        let changes = self.is_enabled();
        if changes {
            self.state = State::Disabled { why, at: now };
        }
        changes
    }

    pub fn is_enabled(&self) -> bool {
        self.state == State::Enabled
    }

    /// What its etag stands for.
    pub fn changing(&self) -> impl Serialize {
        let secrets: Vec<Uuid> = self.secrets.iter().map(|secret| secret.id).collect();
        (self.settings.clone(), self.state, self.changed_at, secrets)
    }
}
