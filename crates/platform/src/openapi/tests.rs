use axum::body::Body;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::testing::Echo;

fn operations() -> Vec<Operation> {
    Echo::routes().iter().map(|route| route.operation().clone()).collect()
}

/// All `$ref` in a document.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match inner {
                    Value::String(target) if key == "$ref" => found.push(target.clone()),
                    inner => references(inner, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_route_is_described_with_what_its_path_and_headers_fill() {
    let document = document(&operations());
    let choose = &document["paths"]["/licensing/v1/companies/{company}/projects/{project}/licensing/chooseLicence"]
        ["post"];
    assert_eq!(choose["operationId"], "licensing_ChooseLicence");
    let names: Vec<_> =
        choose["parameters"].as_array().expect("parameters").iter().map(|p| p["name"].as_str()).collect();
    let expected = ["company", "project", "Idempotency-Key", "If-Match", "x-przesiadka-after"];
    assert_eq!(names, expected.map(Some));
    let body = &choose["requestBody"]["content"]["application/json"]["schema"]["properties"];
    let fields: Vec<_> = body.as_object().expect("properties").keys().collect();
    assert_eq!(fields, ["kind", "metric", "validateOnly"]);

    let list = &document["paths"]["/licensing/v1/companies/{company}/licensings"]["get"];
    let parameters = list["parameters"].as_array().expect("parameters");
    let state = parameters.iter().find(|p| p["name"] == "state").expect("a filter");
    assert_eq!(
        (&state["in"], &state["schema"]["enum"][1]),
        (&json!("query"), &json!("LICENSING_STATE_INCOMPLETE"))
    );
    assert!(list.get("requestBody").is_none());

    let record = &document["paths"]["/licensing/v1/companies/{company}/projects/{project}/licensing/demands/{demand}/record"]
        ["post"];
    let body = &record["requestBody"]["content"]["application/json"]["schema"]["properties"];
    assert!(body.get("demand").is_none() && body.get("name").is_none(), "{body}");
    assert_eq!(body["occurredAt"]["format"], "date-time");
}

#[test]
fn of_the_forms_of_a_value_exactly_one_is_asked_for() {
    let mut schemas = schema::Schemas::default();
    schemas.message("przesiadka.common.v1.PlannedDate");
    let planned = &schemas.into_components()["common.PlannedDate"];
    assert_eq!(planned["oneOf"], json!([{ "required": ["day"] }, { "required": ["window"] }]));
}

#[test]
fn every_reference_leads_somewhere_and_comments_are_kept() {
    let document = document(&operations());
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for target in found {
        let pointer = target.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some_and(|schema| !schema.is_null()), "{target}");
    }
    let schemas = &document["components"]["schemas"];
    assert!(schemas["licensing.Licensing"]["description"].as_str().is_some_and(|text| !text.is_empty()));
    assert!(schemas["Problem"]["description"].as_str().expect("text").contains("`READINESS_BUFFER` (422)"));
}

#[test]
fn the_table_lists_every_rpc_and_stays_between_its_marks() {
    let table = rpc_table(&operations(), &[]);
    assert!(
        table.contains(
            "| licensing.GetLicensing | the company's contacts, SOFTVIG | `GET /licensing/v1/companies/"
        ),
        "{table}"
    );
    assert!(table.contains("| licensing.WatchEvents | crm, operator | gRPC only (a stream) |"), "{table}");
    assert!(!table.contains("scheduling."), "{table}");
    let old = "# API\n<!-- rpc table: generated, see the test that compares it -->\nold\n<!-- end of rpc table -->\nend";
    let new = in_document(old, &table).expect("marks");
    assert!(
        new.starts_with("# API\n") && new.ends_with("\nend") && new.contains(&table) && !new.contains("old")
    );
    assert_eq!(in_document(&new, &table).as_ref(), Some(&new), "once more changes nothing");
    assert!(in_document("no marks", &table).is_none());
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let router = router(&document(&operations()));
    for (path, kind) in [
        ("/openapi.json", "application/json"),
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/docs.js", "text/javascript; charset=utf-8"),
        ("/docs/docs.css", "text/css; charset=utf-8"),
    ] {
        let request = http::Request::get(path).body(Body::empty()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("infallible");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], kind);
        let policy = response.headers()["content-security-policy"].to_str().expect("text").to_owned();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        if path.starts_with("/docs") {
            let text = String::from_utf8_lossy(&body);
            assert!(!text.contains("http://") && !text.contains("https://"), "{path} names another place");
        }
    }
}
