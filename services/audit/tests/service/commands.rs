use platform::auth::Role;
use proto::audit::v1::{self as pb, audit_event::Event as Told};
use rstest::rstest;
use serde_json::json;
use testkit::Backend::{self, Postgres, Sqlite};
use tonic::Code;

use crate::bench::{Bench, at, authorised, but, good_audit_1, good_audit_2, reason, value};

#[rstest]
#[tokio::test]
async fn both_audits_are_recorded_concluded_and_told(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let first = bench.open(1, 1).await;
    let audit = bench
        .record(&first, but(good_audit_1(), json!({"key": "power.plan", "textValue": "balanced"})))
        .await;
    let audit = audit.expect("recorded");
    assert_eq!(
        (audit.state(), audit.missing.len(), audit.failing.as_slice()),
        (pb::AuditState::Open, 0, &["power.plan".to_owned()][..])
    );
    bench.set_now(at(0, 15));
    let audit = bench.conclude(&first).await.expect("concluded");
    assert_eq!((audit.state(), audit.passed), (pb::AuditState::Passed, Some(true)));
    let expected = ["values_recorded", "audit_concluded", "finding_opened", "evidence_refreshed"];
    assert_eq!(bench.told_names().await, expected);

    let told = bench.told().await;
    let Some(Told::AuditConcluded(concluded)) = &told[1].event else { panic!("{told:?}") };
    assert_eq!((concluded.audit, concluded.number, concluded.passed), (1, 1, true));
    assert_eq!(first, format!("{}/audits/{}", bench.project, concluded.attempt));
    assert_eq!(concluded.findings[0].item, "power.plan");
    let Some(Told::EvidenceRefreshed(refreshed)) = &told[3].event else { panic!("{told:?}") };
    assert_eq!(refreshed.evidence.len(), 12);
    assert!(refreshed.evidence.iter().all(|e| e.valid_until.is_some()));

    bench.set_now(at(4, 9));
    let second = bench.open(2, 1).await;
    bench.record(&second, good_audit_2()).await.expect("recorded");
    let missing = bench.conclude(&second).await.expect_err("the finding is not rechecked");
    assert_eq!(reason(&missing), (Code::FailedPrecondition, "AUDIT_INCOMPLETE".into()));
    let id = bench.findings().await[0].name.rsplit('/').next().expect("an id").to_owned();
    let fix = json!({"key": format!("fix.{id}"), "boolValue": true, "note": "seen"});
    bench.record(&second, vec![value(fix)]).await.expect("recorded");
    let audit = bench.conclude(&second).await.expect("concluded");
    assert_eq!(audit.state(), pb::AuditState::Passed);
    assert_eq!(bench.findings().await[0].state(), pb::FindingState::Verified);
    let actors: Vec<_> =
        bench.history().await.into_iter().filter(|(kind, _)| kind == "audit_concluded").collect();
    assert_eq!(actors.len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_failed_audit_is_repeated_with_what_passed_carried_over(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let bench = Bench::new(backend).await;
    let first =
        bench.audit_1(but(good_audit_1(), json!({"key": "ram.gb", "numberValue": 8, "unit": "GB"}))).await;
    assert_eq!(bench.get(&first).await.state(), pb::AuditState::Failed);

    bench.set_now(at(3, 9));
    let second = bench.open(1, 2).await;
    let audit = bench.get(&second).await;
    assert_eq!(audit.missing, ["ram.gb"]);
    let carried = audit.items.iter().find(|i| i.definition.as_ref().is_some_and(|d| d.key == "cpu.x64"));
    assert_eq!(carried.map(|i| i.carried_from.as_str()), Some(first.as_str()));
    bench
        .record(&second, vec![value(json!({"key": "ram.gb", "numberValue": 32, "unit": "GB"}))])
        .await
        .expect("recorded");
    assert_eq!(bench.conclude(&second).await.expect("concluded").state(), pb::AuditState::Passed);
    assert_eq!(bench.get(&first).await.state(), pb::AuditState::Failed, "no result is overwritten");
}

#[rstest]
#[tokio::test]
async fn evidence_stale_is_mended_by_a_fresh_measurement(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let first =
        bench.audit_1(but(good_audit_1(), json!({"key": "ram.gb", "numberValue": 8, "unit": "GB"}))).await;
    bench.set_now(at(20, 9));
    let second = bench.open(1, 2).await;
    bench
        .record(&second, vec![value(json!({"key": "ram.gb", "numberValue": 32, "unit": "GB"}))])
        .await
        .expect("recorded");
    let stale = bench.conclude(&second).await.expect_err("20 days are too many");
    assert_eq!(reason(&stale), (Code::FailedPrecondition, "EVIDENCE_STALE".into()));
    let audit = bench.get(&second).await;
    let expiring = |v: &pb::MeasuredValue| {
        audit
            .items
            .iter()
            .any(|i| i.definition.as_ref().is_some_and(|d| d.key == v.key && d.expires_after_days > 0))
    };
    bench.record(&second, good_audit_1().into_iter().filter(expiring).collect()).await.expect("recorded");
    bench.conclude(&second).await.expect("everything is fresh");

    bench.set_now(at(40, 9));
    let again = vec![value(json!({"key": "link.mbps", "numberValue": 250, "unit": "Mbit/s"}))];
    bench.record(&second, again.clone()).await.expect("measured again after the pass");
    assert_eq!(bench.told_names().await.last(), Some(&"evidence_refreshed"));
    let locked = bench.record(&first, again).await.expect_err("the first attempt did not pass");
    assert_eq!(reason(&locked), (Code::FailedPrecondition, "AUDIT_LOCKED".into()));
}

#[rstest]
#[case::unknown_key(json!({"key": "ram.mb", "numberValue": 8, "unit": "GB"}), "values[0].key")]
#[case::wrong_kind(json!({"key": "ram.gb", "textValue": "32 GB"}), "values[0].value")]
#[case::wrong_unit(json!({"key": "ram.gb", "numberValue": 32768, "unit": "MHz"}), "values[0].value")]
#[case::no_value(json!({"key": "ram.gb"}), "values[0].value")]
#[case::no_such_day(json!({"key": "ram.gb", "dateValue": "2027-02-30"}), "values[0].date_value")]
#[tokio::test]
async fn a_bad_value_is_an_invalid_argument_naming_its_field(
    #[case] json: serde_json::Value,
    #[case] field: &str,
) {
    use tonic_types::StatusExt as _;
    let bench = Bench::new(Sqlite).await;
    let name = bench.open(1, 1).await;
    let values = vec![value(json), value(json!({"key": "cpu.x64", "boolValue": true}))];
    let status = bench.record(&name, values).await.expect_err("one is bad");
    assert_eq!(reason(&status), (Code::InvalidArgument, "INVALID_ARGUMENT".into()));
    let fields = status.get_details_bad_request().expect("fields").field_violations;
    assert_eq!(fields[0].field, field);
    assert!(bench.told().await.is_empty(), "all or nothing");
}

#[rstest]
#[tokio::test]
async fn a_waiver_is_refused_or_counts(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let name = bench.open(1, 1).await;
    let waive = async |item: &str, until: &str| {
        let request = pb::WaiveItemRequest {
            name: name.clone(),
            item: item.into(),
            approver: "Anna Nowak".into(),
            reason: "the new host comes in March".into(),
            until: until.into(),
            request_id: bench.request_id(),
            ..Default::default()
        };
        bench.client().waive_item(authorised(request, &bench.token(Role::Auditor))).await
    };
    let refused = waive("link.mbps", "2027-01-31").await.expect_err("link acceptance is never waived");
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "NOT_WAIVABLE".into()));
    let refused = waive("host.domain_controller", "2027-13-31").await.expect_err("no such day");
    assert_eq!(reason(&refused), (Code::InvalidArgument, "INVALID_ARGUMENT".into()));
    let audit = waive("host.domain_controller", "2027-01-31").await.expect("waived").into_inner();
    let item =
        audit.items.iter().find(|i| i.definition.as_ref().is_some_and(|d| d.key == "host.domain_controller"));
    assert_eq!(item.map(pb::AuditItem::verdict), Some(pb::Verdict::Waived));
    assert_eq!(bench.told_names().await, ["item_waived"]);
}

#[rstest]
#[tokio::test]
async fn occurred_at_invalid_and_audit_locked(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let name = bench.open(1, 1).await;
    let future = json!({"key": "cpu.x64", "boolValue": true, "measuredAt": "2027-01-14T09:00:01Z"});
    let refused = bench.record(&name, vec![value(future)]).await.expect_err("in the future");
    assert_eq!(reason(&refused), (Code::InvalidArgument, "OCCURRED_AT_INVALID".into()));
    bench.record(&name, good_audit_1()).await.expect("recorded");
    bench.conclude(&name).await.expect("concluded");
    let locked = bench.conclude(&name).await.expect_err("twice");
    assert_eq!(reason(&locked), (Code::FailedPrecondition, "AUDIT_LOCKED".into()));
}

#[rstest]
#[tokio::test]
async fn a_stale_etag_is_refused_and_changes_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let name = bench.open(1, 1).await;
    let etag = bench.get(&name).await.etag;
    let other = bench
        .record(&name, vec![value(json!({"key": "cpu.x64", "boolValue": true}))])
        .await
        .expect("recorded");
    assert_ne!(other.etag, etag);
    let send = async |etag: &str| {
        let values = vec![value(json!({"key": "cpu.x64", "boolValue": false}))];
        let request = pb::RecordValuesRequest {
            name: name.clone(),
            values,
            etag: etag.into(),
            request_id: bench.request_id(),
            ..Default::default()
        };
        bench.client().record_values(authorised(request, &bench.token(Role::Auditor))).await
    };
    let refused = send(&etag).await.expect_err("somebody else was faster");
    assert_eq!(reason(&refused), (Code::Aborted, "ETAG_MISMATCH".into()));
    assert_eq!(bench.get(&name).await.etag, other.etag);
    send(&other.etag).await.expect("the present one");
}

#[rstest]
#[tokio::test]
async fn a_command_sent_twice_happens_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let name = bench.open(1, 1).await;
    let mut request = pb::RecordValuesRequest {
        name: name.clone(),
        values: vec![value(json!({"key": "cpu.x64", "boolValue": true}))],
        request_id: "once".into(),
        ..Default::default()
    };
    let token = bench.token(Role::Auditor);
    let first = bench
        .client()
        .record_values(authorised(request.clone(), &token))
        .await
        .expect("recorded")
        .into_inner();
    let again = bench
        .client()
        .record_values(authorised(request.clone(), &token))
        .await
        .expect("the same")
        .into_inner();
    assert_eq!(first, again);
    assert_eq!(bench.told().await.len(), 1);
    request.values.clear();
    let reused =
        bench.client().record_values(authorised(request, &token)).await.expect_err("another payload");
    assert_eq!(reason(&reused), (Code::InvalidArgument, "REQUEST_ID_REUSED".into()));
}

#[rstest]
#[tokio::test]
async fn validate_only_answers_and_changes_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let name = bench.open(1, 1).await;
    bench.record(&name, good_audit_1()).await.expect("recorded");
    let before = bench.get(&name).await;
    let request = pb::ConcludeAuditRequest {
        name: name.clone(),
        request_id: bench.request_id(),
        validate_only: true,
        ..Default::default()
    };
    let would_be = bench.client().conclude_audit(authorised(request, &bench.token(Role::Auditor))).await;
    assert_eq!(would_be.expect("judged").into_inner().state(), pb::AuditState::Passed);
    assert_eq!(bench.get(&name).await, before);
    assert_eq!(bench.told_names().await, ["values_recorded"]);
}

#[rstest]
#[tokio::test]
async fn licence_required_before_audit_2_can_pass(#[values(Sqlite, Postgres)] backend: Backend) {
    use proto::licensing::v1::{LicenceStatusChanged, licensing_event::Event};
    let bench = Bench::new(backend).await;
    bench.audit_1(good_audit_1()).await;
    bench.set_now(at(4, 9));
    let name = bench.open(2, 1).await;
    bench.record(&name, good_audit_2()).await.expect("recorded");
    let status = |missing: &[&str]| {
        Event::LicenceStatusChanged(LicenceStatusChanged {
            variant: crate::bench::VARIANT.into(),
            complete: missing.is_empty(),
            missing: missing.iter().map(|m| (*m).to_owned()).collect(),
            ..Default::default()
        })
    };
    bench.hear_licensing(status(&["sql_server_cal"])).await;
    let refused = bench.conclude(&name).await.expect_err("a proof was withdrawn");
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "LICENCE_REQUIRED".into()));
    bench.hear_licensing(status(&[])).await;
    bench.conclude(&name).await.expect("it is back");
}
