//! Each command: who may, what others hear of it, and that it happens once.

use platform::{auth::Principal, harness::request_id};
use proto::common::v1::ErrorReason;
use rstest::rstest;
use serde_json::json;
use testkit::Backend::{self, Postgres, Sqlite};

use super::{
    command::Command::{self, *},
    journey::{Journey, Point, merge},
};
use crate::world::{auditor, crm, operator, reason};

const CRM: &str = "crm";
const OPERATOR: &str = "operator";
const AUDITOR: &str = "auditor";
const TECHNICAL: &str = "technical";
const DECISION: &str = "decision";

/// Where a command is allowed, to whom by the contract, and the public events that it brings.
fn allowed(command: Command) -> (Point, &'static [&'static str], &'static [&'static str]) {
    match command {
        CancelProject => (Point::Agreed, &[CRM, OPERATOR], &["date_withdrawn", "project_cancelled"]),
        RecordContract => (Point::Opened, &[CRM], &["contract_recorded"]),
        AskVariantHelp => (Point::Opened, &[DECISION], &["variant_help_asked"]),
        RecommendVariant => (Point::Opened, &[CRM, OPERATOR], &["variant_recommended"]),
        ChooseVariant => (Point::Opened, &[DECISION], &["variant_chosen"]),
        ProposeDates => (Point::Contracted, &[CRM, OPERATOR, TECHNICAL, DECISION], &["dates_proposed"]),
        AcceptProposal => {
            (Point::Proposed, &[DECISION], &["date_agreed", "proposal_closed", "stage_unlocked"])
        }
        DeclineProposal => (Point::Proposed, &[CRM, OPERATOR, DECISION], &["proposal_closed"]),
        WithdrawDate => (Point::Agreed, &[CRM, OPERATOR, DECISION], &["date_withdrawn"]),
        RecordOverride => (Point::Agreed, &[OPERATOR], &["override_recorded"]),
        ConfirmCondition => (Point::Agreed, &[TECHNICAL, DECISION], &[]),
        RetractCondition => (Point::Ready, &[TECHNICAL, DECISION], &[]),
        DeclareReadiness => (Point::Ready, &[TECHNICAL, DECISION], &["readiness_declared", "stage_unlocked"]),
        CorrectReadiness => (Point::Audit1Due, &[CRM, OPERATOR], &["readiness_declared"]),
        WithdrawReadiness => (Point::Declared, &[CRM, OPERATOR], &["readiness_withdrawn"]),
        StartAudit => (Point::Audit1Due, &[AUDITOR, CRM, OPERATOR], &["audit_attempt_opened"]),
        VoidAudit => (Point::Audit1Open, &[AUDITOR, CRM, OPERATOR], &["audit_attempt_voided"]),
        ConfirmStopped => (Point::WindowOpen, &[TECHNICAL, CRM, OPERATOR], &[]),
        RetractStopped => (Point::Stopped, &[TECHNICAL, CRM, OPERATOR], &[]),
        StartRun => (Point::Stopped, &[CRM, OPERATOR], &["run_started"]),
        RecordRestored => {
            (Point::Running, &[CRM, OPERATOR], &["databases_restored", "integrations_announced"])
        }
        FinishRun => (Point::Restored, &[CRM, OPERATOR], &["run_finished"]),
        RollBackRun => (Point::Restored, &[CRM, OPERATOR], &["run_rolled_back", "integrations_cancelled"]),
        CorrectRun => (Point::Restored, &[CRM, OPERATOR], &[]),
        RestoreIntegration => (Point::IntegrationsDue, &[CRM, OPERATOR], &["integration_restored"]),
        DropIntegration => (Point::Finished, &[CRM, OPERATOR], &["integration_drop_asked"]),
        AnswerDrop => (Point::DropAsked, &[DECISION], &["integration_dropped"]),
        ConfirmWorks => (Point::Integrated, &[DECISION], &["verified", "protocol_issued"]),
        ReportProblem => (Point::Integrated, &[TECHNICAL, DECISION], &["problem_reported"]),
        AnswerProblem => (Point::Problem, &[CRM, OPERATOR], &["problem_answered"]),
        SignProtocol => (Point::Verified, &[CRM, OPERATOR, DECISION], &["protocol_signed"]),
        DeclineProtocol => {
            (Point::Verified, &[CRM, OPERATOR, DECISION], &["protocol_declined", "protocol_voided"])
        }
    }
}

/// SOFTVIG's three roles and the company's two.
pub fn callers(journey: &Journey) -> [(&'static str, Principal); 5] {
    let dealer = &journey.world.dealer;
    [
        (CRM, crm()),
        (OPERATOR, operator()),
        (AUDITOR, auditor()),
        (TECHNICAL, dealer.technical.clone()),
        (DECISION, dealer.decision.clone()),
    ]
}

/// One of the callers that may.
fn one_who_may(journey: &Journey, may: &[&str]) -> Principal {
    let found = callers(journey).into_iter().find(|(role, _)| may.contains(role));
    found.expect("somebody may").1
}

/// What a refused or simulated command must leave as it was.
async fn kept(journey: &Journey) -> (String, usize, usize, Option<String>) {
    let harness = &journey.world.harness;
    let (history, told) = (harness.history().await.len(), journey.told().await.len());
    (journey.project().await.etag, history, told, journey.timer().await)
}

#[rstest]
#[tokio::test]
async fn a_command_is_for_its_roles_and_happens_once(#[values(Sqlite, Postgres)] backend: Backend) {
    for command in Command::ALL {
        let (point, may, tells) = allowed(command);
        let journey = Journey::at(backend, point).await;
        let before = kept(&journey).await;
        for (role, caller) in callers(&journey) {
            let outcome = command.send(&journey, &caller, json!({ "validateOnly": true })).await;
            if may.contains(&role) {
                outcome.unwrap_or_else(|e| panic!("{command:?} by {role}: {e:?}"));
                continue;
            }
            let expected = match (command, role) {
                (AcceptProposal, CRM | OPERATOR) => ErrorReason::DatesAgreedJointly,
                _ => ErrorReason::PermissionDenied,
            };
            assert_eq!(reason(outcome), expected, "{command:?} by {role}");
        }
        assert_eq!(kept(&journey).await, before, "{command:?}: validate_only leaves nothing");

        let caller = one_who_may(&journey, may);
        let (body, told) = (command.body(&journey).await, journey.told_kinds().await.len());
        let mut request = body;
        merge(&mut request, json!({ "requestId": request_id() }));
        let answer = command.send(&journey, &caller, request.clone()).await.expect("allowed");
        assert_eq!(answer.etag, journey.project().await.etag, "{command:?} answers what it kept");
        assert_ne!(answer.etag, before.0, "{command:?} changes the project");
        let mut new = journey.told_kinds().await.split_off(told);
        for kind in tells {
            assert!(new.iter().any(|new| new == kind), "{command:?} tells {kind}: {new:?}");
        }
        new.retain(|kind| !tells.contains(&kind.as_str()));
        if tells.is_empty() {
            assert!(new.is_empty(), "{command:?} is nobody else's business: {new:?}");
        }

        let after = kept(&journey).await;
        let again = command.send(&journey, &caller, request.clone()).await.expect("the same again");
        assert_eq!(again.etag, after.0, "{command:?}");
        let elsewhere = format!("{}/projects/{}", journey.world.dealer.name, uuid::Uuid::now_v7());
        merge(&mut request, json!({ "name": elsewhere }));
        let reused = command.send(&journey, &caller, request).await;
        assert_eq!(reason(reused), ErrorReason::RequestIdReused, "{command:?}");
        assert_eq!(kept(&journey).await, after, "{command:?} happens once");
    }
}
