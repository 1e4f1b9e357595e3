use rstest::rstest;

use super::*;
use crate::audit::model::FindingState;

#[test]
fn audit_incomplete_names_everything_that_is_missing() {
    let mut dossier = audit_1();
    let mut values = good_audit_1();
    values.retain(|v| !["ram.gb", "source.version", "power.plan"].contains(&v.key.as_str()));
    record(&mut dossier, 1, values, at(0, 10));
    let missing = refused(&mut dossier, |d| conclude(d, 1, at(0, 15)));
    let incomplete = |key: &str| (ErrorReason::AuditIncomplete, key.to_owned());
    // sql.source_not_newer is computed from the missing fact.
    let expected = ["source.version", "ram.gb", "power.plan", "sql.source_not_newer"];
    assert_eq!(missing, expected.map(incomplete));
}

#[test]
fn a_waiver_stands_in_for_a_missing_value() {
    let mut dossier = audit_1();
    let mut values = good_audit_1();
    values.retain(|v| v.key != "power.plan");
    record(&mut dossier, 1, values, at(0, 10));
    dossier.waive(attempt(1), "power.plan", waiver(), Vec::new(), auditor(), at(0, 11)).expect("it is minor");
    conclude(&mut dossier, 1, at(0, 15)).expect("nothing is missing");
    assert!(passed(&dossier, 1) && dossier.findings.is_empty());
}

#[rstest]
#[case::all_good(value("ram.gb", (32.0, "GB")), true, 0)]
#[case::blocking_fails(value("ram.gb", (8.0, "GB")), false, 1)]
#[case::minor_becomes_a_finding(value("power.plan", "balanced"), true, 1)]
#[case::minor_tier(value("disk.read_ms", (20.0, "ms")), true, 1)]
#[case::blocking_tier(value("disk.read_ms", (50.0, "ms")), false, 1)]
#[case::against_a_fact(value("backup.free_gb", (239.0, "GB")), false, 1)]
#[case::computed(value("source.version", "2025"), false, 1)]
fn a_failed_blocking_item_fails_the_audit(
    #[case] other: Measurement,
    #[case] ok: bool,
    #[case] findings: usize,
) {
    let dossier = audit_1_with(but(good_audit_1(), other));
    assert_eq!((passed(&dossier, 1), dossier.findings.len()), (ok, findings));
    assert!(dossier.findings.iter().all(|f| f.state == FindingState::Open));
}

#[test]
fn a_waived_failure_does_not_fail_the_audit() {
    let mut dossier = audit_1();
    record(&mut dossier, 1, but(good_audit_1(), value("host.domain_controller", true)), at(0, 10));
    dossier
        .waive(attempt(1), "host.domain_controller", waiver(), Vec::new(), auditor(), at(0, 11))
        .expect("it says so");
    conclude(&mut dossier, 1, at(0, 15)).expect("it is complete");
    assert!(passed(&dossier, 1) && dossier.findings.is_empty());
}

#[rstest]
#[case::last_day(17, true)]
#[case::day_after(18, false)]
fn the_end_of_a_waiver_limits_in_which_attempts_it_counts(#[case] day: i64, #[case] ok: bool) {
    let mut dossier = audit_1();
    let values =
        but(but(good_audit_1(), value("ram.gb", (8.0, "GB"))), value("host.domain_controller", true));
    record(&mut dossier, 1, values, at(0, 10));
    // 14 January + 17 days is the 31st, the waiver's last.
    dossier
        .waive(attempt(1), "host.domain_controller", waiver(), Vec::new(), auditor(), at(0, 11))
        .expect("it says so");
    conclude(&mut dossier, 1, at(0, 15)).expect("it is complete");

    open(&mut dossier, opening(AuditKind::One, 2, 2, at(day, 8)));
    record(&mut dossier, 2, but(good_audit_1(), value("host.domain_controller", true)), at(day, 9));
    conclude(&mut dossier, 2, at(day, 15)).expect("it is complete");
    assert_eq!(passed(&dossier, 2), ok);
    assert!(dossier.findings.iter().any(|f| f.item == "ram.gb" && f.state == FindingState::Verified));
}

#[rstest]
#[case::in_the_future(at(0, 16))]
#[case::before_a_measurement(at(0, 9))]
fn occurred_at_invalid_for_a_conclusion_out_of_order(#[case] occurred_at: Timestamp) {
    let mut dossier = audit_1();
    record(&mut dossier, 1, good_audit_1(), at(0, 10));
    let refusals = refused(&mut dossier, |d| {
        d.conclude(attempt(1), Some(occurred_at), auditor(), at(0, 15), &mut FindingId::new)
    });
    assert_eq!(refusals, [(ErrorReason::OccurredAtInvalid, "occurred_at".into())]);
}

#[test]
fn audit_locked_after_the_conclusion() {
    let mut dossier = audit_1_with(but(good_audit_1(), value("ram.gb", (8.0, "GB"))));
    let locked = vec![(ErrorReason::AuditLocked, "name".to_owned())];
    let ram = vec![value("ram.gb", (32.0, "GB"))];
    assert_eq!(refused(&mut dossier, |d| d.record(attempt(1), ram, auditor(), at(0, 16))), locked);
    assert_eq!(
        refused(&mut dossier, |d| d.waive(
            attempt(1),
            "power.plan",
            waiver(),
            Vec::new(),
            auditor(),
            at(0, 16)
        )),
        locked
    );
    assert_eq!(refused(&mut dossier, |d| conclude(d, 1, at(0, 16))), locked);
}

#[test]
fn an_attempt_of_nobody_is_not_found() {
    let mut dossier = audit_1();
    assert_eq!(
        refused(&mut dossier, |d| conclude(d, 9, at(0, 16))),
        [(ErrorReason::NotFound, "name".into())]
    );
}

#[rstest]
#[case::in_place(VARIANT, &[], None)]
#[case::missing(VARIANT, &["sql_server_cal"], Some(ErrorReason::LicenceRequired))]
#[case::of_another_variant("hosted", &["sql_server_cal"], None)]
fn licence_required_before_audit_2_can_pass(
    #[case] variant: &str,
    #[case] missing: &[&str],
    #[case] reason: Option<ErrorReason>,
) {
    let mut dossier = audit_1_with(good_audit_1());
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    record(&mut dossier, 2, good_audit_2(), at(4, 10));
    let missing = missing.iter().map(|m| (*m).to_owned()).collect();
    dossier.licence_told(super::super::LicenceStatus { variant: variant.into(), missing });
    assert_eq!(conclude(&mut dossier, 2, at(4, 15)).err().map(|r| r.reason()), reason);
}

#[test]
fn audit_2_can_fail_while_the_licence_is_missing() {
    let mut dossier = audit_1_with(good_audit_1());
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    record(&mut dossier, 2, but(good_audit_2(), value("inst.agent", false)), at(4, 10));
    dossier.licence_told(super::super::LicenceStatus { variant: VARIANT.into(), missing: vec!["x".into()] });
    conclude(&mut dossier, 2, at(4, 15)).expect("a failure needs no licence");
    assert!(!passed(&dossier, 2));
}
