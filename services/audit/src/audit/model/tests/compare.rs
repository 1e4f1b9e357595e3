use super::*;

fn changes(dossier: &Dossier, base: u128, later: u128) -> Vec<(String, Change)> {
    let [base, later] = [base, later].map(|n| dossier.attempt(attempt(n)).expect("an attempt"));
    let compared = dossier.compare(base, later, at(9, 9));
    compared.into_iter().map(|c| (c.item.key.clone(), c.change)).collect()
}

fn change_of(changes: &[(String, Change)], key: &str) -> Change {
    changes.iter().find(|(k, _)| k == key).unwrap_or_else(|| panic!("{key} is compared")).1
}

#[test]
fn two_attempts_of_an_audit_are_compared_item_by_item() {
    let mut dossier = audit_1();
    let values = but(good_audit_1(), value("ram.gb", (8.0, "GB")));
    record(&mut dossier, 1, but(values, value("power.plan", "balanced")), at(0, 10));
    conclude(&mut dossier, 1, at(0, 15)).expect("complete");
    open(&mut dossier, opening(AuditKind::One, 2, 2, at(3, 8)));
    let again = changes(&dossier, 1, 2);
    assert_eq!(change_of(&again, "ram.gb"), Change::Value, "not measured yet is neither better nor worse");

    record(&mut dossier, 2, vec![value("ram.gb", (32.0, "GB")), value("power.plan", "balanced")], at(3, 9));
    record(&mut dossier, 2, vec![value("cpu.x64", false), value("disk.free_pct", (50.0, "%"))], at(3, 10));
    let again = changes(&dossier, 1, 2);
    assert_eq!(change_of(&again, "ram.gb"), Change::Better);
    assert_eq!(change_of(&again, "cpu.x64"), Change::Worse);
    assert_eq!(change_of(&again, "power.plan"), Change::None);
    assert_eq!(change_of(&again, "disk.free_pct"), Change::Value);
    assert!(!again.iter().any(|(_, change)| [Change::Added, Change::Removed].contains(change)));
}

#[test]
fn a_recheck_stands_beside_the_item_that_the_finding_came_from() {
    let mut dossier = audit_1_with(but(good_audit_1(), value("power.plan", "balanced")));
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    let finding = dossier.findings[0].clone();
    record(&mut dossier, 2, vec![value(&finding.fix_key(), true)], at(4, 9));
    let compared = changes(&dossier, 1, 2);
    assert_eq!(change_of(&compared, &finding.fix_key()), Change::Better);
    assert!(!compared.iter().any(|(key, _)| key == "power.plan"), "it is not removed");
    assert_eq!(change_of(&compared, "ram.gb"), Change::Removed);
    assert_eq!(change_of(&compared, "inst.installed"), Change::Added);
}

#[test]
fn an_audit_is_compared_with_the_one_before_it() {
    let mut dossier = audit_1_with(but(good_audit_1(), value("ram.gb", (8.0, "GB"))));
    open(&mut dossier, opening(AuditKind::One, 2, 2, at(3, 8)));
    record(&mut dossier, 2, good_audit_1(), at(3, 9));
    conclude(&mut dossier, 2, at(3, 10)).expect("complete");
    open(&mut dossier, opening(AuditKind::Two, 3, 1, at(7, 8)));
    let base = |later, base: Option<u128>| dossier.base_of(attempt(later), base.map(attempt)).map(|a| a.id);
    assert_eq!(base(2, None), Ok(attempt(1)));
    assert_eq!(base(3, None), Ok(attempt(2)));
    assert_eq!(base(3, Some(1)), Ok(attempt(1)));
    let first = base(1, None).expect_err("nothing is before it");
    assert_eq!(first.violations()[0].field, "base");
    let later = base(1, Some(3)).expect_err("it is later");
    assert_eq!(later.violations()[0].allowed, "this audit, or one opened before it");
    assert_eq!(base(3, Some(9)).expect_err("unknown").reason(), ErrorReason::NotFound);
}
