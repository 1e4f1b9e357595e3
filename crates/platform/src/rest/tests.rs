use std::time::Duration;

use axum::body::{Body, Bytes};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{edge::Limits, error::Problem, testing::Bench};

const LICENSING: &str = "/licensing/v1/companies/c1/projects/p1/licensing";
const CHOOSE: &str = "/licensing/v1/companies/c1/projects/p1/licensing/chooseLicence";

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    json: Value,
}

impl Answer {
    fn problem(&self) -> Problem {
        serde_json::from_value(self.json.clone()).expect("a problem")
    }
}

async fn send(bench: &Bench, request: Request<Body>) -> Answer {
    let response = bench.rest().oneshot(request).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let json = serde_json::from_slice(&body).unwrap_or_default();
    Answer { status: parts.status, headers: parts.headers, json }
}

fn request(
    bench: &Bench,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request<Body> {
    let mut builder = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {}", bench.token));
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body.into()).expect("a request")
}

async fn get(bench: &Bench, path: &str) -> Answer {
    send(bench, request(bench, "GET", path, &[], "")).await
}

async fn choose(bench: &Bench, headers: &[(&str, &str)], body: &str) -> Answer {
    send(bench, request(bench, "POST", CHOOSE, headers, body.to_owned())).await
}

#[tokio::test]
async fn the_path_becomes_the_resource_name() {
    let bench = Bench::new(Limits::default()).await;
    let answer = get(&bench, LICENSING).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json, json!({"name": "companies/c1/projects/p1/licensing", "variant": "anna"}));
    assert_eq!(answer.headers["cache-control"], "no-store");
    let slash = get(&bench, &LICENSING.replace("p1", "p1%2Fx")).await;
    assert_eq!(slash.status, 404);
}

#[tokio::test]
async fn query_parameters_take_the_contracts_types() {
    let bench = Bench::new(Limits::default()).await;
    let path = "/licensing/v1/companies/-/licensings";
    for (query, heard) in [
        ("", "companies/- 0 0"),
        ("?pageSize=20&state=LICENSING_STATE_COMPLETE", "companies/- 20 2"),
        ("?pageSize=20&pageSize=20", "companies/- 20 0"),
    ] {
        let answer = get(&bench, &format!("{path}{query}")).await;
        assert_eq!(answer.json["nextPageToken"], heard, "{query}: {}", answer.json);
    }
    for (query, field) in [
        ("?pageSize=many", "pageSize"),
        ("?state=KING", "state"),
        ("?colour=red", "colour"),
        ("?page_size=20", "pageSize"),
        ("?pageSize=1&pageSize=2", "pageSize"),
        ("?parent=companies/c9", "parent"),
    ] {
        let answer = get(&bench, &format!("{path}{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.json);
        assert_eq!(answer.problem().violations[0].field, field, "{query}");
    }
}

#[tokio::test]
async fn a_command_takes_its_id_and_etag_from_headers() {
    let bench = Bench::new(Limits::default()).await;
    let headers =
        [("idempotency-key", "\"r-1\""), ("if-match", "\"e1\""), ("content-type", "application/json")];
    let first = choose(&bench, &headers, r#"{"kind":"LICENCE_KIND_RUNTIME"}"#).await;
    assert_eq!(first.status, 200, "{}", first.json);
    assert_eq!((&first.json["missing"][2], &first.json["missing"][3]), (&json!("e1"), &json!("2")));
    assert_eq!(first.headers["x-przesiadka-position"], "licensing/_global/7");

    let again = choose(&bench, &headers, r#"{ "kind": 2 }"#).await;
    assert_eq!(again.json["missing"], first.json["missing"], "the same request");
    let other = choose(&bench, &headers, r#"{"kind":"LICENCE_KIND_STANDARD"}"#).await;
    assert_eq!(other.json["missing"][0], first.json["missing"][0], "the same request id");
    assert_ne!(other.json["missing"][1], first.json["missing"][1], "another payload");
}

#[tokio::test]
async fn a_parameter_after_the_name_fills_its_field() {
    let bench = Bench::new(Limits::default()).await;
    let path = format!("{LICENSING}/demands/windows_cals/record");
    let headers = [("idempotency-key", "\"r-1\"")];
    let answer = send(&bench, request(&bench, "POST", &path, &headers, r#"{"note":"invoice"}"#)).await;
    assert_eq!(answer.json["missing"], json!(["windows_cals", "invoice"]), "{}", answer.json);
    let body = r#"{"note":"invoice","demand":"other"}"#;
    let answer = send(&bench, request(&bench, "POST", &path, &headers, body)).await;
    assert_eq!(answer.problem().violations[0].field, "demand");
}

#[tokio::test]
async fn bad_bodies_are_refused_naming_what_is_wrong() {
    let bench = Bench::new(Limits::default()).await;
    let id = ("idempotency-key", "\"r-1\"");
    for (headers, body, field, said) in [
        (vec![id], "{\"kind\":\n nonsense}", "body", "line 2"),
        (vec![id], "[1]", "body", "no object"),
        (vec![id], r#"{"colour":"red"}"#, "colour", "unknown field"),
        (vec![id], r#"{"kind":"KING"}"#, "kind", "unknown variant"),
        (vec![id], r#"{"kind":true}"#, "kind", "invalid type"),
        (vec![id, ("content-type", "text/plain")], "{}", "content-type", "text/plain"),
        (vec![], "{}", "idempotency-key", ""),
        (vec![("idempotency-key", "r-1")], "{}", "idempotency-key", "r-1"),
        (vec![id, id], "{}", "idempotency-key", "several"),
        (vec![("idempotency-key", "\"a b\"")], "{}", "idempotency-key", "a b"),
        (vec![id, ("if-match", "e1")], "{}", "if-match", "e1"),
        (vec![id, ("x-przesiadka-after", "yesterday")], "{}", "x-przesiadka-after", "yesterday"),
    ] {
        let answer = choose(&bench, &headers, body).await;
        assert_eq!(answer.status, 400, "{body} {headers:?}: {}", answer.json);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        let problem = answer.problem();
        assert_eq!((problem.reason.as_str(), problem.instance.as_str()), ("INVALID_ARGUMENT", CHOOSE));
        assert_eq!(problem.violations[0].field, field, "{body} {headers:?}");
        assert!(problem.violations[0].asked.contains(said), "{body}: {}", problem.detail);
    }
    let deep = choose(&bench, &[id], &format!("{}1{}", "[".repeat(500), "]".repeat(500))).await;
    assert_eq!(deep.status, 400);
}

#[tokio::test]
async fn oversized_and_slow_bodies_are_refused() {
    let limits = Limits { body_bytes: 64, body_time: Duration::from_millis(50), ..Default::default() };
    let bench = Bench::new(limits).await;
    let id = [("idempotency-key", "\"r-1\"")];
    let answer = choose(&bench, &id, &format!("{{\"name\":\"{}\"}}", "x".repeat(100))).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.problem().reason, "TOO_LARGE");
    assert_eq!(answer.problem().violations[0].allowed, "64 bytes");

    let never = futures::stream::pending::<Result<Bytes, std::io::Error>>();
    let answer = send(&bench, request(&bench, "POST", CHOOSE, &id, Body::from_stream(never))).await;
    assert!(answer.problem().violations[0].asked.contains("too slowly"));
}

#[tokio::test]
async fn no_token_is_unauthenticated_before_anything_is_read() {
    let bench = Bench::new(Limits::default()).await;
    for authorization in [None, Some("Basic YTpi"), Some("Bearer nonsense"), Some("Bearer")] {
        let mut builder = Request::builder().method("POST").uri(CHOOSE);
        if let Some(value) = authorization {
            builder = builder.header("authorization", value);
        }
        let never = futures::stream::pending::<Result<Bytes, std::io::Error>>();
        let answer = send(&bench, builder.body(Body::from_stream(never)).expect("a request")).await;
        assert_eq!(answer.status, 401, "{authorization:?}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"przesiadka\"");
        assert_eq!(answer.problem().reason, "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let bench = Bench::new(Limits::default()).await;
    let answer = get(&bench, "/licensing/v1/nonsense").await;
    assert_eq!((answer.status, answer.problem().reason.as_str()), (StatusCode::NOT_FOUND, "NOT_FOUND"));
    let answer = send(&bench, request(&bench, "DELETE", CHOOSE, &[], "")).await;
    assert_eq!((answer.status, answer.problem().status), (StatusCode::METHOD_NOT_ALLOWED, 405));
    assert_eq!(answer.headers["allow"], "POST");
}

#[tokio::test]
async fn a_problem_speaks_the_callers_language() {
    let bench = Bench::new(Limits::default()).await;
    for (accept, language) in [("pl-PL, en;q=0.5", "pl"), ("en", "en")] {
        for (method, path) in [("GET", "/licensing/v1/nonsense"), ("POST", CHOOSE), ("DELETE", CHOOSE)] {
            let answer =
                send(&bench, request(&bench, method, path, &[("accept-language", accept)], "")).await;
            assert_eq!(answer.headers["content-language"], language, "{method} {path}");
            let problem = answer.problem();
            assert_eq!(problem.detail == problem.detail_pl, language == "pl", "{method} {path}");
            assert!(problem.detail.starts_with(&problem.title), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_fault_or_panic_is_a_problem_without_its_cause() {
    let bench = Bench::new(Limits::default()).await;
    for project in ["fault", "panic"] {
        let answer = get(&bench, &format!("/licensing/v1/companies/c1/projects/{project}/licensing")).await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.problem().reason, "INTERNAL");
        assert!(!answer.json.to_string().contains("the cause"));
    }
}
