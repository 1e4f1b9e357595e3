use platform::auth::Role;
use proto::audit::v1 as pb;
use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend::{self, Postgres, Sqlite};

use crate::{
    bench::{Bench, at},
    portal::post,
};

const EXAMPLE: &str = include_str!("../../../../docs/collector-result.example.json");
const SCHEMA: &str = include_str!("../../../../docs/collector-result.schema.json");

fn example() -> Value {
    serde_json::from_str(EXAMPLE).expect("JSON")
}

#[rstest]
#[tokio::test]
async fn a_script_sends_what_it_measured_and_reads_what_came_of_it(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let bench = Bench::new(backend).await;
    let audit = bench.open(1, 1).await;
    bench.set_now(at(0, 11));
    let path = format!("/audit/v1/{audit}/importValues");
    let (status, answer) = post(&bench, &path, example()).await;
    assert_eq!(status, 200, "{answer}");
    let import = &answer["imports"][0];
    assert_eq!(import["origin"], example()["origin"]);
    assert!(import["recordedBy"]["contact"].is_string(), "{import}");
    let outcomes: Vec<_> =
        import["values"].as_array().expect("outcomes").iter().map(|v| &v["outcome"]).collect();
    let recorded = "IMPORT_OUTCOME_RECORDED";
    assert_eq!(outcomes, [recorded, recorded, recorded, recorded, "IMPORT_OUTCOME_UNKNOWN_KEY"]);

    // The same document, as another request: nothing happens.
    let told = bench.told_names().await;
    let (status, again) = post(&bench, &path, example()).await;
    assert_eq!((status.as_u16(), &again["etag"]), (200, &answer["etag"]));
    assert_eq!(bench.told_names().await, told);
    assert_eq!(told, ["values_recorded"]);

    let ram = bench
        .get(&audit)
        .await
        .items
        .into_iter()
        .find(|i| i.definition.as_ref().is_some_and(|d| d.key == "ram.gb"));
    let recorded = ram.and_then(|item| item.recorded).expect("recorded");
    assert_eq!(recorded.value, Some(pb::recorded_value::Value::NumberValue(32.0)));
    assert_eq!(recorded.origin.map(|o| o.collector), Some("autostacja-collect".to_owned()));
}

#[tokio::test]
async fn a_document_that_is_none_is_refused_by_field() {
    let bench = Bench::new(Sqlite).await;
    let audit = bench.open(1, 1).await;
    bench.set_now(at(0, 11));
    let path = format!("/audit/v1/{audit}/importValues");
    let mut nan = example();
    nan["values"][1]["numberValue"] = json!("NaN");
    let mut stranger = example();
    stranger["script"] = json!("collect.ps1");
    let mut empty = example();
    empty["values"][0] = json!({ "key": "cpu.x64" });
    for (document, field) in [(nan, "values[1].value"), (stranger, "script"), (empty, "values[0].value")] {
        let (status, problem) = post(&bench, &path, document).await;
        assert_eq!((status.as_u16(), &problem["violations"][0]["field"]), (400, &json!(field)), "{problem}");
    }
    assert!(bench.told_names().await.is_empty(), "nothing was recorded");
}

#[test]
fn the_published_schema_has_the_fields_of_the_contract() {
    fn fields(schema: &Value) -> Vec<&String> {
        schema["properties"].as_object().expect("an object").keys().collect()
    }
    let published: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let operations: Vec<_> = audit::rest::routes().iter().map(|route| route.operation().clone()).collect();
    let document = platform::openapi::document(&operations);
    let path = "/audit/v1/companies/{company}/projects/{project}/audits/{audit}/importValues";
    let body = &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
    let mut body = fields(body);
    body.retain(|field| field.as_str() != "validateOnly");
    assert_eq!(fields(&published), body);
    let contract = &document["components"]["schemas"];
    let origin = &published["properties"]["origin"];
    assert_eq!(fields(origin), fields(&contract["audit.Origin"]));
    assert_eq!(fields(&published["$defs"]["value"]), fields(&contract["audit.MeasuredValue"]));
}

#[rstest]
#[tokio::test]
async fn an_auditor_lists_what_is_assigned_to_them(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let audit = bench.open(1, 1).await;
    let token = bench.token(Role::Operator);
    let assign = |auditor: &str| pb::AssignAuditRequest {
        name: audit.clone(),
        auditor: auditor.into(),
        request_id: bench.request_id(),
        ..Default::default()
    };
    let listed = async |auditor: &str| {
        let request = pb::ListAuditsRequest {
            parent: "companies/-/projects/-".into(),
            auditor: auditor.into(),
            ..Default::default()
        };
        let answer = bench.client().list_audits(crate::bench::authorised(request, &token)).await;
        answer.expect("listed").into_inner().audits.len()
    };
    assert_eq!(listed("ewa").await, 0);
    for auditor in ["ewa", "jan"] {
        let request = crate::bench::authorised(assign(auditor), &token);
        bench.client().assign_audit(request).await.expect("assigned");
    }
    assert_eq!((listed("ewa").await, listed("jan").await, listed("").await), (0, 1, 1));
    assert_eq!(bench.told_names().await, ["audit_assigned", "audit_assigned"]);
}

/// Each knows the audit as it was before the other wrote.
#[rstest]
#[tokio::test]
async fn two_auditors_at_once_lose_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let audit = bench.open(1, 1).await;
    let value = |key: &str, number: f64, unit: &str| {
        vec![crate::bench::value(json!({ "key": key, "numberValue": number, "unit": unit }))]
    };
    let writes = (0..10).flat_map(|n| {
        let n = f64::from(n) + 1.0;
        [bench.record(&audit, value("ram.gb", n, "GB")), bench.record(&audit, value("cpu.ghz", n, "GHz"))]
    });
    for written in futures::future::join_all(writes).await {
        written.expect("recorded");
    }
    let read = bench.get(&audit).await;
    for key in ["ram.gb", "cpu.ghz"] {
        let item =
            read.items.iter().find(|i| i.definition.as_ref().is_some_and(|d| d.key == key)).expect(key);
        let all = item.history.iter().chain(&item.recorded);
        let mut all: Vec<_> = all.map(|r| format!("{:?}", r.value)).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 10, "{key}: every value is there");
    }
}
