use calendar::DatedHoliday;
use rstest::rstest;

use super::*;
use crate::project::testing::{CRM, DECISION, TECHNICAL, allowed, at, reasons, stored};

/// Saturday evening; the next business day is Monday the 25th.
const RESTORED: &str = "2027-01-23T23:30:00+01:00";
const FINISHED: &str = "2027-01-24T01:00:00+01:00";
const MONDAY: &str = "2027-01-25T09:00:00+01:00";
const TODAY: &str = "2027-01-23";

fn brands(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| key.to_string()).collect()
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

fn announced() -> Integrations {
    let mut integrations = Integrations::default();
    integrations.databases_restored(at(RESTORED), &brands(&["vw", "skoda"]), &Calendar::poland(), day(TODAY));
    integrations
}

fn listed() -> Integrations {
    let mut integrations = announced();
    let calendar = Calendar::poland();
    integrations.run_finished(at(RESTORED), at(FINISHED), &brands(&["vw", "skoda"]), &calendar);
    integrations
}

fn restored() -> Integrations {
    let mut integrations = listed();
    for brand in ["vw", "skoda"] {
        integrations.restore(brand, None, &CRM, at(MONDAY)).expect("restored");
    }
    integrations
}

#[rstest]
#[case::friday_night_to_monday("2027-01-22T23:30:00+01:00", "2027-01-25")]
#[case::monday_after_midnight_to_tuesday("2027-01-25T00:40:00+01:00", "2027-01-26")]
#[case::saturday_to_monday("2027-01-23T23:30:00+01:00", "2027-01-25")]
#[case::sunday_evening_to_monday("2027-01-24T22:00:00+01:00", "2027-01-25")]
#[case::over_epiphany("2027-01-05T21:00:00+01:00", "2027-01-07")]
#[case::over_christmas("2026-12-23T22:00:00+01:00", "2026-12-28")]
#[case::over_the_new_year("2026-12-31T23:59:59+01:00", "2027-01-04")]
#[case::the_local_day_counts_not_utc("2027-01-24T23:30:00Z", "2027-01-26")]
#[case::over_easter_and_the_clock_change("2027-03-28T03:30:00+02:00", "2027-03-30")]
fn integrations_next_business_day(#[case] restored_at: &str, #[case] expected: &str) {
    let mut integrations = Integrations::default();
    let events =
        integrations.databases_restored(at(restored_at), &brands(&["vw"]), &Calendar::poland(), day(TODAY));
    let told = IntegrationEvent::Announced { day: day(expected), brands: brands(&["vw"]) };
    assert_eq!(events, [told]);
    assert_eq!(stored(&integrations).day(), Some(day(expected)));
}

#[test]
fn integrations_next_business_day_not_a_day_earlier() {
    let early = listed().restore("vw", None, &CRM, at("2027-01-24T23:59:59+01:00"));
    assert_eq!(reasons(early.clone()), [ErrorReason::IntegrationsNextBusinessDay]);
    assert_eq!(allowed(early), "2027-01-25");
    listed().restore("vw", None, &CRM, at("2027-01-25T00:00:00+01:00")).expect("the day has come");
    let told_late = Some(at("2027-01-25T08:00:00+01:00"));
    listed().restore("vw", told_late, &CRM, at("2027-02-25T08:00:00+01:00")).expect("however late");
}

#[rstest]
#[case::nothing_restored(Integrations::default(), "once a run is finished")]
#[case::not_finished(announced(), "2027-01-25, once the run is finished")]
fn integrations_next_business_day_not_before_the_run_is_finished(
    #[case] mut integrations: Integrations,
    #[case] expected: &str,
) {
    let result = integrations.restore("vw", None, &CRM, at(MONDAY));
    assert_eq!(reasons(result.clone()), [ErrorReason::IntegrationsNextBusinessDay]);
    assert_eq!(allowed(result), expected);
}

#[test]
fn occurred_at_invalid_for_a_brand_before_the_runs_end() {
    let mut integrations = announced();
    let finished = at("2027-01-25T10:00:00+01:00");
    integrations.run_finished(at(RESTORED), finished, &brands(&["vw"]), &Calendar::poland());
    let now = at("2027-01-25T12:00:00+01:00");
    let before = integrations.restore("vw", Some(at(MONDAY)), &CRM, now);
    assert_eq!(reasons(before), [ErrorReason::OccurredAtInvalid]);
}

#[test]
fn integrations_next_business_day_is_told_again_only_when_it_moves() {
    let (mut integrations, calendar) = (announced(), Calendar::poland());
    let sunday = at("2027-01-24T00:40:00+01:00");
    assert_eq!(integrations.databases_restored(sunday, &brands(&["vw", "skoda"]), &calendar, day(TODAY)), []);
    let monday = at("2027-01-25T00:10:00+01:00");
    let moved = integrations.databases_restored(monday, &brands(&["vw", "skoda"]), &calendar, day(TODAY));
    let told = IntegrationEvent::Announced { day: day("2027-01-26"), brands: brands(&["vw", "skoda"]) };
    assert_eq!(moved, [told]);
}

#[test]
fn integrations_day_follows_a_correction_after_the_run() {
    let mut integrations = listed();
    let monday = at("2027-01-25T00:10:00+01:00");
    let events = integrations.databases_restored(monday, &[], &Calendar::poland(), day(TODAY));
    let told = IntegrationEvent::Announced { day: day("2027-01-26"), brands: brands(&["skoda", "vw"]) };
    assert_eq!(events, [told]);
    assert_eq!(allowed(integrations.restore("vw", None, &CRM, at(MONDAY))), "2027-01-26");
}

/// Monday becomes a holiday.
fn mourning() -> Calendar {
    let added = DatedHoliday::Added { date: day("2027-01-25"), pl: "Żałoba".into(), en: "Mourning".into() };
    Calendar::poland().with_dated(&[added])
}

#[rstest]
#[case::before_the_runs_end(announced(), &["vw", "skoda"])]
#[case::after_it(listed(), &["skoda", "vw"])]
fn integrations_next_business_day_follows_a_new_holiday(
    #[case] mut integrations: Integrations,
    #[case] told: &[&str],
) {
    let all = brands(&["vw", "skoda"]);
    let events = integrations.databases_restored(at(RESTORED), &all, &mourning(), day(TODAY));
    assert_eq!(events, [IntegrationEvent::Announced { day: day("2027-01-26"), brands: brands(told) }]);
    assert_eq!(integrations.databases_restored(at(RESTORED), &all, &mourning(), day(TODAY)), [], "once");
}

#[test]
fn integrations_next_business_day_moves_only_for_brands_that_wait() {
    let mut integrations = listed();
    integrations.restore("vw", None, &CRM, at(MONDAY)).expect("restored");
    let events = integrations.databases_restored(at(RESTORED), &[], &mourning(), day("2027-01-25"));
    assert_eq!(events, [IntegrationEvent::Announced { day: day("2027-01-26"), brands: brands(&["skoda"]) }]);
    let events = restored().databases_restored(at(RESTORED), &[], &mourning(), day("2027-01-25"));
    assert_eq!(events, []);
}

#[test]
fn integrations_next_business_day_is_not_told_anew_once_both_days_have_come() {
    let events = listed().databases_restored(at(RESTORED), &[], &mourning(), day("2027-01-26"));
    assert_eq!(events, []);
}

#[test]
fn integrations_are_cancelled_on_rollback() {
    let mut integrations = announced();
    let cancelled = IntegrationEvent::Cancelled { brands: brands(&["vw", "skoda"]) };
    assert_eq!(integrations.rolled_back(), [cancelled]);
    assert_eq!(integrations, Integrations::Waiting);
    assert_eq!(integrations.rolled_back(), []);
}

#[test]
fn integrations_brand_list_is_taken_when_the_run_is_finished() {
    let calendar = Calendar::poland();
    let same = announced().run_finished(at(RESTORED), at(FINISHED), &brands(&["vw", "skoda"]), &calendar);
    assert_eq!(same, [], "told already");
    let mut integrations = announced();
    let now = brands(&["skoda", "volvo"]);
    let told = IntegrationEvent::Announced { day: day("2027-01-25"), brands: now.clone() };
    assert_eq!(integrations.run_finished(at(RESTORED), at(FINISHED), &now, &calendar), [told]);
    assert_eq!(reasons(integrations.restore("vw", None, &CRM, at(MONDAY))), [ErrorReason::NotFound]);
}

#[test]
fn integrations_without_brands_are_skipped() {
    let (mut integrations, calendar) = (Integrations::default(), Calendar::poland());
    assert_eq!(integrations.databases_restored(at(RESTORED), &[], &calendar, day(TODAY)), []);
    assert!(!integrations.is_skipped() && !integrations.is_over());
    let events = integrations.run_finished(at(RESTORED), at(FINISHED), &[], &calendar);
    assert_eq!(events, [IntegrationEvent::Skipped]);
    assert!(integrations.is_skipped());
}

#[test]
fn integrations_are_over_when_each_brand_is_restored_or_dropped() {
    let mut integrations = listed();
    integrations.restore("vw", None, &CRM, at(MONDAY)).expect("restored");
    assert!(!integrations.is_over());
    integrations.propose_drop("skoda", "contract ended", &CRM, at(MONDAY)).expect("proposed");
    assert!(!integrations.is_over(), "SOFTVIG's wish alone drops nothing");
    let events = integrations.answer_drop("skoda", true, &DECISION, at(MONDAY)).expect("dropped");
    assert_eq!(
        events,
        [IntegrationEvent::Dropped { brand: "skoda".into(), reason: "contract ended".into() }]
    );
    assert!(integrations.is_over() && !integrations.is_skipped());
    assert_eq!(reasons(integrations.restore("vw", None, &CRM, at(MONDAY))), [ErrorReason::StageLocked]);
}

#[test]
fn integrations_drop_needs_reason_and_the_decision_contacts_consent() {
    let mut integrations = listed();
    let now = at(MONDAY);
    assert_eq!(reasons(integrations.propose_drop("vw", " ", &CRM, now)), [ErrorReason::InvalidArgument]);
    assert_eq!(
        reasons(integrations.propose_drop("vw", "x", &DECISION, now)),
        [ErrorReason::PermissionDenied]
    );
    assert_eq!(reasons(integrations.answer_drop("vw", true, &DECISION, now)), [ErrorReason::StageLocked]);
    integrations.propose_drop("vw", "x", &CRM, now).expect("proposed");
    for nobody in [&TECHNICAL, &CRM] {
        assert_eq!(
            reasons(integrations.answer_drop("vw", true, nobody, now)),
            [ErrorReason::PermissionDenied]
        );
    }
    integrations.answer_drop("vw", false, &DECISION, now).expect("refused by the contact");
    assert_eq!(reasons(integrations.answer_drop("vw", true, &DECISION, now)), [ErrorReason::StageLocked]);
    integrations.restore("vw", None, &CRM, now).expect("still to be restored");
}

#[rstest]
#[case::all_restored(restored())]
#[case::skipped(Integrations::Listed { day: day("2027-01-25"), brands: BTreeMap::new() })]
fn integrations_brand_added_later_reopens_the_stage(#[case] mut integrations: Integrations) {
    assert!(integrations.is_over());
    let now = at("2027-01-27T10:00:00+01:00");
    let events = integrations.add_brand("volvo", now);
    assert!(matches!(&events[..], [IntegrationEvent::Reopened { brand, .. }] if brand == "volvo"));
    assert!(!integrations.is_over() && !integrations.is_skipped());
    assert_eq!(integrations.add_brand("volvo", now), []);
    integrations.restore("volvo", None, &CRM, now).expect("no new waiting day");
    assert!(integrations.is_over());
}

#[test]
fn integrations_brand_added_before_the_list_is_taken_changes_nothing() {
    assert_eq!(announced().add_brand("volvo", at(MONDAY)), []);
}

#[test]
fn integrations_reopened_brand_has_no_new_waiting_day() {
    let mut integrations = restored();
    let now = at("2027-01-27T10:00:00+01:00");
    assert_eq!(reasons(listed().reopen("vw", "orders fail", &CRM, now)), [ErrorReason::StageLocked]);
    integrations.reopen("vw", "orders fail", &CRM, now).expect("reopened");
    assert!(!integrations.is_over());
    let before = integrations.restore("vw", Some(at(MONDAY)), &CRM, now);
    assert_eq!(reasons(before), [ErrorReason::OccurredAtInvalid]);
    integrations.restore("vw", None, &CRM, now).expect("on the same day");
    assert!(integrations.is_over());
}

#[test]
fn integrations_are_reset_when_migration_is_reopened() {
    let mut integrations = listed();
    integrations.restore("vw", None, &CRM, at(MONDAY)).expect("restored");
    assert_eq!(integrations.reset(), [IntegrationEvent::Cancelled { brands: brands(&["skoda"]) }]);
    assert_eq!(integrations, Integrations::Waiting);
    assert_eq!(restored().reset(), []);
}

#[test]
fn integrations_called_off_with_the_project_lose_nothing() {
    let mut integrations = listed();
    integrations.restore("vw", None, &CRM, at(MONDAY)).expect("restored");
    let before = integrations.clone();
    assert_eq!(integrations.called_off(), [IntegrationEvent::Cancelled { brands: brands(&["skoda"]) }]);
    assert_eq!(integrations, before);
    assert_eq!(restored().called_off(), []);
}

/// Whoever was told of a day hears that it holds no more.
#[test]
fn integrations_announced_for_a_brand_that_is_gone_at_the_runs_end_are_called_off() {
    let (calendar, restored, finished) = (Calendar::poland(), at(RESTORED), at(FINISHED));
    let mut integrations = Integrations::default();
    integrations.databases_restored(restored, &["vw".to_owned()], &calendar, day(TODAY));
    let events = integrations.run_finished(restored, finished, &[], &calendar);
    let called_off = IntegrationEvent::Cancelled { brands: vec!["vw".into()] };
    assert_eq!(events, [called_off, IntegrationEvent::Skipped]);
}
