//! The company gets ready and says so.

use client::Error;
use proto::scheduling::v1::{ConfirmReadinessConditionRequest, DeclareReadinessRequest, Project};

use crate::Dealership;

impl Dealership<'_> {
    /// The technical contact confirms every condition that is not confirmed.
    ///
    /// # Errors
    /// A refusal.
    pub async fn confirm_conditions(&self) -> anyhow::Result<()> {
        let readiness = self.read().await?.readiness.unwrap_or_default();
        for condition in readiness.conditions.into_iter().filter(|condition| !condition.confirmed) {
            let request = ConfirmReadinessConditionRequest {
                name: self.project.clone(),
                condition: condition.condition,
                note: "Gotowe, sprawdzone według dokumentacji".to_owned(),
                ..Default::default()
            };
            self.technical.portal.call(request).await?;
        }
        Ok(())
    }

    /// # Errors
    /// A refusal.
    pub async fn declare_ready(&self) -> Result<Project, Error> {
        let request = DeclareReadinessRequest { name: self.project.clone(), ..Default::default() };
        self.decision.portal.call(request).await
    }
}
