//! The same promise over NATS: replicas, lost streams, forged and broken messages.

use std::{sync::Arc, time::Duration};

use async_nats::HeaderMap;
use platform::bus::{Bus, JetStream, JetStreamConfig};
use testkit::{Backend, Nats, eventually};

use crate::world::{Deaf, Home, Keeper, PATIENCE, Process, company, expect_notes, expect_published, make};

/// The toys use the credentials of two real services.
async fn bus(nats: &Nats, user: &str) -> Bus {
    let config = JetStreamConfig {
        url: nats.url(),
        user: Some(user.to_owned()),
        password: Some(user.to_owned().into()),
        stream: nats.stream.clone(),
        prefix: nats.prefix.clone(),
        replicas: 1,
        max_age: Duration::from_secs(3600),
        max_bytes: 16 << 20,
    };
    Bus::JetStream(JetStream::connect(config, user).await.expect("an address"))
}

#[tokio::test]
async fn two_replicas_on_each_side() {
    let nats = Nats::unique();
    let (maker, keeper) =
        (Home::new("maker", Backend::Postgres).await, Home::new("keeper", Backend::Postgres).await);
    let mut processes = Vec::new();
    for _ in 0..2 {
        processes.push(Process::start(keeper.core().await, bus(&nats, "operator").await, Keeper::new()));
        processes.push(Process::start(maker.core().await, bus(&nats, "operator").await, Arc::new(Deaf)));
    }
    for n in 0..60 {
        make(&processes[1 + 2 * (n % 2)].core, company(n as u128 % 3), &["note"]).await;
    }
    for lane in 0..3 {
        expect_notes(&processes[0].core, company(lane), 20).await;
    }
    for process in processes {
        process.stop().await;
    }
}

#[tokio::test]
async fn a_deleted_stream_is_made_again_and_filled_from_the_outbox() {
    let nats = Nats::unique();
    let (maker, keeper) =
        (Home::new("maker", Backend::Postgres).await, Home::new("keeper", Backend::Postgres).await);
    let made = Process::start(maker.core().await, bus(&nats, "operator").await, Arc::new(Deaf));
    let kept = Process::start(keeper.core().await, bus(&nats, "operator").await, Keeper::new());
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 1).await;
    kept.stop().await;
    make(&made.core, company(1), &["note", "note"]).await;
    expect_published(&made.core).await;

    let admin = async_nats::jetstream::new(nats.connect("operator").await);
    admin.delete_stream(&nats.stream).await.expect("deleted");
    let kept = Process::start(keeper.core().await, bus(&nats, "operator").await, Keeper::new());
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 4).await;
}

#[tokio::test]
async fn a_message_without_a_lane_is_kept_as_a_stray() {
    let nats = Nats::unique();
    let (maker, keeper) =
        (Home::new("maker", Backend::Postgres).await, Home::new("keeper", Backend::Postgres).await);
    let made = Process::start(maker.core().await, bus(&nats, "operator").await, Arc::new(Deaf));
    let kept = Process::start(keeper.core().await, bus(&nats, "operator").await, Keeper::new());
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 1).await;
    let client = nats.connect("operator").await;
    let subject = nats.subject("maker", "nobody.note");
    client.publish_with_headers(subject.clone(), HeaderMap::new(), "x".into()).await.expect("sent");
    client.flush().await.expect("flushed");
    let strays = eventually(PATIENCE, "a stray is kept", async || {
        Some(kept.core.strays().await.expect("strays")).filter(|s| !s.is_empty())
    })
    .await;
    assert_eq!((strays.len(), strays[0].subject.as_str()), (1, subject.as_str()));
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 2).await;
}
