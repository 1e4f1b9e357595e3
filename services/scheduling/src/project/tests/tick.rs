use DateKind::*;
use rstest::rstest;

use super::*;
use crate::project::{dates::WithdrawCause, run::RunEvent};

#[test]
fn date_missed_withdraws_an_audit_not_started_by_the_end_of_its_day() {
    let mut world = World::declared(&LOOSE);
    assert!(world.tick("2026-12-16T23:59").is_empty());
    let events = world.tick("2026-12-17T00:00");
    let gone = withdrawn(&events);
    assert_eq!((gone.len(), gone[0].kind, &gone[0].cause), (1, Audit1, &WithdrawCause::Missed));
    assert_eq!(gone[0].earliest, Some(day("2026-12-17")));
    assert!(world.tick("2026-12-17T00:01").is_empty(), "once");
}

#[rstest]
#[case::audit(Audit1, "2026-12-16T09:00/2026-12-16T12:00", "2026-12-16T12:00")]
#[case::migration(Migration, LOOSE[3].1, "2027-01-09T06:00")]
fn date_missed_at_the_end_of_a_window(#[case] kind: DateKind, #[case] window: &str, #[case] end: &str) {
    let mut world = match kind {
        Migration => World::audit_2_passed(),
        _ => World::declared(&LOOSE),
    };
    world.agree(&[(kind, window)]);
    world.at(end);
    world.now -= jiff::SignedDuration::from_secs(1);
    assert!(world.run(&Actor::System, |p, ctx| p.tick(ctx)).is_empty());
    let events = world.tick(end);
    assert_eq!(withdrawn(&events)[0].cause, WithdrawCause::Missed);
}

/// A command that comes before the timer finds the date missed as well.
#[test]
fn date_missed_without_the_timer() {
    let mut world = World::declared(&LOOSE);
    world.at("2026-12-17T09:00");
    assert_eq!(violations(world.start_audit(AuditNo::One).1)[0].reason, ErrorReason::AuditLocked);
    let (_, outcome) = world.propose(&CRM, &[(Audit1, "2026-12-17")]);
    assert_eq!(withdrawn(&outcome.expect("proposed"))[0].cause, WithdrawCause::Missed);
}

#[test]
fn a_readiness_day_that_passes_only_marks_readiness_overdue() {
    let mut world = World::agreed(&LOOSE);
    assert!(world.tick("2026-11-16T23:59").is_empty());
    assert_eq!(world.tick("2026-11-17T00:00"), [ProjectEvent::ReadinessOverdue { day: day("2026-11-16") }]);
    assert_eq!(world.agreed_kinds(), DateKind::ALL);
    assert!(world.tick("2026-11-18T00:00").is_empty());
    assert_eq!(withdrawn(&world.tick("2026-11-19T00:00"))[0].kind, Audit1, "every day counts");
}

#[test]
fn readiness_that_is_declared_late_is_overdue_no_more() {
    let mut world = World::agreed(&LOOSE);
    world.tick("2026-11-17T00:00");
    assert!(world.project.dates.readiness.overdue);
    world.confirm_all();
    world.run(&DECISION, |p, ctx| p.declare_readiness(None, ctx)).expect("declared");
    assert!(!world.project.dates.readiness.overdue);
}

#[test]
fn a_run_is_told_of_its_reserve_and_its_windows_end() {
    let mut world = World::running();
    assert_eq!(world.project.next_tick(world.now), Some(local("2027-01-09T02:00")));
    let reserve = world.tick("2027-01-09T02:00");
    assert_eq!(reserve, [ProjectEvent::Run(RunEvent::ReserveReached { attempt: 1 })]);
    assert_eq!(world.project.next_tick(world.now), Some(local("2027-01-09T06:00")));
    let overrun = world.tick("2027-01-09T06:00");
    assert_eq!(overrun, [ProjectEvent::Run(RunEvent::WindowOverrun { attempt: 1 })]);
    assert_eq!(world.project.next_tick(world.now), None);
    world.run(&CRM, |p, ctx| p.roll_back("the disk is full", None, ctx)).expect("a fact, however late");
}

/// Holidays may change until the day comes.
#[test]
fn integrations_next_business_day_is_looked_at_each_midnight_until_it_comes() {
    let mut world = World::finished();
    for midnight in ["2027-01-09T00:00", "2027-01-10T00:00", "2027-01-11T00:00"] {
        assert_eq!(world.project.next_tick(world.now), Some(local(midnight)));
        assert!(world.tick(midnight).is_empty());
    }
    assert_eq!(world.project.next_tick(world.now), None);
}

#[test]
fn nothing_agreed_needs_no_timer() {
    let world = World::contracted();
    assert_eq!(world.project.next_tick(world.now), None);
}

/// Between two ticks nothing happens: firing at each instant that `next_tick` names brings the same as
/// firing every hour.
#[rstest]
#[case::agreed_and_forgotten(World::agreed(&LOOSE))]
#[case::declared_and_forgotten(World::declared(&LOOSE))]
#[case::passed_and_forgotten(World::audit_2_passed())]
fn next_tick_names_every_instant_that_matters(#[case] start: World) {
    let hour = jiff::SignedDuration::from_hours(1);
    let end = local("2027-02-01T00:00");
    let fire = |world: &mut World, at: Timestamp| {
        world.now = at;
        world.run(&Actor::System, |p, ctx| p.tick(ctx))
    };
    let (project, begin) = (start.project.clone(), start.now);
    let mut world = start;
    let mut named = Vec::new();
    while let Some(next) = world.project.next_tick(world.now).filter(|next| *next <= end) {
        assert!(next > world.now, "a timer that is due again at once");
        named.extend(fire(&mut world, next));
    }
    world.project = project;
    let mut hourly = Vec::new();
    let mut at = begin;
    while at <= end {
        hourly.extend(fire(&mut world, at));
        at += hour;
    }
    assert!(!named.is_empty());
    assert_eq!(named, hourly);
}
