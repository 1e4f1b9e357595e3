//! The four dates: proposed, accepted, declined, withdrawn, overridden.

use platform::{Call, Error, name::ProjectName};
use proto::scheduling::v1 as pb;

use super::super::{
    overrides::OverrideRequest,
    parse,
    proposals::{ProposalId, ProposalRequest},
};
use crate::Scheduling;

impl Scheduling {
    /// RPC `ProposeDates`.
    pub async fn propose_dates(
        &self,
        call: Call,
        request: pb::ProposeDatesRequest,
    ) -> Result<pb::Project, Error> {
        let name = ProjectName::parse("name", &request.name)?;
        let asked = ProposalRequest {
            id: ProposalId::new(),
            dates: parse::proposed_dates(&request.dates)?,
            counters: parse::optional_id("counters", &request.counters)?,
            note: request.note,
        };
        let Some(change) = self.begin(&call, name).await? else { return self.read(name).await };
        for (index, date) in request.dates.iter().enumerate() {
            let kind = parse::date_kind("dates.kind", date.kind)?;
            let seen = Some(date.etag.as_str()).filter(|etag| !etag.is_empty());
            parse::check_date_etag(
                &format!("dates[{index}].etag"),
                seen,
                change.project.value.dates.slot(kind),
            )?;
        }
        self.finish(change, |project, ctx| project.propose_dates(asked, ctx)).await
    }

    /// RPC `AcceptProposal`.
    pub async fn accept_proposal(
        &self,
        call: Call,
        request: pb::AcceptProposalRequest,
    ) -> Result<pb::Project, Error> {
        let name = ProjectName::parse("name", &request.name)?;
        let proposal = parse::id("proposal", &request.proposal)?;
        let Some(change) = self.begin(&call, name).await? else { return self.read(name).await };
        self.finish(change, |project, ctx| project.accept_proposal(proposal, ctx)).await
    }

    /// RPC `DeclineProposal`.
    pub async fn decline_proposal(
        &self,
        call: Call,
        request: pb::DeclineProposalRequest,
    ) -> Result<pb::Project, Error> {
        let name = ProjectName::parse("name", &request.name)?;
        let proposal = parse::id("proposal", &request.proposal)?;
        let Some(change) = self.begin(&call, name).await? else { return self.read(name).await };
        self.finish(change, |project, ctx| project.decline_proposal(proposal, ctx)).await
    }

    /// RPC `WithdrawDate`.
    pub async fn withdraw_date(
        &self,
        call: Call,
        request: pb::WithdrawDateRequest,
    ) -> Result<pb::Project, Error> {
        let name = ProjectName::parse("name", &request.name)?;
        let kind = parse::date_kind("kind", request.kind)?;
        let Some(change) = self.begin(&call, name).await? else { return self.read(name).await };
        parse::check_date_etag("etag", call.etag.as_deref(), change.project.value.dates.slot(kind))?;
        self.finish(change, |project, ctx| project.withdraw_date(kind, &request.reason, ctx)).await
    }

    /// RPC `RecordOverride`.
    pub async fn record_override(
        &self,
        call: Call,
        request: pb::RecordOverrideRequest,
    ) -> Result<pb::Project, Error> {
        let name = ProjectName::parse("name", &request.name)?;
        let asked = OverrideRequest {
            rule: parse::rule("rule", &request.rule)?,
            kind: parse::date_kind("kind", request.kind)?,
            day: parse::day("day", &request.day)?,
            person: request.person,
            note: request.reason,
        };
        let Some(change) = self.begin(&call, name).await? else { return self.read(name).await };
        self.finish(change, |project, ctx| project.record_override(asked, ctx)).await
    }
}
