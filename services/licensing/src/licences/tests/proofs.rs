use super::*;

fn record(licensing: &mut Licences, demand: &str, number: &str) -> Result<Vec<Event>, Refusal> {
    licensing.record(&catalogue(), &technical(), demand, invoice(number), now())
}

fn withdraw(licensing: &mut Licences, demand: &str) -> Result<Vec<Event>, Refusal> {
    licensing.withdraw_proof(&catalogue(), &crm(), demand, "the order was cancelled".to_owned(), None, now())
}

#[test]
fn licence_required_lists_what_is_missing_until_all_is_in_place() {
    let mut licensing = opened();
    let events = licensing.choose(&catalogue(), &decision(), LicenceKind::Standard, None, now()).unwrap();
    assert_eq!(missing(&events), Some(vec!["sql_server".to_owned(), "windows_server".to_owned()]));
    let events = record(&mut licensing, "sql_server", "FV 1").unwrap();
    assert_eq!(missing(&events), Some(vec!["windows_server".to_owned()]));
    let events = record(&mut licensing, "windows_server", "FV 2").unwrap();
    assert_eq!(missing(&events), Some(vec![]));
    let events = withdraw(&mut licensing, "sql_server").unwrap();
    assert_eq!(missing(&events), Some(vec!["sql_server".to_owned()]));
    let events = record(&mut licensing, "sql_server", "FV 3").unwrap();
    assert_eq!(missing(&events), Some(vec![]));
}

#[test]
fn licence_required_for_what_depends_on_a_kind_not_chosen() {
    let refusal = refused(&opened(), |l| record(l, "sql_server", "FV 1"));
    assert_eq!(reasons(&refusal), [ErrorReason::LicenceRequired]);
    record(&mut opened(), "windows_server", "FV 1").unwrap();
}

#[test]
fn variant_required_before_anything_is_demanded() {
    let licensing = Licences::open(at(OPENED));
    let refusal = refused(&licensing, |l| record(l, "sql_server", "FV 1"));
    assert_eq!(reasons(&refusal), [ErrorReason::VariantRequired]);
    let refusal = refused(&licensing, |l| withdraw(l, "sql_server"));
    assert_eq!(reasons(&refusal), [ErrorReason::VariantRequired]);
}

#[test]
fn only_what_the_variant_demands_is_recorded() {
    let refusal = refused(&opened(), |l| record(l, "sql_sever", "FV 1"));
    assert_eq!(reasons(&refusal), [ErrorReason::InvalidArgument]);
    assert_eq!(refusal.violations()[0].allowed, "sql_server, windows_server");
}

#[test]
fn occurred_at_invalid_in_the_future_or_before_the_step_before_it() {
    let cases = [
        ("2026-11-02T07:59:59Z", false),
        (OPENED, true),
        (NOW, true),
        ("2026-11-16T10:00:00.000001Z", false),
    ];
    for (time, allowed) in cases {
        let record = |l: &mut Licences| {
            let proof = NewProof { occurred_at: Some(at(time)), ..invoice("FV 1") };
            l.record(&catalogue(), &technical(), "windows_server", proof, now())
        };
        if allowed {
            record(&mut opened()).unwrap();
        } else {
            assert_eq!(reasons(&refused(&opened(), record)), [ErrorReason::OccurredAtInvalid], "{time}");
        }
    }

    let mut licensing = opened();
    let proof = NewProof { occurred_at: Some(at("2026-11-10T10:00:00Z")), ..invoice("FV 1") };
    licensing.record(&catalogue(), &technical(), "windows_server", proof, now()).unwrap();
    let refusal = refused(&licensing, |l| {
        let before = at("2026-11-10T09:59:59Z");
        l.withdraw_proof(&catalogue(), &crm(), "windows_server", "wrong".to_owned(), Some(before), now())
    });
    assert_eq!(reasons(&refusal), [ErrorReason::OccurredAtInvalid]);
}

#[test]
fn a_proof_needs_the_number_of_its_document_and_its_withdrawal_a_reason() {
    let one_line = "one line of 1 to 100 visible characters";
    let cases = [
        ("", "1 to 100 characters"),
        (" ", "1 to 100 characters"),
        (&"7".repeat(101), "1 to 100 characters"),
        ("FV 1\nFV 2", one_line),
        ("FV\u{7}1", one_line),
    ];
    for (number, allowed) in cases {
        let refusal = refused(&opened(), |l| record(l, "windows_server", number));
        let violation = &refusal.violations()[0];
        assert_eq!((violation.field.as_str(), violation.allowed.as_str()), ("document.number", allowed));
    }
    let long = NewProof { note: "x".repeat(2001), ..invoice("FV 1") };
    let refusal = refused(&opened(), |l| l.record(&catalogue(), &crm(), "windows_server", long, now()));
    assert_eq!(refusal.violations()[0].field, "note");
    let mut licensing = opened();
    record(&mut licensing, "windows_server", &format!(" {}\n", "7".repeat(100))).unwrap();
    let proof = licensing.records(&catalogue(), "windows_server").1.unwrap();
    assert_eq!(proof.document.number, "7".repeat(100), "without what is around it");
    let refusal = refused(&everything_possible(), |l| {
        l.withdraw_proof(&catalogue(), &crm(), "sql_server", String::new(), None, now())
    });
    assert_eq!(refusal.violations()[0].field, "reason");
}

#[test]
fn what_is_not_in_place_is_not_withdrawn() {
    let mut licensing = everything_possible();
    withdraw(&mut licensing, "sql_server").unwrap();
    for demand in ["sql_server", "windows_server"] {
        let refusal = refused(&licensing, |l| withdraw(l, demand));
        assert_eq!(reasons(&refusal), [ErrorReason::InvalidArgument], "{demand}");
    }
}

#[test]
fn a_correction_is_a_new_entry_and_the_later_counts() {
    let mut licensing = everything_possible();
    let events = record(&mut licensing, "sql_server", "FV 1, corrected").unwrap();
    assert_eq!(missing(&events), None, "nothing is missing that was not missing before");
    assert_eq!(licensing.records(&catalogue(), "sql_server").1.unwrap().document.number, "FV 1, corrected");
    assert_eq!(licensing.proofs.len(), 2);
    withdraw(&mut licensing, "sql_server").unwrap();
    assert_eq!(licensing.demand_state(&catalogue(), "sql_server"), DemandState::Withdrawn);
}

#[test]
fn a_proof_counts_for_the_kind_under_which_it_was_recorded() {
    let mut licensing = everything_possible();
    record(&mut licensing, "windows_server", "FV 2").unwrap();
    let events = licensing.choose(&catalogue(), &decision(), LicenceKind::Runtime, None, now()).unwrap();
    assert_eq!(missing(&events), Some(vec!["sql_server".to_owned()]), "Windows does not depend on the kind");
    let events = licensing.choose(&catalogue(), &decision(), LicenceKind::Standard, None, now()).unwrap();
    assert_eq!(missing(&events), Some(vec![]), "the proof for Standard was kept");
}
