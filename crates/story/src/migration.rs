//! A run: systems stopped, started, databases restored, finished or rolled back.

use client::Error;
use proto::scheduling::v1::{
    ConfirmStoppedRequest, FinishRunRequest, GetCompanyRequest, Project, RecordDatabasesRestoredRequest,
    RollBackRunRequest, StartRunRequest,
};

use crate::Dealership;

impl Dealership<'_> {
    /// The technical contact confirms that everything on the company's two lists is stopped.
    ///
    /// # Errors
    /// A refusal.
    pub async fn stop_systems(&self) -> Result<Project, Error> {
        let company = self.technical.portal.call(GetCompanyRequest { name: self.company.clone() }).await?;
        let keys = |list: Vec<proto::scheduling::v1::System>| list.into_iter().map(|s| s.key).collect();
        let request = ConfirmStoppedRequest {
            name: self.project.clone(),
            systems: keys(company.systems),
            disconnected_applications: keys(company.applications),
            ..Default::default()
        };
        self.technical.portal.call(request).await
    }

    /// # Errors
    /// A refusal.
    pub async fn start_run(&self) -> Result<Project, Error> {
        let request = StartRunRequest { name: self.project.clone(), ..Default::default() };
        self.world.operator.call(request).await
    }

    /// # Errors
    /// A refusal.
    pub async fn databases_restored(&self) -> Result<Project, Error> {
        let request = RecordDatabasesRestoredRequest { name: self.project.clone(), ..Default::default() };
        self.world.operator.call(request).await
    }

    /// # Errors
    /// A refusal.
    pub async fn finish_run(&self) -> Result<Project, Error> {
        let request = FinishRunRequest { name: self.project.clone(), ..Default::default() };
        self.world.operator.call(request).await
    }

    /// # Errors
    /// A refusal.
    pub async fn roll_back_run(&self, reason: &str) -> Result<Project, Error> {
        let (name, reason) = (self.project.clone(), reason.to_owned());
        self.world.operator.call(RollBackRunRequest { name, reason, ..Default::default() }).await
    }
}
