//! A process dies at every step in turn: each attempt is dropped one step later than the one before,
//! wherever it stands, and another process goes on.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use async_trait::async_trait;
use platform::{
    Error,
    bus::Inlet as _,
    clock::{Clock, machine_now, set_simulated},
    consumer::Consumer,
    core::Core,
    db::query_all,
    timers::{OnTimer, Timer},
    unit::{Begun, NewHistory, Unit},
};
use rstest::rstest;
use testkit::{Backend, eventually};
use tokio_util::sync::CancellationToken;

use crate::world::{Home, Keeper, PATIENCE, company, delivered, event, make, notes, ticket};

/// More steps than anything here takes.
const STEPS: usize = 60;

/// What a process came to that is killed after so many steps, a step being the way from one wait to the
/// next; none if it did not come to its end.
async fn killed_after<T>(steps: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), steps);
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn a_consumer_killed_at_every_step_applies_each_event_once(#[case] backend: Backend) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let maker = maker.core().await;
    make(&maker, company(1), &["note"; 2 * STEPS]).await;
    maker.sequence().await.expect("sequenced");
    let (core, other) = (keeper.core().await, keeper.core().await);
    let mut ended = 0;
    // Two at once: neither is applied without the other.
    for (steps, run) in delivered(&maker, company(1)).await.chunks(2).enumerate() {
        let dying = Consumer::new(core.clone(), Keeper::new());
        ended += usize::from(killed_after(steps, dying.receive(run)).await.is_some());
        assert_eq!(notes(&core, company(1)).await.len() % 2, 0);
        // Not acknowledged, so it comes again.
        Consumer::new(other.clone(), Keeper::new()).receive(run).await.expect("received");
    }
    assert!(ended > 0, "the last ones should have come to their end");
    assert_eq!(notes(&other, company(1)).await, (1..=2 * STEPS as i64).collect::<Vec<_>>());
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn a_command_killed_at_every_step_and_sent_again_happens_once(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let (core, other) = (home.core().await, home.core().await);
    let mut ended = 0;
    for steps in 0..STEPS {
        let request = format!("r{steps}");
        ended += usize::from(killed_after(steps, send(&core, &request)).await.is_some());
        send(&other, &request).await.expect("sent again");
    }
    assert!(ended > 0, "the last ones should have come to their end");
    other.sequence().await.expect("sequenced");
    assert_eq!(delivered(&other, company(1)).await.len(), STEPS);
    let history = query_all(other.db.read(), "select id from history", vec![]).await.expect("history");
    assert_eq!(history.len(), STEPS);
}

async fn send(core: &Core, request: &str) -> Result<(), Error> {
    match core.begin_command(company(1).into(), ticket(request, "p")).await? {
        Begun::Replayed(_) => Ok(()),
        Begun::Fresh(mut unit) => {
            unit.emit(event("note"));
            unit.record(NewHistory {
                kind: "made".into(),
                project: None,
                actor: "somebody".into(),
                body: serde_json::Value::Null,
            });
            unit.commit("things/1").await
        }
    }
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn a_sequencer_killed_at_every_step_leaves_no_gap_and_no_position_twice(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let (core, other) = (home.core().await, home.core().await);
    for steps in 0..STEPS {
        make(&other, company(steps as u128 % 3), &["note", "note"]).await;
        killed_after(steps, core.sequence()).await;
        other.sequence().await.expect("sequenced");
    }
    let rows = query_all(other.db.read(), "select position from outbox order by position", vec![]).await;
    let positions: Vec<i64> =
        rows.expect("rows").iter().map(|row| row.try_get("", "position").expect("a position")).collect();
    assert_eq!(positions, (1..=2 * STEPS as i64).collect::<Vec<_>>());
}

struct Ring;

#[async_trait]
impl OnTimer for Ring {
    async fn fire(&self, unit: &mut Unit, _: &Timer) -> Result<(), Error> {
        unit.emit(event("note"));
        Ok(())
    }
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn a_timer_whose_process_is_killed_at_every_step_fires_once(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let file = std::env::temp_dir().join(format!("clock-{}", testkit::unique_name()));
    set_simulated(&file, machine_now()).expect("clock");
    let clock = Clock::simulated(&file).expect("clock");
    let (core, other) = (home.core_at(clock.clone()).await, home.core_at(clock).await);
    // A process that has nothing left to do goes on waiting: few steps more than it needs.
    for steps in 0..STEPS / 2 {
        let mut unit = other.begin(company(1).into(), None).await.expect("unit");
        unit.set_timer("ring", &steps.to_string(), other.clock.now()).await.expect("set");
        unit.commit("").await.expect("committed");
        killed_after(steps, core.run_timers(Arc::new(Ring), CancellationToken::new())).await;
        let stop = CancellationToken::new();
        let loops = tokio::spawn({
            let (other, stop) = (other.clone(), stop.clone());
            async move { other.run_timers(Arc::new(Ring), stop).await }
        });
        eventually(PATIENCE, "the timer has fired", async || {
            (other.timers_due().await.expect("due") == 0).then_some(())
        })
        .await;
        stop.cancel();
        loops.await.expect("ended");
    }
    other.sequence().await.expect("sequenced");
    assert_eq!(delivered(&other, company(1)).await.len(), STEPS / 2);
    std::fs::remove_file(file).expect("removed");
}
