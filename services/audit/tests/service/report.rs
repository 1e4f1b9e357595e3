//! An audit's report, as JSON and as PDF, over both adapters.

use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use platform::{auth::Role, id::CompanyId};
use proto::{
    audit::v1 as pb,
    scheduling::v1::{CompanyChanged, scheduling_event::Event as Scheduling},
};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend::{self, Postgres, Sqlite};
use tonic::Code;
use tower::ServiceExt as _;

use crate::bench::{Bench, authorised, but, good_audit_1, reason};

async fn failed(bench: &Bench) -> String {
    bench.audit_1(but(good_audit_1(), json!({"key": "ram.gb", "numberValue": 8, "unit": "GB"}))).await
}

async fn get(bench: &Bench, path: &str) -> Response<Body> {
    let token = bench.token(Role::Technical);
    let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    bench.rest().oneshot(request.body(Body::empty()).expect("a request")).await.expect("answered")
}

async fn json_of(response: Response<Body>) -> Value {
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    serde_json::from_slice(&bytes).expect("JSON")
}

#[rstest]
#[tokio::test]
async fn a_report_names_the_company_and_is_the_same_over_both_adapters(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let bench = Bench::new(backend).await;
    let name = failed(&bench).await;
    let report = async || {
        let request = pb::GetAuditReportRequest { name: name.clone() };
        let request = authorised(request, &bench.token(Role::Technical));
        bench.client().get_audit_report(request).await.expect("there").into_inner()
    };
    assert_eq!(report().await.company, "", "nobody has told it yet");
    for display_name in ["Auto Łęcki", "Auto Łęcki sp. z o.o."] {
        let changed = CompanyChanged { display_name: display_name.into(), ..Default::default() };
        bench.hear(Scheduling::CompanyChanged(changed)).await;
        assert_eq!(report().await.company, display_name);
    }
    let report = report().await;
    assert_eq!((report.passed, report.findings.len()), (Some(false), 1));
    let response = get(&bench, &format!("/audit/v1/{name}/report")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(json_of(response).await, serde_json::to_value(&report).expect("JSON"));
}

#[tokio::test]
async fn a_report_is_not_found_by_another_company() {
    let bench = Bench::new(Sqlite).await;
    let name = failed(&bench).await;
    let token = bench.token_of(Role::Technical, Some((CompanyId::new(), bench.contact)));
    let request = pb::GetAuditReportRequest { name: name.clone() };
    let refused = bench.client().get_audit_report(authorised(request, &token)).await.expect_err("not theirs");
    assert_eq!(reason(&refused), (Code::NotFound, "NOT_FOUND".into()));
    let request = pb::RenderAuditReportRequest { name, language: "pl".into() };
    let refused =
        bench.client().render_audit_report(authorised(request, &token)).await.expect_err("nor that");
    assert_eq!(reason(&refused), (Code::NotFound, "NOT_FOUND".into()));
}

#[rstest]
#[case::none("")]
#[case::another("?language=de")]
#[tokio::test]
async fn invalid_argument_names_the_languages_of_a_pdf(#[case] query: &str) {
    let bench = Bench::new(Sqlite).await;
    let name = failed(&bench).await;
    let response = get(&bench, &format!("/audit/v1/{name}/renderReport{query}")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let problem = json_of(response).await;
    assert_eq!(problem["violations"][0]["field"], "language");
    assert_eq!(problem["violations"][0]["allowed"], "pl or en");
}

#[cfg(feature = "pdf")]
#[rstest]
#[case::polish("pl", "audyt-1-podejscie-1.pdf")]
#[case::english("en", "audit-1-attempt-1.pdf")]
#[tokio::test]
async fn a_pdf_is_made_over_both_adapters(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] language: &str,
    #[case] file_name: &str,
) {
    use futures::StreamExt as _;

    let bench = Bench::new(backend).await;
    let name = failed(&bench).await;
    let response = get(&bench, &format!("/audit/v1/{name}/renderReport?language={language}")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let header = |name| response.headers()[&name].to_str().expect("ASCII").to_owned();
    assert_eq!(header(header::CONTENT_TYPE), "application/pdf");
    assert_eq!(header(header::CACHE_CONTROL), "no-store");
    assert!(header(header::CONTENT_DISPOSITION).contains(&format!("filename=\"{file_name}\"")));
    let by_rest = response.into_body().collect().await.expect("a body").to_bytes();
    assert!(by_rest.starts_with(b"%PDF-"));

    let request = pb::RenderAuditReportRequest { name, language: language.into() };
    let request = authorised(request, &bench.token(Role::Auditor));
    let mut stream = bench.client().render_audit_report(request).await.expect("made").into_inner();
    let first = stream.next().await.expect("a file").expect("its head").file.expect("what it is");
    assert_eq!((first.display_name.as_str(), first.media_type.as_str()), (file_name, "application/pdf"));
    let mut by_grpc = Vec::new();
    while let Some(piece) = stream.next().await {
        by_grpc.extend(piece.expect("a piece").data);
    }
    assert_eq!(by_grpc.len() as i64, first.size_bytes);
    assert!(by_grpc == by_rest, "the same report gives the same bytes");
}

#[cfg(not(feature = "pdf"))]
#[tokio::test]
async fn not_in_this_build_says_where_a_pdf_is_made() {
    let bench = Bench::new(Sqlite).await;
    let name = failed(&bench).await;
    let response = get(&bench, &format!("/audit/v1/{name}/renderReport?language=pl")).await;
    assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED);
    assert_eq!(json_of(response).await["reason"], "NOT_IN_THIS_BUILD");
    let request = pb::RenderAuditReportRequest { name, language: "pl".into() };
    let request = authorised(request, &bench.token(Role::Auditor));
    let refused = bench.client().render_audit_report(request).await.expect_err("no PDF");
    assert_eq!(reason(&refused), (Code::Unimplemented, "NOT_IN_THIS_BUILD".into()));
}
