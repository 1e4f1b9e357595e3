use calendar::WorkingHours;
use jiff::civil::Weekday::{self, *};
use platform::actor::Actor;
use proto::common::v1::ErrorReason::{DateInPast, InvalidArgument, NotFound, PermissionDenied};
use rstest::rstest;

use super::*;

const TODAY: &str = "2026-11-23";

fn site(name: &str, weekly: &[(Weekday, &str)]) -> Site {
    Site { name: name.into(), hours: WorkingHours::parse(weekly, &[]).expect("valid hours") }
}

fn hours_on(company: &Company, date: &str) -> Vec<String> {
    company.working_hours().on(day(date)).iter().map(ToString::to_string).collect()
}

fn two_sites() -> Vec<Site> {
    vec![
        site("Salon", &[(Monday, "09:00-18:00"), (Saturday, "09:00-14:00")]),
        site("Serwis", &[(Monday, "06:00-10:00")]),
    ]
}

#[test]
fn outside_working_hours_the_union_of_all_sites_counts() {
    let mut company = registered(Vec::new());
    let events = company.set_working_hours(two_sites(), &crm()).expect("allowed");
    assert_eq!(events, [CompanyEvent::HoursChanged]);
    assert_eq!(hours_on(&company, "2026-11-23"), ["06:00-18:00"]);
    assert_eq!(hours_on(&company, "2026-11-28"), ["09:00-14:00"]);
    assert!(hours_on(&company, "2026-11-24").is_empty());
    assert_eq!(company.set_working_hours(two_sites(), &crm()).expect("allowed"), [], "the same again");
}

#[test]
fn no_free_window_as_long_as_no_hours_are_known() {
    let company = registered(Vec::new());
    assert_eq!(company.working_hours(), WorkingHours::around_the_clock());
}

#[test]
fn no_free_window_a_dated_closure_of_a_decision_contact_opens_days() {
    let mut company = registered(vec![site("Salon", &[(Monday, "00:00-24:00"), (Tuesday, "00:00-24:00")])]);
    let jan = acting(id(2), DECISION);
    let (first, last) = (day("2026-11-30"), day("2026-12-01"));
    let events = company.enter_closure(first, last, "Inwentaryzacja", day(TODAY), &jan).expect("allowed");
    assert_eq!(events, [CompanyEvent::ClosureEntered { first, last }]);
    assert!(hours_on(&company, "2026-11-30").is_empty());
    assert!(hours_on(&company, "2026-12-01").is_empty());
    assert_eq!(hours_on(&company, "2026-12-07"), ["00:00-24:00"]);
    assert_eq!(company.closures[0].entered_by, id(2));
    let again = company.enter_closure(first, last, "Inwentaryzacja", day(TODAY), &jan);
    assert_eq!(again.expect("allowed"), []);
}

#[test]
fn no_free_window_a_closure_is_taken_back_by_its_days() {
    let mut company = registered(vec![site("Salon", &[(Monday, "00:00-24:00"), (Tuesday, "00:00-24:00")])]);
    let jan = acting(id(2), DECISION);
    let (first, last) = (day("2026-11-30"), day("2026-12-01"));
    company.enter_closure(first, last, "Inwentaryzacja", day(TODAY), &jan).expect("allowed");
    refused(&mut company, NotFound, |c| c.withdraw_closure(first, first, &jan));
    refused(&mut company, PermissionDenied, |c| c.withdraw_closure(first, last, &acting(id(1), TECHNICAL)));
    let events = company.withdraw_closure(first, last, &jan).expect("allowed");
    assert_eq!(events, [CompanyEvent::ClosureWithdrawn { first, last }]);
    assert_eq!(hours_on(&company, "2026-11-30"), ["00:00-24:00"]);
    refused(&mut company, NotFound, |c| c.withdraw_closure(first, last, &jan));
}

#[rstest]
#[case::technical(acting(id(1), TECHNICAL))]
#[case::crm(crm())]
#[case::operator(operator())]
#[case::time(Actor::System)]
fn no_free_window_only_a_decision_contact_enters_a_closure(#[case] actor: Actor) {
    let mut company = with_contacts();
    let on = day("2026-11-30");
    refused(&mut company, PermissionDenied, |c| c.enter_closure(on, on, "", day(TODAY), &actor));
}

#[rstest]
#[case::past("2026-11-22", "2026-11-24", DateInPast)]
#[case::backwards("2026-11-30", "2026-11-29", InvalidArgument)]
#[case::more_than_a_year("2026-11-30", "2027-12-01", InvalidArgument)]
#[case::to_the_end_of_time("2026-11-30", "9999-12-31", InvalidArgument)]
fn a_closure_that_makes_no_sense_is_refused(
    #[case] first: &str,
    #[case] last: &str,
    #[case] reason: ErrorReason,
) {
    let mut company = with_contacts();
    let jan = acting(id(2), DECISION);
    refused(&mut company, reason, |c| c.enter_closure(day(first), day(last), "", day(TODAY), &jan));
}

#[test]
fn a_closure_may_begin_today_and_last_a_year() {
    let mut company = with_contacts();
    let jan = acting(id(2), DECISION);
    company.enter_closure(day(TODAY), day("2027-11-23"), "", day(TODAY), &jan).expect("366 days");
}

#[rstest]
#[case::none(vec![])]
#[case::without_a_name(vec![site(" ", &[])])]
#[case::two_of_one_name(vec![site("Salon", &[]), site("Salon", &[])])]
fn bad_sites_are_refused(#[case] sites: Vec<Site>) {
    refused(&mut registered(Vec::new()), InvalidArgument, |c| c.set_working_hours(sites, &crm()));
}

#[rstest]
#[case::crm(crm(), true)]
#[case::operator(operator(), true)]
#[case::decision(acting(id(2), DECISION), true)]
#[case::technical(acting(id(1), TECHNICAL), false)]
#[case::auditor(auditor(), false)]
fn who_may_set_the_working_hours(#[case] actor: Actor, #[case] may: bool) {
    let mut company = with_contacts();
    if may {
        company.set_working_hours(two_sites(), &actor).expect("allowed");
    } else {
        refused(&mut company, PermissionDenied, |c| c.set_working_hours(two_sites(), &actor));
    }
}
