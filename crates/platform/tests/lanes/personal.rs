//! Events with personal data stay where they can be scrubbed: in their producer's outbox.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use platform::{
    bus::{ANONYMISED, Inlet as _, Message, PERSONAL},
    consumer::{ApplyError, Consumer, OnEvent},
    core::Core,
    db::query_all,
    unit::Unit,
};
use rstest::rstest;
use testkit::{
    Backend::{self, Postgres, Sqlite},
    Nats,
};

use crate::world::{
    Deaf, Home, Keeper, PATIENCE, Process, bus, company, delivered, embedded, expect_notes, expect_published,
    make, replay,
};

/// A keeper that cannot read the card yet.
struct Unready {
    keeper: Arc<Keeper>,
    cured: AtomicBool,
}

#[async_trait]
impl OnEvent for Unready {
    fn sources(&self) -> &'static [&'static str] {
        self.keeper.sources()
    }

    async fn apply(&self, unit: &mut Unit, event: &Message) -> Result<(), ApplyError> {
        self.keeper.apply(unit, event).await?;
        match event.is_personal() && !self.cured.load(Ordering::Acquire) {
            true => Err(ApplyError::Undecodable("a card".into())),
            false => Ok(()),
        }
    }
}

/// Kind and payload of what waits.
async fn waiting(core: &Core) -> Vec<(String, Vec<u8>)> {
    let rows = query_all(core.db.read(), "select kind, payload from inbox order by seq", vec![]).await;
    let read = |row: &sea_orm::QueryResult| {
        Ok::<_, sea_orm::DbErr>((row.try_get("", "kind")?, row.try_get("", "payload")?))
    };
    rows.expect("rows").iter().map(|row| read(row).expect("text and bytes")).collect()
}

#[rstest]
#[tokio::test]
async fn a_card_that_comes_too_early_is_not_kept_and_comes_again(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let (made, kept) = (maker.core().await, keeper.core().await);
    make(&made, company(1), &["note", PERSONAL, "note"]).await;
    made.sequence().await.expect("sequenced");
    let inlet = Consumer::new(kept.clone(), Keeper::new());
    for message in delivered(&made, company(1)).await.into_iter().rev() {
        inlet.receive(&[message]).await.expect("taken over");
    }
    let left = [(PERSONAL.to_owned(), Vec::new()), ("note".to_owned(), b"note".to_vec())];
    assert_eq!(waiting(&kept).await, left);

    let between = embedded();
    let kept = Process::start(kept, between.clone(), Keeper::new());
    let _made = Process::start(made, between, Arc::new(Deaf));
    expect_notes(&kept.core, company(1), 3).await;
    assert_eq!(waiting(&kept.core).await, []);
}

#[rstest]
#[tokio::test]
async fn a_card_that_stops_its_lane_is_kept_without_its_data_and_replayed(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let between = embedded();
    let unready = Arc::new(Unready { keeper: Keeper::new(), cured: AtomicBool::new(false) });
    let kept = Process::start(keeper.core().await, between.clone(), unready.clone());
    let made = Process::start(maker.core().await, between, Arc::new(Deaf));
    make(&made.core, company(1), &["note", PERSONAL, ANONYMISED]).await;
    let parked = testkit::eventually(PATIENCE, "the card stops the lane", async || {
        kept.core.parked_after(None, 100).await.expect("parked").into_iter().find(|parked| parked.behind == 1)
    })
    .await;
    assert_eq!((parked.kind.as_str(), parked.error.as_str()), (PERSONAL, "undecodable: a card"));
    assert_eq!(parked.anonymisations, 1);
    assert_eq!(waiting(&kept.core).await[0], (PERSONAL.to_owned(), Vec::new()));

    unready.cured.store(true, Ordering::Release);
    replay(&kept.core, company(1), 2).await.expect("replayed");
    expect_notes(&kept.core, company(1), 3).await;
    assert_eq!(waiting(&kept.core).await, []);
}

#[tokio::test]
async fn the_stream_forgets_a_card_after_a_day_and_a_later_consumer_still_gets_it() {
    let nats = Nats::unique();
    let (maker, keeper) = (Home::new("maker", Postgres).await, Home::new("keeper", Postgres).await);
    let made = Process::start(maker.core().await, bus(&nats).await, Arc::new(Deaf));
    make(&made.core, company(1), &["note", PERSONAL, "note"]).await;
    expect_published(&made.core).await;

    let admin = async_nats::jetstream::new(nats.connect("operator").await);
    let stream = admin.get_stream(&nats.stream).await.expect("a stream");
    assert!(stream.cached_info().config.allow_message_ttl, "the server minds the header");
    let mut kept_for = Vec::new();
    for number in 1..=3 {
        let message = stream.get_raw_message(number).await.expect("kept");
        let ttl =
            message.headers.get(async_nats::header::NATS_MESSAGE_TTL).map(|ttl| ttl.as_str().to_owned());
        kept_for.push((message.subject.ends_with(PERSONAL), ttl));
    }
    assert_eq!(kept_for, [(false, None), (true, Some("24h".to_owned())), (false, None)]);

    // As the server does when the day is over.
    stream.delete_message(2).await.expect("deleted");
    let kept = Process::start(keeper.core().await, bus(&nats).await, Keeper::new());
    expect_notes(&kept.core, company(1), 3).await;
}
