use platform::auth::Role;
use proto::audit::v1::{self as pb, audit_event::Event as Told};
use rstest::rstest;
use serde_json::json;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::bench::{Bench, authorised, value};

#[rstest]
#[tokio::test]
async fn an_operator_sets_another_limit_and_everybody_sees_it(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let audit = bench.open(1, 1).await;
    let ram = json!({ "key": "ram.gb", "numberValue": 15.5, "unit": "GB" });
    bench.record(&audit, vec![value(ram)]).await.expect("recorded");
    let request = pb::OverrideLimitRequest {
        name: audit.clone(),
        item: "ram.gb".into(),
        limits: vec![15.0],
        approver: "Anna Nowak".into(),
        reason: "the server is replaced in summer".into(),
        until: "2027-06-30".into(),
        request_id: bench.request_id(),
        ..Default::default()
    };
    let request = authorised(request, &bench.token(Role::Operator));
    let set = bench.client().override_limit(request).await.expect("set").into_inner();
    let read = bench.get(&audit).await;
    for audit in [set, read] {
        let mut items = audit.items.into_iter();
        let item =
            items.find(|i| i.definition.as_ref().is_some_and(|d| d.key == "ram.gb")).expect("the item");
        assert_eq!((item.verdict(), item.limit.as_str()), (pb::Verdict::Passed, "≥ 15"));
        assert_eq!(item.definition.map(|d| d.expectation), Some("≥ 16".into()), "the checklist is as it was");
        let overridden = item.limit_override.expect("an override");
        assert_eq!((overridden.expectation.as_str(), overridden.until.as_str()), ("≥ 15", "2027-06-30"));
        assert!(!overridden.for_variant && overridden.recorded_by.is_some());
    }
    let told = bench.told().await.pop().and_then(|told| told.event);
    let Some(Told::LimitOverridden(told)) = told else { panic!("{told:?}") };
    assert_eq!((told.item.as_str(), told.limits.as_slice()), ("ram.gb", &[15.0][..]));
}
