//! Lists, the history and the watch of projects.

use futures::StreamExt as _;
use platform::{Service as _, auth::Principal};
use proto::{common::v1::ErrorReason, scheduling::v1 as pb};
use rstest::rstest;
use scheduling::Scheduling;
use testkit::Backend::{self, Postgres, Sqlite};

use serde_json::json;

use super::{
    command::Command,
    journey::{Journey, Point, open},
};
use crate::world::{auditor, crm, operator, reason};

async fn list(
    journey: &Journey,
    caller: &Principal,
    parent: &str,
    stage: pb::Stage,
    page_token: &str,
) -> Result<pb::ListProjectsResponse, platform::Error> {
    let request = pb::ListProjectsRequest {
        parent: parent.to_owned(),
        page_size: 2,
        page_token: page_token.to_owned(),
        stage: stage.into(),
    };
    journey.world.harness.call(caller, Scheduling::list_projects, request).await
}

const ALL: &str = "companies/-";

#[rstest]
#[tokio::test]
async fn pages_hold_every_project_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Agreed).await;
    let mut expected = vec![journey.name.clone()];
    for _ in 0..4 {
        let dealer = journey.world.another_dealer().await;
        let opened = journey.world.harness.call(&crm(), Scheduling::open_project, open(&dealer.name)).await;
        expected.push(opened.expect("opened").name);
    }
    let names = async |stage: pb::Stage| {
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = list(&journey, &auditor(), ALL, stage, &token).await.expect("a page");
            seen.extend(page.projects.into_iter().map(|project| project.name));
            token = page.next_page_token;
            if token.is_empty() {
                return seen;
            }
        }
    };
    assert_eq!(names(pb::Stage::Unspecified).await, expected);
    assert_eq!(names(pb::Stage::Readiness).await, expected[..1]);
    assert_eq!(names(pb::Stage::Contracting).await, expected[1..]);

    let page = list(&journey, &crm(), ALL, pb::Stage::Unspecified, "").await.expect("a page");
    let token = page.next_page_token.as_str();
    let own = journey.world.dealer.name.as_str();
    let (technical, other_stage) = (&journey.world.dealer.technical, pb::Stage::Contracting);
    for (caller, parent, stage, token) in [
        (&crm(), ALL, other_stage, token),
        (&crm(), own, pb::Stage::Unspecified, token),
        (technical, own, pb::Stage::Unspecified, token),
        (&crm(), ALL, pb::Stage::Unspecified, "made up"),
    ] {
        let outcome = list(&journey, caller, parent, stage, token).await;
        assert_eq!(reason(outcome), ErrorReason::PageTokenInvalid, "{parent} {stage:?}");
    }
    let mine = list(&journey, technical, own, pb::Stage::Unspecified, "").await.expect("the own");
    assert_eq!(mine.projects.len(), 1);
    let theirs = journey.world.another_dealer().await.name;
    let outcome = list(&journey, technical, &theirs, pb::Stage::Unspecified, "").await;
    assert_eq!(reason(outcome), ErrorReason::NotFound);
    assert!(
        list(&journey, technical, ALL, pb::Stage::Unspecified, "").await.is_err(),
        "not of all companies"
    );
}

#[rstest]
#[tokio::test]
async fn the_history_holds_every_change_in_order(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Declared).await;
    let (mut lines, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListHistoryRequest { parent: journey.name.clone(), page_size: 3, page_token };
        let caller = &journey.world.dealer.technical;
        let page = journey.world.harness.call(caller, Scheduling::list_history, request).await;
        let page = page.expect("a page");
        lines.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut kinds: Vec<_> = lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds[..3], ["project_opened", "contract_recorded", "variant_chosen"]);
    kinds.retain(|kind| *kind == "date_agreed");
    assert_eq!(kinds.len(), 4);
    let chosen = &lines[2];
    assert_eq!(chosen.actor, journey.world.dealer.contact(&journey.world.dealer.decision));
    assert!(!chosen.request.is_empty());
    assert!(lines.iter().all(|line| !line.body.contains("Testowa")), "people by id only");
}

async fn lines_of(journey: &Journey) -> Vec<pb::HistoryEntry> {
    let request =
        pb::ListHistoryRequest { parent: journey.name.clone(), page_size: 200, ..Default::default() };
    let page = journey.world.harness.call(&crm(), Scheduling::list_history, request).await;
    page.expect("a page").entries
}

/// What happened can be told from the names alone, and from which request.
#[rstest]
#[tokio::test]
async fn the_history_says_by_name_what_happened_and_from_which_request(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let journey = Journey::at(backend, Point::Audit1Open).await;
    journey.conclude(false).await;
    let kinds: Vec<_> = lines_of(&journey).await.into_iter().map(|line| line.kind).collect();
    assert!(kinds.contains(&"audit_failed".to_owned()), "{kinds:?}");

    let journey = Journey::at(backend, Point::Restored).await;
    let request = json!({ "requestId": "crm-4711", "reason": "no printers" });
    Command::RollBackRun.send(&journey, &operator(), request).await.expect("rolled back");
    let lines = lines_of(&journey).await;
    let mut kinds = lines.iter().map(|line| line.kind.as_str());
    for kind in [
        "readiness_condition_confirmed",
        "readiness_declared",
        "audit_attempt_opened",
        "audit_passed",
        "stop_confirmed",
        "run_started",
        "databases_restored",
        "integrations_announced",
        "run_rolled_back",
        "integrations_cancelled",
    ] {
        assert!(kinds.any(|found| found == kind), "{kind}, after those before it: {lines:#?}");
    }
    let rolled_back = lines.iter().find(|line| line.kind == "run_rolled_back").expect("a line");
    assert_eq!(rolled_back.request, "crm-4711");
    assert!(rolled_back.body.contains("no printers"), "why: {}", rolled_back.body);
}

#[rstest]
#[tokio::test]
async fn the_history_of_a_company_says_what_it_became(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Opened).await;
    journey.state_systems().await;
    let parent = journey.world.dealer.name.clone();
    let request = pb::ListCompanyHistoryRequest { parent, page_size: 200, ..Default::default() };
    let read = async |caller: &Principal, request: &pb::ListCompanyHistoryRequest| {
        journey.world.harness.call(caller, Scheduling::list_company_history, request.clone()).await
    };
    let lines = read(&journey.world.dealer.technical, &request).await.expect("the own").entries;
    let kinds: Vec<_> = lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["registered", "contact_added", "contact_added", "systems_stated"]);
    let stated = &lines[3].body;
    assert!(stated.contains("erp") && stated.contains("crm-link") && !stated.contains("Anna"), "{stated}");
    assert!(lines[0].body.contains("Auto Nowak"), "{}", lines[0].body);

    let other = journey.world.another_dealer().await;
    assert_eq!(reason(read(&other.technical, &request).await), ErrorReason::NotFound);
}

#[rstest]
#[tokio::test]
async fn a_watch_tells_the_projects_events_in_order(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Opened).await;
    let core = journey.world.harness.service.core();
    core.sequence().await.expect("sequenced");
    let parent = &journey.world.dealer.name;
    let listed = list(&journey, &crm(), parent, pb::Stage::Unspecified, "").await.expect("a page");
    let before = journey.told().await.len();
    for point in [Point::Contracted, Point::Proposed, Point::Agreed] {
        journey.go_to(point).await;
    }
    core.sequence().await.expect("sequenced");
    let request = pb::WatchEventsRequest {
        company: parent.clone(),
        project: String::new(),
        resume_token: listed.watch_token,
    };
    let watched = journey.world.harness.call(&crm(), Scheduling::watch_events, request).await;
    let mut watched = Box::pin(watched.expect("a watch"));
    for (kind, event) in journey.told().await.split_off(before) {
        let seen = loop {
            let item = watched.next().await.expect("an item").expect("no error");
            if let Some(event) = item.event {
                break event;
            }
        };
        assert_eq!((seen.project.as_str(), seen.event), (journey.name.as_str(), Some(event)), "{kind}");
    }
}
