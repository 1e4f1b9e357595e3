use rstest::rstest;

use super::*;
use crate::checklist::{Expect, Form, Item, Severity};

fn valid_until(dossier: &Dossier, key: &str) -> Option<Timestamp> {
    dossier.evidence().into_iter().find(|e| e.key == key).expect("it expires").valid_until
}

/// Midnight at the end of 28 January in Warsaw: 14 days after the measurement, the last one included.
fn end_of_the_14th_day() -> Timestamp {
    "2027-01-28T23:00:00Z".parse().expect("a fixed instant")
}

#[test]
fn a_pass_says_until_when_each_measurement_holds() {
    let dossier = audit_1_with(good_audit_1());
    assert_eq!(valid_until(&dossier, "link.mbps"), Some(end_of_the_14th_day()));
    assert_eq!(dossier.evidence().len(), 12, "backup 3, db 2, disk 1, link 6");
}

#[rstest]
#[case::last_hour(14, 22, true)]
#[case::next_midnight(14, 23, false)]
fn evidence_stale_at_the_next_attempt(#[case] day: i64, #[case] hour: i64, #[case] fresh: bool) {
    let mut dossier = audit_1_with(but(good_audit_1(), value("ram.gb", (8.0, "GB"))));
    open(&mut dossier, opening(AuditKind::One, 2, 2, at(14, 8)));
    record(&mut dossier, 2, vec![value("ram.gb", (32.0, "GB"))], at(14, 9));
    match conclude(&mut dossier.clone(), 2, at(day, hour)) {
        Ok(_) => assert!(fresh),
        Err(refusal) => {
            assert!(!fresh);
            assert_eq!(refusal.violations().len(), 12, "every stale item is named");
            assert!(refusal.violations().iter().all(|v| v.reason == ErrorReason::EvidenceStale));
        }
    }
}

#[test]
fn stale_evidence_is_measured_again_without_repeating_the_audit() {
    let mut dossier = audit_1_with(good_audit_1());
    let result = dossier.attempts[0].state.clone();
    let events = record(&mut dossier, 1, vec![value("link.mbps", (300.0, "Mbit/s"))], at(16, 9));
    assert_eq!(events[1], Event::EvidenceRefreshed { attempt: attempt(1) });
    assert_eq!(
        valid_until(&dossier, "link.mbps"),
        Some(end_of_the_14th_day() + SignedDuration::from_hours(16 * 24))
    );
    assert_eq!(valid_until(&dossier, "backup.free_gb"), Some(end_of_the_14th_day()));
    assert_eq!(dossier.attempts[0].state, result, "the result stays as it was");
    assert_eq!(dossier.attempts[0].entries["link.mbps"].current.value, Value::Number(200.0));
}

#[test]
fn a_fresh_measurement_that_fails_is_no_evidence() {
    let mut dossier = audit_1_with(good_audit_1());
    record(
        &mut dossier,
        1,
        vec![value("link.mbps", (5.0, "Mbit/s")), value("link.ping_ms", (90.0, "ms"))],
        at(16, 9),
    );
    assert_eq!(valid_until(&dossier, "link.mbps"), None, "it is blocking");
    assert!(valid_until(&dossier, "link.ping_ms").is_some(), "it is minor");
    record(&mut dossier, 1, vec![value("link.mbps", (50.0, "Mbit/s"))], at(17, 9));
    assert!(valid_until(&dossier, "link.mbps").is_some());
}

#[test]
fn what_does_not_expire_is_not_measured_after_the_conclusion() {
    let mut dossier = audit_1_with(good_audit_1());
    let ram = vec![value("ram.gb", (64.0, "GB"))];
    let refusals = refused(&mut dossier, |d| d.record(attempt(1), ram, auditor(), at(16, 9)));
    assert_eq!(refusals, [(ErrorReason::AuditLocked, "values[0].key".into())]);
    let early = vec![Measurement { measured_at: Some(at(0, 14)), ..value("link.mbps", (300.0, "Mbit/s")) }];
    let refusals = refused(&mut dossier, |d| d.record(attempt(1), early, auditor(), at(16, 9)));
    assert_eq!(refusals, [(ErrorReason::OccurredAtInvalid, "values[0].measured_at".into())]);
}

#[test]
fn a_computed_item_is_as_old_as_its_oldest_input_and_follows_it() {
    let mut dossier = dossier();
    dossier.choose_variant("hosted", at(-50, 0));
    let hosted = Opening {
        variant: "hosted".into(),
        data_crosses_link: true,
        ..opening(AuditKind::One, 1, 1, at(0, 8))
    };
    open(&mut dossier, hosted);
    let values = good_audit_1().into_iter().chain([value("link.vpn", true)]).collect();
    record(&mut dossier, 1, values, at(0, 10));
    conclude(&mut dossier, 1, at(0, 15)).expect("it is complete");
    assert!(passed(&dossier, 1));
    assert_eq!(valid_until(&dossier, "link.transfer_fits"), Some(end_of_the_14th_day()));
    // 120 GB at 15 Mbit/s take 64000 s, and 40 % of 10 hours are 14400 s.
    record(&mut dossier, 1, vec![value("link.mbps", (15.0, "Mbit/s"))], at(16, 9));
    assert_eq!(valid_until(&dossier, "link.transfer_fits"), None);
}

/// Adds items that are worked out and expire to the first attempt.
fn add_computed(dossier: &mut Dossier, items: &[(&str, &str)]) {
    let list = &mut dossier.attempts[0].checklist;
    let like = list.item("link.mbps").expect("an item that expires").clone();
    list.items.extend(items.iter().map(|(key, computed)| Item {
        key: (*key).into(),
        form: Form::Bool,
        computed: Some((*computed).into()),
        expect: Expect::Is(true),
        severity: Severity::Blocking,
        ..like.clone()
    }));
}

#[test]
fn what_allows_no_verdict_is_no_evidence() {
    let mut dossier = audit_1_with(good_audit_1());
    add_computed(&mut dossier, &[("link.a", "link.mbps > 0"), ("link.b", "1 / (link.mbps - link.mbps) > 0")]);
    assert_eq!(valid_until(&dossier, "link.a"), Some(end_of_the_14th_day()));
    assert_eq!(valid_until(&dossier, "link.b"), None);
}

#[test]
fn what_is_worked_out_from_worked_out_values_is_as_old_as_the_oldest_of_them() {
    let mut dossier = audit_1_with(good_audit_1());
    add_computed(&mut dossier, &[("link.a", "link.mbps > 0"), ("link.b", "link.a")]);
    assert_eq!(valid_until(&dossier, "link.b"), Some(end_of_the_14th_day()));
}
