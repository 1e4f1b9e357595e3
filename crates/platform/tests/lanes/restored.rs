//! A producer whose database was restored from a backup: what it still knows is told, what came later is listed.

use std::{
    slice::from_ref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use platform::{
    bus::{Inlet as _, Message},
    consumer::{ApplyError, Consumer, OnEvent},
    core::Core,
    db::{execute, query_one},
    id::CompanyId,
    lane::{Lane, LanePosition, Number},
    page::PageRequest,
    restored::Difference,
    unit::Unit,
    watch::WatchFilter,
};
use proto::common::v1::ErrorReason;
use rstest::rstest;
use testkit::{Backend, eventually};

use crate::world::{
    Between, Deaf, Home, Keeper, PATIENCE, Place, Process, company, delivered, expect_notes, make, notes,
    told,
};

/// As the keeper, of a service that the contract has; forgets the notes that came later than what it is set back to.
struct Follower {
    keeper: Arc<Keeper>,
    set_back: Arc<AtomicUsize>,
}

impl Follower {
    fn new() -> Self {
        Self { keeper: Keeper::new(), set_back: Arc::default() }
    }
}

#[async_trait]
impl OnEvent for Follower {
    fn sources(&self) -> &'static [&'static str] {
        &["audit"]
    }

    async fn set_back(
        &self,
        unit: &mut Unit,
        source: &str,
        snapshot: Option<&Message>,
    ) -> Result<Vec<Difference>, ApplyError> {
        assert_eq!(source, "audit");
        self.set_back.fetch_add(1, Ordering::Relaxed);
        let later = vec![unit.lane().to_string().into(), snapshot.map_or(0, |message| message.seq).into()];
        let forgotten = execute(unit.db(), "delete from note where lane = $1 and seq >= $2", later).await;
        let here = forgotten.map_err(platform::Error::from)?;
        Ok(Difference::between(None, "notes", here, 0).into_iter().collect())
    }

    async fn apply(&self, unit: &mut Unit, event: &Message) -> Result<(), ApplyError> {
        self.keeper.apply(unit, event).await
    }
}

fn follower(core: &Core) -> Consumer {
    Consumer::new(core.clone(), Arc::new(Follower::new()))
}

/// The database as it was when the lane had so many events, 0 for a backup from before it.
async fn set_back(core: &Core, company: CompanyId, to: i64) {
    let lane = Lane::from(company).to_string();
    let tx = core.db.begin().await.expect("begun");
    let values = vec![lane.as_str().into(), to.into()];
    execute(&tx, "delete from outbox where lane = $1 and seq > $2", values).await.expect("deleted");
    let sql = match to {
        0 => "delete from lane where lane = $1 and next_seq > $2",
        _ => "update lane set next_seq = $2 + 1 where lane = $1",
    };
    execute(&tx, sql, vec![lane.into(), to.into()]).await.expect("set");
    let sql =
        "update head set lane_epoch = 0, next_position = (select coalesce(max(position), 0) + 1 from outbox)";
    execute(&tx, sql, vec![]).await.expect("set");
    tx.commit().await.expect("committed");
}

/// What differs, in the order in which it was found.
async fn differences(core: &Core) -> Vec<(String, String, String)> {
    let page = core.differences_page(PageRequest { size: 0, token: "" }).await.expect("differences");
    let words = |d: Difference| (d.what, d.here, d.there);
    page.items.into_iter().map(|kept| words(kept.difference)).collect()
}

fn differs(what: &str, here: &str, there: &str) -> (String, String, String) {
    (what.to_owned(), here.to_owned(), there.to_owned())
}

async fn receive(consumer: &Consumer, messages: &[Message]) {
    for message in messages {
        consumer.receive(from_ref(message)).await.expect("taken over");
    }
}

/// Two homes with a lane of so many events, all delivered to nobody.
async fn homes(backend: Backend, kinds: &[&'static str]) -> (Home, Core, Home, Core) {
    let (audit, keeper) = (Home::new("audit", backend).await, Home::new("keeper", backend).await);
    let (producer, consumer) = (audit.core().await, keeper.core().await);
    make(&producer, company(1), kinds).await;
    producer.sequence().await.expect("sequenced");
    (audit, producer, keeper, consumer)
}

#[rstest]
#[tokio::test]
async fn what_was_heard_after_the_backup_is_set_back_and_listed(
    #[values(Place::Sqlite, Place::Postgres, Place::Nats)] place: Place,
) {
    let (_, keeper, between) = place.open().await;
    let backend = if matches!(place, Place::Sqlite) { Backend::Sqlite } else { Backend::Postgres };
    let audit = Home::new("audit", backend).await;
    let heard = Process::start(keeper.core().await, between.bus().await, Arc::new(Follower::new()));
    let producer = Process::start(audit.core().await, between.bus().await, Arc::new(Deaf));
    make(&producer.core, company(1), &["note", "note", "note", "note"]).await;
    expect_notes(&heard.core, company(1), 4).await;
    producer.stop().await;

    let core = audit.core().await;
    set_back(&core, company(1), 2).await;
    let restored = core.restore().await.expect("restored");
    assert_eq!(restored.lanes, 1);
    let producer = Process::start(core, between.bus().await, Arc::new(Deaf));
    make(&producer.core, company(1), &["note"]).await;
    let after = eventually(PATIENCE, "the new event is written down", async || {
        let notes = notes(&heard.core, company(1)).await;
        (notes.len() == 3).then_some(notes)
    });
    assert_eq!(after.await, [1, 2, 4], "the third is the snapshot");
    assert_eq!(differences(&heard.core).await, [differs("last_event", "4", "2"), differs("notes", "2", "0")]);
    let cursors = heard.core.cursors().await.expect("cursors");
    assert_eq!(cursors[0].number, Number { epoch: restored.epoch, seq: 4 });
    if let Between::Process(_) = between {
        // Whatever else is told again of before.
        let old = Message { epoch: 0, ..delivered(&producer.core, company(1)).await.remove(0) };
        receive(&follower(&heard.core), &[Message { seq: 5, ..old.clone() }, old]).await;
        assert_eq!(notes(&heard.core, company(1)).await, [1, 2, 4]);
    }
}

#[rstest]
#[tokio::test]
async fn who_had_not_heard_all_of_the_backup_hears_it_first(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (_audit, producer, _keeper, core) = homes(backend, &["note", "note", "note", "lost", "lost"]).await;
    let consumer = follower(&core);
    let before = delivered(&producer, company(1)).await;
    receive(&consumer, &before[..1]).await;
    // What is lost to its producer came early, and waits.
    receive(&consumer, &before[3..]).await;
    set_back(&producer, company(1), 3).await;
    producer.restore().await.expect("restored");
    make(&producer, company(1), &["note"]).await;
    producer.sequence().await.expect("sequenced");
    let after = delivered(&producer, company(1)).await;
    assert_eq!(after[3].follows.as_deref(), Some("audit/3,"));
    receive(&consumer, &after[3..]).await;
    assert_eq!(notes(&core, company(1)).await, [1], "the snapshot follows the third");
    receive(&consumer, &after[1..3]).await;
    assert_eq!(notes(&core, company(1)).await, [1, 2, 3, 5]);
    receive(&consumer, &before).await;
    assert_eq!(notes(&core, company(1)).await, [1, 2, 3, 5]);
    assert_eq!(told(&core, company(1)).await, [1, 2, 3, 5]);
    assert_eq!(differences(&core).await, [], "nothing was heard that is lost");
    assert_eq!(core.inbox_waiting().await.expect("the inbox"), 0);
}

#[rstest]
#[tokio::test]
async fn a_backup_that_is_restored_twice_counts_as_the_last_says(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (_audit, producer, _keeper, core) = homes(backend, &["note", "note", "note"]).await;
    let consumer = follower(&core);
    receive(&consumer, &delivered(&producer, company(1)).await).await;
    let mut epochs = Vec::new();
    for _ in 0..2 {
        set_back(&producer, company(1), 2).await;
        epochs.push(producer.restore().await.expect("restored").epoch);
        make(&producer, company(1), &["note", "note", "note"]).await;
        producer.sequence().await.expect("sequenced");
        receive(&consumer, &delivered(&producer, company(1)).await).await;
        assert_eq!(notes(&core, company(1)).await, [1, 2, 4, 5, 6]);
    }
    assert!(epochs[0] < epochs[1], "{epochs:?}");
    let ends: Vec<_> =
        differences(&core).await.into_iter().filter(|(what, ..)| what == "last_event").collect();
    let second = format!("6/{}", epochs[0]);
    assert_eq!(ends, [differs("last_event", "3", "2"), differs("last_event", &second, "2")]);
}

/// What it committed before anybody said so had numbers that are known here, up to the same one.
#[tokio::test]
async fn who_applied_as_many_events_as_the_backup_has_is_set_back_too() {
    let (_audit, producer, _keeper, core) = homes(Backend::Sqlite, &["note", "lost", "lost"]).await;
    let follower = Follower::new();
    let set_back_so_often = Arc::clone(&follower.set_back);
    let consumer = Consumer::new(core.clone(), Arc::new(follower));
    receive(&consumer, &delivered(&producer, company(1)).await).await;
    set_back(&producer, company(1), 1).await;
    make(&producer, company(1), &["other", "other"]).await;
    producer.sequence().await.expect("sequenced");
    receive(&consumer, &delivered(&producer, company(1)).await).await;
    assert_eq!(set_back_so_often.load(Ordering::Relaxed), 0, "these are taken for known");
    producer.restore().await.expect("restored");
    producer.sequence().await.expect("sequenced");
    receive(&consumer, &delivered(&producer, company(1)).await).await;
    assert_eq!(set_back_so_often.load(Ordering::Relaxed), 1);
    assert_eq!(differences(&core).await, []);
}

#[tokio::test]
async fn an_event_that_parked_its_lane_and_is_lost_stops_it_no_more() {
    let (_audit, producer, _keeper, core) = homes(Backend::Sqlite, &["note", "poison"]).await;
    let consumer = follower(&core);
    receive(&consumer, &delivered(&producer, company(1)).await).await;
    assert_eq!(core.parked_lanes().await.expect("lanes"), 1);
    set_back(&producer, company(1), 1).await;
    producer.restore().await.expect("restored");
    make(&producer, company(1), &["note"]).await;
    producer.sequence().await.expect("sequenced");
    receive(&consumer, &delivered(&producer, company(1)).await).await;
    assert_eq!(core.parked_lanes().await.expect("lanes"), 0);
    assert_eq!(notes(&core, company(1)).await, [1, 3]);
    assert_eq!(differences(&core).await, [], "it was not applied");
}

/// The lane is younger than the backup, and goes on because the restored service heard of the company again.
#[tokio::test]
async fn a_lane_that_the_backup_did_not_have_begins_anew() {
    let (_audit, producer, _keeper, core) = homes(Backend::Sqlite, &["note", "note"]).await;
    let consumer = follower(&core);
    receive(&consumer, &delivered(&producer, company(1)).await).await;
    set_back(&producer, company(1), 0).await;
    assert_eq!(producer.restore().await.expect("restored").lanes, 0);
    for lane in [company(1), company(2)] {
        make(&producer, lane, &["note", "note", "note"]).await;
        producer.sequence().await.expect("sequenced");
        receive(&consumer, &delivered(&producer, lane).await).await;
        assert_eq!(notes(&core, lane).await, [1, 2, 3]);
    }
    let expected = [differs("last_event", "2", "0"), differs("notes", "2", "0")];
    assert_eq!(differences(&core).await, expected, "of the first company alone");
}

#[tokio::test]
async fn nobody_waits_for_what_is_lost() {
    let (_audit, producer, _keeper, core) = homes(Backend::Sqlite, &["note", "note", "note"]).await;
    let consumer = follower(&core);
    receive(&consumer, &delivered(&producer, company(1)).await[..1]).await;
    set_back(&producer, company(1), 1).await;
    producer.restore().await.expect("restored");
    make(&producer, company(1), &["note"]).await;
    producer.sequence().await.expect("sequenced");
    let after = delivered(&producer, company(1)).await;
    let last = Message { follows: Some("audit/3".to_owned()), ..after[2].clone() };
    receive(&consumer, &[after[1].clone(), last]).await;
    assert_eq!(notes(&core, company(1)).await, [1, 3], "it followed the third, which never happened");
    let lost =
        LanePosition { service: "audit".to_owned(), lane: company(1).into(), number: Number::first(3) };
    core.wait_for(&[lost]).await.expect("it is over");
}

#[rstest]
#[tokio::test]
async fn who_followed_the_events_has_to_list_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (audit, producer, ..) = homes(backend, &["note", "note"]).await;
    let token = producer.watch_token(&WatchFilter::default()).await.expect("a token");
    producer.restore().await.expect("restored");
    let core = audit.core().await;
    let refused = core.watch(Some(&token), WatchFilter::default()).await.err().expect("refused");
    assert_eq!(refused.reason(), ErrorReason::WatchTokenInvalid);
    let token = core.watch_token(&WatchFilter::default()).await.expect("a token");
    core.watch(Some(&token), WatchFilter::default()).await.map(drop).expect("watched");
}

#[rstest]
#[tokio::test]
async fn an_event_that_cannot_be_read_leaves_everything_as_it_was(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (_audit, producer, ..) = homes(backend, &["audit_concluded"]).await;
    producer.restore().await.expect_err("these are no bytes of an event");
    let row = query_one(producer.db.read(), "select lane_epoch from head", vec![]).await.expect("a head");
    assert_eq!(row.expect("a row").try_get::<i64>("", "lane_epoch").expect("a number"), 0);
    assert_eq!(delivered(&producer, company(1)).await.len(), 1);
}
