use super::*;

#[test]
fn an_audit_is_assigned_and_handed_over() {
    let mut dossier = audit_1();
    let mut assign = |to: &str, note: &str, hour| {
        dossier.assign(attempt(1), to, note.into(), auditor(), at(0, hour)).expect("assigned")
    };
    assert_eq!(assign("auditor-1", "", 8), [Event::AttemptAssigned { attempt: attempt(1) }]);
    assert_eq!(assign("auditor-1", "", 9), [], "the same again changes nothing");
    assert_eq!(assign("auditor-2", "the link is measured", 10).len(), 1);
    let auditors: Vec<_> = dossier.attempts[0].assignments.iter().map(|a| a.auditor.as_str()).collect();
    assert_eq!(auditors, ["auditor-1", "auditor-2"]);

    let nobody = dossier.assign(attempt(1), " ", String::new(), auditor(), at(0, 11)).expect_err("nobody");
    assert_eq!(nobody.violations()[0].field, "auditor");
    record(&mut dossier, 1, good_audit_1(), at(0, 11));
    conclude(&mut dossier, 1, at(0, 12)).expect("complete");
    let over = dossier.assign(attempt(1), "auditor-1", String::new(), auditor(), at(1, 8)).expect_err("over");
    assert_eq!(over.reason(), ErrorReason::AuditLocked);
}

#[test]
fn a_paused_audit_takes_nothing_until_it_is_resumed() {
    let mut dossier = audit_1();
    record(&mut dossier, 1, good_audit_1(), at(0, 8));
    dossier.pause(attempt(1), "no access to the server".into(), auditor(), at(0, 9)).expect("paused");
    let before = dossier.clone();

    let origin = Origin { collector: "c".into(), version: String::new(), host: "h".into() };
    let collected = Collected { origin, at: Some(at(0, 9)), values: vec![value("ram.gb", (32.0, "GB"))] };
    let refused = [
        dossier.record(attempt(1), vec![value("ram.gb", (32.0, "GB"))], auditor(), at(0, 10)),
        dossier.import(attempt(1), collected, auditor(), at(0, 10)),
        dossier.waive(attempt(1), "power.plan", waiver(), Vec::new(), auditor(), at(0, 10)),
        dossier.conclude(attempt(1), None, auditor(), at(0, 10), &mut || finding_id(1)),
        dossier.pause(attempt(1), "again".into(), auditor(), at(0, 10)),
    ];
    for refusal in refused {
        let refusal = refusal.expect_err("it rests");
        let violation = &refusal.violations()[0];
        assert_eq!(violation.reason, ErrorReason::AuditLocked);
        assert!(violation.asked.contains("no access to the server"), "{}", violation.asked);
        assert_eq!(violation.allowed, "once it is resumed");
    }
    assert_eq!(dossier, before);

    dossier.resume(attempt(1), auditor(), at(0, 12)).expect("resumed");
    dossier.conclude(attempt(1), None, auditor(), at(0, 13), &mut || finding_id(1)).expect("goes on");
    assert_eq!(dossier.attempts[0].pauses.len(), 1);
}

#[test]
fn only_what_rests_is_resumed_and_a_voided_attempt_rests_no_more() {
    let mut dossier = audit_1();
    let refusal = dossier.resume(attempt(1), auditor(), at(0, 9)).expect_err("it does not rest");
    assert_eq!(refusal.violations()[0].allowed, "a paused attempt");
    dossier.pause(attempt(1), "lunch".into(), auditor(), at(0, 9)).expect("paused");
    dossier.void(attempt(1), "withdrawn", at(0, 10));
    assert!(!dossier.attempts[0].is_paused());
}

#[test]
fn a_paused_audit_2_takes_no_verified_finding() {
    let mut dossier = audit_1_with(but(good_audit_1(), value("power.plan", "balanced")));
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    let finding = dossier.findings[0].id;
    dossier.pause(attempt(2), "no access".into(), auditor(), at(4, 9)).expect("paused");
    dossier.answer(finding, "changed", &contact(), at(4, 10)).expect("the company may answer");
    let refusal = dossier.verify(finding, "seen", &auditor(), at(4, 11)).expect_err("it rests");
    assert_eq!(refusal.reason(), ErrorReason::AuditLocked);
}
