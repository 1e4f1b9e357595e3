//! What changes underneath a project: its company's hours and brands.

use platform::harness::request_id;
use proto::scheduling::v1::{self as pb, scheduling_event::Event};
use rstest::rstest;
use scheduling::Scheduling;
use testkit::Backend::{self, Postgres, Sqlite};

use super::journey::{Journey, Point};
use crate::world::{company, crm, open};

async fn open_on(journey: &Journey, weekday: i32, opens: &str, closes: &str) {
    let mut sites = company().sites;
    sites[0].hours.push(open(weekday, opens, closes));
    let request = pb::SetWorkingHoursRequest {
        name: journey.world.dealer.name.clone(),
        sites,
        request_id: request_id(),
        ..Default::default()
    };
    let caller = &journey.world.dealer.decision;
    journey.world.harness.call(caller, Scheduling::set_working_hours, request).await.expect("changed");
}

#[rstest]
#[tokio::test]
async fn outside_working_hours_is_checked_again_when_the_hours_change(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let journey = Journey::at(backend, Point::Agreed).await;
    let told = journey.told().await.len();
    open_on(&journey, 6, "06:00", "13:00").await;
    assert!(journey.project().await.dates[3].agreed.is_some(), "the window ends when the salon opens");
    assert_eq!(journey.told().await.len(), told);

    open_on(&journey, 6, "05:00", "13:00").await;
    let project = journey.project().await;
    let agreed: Vec<_> = project.dates.iter().map(|date| date.agreed.is_some()).collect();
    assert_eq!(agreed, [true, true, true, false], "only what can no longer hold is withdrawn");
    let new = journey.told().await.split_off(told);
    let [(kind, Event::DateWithdrawn(withdrawn))] = new.as_slice() else { panic!("{new:?}") };
    assert_eq!(kind, "date_withdrawn");
    assert_eq!((withdrawn.rule.as_str(), withdrawn.note.as_str()), ("OUTSIDE_WORKING_HOURS", ""));
    assert_eq!(withdrawn.date.as_ref().map(pb::StageDate::kind), Some(pb::DateKind::Migration));
    assert!(!withdrawn.earliest.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_brand_added_before_the_protocol_reopens_the_integrations(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let journey = Journey::at(backend, Point::Verified).await;
    let told = journey.told().await.len();
    let mut changed = pb::Company { name: journey.world.dealer.name.clone(), ..company() };
    changed.brands.push("volvo".to_owned());
    let request =
        pb::UpdateCompanyRequest { company: Some(changed), request_id: request_id(), ..Default::default() };
    journey.world.harness.call(&crm(), Scheduling::update_company, request).await.expect("changed");
    let project = journey.project().await;
    assert_eq!(project.stage(), pb::Stage::Integrations);
    assert_eq!(project.protocols[0].state(), pb::ProtocolState::Voided);
    let new: Vec<_> = journey.told_kinds().await.split_off(told);
    for kind in ["integration_reopened", "stage_reopened", "protocol_voided"] {
        assert!(new.iter().any(|new| new == kind), "{kind}: {new:?}");
    }
}
