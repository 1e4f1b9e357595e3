use futures::StreamExt as _;
use licensing::Licensing;
use platform::auth::Principal;
use proto::{common::v1::ErrorReason, licensing::v1 as pb};
use rstest::rstest;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{Dealer, World, complete_needs, crm, reason};

async fn list(
    world: &World,
    caller: &Principal,
    request: pb::ListLicensingsRequest,
) -> Result<pb::ListLicensingsResponse, platform::Error> {
    world.harness.call(caller, Licensing::list_licensings, request).await
}

fn all() -> pb::ListLicensingsRequest {
    pb::ListLicensingsRequest { parent: "companies/-".to_owned(), ..Default::default() }
}

fn names(answer: &pb::ListLicensingsResponse) -> Vec<String> {
    answer.licensings.iter().map(|licensing| licensing.name.clone()).collect()
}

#[rstest]
#[tokio::test]
async fn pages_hold_every_licensing_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let mut expected = vec![world.dealer.name()];
    for _ in 0..4 {
        let dealer = Dealer::new();
        world.open(&dealer, "").await;
        expected.push(dealer.name());
    }
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = list(&world, &crm(), pb::ListLicensingsRequest { page_size: 2, page_token, ..all() })
            .await
            .unwrap();
        seen.extend(names(&page));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, expected, "in the order of opening");
}

#[rstest]
#[tokio::test]
async fn a_list_shows_what_fits_no_more_and_leaves_the_advice_to_a_read(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    world.set_needs(dealer, complete_needs()).await.unwrap();
    world.choose(dealer, pb::LicenceKind::Standard).await.unwrap();
    let needs = pb::Needs { cores: Some(24), ..complete_needs() };
    let read = world.set_needs(dealer, needs).await.unwrap();
    let listed = list(&world, &crm(), all()).await.unwrap().licensings.remove(0);
    let (read_choice, listed_choice) = (read.choice.unwrap(), listed.choice.unwrap());
    assert!(read.advice.is_some() && read_choice.advice.is_some());
    assert!(listed.advice.is_none() && listed_choice.advice.is_none());
    assert!(!listed_choice.misfits.is_empty());
    assert_eq!(listed_choice, pb::Choice { advice: None, ..read_choice });
}

#[rstest]
#[tokio::test]
async fn a_contact_lists_the_own_company_only(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let other = Dealer::new();
    world.open(&other, "").await;
    let of = |dealer: &Dealer| pb::ListLicensingsRequest {
        parent: format!("companies/{}", dealer.company),
        ..all()
    };
    let technical = &world.dealer.technical;
    assert_eq!(names(&list(&world, technical, of(&world.dealer)).await.unwrap()), [world.dealer.name()]);
    assert_eq!(reason(list(&world, technical, of(&other)).await), ErrorReason::NotFound);
    assert_eq!(reason(list(&world, technical, all()).await), ErrorReason::PermissionDenied);
}

#[rstest]
#[tokio::test]
async fn a_page_token_of_another_query_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    world.open(&Dealer::new(), "").await;
    let first = list(&world, &crm(), pb::ListLicensingsRequest { page_size: 1, ..all() }).await.unwrap();
    let other_query = pb::ListLicensingsRequest {
        page_token: first.next_page_token.clone(),
        state: pb::LicensingState::Complete.into(),
        ..all()
    };
    let other_tenant = pb::ListLicensingsRequest {
        page_token: first.next_page_token,
        parent: format!("companies/{}", world.dealer.company),
        ..all()
    };
    for request in [other_query, other_tenant] {
        assert_eq!(reason(list(&world, &crm(), request).await), ErrorReason::PageTokenInvalid);
    }
    for request in [
        pb::ListLicensingsRequest { page_size: -1, ..all() },
        pb::ListLicensingsRequest { state: 9, ..all() },
        pb::ListLicensingsRequest { parent: "companies/seven".to_owned(), ..all() },
    ] {
        assert_eq!(reason(list(&world, &crm(), request).await), ErrorReason::InvalidArgument);
    }
}

#[rstest]
#[tokio::test]
async fn a_list_is_filtered_by_state(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let (complete, closed) = (Dealer::new(), Dealer::new());
    for dealer in [&complete, &closed] {
        world.open(dealer, "").await;
        world.variant(dealer, "hosted", false, &[]).await;
    }
    world.cancel(&closed).await;
    let cases = [
        (pb::LicensingState::Incomplete, &world.dealer),
        (pb::LicensingState::Complete, &complete),
        (pb::LicensingState::Closed, &closed),
    ];
    for (state, dealer) in cases {
        let page =
            list(&world, &crm(), pb::ListLicensingsRequest { state: state.into(), ..all() }).await.unwrap();
        assert_eq!(names(&page), [dealer.name()], "{state:?}");
        assert_eq!(page.licensings[0].state(), state);
    }
}

#[rstest]
#[tokio::test]
async fn a_watch_from_the_lists_token_misses_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    world.sequence().await;
    let token = list(&world, &crm(), all()).await.unwrap().watch_token;
    world.choose(dealer, pb::LicenceKind::Standard).await.unwrap();
    world.record(dealer, "sql_server").await.unwrap();
    world.sequence().await;

    let watch = pb::WatchEventsRequest { resume_token: token.clone(), ..Default::default() };
    let events = world.harness.call(&crm(), Licensing::watch_events, watch).await.unwrap();
    let seen: Vec<_> = events.take(4).map(Result::unwrap).collect().await;
    let expected = world.harness.outbox::<pb::LicensingEvent>().await;
    let events: Vec<_> = seen.iter().map(|answer| answer.event.clone().unwrap()).collect();
    assert_eq!(
        events,
        expected[expected.len() - 4..].iter().map(|(_, event)| event.clone()).collect::<Vec<_>>()
    );

    let resume_token = seen[1].resume_token.clone();
    let watch = pb::WatchEventsRequest { resume_token, ..Default::default() };
    let events = world.harness.call(&crm(), Licensing::watch_events, watch).await.unwrap();
    let next = events.take(1).map(Result::unwrap).collect::<Vec<_>>().await.remove(0);
    assert_eq!(next.event, seen[2].event, "goes on right after");
}

#[rstest]
#[tokio::test]
async fn a_watch_is_softvigs_and_bound_to_its_filter(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    let watch = async |caller: &Principal, company: String, project: String, resume_token: String| {
        let request = pb::WatchEventsRequest { company, project, resume_token };
        world.harness.call(caller, Licensing::watch_events, request).await.map(drop)
    };
    let (company, project) = (format!("companies/{}", dealer.company), dealer.project.to_string());
    let none = String::new;
    let token = list(&world, &crm(), all()).await.unwrap().watch_token;
    assert_eq!(reason(watch(&crm(), company.clone(), none(), token).await), ErrorReason::WatchTokenInvalid);
    assert_eq!(reason(watch(&crm(), none(), none(), "x".to_owned()).await), ErrorReason::WatchTokenInvalid);
    assert_eq!(reason(watch(&dealer.technical, none(), none(), none()).await), ErrorReason::PermissionDenied);
    let other = format!("companies/{}", Dealer::new().company);
    assert_eq!(reason(watch(&dealer.technical, other.clone(), none(), none()).await), ErrorReason::NotFound);
    assert_eq!(reason(watch(&crm(), other, project.clone(), none()).await), ErrorReason::InvalidArgument);
    let own = watch(&dealer.technical, company, project, none()).await;
    assert_eq!(reason(own), ErrorReason::PermissionDenied, "the stream is SOFTVIG's");
}
