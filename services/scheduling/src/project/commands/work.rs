//! Readiness and the audits.

use platform::{Call, Error, clock};
use proto::scheduling::v1 as pb;

use super::super::{audits::AttemptId, parse, readiness::Proof};
use super::roles;
use crate::Scheduling;

impl Scheduling {
    /// RPC `ConfirmReadinessCondition`.
    pub async fn confirm_readiness_condition(
        &self,
        call: Call,
        request: pb::ConfirmReadinessConditionRequest,
    ) -> Result<pb::Project, Error> {
        let condition = parse::condition("condition", &request.condition)?;
        let proof = Proof { note: request.note, evidence: request.evidence };
        self.change(&call, &request.name, roles::CONTACTS, |project, ctx| {
            project.confirm_condition(condition, proof, None, ctx)
        })
        .await
    }

    /// RPC `RetractReadinessCondition`.
    pub async fn retract_readiness_condition(
        &self,
        call: Call,
        request: pb::RetractReadinessConditionRequest,
    ) -> Result<pb::Project, Error> {
        let condition = parse::condition("condition", &request.condition)?;
        self.change(&call, &request.name, roles::CONTACTS, |project, ctx| {
            project.retract_condition(&condition, ctx)
        })
        .await
    }

    /// RPC `DeclareReadiness`.
    pub async fn declare_readiness(
        &self,
        call: Call,
        request: pb::DeclareReadinessRequest,
    ) -> Result<pb::Project, Error> {
        let occurred_at = clock::from_request("occurred_at", request.occurred_at.as_ref())?;
        self.change(&call, &request.name, roles::CONTACTS, |project, ctx| {
            project.declare_readiness(occurred_at, ctx)
        })
        .await
    }

    /// RPC `CorrectReadiness`.
    pub async fn correct_readiness(
        &self,
        call: Call,
        request: pb::CorrectReadinessRequest,
    ) -> Result<pb::Project, Error> {
        let occurred_at = parse::corrected_time("occurred_at", request.occurred_at.as_ref())?;
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.correct_readiness(occurred_at, &request.reason, ctx)
        })
        .await
    }

    /// RPC `WithdrawReadiness`.
    pub async fn withdraw_readiness(
        &self,
        call: Call,
        request: pb::WithdrawReadinessRequest,
    ) -> Result<pb::Project, Error> {
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.withdraw_declaration(&request.reason, ctx)
        })
        .await
    }

    /// RPC `StartAudit`.
    pub async fn start_audit(
        &self,
        call: Call,
        request: pb::StartAuditRequest,
    ) -> Result<pb::Project, Error> {
        let audit = parse::audit("audit", request.audit)?;
        let occurred_at = clock::from_request("occurred_at", request.occurred_at.as_ref())?;
        self.change(&call, &request.name, roles::SOFTVIG, |project, ctx| {
            project.start_audit(audit, AttemptId::new(), occurred_at, ctx)
        })
        .await
    }

    /// RPC `VoidAudit`.
    pub async fn void_audit(&self, call: Call, request: pb::VoidAuditRequest) -> Result<pb::Project, Error> {
        let audit = parse::audit("audit", request.audit)?;
        self.change(&call, &request.name, roles::SOFTVIG, |project, ctx| {
            project.void_audit(audit, &request.reason, ctx)
        })
        .await
    }
}
