use rstest::rstest;

use super::*;
use crate::{audit::model::Verdict, checklist::Unknown};

#[test]
fn values_are_kept_with_who_and_when_and_what_was_before() {
    let mut dossier = audit_1();
    record(&mut dossier, 1, vec![value("ram.gb", (8.0, "GB"))], at(0, 9));
    let events = record(&mut dossier, 1, vec![value("ram.gb", (32.0, "GB"))], at(0, 10));

    assert_eq!(
        events,
        [Event::ValuesRecorded { attempt: attempt(1), keys: vec!["ram.gb".into()], origin: None }]
    );
    let entry = &dossier.attempts[0].entries["ram.gb"];
    assert_eq!((entry.current.value.clone(), entry.current.recorded_at), (Value::Number(32.0), at(0, 10)));
    assert_eq!(entry.current.by, auditor());
    assert_eq!(entry.history.iter().map(|r| r.value.clone()).collect::<Vec<_>>(), [Value::Number(8.0)]);
}

#[rstest]
#[case::unknown_key(value("ram.mb", (8.0, "GB")), "values[1].key", "a key of this audit")]
#[case::wrong_kind(value("os.pending_restart", 0.0), "values[1].value", "true or false")]
#[case::wrong_unit(value("cpu.ghz", (2.4, "GB")), "values[1].value", "in GHz or Hz, kHz, MHz")]
#[case::no_unit(value("cpu.ghz", 2.4), "values[1].value", "in GHz")]
#[case::unit_too_much(value("cpu.usable_cores", (4.0, "cores")), "values[1].value", "without a unit")]
#[case::no_such_choice(value("os.version", "2023"), "values[1].value", "one of 2008")]
#[case::out_of_range(value("source.filestream_level", 4.0), "values[1].value", "from 0 to 3")]
#[case::below_zero(value("link.jitter_ms", (-3.0, "ms")), "values[1].value", "from 0 to 1000000 in ms")]
#[case::more_than_all(value("disk.free_pct", (120.0, "%")), "values[1].value", "from 0 to 100 in %")]
#[case::computed(
    value("sql.source_not_newer", true),
    "values[1].key",
    "worked out as source.version <= target.version"
)]
#[case::not_of_this_variant(value("link.vpn", true), "values[1].key", "a key of this audit")]
#[case::twice(value("ram.gb", (8.0, "GB")), "values[1].key", "each key once")]
fn a_bad_value_is_named_with_what_is_allowed(
    #[case] bad: Measurement,
    #[case] field: &str,
    #[case] allowed: &str,
) {
    let mut dossier = audit_1();
    let before = dossier.clone();
    let values = vec![value("ram.gb", (8.0, "GB")), bad, value("cpu.x64", true)];
    let refusal = dossier.record(attempt(1), values, auditor(), at(0, 9)).expect_err("one is bad");
    assert_eq!(dossier, before, "all or nothing");
    assert_eq!(refusal.violations().len(), 1);
    let violation = &refusal.violations()[0];
    assert_eq!((violation.reason, violation.field.as_str()), (ErrorReason::InvalidArgument, field));
    assert!(violation.allowed.contains(allowed), "{}", violation.allowed);
}

#[test]
fn a_value_in_another_unit_is_kept_in_the_checklists() {
    let mut dossier = audit_1();
    let values = vec![value("ram.gb", (16384.0, "MiB")), value("cpu.ghz", (2400.0, "MHz"))];
    dossier.record(attempt(1), values, auditor(), at(0, 9)).expect("recorded");
    let kept = |key: &str| dossier.attempts[0].known(key);
    assert_eq!((kept("ram.gb"), kept("cpu.ghz")), (Some(Value::Number(16.0)), Some(Value::Number(2.4))));
}

#[test]
fn an_item_is_asked_for_where_its_condition_holds() {
    let mut dossier = audit_1();
    let items = &mut dossier.attempts[0].checklist.items;
    let item = items.iter_mut().find(|item| item.key == "db.orphaned_users").expect("an item");
    item.only = Some("source.filestream_level > 0".into());
    let verdict = |dossier: &Dossier| {
        let mut outcomes = dossier.outcomes(&dossier.attempts[0], calendar::local_day(at(0, 9)));
        outcomes.find(|(item, _)| item.key == "db.orphaned_users").map(|(_, outcome)| outcome.verdict)
    };
    let needs = vec!["source.filestream_level".to_owned()];
    let waiting = Verdict::Waiting(Unknown { needs, problem: String::new() });
    assert_eq!(verdict(&dossier), Some(waiting), "nobody knows yet whether it applies");
    for (level, expected) in [(0.0, Verdict::NotApplicable), (2.0, Verdict::Missing)] {
        let level = vec![value("source.filestream_level", level)];
        dossier.record(attempt(1), level, auditor(), at(0, 9)).expect("recorded");
        assert_eq!(verdict(&dossier), Some(expected));
    }
}

/// Who measures sees beforehand what is expected, as far as that is known.
#[test]
fn the_limit_is_told_before_the_measurement() {
    let mut dossier = audit_1();
    let limit = |dossier: &Dossier, key: &str| {
        let attempt = dossier.attempt(attempt(1)).expect("an attempt");
        let mut outcomes = dossier.outcomes(attempt, calendar::local_day(at(0, 9)));
        outcomes.find(|(item, _)| item.key == key).map(|(_, outcome)| outcome.limit).expect("an item")
    };
    assert_eq!(limit(&dossier, "ram.gb"), "≥ 16");
    assert_eq!(limit(&dossier, "backup.free_gb"), "", "twice a size that is not known yet");
    let size = vec![value("source.database_gb", (120.0, "GB"))];
    dossier.record(attempt(1), size, auditor(), at(0, 9)).expect("recorded");
    assert_eq!(limit(&dossier, "backup.free_gb"), "≥ 240");
}

#[test]
fn all_bad_values_are_named_at_once() {
    let mut dossier = audit_1();
    let bad = vec![value("cpu.ghz", 2.4), value("no.such", 1.0)];
    let fields = refused(&mut dossier, |d| d.record(attempt(1), bad, auditor(), at(0, 9)));
    let invalid = ErrorReason::InvalidArgument;
    assert_eq!(fields, [(invalid, "values[0].value".into()), (invalid, "values[1].key".into())]);
    let none = refused(&mut dossier, |d| d.record(attempt(1), vec![], auditor(), at(0, 9)));
    assert_eq!(none, [(invalid, "values".into())]);
}

#[rstest]
#[case::in_the_future(at(0, 11))]
#[case::before_the_attempt(at(0, 7))]
fn occurred_at_invalid_for_a_measurement_out_of_order(#[case] measured_at: Timestamp) {
    let mut dossier = audit_1();
    let sent = Measurement { measured_at: Some(measured_at), ..value("cpu.x64", true) };
    let fields = refused(&mut dossier, |d| d.record(attempt(1), vec![sent], auditor(), at(0, 10)));
    assert_eq!(fields, [(ErrorReason::OccurredAtInvalid, "values[0].measured_at".into())]);
}

#[test]
fn evidence_is_asked_for_where_the_checklist_says_so() {
    let mut dossier = audit_1_with(good_audit_1());
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    let sent = Measurement { note: " ".into(), ..value("lic.assigned", true) };
    let fields = refused(&mut dossier, |d| d.record(attempt(2), vec![sent], auditor(), at(4, 9)));
    assert_eq!(fields, [(ErrorReason::InvalidArgument, "values[0].note".into())]);
}

#[test]
fn not_waivable_unless_the_checklist_says_so() {
    for key in ["ram.gb", "link.mbps", "link.jitter_ms", "disk.read_ms"] {
        let mut dossier = audit_1();
        let fields =
            refused(&mut dossier, |d| d.waive(attempt(1), key, waiver(), Vec::new(), auditor(), at(0, 9)));
        assert_eq!(fields, [(ErrorReason::NotWaivable, "item".into())], "{key}");
    }
    let mut dossier = audit_1_with(good_audit_1());
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    for key in ["inst.installed", "lic.assigned"] {
        let fields =
            refused(&mut dossier, |d| d.waive(attempt(2), key, waiver(), Vec::new(), auditor(), at(4, 9)));
        assert_eq!(fields, [(ErrorReason::NotWaivable, "item".into())], "{key}");
    }
}

#[test]
fn a_waiver_names_who_why_and_until() {
    let mut dossier = audit_1();
    let terms = Terms { approver: " ".into(), reason: String::new(), until: date(2027, 1, 13) };
    let fields =
        refused(&mut dossier, |d| d.waive(attempt(1), "no.such", terms, Vec::new(), auditor(), at(0, 9)));
    let fields: Vec<_> = fields.iter().map(|(_, field)| field.as_str()).collect();
    assert_eq!(fields, ["approver", "reason", "until", "item"]);

    let events = dossier
        .waive(attempt(1), "power.plan", waiver(), Vec::new(), auditor(), at(0, 9))
        .expect("it is minor");
    assert_eq!(events, [Event::ItemWaived { attempt: attempt(1), key: "power.plan".into() }]);
}
