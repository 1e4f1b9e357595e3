//! The commands on a project, each as one value, so that a table can run over all of them.

use futures::future::LocalBoxFuture;
use platform::{Error, auth::Principal};
use proto::scheduling::v1 as pb;
use scheduling::Scheduling;
use serde_json::{Value, json};

use super::journey::{Journey, dates, merge};

/// A command on a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    CancelProject,
    RecordContract,
    AskVariantHelp,
    RecommendVariant,
    ChooseVariant,
    ProposeDates,
    AcceptProposal,
    DeclineProposal,
    WithdrawDate,
    RecordOverride,
    ConfirmCondition,
    RetractCondition,
    DeclareReadiness,
    CorrectReadiness,
    WithdrawReadiness,
    StartAudit,
    VoidAudit,
    ConfirmStopped,
    RetractStopped,
    StartRun,
    RecordRestored,
    FinishRun,
    RollBackRun,
    CorrectRun,
    RestoreIntegration,
    DropIntegration,
    AnswerDrop,
    ConfirmWorks,
    ReportProblem,
    AnswerProblem,
    SignProtocol,
    DeclineProtocol,
}

impl Command {
    pub const ALL: [Self; 32] = [
        Self::CancelProject,
        Self::RecordContract,
        Self::AskVariantHelp,
        Self::RecommendVariant,
        Self::ChooseVariant,
        Self::ProposeDates,
        Self::AcceptProposal,
        Self::DeclineProposal,
        Self::WithdrawDate,
        Self::RecordOverride,
        Self::ConfirmCondition,
        Self::RetractCondition,
        Self::DeclareReadiness,
        Self::CorrectReadiness,
        Self::WithdrawReadiness,
        Self::StartAudit,
        Self::VoidAudit,
        Self::ConfirmStopped,
        Self::RetractStopped,
        Self::StartRun,
        Self::RecordRestored,
        Self::FinishRun,
        Self::RollBackRun,
        Self::CorrectRun,
        Self::RestoreIntegration,
        Self::DropIntegration,
        Self::AnswerDrop,
        Self::ConfirmWorks,
        Self::ReportProblem,
        Self::AnswerProblem,
        Self::SignProtocol,
        Self::DeclineProtocol,
    ];

    /// What it says at the point at which it is allowed; see [`super::allowed`].
    pub async fn body(self, journey: &Journey) -> Value {
        let unknown = || uuid::Uuid::now_v7().to_string();
        match self {
            Self::CancelProject | Self::WithdrawReadiness | Self::RollBackRun => {
                json!({ "reason": "as agreed by telephone" })
            }
            Self::RecordContract => json!({ "contractDay": "2026-11-02" }),
            Self::AskVariantHelp => json!({ "note": "one server, ten years old" }),
            Self::RecommendVariant => json!({ "variant": "hosted", "note": "no room for a server" }),
            Self::ChooseVariant => json!({ "variant": "new_server" }),
            Self::ProposeDates => json!({ "dates": dates(), "note": "before the holidays" }),
            Self::AcceptProposal | Self::DeclineProposal => {
                let open = journey.project().await.proposals.into_iter().next();
                let mut body = json!({ "proposal": open.map_or_else(unknown, |open| open.proposal) });
                if self == Self::DeclineProposal {
                    merge(&mut body, json!({ "reason": "too late for us" }));
                }
                body
            }
            Self::WithdrawDate => json!({ "kind": "DATE_KIND_MIGRATION", "reason": "stocktaking" }),
            Self::RecordOverride => json!({
                "kind": "DATE_KIND_MIGRATION", "rule": "MIGRATION_BUFFER", "day": "2026-12-30",
                "person": "Maria Kowalska", "reason": "the server is ready",
            }),
            Self::ConfirmCondition => json!({ "condition": "it_environment", "note": "done" }),
            Self::RetractCondition => json!({ "condition": "it_environment" }),
            Self::StartAudit => json!({ "audit": 1 }),
            Self::VoidAudit => json!({ "audit": 1, "reason": "the auditor is ill" }),
            Self::ConfirmStopped => json!({ "systems": ["erp"], "disconnectedApplications": ["crm-link"] }),
            Self::RetractStopped => json!({ "systems": ["erp"], "applications": ["crm-link"] }),
            Self::CorrectRun => {
                json!({
                    "step": "RUN_STEP_DATABASES_RESTORED", "occurredAt": "2027-01-08T20:30:00Z",
                    "reason": "a wrong clock",
                })
            }
            Self::CorrectReadiness => {
                json!({ "occurredAt": "2026-11-16T10:30:00Z", "reason": "told by telephone" })
            }
            Self::RestoreIntegration => json!({ "brand": "vw" }),
            Self::DropIntegration => json!({ "brand": "vw", "reason": "the dealership gives the brand up" }),
            Self::AnswerDrop => json!({ "brand": "vw", "consent": true }),
            Self::ReportProblem => json!({ "description": "no prices of spare parts" }),
            Self::AnswerProblem => {
                let reported = journey.project().await.problems.into_iter().next_back();
                json!({ "problem": reported.map_or_else(unknown, |p| p.problem), "answer": "loaded again" })
            }
            Self::SignProtocol => json!({ "number": 1 }),
            Self::DeclineProtocol => json!({ "number": 1, "reason": "a finding is not listed" }),
            Self::DeclareReadiness
            | Self::StartRun
            | Self::RecordRestored
            | Self::FinishRun
            | Self::ConfirmWorks => json!({}),
        }
    }

    /// Sends it with [`Command::body`] and fields of the test's own over it.
    pub fn send<'a>(
        self,
        journey: &'a Journey,
        by: &'a Principal,
        over: Value,
    ) -> LocalBoxFuture<'a, Result<pb::Project, Error>> {
        Box::pin(async move {
            let mut body = self.body(journey).await;
            merge(&mut body, over);
            self.call(journey, by, body).await
        })
    }

    /// Sends it with all the fields it needs.
    pub fn call<'a>(
        self,
        journey: &'a Journey,
        by: &'a Principal,
        body: Value,
    ) -> LocalBoxFuture<'a, Result<pb::Project, Error>> {
        match self {
            Self::CancelProject => journey.send(by, Scheduling::cancel_project, body),
            Self::RecordContract => journey.send(by, Scheduling::record_contract, body),
            Self::AskVariantHelp => journey.send(by, Scheduling::ask_variant_help, body),
            Self::RecommendVariant => journey.send(by, Scheduling::recommend_variant, body),
            Self::ChooseVariant => journey.send(by, Scheduling::choose_variant, body),
            Self::ProposeDates => journey.send(by, Scheduling::propose_dates, body),
            Self::AcceptProposal => journey.send(by, Scheduling::accept_proposal, body),
            Self::DeclineProposal => journey.send(by, Scheduling::decline_proposal, body),
            Self::WithdrawDate => journey.send(by, Scheduling::withdraw_date, body),
            Self::RecordOverride => journey.send(by, Scheduling::record_override, body),
            Self::ConfirmCondition => journey.send(by, Scheduling::confirm_readiness_condition, body),
            Self::RetractCondition => journey.send(by, Scheduling::retract_readiness_condition, body),
            Self::DeclareReadiness => journey.send(by, Scheduling::declare_readiness, body),
            Self::CorrectReadiness => journey.send(by, Scheduling::correct_readiness, body),
            Self::WithdrawReadiness => journey.send(by, Scheduling::withdraw_readiness, body),
            Self::StartAudit => journey.send(by, Scheduling::start_audit, body),
            Self::VoidAudit => journey.send(by, Scheduling::void_audit, body),
            Self::ConfirmStopped => journey.send(by, Scheduling::confirm_stopped, body),
            Self::RetractStopped => journey.send(by, Scheduling::retract_stopped, body),
            Self::StartRun => journey.send(by, Scheduling::start_run, body),
            Self::RecordRestored => journey.send(by, Scheduling::record_databases_restored, body),
            Self::FinishRun => journey.send(by, Scheduling::finish_run, body),
            Self::RollBackRun => journey.send(by, Scheduling::roll_back_run, body),
            Self::CorrectRun => journey.send(by, Scheduling::correct_run, body),
            Self::RestoreIntegration => journey.send(by, Scheduling::restore_integration, body),
            Self::DropIntegration => journey.send(by, Scheduling::drop_integration, body),
            Self::AnswerDrop => journey.send(by, Scheduling::answer_drop, body),
            Self::ConfirmWorks => journey.send(by, Scheduling::confirm_works, body),
            Self::ReportProblem => journey.send(by, Scheduling::report_problem, body),
            Self::AnswerProblem => journey.send(by, Scheduling::answer_problem, body),
            Self::SignProtocol => journey.send(by, Scheduling::sign_protocol, body),
            Self::DeclineProtocol => journey.send(by, Scheduling::decline_protocol, body),
        }
    }
}
