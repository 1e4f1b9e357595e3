use futures::StreamExt as _;
use platform::auth::Role;
use proto::audit::v1 as pb;
use rstest::rstest;
use serde_json::json;
use testkit::Backend::{self, Postgres, Sqlite};
use tonic::Code;

use crate::bench::{Bench, at, authorised, but, good_audit_1, reason, value};

#[rstest]
#[tokio::test]
async fn audits_and_findings_are_listed_in_pages(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let values = but(good_audit_1(), json!({"key": "power.plan", "textValue": "balanced"}));
    let first = bench.audit_1(but(values, json!({"key": "ram.gb", "numberValue": 8, "unit": "GB"}))).await;
    bench.set_now(at(3, 9));
    let second = bench.open(1, 2).await;

    let parents = [
        bench.project.to_string(),
        format!("companies/{}/projects/-", bench.project.company),
        "companies/-/projects/-".into(),
    ];
    for parent in parents {
        let list = async |request: pb::ListAuditsRequest| {
            bench
                .client()
                .list_audits(authorised(request, &bench.token(Role::Crm)))
                .await
                .map(|r| r.into_inner())
        };
        let mut request = pb::ListAuditsRequest { parent, page_size: 1, ..Default::default() };
        let page = list(request.clone()).await.expect("listed");
        assert_eq!(page.audits.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), [&first]);
        assert!(page.audits[0].items.is_empty() && !page.audits[0].etag.is_empty());
        request.page_token = page.next_page_token.clone();
        let page_2 = list(request.clone()).await.expect("listed");
        assert_eq!((page_2.audits[0].name.as_str(), page_2.next_page_token.as_str()), (second.as_str(), ""));

        request.state = pb::AuditState::Open.into();
        let refused = list(request.clone()).await.expect_err("the token of another query");
        assert_eq!(reason(&refused), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".into()));
        request.page_token.clear();
        let open = list(request).await.expect("listed");
        assert_eq!(open.audits.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), [&second]);
    }

    let findings = bench.findings().await;
    assert_eq!(
        findings.iter().map(|f| (f.number, f.item.as_str())).collect::<Vec<_>>(),
        [(1, "ram.gb"), (2, "power.plan")]
    );
    let request = pb::ListFindingsRequest {
        parent: bench.project.to_string(),
        state: pb::FindingState::Verified.into(),
        ..Default::default()
    };
    let verified =
        bench.client().list_findings(authorised(request, &bench.token(Role::Crm))).await.expect("listed");
    assert!(verified.into_inner().findings.is_empty());
}

#[tokio::test]
async fn a_checklist_is_read_in_a_version_or_the_newest() {
    let bench = Bench::new(Sqlite).await;
    let get = async |name: &str| {
        let request = pb::GetChecklistRequest { name: name.into() };
        bench
            .client()
            .get_checklist(authorised(request, &bench.token(Role::Technical)))
            .await
            .map(|r| r.into_inner())
    };
    let newest = get("checklists/audit-1").await.expect("there");
    assert_eq!(
        (newest.name.as_str(), newest.items.len(), newest.facts.len()),
        ("checklists/audit-1@2026-11", 34, 10)
    );
    let vpn = newest.items.iter().find(|i| i.key == "link.vpn").expect("there");
    assert_eq!(
        (vpn.only_if.as_str(), vpn.expires_after_days, vpn.waivable),
        ("data_crosses_link", 14, false)
    );
    assert_eq!(get("checklists/audit-2@2026-11").await.expect("there").items.len(), 23);
    assert_eq!(get("checklists/audit-1@1999").await.expect_err("no such version").code(), Code::NotFound);
    assert_eq!(get("checklists/audit-3").await.expect_err("no such audit").code(), Code::InvalidArgument);
}

#[rstest]
#[tokio::test]
async fn a_watch_goes_on_from_a_lists_token(#[values(Sqlite, Postgres)] backend: Backend) {
    let bench = Bench::new(backend).await;
    let name = bench.open(1, 1).await;
    bench.record(&name, vec![value(json!({"key": "cpu.x64", "boolValue": true}))]).await.expect("recorded");
    bench.core.sequence().await.expect("sequenced");
    let token = bench.token(Role::Crm);
    let list = pb::ListAuditsRequest { parent: "companies/-/projects/-".into(), ..Default::default() };
    let list = bench.client().list_audits(authorised(list, &token)).await.expect("listed").into_inner();

    bench
        .record(&name, vec![value(json!({"key": "cpu.ghz", "numberValue": 2.4, "unit": "GHz"}))])
        .await
        .expect("recorded");
    bench.core.sequence().await.expect("sequenced");
    let watch = pb::WatchEventsRequest { resume_token: list.watch_token.clone(), ..Default::default() };
    let mut events =
        bench.client().watch_events(authorised(watch, &token)).await.expect("watched").into_inner();
    let answer = events.next().await.expect("goes on").expect("an answer");
    let Some(pb::audit_event::Event::ValuesRecorded(recorded)) = answer.event.and_then(|e| e.event) else {
        panic!("only what came after the list")
    };
    assert_eq!(recorded.keys, ["cpu.ghz"]);

    let company = format!("companies/{}", bench.project.company);
    let watch = pb::WatchEventsRequest { resume_token: list.watch_token, company, ..Default::default() };
    let refused =
        bench.client().watch_events(authorised(watch, &token)).await.expect_err("a token of another watch");
    assert_eq!(reason(&refused), (Code::OutOfRange, "WATCH_TOKEN_INVALID".into()));
}
