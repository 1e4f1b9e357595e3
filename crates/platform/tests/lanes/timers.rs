//! A timer fires once, when business time has come, on whichever replica claims it.

use std::sync::{
    Arc, Mutex,
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

/// Everything rings but `broken`.
struct Bells {
    broken: AtomicUsize,
}

#[async_trait]
impl OnTimer for Bells {
    async fn fire(&self, unit: &mut Unit, timer: &Timer) -> Result<(), Error> {
        unit.emit(event("note"));
        if timer.key.starts_with("broken") && self.broken.fetch_add(1, Ordering::SeqCst) < 101 {
            assert!(!timer.key.ends_with('0'), "as the test wants it");
            return Err(Error::Internal(anyhow::anyhow!("broken")));
        }
        Ok(())
    }
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn timers_that_fail_make_way_for_others_and_are_tried_again(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let core = home.core().await;
    let mut unit = core.begin(company(1).into(), None).await.expect("unit");
    for n in 0..101 {
        unit.set_timer("ring", &format!("broken {n}"), at("2020-01-01T09:00:00Z")).await.expect("set");
    }
    unit.set_timer("ring", "sound", at("2020-01-02T09:00:00Z")).await.expect("set");
    unit.commit("").await.expect("committed");
    let stop = CancellationToken::new();
    let bells = Arc::new(Bells { broken: AtomicUsize::new(0) });
    let firing = tokio::spawn({
        let (core, stop, bells) = (core.clone(), stop.clone(), bells.clone());
        async move { core.run_timers(bells, stop).await }
    });
    eventually(PATIENCE, "the sound one has fired", async || {
        core.sequence().await.expect("sequenced");
        (!delivered(&core, company(1)).await.is_empty()).then_some(())
    })
    .await;
    eventually(PATIENCE, "the others have fired", async || {
        (core.timers_due().await.expect("due") == 0).then_some(())
    })
    .await;
    core.sequence().await.expect("sequenced");
    assert_eq!(delivered(&core, company(1)).await.len(), 102);
    stop.cancel();
    firing.await.expect("ended");
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

/// `first` moves one timer and removes another that were seen due together with it.
#[derive(Default)]
struct Meddler(Mutex<Vec<String>>);

#[async_trait]
impl OnTimer for Meddler {
    async fn fire(&self, unit: &mut Unit, timer: &Timer) -> Result<(), Error> {
        if timer.key == "first" {
            unit.set_timer("ring", "moved", at("2036-01-01T09:00:00Z")).await?;
            unit.clear_timer("ring", "removed").await?;
        }
        self.0.lock().expect("no panic").push(timer.key.clone());
        Ok(())
    }
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn a_timer_that_moved_or_went_after_it_was_seen_due_does_not_fire(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let core = home.core().await;
    let mut unit = core.begin(company(1).into(), None).await.expect("unit");
    for (key, due_at) in [
        ("first", "2020-01-01T09:00:00Z"),
        ("moved", "2020-01-02T09:00:00Z"),
        ("removed", "2020-01-03T09:00:00Z"),
        ("last", "2020-01-04T09:00:00Z"),
    ] {
        unit.set_timer("ring", key, at(due_at)).await.expect("set");
    }
    unit.commit("").await.expect("committed");
    let (stop, on) = (CancellationToken::new(), Arc::new(Meddler::default()));
    let firing = tokio::spawn({
        let (core, stop, on) = (core.clone(), stop.clone(), on.clone());
        async move { core.run_timers(on, stop).await }
    });
    let fired = eventually(PATIENCE, "the last one has fired", async || {
        Some(on.0.lock().expect("no panic").clone()).filter(|fired| fired.iter().any(|key| key == "last"))
    })
    .await;
    assert_eq!(fired, ["first", "last"]);
    stop.cancel();
    firing.await.expect("ended");
}
