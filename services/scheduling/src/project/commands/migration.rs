//! What must stand still, and the runs.

use platform::{Call, Error, clock};
use proto::scheduling::v1 as pb;

use super::super::{
    parse,
    stops::{StopHow, StopList, Stopped},
};
use super::roles;
use crate::Scheduling;

impl Scheduling {
    /// RPC `ConfirmStopped`: all or nothing.
    pub async fn confirm_stopped(
        &self,
        call: Call,
        request: pb::ConfirmStoppedRequest,
    ) -> Result<pb::Project, Error> {
        let groups = [
            (StopList::Systems, StopHow::Stopped, request.systems),
            (StopList::Applications, StopHow::Stopped, request.applications),
            (StopList::Applications, StopHow::Disconnected, request.disconnected_applications),
        ];
        let stopped = groups
            .into_iter()
            .flat_map(|(list, how, keys)| keys.into_iter().map(move |key| Stopped { list, key, how }));
        let stopped: Vec<_> = stopped.collect();
        self.change(&call, &request.name, roles::TECHNICAL_OR_SOFTVIG, |project, ctx| {
            project.confirm_stopped(&stopped, None, ctx)
        })
        .await
    }

    /// RPC `RetractStopped`: all or nothing.
    pub async fn retract_stopped(
        &self,
        call: Call,
        request: pb::RetractStoppedRequest,
    ) -> Result<pb::Project, Error> {
        let groups = [(StopList::Systems, request.systems), (StopList::Applications, request.applications)];
        let retracted =
            groups.into_iter().flat_map(|(list, keys)| keys.into_iter().map(move |key| (list, key)));
        let retracted: Vec<_> = retracted.collect();
        self.change(&call, &request.name, roles::TECHNICAL_OR_SOFTVIG, |project, ctx| {
            project.retract_stopped(&retracted, ctx)
        })
        .await
    }

    /// RPC `StartRun`.
    pub async fn start_run(&self, call: Call, request: pb::StartRunRequest) -> Result<pb::Project, Error> {
        let occurred_at = clock::from_request("occurred_at", request.occurred_at.as_ref())?;
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.start_run(occurred_at, ctx)
        })
        .await
    }

    /// RPC `RecordDatabasesRestored`.
    pub async fn record_databases_restored(
        &self,
        call: Call,
        request: pb::RecordDatabasesRestoredRequest,
    ) -> Result<pb::Project, Error> {
        let occurred_at = clock::from_request("occurred_at", request.occurred_at.as_ref())?;
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.databases_restored(occurred_at, ctx)
        })
        .await
    }

    /// RPC `FinishRun`.
    pub async fn finish_run(&self, call: Call, request: pb::FinishRunRequest) -> Result<pb::Project, Error> {
        let occurred_at = clock::from_request("occurred_at", request.occurred_at.as_ref())?;
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.finish_run(occurred_at, ctx)
        })
        .await
    }

    /// RPC `RollBackRun`.
    pub async fn roll_back_run(
        &self,
        call: Call,
        request: pb::RollBackRunRequest,
    ) -> Result<pb::Project, Error> {
        let occurred_at = clock::from_request("occurred_at", request.occurred_at.as_ref())?;
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.roll_back(&request.reason, occurred_at, ctx)
        })
        .await
    }

    /// RPC `CorrectRun`.
    pub async fn correct_run(
        &self,
        call: Call,
        request: pb::CorrectRunRequest,
    ) -> Result<pb::Project, Error> {
        let step = parse::run_step("step", request.step)?;
        let occurred_at = parse::corrected_time("occurred_at", request.occurred_at.as_ref())?;
        self.change(&call, &request.name, roles::CRM_OR_OPERATOR, |project, ctx| {
            project.correct_run(step, occurred_at, &request.reason, ctx)
        })
        .await
    }
}
