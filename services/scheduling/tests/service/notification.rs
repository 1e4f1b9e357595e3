//! What notification tells of addresses: CONTACTS_REQUIRED counts deliverable ones.

use platform::{Service as _, clock, harness::request_id, lane::Lane};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{self as notification, notification_event::Event},
    scheduling::v1 as pb,
};
use rstest::rstest;
use scheduling::Scheduling;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{Dealer, World, auditor, crm, operator, reason};

/// Half an hour into the test's day.
const LATER: &str = "2026-11-16T10:30:00Z";

async fn hear(world: &World, dealer: &Dealer, at: &str, kind: &str, event: Event) {
    let message = notification::NotificationEvent {
        company: dealer.name.clone(),
        occurred_at: Some(clock::to_wire(platform::harness::instant(at))),
        event: Some(event),
        ..Default::default()
    };
    world.harness.hear("notification", dealer.company, kind, &message).await;
}

async fn undeliverable(world: &World, contact: &str, at: &str) {
    let event = notification::AddressUndeliverable { contact: contact.to_owned(), ..Default::default() };
    hear(world, &world.dealer, at, "address_undeliverable", Event::AddressUndeliverable(event)).await;
}

async fn parked(world: &World) -> usize {
    world.harness.service.core().parked_after(None, 100).await.expect("a list").len()
}

#[rstest]
#[tokio::test]
async fn an_undeliverable_address_is_known_until_it_is_corrected(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let anna = world.dealer.contact(&world.dealer.technical);
    world.clock.set(LATER);
    undeliverable(&world, &anna, LATER).await;
    let contact = world.get_contact(&anna).await;
    assert_eq!(contact.undeliverable_since, Some(clock::to_wire(platform::harness::instant(LATER))));

    world.clock.set("2026-11-16T11:00:00Z");
    let corrected = pb::Contact { email: "a.testowa@auto-nowak.pl".into(), ..contact };
    let request =
        pb::UpdateContactRequest { contact: Some(corrected), request_id: request_id(), ..Default::default() };
    let answer = world.harness.call(&world.dealer.technical, Scheduling::update_contact, request).await;
    assert_eq!(answer.expect("corrected").undeliverable_since, None);
    assert_eq!(world.harness.outbox_kinds().await.last().map(String::as_str), Some("address_cleared"));

    undeliverable(&world, &anna, LATER).await;
    assert_eq!(world.get_contact(&anna).await.undeliverable_since, None, "it was about the old address");
    assert_eq!(parked(&world).await, 0);
}

#[rstest]
#[tokio::test]
async fn softvig_clears_an_address_here_or_in_notification(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let anna = world.dealer.contact(&world.dealer.technical);
    let request =
        || pb::ClearAddressRequest { name: anna.clone(), request_id: request_id(), validate_only: false };
    undeliverable(&world, &anna, LATER).await;
    for caller in [auditor(), world.dealer.technical.clone(), world.dealer.decision.clone()] {
        let refused = world.harness.call(&caller, Scheduling::clear_address, request()).await;
        assert_eq!(reason(refused), ErrorReason::PermissionDenied);
    }
    for caller in [operator(), crm()] {
        undeliverable(&world, &anna, LATER).await;
        let cleared = world.harness.call(&caller, Scheduling::clear_address, request()).await;
        assert_eq!(cleared.expect("cleared").undeliverable_since, None);
    }

    undeliverable(&world, &anna, LATER).await;
    let event = notification::AddressCleared { contact: anna.clone() };
    hear(&world, &world.dealer, LATER, "address_cleared", Event::AddressCleared(event)).await;
    assert_eq!(world.get_contact(&anna).await.undeliverable_since, None);
}

#[rstest]
#[tokio::test]
async fn an_event_about_nobody_is_parked_and_so_is_one_on_anothers_lane(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let other = world.another_dealer().await;
    let foreign = other.contact(&other.technical);
    undeliverable(&world, &foreign, LATER).await;
    assert_eq!(parked(&world).await, 1, "another company's contact on this lane");
    assert_eq!(world.get_contact(&foreign).await.undeliverable_since, None);

    let nobody = format!("{}/contacts/{}", other.name, uuid::Uuid::now_v7());
    let event = notification::AddressUndeliverable { contact: nobody, ..Default::default() };
    hear(&world, &other, LATER, "address_undeliverable", Event::AddressUndeliverable(event)).await;
    assert_eq!(parked(&world).await, 2);
}

#[rstest]
#[tokio::test]
async fn an_event_without_a_known_type_or_that_is_no_message_is_parked(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[values(&b""[..], &b"\xff\xff"[..])] payload: &[u8],
) {
    let world = World::new(backend).await;
    let lane = Lane::Company(world.dealer.company);
    let message = world.harness.message("notification", lane, "of_tomorrow", payload.to_vec());
    world.harness.receive(message).await;
    assert_eq!(parked(&world).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_restored_notification_is_believed_what_it_still_knows(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let anna = world.dealer.contact(&world.dealer.technical);
    world.clock.set(LATER);
    undeliverable(&world, &anna, LATER).await;
    let told = world.harness.outbox_kinds().await;
    let found = world.harness.set_back("notification", world.dealer.company, 0).await;
    let differs = |what: &str, here: &str, there: &str| (what.to_owned(), here.to_owned(), there.to_owned());
    let (refused, works) = (format!("{anna} undeliverable"), format!("{anna} works"));
    assert_eq!(found, [differs("last_event", "1", "0"), differs("address", &refused, &works)]);
    assert_eq!(world.get_contact(&anna).await.undeliverable_since, None);
    assert_eq!(world.harness.outbox_kinds().await, told, "nobody is told");
    undeliverable(&world, &anna, LATER).await;
    assert!(world.get_contact(&anna).await.undeliverable_since.is_some(), "it goes on");
}
