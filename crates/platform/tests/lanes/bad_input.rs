//! Events that cannot be applied: the lane waits behind them, other lanes go on, people see them.

use std::{slice::from_ref, sync::Arc};

use platform::{
    bus::{Inlet as _, Message},
    consumer::Consumer,
    core::Core,
};
use proto::common::v1::ErrorReason;
use rstest::rstest;
use testkit::Backend;
use tokio_util::sync::CancellationToken;

use crate::world::{Home, Keeper, company, delivered, expect_notes, make, notes, replay};

async fn lane_with(kinds: &[&'static str], backend: Backend) -> (Home, Core, Vec<Message>) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let core = maker.core().await;
    make(&core, company(1), kinds).await;
    make(&core, company(2), &["note"]).await;
    core.sequence().await.expect("sequenced");
    let mut messages = delivered(&core, company(1)).await;
    messages.extend(delivered(&core, company(2)).await);
    let keeper_core = keeper.core().await;
    (keeper, keeper_core, messages)
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn an_undecodable_event_parks_its_lane_and_is_replayed(#[case] backend: Backend) {
    let (keeper, core, messages) = lane_with(&["note", "poison", "note"], backend).await;
    let inlet = Consumer::new(core.clone(), Keeper::new());
    for message in &messages {
        inlet.receive(from_ref(message)).await.expect("taken over");
    }
    // A redelivery neither repeats the effect nor hides the reason.
    inlet.receive(from_ref(&messages[1])).await.expect("taken over");
    assert_eq!(notes(&core, company(1)).await, [1]);
    assert_eq!(notes(&core, company(2)).await, [1], "other lanes go on");
    let parked = core.parked_after(None, 100).await.expect("parked");
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].place.seq, parked[0].kind.as_str(), parked[0].behind), (2, "poison", 1));
    assert_eq!(parked[0].error, "undecodable: poison");

    replay(&core, company(1), 2).await.expect("replayed");
    let again = replay(&core, company(1), 2).await.expect_err("it is not parked any more");
    assert_eq!(again.reason(), ErrorReason::NotFound);
    let cured =
        Consumer::new(keeper.core().await, Arc::new(Keeper { knows_future: false, cures_poison: true }));
    let stop = CancellationToken::new();
    let sweeping = tokio::spawn({
        let stop = stop.clone();
        async move { cured.run_inbox(stop).await }
    });
    expect_notes(&core, company(1), 3).await;
    assert!(core.parked_after(None, 100).await.expect("parked").is_empty());
    stop.cancel();
    sweeping.await.expect("ended");
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn an_unknown_event_waits_for_a_build_that_knows_it(#[case] backend: Backend) {
    let (keeper, core, messages) = lane_with(&["future", "note"], backend).await;
    let old = Consumer::new(core.clone(), Keeper::new());
    for message in &messages {
        old.receive(from_ref(message)).await.expect("taken over");
    }
    assert_eq!(core.parked_after(None, 100).await.expect("parked")[0].error, "unknown type");
    let new =
        Consumer::new(keeper.core().await, Arc::new(Keeper { knows_future: true, cures_poison: false }));
    let stop = CancellationToken::new();
    let sweeping = tokio::spawn({
        let stop = stop.clone();
        async move { new.run_inbox(stop).await }
    });
    expect_notes(&core, company(1), 2).await;
    stop.cancel();
    sweeping.await.expect("ended");
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn only_the_lane_that_is_replayed_goes_on(#[case] backend: Backend) {
    let (keeper, core, messages) = lane_with(&["poison", "note"], backend).await;
    let inlet = Consumer::new(core.clone(), Keeper::new());
    for message in &messages[..2] {
        for lane in [1, 3] {
            let message = Message { lane: company(lane).into(), ..message.clone() };
            inlet.receive(&[message]).await.expect("taken over");
        }
    }
    replay(&core, company(3), 1).await.expect("replayed");
    let cured =
        Consumer::new(keeper.core().await, Arc::new(Keeper { knows_future: false, cures_poison: true }));
    let stop = CancellationToken::new();
    let sweeping = tokio::spawn({
        let stop = stop.clone();
        async move { cured.run_inbox(stop).await }
    });
    expect_notes(&core, company(3), 2).await;
    // An operator decides about the other one.
    let parked = core.parked_after(None, 100).await.expect("parked");
    assert_eq!(parked.iter().map(|p| (p.place.lane, p.behind)).collect::<Vec<_>>(), [(company(1).into(), 1)]);
    stop.cancel();
    sweeping.await.expect("ended");
}
