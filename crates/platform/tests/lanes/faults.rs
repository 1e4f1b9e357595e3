//! Faults inside a process: connections cut, races, panics, events too large.

use std::slice::from_ref;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use platform::{
    Error,
    bus::{Inlet as _, LARGEST_PAYLOAD, Message},
    consumer::{ApplyError, Consumer, OnEvent},
    core::Core,
    db::{execute, query_all},
    unit::{Begun, Unit},
};
use rstest::rstest;
use testkit::{Backend, eventually};
use tokio_util::sync::CancellationToken;

use crate::world::{Home, Keeper, PATIENCE, company, delivered, event, make, notes, ticket};

/// Ends every other connection to a unit's database, and its own.
async fn cut(unit: &Unit) {
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() \
               order by pid = pg_backend_pid()";
    let _ = query_all(unit.db(), sql, vec![]).await;
}

/// What goes wrong the first times.
#[derive(Clone, Copy)]
pub enum Fault {
    Cut,
    Panic,
    Race,
    Broken,
}

/// Like [`Keeper`], but something goes wrong after the effect.
pub struct Faulty {
    fault: Fault,
    times: AtomicUsize,
}

impl Faulty {
    pub fn new(fault: Fault, times: usize) -> Arc<Self> {
        Arc::new(Self { fault, times: times.into() })
    }
}

#[async_trait]
impl OnEvent for Faulty {
    fn sources(&self) -> &'static [&'static str] {
        &["maker"]
    }

    async fn apply(&self, unit: &mut Unit, event: &Message) -> Result<(), ApplyError> {
        Keeper::new().apply(unit, event).await?;
        if self.times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_err() {
            return Ok(());
        }
        match self.fault {
            Fault::Cut => {
                cut(unit).await;
                Ok(())
            }
            Fault::Panic => panic!("as the test wants it"),
            Fault::Race => Err(Error::lost_race().into()),
            Fault::Broken => Err(Error::Internal(anyhow::anyhow!("broken")).into()),
        }
    }
}

async fn one_event(backend: Backend) -> (Home, Core, Message) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let core = maker.core().await;
    make(&core, company(1), &["note"]).await;
    core.sequence().await.expect("sequenced");
    let message = delivered(&core, company(1)).await.remove(0);
    let keeper_core = keeper.core().await;
    (keeper, keeper_core, message)
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_of_an_apply_is_no_reason_to_park() {
    let (keeper, core, message) = one_event(Backend::Postgres).await;
    let inlet = Consumer::new(core.clone(), Faulty::new(Fault::Cut, 1));
    let error = inlet.receive(from_ref(&message)).await.expect_err("the bus brings it again");
    assert!(error.is_transient(), "{error}");
    let other = keeper.core().await;
    assert_eq!(notes(&other, company(1)).await, [0; 0]);
    // Another connection that was cut may be taken first.
    let again = async || inlet.receive(from_ref(&message)).await.ok();
    eventually(PATIENCE, "the event is applied", again).await;
    assert_eq!(notes(&other, company(1)).await, [1]);
    assert!(other.parked_after(None, 100).await.expect("parked").is_empty());
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_of_a_command_leaves_nothing_and_the_repeat_happens_once() {
    let home = Home::new("maker", Backend::Postgres).await;
    let core = home.core().await;
    let begin = async |core: &Core| match core.begin_command(company(1).into(), ticket("r", "p")).await {
        Ok(Begun::Fresh(unit)) => unit,
        Ok(Begun::Replayed(_)) => panic!("nothing was kept"),
        Err(error) => panic!("{error}"),
    };
    let mut unit = begin(&core).await;
    unit.emit(event("note"));
    cut(&unit).await;
    let error = unit.commit("thing").await.expect_err("the connection is gone");
    assert!(error.is_transient(), "{error}");
    // All connections of this process were cut, so the repeat comes to another one.
    let core = home.core().await;
    let mut unit = begin(&core).await;
    unit.emit(event("note"));
    unit.commit("thing").await.expect("committed");
    core.sequence().await.expect("sequenced");
    assert_eq!(delivered(&core, company(1)).await.len(), 1);
}

#[rstest]
#[case::a_race_passes(Fault::Race, 2, Ok(()))]
#[case::a_race_without_end_is_left_to_the_bus(Fault::Race, 1000, Err(()))]
#[case::what_looked_broken_for_a_moment_passes(Fault::Broken, 2, Ok(()))]
#[tokio::test]
async fn a_fault_that_may_pass_does_not_park(
    #[case] fault: Fault,
    #[case] times: usize,
    #[case] outcome: Result<(), ()>,
) {
    let (_keeper, core, message) = one_event(Backend::Sqlite).await;
    let inlet = Consumer::new(core.clone(), Faulty::new(fault, times));
    assert_eq!(inlet.receive(&[message]).await.map_err(drop), outcome);
    assert_eq!(notes(&core, company(1)).await.len(), usize::from(outcome.is_ok()));
    assert!(core.parked_after(None, 100).await.expect("parked").is_empty());
}

#[rstest]
#[case::panic(Fault::Panic, "note panicked")]
#[case::broken(Fault::Broken, "broken")]
#[tokio::test]
async fn a_fault_that_stays_parks_its_lane_and_no_other(#[case] fault: Fault, #[case] says: &str) {
    let (_keeper, core, message) = one_event(Backend::Sqlite).await;
    let inlet = Consumer::new(core.clone(), Faulty::new(fault, 5));
    inlet.receive(from_ref(&message)).await.expect("taken over");
    assert_eq!(core.parked_after(None, 100).await.expect("parked")[0].error, says);
    let other = Message { lane: company(2).into(), ..message };
    inlet.receive(&[other]).await.expect("received");
    assert_eq!((notes(&core, company(1)).await, notes(&core, company(2)).await), (vec![], vec![1]));
}

#[tokio::test]
async fn an_event_too_large_for_the_bus_is_refused_before_it_is_committed() {
    let home = Home::new("maker", Backend::Sqlite).await;
    let core = home.core().await;
    let mut unit = core.begin(company(1).into(), None).await.expect("unit");
    unit.emit(platform::unit::NewEvent { payload: vec![0; LARGEST_PAYLOAD + 1], ..event("note") });
    unit.commit("").await.expect_err("too large");
    assert!(core.sequence().await.expect("sequenced").is_empty());
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn request_ids_are_forgotten_after_seven_days(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let core = home.core().await;
    let now = platform::clock::machine_now();
    let tx = core.db.begin().await.expect("begun");
    for n in 0..1200 {
        // All but the last two are older than seven days.
        let age = if n < 1198 { 7 * 24 + 1 } else { 7 * 24 - 1 };
        let created = platform::clock::to_db(now - jiff::SignedDuration::from_hours(age));
        let values = vec![n.to_string().into(), "p".into(), "thing".into(), created.into()];
        let sql = "insert into request (key, payload_hash, resource, created_at) values ($1, $2, $3, $4)";
        execute(&tx, sql, values).await.expect("inserted");
    }
    tx.commit().await.expect("committed");
    core.delete_old(&CancellationToken::new()).await.expect("deleted");
    let left = query_all(core.db.read(), "select key from request", vec![]).await.expect("rows");
    assert_eq!(left.len(), 2);
}
