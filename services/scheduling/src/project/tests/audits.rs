use DateKind::*;
use ErrorReason as R;
use rstest::rstest;

use super::*;
use crate::project::{
    audits::{AuditEvent, KeptBecause},
    dates::WithdrawCause,
};

#[rstest]
#[case::before_the_declaration(World::agreed(&LOOSE), AuditNo::One, "2026-12-16T09:00", R::AuditLocked)]
#[case::on_another_day(World::declared(&LOOSE), AuditNo::One, "2026-12-15T09:00", R::AuditLocked)]
#[case::audit_2_before_audit_1(World::declared(&LOOSE), AuditNo::Two, "2026-12-21T09:00", R::AuditLocked)]
#[case::audit_2_again(World::audit_2_passed(), AuditNo::Two, "2026-12-22T09:00", R::AuditLocked)]
fn audit_locked(
    #[case] mut world: World,
    #[case] no: AuditNo,
    #[case] now: &str,
    #[case] reason: ErrorReason,
) {
    world.at(now);
    assert_eq!(violations(world.start_audit(no).1)[0].reason, reason);
}

#[test]
fn a_buffer_that_still_runs_is_refused_by_its_own_name() {
    let mut world = World::declared(&LOOSE);
    world.run(&CRM, |p, ctx| p.withdraw_date(Audit1, "ill", ctx)).expect("withdrawn");
    world.at("2026-12-11T09:00");
    let refused = violations(world.start_audit(AuditNo::One).1);
    assert_eq!(told(&refused)[0], (R::Audit1Buffer, "audit_1", "2026-12-14"));
    assert_eq!(refused[1].reason, R::AuditLocked);
}

/// A later day is agreed: what still runs is named first, and then the day on which the audit is awaited.
#[rstest]
#[case::the_buffer_runs("2026-12-11T09:00", &[(R::Audit1Buffer, "audit_1", "2026-12-14"), (R::AuditLocked, "", "2026-12-16")])]
#[case::a_sunday_in_the_buffer("2026-12-13T09:00", &[(R::Audit1Buffer, "audit_1", "2026-12-14"), (R::AuditOnBusinessDay, "audit_1", "2026-12-14"), (R::AuditLocked, "", "2026-12-16")])]
#[case::only_the_day_is_another("2026-12-15T09:00", &[(R::AuditLocked, "", "2026-12-16")])]
fn audit1_buffer_and_audit_locked_are_told_apart_before_the_agreed_day(
    #[case] now: &str,
    #[case] expected: &[(ErrorReason, &str, &str)],
) {
    let mut world = World::declared(&LOOSE);
    world.at(now);
    assert_eq!(told(&violations(world.start_audit(AuditNo::One).1)), expected);
}

#[rstest]
#[case::the_buffer_runs("2026-12-17T09:00", &[(R::Audit2Buffer, "audit_2", "2026-12-18"), (R::AuditLocked, "", "2026-12-21")])]
#[case::only_the_day_is_another("2026-12-18T09:00", &[(R::AuditLocked, "", "2026-12-21")])]
fn audit2_buffer_and_audit_locked_are_told_apart_before_the_agreed_day(
    #[case] now: &str,
    #[case] expected: &[(ErrorReason, &str, &str)],
) {
    let mut world = World::audit_1_passed();
    world.at(now);
    assert_eq!(told(&violations(world.start_audit(AuditNo::Two).1)), expected);
}

#[test]
fn repeat_buffer_and_audit_locked_are_told_apart_before_the_agreed_day() {
    let mut world = World::declared(&LOOSE);
    world.audit(AuditNo::One, "2026-12-16", false);
    world.agree(&[(Audit1, "2026-12-18")]);
    let expected = [(R::RepeatBuffer, "audit_1", "2026-12-17"), (R::AuditLocked, "", "2026-12-18")];
    assert_eq!(told(&violations(world.start_audit(AuditNo::One).1)), expected);
    world.at("2026-12-17T09:00");
    assert_eq!(told(&violations(world.start_audit(AuditNo::One).1)), [(R::AuditLocked, "", "2026-12-18")]);
}

/// Else its end would come and bring nothing, and the timer would be due again and again.
#[test]
fn audit_locked_withdraws_the_day_of_a_repetition_that_a_corrected_result_makes_needless() {
    let mut world = World::declared(&LOOSE);
    world.at("2026-12-16T09:00");
    let (attempt, _) = world.start_audit(AuditNo::One);
    world.conclude(AuditNo::One, attempt, false);
    world.agree(&[(Audit1, "2026-12-17")]);
    let events = world.conclude(AuditNo::One, attempt, true);
    let gone = withdrawn(&events);
    assert_eq!((gone.len(), gone[0].kind, gone[0].date.day()), (1, Audit1, day("2026-12-17")));
    assert_eq!(gone[0].cause, WithdrawCause::Rules { rules: vec!["AUDIT_LOCKED".into()] });
}

#[test]
fn an_audit_uses_its_date_and_its_pass_unlocks_the_next_stage() {
    let mut world = World::declared(&LOOSE);
    let events = world.audit(AuditNo::One, "2026-12-16", true);
    assert_eq!(unlocked(&events), [(Stage::Audit2, Some(day("2026-12-18")))]);
    assert!(world.project.dates.agreed(Audit1).is_none());
    assert_eq!(world.project.dates.audit_1.used.as_ref().map(|a| a.date.day()), Some(day("2026-12-16")));
    let events = world.audit(AuditNo::Two, "2026-12-21", true);
    assert_eq!(unlocked(&events), [(Stage::Migration, Some(day("2027-01-04")))]);
}

#[test]
fn repeat_buffer_keeps_a_failed_audit_from_its_own_day() {
    let mut world = World::declared(&LOOSE);
    world.audit(AuditNo::One, "2026-12-16", false);
    assert_eq!(world.state(Stage::Audit1), StageState::Unlocked, "the stage stays open");
    let refused = violations(world.propose(&CRM, &[(Audit1, "2026-12-16")]).1);
    assert_eq!(told(&refused), [(R::RepeatBuffer, "audit_1", "2026-12-17")]);
    world.agree(&[(Audit1, "2026-12-17")]);
    world.audit(AuditNo::One, "2026-12-17", true);
    assert_eq!(world.project.audit_1.attempts().len(), 2);
}

#[test]
fn a_repeated_audit_2_has_no_upper_end() {
    let mut world = World::audit_1_passed();
    world.audit(AuditNo::Two, "2026-12-21", false);
    world.agree(&[(Audit2, "2027-02-01")]);
}

#[test]
fn a_first_audit_2_too_late_needs_an_override() {
    let mut world = World::audit_1_passed();
    world.tick("2026-12-22T00:00");
    let refused = violations(world.propose(&CRM, &[(Audit2, "2026-12-22")]).1);
    assert_eq!(told(&refused), [(R::Audit2Buffer, "audit_2", "no day without an override")]);
}

#[test]
fn licence_required_holds_a_pass_of_audit_2_until_the_proof_is_back() {
    let mut world = World::audit_1_passed();
    let told = world.licence(&["sql_server"]);
    assert_eq!(told, [ProjectEvent::LicenceMissing { missing: vec!["sql_server".into()] }]);
    let events = world.audit(AuditNo::Two, "2026-12-21", true);
    assert!(matches!(events.as_slice(), [ProjectEvent::PassHeld { .. }]), "{events:?}");
    assert_eq!(world.state(Stage::Audit2), StageState::InProgress);
    world.at("2026-12-28T09:00");
    let events = world.licence(&[]);
    assert_eq!(
        unlocked(&events),
        [(Stage::Migration, Some(day("2027-01-04")))],
        "from the real day of the pass"
    );
}

#[test]
fn a_status_for_another_variant_says_nothing() {
    let mut world = World::audit_1_passed();
    let status = LicenceStatus { variant: "hosted".into(), kind: None, missing: vec!["x".into()] };
    assert!(world.run(&Actor::System, |p, ctx| p.licence_changed(status, ctx)).is_empty());
    assert!(world.run(&CRM, |p, ctx| p.licences_missing(ctx)).is_empty());
}

#[test]
fn a_result_for_a_voided_attempt_is_kept_and_moves_no_stage() {
    let mut world = World::declared(&LOOSE);
    world.at("2026-12-16T09:00");
    let (attempt, _) = world.start_audit(AuditNo::One);
    world.run(&CRM, |p, ctx| p.void_audit(AuditNo::One, "the wrong server", ctx)).expect("voided");
    let events = world.conclude(AuditNo::One, attempt, true);
    let kept = AuditEvent::ResultKept { attempt, passed: true, why: KeptBecause::Voided };
    assert_eq!(events, [ProjectEvent::Audit { no: AuditNo::One, event: kept }]);
    assert_eq!(world.state(Stage::Audit1), StageState::Unlocked);
}

#[test]
fn a_declaration_withdrawn_by_softvig_takes_the_audits_with_it() {
    let mut world = World::audit_1_passed();
    let events = world.run(&CRM, |p, ctx| p.withdraw_declaration("the server was never there", ctx));
    let gone: Vec<_> = withdrawn(&events.expect("withdrawn")).iter().map(|w| w.kind).collect();
    assert_eq!(gone, [Audit2, Migration], "28 days run again");
    assert_eq!(world.project.current_stage(), Stage::Readiness);
    assert_eq!(world.state(Stage::Audit2), StageState::Locked);
}
