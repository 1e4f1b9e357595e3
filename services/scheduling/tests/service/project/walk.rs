//! The whole way, from the opened project to the protocol that both have signed.

use platform::clock::from_wire;
use proto::scheduling::v1::{self as pb, scheduling_event::Event};
use rstest::rstest;
use serde_json::json;
use testkit::Backend::{self, Postgres, Sqlite};

use super::{
    command::Command,
    journey::{Journey, Point},
};
use crate::world::operator;

#[rstest]
#[tokio::test]
async fn each_point_of_the_way_leaves_its_stage_and_its_timer(#[values(Sqlite, Postgres)] backend: Backend) {
    use pb::Stage;
    let journey = Journey::at(backend, Point::Opened).await;
    // The next local midnight (23:00 UTC) while a date is agreed or integrations wait for their day, or
    // the end of what comes before it.
    let way = [
        (Point::Contracted, Stage::Contracting, None),
        (Point::Proposed, Stage::Contracting, None),
        (Point::Agreed, Stage::Readiness, Some("2026-11-16T23:00:00Z")),
        (Point::Ready, Stage::Readiness, Some("2026-11-16T23:00:00Z")),
        (Point::Declared, Stage::Audit1, Some("2026-11-16T23:00:00Z")),
        (Point::Audit1Due, Stage::Audit1, Some("2026-12-16T23:00:00Z")),
        (Point::Audit1Open, Stage::Audit1, Some("2026-12-16T23:00:00Z")),
        (Point::Audit1Passed, Stage::Audit2, Some("2026-12-16T23:00:00Z")),
        (Point::Audit2Passed, Stage::Migration, Some("2026-12-21T23:00:00Z")),
        (Point::WindowOpen, Stage::Migration, Some("2027-01-08T23:00:00Z")),
        (Point::Stopped, Stage::Migration, Some("2027-01-08T23:00:00Z")),
        // Two hours into Saturday the reserve begins.
        (Point::Running, Stage::Migration, Some("2027-01-09T01:00:00Z")),
        (Point::Restored, Stage::Migration, Some("2027-01-08T23:00:00Z")),
        (Point::Finished, Stage::Integrations, Some("2027-01-08T23:00:00Z")),
        (Point::DropAsked, Stage::Integrations, Some("2027-01-08T23:00:00Z")),
        (Point::IntegrationsDue, Stage::Integrations, None),
        (Point::Integrated, Stage::Verification, None),
        (Point::Problem, Stage::Verification, None),
        (Point::Verified, Stage::Acceptance, None),
        (Point::Completed, Stage::Completed, None),
    ];
    for (point, stage, timer) in way {
        journey.go_to(point).await;
        let project = journey.project().await;
        assert_eq!(project.stage(), stage, "{point:?}");
        let states: Vec<_> = project.stages.iter().map(pb::StageStatus::state).collect();
        let done = states.iter().take_while(|state| **state == pb::StageState::Done).count();
        assert_eq!(done, (stage as usize - 1).max(done.min(stage as usize)), "{point:?}: {states:?}");
        assert_eq!(journey.timer().await.as_deref(), timer, "{point:?}");
    }
    let project = journey.project().await;
    let protocol = project.protocols.last().expect("a protocol");
    assert_eq!(protocol.state(), pb::ProtocolState::Signed);
    assert!(protocol.company_signature.is_some() && protocol.softvig_signature.is_some());
    assert!(project.integrations.iter().all(|i| i.day == "2027-01-11"), "Friday night, so Monday");
    assert!(project.end_time.is_some());

    let told = journey.told().await;
    let announced = told.iter().find_map(|(_, event)| match event {
        Event::IntegrationsAnnounced(announced) => Some(announced.clone()),
        _ => None,
    });
    let announced = announced.expect("the contacts are told");
    assert_eq!(
        (announced.day.as_str(), announced.brands.as_slice()),
        ("2027-01-11", &["vw".to_owned(), "skoda".to_owned(),][..])
    );
    let restored = announced.databases_restored_at.as_ref().and_then(from_wire);
    assert_eq!(restored.map(calendar::local_day), Some(jiff::civil::date(2027, 1, 8)), "it says why");
    let unlocked: Vec<_> = told
        .iter()
        .filter_map(|(_, event)| match event {
            Event::StageUnlocked(unlocked) => Some((unlocked.stage(), unlocked.earliest_start.as_str())),
            _ => None,
        })
        .collect();
    let expected = [
        (Stage::Readiness, ""),
        (Stage::Audit1, "2026-12-14"),
        (Stage::Audit2, "2026-12-18"),
        (Stage::Migration, "2027-01-04"),
        (Stage::Integrations, "2027-01-11"),
        (Stage::Verification, ""),
        (Stage::Acceptance, ""),
    ];
    assert_eq!(unlocked, expected);
    assert_eq!(told.last().map(|(kind, _)| kind.as_str()), Some("project_completed"));
}

#[rstest]
#[tokio::test]
async fn date_missed_is_told_when_the_day_ends(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Audit1Due).await;
    journey.at_time("2026-12-16T22:59:59Z").await;
    assert!(journey.project().await.dates[1].agreed.is_some(), "the day is not over");
    journey.at_time("2026-12-16T23:00:00Z").await;
    let project = journey.project().await;
    assert!(project.dates[1].agreed.is_none());
    let withdrawn: Vec<_> = journey
        .told()
        .await
        .into_iter()
        .filter_map(|(_, event)| match event {
            Event::DateWithdrawn(w) => Some((w.date.expect("the date").kind(), w.rule, w.earliest)),
            _ => None,
        })
        .collect();
    assert_eq!(withdrawn[0], (pb::DateKind::Audit1, "DATE_MISSED".to_owned(), "2026-12-17".to_owned()));
}

#[rstest]
#[tokio::test]
async fn after_a_rollback_a_second_run_finishes(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Restored).await;
    let rolled_back = journey.done(Command::RollBackRun, &operator()).await;
    assert_eq!(rolled_back.stage(), pb::Stage::Migration);
    assert!(rolled_back.dates[3].agreed.is_none() && rolled_back.integrations.is_empty());

    let again = json!({ "dates": [{
        "kind": "DATE_KIND_MIGRATION",
        "date": super::journey::window("2027-01-15T18:00", "2027-01-16T06:00"),
    }] });
    Command::ProposeDates.send(&journey, &operator(), again).await.expect("the buffer is not counted again");
    journey.go_to(Point::Agreed).await;
    journey.at_time("2027-01-15T17:00:00Z").await;
    let refused = Command::StartRun.send(&journey, &operator(), json!({})).await;
    let expected = proto::common::v1::ErrorReason::SystemsNotStopped;
    assert_eq!(crate::world::reason(refused), expected, "confirmed for each attempt anew");
    journey.go_to(Point::Stopped).await;
    journey.go_to(Point::Running).await;
    journey.at_time("2027-01-15T23:40:00Z").await;
    journey.done(Command::RecordRestored, &operator()).await;
    let finished = journey.done(Command::FinishRun, &operator()).await;
    let days: Vec<_> = finished.integrations.iter().map(|i| i.day.as_str()).collect();
    assert_eq!(days, ["2027-01-18"; 2], "00:40 on Saturday, so Monday");
    let runs: Vec<_> = finished.runs.iter().map(|run| (run.attempt, run.state())).collect();
    assert_eq!(runs, [(1, pb::RunState::RolledBack), (2, pb::RunState::Finished)]);
}
