use rstest::rstest;

use super::*;
use crate::{audit::model::FindingState, checklist::Severity};

/// Audit 1 passed with one minor finding: the power plan.
fn with_finding() -> (Dossier, FindingId) {
    let dossier = audit_1_with(but(good_audit_1(), value("power.plan", "balanced")));
    let id = dossier.findings[0].id;
    (dossier, id)
}

fn state(dossier: &Dossier, id: FindingId) -> FindingState {
    dossier.finding(id).expect("it was opened").state
}

#[test]
fn a_finding_is_answered_rejected_answered_again_and_verified() {
    let (mut dossier, id) = with_finding();
    let finding = &dossier.findings[0];
    assert_eq!((finding.number, finding.item.as_str(), finding.severity), (1, "power.plan", Severity::Minor));
    assert_eq!((finding.measured.as_str(), finding.limit.as_str()), ("balanced", "high_performance"));

    dossier.answer(id, "changed", &contact(), at(1, 9)).expect("it is open");
    dossier.reject(id, "still balanced", &auditor(), at(1, 10)).expect("it is answered");
    dossier.answer(id, "changed indeed", &contact(), at(1, 11)).expect("it is rejected");
    dossier.verify(id, "seen on the screen", &auditor(), at(1, 12)).expect("it is answered");

    let steps: Vec<_> = dossier.findings[0].steps.iter().map(|s| s.state).collect();
    use FindingState::{Answered, Open, Rejected, Verified};
    assert_eq!(steps, [Open, Answered, Rejected, Answered, Verified]);
    assert_eq!(dossier.findings[0].steps[2].text, "still balanced");
}

#[test]
fn a_finding_in_the_wrong_state_is_locked() {
    let (mut dossier, id) = with_finding();
    let locked = vec![(ErrorReason::AuditLocked, "name".to_owned())];
    assert_eq!(refused(&mut dossier, |d| d.reject(id, "no answer yet", &auditor(), at(1, 9))), locked);
    dossier.verify(id, "seen", &auditor(), at(1, 9)).expect("an answer is not needed");
    assert_eq!(refused(&mut dossier, |d| d.answer(id, "late", &contact(), at(1, 10))), locked);
    assert_eq!(refused(&mut dossier, |d| d.verify(id, "twice", &auditor(), at(1, 10))), locked);
}

#[test]
fn an_answer_a_note_and_a_reason_are_texts() {
    let (mut dossier, id) = with_finding();
    let long = "x".repeat(2001);
    let answer = refused(&mut dossier, |d| d.answer(id, &long, &contact(), at(1, 9)));
    assert_eq!(answer, [(ErrorReason::InvalidArgument, "answer".into())]);
    let note = refused(&mut dossier, |d| d.verify(id, " ", &auditor(), at(1, 9)));
    assert_eq!(note, [(ErrorReason::InvalidArgument, "note".into())]);
    dossier.answer(id, "done", &contact(), at(1, 9)).expect("it is open");
    let reason = refused(&mut dossier, |d| d.reject(id, "", &auditor(), at(1, 9)));
    assert_eq!(reason, [(ErrorReason::InvalidArgument, "reason".into())]);
}

#[rstest]
#[case::corrected(true, FindingState::Verified)]
#[case::not_corrected(false, FindingState::Rejected)]
fn audit_2_rechecks_each_finding_of_audit_1(#[case] corrected: bool, #[case] after: FindingState) {
    let (mut dossier, id) = with_finding();
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    let fix = format!("fix.{id}");
    let item = dossier.attempts[1].checklist.item(&fix).expect("it rechecks the finding");
    assert_eq!((item.severity, item.note_required), (Severity::Minor, true));
    assert!(item.question.en.contains("Power plan"), "{}", item.question.en);

    record(&mut dossier, 2, good_audit_2(), at(4, 10));
    let missing = refused(&mut dossier, |d| conclude(d, 2, at(4, 15)));
    assert_eq!(missing, [(ErrorReason::AuditIncomplete, fix.clone())]);

    record(&mut dossier, 2, vec![value(&fix, corrected)], at(4, 11));
    conclude(&mut dossier, 2, at(4, 15)).expect("it is complete");
    assert!(passed(&dossier, 2), "the finding is minor");
    assert_eq!((state(&dossier, id), dossier.findings.len()), (after, 1));
    let left_open = &dossier.attempts[1].conclusion().expect("concluded").open_findings;
    assert_eq!(left_open.contains(&id), !corrected, "what is left open goes into the protocol");
}

#[test]
fn a_verified_finding_is_not_rechecked() {
    let (mut dossier, id) = with_finding();
    dossier.verify(id, "seen", &auditor(), at(1, 9)).expect("it is open");
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    assert!(dossier.attempts[1].checklist.item(&format!("fix.{id}")).is_none());
}

#[test]
fn verifying_during_audit_2_is_its_value() {
    let (mut dossier, id) = with_finding();
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    record(&mut dossier, 2, good_audit_2(), at(4, 10));
    let events = dossier.verify(id, "seen", &auditor(), at(4, 11)).expect("it is open");
    let recorded =
        Event::ValuesRecorded { attempt: attempt(2), keys: vec![format!("fix.{id}")], origin: None };
    assert_eq!(events, [Event::FindingVerified { finding: id }, recorded]);
    conclude(&mut dossier, 2, at(4, 15)).expect("the finding was rechecked");
}

#[test]
fn a_repeated_audit_verifies_what_now_passes_and_repeats_what_does_not() {
    let values = but(but(good_audit_1(), value("ram.gb", (8.0, "GB"))), value("power.plan", "balanced"));
    let mut dossier = audit_1_with(values);
    let (ram, plan) = (dossier.findings[0].id, dossier.findings[1].id);
    assert_eq!(dossier.findings[0].item, "ram.gb");
    dossier.answer(plan, "changed", &contact(), at(1, 9)).expect("it is open");

    open(&mut dossier, opening(AuditKind::One, 2, 2, at(5, 8)));
    record(
        &mut dossier,
        2,
        vec![value("ram.gb", (64.0, "GB")), value("power.plan", "power_saver")],
        at(5, 9),
    );
    let events = conclude(&mut dossier, 2, at(5, 15)).expect("the rest is carried over");
    assert!(events.contains(&Event::FindingVerified { finding: ram }));
    assert!(events.contains(&Event::FindingRejected { finding: plan }));
    assert_eq!((dossier.findings.len(), dossier.findings[1].measured.as_str()), (2, "power_saver"));
}
