//! What changes underneath a project: its company's hours and brands, and the holidays.

use calendar::DatedHoliday;
use platform::{Service as _, harness::request_id, timers::OnTimer as _};
use proto::scheduling::v1::{self as pb, scheduling_event::Event};
use rstest::rstest;
use scheduling::{Scheduling, data::Data};
use serde_json::json;
use testkit::Backend::{self, Postgres, Sqlite};

use super::{
    command::Command,
    journey::{Journey, Point, window},
};
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

/// A window in a closure is agreed; then the closure is taken back.
#[rstest]
#[tokio::test]
async fn outside_working_hours_is_checked_again_when_a_closure_is_taken_back(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let journey = Journey::at(backend, Point::Agreed).await;
    let (harness, dealer) = (&journey.world.harness, &journey.world.dealer);
    let (first_day, last_day) = ("2027-01-07".to_owned(), "2027-01-08".to_owned());
    let request = pb::EnterClosureRequest {
        name: dealer.name.clone(),
        first_day: first_day.clone(),
        last_day: last_day.clone(),
        request_id: request_id(),
        ..Default::default()
    };
    harness.call(&dealer.decision, Scheduling::enter_closure, request).await.expect("entered");
    let by_day = json!({
        "dates": [{ "kind": "DATE_KIND_MIGRATION", "date": window("2027-01-08T08:00", "2027-01-08T20:00") }]
    });
    Command::ProposeDates.send(&journey, &crm(), by_day).await.expect("closed on these days");
    journey.go_to(Point::Agreed).await;
    let told = journey.told().await.len();

    let request = pb::WithdrawClosureRequest {
        name: dealer.name.clone(),
        first_day,
        last_day,
        request_id: request_id(),
        ..Default::default()
    };
    harness.call(&dealer.decision, Scheduling::withdraw_closure, request).await.expect("taken back");
    let new = journey.told().await.split_off(told);
    let [(_, Event::DateWithdrawn(withdrawn))] = new.as_slice() else { panic!("{new:?}") };
    assert_eq!(withdrawn.rule, "OUTSIDE_WORKING_HOURS");
    assert!(journey.project().await.dates[3].agreed.is_none());
}

/// The process starts again with another list of ops.
fn restart(journey: &Journey, holiday: &str) -> Scheduling {
    let date = holiday.parse().expect("a day");
    let added = DatedHoliday::Added { date, pl: "Żałoba".into(), en: "Mourning".into() };
    let shipped = Data::shipped();
    let data = Data { calendar: shipped.calendar.with_dated(&[added]), ..shipped };
    Scheduling::new(journey.world.harness.service.core().clone(), data)
}

#[rstest]
#[tokio::test]
async fn audit_on_business_day_is_checked_again_when_a_process_starts_with_other_holidays(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let journey = Journey::at(backend, Point::Agreed).await;
    journey.world.harness.service.at_start().await.expect("checked");
    let told = journey.told().await.len();
    let (one, another) = (restart(&journey, "2026-12-16"), restart(&journey, "2026-12-16"));
    let (first, second) = futures::join!(one.at_start(), another.at_start());
    first.and(second).expect("two replicas at once");
    let new = journey.told().await.split_off(told);
    let [(_, Event::DateWithdrawn(withdrawn))] = new.as_slice() else { panic!("{new:?}") };
    assert_eq!(withdrawn.rule, "AUDIT_ON_BUSINESS_DAY");
    assert!(journey.project().await.dates[1].agreed.is_none());

    restart(&journey, "2026-12-16").at_start().await.expect("checked");
    assert_eq!(journey.told().await.len(), told + 1, "the same list again");
}

#[rstest]
#[tokio::test]
async fn integrations_next_business_day_is_announced_anew_when_the_holidays_change(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let journey = Journey::at(backend, Point::Finished).await;
    let told = journey.told().await.len();
    restart(&journey, "2027-01-11").at_start().await.expect("checked");
    let new = journey.told().await.split_off(told);
    let [(_, Event::IntegrationsAnnounced(announced))] = new.as_slice() else { panic!("{new:?}") };
    assert_eq!((announced.day.as_str(), announced.brands.len()), ("2027-01-12", 2));
}

#[rstest]
#[tokio::test]
async fn integrations_that_are_back_are_not_announced_anew(#[values(Sqlite, Postgres)] backend: Backend) {
    let journey = Journey::at(backend, Point::Integrated).await;
    let told = journey.told().await.len();
    restart(&journey, "2027-01-11").at_start().await.expect("checked");
    assert_eq!(journey.told().await.len(), told);
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
