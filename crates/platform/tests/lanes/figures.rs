//! What a service measures of itself, and what a reader waits for.

use futures::{FutureExt as _, future::join_all};
use platform::{
    bus::Inlet as _,
    consumer::Consumer,
    core::Core,
    lane::{LanePosition, Number},
    telemetry::metrics,
};
use proto::common::v1::ErrorReason;
use rstest::rstest;
use testkit::Backend;
use tokio_util::sync::CancellationToken;

use crate::world::{Home, Keeper, company, delivered, embedded, make};

/// Takes stock once.
async fn told(core: &Core) -> String {
    let stop = CancellationToken::new();
    stop.cancel();
    core.run_upkeep(embedded(), None, stop).await;
    metrics::text()
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn gauges_tell_what_waits_in_each_service(#[case] backend: Backend) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let (maker, keeper) = (maker.core().await, keeper.core().await);
    make(&maker, company(1), &["poison", "note"]).await;
    make(&maker, company(2), &["note", "note", "note"]).await;
    maker.sequence().await.expect("sequenced");
    let consumer = Consumer::new(keeper.clone(), Keeper::new());
    // One lane is parked, with a follower; in another one the first event is late.
    for message in delivered(&maker, company(1)).await {
        consumer.receive(&[message]).await.expect("taken over");
    }
    for message in delivered(&maker, company(2)).await.into_iter().skip(1) {
        consumer.receive(&[message]).await.expect("taken over");
    }
    let mut unit = keeper.begin(company(1).into(), None).await.expect("begun");
    let due = "2020-01-01T09:00:00Z".parse().expect("an instant");
    unit.set_timer("ring", "p", due).await.expect("set");
    unit.commit("").await.expect("committed");

    told(&maker).await;
    let text = told(&keeper).await;
    for (gauge, of_maker, of_keeper) in [
        ("outbox_depth", 5, 0),
        ("inbox_depth", 0, 2),
        ("lanes_parked", 0, 1),
        ("timers_due", 0, 1),
        ("bus_connected", 1, 1),
    ] {
        for (service, value) in [("maker", of_maker), ("keeper", of_keeper)] {
            let line = format!("przesiadka_{gauge}{{service=\"{service}\"}} {value}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
    }
}

/// Whoever sends every position that it knows is not kept waiting by a service that has no use for it.
#[tokio::test]
async fn a_read_waits_for_what_is_heard_and_for_nothing_else() {
    let (maker, keeper) =
        (Home::new("maker", Backend::Sqlite).await, Home::new("keeper", Backend::Sqlite).await);
    let (maker, keeper) = (maker.core().await, keeper.core().await);
    make(&maker, company(1), &["note"]).await;
    maker.sequence().await.expect("sequenced");
    let consumer = Consumer::new(keeper.clone(), Keeper::new());
    let at = |service: &str, seq| LanePosition {
        service: service.to_owned(),
        lane: company(1).into(),
        number: Number::first(seq),
    };
    for of_no_concern in [at("stranger", 7), at("keeper", 7), at("maker", 0)] {
        let at_once = keeper.wait_for(&[of_no_concern]).now_or_never();
        at_once.expect("nothing to wait for").expect("and no refusal");
    }
    let early = keeper.wait_for(&[at("maker", 1)]).await.expect_err("it has not come");
    assert_eq!(early.reason(), ErrorReason::Unavailable);
    for message in delivered(&maker, company(1)).await {
        consumer.receive(&[message]).await.expect("applied");
    }
    keeper.wait_for(&[at("maker", 1)]).await.expect("it has come");
}

/// Whoever looks for all is done before the others are: its lane comes first.
#[tokio::test]
async fn what_another_replica_applies_is_seen_by_all_who_wait() {
    let (maker, keeper) =
        (Home::new("maker", Backend::Sqlite).await, Home::new("keeper", Backend::Sqlite).await);
    let (maker, here, there) = (maker.core().await, keeper.core().await, keeper.core().await);
    for number in 1..=5 {
        make(&maker, company(number), &["note", "note"]).await;
    }
    maker.sequence().await.expect("sequenced");
    let consumer = Consumer::new(there, Keeper::new());
    let at = |number, seq| LanePosition {
        service: "maker".to_owned(),
        lane: company(number).into(),
        number: Number::first(seq),
    };
    let both: Vec<_> =
        (1..=5).flat_map(|number| [vec![at(number, 1)], vec![at(number, 2), at(1, 1)]]).collect();
    let waits = join_all(both.iter().map(|positions| here.wait_for(positions)));
    let apply = async {
        for number in 1..=5 {
            for message in delivered(&maker, company(number)).await {
                consumer.receive(&[message]).await.expect("applied");
            }
        }
    };
    let (waited, ()) = tokio::join!(waits, apply);
    assert!(waited.iter().all(Result::is_ok), "{waited:?}");
}
