use super::*;
use crate::audit::model::{AttemptState, FindingState};
use crate::checklist::{Expect, Form};

#[test]
fn passed_items_carry_over_marked_with_their_attempt() {
    let mut dossier = audit_1_with(but(good_audit_1(), value("ram.gb", (8.0, "GB"))));
    open(&mut dossier, opening(AuditKind::One, 2, 2, at(5, 8)));
    let entries = &dossier.attempts[1].entries;
    assert!(!entries.contains_key("ram.gb"), "a failed item is measured again");
    assert_eq!(entries["cpu.x64"].carried_from, Some(attempt(1)));
    assert_eq!(entries["source.version"].carried_from, Some(attempt(1)), "facts too");

    let again = vec![value("ram.gb", (8.0, "GB")), value("cpu.x64", true)];
    record(&mut dossier, 2, again, at(5, 9));
    assert_eq!(dossier.attempts[1].entries["cpu.x64"].carried_from, None, "measured anew");
    conclude(&mut dossier, 2, at(5, 15)).expect("the rest is carried over");
    open(&mut dossier, opening(AuditKind::One, 3, 3, at(8, 8)));
    let entries = &dossier.attempts[2].entries;
    assert_eq!(entries["cpu.x64"].carried_from, Some(attempt(2)));
    assert_eq!(entries["cpu.ghz"].carried_from, Some(attempt(1)), "the attempt in which it was measured");
}

#[test]
fn no_result_is_overwritten() {
    let mut dossier = audit_1_with(but(good_audit_1(), value("ram.gb", (8.0, "GB"))));
    let first = dossier.attempts[0].clone();
    open(&mut dossier, opening(AuditKind::One, 2, 2, at(5, 8)));
    record(&mut dossier, 2, vec![value("ram.gb", (32.0, "GB"))], at(5, 9));
    conclude(&mut dossier, 2, at(5, 15)).expect("it is complete");
    assert_eq!(dossier.attempts[0], first);
    assert!(!passed(&dossier, 1) && passed(&dossier, 2));
}

#[test]
fn the_same_opening_again_changes_nothing() {
    let mut dossier = audit_1();
    record(&mut dossier, 1, vec![value("cpu.x64", true)], at(0, 9));
    let before = dossier.clone();
    assert!(open(&mut dossier, opening(AuditKind::One, 1, 1, at(0, 8))).is_empty());
    assert_eq!(dossier, before);
}

#[test]
fn audit_2_compares_with_the_facts_of_audit_1() {
    let mut dossier = audit_1_with(good_audit_1());
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    let values = but(good_audit_2(), value("inst.collation", "SQL_Latin1_General_CP1_CI_AS"));
    record(&mut dossier, 2, but(values, value("inst.port", 50000.0)), at(4, 10));
    conclude(&mut dossier, 2, at(4, 15)).expect("it is complete");
    assert!(!passed(&dossier, 2));
    let failed: Vec<_> = dossier.findings.iter().map(|f| (f.item.as_str(), f.limit.as_str())).collect();
    // 1433 is the default of target.port.
    assert_eq!(failed, [("inst.collation", "= Polish_CI_AS"), ("inst.port", "= 1433")]);
}

#[test]
fn a_failed_audit_2_is_repeated() {
    let mut dossier = audit_1_with(good_audit_1());
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    record(&mut dossier, 2, but(good_audit_2(), value("inst.agent", false)), at(4, 10));
    conclude(&mut dossier, 2, at(4, 15)).expect("it is complete");
    assert!(!passed(&dossier, 2));

    open(&mut dossier, opening(AuditKind::Two, 3, 2, at(5, 8)));
    assert!(
        dossier.attempts[2].checklist.items.iter().all(|i| !i.key.starts_with("fix.")),
        "it measures them itself"
    );
    record(&mut dossier, 3, vec![value("inst.agent", true)], at(5, 9));
    conclude(&mut dossier, 3, at(5, 15)).expect("the rest is carried over");
    assert!(passed(&dossier, 3));
    assert_eq!(dossier.findings[0].state, FindingState::Verified);
}

#[test]
fn a_voided_attempt_keeps_its_result_and_counts_no_more() {
    let mut dossier = audit_1_with(but(good_audit_1(), value("power.plan", "balanced")));
    let finding = dossier.findings[0].id;
    let events = dossier.choose_variant("hosted", at(1, 8));
    assert_eq!(events.len(), 1);
    assert!(dossier.attempts[0].is_voided());
    assert!(dossier.attempts[0].conclusion().is_some_and(|c| c.passed), "the result is kept");
    assert!(dossier.evidence().is_empty() && dossier.unverified().next().is_none());
    let refusals = refused(&mut dossier, |d| d.answer(finding, "done", &contact(), at(1, 9)));
    assert_eq!(refusals, [(ErrorReason::AuditLocked, "name".into())]);

    open(&mut dossier, opening(AuditKind::One, 2, 1, at(40, 8)));
    assert!(dossier.attempts[1].entries.is_empty(), "nothing is carried over");
}

#[test]
fn audit_locked_for_a_voided_attempt() {
    let mut dossier = audit_1();
    dossier.void(attempt(1), "the declaration was withdrawn", at(0, 9));
    assert!(matches!(&dossier.attempts[0].state, AttemptState::Voided { concluded: None, .. }));
    assert!(dossier.void(attempt(1), "again", at(0, 10)).is_empty());
    let values = vec![value("cpu.x64", true)];
    let refusals = refused(&mut dossier, |d| d.record(attempt(1), values, auditor(), at(0, 10)));
    assert_eq!(refusals, [(ErrorReason::AuditLocked, "name".into())]);
}

#[test]
fn the_same_variant_again_voids_nothing() {
    let mut dossier = audit_1();
    assert!(dossier.choose_variant(VARIANT, at(0, 9)).is_empty());
    assert!(dossier.attempts[0].is_open());
}

#[test]
fn project_closed_refuses_everything() {
    let mut dossier = audit_1_with(but(good_audit_1(), value("power.plan", "balanced")));
    let finding = dossier.findings[0].id;
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    let events = dossier.close("cancelled", at(4, 9));
    assert_eq!(events.len(), 2, "the open attempt is voided");
    assert!(dossier.close("again", at(4, 10)).is_empty());

    let closed = vec![(ErrorReason::ProjectClosed, String::new())];
    let values = vec![value("inst.installed", true)];
    assert_eq!(refused(&mut dossier, |d| d.record(attempt(2), values, auditor(), at(4, 10))), closed);
    assert_eq!(
        refused(&mut dossier, |d| d.waive(attempt(2), "sql.ifi", waiver(), Vec::new(), auditor(), at(4, 10))),
        closed
    );
    assert_eq!(refused(&mut dossier, |d| conclude(d, 2, at(4, 10))), closed);
    assert_eq!(refused(&mut dossier, |d| d.answer(finding, "done", &contact(), at(4, 10))), closed);
    assert_eq!(refused(&mut dossier, |d| d.verify(finding, "done", &auditor(), at(4, 10))), closed);
    assert_eq!(refused(&mut dossier, |d| d.reject(finding, "no", &auditor(), at(4, 10))), closed);
}

#[test]
fn what_is_carried_over_is_in_the_unit_of_the_later_checklist() {
    let mut dossier = audit_1_with(but(good_audit_1(), value("cpu.ghz", (1.0, "GHz"))));
    let earlier = &mut dossier.attempts[0];
    let ram = earlier.checklist.items.iter_mut().find(|item| item.key == "ram.gb").expect("an item");
    ram.form = Form::Number { unit: "MB".into(), range: None };
    ram.expect = Expect::Recorded;
    earlier.entries.get_mut("ram.gb").expect("recorded").current.value = Value::Number(32768.0);
    open(&mut dossier, opening(AuditKind::One, 2, 2, at(3, 8)));
    assert_eq!(dossier.attempts[1].known("ram.gb"), Some(Value::Number(32.0)));
    assert_eq!(dossier.attempts[1].entries["ram.gb"].carried_from, Some(attempt(1)));
}
