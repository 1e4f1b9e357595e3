use DateKind::*;
use ErrorReason as R;
use rstest::rstest;

use super::*;
use crate::project::{OverrideRequest, testing::reasons};

fn permit(world: &mut World, actor: &Actor, rule: ErrorReason, kind: DateKind, on: &str) -> Outcome {
    let day = day(on);
    let (person, note) = ("Anna Nowak".into(), "the dealer moves house".into());
    let request = OverrideRequest { rule, kind, day, person, note };
    world.run(actor, |p, ctx| p.record_override(request, ctx))
}

#[rstest]
#[case::readiness_buffer(R::ReadinessBuffer, &[(Readiness, "2026-11-10")])]
#[case::audit1_buffer(R::Audit1Buffer, &[(Readiness, "2026-11-16"), (Audit1, "2026-12-11")])]
#[case::audit2_buffer_early(R::Audit2Buffer, &[(Audit1, "2026-12-14"), (Audit2, "2026-12-15")])]
#[case::audit2_buffer_late(R::Audit2Buffer, &[(Audit1, "2026-12-14"), (Audit2, "2026-12-29")])]
#[case::migration_buffer(R::MigrationBuffer, &[(Migration, "2026-12-28T18:00/2026-12-29T06:00")])]
#[case::audit_on_business_day(R::AuditOnBusinessDay, &[(Audit1, "2026-12-19")])]
#[case::audit_on_business_day_without_a_day_after(R::AuditOnBusinessDay, &[(Audit1, "2026-12-22")])]
fn an_override_permits_one_rule_for_one_date_on_one_day(
    #[case] rule: ErrorReason,
    #[case] dates: &[(DateKind, &str)],
) {
    let mut world = World::contracted();
    let (kind, text) = *dates.last().expect("a date");
    let on = &text[..10];
    assert_eq!(reasons(world.propose(&CRM, dates).1), [rule]);
    let next_day = day(on).tomorrow().expect("a day").to_string();
    permit(&mut world, &CRM, rule, kind, &next_day).expect("recorded");
    assert_eq!(reasons(world.propose(&CRM, dates).1), [rule], "another day");

    permit(&mut world, &CRM, rule, kind, on).expect("recorded beforehand");
    let events = world.agree(dates);
    assert!(withdrawn(&events).is_empty());
    assert!(world.run(&Actor::System, |p, ctx| p.recheck(ctx)).is_empty(), "every later check honours it");
}

#[rstest]
#[case::a_gate(R::AuditLocked, Audit1)]
#[case::working_hours(R::OutsideWorkingHours, Migration)]
#[case::signatures(R::ProtocolSignedByBoth, Migration)]
#[case::agreement(R::DatesAgreedJointly, Readiness)]
#[case::the_past(R::DateInPast, Audit1)]
#[case::another_dates_buffer(R::Audit1Buffer, Audit2)]
#[case::business_days_of_a_migration(R::AuditOnBusinessDay, Migration)]
fn override_not_allowed_for(#[case] rule: ErrorReason, #[case] kind: DateKind) {
    let mut world = World::contracted();
    assert_eq!(reasons(permit(&mut world, &CRM, rule, kind, "2026-12-14")), [R::OverrideNotAllowed]);
}

#[test]
fn override_not_allowed_by_the_company_or_without_person_and_reason() {
    let mut world = World::contracted();
    let by_contact = permit(&mut world, &DECISION, R::ReadinessBuffer, Readiness, "2026-11-10");
    assert_eq!(reasons(by_contact), [R::OverrideNotAllowed]);
    let (day, person, note) = (day("2026-11-10"), String::new(), " ".into());
    let request = OverrideRequest { rule: R::ReadinessBuffer, kind: Readiness, day, person, note };
    let refused = violations(world.run(&CRM, |p, ctx| p.record_override(request, ctx)));
    let fields: Vec<_> = refused.iter().map(|v| (v.reason, v.field.as_str())).collect();
    assert_eq!(fields, [(R::OverrideNotAllowed, "person"), (R::OverrideNotAllowed, "reason")]);
}

#[test]
fn an_override_is_the_earliest_day_that_a_refusal_names() {
    let mut world = World::contracted();
    permit(&mut world, &CRM, R::ReadinessBuffer, Readiness, "2026-11-10").expect("recorded");
    let refused = violations(world.propose(&CRM, &[(Readiness, "2026-11-11")]).1);
    assert_eq!(told(&refused), [(R::ReadinessBuffer, "readiness", "2026-11-10")]);
}

#[test]
fn an_override_ends_with_its_date() {
    let mut world = World::contracted();
    permit(&mut world, &CRM, R::ReadinessBuffer, Readiness, "2026-11-10").expect("recorded");
    world.agree(&[(Readiness, "2026-11-10")]);
    world.run(&DECISION, |p, ctx| p.withdraw_date(Readiness, "ill", ctx)).expect("withdrawn");
    assert_eq!(reasons(world.propose(&CRM, &[(Readiness, "2026-11-10")]).1), [R::ReadinessBuffer]);
}

#[test]
fn an_override_never_replaces_acceptance_and_is_honoured_at_the_start() {
    let mut world = World::declared(&LOOSE);
    permit(&mut world, &CRM, R::Audit1Buffer, Audit1, "2026-12-01").expect("recorded");
    world.at("2026-12-01T09:00");
    assert_eq!(reasons(world.start_audit(AuditNo::One).1), [R::AuditLocked], "no date agreed for today");
    world.agree(&[(Audit1, "2026-12-01")]);
    world.start_audit(AuditNo::One).1.expect("started");
}
