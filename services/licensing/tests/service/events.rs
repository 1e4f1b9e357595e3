use platform::lane::Lane;
use prost::Message as _;
use proto::{
    common::v1::ErrorReason,
    licensing::v1 as pb,
    scheduling::v1::{self as scheduling, scheduling_event::Event},
};
use rstest::rstest;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{Dealer, World, reason};
use platform::Service as _;

async fn parked(world: &World) -> Vec<String> {
    let parked = world.harness.service.core().parked_after(None, 100).await.unwrap();
    parked.into_iter().map(|event| event.error).collect()
}

#[rstest]
#[tokio::test]
async fn a_changed_variant_changes_the_demands_and_keeps_the_proofs(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    world.choose(dealer, pb::LicenceKind::Standard).await.unwrap();
    world.record(dealer, "sql_server").await.unwrap();
    world.variant(dealer, "same_server", true, &["sql_server"]).await;
    assert_eq!(world.told_status().await, Some((true, vec![])));
    world.variant(dealer, "hosted", false, &[]).await;
    world.variant(dealer, "new_server", true, &["windows_server", "sql_server"]).await;
    assert_eq!(world.told_status().await, Some((false, vec!["windows_server".to_owned()])));
}

#[rstest]
#[tokio::test]
async fn project_closed_refuses_what_comes_later(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let completed = Dealer::new();
    world.open(&completed, "").await;
    world
        .hear(&completed, "project_completed", Event::ProjectCompleted(scheduling::ProjectCompleted {}))
        .await;
    world.cancel(&world.dealer).await;
    for dealer in [&world.dealer, &completed] {
        assert_eq!(reason(world.choose(dealer, pb::LicenceKind::Standard).await), ErrorReason::ProjectClosed);
        assert_eq!(world.get(dealer).await.state(), pb::LicensingState::Closed);
    }
    assert!(parked(&world).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn an_event_that_comes_twice_has_its_effect_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    let chosen = scheduling::VariantChosen { variant: "hosted".to_owned(), ..Default::default() };
    let payload = world.envelope(dealer, Some(Event::VariantChosen(chosen))).encode_to_vec();
    let message =
        world.harness.message("scheduling", Lane::Company(dealer.company), "variant_chosen", payload);
    world.harness.receive(message.clone()).await;
    let after_one = (world.get(dealer).await, world.harness.outbox_kinds().await);
    world.harness.receive(message).await;
    assert_eq!((world.get(dealer).await, world.harness.outbox_kinds().await), after_one);
}

#[rstest]
#[tokio::test]
async fn what_contradicts_the_lane_is_parked_and_seen(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    // Each on a lane of its own, as a parked event stops its lane.
    let opened = || Event::ProjectOpened(scheduling::ProjectOpened {});
    let (twice, never, forged, unknown, damaged, undated) =
        (Dealer::new(), Dealer::new(), Dealer::new(), Dealer::new(), Dealer::new(), Dealer::new());
    world.open(&twice, "").await;
    world.hear(&twice, "project_opened", opened()).await;
    world.cancel(&never).await;
    let of_another = world.envelope(&world.dealer, Some(opened()));
    world.harness.hear("scheduling", forged.company, "project_opened", &of_another).await;
    world
        .harness
        .hear("scheduling", unknown.company, "of_a_later_build", &world.envelope(&unknown, None))
        .await;
    let message =
        world.harness.message("scheduling", damaged.company.into(), "project_opened", vec![0xff; 9]);
    world.harness.receive(message).await;
    world.client_since(&undated, "30 lutego").await;

    let errors = parked(&world).await;
    for expected in ["was opened before", "never opened", "on the lane of", "unknown type", "client_since"] {
        assert_eq!(
            errors.iter().filter(|error| error.contains(expected)).count(),
            1,
            "{expected}: {errors:?}"
        );
    }
    assert_eq!(errors.len(), 6, "{errors:?}");
    world.choose(&world.dealer, pb::LicenceKind::Standard).await.expect("other lanes go on");
}
