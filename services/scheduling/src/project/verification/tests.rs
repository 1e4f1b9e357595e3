use rstest::rstest;

use super::*;
use crate::project::testing::{CRM, DECISION, TECHNICAL, at, reasons, stored};

const UNLOCKED: &str = "2027-01-25T12:00:00+01:00";
const NOW: &str = "2027-01-26T10:00:00+01:00";

fn unlocked() -> Option<Timestamp> {
    Some(at(UNLOCKED))
}

fn with_problem() -> (Verification, ProblemId) {
    let (mut verification, id) = (Verification::default(), ProblemId::new());
    let reported = verification
        .report_problem(id, "no invoices", unlocked(), None, &TECHNICAL, at(NOW))
        .expect("reported");
    let expected = VerificationEvent::ProblemReported {
        problem: id,
        description: "no invoices".into(),
        occurred_at: at(NOW),
    };
    assert_eq!(reported, [expected]);
    (verification, id)
}

#[test]
fn verification_needs_the_decision_contacts_word() {
    for nobody in [&TECHNICAL, &CRM] {
        let result = Verification::default().confirm(unlocked(), None, nobody, at(NOW));
        assert_eq!(reasons(result), [ErrorReason::PermissionDenied]);
    }
    let mut verification = Verification::default();
    let events = verification.confirm(unlocked(), None, &DECISION, at(NOW)).expect("verified");
    assert_eq!(events, [VerificationEvent::Verified { occurred_at: at(NOW) }]);
    assert!(stored(&verification).verified().is_some());
    let again = verification.confirm(unlocked(), None, &DECISION, at(NOW));
    assert_eq!(reasons(again), [ErrorReason::StageLocked]);
}

#[test]
fn verification_is_locked_before_the_integrations_are_over() {
    let mut verification = Verification::default();
    let works = verification.confirm(None, None, &DECISION, at(NOW));
    assert_eq!(reasons(works), [ErrorReason::StageLocked]);
    let problem = verification.report_problem(ProblemId::new(), "x", None, None, &TECHNICAL, at(NOW));
    assert_eq!(reasons(problem), [ErrorReason::StageLocked]);
}

#[test]
fn verification_waits_for_the_answer_to_each_problem() {
    let (mut verification, id) = with_problem();
    let works = verification.confirm(unlocked(), None, &DECISION, at(NOW));
    assert_eq!(reasons(works), [ErrorReason::StageLocked]);
    let later = at("2027-01-26T12:00:00+01:00");
    verification.answer_problem(id, "a filter was set", None, &CRM, later).expect("answered");
    assert_eq!(verification.open_problems().count(), 0);
    let earlier = verification.confirm(unlocked(), Some(at(NOW)), &DECISION, later);
    assert_eq!(reasons(earlier), [ErrorReason::OccurredAtInvalid]);
    verification.confirm(unlocked(), None, &DECISION, later).expect("verified");
}

#[rstest]
#[case::answered(None)]
#[case::a_brand_reopened(Some(Reopen::Brand("vw".into())))]
#[case::migration_reopened(Some(Reopen::Migration))]
fn verification_problem_is_answered_once_by_softvig(#[case] reopen: Option<Reopen>) {
    let (mut verification, problem) = with_problem();
    let now = at(NOW);
    let by_company = verification.answer_problem(problem, "x", reopen.clone(), &DECISION, now);
    assert_eq!(reasons(by_company), [ErrorReason::PermissionDenied]);
    let silent = verification.answer_problem(problem, " ", reopen.clone(), &CRM, now);
    assert_eq!(reasons(silent), [ErrorReason::InvalidArgument]);
    let answered = verification.answer_problem(problem, "seen", reopen.clone(), &CRM, now).expect("answered");
    let answer = "seen".to_owned();
    assert_eq!(answered, [VerificationEvent::ProblemAnswered { problem, answer, reopen }]);
    let again = verification.answer_problem(problem, "seen", None, &CRM, now);
    assert_eq!(reasons(again), [ErrorReason::Conflict]);
    let unknown = verification.answer_problem(ProblemId::new(), "seen", None, &CRM, now);
    assert_eq!(reasons(unknown), [ErrorReason::NotFound]);
}

#[test]
fn verification_problem_has_a_description_and_is_the_companys() {
    let mut verification = Verification::default();
    let mut report =
        |text: &str, by| verification.report_problem(ProblemId::new(), text, unlocked(), None, by, at(NOW));
    assert_eq!(reasons(report("  ", &TECHNICAL)), [ErrorReason::InvalidArgument]);
    assert_eq!(reasons(report("slow", &CRM)), [ErrorReason::PermissionDenied]);
}

#[test]
fn verification_is_open_again_after_a_new_problem_and_after_a_reopening() {
    let mut verification = Verification::default();
    verification.confirm(unlocked(), None, &DECISION, at(NOW)).expect("verified");
    let id = ProblemId::new();
    verification.report_problem(id, "slow", unlocked(), None, &DECISION, at(NOW)).expect("reported");
    assert!(verification.verified().is_none());

    let mut verification = Verification::default();
    verification.confirm(unlocked(), None, &DECISION, at(NOW)).expect("verified");
    verification.reopen();
    assert!(verification.verified().is_none());
}
