//! Whole stages without anything remarkable, for stories about what comes after them. These move the clock.

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp, civil};
use platform::clock::from_wire;
use proto::{
    audit::v1::AuditState,
    licensing::v1::LicenceKind,
    scheduling::v1::{DateKind, Project},
};

use crate::{Dealership, Proposer};

/// Where to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Through {
    Contracting,
    Readiness,
    Audit1,
    Audit2,
    Migration,
    Integrations,
    Verification,
    Acceptance,
}

impl Dealership<'_> {
    /// Takes a project that has just been opened on from contracting to the end of `last`.
    ///
    /// # Errors
    /// A refusal.
    pub async fn go_through(&self, last: Through) -> anyhow::Result<Project> {
        use Through::{
            Acceptance, Audit1, Audit2, Contracting, Integrations, Migration, Readiness, Verification,
        };
        for stage in
            [Contracting, Readiness, Audit1, Audit2, Migration, Integrations, Verification, Acceptance]
        {
            if stage <= last {
                self.stage(stage).await.with_context(|| format!("{stage:?}"))?;
            }
        }
        self.read().await
    }

    /// One stage that goes well. Dates that are not agreed are agreed first.
    ///
    /// # Errors
    /// A refusal.
    pub async fn stage(&self, stage: Through) -> anyhow::Result<()> {
        match stage {
            Through::Contracting => {
                self.contract(&calendar::local_day(self.world.now()).to_string()).await?;
                self.choose_variant("new_server").await?;
                self.choose_licence(LicenceKind::Standard).await?;
                self.agree_missing_dates().await?;
            }
            Through::Readiness => {
                self.record_licences().await?;
                self.confirm_conditions().await?;
                let (day, _) = self.agreed(DateKind::Readiness).await?;
                self.world.until(day + SignedDuration::from_hours(10)).await?;
                self.declare_ready().await?;
            }
            Through::Audit1 => self.pass_audit(1).await?,
            Through::Audit2 => self.pass_audit(2).await?,
            Through::Migration => {
                self.begin_run().await?;
                self.world.until(self.later(3)).await?;
                self.databases_restored().await?;
                self.world.until(self.later(2)).await?;
                self.finish_run().await?;
            }
            Through::Integrations => {
                if let Some(day) = self.integrations_day().await? {
                    self.world.until(day.to_zoned(calendar::warsaw())?.timestamp() + HOUR * 9).await?;
                    self.restore_integrations().await?;
                }
            }
            Through::Verification => {
                self.confirm_works().await?;
            }
            Through::Acceptance => {
                self.sign(Proposer::Company).await?;
                self.sign(Proposer::Softvig).await?;
            }
        }
        Ok(())
    }

    /// Agrees a date if need be, waits for it, and passes the audit.
    ///
    /// # Errors
    /// A refusal, or an audit that fails.
    pub async fn pass_audit(&self, number: i32) -> anyhow::Result<()> {
        let audit = self.begin_audit(number).await?;
        self.measure(&audit).await?;
        let concluded = self.conclude(&audit).await?;
        anyhow::ensure!(concluded.state() == AuditState::Passed, "audit {number}: {:?}", concluded.failing);
        Ok(())
    }

    /// Agrees a date if need be, waits for nine o'clock of its day, and starts the audit.
    ///
    /// # Errors
    /// A refusal.
    pub async fn begin_audit(&self, number: i32) -> anyhow::Result<String> {
        self.agree_missing_dates().await?;
        let kind = if number == 1 { DateKind::Audit1 } else { DateKind::Audit2 };
        let (day, _) = self.agreed(kind).await?;
        let start = calendar::local_day(day).at(9, 0, 0, 0);
        self.world.until(start.to_zoned(calendar::warsaw())?.timestamp().max(day)).await?;
        Ok(self.start_audit(number).await?)
    }

    /// Agrees a window if need be, waits for it with fresh measurements, stops everything and starts.
    ///
    /// # Errors
    /// A refusal.
    pub async fn begin_run(&self) -> anyhow::Result<Project> {
        self.agree_missing_dates().await?;
        let (start, _) = self.agreed(DateKind::Migration).await?;
        self.world.until(start - HOUR).await?;
        self.refresh_evidence(start + HOUR).await?;
        self.world.until(start).await?;
        self.stop_systems().await?;
        Ok(self.start_run().await?)
    }

    /// So many hours from now.
    pub fn later(&self, hours: i32) -> Timestamp {
        self.world.now() + HOUR * hours
    }

    /// When the brands come back; none where there are none.
    ///
    /// # Errors
    /// A refusal.
    pub async fn integrations_day(&self) -> anyhow::Result<Option<civil::Date>> {
        let integrations = self.read().await?.integrations;
        let day = integrations.iter().find(|i| !i.day.is_empty()).map(|i| i.day.parse());
        Ok(day.transpose()?)
    }

    /// When it ended, if it has.
    ///
    /// # Errors
    /// A refusal.
    pub async fn ended(&self) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.read().await?.end_time.as_ref().and_then(from_wire))
    }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
