use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use platform::auth::Role;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend::{self, Postgres, Sqlite};
use tower::ServiceExt as _;

use crate::bench::{Bench, but, good_audit_1};

async fn call(bench: &Bench, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", bench.token(Role::Technical)));
    if body.is_some() {
        request = request
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", format!("\"{}\"", bench.request_id()));
    }
    let request =
        request.body(Body::from(body.map(|b| b.to_string()).unwrap_or_default())).expect("a request");
    let response = bench.rest().oneshot(request).await.expect("answered");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).expect("JSON"))
}

/// Sends a command as the company's technical contact.
pub async fn post(bench: &Bench, path: &str, body: Value) -> (StatusCode, Value) {
    call(bench, Method::POST, path, Some(body)).await
}

#[rstest]
#[tokio::test]
async fn a_contact_reads_findings_and_answers_them(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let audit =
        bench.audit_1(but(good_audit_1(), json!({"key": "power.plan", "textValue": "balanced"}))).await;
    let (status, read) = call(&bench, Method::GET, &format!("/audit/v1/{audit}"), None).await;
    assert_eq!((status, &read["state"]), (StatusCode::OK, &json!("AUDIT_STATE_PASSED")));

    let (status, list) = call(
        &bench,
        Method::GET,
        &format!("/audit/v1/{}/findings?state=FINDING_STATE_OPEN", bench.project),
        None,
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{list}");
    let name = list["findings"][0]["name"].as_str().expect("a name").to_owned();
    let answer = format!("/audit/v1/{name}/answer");
    let (status, finding) =
        call(&bench, Method::POST, &answer, Some(json!({"answer": "zmieniono plan"}))).await;
    assert_eq!((status, &finding["state"]), (StatusCode::OK, &json!("FINDING_STATE_ANSWERED")));
    assert_eq!(finding["steps"][1]["text"], "zmieniono plan");
    assert_eq!(bench.told_names().await.last(), Some(&"finding_answered"));
    let (status, list) =
        call(&bench, Method::GET, &format!("/audit/v1/{}/audits", bench.project), None).await;
    assert_eq!((status, list["audits"].as_array().map(Vec::len)), (StatusCode::OK, Some(1)));
    let (status, _) = call(&bench, Method::GET, "/audit/v1/checklists/audit-1", None).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_refused_answer_is_a_problem_that_names_its_field() {
    let bench = Bench::new(Sqlite).await;
    bench.audit_1(but(good_audit_1(), json!({"key": "power.plan", "textValue": "balanced"}))).await;
    let name = bench.findings().await[0].name.clone();
    let (status, problem) =
        call(&bench, Method::POST, &format!("/audit/v1/{name}/answer"), Some(json!({"answer": " "}))).await;
    assert_eq!((status, &problem["reason"]), (StatusCode::BAD_REQUEST, &json!("INVALID_ARGUMENT")));
    assert_eq!(problem["violations"][0]["field"], "answer");
}
