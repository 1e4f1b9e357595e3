//! An event waits for what its producer had heard, and one that concerns nobody only moves the cursor.

use std::{slice::from_ref, sync::Arc};

use platform::{bus::Inlet as _, bus::Message, consumer::Consumer, core::Core, db::query_all};
use rstest::rstest;
use testkit::Backend;

use crate::world::{Deaf, Home, Keeper, KeeperOfBoth, Process, Relay, company, delivered, embedded, make};

/// Who wrote what down, in that order: `<service>/<number>`.
pub async fn written(core: &Core) -> Vec<String> {
    let sql = "select source || '/' || seq as what from note order by place";
    let rows = query_all(core.db.read(), sql, vec![]).await.expect("notes");
    rows.iter().map(|row| row.try_get("", "what").expect("text")).collect()
}

/// What `maker` said, and what `relay` said after it had heard that.
pub async fn said(backend: Backend, kinds: &[&'static str]) -> (Vec<Message>, Vec<Message>, Core, [Home; 2]) {
    let (maker, relay) = (Home::new("maker", backend).await, Home::new("relay", backend).await);
    let (made, relayed) = (maker.core().await, relay.core().await);
    make(&made, company(1), kinds).await;
    made.sequence().await.expect("sequenced");
    let first = delivered(&made, company(1)).await;
    let hears = Consumer::new(relayed.clone(), Arc::new(Relay));
    for message in &first {
        hears.receive(from_ref(message)).await.expect("taken over");
    }
    relayed.sequence().await.expect("sequenced");
    let second = delivered(&relayed, company(1)).await;
    (first, second, made, [maker, relay])
}

#[rstest]
#[tokio::test]
async fn an_event_waits_for_what_its_producer_had_heard(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (made, relayed, ..) = said(backend, &["note", "note"]).await;
    assert_eq!(relayed[1].follows.as_deref(), Some("maker/2"));
    let home = Home::new("keeper", backend).await;
    let core = home.core().await;
    let keeper = Consumer::new(core.clone(), Arc::new(KeeperOfBoth(Keeper::new())));
    for message in relayed.iter().chain([&made[0]]) {
        keeper.receive(from_ref(message)).await.expect("taken over");
    }
    assert_eq!(written(&core).await, ["maker/1", "relay/1"], "relay's second event follows maker's second");
    assert_eq!(core.inbox_waiting().await.expect("the inbox"), 1);
    keeper.receive(from_ref(&made[1])).await.expect("taken over");
    assert_eq!(written(&core).await, ["maker/1", "relay/1", "maker/2", "relay/2"]);
    assert_eq!(core.inbox_waiting().await.expect("the inbox"), 0);
    // Again, long after: nothing of it waits.
    for message in relayed.iter().chain(&made) {
        keeper.receive(from_ref(message)).await.expect("taken over");
    }
    assert_eq!(written(&core).await.len(), 4);
    assert_eq!(core.inbox_waiting().await.expect("the inbox"), 0);
}

/// It lies on a lane that nobody here hears.
#[tokio::test]
async fn an_event_waits_for_nobody_whom_its_reader_does_not_hear() {
    let (_, relayed, ..) = said(Backend::Sqlite, &["note"]).await;
    let home = Home::new("keeper", Backend::Sqlite).await;
    let core = home.core().await;
    let message =
        Message { source: "maker".to_owned(), follows: Some("stranger/7".to_owned()), ..relayed[0].clone() };
    let keeper = Consumer::new(core.clone(), Keeper::new());
    keeper.receive(&[message]).await.expect("taken over");
    assert_eq!(written(&core).await, ["maker/1"]);
}

#[tokio::test]
async fn an_event_that_says_nonsense_of_what_it_follows_is_parked() {
    let (made, ..) = said(Backend::Sqlite, &["note"]).await;
    let home = Home::new("keeper", Backend::Sqlite).await;
    let core = home.core().await;
    let keeper = Consumer::new(core.clone(), Arc::new(KeeperOfBoth(Keeper::new())));
    keeper
        .receive(&[Message { follows: Some("relay/x".to_owned()), ..made[0].clone() }])
        .await
        .expect("taken over");
    assert!(core.parked_after(None, 100).await.expect("parked")[0].error.contains("relay/x"));
}

#[rstest]
#[tokio::test]
async fn an_event_of_no_concern_moves_the_cursor_in_its_turn_only(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (made, ..) = said(backend, &["dull", "note", "dull", "dull", "note"]).await;
    let home = Home::new("keeper", backend).await;
    let core = home.core().await;
    let keeper = Consumer::new(core.clone(), Arc::new(KeeperOfBoth(Keeper::new())));
    for turn in [2, 0, 0, 4, 1, 3, 2] {
        keeper.receive(from_ref(&made[turn])).await.expect("taken over");
    }
    assert_eq!(written(&core).await, ["maker/2", "maker/5"]);
    let cursors = core.cursors().await.expect("cursors");
    assert_eq!(cursors.iter().map(|cursor| cursor.number.seq).collect::<Vec<_>>(), [5]);
    assert_eq!(core.inbox_waiting().await.expect("the inbox"), 0);
}

/// In one process, with everybody's loops.
#[rstest]
#[tokio::test]
async fn three_services_come_to_the_same_end(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bus = embedded();
    let homes = [
        Home::new("maker", backend).await,
        Home::new("relay", backend).await,
        Home::new("keeper", backend).await,
    ];
    let kept = Process::start(homes[2].core().await, bus.clone(), Arc::new(KeeperOfBoth(Keeper::new())));
    let relayed = Process::start(homes[1].core().await, bus.clone(), Arc::new(Relay));
    let made = Process::start(homes[0].core().await, bus, Arc::new(Deaf));
    for _ in 0..10 {
        make(&made.core, company(1), &["note"]).await;
    }
    testkit::eventually(crate::world::PATIENCE, "all notes", async || {
        (written(&kept.core).await.len() == 20).then_some(())
    })
    .await;
    let written = written(&kept.core).await;
    for n in 1..=10 {
        let place = |what: String| written.iter().position(|w| *w == what).expect("written down");
        assert!(place(format!("maker/{n}")) < place(format!("relay/{n}")), "{written:?}");
    }
    made.stop().await;
    relayed.stop().await;
    kept.stop().await;
}
