//! "What a change does to later dates": exactly those that can no longer hold are withdrawn.

use DateKind::*;
use calendar::DatedHoliday;
use rstest::rstest;

use super::*;
use crate::project::dates::WithdrawCause;

fn kinds(events: &[ProjectEvent]) -> Vec<DateKind> {
    withdrawn(events).iter().map(|w| w.kind).collect()
}

#[rstest]
#[case::still_in_the_slack("2026-11-18", &[])]
#[case::audit_1_one_day_short("2026-11-19", &[Audit1])]
#[case::audit_2_too("2026-11-23", &[Audit1, Audit2])]
#[case::all("2026-12-14", &[Audit1, Audit2, Migration])]
fn a_later_readiness_day_withdraws(#[case] moved_to: &str, #[case] gone: &[DateKind]) {
    let mut world = World::agreed(&LOOSE);
    assert_eq!(kinds(&world.agree(&[(Readiness, moved_to)])), gone);
}

#[rstest]
#[case::on_the_agreed_day("2026-11-16T09:00", &[])]
#[case::days_early("2026-11-05T09:00", &[])]
#[case::two_days_late("2026-11-18T09:00", &[])]
#[case::three_days_late("2026-11-19T09:00", &[Audit1])]
fn the_real_day_of_the_declaration_counts(#[case] declared: &str, #[case] gone: &[DateKind]) {
    let mut world = World::agreed(&LOOSE);
    let mut events = world.tick(declared);
    world.confirm_all();
    events.extend(world.run(&DECISION, |p, ctx| p.declare_readiness(None, ctx)).expect("declared"));
    assert_eq!(kinds(&events), gone);
}

#[test]
fn an_earlier_audit_1_can_leave_audit_2_behind() {
    let mut world = World::agreed(&LOOSE);
    let events = world.agree(&[(Audit1, "2026-12-14")]);
    let gone = withdrawn(&events);
    assert_eq!(kinds(&events), [Audit2], "21 December is 7 days later");
    assert_eq!(gone[0].cause, WithdrawCause::Rules { rules: vec!["AUDIT2_BUFFER".into()] });
    assert_eq!(gone[0].earliest, Some(day("2026-12-16")));
}

#[test]
fn a_failed_audit_1_keeps_what_can_still_hold() {
    let mut world = World::declared(&LOOSE);
    let events = world.audit(AuditNo::One, "2026-12-16", false);
    assert_eq!(kinds(&events), [], "passed on the 17th, the 21st is still in time");
    assert_eq!(kinds(&world.tick("2026-12-18T00:00")), [], "on the 18th too");
    assert_eq!(kinds(&world.tick("2026-12-19T00:00")), [Audit2], "the next business day is the 21st itself");
}

#[test]
fn a_new_holiday_withdraws_the_audit_on_it() {
    let mut world = World::agreed(&LOOSE);
    let added = DatedHoliday::Added { date: day("2026-12-16"), pl: "Żałoba".into(), en: "Mourning".into() };
    world.calendar = world.calendar.with_dated(&[added]);
    let events = world.run(&Actor::System, |p, ctx| p.recheck(ctx));
    assert_eq!(kinds(&events), [Audit1]);
    assert_eq!(
        withdrawn(&events)[0].cause,
        WithdrawCause::Rules { rules: vec!["AUDIT_ON_BUSINESS_DAY".into()] }
    );
    assert!(world.run(&Actor::System, |p, ctx| p.recheck(ctx)).is_empty(), "once");
}

#[test]
fn changed_working_hours_withdraw_the_window_in_them() {
    let mut world = World::agreed(&LOOSE);
    let late = [(Weekday::Friday, "08:00-18:01")];
    world.hours = WorkingHours::parse(&late, &[]).expect("hours");
    let events = world.run(&Actor::System, |p, ctx| p.recheck(ctx));
    assert_eq!(kinds(&events), [Migration]);
    assert_eq!(
        withdrawn(&events)[0].cause,
        WithdrawCause::Rules { rules: vec!["OUTSIDE_WORKING_HOURS".into()] }
    );
}

/// An agreed date keeps the policy under which it was agreed.
#[test]
fn a_changed_policy_moves_nobodys_date() {
    let mut world = World::agreed(&TIGHT);
    world.policy.readiness_buffer_days = 21;
    world.policy.audit_1_buffer_days = 35;
    assert!(world.run(&Actor::System, |p, ctx| p.recheck(ctx)).is_empty());
    let refused = violations(world.propose(&CRM, &[(Readiness, "2026-11-17")]).1);
    assert_eq!(told(&refused), [(ErrorReason::ReadinessBuffer, "readiness", "2026-11-23")]);
}

/// Audit 1 is passed late on Tuesday 22 December: 24 to 27 December hold no business day.
#[test]
fn audit2_buffer_allows_the_first_business_day_after_where_the_real_pass_leaves_none() {
    let mut world = World::declared(&[TIGHT[0], (Audit1, "2026-12-21"), (Audit2, "2026-12-23"), LOOSE[3]]);
    world.at("2026-12-21T09:00");
    let (attempt, _) = world.start_audit(AuditNo::One);
    world.at("2026-12-22T12:00");
    let events = world.conclude(AuditNo::One, attempt, true);
    assert_eq!(kinds(&events), [Audit2, Migration]);
    assert_eq!(unlocked(&events), [(Stage::Audit2, Some(day("2026-12-28")))]);
    let refused = violations(world.propose(&CRM, &[(Audit2, "2026-12-29")]).1);
    assert_eq!(told(&refused), [(ErrorReason::Audit2Buffer, "audit_2", "2026-12-28")]);
    world.agree(&[(Audit2, "2026-12-28")]);
}
