use rstest::rstest;

use super::*;

fn collected(hour: i64, values: Vec<Measurement>) -> Collected {
    let origin = Origin { collector: "collect".into(), version: "1.4".into(), host: "SRV-DMS".into() };
    Collected { origin, at: Some(at(0, hour)), values }
}

fn import(dossier: &mut Dossier, document: Collected, hour: i64) -> Vec<(String, ImportOutcome)> {
    dossier.import(attempt(1), document, contact(), at(0, hour)).expect("imported");
    dossier.attempts[0].imports.last().expect("an import").values.clone()
}

#[test]
fn every_key_of_a_document_is_accounted_for() {
    let mut dossier = audit_1();
    let early = Measurement { measured_at: Some(at(0, 7)), ..value("cpu.x64", true) };
    let document = collected(
        9,
        vec![
            value("ram.gb", (16384.0, "MB")),
            early,
            value("gpu.count", 1.0),
            value("sql.source_not_newer", true),
        ],
    );
    let outcomes = import(&mut dossier, document, 10);
    use ImportOutcome::{Computed, Recorded, TooEarly, UnknownKey};
    assert_eq!(
        outcomes.iter().map(|(_, o)| *o).collect::<Vec<_>>(),
        [Recorded, TooEarly, UnknownKey, Computed]
    );

    let kept = &dossier.attempts[0].entries["ram.gb"].current;
    assert_eq!(
        (&kept.value, kept.measured_at, kept.recorded_at),
        (&Value::Number(16.0), at(0, 9), at(0, 10))
    );
    assert_eq!(kept.origin.as_ref().map(|o| o.host.as_str()), Some("SRV-DMS"));
    assert_eq!(kept.by, contact());
    assert!(!dossier.attempts[0].entries.contains_key("cpu.x64"));
}

#[test]
fn the_same_document_twice_changes_nothing() {
    let mut dossier = audit_1();
    let document = || collected(9, vec![value("ram.gb", (32.0, "GB"))]);
    import(&mut dossier, document(), 10);
    let before = dossier.clone();
    assert_eq!(dossier.import(attempt(1), document(), contact(), at(0, 11)), Ok(vec![]));
    assert_eq!(dossier, before);
}

#[rstest]
#[case::by_hand_later(10, 9, 32.0, ImportOutcome::Older)]
#[case::by_hand_at_the_same_time(9, 9, 32.0, ImportOutcome::Older)]
#[case::by_hand_earlier(8, 9, 64.0, ImportOutcome::Recorded)]
fn the_later_measurement_counts(
    #[case] by_hand: i64,
    #[case] collected_at: i64,
    #[case] kept: f64,
    #[case] outcome: ImportOutcome,
) {
    let mut dossier = audit_1();
    record(&mut dossier, 1, vec![value("ram.gb", (32.0, "GB"))], at(0, by_hand));
    let outcomes = import(&mut dossier, collected(collected_at, vec![value("ram.gb", (64.0, "GB"))]), 11);
    assert_eq!(outcomes, [("ram.gb".to_owned(), outcome)]);
    assert_eq!(dossier.attempts[0].known("ram.gb"), Some(Value::Number(kept)));
}

#[test]
fn after_a_pass_only_what_expires_is_taken_and_only_if_newer() {
    let mut dossier = audit_1_with(good_audit_1());
    let fresh =
        |hour: i64| Measurement { measured_at: Some(at(1, hour)), ..value("disk.free_pct", (40.0, "%")) };
    let document = |hour| Collected {
        at: Some(at(1, 12)),
        ..collected(0, vec![fresh(hour), value("ram.gb", (64.0, "GB"))])
    };
    dossier.import(attempt(1), document(9), contact(), at(1, 12)).expect("imported");
    let events = dossier.import(attempt(1), document(8), contact(), at(1, 12)).expect("imported");
    assert_eq!(events.len(), 1, "nothing was recorded");
    let outcomes: Vec<_> =
        dossier.attempts[0].imports.iter().map(|i| (i.values[0].1, i.values[1].1)).collect();
    use ImportOutcome::{Locked, Older, Recorded};
    assert_eq!(outcomes, [(Recorded, Locked), (Older, Locked)]);
}

#[rstest]
#[case::of_no_value(collected(9, vec![]), "values", "1 to 300 values")]
#[case::wrong_kind(collected(9, vec![value("ram.gb", true)]), "values[0].value", "a number")]
#[case::nan(collected(9, vec![value("ram.gb", (f64::NAN, "GB"))]), "values[0].value", "a number")]
#[case::infinite(collected(9, vec![value("ram.gb", (f64::INFINITY, "GB"))]), "values[0].value", "a number")]
#[case::twice(collected(9, vec![value("x", 1.0), value("x", 2.0)]), "values[1].key", "each key once")]
#[case::ahead(collected(12, vec![value("ram.gb", (8.0, "GB"))]), "collected_at", "/2027-01-14")]
#[case::no_time(Collected { at: None, ..collected(9, vec![value("ram.gb", (8.0, "GB"))]) }, "collected_at", "ended")]
#[case::after_the_collector_ended(
    collected(9, vec![Measurement { measured_at: Some(at(0, 10)), ..value("ram.gb", (8.0, "GB")) }]),
    "values[0].measured_at",
    "2027-01-14"
)]
#[case::nameless(
    Collected { origin: Origin::default(), ..collected(9, vec![value("ram.gb", (8.0, "GB"))]) },
    "origin.collector",
    "1 to 100"
)]
#[case::no_key(collected(9, vec![value(" ", 1.0)]), "values[0].key", "1 to 100")]
fn a_bad_document_is_refused_whole(#[case] document: Collected, #[case] field: &str, #[case] allowed: &str) {
    let mut dossier = audit_1();
    let before = dossier.clone();
    let refusal = dossier.import(attempt(1), document, contact(), at(0, 11)).expect_err("refused");
    assert_eq!(dossier, before);
    let violation = &refusal.violations()[0];
    assert_eq!(violation.field, field);
    assert!(violation.allowed.contains(allowed), "{}", violation.allowed);
}

#[test]
fn reports_of_the_last_ten_imports_are_kept_and_all_documents_known() {
    let mut dossier = audit_1();
    for minute in 0..25 {
        let mut document = collected(9, vec![value("ram.gb", (32.0 + (minute / 20) as f64, "GB"))]);
        document.at = Some(at(0, 9) + SignedDuration::from_mins(minute));
        import(&mut dossier, document, 10);
    }
    let history = |dossier: &Dossier| dossier.attempts[0].entries["ram.gb"].history.len();
    assert_eq!(dossier.attempts[0].imports.len(), 10);
    assert_eq!(history(&dossier), 1, "the same again only says that it still holds");

    // The first document once more, after a correction by hand of what was measured before it.
    let by_hand = Measurement { measured_at: Some(at(0, 8)), ..value("ram.gb", (16.0, "GB")) };
    record(&mut dossier, 1, vec![by_hand], at(0, 11));
    let first = collected(9, vec![value("ram.gb", (32.0, "GB"))]);
    assert_eq!(dossier.import(attempt(1), first, contact(), at(0, 12)), Ok(vec![]));
    assert_eq!(dossier.attempts[0].known("ram.gb"), Some(Value::Number(16.0)));
}

#[test]
fn no_program_says_that_a_finding_is_corrected_or_a_licence_assigned() {
    let mut dossier = audit_1_with(but(good_audit_1(), value("power.plan", "balanced")));
    open(&mut dossier, opening(AuditKind::Two, 2, 1, at(4, 8)));
    let fix = dossier.findings[0].fix_key();
    let document = Collected {
        at: Some(at(4, 9)),
        ..collected(0, vec![value(&fix, true), value("lic.assigned", true), value("inst.installed", true)])
    };
    dossier.import(attempt(2), document, contact(), at(4, 10)).expect("imported");
    let outcomes: Vec<_> = dossier.attempts[1].imports[0].values.iter().map(|(_, o)| *o).collect();
    use ImportOutcome::{ByHand, Recorded};
    assert_eq!(outcomes, [ByHand, ByHand, Recorded]);
    assert_eq!(dossier.attempts[1].known(&fix), None);
}

#[test]
fn what_is_not_recorded_need_not_fit() {
    let mut dossier = audit_1();
    record(&mut dossier, 1, vec![value("ram.gb", (32.0, "GB"))], at(0, 10));
    let outcomes = import(&mut dossier, collected(9, vec![value("ram.gb", true)]), 11);
    assert_eq!(outcomes, [("ram.gb".to_owned(), ImportOutcome::Older)]);
}
