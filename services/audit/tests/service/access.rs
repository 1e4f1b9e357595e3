use platform::{
    auth::Role,
    id::{CompanyId, ContactId},
};
use proto::{audit::v1 as pb, scheduling::v1::ContactState};
use rstest::rstest;
use serde_json::json;
use testkit::Backend::{self, Postgres, Sqlite};
use tonic::Code;

use crate::bench::{Bench, authorised, but, good_audit_1, reason};

#[rstest]
#[tokio::test]
async fn another_companys_audit_is_not_found(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let name =
        bench.audit_1(but(good_audit_1(), json!({"key": "power.plan", "textValue": "balanced"}))).await;
    let stranger = bench.token_of(Role::Technical, Some((CompanyId::new(), ContactId::new())));
    let not_found = (Code::NotFound, "NOT_FOUND".to_owned());
    let got = bench.client().get_audit(authorised(pb::GetAuditRequest { name }, &stranger)).await;
    assert_eq!(reason(&got.expect_err("a stranger")), not_found);
    let finding = bench.findings().await[0].name.clone();
    let got = bench
        .client()
        .get_finding(authorised(pb::GetFindingRequest { name: finding.clone() }, &stranger))
        .await;
    assert_eq!(reason(&got.expect_err("a stranger")), not_found);
    let request = pb::AnswerFindingRequest {
        name: finding,
        answer: "x".into(),
        request_id: bench.request_id(),
        ..Default::default()
    };
    let got = bench.client().answer_finding(authorised(request, &stranger)).await;
    assert_eq!(reason(&got.expect_err("a stranger")), not_found);
    let request = pb::ListAuditsRequest { parent: bench.project.to_string(), ..Default::default() };
    let got = bench.client().list_audits(authorised(request, &stranger)).await;
    assert_eq!(reason(&got.expect_err("a stranger")), not_found);
}

#[rstest]
#[case::nobody("companies/x/projects/y/audits/z", Code::InvalidArgument)]
#[case::unknown_project(
    "companies/00000000-0000-0000-0000-000000000001/projects/00000000-0000-0000-0000-000000000002/audits/00000000-0000-0000-0000-000000000003",
    Code::NotFound
)]
#[tokio::test]
async fn a_name_of_nothing(#[case] name: &str, #[case] code: Code) {
    let bench = Bench::new(Sqlite).await;
    let request = authorised(pb::GetAuditRequest { name: name.into() }, &bench.token(Role::Auditor));
    assert_eq!(bench.client().get_audit(request).await.expect_err("nothing").code(), code);
    assert_eq!(bench.conclude(name).await.expect_err("nothing").code(), code);
}

#[rstest]
#[tokio::test]
async fn a_contact_neither_records_nor_concludes(#[values(Role::Technical, Role::Decision)] role: Role) {
    let bench = Bench::new(Sqlite).await;
    let name =
        bench.audit_1(but(good_audit_1(), json!({"key": "power.plan", "textValue": "balanced"}))).await;
    let finding = bench.findings().await[0].name.clone();
    let denied = (Code::PermissionDenied, "PERMISSION_DENIED".to_owned());
    let (token, id) = (bench.token(role), || bench.request_id());
    let mut client = bench.client();
    let record = pb::RecordValuesRequest { name: name.clone(), request_id: id(), ..Default::default() };
    assert_eq!(reason(&client.record_values(authorised(record, &token)).await.expect_err("denied")), denied);
    let conclude = pb::ConcludeAuditRequest { name: name.clone(), request_id: id(), ..Default::default() };
    assert_eq!(
        reason(&client.conclude_audit(authorised(conclude, &token)).await.expect_err("denied")),
        denied
    );
    let waive =
        pb::WaiveItemRequest { name, until: "2027-01-31".into(), request_id: id(), ..Default::default() };
    assert_eq!(reason(&client.waive_item(authorised(waive, &token)).await.expect_err("denied")), denied);
    let verify = pb::VerifyFindingRequest { name: finding.clone(), request_id: id(), ..Default::default() };
    assert_eq!(reason(&client.verify_finding(authorised(verify, &token)).await.expect_err("denied")), denied);
    let reject = pb::RejectFindingRequest { name: finding, request_id: id(), ..Default::default() };
    assert_eq!(reason(&client.reject_finding(authorised(reject, &token)).await.expect_err("denied")), denied);
    let watch = client.watch_events(authorised(pb::WatchEventsRequest::default(), &token)).await;
    assert_eq!(reason(&watch.expect_err("denied")), denied);
    let all = pb::ListAuditsRequest { parent: "companies/-/projects/-".into(), ..Default::default() };
    assert_eq!(reason(&client.list_audits(authorised(all, &token)).await.expect_err("denied")), denied);
}

#[rstest]
#[tokio::test]
async fn softvig_does_not_answer_for_the_company(
    #[values(Role::Crm, Role::Operator, Role::Auditor)] role: Role,
) {
    let bench = Bench::new(Sqlite).await;
    bench.audit_1(but(good_audit_1(), json!({"key": "power.plan", "textValue": "balanced"}))).await;
    let name = bench.findings().await[0].name.clone();
    let request = pb::AnswerFindingRequest {
        name,
        answer: "done".into(),
        request_id: bench.request_id(),
        ..Default::default()
    };
    let status =
        bench.client().answer_finding(authorised(request, &bench.token(role))).await.expect_err("denied");
    assert_eq!(status.code(), Code::PermissionDenied);
}

#[rstest]
#[tokio::test]
async fn a_contact_who_left_is_denied_at_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let name =
        bench.audit_1(but(good_audit_1(), json!({"key": "power.plan", "textValue": "balanced"}))).await;
    let finding = bench.findings().await[0].name.clone();
    let token = bench.token(Role::Technical);
    let get = || authorised(pb::GetAuditRequest { name: name.clone() }, &token);
    bench.client().get_audit(get()).await.expect("takes part");
    bench.contact_card(bench.contact, ContactState::Left).await;
    let denied = bench.client().get_audit(get()).await.expect_err("left");
    assert_eq!(denied.code(), Code::PermissionDenied);
    let request = pb::AnswerFindingRequest {
        name: finding,
        answer: "x".into(),
        request_id: bench.request_id(),
        ..Default::default()
    };
    let denied = bench.client().answer_finding(authorised(request, &token)).await.expect_err("left");
    assert_eq!(denied.code(), Code::PermissionDenied);
}
