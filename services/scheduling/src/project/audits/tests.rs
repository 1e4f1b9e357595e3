use rstest::rstest;

use super::*;
use crate::project::testing::{CRM, TECHNICAL, allowed, at, reasons, stored};

/// Monday 2026-12-28 in SOFTVIG's working hours.
const NOW: &str = "2026-12-28T09:00:00+01:00";

fn day() -> Option<PlannedDate> {
    Some(PlannedDate::Day("2026-12-28".parse().expect("a day")))
}

fn gate() -> StartGate<'static> {
    StartGate { unlocked_at: Some(at("2026-11-30T09:00:00+01:00")), buffers: &[], agreed: day() }
}

fn started() -> (Audit, AttemptId) {
    let (mut audit, id) = (Audit::default(), AttemptId::new());
    audit.start(id, &gate(), None, &CRM, at(NOW)).expect("started");
    (audit, id)
}

fn result(passed: bool, occurred_at: &str) -> AuditResult {
    let concluded = Fact::new(&CRM, Some(at(occurred_at)), at("2027-03-01T12:00:00Z"));
    AuditResult { passed, concluded, open_minor: Vec::new() }
}

const NOON: &str = "2026-12-28T12:00:00+01:00";

#[rstest]
#[case::the_midnight_that_begins_the_day("2026-12-28T00:00:00+01:00", true)]
#[case::the_last_second_before("2026-12-27T23:59:59+01:00", false)]
#[case::the_midnight_that_ends_it("2026-12-29T00:00:00+01:00", false)]
fn audit_locked_outside_the_agreed_day(#[case] now: &str, #[case] fine: bool) {
    let start = Audit::default().start(AttemptId::new(), &gate(), None, &CRM, at(now));
    assert_eq!(start.is_ok(), fine);
    if !fine {
        assert_eq!(allowed(start), "2026-12-28");
    }
}

#[rstest]
#[case::gate(StartGate { unlocked_at: None, ..gate() })]
#[case::no_agreed_date(StartGate { agreed: None, ..gate() })]
fn audit_locked_without_gate_or_date(#[case] gate: StartGate<'_>) {
    let start = Audit::default().start(AttemptId::new(), &gate, None, &CRM, at(NOW));
    assert_eq!(reasons(start), [ErrorReason::AuditLocked]);
}

#[test]
fn audit_locked_names_a_running_buffer_by_its_own_name() {
    let buffers = [Violation::new(ErrorReason::Audit1Buffer).allowed("2027-01-04")];
    let gate = StartGate { buffers: &buffers, agreed: None, ..gate() };
    let start = Audit::default().start(AttemptId::new(), &gate, None, &CRM, at(NOW));
    assert_eq!(reasons(start), [ErrorReason::Audit1Buffer, ErrorReason::AuditLocked]);
}

#[test]
fn audit_locked_while_an_attempt_is_open_and_once_passed() {
    let (mut audit, id) = started();
    let again = audit.start(AttemptId::new(), &gate(), None, &CRM, at(NOW));
    assert_eq!(allowed(again), "once attempt 1 is concluded or voided");
    audit.record_result(id, result(true, NOON), false);
    let again = audit.start(AttemptId::new(), &gate(), None, &CRM, at(NOON));
    assert_eq!(reasons(again), [ErrorReason::AuditLocked]);
}

#[rstest]
#[case::before_the_stage_was_unlocked("2026-11-30T08:59:59+01:00", vec![ErrorReason::OccurredAtInvalid, ErrorReason::AuditLocked])]
#[case::told_late("2026-12-28T08:00:00+01:00", vec![])]
#[case::in_the_future("2026-12-28T09:00:01+01:00", vec![ErrorReason::OccurredAtInvalid])]
fn occurred_at_of_a_start_is_judged_by_every_rule(#[case] when: &str, #[case] refused: Vec<ErrorReason>) {
    let start = Audit::default().start(AttemptId::new(), &gate(), Some(at(when)), &CRM, at(NOW));
    match refused[..] {
        [] => assert!(start.is_ok(), "{start:?}"),
        _ => assert_eq!(reasons(start), refused),
    }
}

#[test]
fn audit_is_started_by_softvig() {
    let start = Audit::default().start(AttemptId::new(), &gate(), None, &TECHNICAL, at(NOW));
    assert_eq!(reasons(start), [ErrorReason::PermissionDenied]);
}

#[test]
fn audit_failed_is_repeated_under_the_next_number_and_keeps_its_result() {
    let (mut audit, first) = started();
    let occurred_at = at(NOON);
    let failed = audit.record_result(first, result(false, NOON), false);
    assert_eq!(failed, [AuditEvent::Failed { attempt: first, occurred_at }]);
    assert_eq!(audit.failed().expect("failed").concluded.local_day().to_string(), "2026-12-28");

    let second = AttemptId::new();
    let occurred_at = at("2026-12-28T15:00:00+01:00");
    let opened = audit.start(second, &gate(), None, &CRM, occurred_at).expect("started");
    assert_eq!(opened, [AuditEvent::Opened { attempt: second, number: 2, occurred_at }]);
    audit.record_result(second, result(true, "2026-12-28T15:30:00+01:00"), false);
    let audit = stored(&audit);
    assert!(audit.passed().is_some() && audit.failed().is_none());
    assert!(!audit.attempts()[0].result().expect("kept").passed);
}

#[test]
fn audit_results_are_facts_and_the_same_again_changes_nothing() {
    let (mut audit, id) = started();
    audit.record_result(id, result(true, NOON), false);
    let before = audit.clone();
    let again = AuditResult {
        concluded: Fact::new(&CRM, Some(at(NOON)), at("2027-04-01T00:00:00Z")),
        ..result(true, NOON)
    };
    assert_eq!(audit.record_result(id, again, false), []);
    assert_eq!(audit, before);
}

#[test]
fn audit_result_of_a_voided_attempt_is_kept_and_moves_nothing() {
    let (mut audit, id) = started();
    audit.void("wrong server", &CRM, at(NOW)).expect("voided");
    let why = KeptBecause::Voided;
    let kept = audit.record_result(id, result(true, NOON), false);
    assert_eq!(kept, [AuditEvent::ResultKept { attempt: id, passed: true, why }]);
    assert!(audit.passed().is_none() && audit.open().is_none());
    let AttemptState::Voided { result: Some(known), .. } = &audit.attempts()[0].state else {
        panic!("kept with the attempt");
    };
    assert!(known.passed);
    assert_eq!(audit.record_result(id, result(true, NOON), false), []);
}

#[test]
fn audit_result_of_an_unknown_attempt_is_told_and_moves_nothing() {
    let (mut audit, _) = started();
    let before = audit.clone();
    let (attempt, why) = (AttemptId::new(), KeptBecause::Unknown);
    let kept = audit.record_result(attempt, result(true, NOON), false);
    assert_eq!(kept, [AuditEvent::ResultKept { attempt, passed: true, why }]);
    assert_eq!(audit, before);
}

#[rstest]
#[case::another_day(true, "2026-12-28T23:30:00Z", false, true)]
#[case::turned_in_time(false, NOON, false, true)]
#[case::turned_too_late(false, NOON, true, false)]
#[case::another_day_when_later_begun(true, "2026-12-28T23:30:00Z", true, true)]
fn audit_result_corrected_recomputes_unless_a_later_step_rests_on_it(
    #[case] passed: bool,
    #[case] occurred_at: &str,
    #[case] later_begun: bool,
    #[case] counts: bool,
) {
    let (mut audit, attempt) = started();
    audit.record_result(attempt, result(true, NOON), false);
    let events = audit.record_result(attempt, result(passed, occurred_at), later_begun);
    let corrected = AuditEvent::Corrected { attempt, passed, occurred_at: at(occurred_at) };
    let kept = AuditEvent::ResultKept { attempt, passed, why: KeptBecause::LaterStepBegun };
    assert_eq!(events, [if counts { corrected } else { kept }]);
    assert_eq!(audit.passed().is_some(), passed || !counts);
    assert_eq!(audit.attempts()[0].corrected.len(), 1, "nothing is overwritten");
}

#[test]
fn variant_frozen_a_reset_voids_every_attempt_and_keeps_results() {
    let (mut audit, first) = started();
    audit.record_result(first, result(false, NOON), false);
    let second = AttemptId::new();
    audit.start(second, &gate(), None, &CRM, at("2026-12-28T13:00:00+01:00")).expect("started");
    let events = audit.reset("variant changed", &CRM, at(NOW));
    let voided = |attempt| AuditEvent::Voided { attempt, reason: "variant changed".into() };
    assert_eq!(events, [voided(first), voided(second)]);
    assert!(audit.failed().is_none() && audit.passed().is_none() && audit.open().is_none());
    assert!(matches!(&audit.attempts()[0].state, AttemptState::Voided { result: Some(r), .. } if !r.passed));
    assert_eq!(audit.reset("again", &CRM, at(NOW)), []);
    assert_eq!(audit.next_number(), 3);
}

#[test]
fn audit_attempt_is_voided_while_open_only_and_with_a_reason() {
    let (mut audit, id) = started();
    assert_eq!(reasons(audit.void("", &CRM, at(NOW))), [ErrorReason::InvalidArgument]);
    assert_eq!(audit.void_open("cancelled", &CRM, at(NOW)).len(), 1);
    assert_eq!(reasons(audit.void("late", &CRM, at(NOW))), [ErrorReason::AuditLocked]);
    assert_eq!(audit.attempts()[0].id, id);
}
