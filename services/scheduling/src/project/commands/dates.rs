//! The four dates: proposed, accepted, declined, withdrawn, overridden.

use platform::{Call, Error};
use proto::scheduling::v1 as pb;

use super::super::{
    overrides::OverrideRequest,
    parse,
    proposals::{ProposalId, ProposalRequest},
};
use super::roles;
use crate::Scheduling;

impl Scheduling {
    /// RPC `ProposeDates`.
    pub async fn propose_dates(
        &self,
        call: Call,
        request: pb::ProposeDatesRequest,
    ) -> Result<pb::Project, Error> {
        let asked = ProposalRequest {
            id: ProposalId::new(),
            dates: parse::proposed_dates(&request.dates)?,
            counters: parse::optional_id("counters", &request.counters)?,
            note: request.note,
        };
        self.change(&call, &request.name, roles::CONTACTS_OR_SOFTVIG, |project, ctx| {
            for (index, date) in request.dates.iter().enumerate() {
                let slot = project.dates.slot(parse::date_kind("dates.kind", date.kind)?);
                let seen = Some(date.etag.as_str()).filter(|etag| !etag.is_empty());
                parse::check_date_etag(&format!("dates[{index}].etag"), seen, slot)?;
            }
            let proposed = project.propose_dates(asked, ctx);
            proposed.map_err(|refusal| parse::in_proposal(refusal, &request.dates))
        })
        .await
    }

    /// RPC `AcceptProposal`.
    pub async fn accept_proposal(
        &self,
        call: Call,
        request: pb::AcceptProposalRequest,
    ) -> Result<pb::Project, Error> {
        let proposal = parse::id("proposal", &request.proposal)?;
        self.change(&call, &request.name, roles::DECISION_OR_SOFTVIG, |project, ctx| {
            project.accept_proposal(proposal, ctx)
        })
        .await
    }

    /// RPC `DeclineProposal`.
    pub async fn decline_proposal(
        &self,
        call: Call,
        request: pb::DeclineProposalRequest,
    ) -> Result<pb::Project, Error> {
        let proposal = parse::id("proposal", &request.proposal)?;
        self.change(&call, &request.name, roles::DECISION_OR_SOFTVIG, |project, ctx| {
            project.decline_proposal(proposal, &request.reason, ctx)
        })
        .await
    }

    /// RPC `WithdrawDate`.
    pub async fn withdraw_date(
        &self,
        call: Call,
        request: pb::WithdrawDateRequest,
    ) -> Result<pb::Project, Error> {
        let kind = parse::date_kind("kind", request.kind)?;
        self.change(&call, &request.name, roles::DECISION_OR_SOFTVIG, |project, ctx| {
            parse::check_date_etag("etag", call.etag.as_deref(), project.dates.slot(kind))?;
            project.withdraw_date(kind, &request.reason, ctx)
        })
        .await
    }

    /// RPC `RecordOverride`.
    pub async fn record_override(
        &self,
        call: Call,
        request: pb::RecordOverrideRequest,
    ) -> Result<pb::Project, Error> {
        let asked = OverrideRequest {
            rule: parse::rule("rule", &request.rule)?,
            kind: parse::date_kind("kind", request.kind)?,
            day: parse::day("day", &request.day)?,
            person: request.person,
            note: request.reason,
        };
        self.change(&call, &request.name, roles::OPERATOR, |project, ctx| project.record_override(asked, ctx))
            .await
    }
}
