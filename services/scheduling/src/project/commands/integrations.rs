//! The manufacturers' integrations.

use platform::{Call, Error, clock};
use proto::scheduling::v1 as pb;

use super::roles;
use crate::Scheduling;

impl Scheduling {
    /// RPC `RestoreIntegration`.
    pub async fn restore_integration(
        &self,
        call: Call,
        request: pb::RestoreIntegrationRequest,
    ) -> Result<pb::Project, Error> {
        let occurred_at = clock::from_request("occurred_at", request.occurred_at.as_ref())?;
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.restore_brand(&request.brand, occurred_at, ctx)
        })
        .await
    }

    /// RPC `DropIntegration`.
    pub async fn drop_integration(
        &self,
        call: Call,
        request: pb::DropIntegrationRequest,
    ) -> Result<pb::Project, Error> {
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.propose_drop(&request.brand, &request.reason, ctx)
        })
        .await
    }

    /// RPC `AnswerDrop`.
    pub async fn answer_drop(
        &self,
        call: Call,
        request: pb::AnswerDropRequest,
    ) -> Result<pb::Project, Error> {
        self.change(&call, &request.name, roles::DECISION, |project, ctx| {
            project.answer_drop(&request.brand, request.consent, ctx)
        })
        .await
    }
}
