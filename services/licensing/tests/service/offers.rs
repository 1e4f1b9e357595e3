use futures::future::join_all;
use licensing::Licensing;
use platform::{clock, harness::request_id};
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

/// Operations' own offer, of which there is one piece.
const LAST_PIECE: &str = r#"
[[offer]]
key = "runtime-start"
kinds = ["runtime"]
valid_from = "2026-11-01"
valid_until = "2027-01-31"
quantity = 1
name = { pl = "Ostatnia sztuka", en = "The last piece" }
description = { pl = "Jedna sztuka.", en = "One piece." }
"#;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_last_piece_is_set_aside_once_however_many_ask_at_once(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let folder = std::env::temp_dir().join(format!("licensing-offers-{}", request_id()));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("offers.toml"), LAST_PIECE).unwrap();
    let world = World::with_catalogue(backend, Some(&folder)).await;
    std::fs::remove_dir_all(&folder).unwrap();
    let mut dealers = Vec::new();
    for _ in 0..4 {
        dealers.push(runtime(&world).await);
    }
    for round in 0..20 {
        let outcomes = join_all(dealers.iter().map(|dealer| world.accept(dealer, OFFER))).await;
        let (winners, losers): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        let reasons: Vec<_> = losers.into_iter().map(reason).collect();
        assert_eq!(reasons, [ErrorReason::OfferForClientsOnly; 3], "round {round}");
        assert_eq!(remaining(&world).await, 0, "round {round}");
        let name = winners.into_iter().next().unwrap().unwrap().name;
        let release = pb::ReleaseOfferRequest { name, request_id: request_id(), ..Default::default() };
        world.harness.call(&crm(), Licensing::release_offer, release).await.unwrap();
    }
}

#[rstest]
#[tokio::test]
async fn a_piece_is_free_again_when_given_back_or_cancelled(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let (one, two, three) = (runtime(&world).await, runtime(&world).await, runtime(&world).await);
    let four = runtime(&world).await;
    for dealer in [&one, &two, &three, &four] {
        world.accept(dealer, OFFER).await.unwrap();
    }
    assert_eq!(remaining(&world).await as usize, QUANTITY - 4);

    let release =
        pb::ReleaseOfferRequest { name: one.name(), request_id: request_id(), ..Default::default() };
    world.harness.call(&crm(), Licensing::release_offer, release).await.unwrap();
    world.cancel(&two).await;
    world.choose(&three, pb::LicenceKind::Standard).await.unwrap();
    world.variant(&four, "hosted", false, &[]).await;
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
        (four.project.to_string(), pb::OfferReleaseReason::NoLicenceKindDemanded),
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

#[rstest]
#[tokio::test]
async fn what_is_set_aside_expires_by_a_timer(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let (one, two) = (runtime(&world).await, runtime(&world).await);
    let reserve = async |dealer: &Dealer| {
        let request = pb::ReserveOfferRequest {
            name: dealer.name(),
            offer: format!("offers/{OFFER}"),
            request_id: request_id(),
            ..Default::default()
        };
        world.harness.call(&crm(), Licensing::reserve_offer, request).await.unwrap()
    };
    for dealer in [&one, &two] {
        let held = reserve(dealer).await.offer.unwrap();
        assert_eq!(clock::from_wire(&held.expires_at.unwrap()).unwrap().to_string(), "2026-11-30T23:00:00Z");
    }
    world.accept(&two, OFFER).await.unwrap();
    assert_eq!(remaining(&world).await as usize, QUANTITY - 2);

    world.clock.set("2026-11-30T22:59:00Z");
    world.harness.fire_timers().await;
    assert_eq!(remaining(&world).await as usize, QUANTITY - 2);
    world.clock.set("2026-11-30T23:00:00Z");
    world.harness.fire_timers().await;
    assert_eq!(remaining(&world).await as usize, QUANTITY - 1);
    assert_eq!(world.get(&one).await.offer.unwrap().offer, "");
    let kept = world.get(&two).await.offer.unwrap();
    assert!(kept.accepted_at.is_some() && kept.expires_at.is_none());
}
