use rstest::rstest;

use super::*;
use crate::project::testing::{CRM, DECISION, TECHNICAL, allowed, at, reasons, stored};

const NOW: &str = "2027-01-23T20:30:00+01:00";
const SYSTEM: StopList = StopList::Systems;
const APPLICATION: StopList = StopList::Applications;

fn window() -> Option<Interval> {
    Some(Interval::new(at("2027-01-23T20:00:00+01:00"), at("2027-01-24T08:00:00+01:00")))
}

fn items(keys: &[&str]) -> Vec<StopItem> {
    let item = |key: &&str| StopItem { key: key.to_string(), name: key.to_uppercase(), owner: String::new() };
    keys.iter().map(item).collect()
}

fn lists(systems: &[&str]) -> SystemLists {
    SystemLists { systems: items(systems), applications: items(&["shop"]) }
}

fn stopped(list: StopList, key: &str) -> Stopped {
    Stopped { list, key: key.into(), how: StopHow::Stopped }
}

fn both() -> [Stopped; 2] {
    let disconnected = Stopped { how: StopHow::Disconnected, ..stopped(APPLICATION, "shop") };
    [stopped(SYSTEM, "erp"), disconnected]
}

fn confirmed(entries: &[Stopped]) -> Stops {
    let mut stops = Stops::default();
    stops.confirm(entries, Some(&lists(&["erp"])), window(), None, &TECHNICAL, at(NOW)).expect("confirmed");
    stops
}

fn missing(stops: &Stops, lists: &SystemLists) -> Vec<(String, String)> {
    stops.not_stopped(Some(lists), window()).into_iter().map(|v| (v.field, v.asked)).collect()
}

#[test]
fn systems_not_stopped_until_both_lists_are_stated() {
    let violations = Stops::default().not_stopped(None, window());
    assert_eq!(violations[0].asked, "the lists are not stated");
    assert_eq!(missing(&Stops::default(), &SystemLists::default()), [], "\"none\" is stated");
}

#[test]
fn systems_not_stopped_until_each_entry_is_confirmed() {
    let open = |list: &str, key: &str| (list.to_owned(), format!("not confirmed: {}", key.to_uppercase()));
    let nothing = missing(&Stops::default(), &lists(&["erp"]));
    assert_eq!(nothing, [open("systems", "erp"), open("applications", "shop")]);
    assert_eq!(missing(&confirmed(&both()[..1]), &lists(&["erp"])), [open("applications", "shop")]);
    assert_eq!(missing(&stored(&confirmed(&both())), &lists(&["erp"])), []);
}

#[test]
fn systems_not_stopped_when_a_system_was_added_since() {
    let missing = missing(&confirmed(&both()), &lists(&["erp", "crm"]));
    assert_eq!(missing, [("systems".to_owned(), "not confirmed: CRM".to_owned())]);
}

#[rstest]
#[case::as_the_window_opens("2027-01-23T20:00:00+01:00", true)]
#[case::a_second_before("2027-01-23T19:59:59+01:00", false)]
fn systems_not_stopped_is_confirmed_within_the_window_only(#[case] when: &str, #[case] fine: bool) {
    let when = Some(at(when));
    let result =
        Stops::default().confirm(&both(), Some(&lists(&["erp"])), window(), when, &TECHNICAL, at(NOW));
    assert_eq!(result.is_ok(), fine);
    if !fine {
        assert_eq!(allowed(result), "2027-01-23T20:00:00+01:00/2027-01-24T08:00:00+01:00");
    }
}

#[test]
fn systems_not_stopped_is_not_confirmed_in_advance() {
    let when = Some(at("2027-01-23T22:00:00+01:00"));
    let result =
        Stops::default().confirm(&both(), Some(&lists(&["erp"])), window(), when, &TECHNICAL, at(NOW));
    assert_eq!(reasons(result), [ErrorReason::OccurredAtInvalid]);
}

#[test]
fn systems_not_stopped_forgets_confirmations_of_a_window_that_was_moved() {
    let stops = confirmed(&both());
    let moved = Interval::new(at("2027-01-30T20:00:00+01:00"), at("2027-01-31T08:00:00+01:00"));
    assert_eq!(stops.not_stopped(Some(&lists(&["erp"])), Some(moved)).len(), 2);
    assert_eq!(stops.not_stopped(Some(&lists(&["erp"])), None).len(), 2);
}

#[test]
fn systems_not_stopped_is_confirmed_anew_for_each_attempt() {
    let mut stops = confirmed(&both());
    assert_eq!(stops.last_confirmed(), Some(at(NOW)));
    assert_eq!(stops.take_confirmed().len(), 2);
    assert_eq!(stops.not_stopped(Some(&lists(&["erp"])), window()).len(), 2);
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
    let result = Stops::default().confirm(&both(), Some(&lists(&["erp"])), window(), None, by, at(NOW));
    assert_eq!(result.is_ok(), fine);
    if !fine {
        assert_eq!(reasons(result), [ErrorReason::PermissionDenied]);
    }
}

#[test]
fn systems_not_stopped_without_window() {
    let result = Stops::default().confirm(&both(), Some(&lists(&["erp"])), None, None, &TECHNICAL, at(NOW));
    assert_eq!(allowed(result), "once a migration window is agreed");
}

#[test]
fn systems_not_stopped_confirms_all_named_entries_or_none() {
    let mut stops = Stops::default();
    let entries = [stopped(SYSTEM, "erp"), stopped(SYSTEM, "shop")];
    let result = stops.confirm(&entries, Some(&lists(&["erp"])), window(), None, &TECHNICAL, at(NOW));
    assert_eq!(reasons(result), [ErrorReason::NotFound]);
    assert_eq!(stops, Stops::default());
}

#[test]
fn systems_not_stopped_lists_hold_each_key_once_and_named() {
    assert_eq!(item_violations(SYSTEM, &items(&["erp", "erp", ""])).len(), 2);
    assert_eq!(item_violations(SYSTEM, &items(&["erp", "crm"])), []);
}

#[test]
fn systems_not_stopped_a_system_on_the_server_is_stopped_not_disconnected() {
    let entry = [Stopped { how: StopHow::Disconnected, ..stopped(SYSTEM, "erp") }];
    let lists = lists(&["erp"]);
    let result = Stops::default().confirm(&entry, Some(&lists), window(), None, &TECHNICAL, at(NOW));
    assert_eq!(allowed(result), "stopped");
}

#[test]
fn systems_not_stopped_when_a_system_was_started_again() {
    let (mut stops, erp) = (confirmed(&both()), [(SYSTEM, "erp".to_owned())]);
    assert_eq!(reasons(stops.retract(&erp, &DECISION)), [ErrorReason::PermissionDenied]);
    stops.retract(&erp, &TECHNICAL).expect("retracted");
    assert_eq!(missing(&stops, &lists(&["erp"])), [("systems".into(), "not confirmed: ERP".into())]);
    assert_eq!(reasons(stops.retract(&erp, &TECHNICAL)), [ErrorReason::NotFound]);
}
