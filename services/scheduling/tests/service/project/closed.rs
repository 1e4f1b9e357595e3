//! Where no command gets through: another company's project, and one that is over.

use proto::{common::v1::ErrorReason, scheduling::v1 as pb};
use rstest::rstest;
use scheduling::Scheduling;
use serde_json::json;
use testkit::Backend::{self, Postgres, Sqlite};

use super::{
    allowed::callers,
    command::Command,
    journey::{Journey, Point, open},
};
use crate::world::{crm, reason};

#[rstest]
#[tokio::test]
async fn another_companys_project_does_not_exist(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Agreed).await;
    let stranger = journey.world.another_dealer().await;
    let (before, told) = (journey.project().await, journey.told().await.len());
    for caller in [&stranger.technical, &stranger.decision] {
        for command in Command::ALL {
            let outcome = command.send(&journey, caller, json!({})).await;
            assert_eq!(reason(outcome), ErrorReason::NotFound, "{command:?}");
        }
        let read = pb::GetProjectRequest { name: journey.name.clone() };
        let outcome = journey.world.harness.call(caller, Scheduling::get_project, read).await;
        assert_eq!(reason(outcome), ErrorReason::NotFound);
        let suggest = pb::SuggestDatesRequest { name: journey.name.clone(), ..Default::default() };
        let outcome = journey.world.harness.call(caller, Scheduling::suggest_dates, suggest).await;
        assert_eq!(reason(outcome), ErrorReason::NotFound);
        let lines = pb::ListHistoryRequest { parent: journey.name.clone(), ..Default::default() };
        let outcome = journey.world.harness.call(caller, Scheduling::list_history, lines).await;
        assert_eq!(reason(outcome), ErrorReason::NotFound);
    }
    assert_eq!((journey.project().await, journey.told().await.len()), (before, told));
}

#[rstest]
#[tokio::test]
async fn a_project_that_is_not_there_takes_no_command(#[values(Sqlite, Postgres)] backend: Backend) {
    let mut journey = Journey::at(backend, Point::Opened).await;
    let opened = std::mem::take(&mut journey.name);
    for name in [format!("{}/projects/{}", journey.world.dealer.name, uuid::Uuid::now_v7()), String::new()] {
        let expected = if name.is_empty() { ErrorReason::InvalidArgument } else { ErrorReason::NotFound };
        let fields = json!({ "name": name, "contractDay": "2026-11-02" });
        let outcome = journey.send(&crm(), Scheduling::record_contract, fields).await;
        assert_eq!(reason(outcome), expected);
    }
    journey.name = opened;
    assert_eq!(journey.project().await.contract_day, "");
}

#[rstest]
#[tokio::test]
async fn project_closed_refuses_every_command(#[values(Sqlite, Postgres)] backend: Backend) {
    for point in [Point::Completed, Point::Agreed] {
        let journey = Journey::at(backend, point).await;
        if point == Point::Agreed {
            journey.done(Command::CancelProject, &crm()).await;
        }
        let before = (journey.project().await, journey.told().await.len(), journey.timer().await);
        assert_eq!(before.2, None, "time moves it no more");
        for command in Command::ALL {
            for (role, caller) in callers(&journey) {
                match reason(command.send(&journey, &caller, json!({})).await) {
                    ErrorReason::ProjectClosed | ErrorReason::PermissionDenied => {}
                    other => panic!("{command:?} by {role}: {other:?}"),
                }
            }
        }
        let after = (journey.project().await, journey.told().await.len(), journey.timer().await);
        assert_eq!(after, before);

        let request = open(&journey.world.dealer.name);
        let next = journey.world.harness.call(&crm(), Scheduling::open_project, request).await;
        assert_ne!(next.expect("a new project").name, journey.name);
    }
}
