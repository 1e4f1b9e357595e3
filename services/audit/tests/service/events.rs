use prost::Message as _;
use proto::{
    audit::v1 as pb,
    licensing::v1::{LicenceStatusChanged, licensing_event::Event as Licensing},
    scheduling::v1::{self as scheduling, scheduling_event::Event as Scheduling},
};
use rstest::rstest;
use serde_json::json;
use testkit::Backend::{self, Postgres, Sqlite};
use tonic::Code;

use crate::bench::{Bench, but, good_audit_1, reason, value};

#[rstest]
#[tokio::test]
async fn an_attempt_is_voided_and_its_result_kept(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let name = bench.audit_1(good_audit_1()).await;
    let attempt = name.rsplit('/').next().expect("an id").to_owned();
    let voided =
        scheduling::AuditAttemptVoided { attempt, audit: 1, reason: "the variant was changed".into() };
    bench.hear(Scheduling::AuditAttemptVoided(voided)).await;
    let audit = bench.get(&name).await;
    assert_eq!((audit.state(), audit.passed), (pb::AuditState::Voided, Some(true)));
    assert_eq!(audit.void_reason, "the variant was changed");
    let locked = bench
        .record(&name, vec![value(json!({"key": "link.mbps", "numberValue": 90, "unit": "Mbit/s"}))])
        .await;
    assert_eq!(reason(&locked.expect_err("voided")), (Code::FailedPrecondition, "AUDIT_LOCKED".into()));
}

#[rstest]
#[tokio::test]
async fn project_closed_after_it_is_cancelled(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let name = bench.open(1, 1).await;
    bench.hear(Scheduling::ProjectCancelled(scheduling::ProjectCancelled { reason: "sold".into() })).await;
    assert_eq!(bench.get(&name).await.state(), pb::AuditState::Voided);
    let closed = bench.conclude(&name).await.expect_err("over");
    assert_eq!(reason(&closed), (Code::FailedPrecondition, "PROJECT_CLOSED".into()));
}

#[rstest]
#[tokio::test]
async fn an_event_seen_twice_has_its_effect_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let name =
        bench.audit_1(but(good_audit_1(), json!({"key": "ram.gb", "numberValue": 8, "unit": "GB"}))).await;
    // The first messages of the lane again: the contact, the project, the variant, the attempt.
    for seq in 1..=4 {
        bench.receive_again("scheduling", seq, b"whatever".to_vec()).await;
    }
    assert_eq!(bench.get(&name).await.state(), pb::AuditState::Failed);
    assert!(bench.core.parked_after(None, 100).await.expect("read").is_empty());
}

#[rstest]
#[case::undecodable(b"\xff\xff".to_vec(), "undecodable")]
#[case::unknown_type(envelope("", None), "unknown type")]
#[case::forged(
    envelope("companies/00000000-0000-0000-0000-000000000001", Some(Scheduling::ProjectOpened(scheduling::ProjectOpened {}))),
    "undecodable: companies/00000000-0000-0000-0000-000000000001 on the lane of"
)]
#[tokio::test]
async fn what_cannot_be_applied_is_parked_and_visible(#[case] payload: Vec<u8>, #[case] error: &str) {
    let bench = Bench::new(Sqlite).await;
    bench.receive("scheduling", payload).await;
    let parked = bench.core.parked_after(None, 100).await.expect("read");
    assert_eq!(parked.len(), 1);
    assert!(parked[0].error.starts_with(error), "{}", parked[0].error);
    // What follows waits behind it; the other lane goes on.
    bench.open(1, 1).await;
    assert_eq!(bench.core.parked_after(None, 100).await.expect("read")[0].behind, 1);
    bench.hear_licensing(Licensing::LicenceStatusChanged(LicenceStatusChanged::default())).await;
    assert_eq!(bench.core.parked_after(None, 100).await.expect("read").len(), 1);
}

#[tokio::test]
async fn an_attempt_of_an_unknown_checklist_is_parked() {
    let bench = Bench::new(Sqlite).await;
    bench
        .hear(Scheduling::AuditAttemptOpened(scheduling::AuditAttemptOpened {
            attempt: uuid::Uuid::now_v7().to_string(),
            audit: 1,
            number: 1,
            checklist: "2031-01".into(),
            ..Default::default()
        }))
        .await;
    let parked = bench.core.parked_after(None, 100).await.expect("read");
    assert_eq!(parked[0].error, "undecodable: audit 1 has no checklist of version \"2031-01\"");
}

fn envelope(company: &str, event: Option<Scheduling>) -> Vec<u8> {
    scheduling::SchedulingEvent { company: company.into(), event, ..Default::default() }.encode_to_vec()
}
