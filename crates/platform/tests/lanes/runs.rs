//! Events that come one right after the other are applied together, as one by one would be.

use std::{ops::Range, sync::Arc};

use platform::{bus::Inlet as _, consumer::Consumer, heads::Heads};
use rstest::rstest;
use testkit::Backend;

use crate::{
    follows::{said, written},
    world::{Home, Keeper, KeeperOfBoth, company, delivered, make, notes},
};

#[rstest]
#[case::all_at_once(&[0..6, 6..6], 6, 0)]
#[case::again_and_further(&[0..3, 1..5, 0..6], 6, 0)]
#[case::too_early(&[3..6, 1..2], 0, 4)]
#[case::what_was_missing_comes(&[3..6, 1..2, 0..3], 6, 0)]
#[case::one_by_one(&[0..1, 1..2, 2..3, 3..4, 4..5, 5..6], 6, 0)]
#[tokio::test]
async fn a_run_is_applied_as_one_by_one_would_be(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] runs: &[Range<usize>],
    #[case] applied: i64,
    #[case] waiting: i64,
) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let made = maker.core().await;
    make(&made, company(1), &["note"; 6]).await;
    made.sequence().await.expect("sequenced");
    let messages = delivered(&made, company(1)).await;
    let core = keeper.core().await;
    for run in runs {
        let consumer = Consumer::new(core.clone(), Keeper::new());
        consumer.receive(&messages[run.clone()]).await.expect("taken over");
    }
    assert_eq!(notes(&core, company(1)).await, (1..=applied).collect::<Vec<_>>());
    assert_eq!(core.inbox_waiting().await.expect("the inbox"), waiting);
}

#[rstest]
#[tokio::test]
async fn of_a_run_only_what_cannot_be_applied_parks(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let made = maker.core().await;
    make(&made, company(1), &["note", "note", "poison", "note"]).await;
    made.sequence().await.expect("sequenced");
    let core = keeper.core().await;
    let consumer = Consumer::new(core.clone(), Keeper::new());
    consumer.receive(&delivered(&made, company(1)).await).await.expect("taken over");
    assert_eq!(notes(&core, company(1)).await, [1, 2]);
    let parked = core.parked_after(None, 100).await.expect("parked");
    assert_eq!((parked.len(), parked[0].place.seq, parked[0].behind), (1, 3, 1));
}

#[rstest]
#[tokio::test]
async fn of_a_run_what_is_ahead_of_another_lane_waits(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (made, relayed, ..) = said(backend, &["note", "note", "note"]).await;
    let home = Home::new("keeper", backend).await;
    let core = home.core().await;
    let keeper = Consumer::new(core.clone(), Arc::new(KeeperOfBoth(Keeper::new())));
    keeper.receive(&made[..2]).await.expect("taken over");
    keeper.receive(&relayed).await.expect("taken over");
    assert_eq!(written(&core).await, ["maker/1", "maker/2", "relay/1", "relay/2"]);
    keeper.receive(&made[2..]).await.expect("taken over");
    assert_eq!(written(&core).await[4..], ["maker/3", "relay/3"]);
}

/// In an installation of many companies not every announcement tells of all.
#[rstest]
#[tokio::test]
async fn each_lane_is_told_of_in_its_turn_and_one_that_moved_the_next_time(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let maker = Home::new("maker", backend).await;
    let core = maker.core().await;
    for number in 1..=5 {
        make(&core, company(number), &["note"]).await;
    }
    core.sequence().await.expect("sequenced");
    let mut heads = Heads::of(core.clone(), 2);
    let mut next = async || -> Vec<(u128, i64)> {
        let heads = heads.next().await.expect("the heads");
        let number = |lane: String| lane.parse::<uuid::Uuid>().expect("a company").as_u128() & 0xff;
        heads.iter().map(|head| (number(head.lane.to_string()), head.number.seq)).collect()
    };
    assert_eq!(next().await, [(1, 1), (2, 1)]);
    assert_eq!(next().await, [(3, 1), (4, 1)]);
    make(&core, company(1), &["note"]).await;
    core.sequence().await.expect("sequenced");
    assert_eq!(next().await, [(5, 1)], "what came since the last time is on its way");
    make(&core, company(2), &["note"]).await;
    core.sequence().await.expect("sequenced");
    assert_eq!(next().await, [(1, 2), (2, 1)], "a new round");
    assert_eq!(next().await, [(1, 2), (2, 2), (3, 1), (4, 1)]);
}
