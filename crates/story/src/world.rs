//! An installation from outside: its addresses, its clock, and who issues tokens for it.

use std::{path::Path, sync::Arc, time::Duration};

use client::{Installation, Softvig};
use jiff::Timestamp;
use platform::{
    auth::{DevelopmentIssuer, Role, TokenFor},
    id::{CompanyId, ContactId},
};

use crate::{Clock, clock::Player};

/// Longer than the demo: nobody renews a token on the way.
const TOKEN_VALID: Duration = Duration::from_secs(12 * 3600);
/// Settling takes milliseconds; processes that are killed meanwhile take longer.
const SETTLES_WITHIN: Duration = Duration::from_secs(60);

/// Where a story plays. SOFTVIG's three people are the same for all its dealerships.
pub struct World {
    pub installation: Installation,
    issuer: DevelopmentIssuer,
    player: Player,
    /// Whether nothing is on its way before and after time goes on.
    settles: bool,
    pub crm: Softvig,
    pub operator: Softvig,
    pub auditor: Softvig,
}

impl World {
    /// One that nobody else plays in. `data_dir` holds the development key of the processes, `clock` is the
    /// file of their simulated clock.
    ///
    /// # Errors
    /// A key or a clock that cannot be read.
    pub fn new(installation: Installation, data_dir: &Path, clock: &Path) -> anyhow::Result<Self> {
        Ok(Self { settles: true, ..Self::abreast(installation, data_dir, &Clock::open(clock)?)? })
    }

    /// One of several that go on at the same time, by the same clock. Nobody waits until nothing is on its
    /// way: with so many there is always something.
    ///
    /// # Errors
    /// A key that cannot be read.
    pub fn abreast(installation: Installation, data_dir: &Path, clock: &Arc<Clock>) -> anyhow::Result<Self> {
        let issuer = DevelopmentIssuer::open(data_dir)?;
        let softvig = |role: Role, subject: &str| -> anyhow::Result<Softvig> {
            Ok(installation.softvig(mint(&issuer, subject, role, None)?))
        };
        Ok(Self {
            crm: softvig(Role::Crm, "crm")?,
            operator: softvig(Role::Operator, "marek.operator")?,
            auditor: softvig(Role::Auditor, "ewa.auditor")?,
            player: clock.join(),
            settles: false,
            installation,
            issuer,
        })
    }

    /// Business time.
    pub fn now(&self) -> Timestamp {
        self.player.clock().now()
    }

    /// Business time goes on to `instant`; returns when all that it set off has happened, if this is nobody
    /// else's world. An instant that is over already changes nothing.
    ///
    /// # Errors
    /// The clock's file cannot be written, or the installation does not settle.
    pub async fn until(&self, instant: Timestamp) -> anyhow::Result<()> {
        if !self.settles {
            return self.player.until(instant).await;
        }
        // What was written before belongs to the time before.
        self.settled().await?;
        self.player.until(instant).await?;
        self.settled().await
    }

    /// Moves business time forward without waiting, for who has waited and will wait.
    ///
    /// # Errors
    /// The clock's file cannot be written.
    pub fn set_clock(&self, instant: Timestamp) -> anyhow::Result<()> {
        self.player.clock().set(instant)
    }

    /// As [`Self::until`], at a local date and time: "2026-11-10 09:30".
    ///
    /// # Errors
    /// As for it.
    pub async fn until_local(&self, local: &str) -> anyhow::Result<()> {
        self.until(client::at(local)).await
    }

    /// # Errors
    /// It does not settle.
    pub async fn settled(&self) -> anyhow::Result<()> {
        self.installation.settled(SETTLES_WITHIN).await?;
        Ok(())
    }

    /// A token for SOFTVIG's role, or for a contact's.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn token(&self, role: Role, contact: Option<(CompanyId, ContactId)>) -> anyhow::Result<String> {
        mint(&self.issuer, &role.to_string(), role, contact)
    }
}

fn mint(
    issuer: &DevelopmentIssuer,
    subject: &str,
    role: Role,
    contact: Option<(CompanyId, ContactId)>,
) -> anyhow::Result<String> {
    issuer.mint(&TokenFor {
        subject: contact.map_or_else(|| subject.to_owned(), |(_, contact)| contact.to_string()),
        roles: [role].into_iter().collect(),
        company: contact.map(|(company, _)| company),
        contact: contact.map(|(_, contact)| contact),
        valid_for: TOKEN_VALID,
    })
}
