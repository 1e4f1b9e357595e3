//! The four dates: suggested, proposed, countered, accepted.

use anyhow::Context as _;
use client::Error;
use jiff::{
    Timestamp,
    civil::{self, Weekday},
};
use platform::clock::from_wire;
use proto::{
    common::v1::{PlannedDate, planned_date::Date},
    scheduling::v1::{
        AcceptProposalRequest, DateKind, DateSet, Project, ProposeDatesRequest, ProposedDate,
        SuggestDatesRequest, SuggestDatesResponse,
    },
};

use crate::Dealership;

/// Which party speaks: SOFTVIG by its CRM, the company by its decision contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposer {
    Softvig,
    Company,
}

impl Proposer {
    pub const fn other(self) -> Self {
        match self {
            Self::Softvig => Self::Company,
            Self::Company => Self::Softvig,
        }
    }
}

impl Dealership<'_> {
    /// From that ISO 8601 day on, or from today if it is empty.
    ///
    /// # Errors
    /// A refusal.
    pub async fn suggest(&self, from_day: &str) -> Result<SuggestDatesResponse, Error> {
        let (name, from_day) = (self.project.clone(), from_day.to_owned());
        let request = SuggestDatesRequest { name, from_day, alternatives: 20 };
        self.decision.portal.call(request).await
    }

    /// Proposes the dates as one set. Answers with the proposal's id.
    ///
    /// # Errors
    /// A refusal.
    pub async fn propose(
        &self,
        by: Proposer,
        dates: impl IntoIterator<Item = (DateKind, PlannedDate)>,
        counters: &str,
        note: &str,
    ) -> Result<String, Error> {
        let dates = dates.into_iter().map(|(kind, date)| ProposedDate {
            kind: kind.into(),
            date: Some(date),
            ..Default::default()
        });
        let request = ProposeDatesRequest {
            name: self.project.clone(),
            dates: dates.collect(),
            counters: counters.to_owned(),
            note: note.to_owned(),
            ..Default::default()
        };
        let project = match by {
            Proposer::Softvig => self.world.crm.call(request).await,
            Proposer::Company => self.decision.portal.call(request).await,
        }?;
        let newest = project.proposals.last().map(|proposal| proposal.proposal.clone());
        newest.ok_or_else(|| Error::Unreadable("a project without the proposal just made".to_owned()))
    }

    /// # Errors
    /// A refusal.
    pub async fn accept(&self, by: Proposer, proposal: &str) -> Result<Project, Error> {
        let (name, proposal) = (self.project.clone(), proposal.to_owned());
        let request = AcceptProposalRequest { name, proposal, ..Default::default() };
        match by {
            Proposer::Softvig => self.world.crm.call(request).await,
            Proposer::Company => self.decision.portal.call(request).await,
        }
    }

    /// SOFTVIG proposes these dates and the decision contact accepts them.
    ///
    /// # Errors
    /// A refusal.
    pub async fn agree(
        &self,
        dates: impl IntoIterator<Item = (DateKind, PlannedDate)>,
    ) -> Result<Project, Error> {
        let proposal = self.propose(Proposer::Softvig, dates, "", "").await?;
        self.accept(Proposer::Company, &proposal).await
    }

    /// Agrees suggested dates for all that lie ahead and have none.
    ///
    /// # Errors
    /// A refusal, or nothing suggested.
    pub async fn agree_missing_dates(&self) -> anyhow::Result<()> {
        let missing = self.missing_dates().await?;
        if !missing.is_empty() {
            self.agree(missing).await?;
        }
        Ok(())
    }

    /// Suggested dates, with slack, for all that lie ahead and have none.
    ///
    /// # Errors
    /// A refusal, or nothing suggested.
    pub async fn missing_dates(&self) -> anyhow::Result<Vec<(DateKind, PlannedDate)>> {
        let project = self.read().await?;
        let suggested = self.suggest("").await?;
        let set = suggested.with_slack.or(suggested.earliest).context("suggested dates")?;
        let missing = dates_of(&set).into_iter().filter(|(kind, _)| agreed_in(&project, *kind).is_none());
        Ok(missing.collect())
    }

    /// First and last instant of an agreed date.
    ///
    /// # Errors
    /// It is not agreed.
    pub async fn agreed(&self, kind: DateKind) -> anyhow::Result<(Timestamp, Timestamp)> {
        agreed_in(&self.read().await?, kind).with_context(|| format!("{} is agreed", kind.as_str_name()))
    }
}

/// The set as pairs that can be proposed.
pub fn dates_of(set: &DateSet) -> Vec<(DateKind, PlannedDate)> {
    set.dates.iter().filter_map(|date| Some((date.kind(), date.date.clone()?))).collect()
}

/// The earliest suggested window that begins on a Friday or a Saturday.
pub fn weekend_window(suggested: &SuggestDatesResponse) -> Option<PlannedDate> {
    let windows = suggested.alternatives.iter().filter(|a| a.kind() == DateKind::Migration);
    windows.flat_map(|alternatives| &alternatives.dates).find_map(|date| {
        let planned = date.date.as_ref()?;
        let Some(Date::Window(window)) = &planned.date else { return None };
        let start: civil::DateTime = window.start.as_ref()?.local.parse().ok()?;
        matches!(start.weekday(), Weekday::Friday | Weekday::Saturday).then(|| planned.clone())
    })
}

pub fn agreed_in(project: &Project, kind: DateKind) -> Option<(Timestamp, Timestamp)> {
    let status = project.dates.iter().find(|status| status.kind() == kind)?;
    let agreed = status.agreed.as_ref()?;
    Some((from_wire(agreed.starts_at.as_ref()?)?, from_wire(agreed.ends_at.as_ref()?)?))
}
