use rstest::rstest;

use super::*;
use crate::{audit::model::Verdict, checklist::VariantOverride};

fn set(dossier: &mut Dossier, n: u128, key: &str, limits: &[f64]) -> Result<Vec<Event>, Refusal> {
    dossier.override_limit(attempt(n), key, limits.to_vec(), waiver(), auditor(), at(0, 9))
}

fn verdict(dossier: &Dossier, n: u128, key: &str, day: i64) -> Verdict {
    let attempt = dossier.attempt(attempt(n)).expect("an attempt");
    let mut outcomes = dossier.outcomes(attempt, calendar::local_day(at(day, 12)));
    outcomes.find(|(item, _)| item.key == key).expect("an item").1.verdict
}

#[test]
fn a_company_is_judged_by_its_own_limit_until_the_last_day() {
    let mut dossier = audit_1();
    record(&mut dossier, 1, vec![value("ram.gb", (15.5, "GB"))], at(0, 9));
    assert!(matches!(verdict(&dossier, 1, "ram.gb", 0), Verdict::Failed(_)));
    set(&mut dossier, 1, "ram.gb", &[15.0]).expect("set");
    assert_eq!(verdict(&dossier, 1, "ram.gb", 0), Verdict::Passed);
    // The 31st of January is its last day.
    assert_eq!(verdict(&dossier, 1, "ram.gb", 17), Verdict::Passed);
    assert!(matches!(verdict(&dossier, 1, "ram.gb", 18), Verdict::Failed(_)));
    set(&mut dossier, 1, "ram.gb", &[15.6]).expect("set again");
    assert!(matches!(verdict(&dossier, 1, "ram.gb", 0), Verdict::Failed(_)), "the latest counts");
}

#[test]
fn it_counts_in_later_attempts_and_never_takes_back_a_pass() {
    let mut dossier = audit_1();
    set(&mut dossier, 1, "ram.gb", &[15.0]).expect("set");
    let values = but(good_audit_1(), value("ram.gb", (15.5, "GB")));
    record(&mut dossier, 1, but(values.clone(), value("cpu.ghz", (1.0, "GHz"))), at(0, 10));
    conclude(&mut dossier, 1, at(0, 15)).expect("complete");
    open(&mut dossier, opening(AuditKind::One, 2, 2, at(3, 8)));
    record(&mut dossier, 2, vec![value("cpu.ghz", (2.0, "GHz"))], at(3, 9));
    conclude(&mut dossier, 2, at(3, 10)).expect("complete");
    assert!(passed(&dossier, 2));
    assert_eq!(verdict(&dossier, 2, "ram.gb", 3), Verdict::Passed);
    let over = set(&mut dossier, 2, "ram.gb", &[64.0]).expect_err("it is concluded");
    assert_eq!(over.reason(), ErrorReason::AuditLocked);
}

#[test]
fn a_variants_limit_is_that_of_the_opening_and_a_companys_goes_before_it() {
    let mut dossier = dossier();
    let registry = crate::checklist::Registry::load(None, &[]).expect("valid");
    let list = registry.get(AuditKind::One, "").expect("audit 1");
    let Terms { approver, reason, until } = waiver();
    let (variant, item) = (VARIANT.into(), "ram.gb".into());
    let variants =
        VariantOverride { audit: AuditKind::One, variant, item, limits: vec![12.0], approver, reason, until };
    dossier.open(opening(AuditKind::One, 1, 1, at(0, 8)), list, &[variants]);
    record(&mut dossier, 1, vec![value("ram.gb", (13.0, "GB"))], at(0, 9));
    assert_eq!(verdict(&dossier, 1, "ram.gb", 0), Verdict::Passed);
    set(&mut dossier, 1, "ram.gb", &[14.0]).expect("set");
    assert!(matches!(verdict(&dossier, 1, "ram.gb", 0), Verdict::Failed(_)));
}

#[rstest]
#[case::unknown("ram.mb", &[1.0], "item", "a key of this audit")]
#[case::link("link.mbps", &[1.0], "item", "other than link acceptance")]
#[case::yes_or_no("cpu.x64", &[1.0], "item", "an item with limits in numbers")]
#[case::too_many("ram.gb", &[1.0, 2.0], "limits", "as many finite numbers, from low to high, as ≥")]
#[case::none("ram.gb", &[], "limits", "has: 1")]
#[case::nan("ram.gb", &[f64::NAN], "limits", "finite")]
#[case::upside_down("disk.read_ms", &[60.0, 20.0], "limits", "from low to high")]
fn what_cannot_be_another_limit_is_refused(
    #[case] key: &str,
    #[case] limits: &[f64],
    #[case] field: &str,
    #[case] allowed: &str,
) {
    let mut dossier = audit_1();
    let before = dossier.clone();
    let refusal = set(&mut dossier, 1, key, limits).expect_err("refused");
    assert_eq!(dossier, before);
    let violation = &refusal.violations()[0];
    assert_eq!(violation.field, field);
    assert!(violation.allowed.contains(allowed), "{}", violation.allowed);
}

#[test]
fn an_earlier_one_does_not_come_back_when_the_latest_ends() {
    let mut dossier = audit_1();
    record(&mut dossier, 1, vec![value("ram.gb", (13.0, "GB"))], at(0, 9));
    let longer = Terms { until: date(2027, 12, 31), ..waiver() };
    dossier.override_limit(attempt(1), "ram.gb", vec![12.0], longer, auditor(), at(0, 9)).expect("set");
    set(&mut dossier, 1, "ram.gb", &[12.5]).expect("set again, until the 31st of January");
    assert_eq!(verdict(&dossier, 1, "ram.gb", 17), Verdict::Passed);
    assert!(matches!(verdict(&dossier, 1, "ram.gb", 18), Verdict::Failed(_)));
}

#[test]
fn what_was_set_in_a_voided_attempt_counts_no_more() {
    let mut dossier = audit_1();
    set(&mut dossier, 1, "ram.gb", &[12.0]).expect("set");
    dossier.void(attempt(1), "withdrawn", at(0, 10));
    open(&mut dossier, opening(AuditKind::One, 2, 2, at(3, 8)));
    record(&mut dossier, 2, vec![value("ram.gb", (13.0, "GB"))], at(3, 9));
    assert!(matches!(verdict(&dossier, 2, "ram.gb", 3), Verdict::Failed(_)));
}

#[test]
fn a_checklist_that_asks_in_another_unit_is_not_judged_by_it() {
    let mut dossier = audit_1();
    set(&mut dossier, 1, "ram.gb", &[12.0]).expect("set");
    record(&mut dossier, 1, but(good_audit_1(), value("cpu.ghz", (1.0, "GHz"))), at(0, 10));
    conclude(&mut dossier, 1, at(0, 15)).expect("complete");
    open(&mut dossier, opening(AuditKind::One, 2, 2, at(3, 8)));
    let items = &mut dossier.attempts[1].checklist.items;
    let ram = items.iter_mut().find(|item| item.key == "ram.gb").expect("an item");
    ram.form = crate::checklist::Form::Number { unit: "MB".into(), range: None };
    let day = calendar::local_day(at(3, 12));
    let (found, ram) = (&dossier.attempts[1], dossier.attempts[1].checklist.item("ram.gb").expect("an item"));
    assert_eq!(dossier.override_of(found, ram, day), None);
}
