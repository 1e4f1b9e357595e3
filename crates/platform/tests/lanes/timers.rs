//! A timer fires once, when business time has come, on whichever replica claims it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use jiff::Timestamp;
use platform::{
    Error,
    clock::{Clock, set_simulated},
    timers::{OnTimer, Timer},
    unit::Unit,
};
use rstest::rstest;
use testkit::{Backend, eventually};
use tokio_util::sync::CancellationToken;

use crate::world::{Home, PATIENCE, company, delivered, event};

struct Ring {
    rung: AtomicUsize,
}

#[async_trait]
impl OnTimer for Ring {
    async fn fire(&self, unit: &mut Unit, timer: &Timer) -> Result<(), Error> {
        assert_eq!(timer.key, "p");
        unit.emit(event("note"));
        self.rung.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn a_moved_timer_fires_once_at_its_new_time(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let file = std::env::temp_dir().join(format!("clock-{}", testkit::unique_name()));
    set_simulated(&file, at("2026-11-23T08:00:00Z")).expect("clock");
    let clock = Clock::simulated(&file).expect("clock");
    let (left, right) = (home.core_at(clock.clone()).await, home.core_at(clock.clone()).await);
    let mut unit = left.begin(company(1).into(), None).await.expect("unit");
    unit.set_timer("ring", "p", at("2026-11-23T09:00:00Z")).await.expect("set");
    unit.commit("").await.expect("committed");
    let mut unit = left.begin(company(1).into(), None).await.expect("unit");
    unit.set_timer("ring", "p", at("2026-11-24T09:00:00Z")).await.expect("moved");
    unit.commit("").await.expect("committed");

    let ring = Arc::new(Ring { rung: AtomicUsize::new(0) });
    let stop = CancellationToken::new();
    for core in [left.clone(), right] {
        let (ring, stop) = (ring.clone(), stop.clone());
        tokio::spawn(async move { core.run_timers(ring, stop).await });
    }
    set_simulated(&file, at("2026-11-23T10:00:00Z")).expect("clock");
    assert_eq!(left.timers_due().await.expect("due"), 0, "it was moved to the next day");
    set_simulated(&file, at("2026-12-01T10:00:00Z")).expect("clock");
    eventually(PATIENCE, "the timer has fired", async || {
        left.sequence().await.expect("sequenced");
        (!delivered(&left, company(1)).await.is_empty()).then_some(())
    })
    .await;
    assert_eq!(left.timers_due().await.expect("due"), 0);
    assert_eq!(delivered(&left, company(1)).await.len(), 1);
    stop.cancel();
    std::fs::remove_file(file).expect("removed");
}
