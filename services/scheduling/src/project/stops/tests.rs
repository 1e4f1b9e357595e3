use rstest::rstest;

use super::*;
use crate::project::testing::{CRM, DECISION, TECHNICAL, allowed, at, reasons, stored};

const NOW: &str = "2027-01-23T20:30:00+01:00";

fn window() -> Option<Interval> {
    Some(Interval::new(at("2027-01-23T20:00:00+01:00"), at("2027-01-24T08:00:00+01:00")))
}

fn item(key: &str) -> StopItem {
    StopItem { key: key.into(), name: key.to_uppercase(), owner: String::new() }
}

/// One system and one application, nothing confirmed.
fn listed() -> Stops {
    let mut stops = Stops::default();
    stops.state(StopList::Systems, vec![item("erp")], &TECHNICAL).expect("stated");
    stops.state(StopList::Applications, vec![item("shop")], &CRM).expect("stated");
    stops
}

fn confirm(stops: &mut Stops, list: StopList, key: &str) {
    stops.confirm((list, key), StopHow::Stopped, window(), None, &TECHNICAL, at(NOW)).expect("confirmed");
}

fn missing(stops: &Stops, window: Option<Interval>) -> Vec<(String, String)> {
    stops.not_stopped(window).into_iter().map(|v| (v.field, v.asked)).collect()
}

#[test]
fn systems_not_stopped_until_both_lists_are_stated() {
    let mut stops = Stops::default();
    let unstated = |list: &str| (list.to_owned(), "not stated".to_owned());
    assert_eq!(missing(&stops, window()), [unstated("systems"), unstated("applications")]);
    stops.state(StopList::Systems, Vec::new(), &DECISION).expect("none stated");
    assert_eq!(missing(&stops, window()), [unstated("applications")]);
    stops.state(StopList::Applications, Vec::new(), &DECISION).expect("none stated");
    assert_eq!(missing(&stops, window()), []);
}

#[test]
fn systems_not_stopped_until_each_entry_is_confirmed() {
    let mut stops = listed();
    let open = |list: &str, key: &str| (list.to_owned(), format!("not confirmed: {key}"));
    assert_eq!(missing(&stops, window()), [open("systems", "erp"), open("applications", "shop")]);
    confirm(&mut stops, StopList::Systems, "erp");
    assert_eq!(missing(&stops, window()), [open("applications", "shop")]);
    confirm(&mut stops, StopList::Applications, "shop");
    assert_eq!(missing(&stored(&stops), window()), []);
}

#[rstest]
#[case::as_the_window_opens("2027-01-23T20:00:00+01:00", true)]
#[case::a_second_before("2027-01-23T19:59:59+01:00", false)]
fn systems_not_stopped_is_confirmed_within_the_window_only(#[case] when: &str, #[case] fine: bool) {
    let of = (StopList::Systems, "erp");
    let result = listed().confirm(of, StopHow::Stopped, window(), Some(at(when)), &TECHNICAL, at(NOW));
    assert_eq!(result.is_ok(), fine);
    if !fine {
        assert_eq!(allowed(result), "2027-01-23T20:00:00+01:00/2027-01-24T08:00:00+01:00");
    }
}

#[test]
fn systems_not_stopped_forgets_confirmations_of_a_window_that_was_moved() {
    let mut stops = listed();
    confirm(&mut stops, StopList::Systems, "erp");
    confirm(&mut stops, StopList::Applications, "shop");
    let moved = Interval::new(at("2027-01-30T20:00:00+01:00"), at("2027-01-31T08:00:00+01:00"));
    assert_eq!(stops.not_stopped(Some(moved)).len(), 2);
    assert_eq!(stops.not_stopped(None).len(), 2);
}

#[test]
fn systems_not_stopped_is_confirmed_anew_for_each_attempt() {
    let mut stops = listed();
    confirm(&mut stops, StopList::Systems, "erp");
    confirm(&mut stops, StopList::Applications, "shop");
    assert_eq!(stops.take_confirmed().len(), 2);
    assert_eq!(stops.not_stopped(window()).len(), 2);
}

#[rstest]
#[case::technical_contact(&TECHNICAL, true)]
#[case::softvig(&CRM, true)]
#[case::decision_contact(&DECISION, false)]
#[case::time(&Actor::System, false)]
fn systems_not_stopped_is_confirmed_by_a_technical_contact_or_softvig(
    #[case] by: &Actor,
    #[case] fine: bool,
) {
    let of = (StopList::Applications, "shop");
    let result = listed().confirm(of, StopHow::Disconnected, window(), None, by, at(NOW));
    assert_eq!(result.is_ok(), fine);
    if !fine {
        assert_eq!(reasons(result), [ErrorReason::PermissionDenied]);
    }
}

#[test]
fn systems_not_stopped_a_system_on_the_server_is_stopped_not_disconnected() {
    let of = (StopList::Systems, "erp");
    let result = listed().confirm(of, StopHow::Disconnected, window(), None, &TECHNICAL, at(NOW));
    assert_eq!(allowed(result), "stopped");
}

#[test]
fn systems_not_stopped_without_window_and_for_unknown_entries() {
    let of = (StopList::Systems, "erp");
    let no_window = listed().confirm(of, StopHow::Stopped, None, None, &TECHNICAL, at(NOW));
    assert_eq!(allowed(no_window), "once a migration window is agreed");
    let of = (StopList::Systems, "shop");
    let other_list = listed().confirm(of, StopHow::Stopped, window(), None, &TECHNICAL, at(NOW));
    assert_eq!(reasons(other_list), [ErrorReason::NotFound]);
}

#[test]
fn systems_not_stopped_a_list_stated_again_keeps_what_stays() {
    let mut stops = listed();
    confirm(&mut stops, StopList::Systems, "erp");
    confirm(&mut stops, StopList::Applications, "shop");
    stops.state(StopList::Systems, vec![item("erp"), item("crm")], &TECHNICAL).expect("stated");
    assert_eq!(missing(&stops, window()), [("systems".into(), "not confirmed: crm".into())]);
    stops.state(StopList::Systems, vec![item("crm")], &TECHNICAL).expect("stated");
    assert_eq!(stops.confirmed().len(), 1, "the application's stays");
}

#[test]
fn systems_not_stopped_when_a_system_was_started_again() {
    let mut stops = listed();
    confirm(&mut stops, StopList::Systems, "erp");
    stops.retract(StopList::Systems, "erp", &TECHNICAL).expect("retracted");
    assert_eq!(stops.not_stopped(window()).len(), 2);
    assert_eq!(reasons(stops.retract(StopList::Systems, "erp", &TECHNICAL)), [ErrorReason::NotFound]);
}

#[test]
fn systems_not_stopped_lists_hold_each_key_once_and_named() {
    let twice = Stops::default().state(StopList::Systems, vec![item("erp"), item("erp"), item("")], &CRM);
    assert_eq!(reasons(twice), [ErrorReason::InvalidArgument, ErrorReason::InvalidArgument]);
}
