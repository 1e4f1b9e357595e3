use rstest::rstest;

use super::*;
use crate::project::testing::{CRM, DECISION, TECHNICAL, allowed, at, reasons, stored};

const UNLOCKED: &str = "2026-11-16T09:00:00Z";
const NOW: &str = "2026-11-30T09:00:00Z";

fn note(text: &str) -> Proof {
    Proof { note: text.into(), evidence: Vec::new() }
}

fn demanded() -> Vec<Condition> {
    Condition::demanded(["server_hardware", "windows_server"])
}

fn gate(demanded: &[Condition]) -> DeclareGate<'_> {
    DeclareGate { unlocked_at: Some(at(UNLOCKED)), demanded, licences_missing: &[] }
}

fn confirmed() -> Readiness {
    let mut readiness = Readiness::default();
    for condition in demanded() {
        readiness
            .confirm(condition, note("done"), &gate(&demanded()), None, &TECHNICAL, at(NOW))
            .expect("confirmed");
    }
    readiness
}

fn declared() -> Readiness {
    let mut readiness = confirmed();
    readiness.declare(&gate(&demanded()), None, &DECISION, at(NOW)).expect("declared");
    readiness
}

#[test]
fn readiness_conditions_name_all_that_are_missing() {
    let mut readiness = Readiness::default();
    let conditions = demanded();
    readiness
        .confirm(conditions[1].clone(), note("FV/12"), &gate(&conditions), None, &TECHNICAL, at(NOW))
        .expect("confirmed");
    let refusal = readiness.declare(&gate(&conditions), None, &DECISION, at(NOW)).expect_err("refused");
    assert_eq!(refusal.reason(), ErrorReason::ReadinessConditions);
    let asked = &refusal.violations()[0].asked;
    assert_eq!(asked, "not confirmed: it_environment, purchase.windows_server, server_prepared");
}

#[rstest]
#[case::nothing(Proof::default(), "note")]
#[case::a_note_too_long(note(&"ż".repeat(2001)), "note")]
#[case::evidence_too_long(Proof { evidence: vec!["FV/12".into(), "x".repeat(2001)], ..note("done") }, "evidence[1]")]
fn readiness_conditions_need_a_note_or_evidence_that_can_be_read(#[case] proof: Proof, #[case] field: &str) {
    let conditions = demanded();
    let mut readiness = Readiness::default();
    let refusal = readiness
        .confirm(conditions[0].clone(), proof, &gate(&conditions), None, &TECHNICAL, at(NOW))
        .expect_err("refused");
    assert_eq!(refusal.reason(), ErrorReason::InvalidArgument);
    assert_eq!(refusal.violations()[0].field, field);
    assert_eq!(readiness.missing(&conditions).len(), conditions.len());
}

#[test]
fn readiness_conditions_and_licence_required_are_refused_together() {
    let conditions = demanded();
    let missing = ["licence_kind".to_owned()];
    let gate = DeclareGate { licences_missing: &missing, ..gate(&conditions) };
    let refused = Readiness::default().declare(&gate, None, &DECISION, at(NOW));
    assert_eq!(reasons(refused), [ErrorReason::LicenceRequired, ErrorReason::ReadinessConditions]);
}

#[test]
fn readiness_conditions_follow_the_variant() {
    let none = Condition::demanded(Vec::<String>::new());
    assert_eq!(none, [Condition::ItEnvironment, Condition::ServerPrepared]);
    let mut readiness = Readiness::default();
    let bought = Condition::Purchase("server_hardware".into());
    let refused = readiness.confirm(bought, note("x"), &gate(&none), None, &TECHNICAL, at(NOW));
    assert_eq!(allowed(refused), "it_environment, server_prepared");
}

#[rstest]
#[case::a_note("FV/12/2026", &[], true)]
#[case::evidence("", &["https://docs.example/1"], true)]
#[case::nothing("", &[], false)]
#[case::blanks("  ", &[" "], false)]
fn readiness_conditions_need_a_note_or_evidence(
    #[case] text: &str,
    #[case] evidence: &[&str],
    #[case] fine: bool,
) {
    let proof = Proof { note: text.into(), evidence: evidence.iter().map(|e| e.to_string()).collect() };
    let result = Readiness::default().confirm(
        Condition::ItEnvironment,
        proof,
        &gate(&demanded()),
        None,
        &TECHNICAL,
        at(NOW),
    );
    assert_eq!(result.is_ok(), fine);
}

#[test]
fn readiness_conditions_met_declare_and_unlock_from_that_day() {
    let readiness = stored(&declared());
    assert_eq!(readiness.declared().expect("declared").local_day().to_string(), "2026-11-30");
    assert!(!readiness.in_progress());
}

#[test]
fn readiness_is_locked_before_contracting_is_done() {
    let conditions = demanded();
    let locked = DeclareGate { unlocked_at: None, ..gate(&conditions) };
    let confirm =
        Readiness::default().confirm(conditions[0].clone(), note("x"), &locked, None, &TECHNICAL, at(NOW));
    assert_eq!(reasons(confirm), [ErrorReason::StageLocked]);
    assert_eq!(reasons(confirmed().declare(&locked, None, &DECISION, at(NOW))), [ErrorReason::StageLocked]);
}

#[rstest]
#[case::before_the_last_confirmation("2026-11-30T08:59:59Z", false)]
#[case::with_it("2026-11-30T09:00:00Z", true)]
#[case::in_the_future("2026-11-30T09:00:01Z", false)]
fn occurred_at_invalid_for_a_declaration_before_what_it_rests_on(#[case] when: &str, #[case] fine: bool) {
    let result = confirmed().declare(&gate(&demanded()), Some(at(when)), &DECISION, at(NOW));
    assert_eq!(result.is_ok(), fine);
    if !fine {
        assert_eq!(reasons(result), [ErrorReason::OccurredAtInvalid]);
    }
}

#[test]
fn readiness_is_the_companys_word_and_withdrawing_softvigs() {
    let by_crm = confirmed().declare(&gate(&demanded()), None, &CRM, at(NOW));
    assert_eq!(reasons(by_crm), [ErrorReason::PermissionDenied]);
    let by_company = declared().withdraw("changed our mind", &DECISION, at(NOW));
    assert_eq!(reasons(by_company), [ErrorReason::PermissionDenied]);
}

#[test]
fn readiness_withdrawn_keeps_the_confirmations_and_is_declared_again_later() {
    let mut readiness = declared();
    assert_eq!(reasons(readiness.withdraw(" ", &CRM, at(NOW))), [ErrorReason::InvalidArgument]);
    let later = at("2026-12-02T10:00:00Z");
    let events = readiness.withdraw("server has no power", &CRM, later).expect("withdrawn");
    assert_eq!(events, [ReadinessEvent::Withdrawn { reason: "server has no power".into() }]);
    assert_eq!(readiness.confirmations().len(), 4);
    assert_eq!(reasons(readiness.withdraw("again", &CRM, later)), [ErrorReason::StageLocked]);

    let old_day = readiness.declare(&gate(&demanded()), Some(at(NOW)), &DECISION, later);
    assert_eq!(reasons(old_day), [ErrorReason::OccurredAtInvalid]);
    readiness.declare(&gate(&demanded()), None, &DECISION, later).expect("declared again");
    assert_eq!(readiness.declared().expect("declared").local_day().to_string(), "2026-12-02");
}

#[test]
fn readiness_is_declared_once() {
    let again = declared().declare(&gate(&demanded()), None, &DECISION, at(NOW));
    assert_eq!(reasons(again), [ErrorReason::StageLocked]);
}

#[test]
fn readiness_confirmation_is_retracted_before_the_declaration_only() {
    let server = Condition::ServerPrepared;
    assert_eq!(reasons(declared().retract(&server, &TECHNICAL)), [ErrorReason::StageLocked]);
    let mut readiness = confirmed();
    readiness.retract(&server, &TECHNICAL).expect("retracted");
    assert_eq!(readiness.missing(&demanded()), [&server]);
    assert_eq!(reasons(readiness.retract(&server, &TECHNICAL)), [ErrorReason::NotFound]);
}

#[test]
fn variant_frozen_a_change_clears_confirmations_and_declaration() {
    let changed = |mut readiness: Readiness| {
        let events = readiness.variant_changed("hosted instead", &CRM, at(NOW));
        assert!(readiness.confirmations().is_empty() && readiness.declared().is_none());
        events
    };
    let withdrawn = ReadinessEvent::Withdrawn { reason: "hosted instead".into() };
    assert_eq!(changed(declared()), [withdrawn, ReadinessEvent::ConfirmationsCleared]);
    assert_eq!(changed(confirmed()), [ReadinessEvent::ConfirmationsCleared]);
    assert_eq!(changed(Readiness::default()), []);
}

#[rstest]
#[case("it_environment", Some(Condition::ItEnvironment))]
#[case("purchase.windows_server", Some(Condition::Purchase("windows_server".into())))]
#[case("purchase.", None)]
#[case("coffee", None)]
fn readiness_conditions_have_names(#[case] name: &str, #[case] condition: Option<Condition>) {
    assert_eq!(Condition::try_from(name.to_owned()).ok(), condition);
    if let Some(condition) = condition {
        assert_eq!(condition.to_string(), name);
    }
}
