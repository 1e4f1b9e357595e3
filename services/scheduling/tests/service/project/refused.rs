//! Each command is refused by its rule and leaves everything as it was.

use platform::auth::Principal;
use proto::common::v1::ErrorReason::{self, *};
use rstest::rstest;
use scheduling::Scheduling;
use serde_json::{Value, json};
use testkit::Backend::{self, Postgres, Sqlite};

use super::{
    command::Command::{self, *},
    journey::{Journey, Point, open},
};
use crate::world::{Dealer, crm, operator, reason};

#[derive(Clone, Copy, Debug)]
enum By {
    Crm,
    Operator,
    Technical,
    Decision,
}

impl By {
    fn principal(self, dealer: &Dealer) -> Principal {
        match self {
            Self::Crm => crm(),
            Self::Operator => operator(),
            Self::Technical => dealer.technical.clone(),
            Self::Decision => dealer.decision.clone(),
        }
    }
}

/// A command with what is changed in its request, by whom, and the rule that refuses it.
type Refused = (Command, By, Value, ErrorReason);

/// What is refused where, to whom, and by which rule; a few at one point share the journey.
#[rustfmt::skip]
fn refusals() -> Vec<(Point, Vec<Refused>)> {
    use By::*;
    let nothing = || json!({});
    vec![
        (Point::Opened, vec![
            (RecordContract, Crm, json!({ "contractDay": "2026-11-17" }), OccurredAtInvalid),
            (ChooseVariant, Crm, nothing(), PermissionDenied),
            (ProposeDates, Crm, nothing(), ContractRequired),
            (AcceptProposal, Decision, nothing(), NotFound),
            (DeclineProposal, Decision, nothing(), NotFound),
            (WithdrawDate, Decision, nothing(), DatesAgreedJointly),
            (RecordOverride, Operator, json!({ "rule": "OUTSIDE_WORKING_HOURS" }), OverrideNotAllowed),
            (ConfirmCondition, Technical, nothing(), StageLocked),
            (DeclareReadiness, Decision, nothing(), ReadinessConditions),
            (CorrectReadiness, Crm, nothing(), StageLocked),
            (WithdrawReadiness, Crm, nothing(), StageLocked),
            (StartAudit, Operator, nothing(), AuditLocked),
            (VoidAudit, Operator, nothing(), AuditLocked),
            (ConfirmStopped, Technical, nothing(), SystemsNotStopped),
            (RetractStopped, Technical, nothing(), NotFound),
            (StartRun, Operator, nothing(), StageLocked),
            (RecordRestored, Operator, nothing(), StageLocked),
            (FinishRun, Operator, nothing(), StageLocked),
            (RollBackRun, Operator, nothing(), StageLocked),
            (CorrectRun, Operator, nothing(), StageLocked),
            (RestoreIntegration, Operator, nothing(), IntegrationsNextBusinessDay),
            (DropIntegration, Crm, nothing(), StageLocked),
            (AnswerDrop, Decision, nothing(), StageLocked),
            (ConfirmWorks, Decision, nothing(), StageLocked),
            (ReportProblem, Technical, nothing(), StageLocked),
            (AnswerProblem, Crm, nothing(), NotFound),
            (SignProtocol, Crm, nothing(), ProtocolSignedByBoth),
            (DeclineProtocol, Crm, nothing(), ProtocolSignedByBoth),
        ]),
        (Point::Agreed, vec![
            (DeclareReadiness, Decision, nothing(), ReadinessConditions),
            (RetractCondition, Technical, nothing(), NotFound),
            (WithdrawDate, Crm, json!({ "reason": " " }), InvalidArgument),
            (WithdrawDate, Crm, json!({ "etag": "stale" }), EtagMismatch),
            (CancelProject, Crm, json!({ "reason": "" }), InvalidArgument),
        ]),
        (Point::Declared, vec![
            (StartAudit, Operator, nothing(), Audit1Buffer),
            (CorrectReadiness, Crm, json!({ "occurredAt": "2026-11-16T09:59:59Z" }), OccurredAtInvalid),
            (CorrectReadiness, Crm, json!({ "occurredAt": "2026-11-16T10:00:00Z", "reason": " " }), InvalidArgument),
            (ChooseVariant, Decision, nothing(), VariantFrozen),
            (RetractCondition, Technical, nothing(), StageLocked),
            (DeclareReadiness, Decision, nothing(), StageLocked),
        ]),
        (Point::WindowOpen, vec![
            (ConfirmStopped, Technical, json!({ "systems": ["word"] }), NotFound),
            (StartRun, Operator, nothing(), SystemsNotStopped),
        ]),
        (Point::Running, vec![
            (CancelProject, Crm, nothing(), CancelDuringRun),
            (AskVariantHelp, Decision, nothing(), VariantFrozen),
            (RecommendVariant, Crm, nothing(), VariantFrozen),
            (ChooseVariant, Crm, json!({ "variant": "same_server" }), VariantFrozen),
            (RecordRestored, Operator, json!({ "occurredAt": "2027-01-08T16:00:00Z" }), OccurredAtInvalid),
            (FinishRun, Operator, nothing(), StageLocked),
            (CorrectRun, Operator, nothing(), StageLocked),
        ]),
        (Point::Finished, vec![
            (RollBackRun, Operator, nothing(), RollbackClosed),
            (RestoreIntegration, Operator, nothing(), IntegrationsNextBusinessDay),
            (AnswerDrop, Decision, nothing(), StageLocked),
            (ConfirmWorks, Decision, nothing(), StageLocked),
        ]),
        (Point::Problem, vec![
            (ConfirmWorks, Decision, nothing(), StageLocked),
            (AnswerProblem, Crm, json!({ "reopenBrand": "vw", "reopenMigration": true }), InvalidArgument),
        ]),
        (Point::Verified, vec![
            (SignProtocol, Decision, json!({ "number": 2 }), ProtocolSignedByBoth),
            (SignProtocol, Decision, json!({ "number": 0 }), InvalidArgument),
            (DeclineProtocol, Decision, json!({ "reason": "" }), InvalidArgument),
        ]),
    ]
}

#[rstest]
#[tokio::test]
async fn a_command_is_refused_by_its_rule(#[values(Sqlite, Postgres)] backend: Backend) {
    let mut wrong = Vec::new();
    for (point, cases) in refusals() {
        let journey = Journey::at(backend, point).await;
        let before = (journey.project().await, journey.told().await.len(), journey.timer().await);
        let lines = journey.world.harness.history().await.len();
        for (command, by, over, expected) in cases {
            let caller = by.principal(&journey.world.dealer);
            match command.send(&journey, &caller, over).await.map_err(|e| e.reason()).err() {
                found if found == Some(expected) => {}
                found => wrong.push(format!("{command:?} by {by:?} at {point:?}: {found:?}")),
            }
        }
        let after = (journey.project().await, journey.told().await.len(), journey.timer().await);
        assert_eq!(after, before, "{point:?}");
        assert_eq!(journey.world.harness.history().await.len(), lines, "{point:?}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[rstest]
#[tokio::test]
async fn one_open_project_per_company_and_only_the_crm_opens_it(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let journey = Journey::at(backend, Point::Opened).await;
    let harness = &journey.world.harness;
    let dealer = journey.world.dealer.clone();
    let second = harness.call(&crm(), Scheduling::open_project, open(&dealer.name)).await;
    assert_eq!(reason(second), OneOpenProject);
    let other = journey.world.another_dealer().await;
    for caller in [operator(), other.technical.clone(), other.decision.clone()] {
        let outcome = harness.call(&caller, Scheduling::open_project, open(&other.name)).await;
        assert_eq!(reason(outcome), PermissionDenied);
    }
    let request = open(&other.name);
    let opened = harness.call(&crm(), Scheduling::open_project, request.clone()).await.expect("opened");
    let again = harness.call(&crm(), Scheduling::open_project, request).await.expect("the same again");
    assert_eq!(again, opened);
}
