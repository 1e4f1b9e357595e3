//! Events of audit and licensing × how far the project is.

use platform::{Service as _, id::CompanyId};
use proto::{
    audit::v1::{self as audit, audit_event::Event as Audit},
    licensing::v1::{self as licensing, licensing_event::Event as Licensing},
    scheduling::v1 as pb,
};
use rstest::rstest;
use serde_json::json;
use testkit::Backend::{self, Postgres, Sqlite};
use uuid::Uuid;

use super::{
    command::Command,
    journey::{Journey, Point, concluded},
};
use crate::world::{auditor, crm};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    Open,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Applied,
    /// Taken over, and nothing is different.
    Ignored,
    Parked,
}

async fn in_state(backend: Backend, state: State) -> Journey {
    let mut journey = Journey::at(backend, Point::Audit1Open).await;
    match state {
        State::Open => {}
        State::Closed => drop(journey.done(Command::CancelProject, &crm()).await),
        State::Unknown => {
            journey.name = format!("{}/projects/{}", journey.world.dealer.name, Uuid::now_v7());
        }
    }
    journey
}

/// All that the project is made of, whatever the view shows.
async fn stored(journey: &Journey) -> (String, usize) {
    (journey.world.table_text("project").await, journey.world.harness.history().await.len())
}

async fn parked(journey: &Journey) -> usize {
    journey.world.harness.service.core().parked_after(None, 100).await.expect("a list").len()
}

async fn outcome(journey: &Journey, event: impl AsyncFnOnce()) -> Outcome {
    let before = stored(journey).await;
    event().await;
    match (parked(journey).await, stored(journey).await == before) {
        (0, true) => Outcome::Ignored,
        (0, false) => Outcome::Applied,
        _ => Outcome::Parked,
    }
}

fn no_concern_of_scheduling() -> (Vec<Audit>, Vec<Licensing>) {
    let audits = vec![
        Audit::ValuesRecorded(Default::default()),
        Audit::ItemWaived(Default::default()),
        Audit::FindingOpened(Default::default()),
        Audit::FindingAnswered(Default::default()),
        Audit::FindingVerified(Default::default()),
        Audit::FindingRejected(Default::default()),
    ];
    let licences = vec![
        Licensing::LicenceRecommended(Default::default()),
        Licensing::LicenceChosen(Default::default()),
        Licensing::LicenceChoiceEnded(Default::default()),
        Licensing::LicenceChoiceOutdated(Default::default()),
        Licensing::LicenceOrdered(Default::default()),
        Licensing::LicenceOrderCancelled(Default::default()),
        Licensing::LicenceRecorded(Default::default()),
        Licensing::ProofWithdrawn(Default::default()),
        Licensing::OfferReserved(Default::default()),
        Licensing::OfferAccepted(Default::default()),
        Licensing::OfferReleased(Default::default()),
    ];
    (audits, licences)
}

#[rstest]
#[tokio::test]
async fn each_event_meets_its_cell(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(State::Unknown, State::Open, State::Closed)] state: State,
) {
    use Outcome::{Applied, Ignored, Parked};
    // A result is kept also by a project that is over.
    let [result, evidence, licence] = match state {
        State::Unknown => [Parked, Parked, Parked],
        State::Open => [Applied, Applied, Applied],
        State::Closed => [Applied, Ignored, Ignored],
    };
    let journey = in_state(backend, state).await;
    let (audits, licences) = no_concern_of_scheduling();
    let seen = outcome(&journey, async || {
        for event in audits {
            journey.hear_audit(event).await;
        }
        for event in licences {
            journey.hear_licensing(event).await;
        }
    });
    assert_eq!(seen.await, Ignored);

    let journey = in_state(backend, state).await;
    let attempt = match state {
        State::Unknown => Uuid::now_v7().to_string(),
        _ => journey.project().await.audit_attempts[0].attempt.clone(),
    };
    let refreshed = audit::EvidenceRefreshed {
        attempt: attempt.clone(),
        evidence: vec![audit::Evidence { item: "link.throughput".to_owned(), valid_until: None }],
    };
    let seen =
        outcome(&journey, async || journey.hear_audit(Audit::EvidenceRefreshed(refreshed)).await).await;
    assert_eq!(seen, evidence, "evidence refreshed");

    let journey = in_state(backend, state).await;
    let seen = outcome(&journey, async || journey.licences(&["sql_server"]).await).await;
    assert_eq!(seen, licence, "licence status changed");

    let journey = in_state(backend, state).await;
    let attempt = match state {
        State::Unknown => attempt,
        _ => journey.project().await.audit_attempts[0].attempt.clone(),
    };
    let seen = outcome(&journey, async || journey.hear_audit(concluded(&attempt, 1, true)).await).await;
    assert_eq!(seen, result, "audit concluded");
}

fn stage(project: &pb::Project) -> pb::Stage {
    project.stage()
}

#[rstest]
#[tokio::test]
async fn a_result_for_a_voided_attempt_is_kept_and_moves_no_stage(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let journey = Journey::at(backend, Point::Audit1Open).await;
    let voided = journey.done(Command::VoidAudit, &auditor()).await;
    let (told, lines) = (journey.told().await.len(), journey.world.harness.history().await.len());
    journey.hear_audit(concluded(&voided.audit_attempts[0].attempt, 1, true)).await;
    let project = journey.project().await;
    assert_eq!(stage(&project), pb::Stage::Audit1);
    assert_eq!(project.audit_attempts[0].state(), pb::AuditAttemptState::Voided);
    assert_eq!(journey.told().await.len(), told, "nobody is told of a result that moves nothing");
    assert_eq!(journey.world.harness.history().await.len(), lines + 1, "the history keeps it");
    assert_eq!(parked(&journey).await, 0);
}

#[rstest]
#[tokio::test]
async fn a_result_told_twice_counts_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Audit1Open).await;
    let attempt = journey.project().await.audit_attempts[0].attempt.clone();
    journey.hear_audit(concluded(&attempt, 1, true)).await;
    let before = (journey.project().await, stored(&journey).await);
    assert_eq!(stage(&before.0), pb::Stage::Audit2);
    journey.hear_audit(concluded(&attempt, 1, true)).await;
    assert_eq!((journey.project().await, stored(&journey).await), before);
}

#[rstest]
#[tokio::test]
async fn what_no_honest_service_tells_is_parked(#[values(Sqlite, Postgres)] backend: Backend) {
    for forge in [
        |event: &mut audit::AuditEvent| event.company = format!("companies/{}", CompanyId::new()),
        |event: &mut audit::AuditEvent| event.project = "projects/1".to_owned(),
        |event: &mut audit::AuditEvent| event.occurred_at = None,
        |event: &mut audit::AuditEvent| event.event = None,
        |event: &mut audit::AuditEvent| event.event = Some(concluded("an attempt", 1, true)),
        |event: &mut audit::AuditEvent| event.event = Some(concluded(&Uuid::now_v7().to_string(), 3, true)),
    ] {
        let journey = Journey::at(backend, Point::Opened).await;
        let mut event = journey.told_by_audit(concluded(&Uuid::now_v7().to_string(), 1, true));
        forge(&mut event);
        let before = stored(&journey).await;
        journey.world.harness.hear("audit", journey.world.dealer.company, "audit_concluded", &event).await;
        assert_eq!((parked(&journey).await, stored(&journey).await), (1, before), "{event:?}");
    }
}

#[rstest]
#[tokio::test]
async fn licence_required_again_when_a_proof_is_withdrawn(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Ready).await;
    journey.licences(&["sql_server"]).await;
    let technical = journey.world.dealer.technical.clone();
    let refused = Command::DeclareReadiness.send(&journey, &technical, json!({})).await;
    assert_eq!(crate::world::reason(refused), proto::common::v1::ErrorReason::LicenceRequired);
    let other = licensing::LicenceStatusChanged {
        variant: "hosted".to_owned(),
        complete: true,
        ..Default::default()
    };
    journey.hear_licensing(Licensing::LicenceStatusChanged(other)).await;
    let refused = Command::DeclareReadiness.send(&journey, &technical, json!({})).await;
    let expected = proto::common::v1::ErrorReason::LicenceRequired;
    assert_eq!(crate::world::reason(refused), expected, "a status of another variant says nothing");
    journey.licences(&[]).await;
    journey.done(Command::DeclareReadiness, &technical).await;
}

/// What was told to it when it was over is in the snapshots, and changes nothing there either.
#[rstest]
#[tokio::test]
async fn a_project_that_is_over_is_not_set_back(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Completed).await;
    journey.licences(&["sql_server"]).await;
    journey.hear_audit(Audit::EvidenceRefreshed(Default::default())).await;
    let before = stored(&journey).await;
    let core = journey.world.harness.service.core();
    for cursor in core.cursors().await.expect("cursors") {
        let told = usize::try_from(cursor.number.seq).expect("a number");
        let found = journey.world.harness.set_back(&cursor.service, journey.world.dealer.company, told).await;
        assert_eq!(found, [], "{}", cursor.service);
    }
    assert_eq!(stored(&journey).await, before);
}
