use futures::future::join_all;
use licensing::Licensing;
use platform::harness::request_id;
use proto::{common::v1::ErrorReason, licensing::v1 as pb};
use rstest::rstest;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{Dealer, World, crm, reason};

const OFFER: &str = "runtime-start";
/// As the shipped catalogue says.
const QUANTITY: usize = 20;

async fn remaining(world: &World) -> i32 {
    let request = pb::ListOffersRequest { parent: world.dealer.name() };
    let offers = world.harness.call(&crm(), Licensing::list_offers, request).await.unwrap().offers;
    offers.into_iter().find(|offer| offer.name == format!("offers/{OFFER}")).unwrap().remaining
}

async fn runtime(world: &World) -> Dealer {
    let dealer = Dealer::new();
    world.open(&dealer, "2019-05-01").await;
    world.choose(&dealer, pb::LicenceKind::Runtime).await.unwrap();
    dealer
}

#[rstest]
#[tokio::test]
async fn offer_for_clients_only(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    assert_eq!(reason(world.accept(dealer, OFFER).await), ErrorReason::LicenceRequired);
    world.choose(dealer, pb::LicenceKind::Runtime).await.unwrap();

    world.client_since(dealer, "").await;
    assert_eq!(reason(world.accept(dealer, OFFER).await), ErrorReason::OfferForClientsOnly);
    world.client_since(dealer, "2019-05-01").await;
    let licensing = world.accept(dealer, OFFER).await.unwrap();
    assert_eq!(licensing.offer.unwrap().offer, "offers/runtime-start");
    assert_eq!(remaining(&world).await as usize, QUANTITY - 1);

    let other = runtime(&world).await;
    world.clock.set("2027-02-01T10:00:00Z");
    assert_eq!(reason(world.accept(&other, OFFER).await), ErrorReason::OfferForClientsOnly);
}

#[rstest]
#[tokio::test]
async fn the_last_pieces_are_set_aside_once_however_many_ask_at_once(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let mut dealers = Vec::new();
    for _ in 0..QUANTITY + 3 {
        dealers.push(runtime(&world).await);
    }
    let outcomes = join_all(dealers.iter().map(|dealer| world.accept(dealer, OFFER))).await;
    let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).map(|e| e.reason()).collect();
    assert_eq!(refused, [ErrorReason::OfferForClientsOnly; 3]);
    assert_eq!(remaining(&world).await, 0);
    let reserved = world.harness.outbox_kinds().await.into_iter().filter(|kind| kind == "offer_reserved");
    assert_eq!(reserved.count(), QUANTITY);
}

#[rstest]
#[tokio::test]
async fn a_piece_is_free_again_when_given_back_or_cancelled(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let (one, two, three) = (runtime(&world).await, runtime(&world).await, runtime(&world).await);
    for dealer in [&one, &two, &three] {
        world.accept(dealer, OFFER).await.unwrap();
    }
    assert_eq!(remaining(&world).await as usize, QUANTITY - 3);

    let release =
        pb::ReleaseOfferRequest { name: one.name(), request_id: request_id(), ..Default::default() };
    world.harness.call(&crm(), Licensing::release_offer, release).await.unwrap();
    world.cancel(&two).await;
    world.choose(&three, pb::LicenceKind::Standard).await.unwrap();
    assert_eq!(remaining(&world).await as usize, QUANTITY);

    let events = world.harness.outbox::<pb::LicensingEvent>().await;
    let mut reasons: Vec<_> = events
        .into_iter()
        .filter_map(|(_, event)| match event.event {
            Some(pb::licensing_event::Event::OfferReleased(released)) => {
                Some((event.project, released.reason()))
            }
            _ => None,
        })
        .collect();
    let mut expected = vec![
        (one.project.to_string(), pb::OfferReleaseReason::GivenBack),
        (two.project.to_string(), pb::OfferReleaseReason::ProjectCancelled),
        (three.project.to_string(), pb::OfferReleaseReason::LicenceKindChanged),
    ];
    reasons.sort();
    expected.sort();
    assert_eq!(reasons, expected);
}

#[rstest]
#[tokio::test]
async fn the_list_says_what_this_company_could_accept(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let available = async || -> Vec<String> {
        let request = pb::ListOffersRequest { parent: world.dealer.name() };
        let answer =
            world.harness.call(&world.dealer.technical, Licensing::list_offers, request).await.unwrap();
        answer.offers.into_iter().filter(|offer| offer.available).map(|offer| offer.name).collect()
    };
    assert!(available().await.is_empty(), "no kind is chosen yet");
    world.choose(&world.dealer, pb::LicenceKind::Standard).await.unwrap();
    assert_eq!(available().await, ["offers/migration-2026"]);
    world.choose(&world.dealer, pb::LicenceKind::Runtime).await.unwrap();
    assert_eq!(available().await, ["offers/migration-2026", "offers/runtime-start"]);
    world.cancel(&world.dealer).await;
    assert!(available().await.is_empty());
}
