//! A run that is rolled back, and the one after it.

use journeys::Layout::{self, Embedded, Spread};
use proto::{
    common::v1::ErrorReason,
    scheduling::v1::{DateKind, IntegrationState, RunState, Stage, StageState},
};
use rstest::rstest;
use story::{Facts, Through};

use crate::common::{Theatre, agreed_day, refused, stage, told};

#[rstest]
#[tokio::test]
async fn a_run_is_rolled_back_and_the_second_one_finishes(#[values(Embedded, Spread)] layout: Layout) {
    let theatre = Theatre::open(layout).await;
    let d = theatre.dealership(&Facts::AUTODOM).await;
    d.go_through(Through::Audit2).await.expect("audited");
    let (start, _) = d.agreed(DateKind::Migration).await.expect("agreed");
    theatre.world.until(start).await.expect("the window");
    assert_eq!(refused(d.start_run().await), ErrorReason::EvidenceStale, "measured weeks ago");
    d.refresh_evidence(d.later(1)).await.expect("measured again");
    assert_eq!(refused(d.start_run().await), ErrorReason::SystemsNotStopped);
    d.stop_systems().await.expect("stopped");
    d.start_run().await.expect("started");
    theatre.world.until(d.later(3)).await.expect("later");
    let restored = d.databases_restored().await.expect("restored");
    assert!(restored.integrations.iter().all(|i| !i.day.is_empty()), "{restored:?}");
    theatre.world.until(d.later(1)).await.expect("later");
    let back = d.roll_back_run("Nie łączy się.").await.expect("rolled back");
    assert_eq!(stage(&back, Stage::Integrations), StageState::Locked);
    assert_eq!(agreed_day(&back, DateKind::Migration), None, "a new window is to be agreed");
    assert!(back.integrations.iter().all(|i| i.day.is_empty()), "no day holds: {back:?}");

    d.stage(Through::Migration).await.expect("the second run");
    let project = d.read().await.expect("read");
    let runs: Vec<_> = project.runs.iter().map(|run| (run.attempt, run.state())).collect();
    assert_eq!(runs, [(1, RunState::RolledBack), (2, RunState::Finished)]);
    assert_eq!(refused(d.roll_back_run("Za późno.").await), ErrorReason::RollbackClosed);

    // The brands come back on the next business day and not before.
    let early = d.restore_integration("vw").await;
    assert_eq!(refused(early), ErrorReason::IntegrationsNextBusinessDay);
    d.stage(Through::Integrations).await.expect("restored");
    let project = d.read().await.expect("read");
    assert!(project.integrations.iter().all(|i| i.state() == IntegrationState::Restored), "{project:?}");
    for topics in told(&d).await {
        for topic in ["run_rolled_back", "integrations_cancelled", "run_finished"] {
            assert!(topics.iter().any(|t| t == topic), "{topic}: {topics:?}");
        }
    }
}
