//! Integrations, verification, protocol; or the end by cancelling.

use client::Error;
use proto::scheduling::v1::{
    AnswerProblemRequest, CancelProjectRequest, ConfirmWorksRequest, IntegrationState, Project,
    ReportProblemRequest, RestoreIntegrationRequest, SignProtocolRequest,
};

use crate::{Dealership, Proposer};

impl Dealership<'_> {
    /// # Errors
    /// A refusal.
    pub async fn restore_integration(&self, brand: &str) -> Result<Project, Error> {
        let (name, brand) = (self.project.clone(), brand.to_owned());
        self.world.operator.call(RestoreIntegrationRequest { name, brand, ..Default::default() }).await
    }

    /// The operator restores each brand whose day is announced.
    ///
    /// # Errors
    /// A refusal.
    pub async fn restore_integrations(&self) -> anyhow::Result<()> {
        let announced = self.read().await?.integrations.into_iter();
        for integration in announced.filter(|i| i.state() == IntegrationState::Announced) {
            self.restore_integration(&integration.brand).await?;
        }
        Ok(())
    }

    /// Answers the problem's id.
    ///
    /// # Errors
    /// A refusal.
    pub async fn report_problem(&self, description: &str) -> Result<String, Error> {
        let (name, description) = (self.project.clone(), description.to_owned());
        let request = ReportProblemRequest { name, description, ..Default::default() };
        let project = self.technical.portal.call(request).await?;
        Ok(project.problems.last().map(|problem| problem.problem.clone()).unwrap_or_default())
    }

    /// # Errors
    /// A refusal.
    pub async fn answer_problem(&self, problem: &str, answer: &str) -> Result<Project, Error> {
        let (name, problem, answer) = (self.project.clone(), problem.to_owned(), answer.to_owned());
        let request = AnswerProblemRequest { name, problem, answer, ..Default::default() };
        self.world.operator.call(request).await
    }

    /// # Errors
    /// A refusal.
    pub async fn confirm_works(&self) -> Result<Project, Error> {
        let request = ConfirmWorksRequest { name: self.project.clone(), ..Default::default() };
        self.decision.portal.call(request).await
    }

    /// Signs the last protocol for one party.
    ///
    /// # Errors
    /// A refusal.
    pub async fn sign(&self, party: Proposer) -> anyhow::Result<Project> {
        let number = self.read().await?.protocols.last().map_or(0, |protocol| protocol.number);
        let request = SignProtocolRequest { name: self.project.clone(), number, ..Default::default() };
        Ok(match party {
            Proposer::Softvig => self.world.crm.call(request).await,
            Proposer::Company => self.decision.portal.call(request).await,
        }?)
    }

    /// # Errors
    /// A refusal.
    pub async fn cancel(&self, reason: &str) -> Result<Project, Error> {
        let (name, reason) = (self.project.clone(), reason.to_owned());
        self.world.crm.call(CancelProjectRequest { name, reason, ..Default::default() }).await
    }
}
