use DateKind::*;
use ErrorReason as R;
use rstest::rstest;

use super::*;

/// Judges a proposal in the contracting stage; the last date is the one in question.
#[rstest]
#[case::date_in_past(&[(Readiness, "2026-11-02")], &[(R::DateInPast, "2026-11-16"), (R::ReadinessBuffer, "2026-11-16")])]
#[case::readiness_buffer_one_day_early(&[(Readiness, "2026-11-15")], &[(R::ReadinessBuffer, "2026-11-16")])]
#[case::audit1_buffer_one_day_early(
    &[(Readiness, "2026-11-17"), (Audit1, "2026-12-14")], &[(R::Audit1Buffer, "2026-12-15")])]
#[case::audit1_buffer_without_a_readiness_day(&[(Audit1, "2026-12-11")], &[(R::Audit1Buffer, "2026-12-14")])]
#[case::audit2_buffer_one_day_early(
    &[(Audit1, "2026-12-14"), (Audit2, "2026-12-15")], &[(R::Audit2Buffer, "2026-12-16")])]
#[case::audit2_buffer_too_late(
    &[(Audit1, "2026-12-16"), (Audit2, "2026-12-22")], &[(R::Audit2Buffer, "2026-12-18")])]
#[case::migration_buffer_one_day_early(
    &[(Audit1, "2026-12-14"), (Audit2, "2026-12-16"), (Migration, "2026-12-29T18:00/2026-12-30T06:00")],
    &[(R::MigrationBuffer, "2026-12-30T17:00:00/2026-12-31T05:00:00")])]
#[case::audit_on_business_day_saturday(&[(Audit1, "2026-12-19")], &[(R::AuditOnBusinessDay, "2026-12-14")])]
#[case::audit_on_business_day_christmas_eve(
    &[(Audit1, "2026-12-21"), (Audit2, "2026-12-24")], &[(R::AuditOnBusinessDay, "2026-12-23")])]
#[case::audit_on_business_day_before_softvig_opens(
    &[(Audit1, "2026-12-14T07:59/2026-12-14T10:00")], &[(R::AuditOnBusinessDay, "2026-12-14")])]
#[case::audit_on_business_day_after_softvig_closes(
    &[(Audit1, "2026-12-14T14:00/2026-12-14T16:01")], &[(R::AuditOnBusinessDay, "2026-12-14")])]
#[case::outside_working_hours_starts_while_open(
    &[(Migration, "2027-01-08T16:59/2027-01-09T05:00")],
    &[(R::OutsideWorkingHours, "2026-12-30T17:00:00/2026-12-31T05:00:00")])]
#[case::outside_working_hours_reserve_ends_while_open(
    &[(Migration, "2027-01-08T20:00/2027-01-09T08:01")],
    &[(R::OutsideWorkingHours, "2026-12-30T17:00:00/2026-12-31T05:00:00")])]
#[case::outside_working_hours_on_a_holiday(
    &[(Migration, "2027-01-05T18:00/2027-01-06T06:00")],
    &[(R::OutsideWorkingHours, "2026-12-30T17:00:00/2026-12-31T05:00:00")])]
#[case::outside_working_hours_too_short(
    &[(Migration, "2027-01-08T18:00/2027-01-09T05:59")],
    &[(R::OutsideWorkingHours, "2026-12-30T17:00:00/2026-12-31T05:00:00")])]
fn a_proposal_is_refused_by(#[case] dates: &[(DateKind, &str)], #[case] refused: &[(ErrorReason, &str)]) {
    let mut world = World::contracted();
    let field = dates.last().expect("a date").0.name();
    let violations = violations(world.propose(&CRM, dates).1);
    let expected: Vec<_> = refused.iter().map(|(reason, allowed)| (*reason, field, *allowed)).collect();
    assert_eq!(told(&violations), expected);
    let asked = violations[0].asked.as_str();
    assert!(
        asked.starts_with(dates.last().expect("a date").1.split('/').next().expect("a start")),
        "{asked}"
    );
}

#[rstest]
#[case::tight(&TIGHT)]
#[case::loose(&LOOSE)]
#[case::last_day_for_audit_2(&[(Audit1, "2026-12-16"), (Audit2, "2026-12-21")])]
#[case::audit_window_within_hours(&[(Audit1, "2026-12-14T08:00/2026-12-14T16:00")])]
#[case::from_closing_to_opening(&[(Migration, "2027-01-08T17:00/2027-01-09T08:00")])]
#[case::on_a_sunday(&[(Migration, "2027-01-09T13:00/2027-01-11T08:00")])]
fn a_proposal_within_all_rules_is_taken(#[case] dates: &[(DateKind, &str)]) {
    World::contracted().propose(&CRM, dates).1.expect("taken");
}

#[test]
fn all_broken_rules_are_named_in_the_order_of_the_domain() {
    let mut world = World::contracted();
    let dates = [(Readiness, "2026-11-01"), (Audit1, "2026-12-13"), (Audit2, "2027-02-30")];
    let reasons: Vec<_> = violations(world.propose(&CRM, &dates).1).iter().map(|v| v.reason).collect();
    let expected =
        [R::DateInPast, R::DateInvalid, R::ReadinessBuffer, R::Audit1Buffer, R::AuditOnBusinessDay];
    assert_eq!(reasons, expected);
}

/// Christmas Eve to Sunday 27 December: nothing is left 2 to 5 days after the 22nd.
#[test]
fn audit_on_business_day_refuses_an_audit_1_that_leaves_no_day_for_audit_2() {
    let mut world = World::contracted();
    let refused = violations(world.propose(&CRM, &[(Audit1, "2026-12-22")]).1);
    assert_eq!(told(&refused), [(R::AuditOnBusinessDay, "audit_1", "2026-12-14")]);
    assert_eq!(refused[0].asked, "2026-12-22 (no business day 2 to 5 days later for audit 2)");
}

#[test]
fn audit_on_business_day_knows_independence_day() {
    let mut world = World::contracted_on("2026-09-02T10:00", "2026-09-01");
    let refused = violations(world.propose(&CRM, &[(Audit1, "2026-11-11")]).1);
    assert_eq!(told(&refused), [(R::AuditOnBusinessDay, "audit_1", "2026-10-13")]);
}

/// The night of 28 March 2027 has 11 hours where the clock shows 12; Easter Sunday is no obstacle.
#[rstest]
#[case::eleven_elapsed_hours("2027-03-27T20:00/2027-03-28T08:00", false)]
#[case::twelve_elapsed_hours("2027-03-27T19:00/2027-03-28T08:00", true)]
#[case::into_easter_monday("2027-03-28T18:00/2027-03-29T06:00", false)]
fn outside_working_hours_counts_elapsed_hours_across_the_clock_change(
    #[case] window: &str,
    #[case] fits: bool,
) {
    let outcome = World::contracted().propose(&CRM, &[(Migration, window)]).1;
    match fits {
        true => drop(outcome.expect("taken")),
        false => assert_eq!(violations(outcome)[0].reason, R::OutsideWorkingHours),
    }
}

#[test]
fn outside_working_hours_lets_policy_allow_holidays() {
    let mut world = World::contracted();
    world.policy.migration_on_holidays = true;
    world.propose(&CRM, &[(Migration, "2027-01-05T18:00/2027-01-06T06:00")]).1.expect("taken");
}

#[test]
fn no_free_window_names_the_longest_gap() {
    let mut world = World::contracted();
    world.hours = WorkingHours::around_the_clock();
    let refused = violations(world.propose(&CRM, &[(Migration, "2027-01-08T18:00/2027-01-09T06:00")]).1);
    assert_eq!(
        refused.iter().map(|v| v.reason).collect::<Vec<_>>(),
        [R::OutsideWorkingHours, R::NoFreeWindow]
    );
    assert!(refused[1].asked.ends_with("(no gap at all)"), "{}", refused[1].asked);

    let every_day =
        Weekday::Monday.cycle_forward().take(7).map(|day| (day, "04:00-23:00")).collect::<Vec<_>>();
    world.hours = WorkingHours::parse(&every_day, &[]).expect("hours");
    let refused = violations(world.propose(&CRM, &[(Migration, "2027-01-08T18:00/2027-01-09T06:00")]).1);
    assert!(
        refused[1].asked.contains("longest gap 2026-12-30T23:00:00/2026-12-31T04:00:00"),
        "{}",
        refused[1].asked
    );

    world.hours = world.hours.clone().closed_on(day("2027-02-07"));
    world.propose(&DECISION, &[(Migration, "2027-02-07T00:00/2027-02-07T12:00")]).1.expect("a closure helps");
}
