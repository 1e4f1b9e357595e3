//! A process dies between each pair of steps: stored, sequenced, published, applied, acknowledged; and
//! consumers that are slow, several, or new.

use std::{slice::from_ref, sync::Arc};

use platform::{bus::Inlet as _, consumer::Consumer};
use rstest::rstest;
use testkit::{Backend, eventually};

use crate::world::{
    Between, Deaf, Home, Keeper, PATIENCE, Place,
    Place::{Nats, Postgres, Sqlite},
    Process, age, company, delivered, expect_notes, expect_published, make, notes, told, with_heads_never,
};

#[rstest]
#[tokio::test]
async fn events_arrive_once_and_in_order(#[values(Sqlite, Postgres, Nats)] place: Place) {
    let (maker, keeper, between) = place.open().await;
    let kept = Process::start(keeper.core().await, between.bus().await, Keeper::new());
    let made = Process::start(maker.core().await, between.bus().await, Arc::new(Deaf));
    for n in 0..20 {
        make(&made.core, company(n % 3), &["note", "note"]).await;
    }
    for (lane, count) in [(0, 14), (1, 14), (2, 12)] {
        expect_notes(&kept.core, company(lane), count).await;
    }
    made.stop().await;
    kept.stop().await;
}

/// A look now and then is for what a dead process left; what happens now travels at once.
#[rstest]
#[tokio::test]
async fn an_event_is_applied_elsewhere_without_waiting_for_a_look(
    #[values(Sqlite, Postgres, Nats)] place: Place,
) {
    let (maker, keeper, between) = place.open().await;
    let kept = with_heads_never(keeper.core().await, between.bus().await, Keeper::new());
    let made = with_heads_never(maker.core().await, between.bus().await, Arc::new(Deaf));
    // The first one waits until both are connected.
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 1).await;
    let start = platform::clock::machine_now();
    for n in 2..=20 {
        make(&made.core, company(1), &["note"]).await;
        expect_notes(&kept.core, company(1), n).await;
    }
    let took = platform::clock::machine_now().duration_since(start);
    assert!(took < jiff::SignedDuration::from_secs(15), "a look each second would take 19 seconds: {took}");
}

#[rstest]
#[tokio::test]
async fn killed_after_stored(#[values(Sqlite, Postgres, Nats)] place: Place) {
    let (maker, keeper, between) = place.open().await;
    // No loops run: the process commits and dies.
    make(&maker.core().await, company(1), &["note", "note"]).await;
    let kept = Process::start(keeper.core().await, between.bus().await, Keeper::new());
    let made = Process::start(maker.core().await, between.bus().await, Arc::new(Deaf));
    expect_notes(&kept.core, company(1), 2).await;
    assert_eq!(made.core.outbox_depth().await.expect("depth"), 0);
}

#[rstest]
#[tokio::test]
async fn killed_after_sequenced(#[values(Sqlite, Postgres, Nats)] place: Place) {
    let (maker, keeper, between) = place.open().await;
    let dead = maker.core().await;
    make(&dead, company(1), &["note", "note"]).await;
    assert_eq!(dead.sequence().await.expect("sequenced").len(), 2);
    let kept = Process::start(keeper.core().await, between.bus().await, Keeper::new());
    let made = Process::start(maker.core().await, between.bus().await, Arc::new(Deaf));
    expect_notes(&kept.core, company(1), 2).await;
    expect_published(&made.core).await;
}

#[rstest]
#[tokio::test]
async fn killed_after_published_before_marked(#[values(Sqlite, Postgres, Nats)] place: Place) {
    let (maker, keeper, between) = place.open().await;
    let kept = Process::start(keeper.core().await, between.bus().await, Keeper::new());
    // Something is heard, so the stream and its consumer are there.
    let made = Process::start(maker.core().await, between.bus().await, Arc::new(Deaf));
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 1).await;
    made.stop().await;

    let dead = maker.core().await;
    make(&dead, company(1), &["note", "note"]).await;
    let messages = dead.sequence().await.expect("sequenced");
    let bus = between.bus().await;
    eventually(PATIENCE, "the bus is there", async || bus.is_connected().then_some(())).await;
    bus.publish(messages).await.expect("published");
    expect_notes(&kept.core, company(1), 3).await;
    assert_eq!(dead.outbox_depth().await.expect("depth"), 2, "it did not come to mark them");
    let made = Process::start(maker.core().await, between.bus().await, Arc::new(Deaf));
    expect_published(&made.core).await;
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 4).await;
}

#[rstest]
#[tokio::test]
async fn killed_after_published_and_the_bus_forgot(#[values(Sqlite, Postgres, Nats)] place: Place) {
    let (maker, keeper, between) = place.open().await;
    // Nobody hears: in one process the bus forgets at once. On NATS the stream is lost.
    let made = Process::start(maker.core().await, between.bus().await, Arc::new(Deaf));
    make(&made.core, company(1), &["note", "note", "note"]).await;
    expect_published(&made.core).await;
    if let Between::Nats(nats) = &between {
        let admin = async_nats::jetstream::new(nats.connect("operator").await);
        admin.delete_stream(&nats.stream).await.expect("deleted");
    }
    let kept = Process::start(keeper.core().await, between.bus().await, Keeper::new());
    expect_notes(&kept.core, company(1), 3).await;
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn killed_after_applied_before_acknowledged(#[case] backend: Backend) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let (maker_core, keeper_core) = (maker.core().await, keeper.core().await);
    make(&maker_core, company(1), &["note", "note"]).await;
    maker_core.sequence().await.expect("sequenced");
    let messages = delivered(&maker_core, company(1)).await;
    let inlet = Consumer::new(keeper_core.clone(), Keeper::new());
    for message in messages.iter().chain(&messages).chain(&messages[..1]) {
        inlet.receive(from_ref(message)).await.expect("received");
    }
    // A redelivery long after, by another process.
    let inlet = Consumer::new(keeper.core().await, Keeper::new());
    inlet.receive(from_ref(&messages[1])).await.expect("received");
    assert_eq!(notes(&keeper_core, company(1)).await, [1, 2]);
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn out_of_order_events_wait_in_the_table(#[case] backend: Backend) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let (maker_core, keeper_core) = (maker.core().await, keeper.core().await);
    make(&maker_core, company(1), &["note"; 5]).await;
    maker_core.sequence().await.expect("sequenced");
    let messages = delivered(&maker_core, company(1)).await;
    let inlet = Consumer::new(keeper_core.clone(), Keeper::new());
    for n in [4, 2, 1, 2, 3] {
        inlet.receive(from_ref(&messages[n])).await.expect("received");
    }
    assert_eq!(notes(&keeper_core, company(1)).await, [0; 0]);
    assert_eq!(keeper_core.inbox_waiting().await.expect("waiting"), 4);
    inlet.receive(from_ref(&messages[0])).await.expect("received");
    assert_eq!(notes(&keeper_core, company(1)).await, [1, 2, 3, 4, 5]);
    assert_eq!(keeper_core.inbox_waiting().await.expect("waiting"), 0);
}

#[rstest]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn two_replicas_share_one_lane(#[case] backend: Backend) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let (maker_core, keeper_core) = (maker.core().await, keeper.core().await);
    for _ in 0..20 {
        make(&maker_core, company(1), &["note"]).await;
    }
    maker_core.sequence().await.expect("sequenced");
    let messages = delivered(&maker_core, company(1)).await;
    let replicas = [
        Consumer::new(keeper_core.clone(), Keeper::new()),
        Consumer::new(keeper.core().await, Keeper::new()),
    ];
    let receive = |replica: usize| {
        let (inlet, messages) = (&replicas[replica], &messages);
        async move {
            for message in messages {
                inlet.receive(from_ref(message)).await.expect("received");
            }
        }
    };
    tokio::join!(receive(0), receive(1));
    assert_eq!(notes(&keeper_core, company(1)).await, (1..=20).collect::<Vec<i64>>());
}

#[rstest]
#[tokio::test]
async fn a_new_consumer_reads_old_history(#[values(Sqlite, Postgres, Nats)] place: Place) {
    let (maker, keeper, between) = place.open().await;
    let made = Process::start(maker.core().await, between.bus().await, Arc::new(Deaf));
    for n in 0..30 {
        make(&made.core, company(n % 2), &["note"]).await;
    }
    expect_published(&made.core).await;
    made.stop().await;
    let made = Process::start(maker.core().await, between.bus().await, Arc::new(Deaf));
    let kept = Process::start(keeper.core().await, between.bus().await, Keeper::new());
    expect_notes(&kept.core, company(0), 15).await;
    expect_notes(&kept.core, company(1), 15).await;
    drop(made);
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn a_new_consumer_follows_old_history_and_tells_nobody_of_it(#[case] backend: Backend) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let made = maker.core().await;
    make(&made, company(1), &["note"; 6]).await;
    made.sequence().await.expect("sequenced");
    // What is older than a day when the consumer's database is made is history.
    for (seq, hours) in [(1, 25), (2, 25), (3, 25), (4, 23), (5, 23)] {
        age(&made, seq, hours).await;
    }
    let core = keeper.core().await;
    let inlet = Consumer::new(core.clone(), Keeper::new());
    let messages = delivered(&made, company(1)).await;
    // Some come early and wait in the table.
    for n in [5, 3, 1, 0, 2, 4] {
        inlet.receive(from_ref(&messages[n])).await.expect("received");
    }
    assert_eq!(notes(&core, company(1)).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(told(&core, company(1)).await, [4, 5, 6]);
}
