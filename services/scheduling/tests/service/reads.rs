use futures::StreamExt as _;
use platform::{Service as _, auth::Principal};
use proto::{common::v1::ErrorReason, scheduling::v1 as pb};
use rstest::rstest;
use scheduling::Scheduling;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{World, auditor, crm, operator, reason};

async fn list(
    world: &World,
    caller: &Principal,
    page_size: i32,
    page_token: &str,
) -> Result<pb::ListCompaniesResponse, platform::Error> {
    let request = pb::ListCompaniesRequest { page_size, page_token: page_token.to_owned() };
    world.harness.call(caller, Scheduling::list_companies, request).await
}

#[rstest]
#[tokio::test]
async fn pages_hold_every_company_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let mut expected = vec![world.dealer.name.clone()];
    for _ in 0..4 {
        expected.push(world.another_dealer().await.name);
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = list(&world, &auditor(), 2, &token).await.expect("a page");
        seen.extend(page.companies.into_iter().map(|company| company.name));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, expected, "in the order in which they were added");
}

#[rstest]
#[tokio::test]
async fn only_softvig_lists_companies(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    for caller in [&world.dealer.technical, &world.dealer.decision] {
        assert_eq!(reason(list(&world, caller, 0, "").await), ErrorReason::PermissionDenied);
    }
}

#[rstest]
#[tokio::test]
async fn a_token_of_another_query_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    world.another_dealer().await;
    let page = list(&world, &crm(), 1, "").await.expect("a page");
    for token in [&page.watch_token, "never given out", &format!("{}A", page.next_page_token)] {
        assert_eq!(reason(list(&world, &crm(), 1, token).await), ErrorReason::PageTokenInvalid, "{token}");
    }
    assert_eq!(reason(list(&world, &crm(), -1, "").await), ErrorReason::InvalidArgument);
}

#[rstest]
#[tokio::test]
async fn a_contact_reads_the_own_company_only(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let (dealer, other) = (world.dealer.clone(), world.another_dealer().await);
    let harness = &world.harness;
    for caller in [&dealer.technical, &dealer.decision] {
        let company = |name: &str| pb::GetCompanyRequest { name: name.to_owned() };
        harness.call(caller, Scheduling::get_company, company(&dealer.name)).await.expect("the own");
        let theirs = harness.call(caller, Scheduling::get_company, company(&other.name)).await;
        assert_eq!(reason(theirs), ErrorReason::NotFound);

        let contacts = |name: &str| pb::ListContactsRequest { parent: name.to_owned() };
        let own = harness.call(caller, Scheduling::list_contacts, contacts(&dealer.name)).await;
        assert_eq!(own.expect("the own").contacts.len(), 2);
        let theirs = harness.call(caller, Scheduling::list_contacts, contacts(&other.name)).await;
        assert_eq!(reason(theirs), ErrorReason::NotFound);

        let request = pb::GetContactRequest { name: other.contact(&other.technical) };
        let theirs = harness.call(caller, Scheduling::get_contact, request).await;
        assert_eq!(reason(theirs), ErrorReason::NotFound);
    }
    for caller in [crm(), operator(), auditor()] {
        let request = pb::GetContactRequest { name: other.contact(&other.technical) };
        harness.call(&caller, Scheduling::get_contact, request).await.expect("SOFTVIG reads all");
    }
}

#[rstest]
#[tokio::test]
async fn everybody_reads_the_variants(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    for caller in [crm(), auditor(), world.dealer.technical.clone()] {
        let answer = world.harness.call(&caller, Scheduling::list_variants, pb::ListVariantsRequest {}).await;
        let keys: Vec<_> = answer.expect("listed").variants.into_iter().map(|variant| variant.key).collect();
        assert_eq!(keys, ["new_server", "same_server", "hosted"]);
    }
}

#[rstest]
#[tokio::test]
async fn a_project_that_is_not_there_has_no_history(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let parent = format!("{}/projects/{}", world.dealer.name, uuid::Uuid::now_v7());
    let request = pb::ListHistoryRequest { parent, ..Default::default() };
    let outcome = world.harness.call(&crm(), Scheduling::list_history, request).await;
    assert_eq!(reason(outcome), ErrorReason::NotFound);
}

#[rstest]
#[tokio::test]
async fn a_watch_goes_on_where_a_list_ended(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    world.harness.service.core().sequence().await.expect("sequenced");
    let resume_token = list(&world, &crm(), 0, "").await.expect("a page").watch_token;
    world.add_contact(&world.dealer, "Ewa", &[pb::ContactRole::Technical]).await;
    world.harness.service.core().sequence().await.expect("sequenced");

    let watch = |resume_token: &str| pb::WatchEventsRequest {
        resume_token: resume_token.to_owned(),
        ..Default::default()
    };
    let items = world.harness.call(&crm(), Scheduling::watch_events, watch(&resume_token)).await;
    let mut items = Box::pin(items.expect("a watch"));
    let first = items.next().await.expect("an item").expect("no error");
    let event = first.event.expect("an event").event.expect("its kind");
    assert!(
        matches!(event, pb::scheduling_event::Event::ContactCard(card) if card.email == "ewa@auto-nowak.pl")
    );

    let foreign = pb::WatchEventsRequest { company: world.dealer.name.clone(), ..watch(&resume_token) };
    let outcome = world.harness.call(&crm(), Scheduling::watch_events, foreign).await;
    assert_eq!(outcome.err().map(|e| e.reason()), Some(ErrorReason::WatchTokenInvalid));
    for caller in [auditor(), world.dealer.decision.clone()] {
        let outcome = world.harness.call(&caller, Scheduling::watch_events, watch("")).await;
        assert_eq!(outcome.err().map(|e| e.reason()), Some(ErrorReason::PermissionDenied));
    }
}
