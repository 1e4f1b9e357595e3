//! The same promise over NATS: replicas, lost streams, forged and broken messages.

use std::{pin::pin, sync::Arc, time::Duration};

use async_nats::HeaderMap;
use futures::{FutureExt as _, StreamExt as _};
use platform::{
    id::CompanyId,
    watch::{WatchFilter, Watched},
};
use testkit::{Backend, Nats, NatsServer, eventually};

use crate::faults::{Fault, Faulty};
use crate::world::{
    Deaf, Home, Keeper, PATIENCE, Process, age, bus, company, config, connect, expect_notes,
    expect_published, make, replay, told, with_heads_never,
};

/// What the stream brings at one of its numbers, once more.
async fn send_again(nats: &Nats, number: u64) {
    let client = nats.connect("operator").await;
    let stream = async_nats::jetstream::new(client.clone()).get_stream(&nats.stream).await.expect("a stream");
    let old = stream.get_raw_message(number).await.expect("kept");
    client.publish_with_headers(old.subject, old.headers, old.payload).await.expect("sent");
    client.flush().await.expect("flushed");
}

async fn pair(nats: &Nats) -> (Home, Home, Process, Process) {
    let (maker, keeper) =
        (Home::new("maker", Backend::Postgres).await, Home::new("keeper", Backend::Postgres).await);
    let kept = Process::start(keeper.core().await, bus(nats).await, Keeper::new());
    let made = Process::start(maker.core().await, bus(nats).await, Arc::new(Deaf));
    (maker, keeper, made, kept)
}

/// Until the stream's consumer has nothing left to bring.
async fn expect_acknowledged(nats: &Nats) {
    let admin = async_nats::jetstream::new(nats.connect("operator").await);
    eventually(PATIENCE, "everything is acknowledged", async || {
        let mut consumer: async_nats::jetstream::consumer::PullConsumer =
            admin.get_consumer_from_stream("keeper", &nats.stream).await.ok()?;
        let info = consumer.info().await.ok()?;
        (info.num_pending == 0 && info.num_ack_pending == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn two_replicas_on_each_side() {
    let nats = Nats::unique();
    let (maker, keeper) =
        (Home::new("maker", Backend::Postgres).await, Home::new("keeper", Backend::Postgres).await);
    let mut processes = Vec::new();
    for _ in 0..2 {
        processes.push(Process::start(keeper.core().await, bus(&nats).await, Keeper::new()));
        processes.push(Process::start(maker.core().await, bus(&nats).await, Arc::new(Deaf)));
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
    let made = Process::start(maker.core().await, bus(&nats).await, Arc::new(Deaf));
    let kept = Process::start(keeper.core().await, bus(&nats).await, Keeper::new());
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 1).await;
    kept.stop().await;
    make(&made.core, company(1), &["note", "note"]).await;
    expect_published(&made.core).await;

    let admin = async_nats::jetstream::new(nats.connect("operator").await);
    admin.delete_stream(&nats.stream).await.expect("deleted");
    let kept = Process::start(keeper.core().await, bus(&nats).await, Keeper::new());
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 4).await;
}

#[tokio::test]
async fn a_message_without_a_lane_is_kept_as_a_stray() {
    let nats = Nats::unique();
    let (maker, keeper) =
        (Home::new("maker", Backend::Postgres).await, Home::new("keeper", Backend::Postgres).await);
    let made = Process::start(maker.core().await, bus(&nats).await, Arc::new(Deaf));
    let kept = Process::start(keeper.core().await, bus(&nats).await, Keeper::new());
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

#[tokio::test]
async fn a_failed_event_holds_its_followers_until_it_is_replayed() {
    let nats = Nats::unique();
    let (_maker, keeper, made, kept) = pair(&nats).await;
    make(&made.core, company(1), &["note", "poison", "note", "note"]).await;
    make(&made.core, company(2), &["note", "note"]).await;
    expect_notes(&kept.core, company(2), 2).await;
    let parked = eventually(PATIENCE, "the followers wait", async || {
        kept.core.parked_after(None, 100).await.expect("parked").into_iter().find(|parked| parked.behind == 2)
    })
    .await;
    assert_eq!((parked.place.seq, parked.error.as_str()), (2, "undecodable: poison"));
    expect_notes(&kept.core, company(1), 1).await;
    // What waits lies in the table, not in the stream.
    expect_acknowledged(&nats).await;
    kept.stop().await;
    let cure = Arc::new(Keeper { knows_future: false, cures_poison: true });
    let kept = Process::start(keeper.core().await, bus(&nats).await, cure);
    replay(&kept.core, company(1), 2).await.expect("replayed");
    expect_notes(&kept.core, company(1), 4).await;
}

#[tokio::test]
async fn a_message_delivered_again_long_after_changes_nothing() {
    let nats = Nats::unique();
    let (_maker, keeper, made, kept) = pair(&nats).await;
    for _ in 0..5 {
        make(&made.core, company(1), &["note"]).await;
    }
    expect_notes(&kept.core, company(1), 5).await;
    expect_published(&made.core).await;
    kept.stop().await;
    for number in [2, 1, 4] {
        send_again(&nats, number).await;
    }
    let kept = Process::start(keeper.core().await, bus(&nats).await, Keeper::new());
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 6).await;
    expect_acknowledged(&nats).await;
    expect_notes(&kept.core, company(1), 6).await;
    assert_eq!(kept.core.inbox_waiting().await.expect("waiting"), 0);
}

#[tokio::test]
async fn a_stream_or_consumer_deleted_while_everybody_runs() {
    let nats = Nats::unique();
    let (_maker, _keeper, made, kept) = pair(&nats).await;
    let admin = async_nats::jetstream::new(nats.connect("operator").await);
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 1).await;
    let stream = admin.get_stream(&nats.stream).await.expect("a stream");
    stream.delete_consumer("keeper").await.expect("deleted");
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 2).await;
    admin.delete_stream(&nats.stream).await.expect("deleted");
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 3).await;
}

#[tokio::test]
async fn a_new_consumer_on_old_history_that_the_stream_no_longer_holds() {
    let nats = Nats::unique();
    let (maker, keeper) =
        (Home::new("maker", Backend::Postgres).await, Home::new("keeper", Backend::Postgres).await);
    let made = Process::start(maker.core().await, bus(&nats).await, Arc::new(Deaf));
    make(&made.core, company(1), &["note", "note", "note"]).await;
    make(&made.core, company(2), &["note", "note"]).await;
    expect_published(&made.core).await;
    for seq in 1..=3 {
        age(&made.core, seq, 25).await;
    }
    let admin = async_nats::jetstream::new(nats.connect("operator").await);
    admin.delete_stream(&nats.stream).await.expect("deleted");

    let kept = Process::start(keeper.core().await, bus(&nats).await, Keeper::new());
    expect_notes(&kept.core, company(1), 3).await;
    expect_notes(&kept.core, company(2), 2).await;
    make(&made.core, company(2), &["note"]).await;
    expect_notes(&kept.core, company(2), 3).await;
    assert_eq!((told(&kept.core, company(1)).await, told(&kept.core, company(2)).await), (vec![], vec![3]));
}

/// Adds an event to a company's lane; a watch shows it with its number.
async fn watched(core: &platform::core::Core, company: CompanyId, seq: i64) {
    let filter = WatchFilter { company: Some(company), project: None };
    let mut stream = pin!(core.watch(None, filter).await.expect("watching"));
    let next = async {
        make(core, company, &["note"]).await;
        loop {
            match stream.next().await.expect("endless").expect("event") {
                Watched::Event { message, .. } if message.seq == seq => return,
                _ => {}
            }
        }
    };
    // Shorter than a publication that waits for NATS in vain.
    tokio::time::timeout(Duration::from_secs(4), next).await.expect("watches do without NATS");
}

#[tokio::test]
async fn nats_away_and_back() {
    let (nats, mut server) = (Nats::unique(), NatsServer::start());
    let config = config(&nats, server.url());
    let (maker, keeper) =
        (Home::new("maker", Backend::Postgres).await, Home::new("keeper", Backend::Postgres).await);
    let kept = Process::start(keeper.core().await, connect(config.clone()).await, Keeper::new());
    let made = Process::start(maker.core().await, connect(config).await, Arc::new(Deaf));
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 1).await;

    server.kill();
    for _ in 0..20 {
        make(&made.core, company(1), &["note"; 60]).await;
    }
    // Nobody but the commands writes, so it is the outbox that holds the events.
    let depth = made.core.outbox_depth().await.expect("depth");
    assert!(depth >= 1200, "{depth}");
    watched(&made.core, company(1), 1202).await;

    server.resume();
    expect_notes(&kept.core, company(1), 1202).await;
    expect_published(&made.core).await;
    watched(&made.core, company(1), 1203).await;
}

#[tokio::test]
async fn an_event_is_acknowledged_only_after_its_effect_is_committed() {
    let nats = Nats::unique();
    let (maker, keeper) =
        (Home::new("maker", Backend::Postgres).await, Home::new("keeper", Backend::Postgres).await);
    // Nobody asks for what is missing, so only the stream can bring it again.
    let made = with_heads_never(maker.core().await, bus(&nats).await, Arc::new(Deaf));
    let faulty = Faulty::new(Fault::Cut, 1);
    let kept = Process::start(keeper.core().await, bus(&nats).await, faulty);
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 1).await;
}

/// Else whoever is late would be given more to do, and the others with it.
#[tokio::test]
async fn what_still_waits_in_the_stream_is_not_published_again() {
    let nats = Nats::unique();
    let (_homes, made, kept) = {
        let (maker, keeper, made, kept) = pair(&nats).await;
        ((maker, keeper), made, kept)
    };
    make(&made.core, company(1), &["note"]).await;
    expect_notes(&kept.core, company(1), 1).await;
    let operator = nats.connect("operator").await;
    let stream =
        async_nats::jetstream::new(operator.clone()).get_stream(&nats.stream).await.expect("a stream");
    let an_hour =
        async_nats::datetime::add_std_duration(async_nats::datetime::now(), Duration::from_secs(3600));
    stream.pause_consumer("keeper", an_hour.expect("an instant")).await.expect("paused");
    for number in 1..=5 {
        make(&made.core, company(number), &["note"]).await;
    }
    expect_published(&made.core).await;

    let subject = nats.subject("maker", "any");
    let prefix = subject.split('.').next().expect("a prefix");
    let mut told = operator.subscribe(format!("{prefix}.control.maker.heads")).await.expect("heard");
    let mut asked = operator.subscribe(format!("{prefix}.control.maker.republish")).await.expect("heard");
    for _ in 0..4 {
        told.next().await.expect("heads");
    }
    assert!(asked.next().now_or_never().is_none(), "nothing is lost");
    stream.resume_consumer("keeper").await.expect("resumed");
    for (number, notes) in [(1, 2), (2, 1), (5, 1)] {
        expect_notes(&kept.core, company(number), notes).await;
    }
}
