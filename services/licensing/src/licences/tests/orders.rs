use jiff::civil::date;

use super::*;

fn order(licensing: &mut Licences, demand: &str, number: &str) -> Result<Vec<Event>, Refusal> {
    licensing.order_licence(&catalogue(), &technical(), demand, ordered(number), now())
}

fn cancel(licensing: &mut Licences, demand: &str) -> Result<Vec<Event>, Refusal> {
    licensing.cancel_order(&catalogue(), &crm(), demand, "out of stock".to_owned(), None, now())
}

fn record(licensing: &mut Licences, demand: &str) {
    licensing.record(&catalogue(), &technical(), demand, invoice("FV 1"), now()).unwrap();
}

fn withdraw(licensing: &mut Licences, demand: &str) {
    let reason = "wrong invoice".to_owned();
    licensing.withdraw_proof(&catalogue(), &crm(), demand, reason, None, now()).unwrap();
}

fn state(licensing: &Licences, demand: &str) -> DemandState {
    licensing.demand_state(&catalogue(), demand)
}

/// State and number of the order that counts.
fn counts(licensing: &Licences, demand: &str) -> (OrderState, String) {
    let catalogue = catalogue();
    let order = licensing.records(&catalogue, demand).0.unwrap();
    (order.state.clone(), order.number.clone())
}

#[test]
fn a_demand_is_missing_then_ordered_then_in_place_then_withdrawn() {
    let mut licensing = with_kind(LicenceKind::Standard);
    let mut seen = vec![state(&licensing, "sql_server")];
    order(&mut licensing, "sql_server", "ZAM 1").unwrap();
    seen.push(state(&licensing, "sql_server"));
    record(&mut licensing, "sql_server");
    seen.push(state(&licensing, "sql_server"));
    assert_eq!(counts(&licensing, "sql_server").0, OrderState::Delivered);
    withdraw(&mut licensing, "sql_server");
    seen.push(state(&licensing, "sql_server"));
    order(&mut licensing, "sql_server", "ZAM 2").unwrap();
    seen.push(state(&licensing, "sql_server"));
    cancel(&mut licensing, "sql_server").unwrap();
    seen.push(state(&licensing, "sql_server"));
    use DemandState::{InPlace, Missing, Ordered, Withdrawn};
    assert_eq!(seen, [Missing, Ordered, InPlace, Withdrawn, Ordered, Withdrawn]);
    assert_eq!((licensing.orders.len(), licensing.proofs.len()), (2, 1), "all is kept");
}

#[test]
fn licence_required_is_not_moved_by_an_order() {
    let mut licensing = with_kind(LicenceKind::Standard);
    let events = order(&mut licensing, "sql_server", "ZAM 1").unwrap();
    assert!(matches!(events[..], [Event::LicenceOrdered { .. }]), "no status: {events:?}");
    let status = licensing.status(&catalogue()).unwrap();
    assert_eq!(status.missing, ["sql_server", "windows_server"]);
    let events = cancel(&mut licensing, "sql_server").unwrap();
    assert!(matches!(events[..], [Event::LicenceOrderCancelled { .. }]), "no status: {events:?}");
}

#[test]
fn what_the_company_owned_already_is_in_place_without_an_order() {
    let mut licensing = opened();
    record(&mut licensing, "windows_server");
    assert_eq!(state(&licensing, "windows_server"), DemandState::InPlace);
    let refusal = refused(&licensing, |l| order(l, "windows_server", "ZAM 1"));
    assert_eq!(reasons(&refusal), [ErrorReason::InvalidArgument]);
    assert_eq!(refusal.violations()[0].allowed, "a licence that is not in place");
}

#[test]
fn ordering_again_is_a_correction_and_only_the_later_is_cancelled() {
    let mut licensing = opened();
    order(&mut licensing, "windows_server", "ZAM 1").unwrap();
    order(&mut licensing, "windows_server", "ZAM 2").unwrap();
    assert_eq!(counts(&licensing, "windows_server"), (OrderState::Open, "ZAM 2".to_owned()));
    let events = cancel(&mut licensing, "windows_server").unwrap();
    assert!(matches!(&events[..], [Event::LicenceOrderCancelled { number, .. }] if number == "ZAM 2"));
    assert_eq!(state(&licensing, "windows_server"), DemandState::Missing, "the one corrected is no order");
    assert_eq!(licensing.orders.len(), 2);
}

#[test]
fn what_is_not_ordered_is_not_cancelled() {
    let not_ordered = opened();
    let mut cancelled = opened();
    order(&mut cancelled, "windows_server", "ZAM 1").unwrap();
    cancel(&mut cancelled, "windows_server").unwrap();
    let mut delivered = opened();
    order(&mut delivered, "windows_server", "ZAM 1").unwrap();
    record(&mut delivered, "windows_server");
    for licensing in [not_ordered, cancelled, delivered] {
        let refusal = refused(&licensing, |l| cancel(l, "windows_server"));
        assert_eq!(reasons(&refusal), [ErrorReason::InvalidArgument]);
        assert_eq!(refusal.violations()[0].field, "demand");
    }
    let refusal = refused(&everything_possible(), |l| {
        l.cancel_order(&catalogue(), &crm(), "windows_server", " ".to_owned(), None, now())
    });
    assert_eq!(refusal.violations()[0].field, "reason");
}

#[test]
fn an_order_counts_for_the_kind_under_which_it_was_made() {
    let mut licensing = with_kind(LicenceKind::Standard);
    for demand in ["sql_server", "windows_server"] {
        order(&mut licensing, demand, "ZAM 1").unwrap();
    }
    licensing.choose(&catalogue(), &decision(), LicenceKind::Runtime, None, now()).unwrap();
    assert_eq!(state(&licensing, "sql_server"), DemandState::Missing);
    assert_eq!(state(&licensing, "windows_server"), DemandState::Ordered, "does not depend on the kind");
    let refusal = refused(&licensing, |l| cancel(l, "sql_server"));
    assert_eq!(refusal.violations()[0].allowed, "a licence that is ordered, of the kind that is chosen");
    record(&mut licensing, "sql_server");
    licensing.choose(&catalogue(), &decision(), LicenceKind::Standard, None, now()).unwrap();
    assert_eq!(state(&licensing, "sql_server"), DemandState::Ordered, "delivered was the other kind");
}

#[test]
fn licence_required_for_an_order_of_what_depends_on_a_kind_not_chosen() {
    let refusal = refused(&opened(), |l| order(l, "sql_server", "ZAM 1"));
    assert_eq!(reasons(&refusal), [ErrorReason::LicenceRequired]);
    order(&mut opened(), "windows_server", "ZAM 1").unwrap();
}

#[test]
fn only_what_the_variant_demands_is_ordered() {
    let refusal = refused(&opened(), |l| order(l, "no_such_licence", "ZAM 1"));
    assert_eq!(reasons(&refusal), [ErrorReason::InvalidArgument]);
    assert_eq!(refusal.violations()[0].allowed, "sql_server, windows_server");
    let licensing = Licences::open(at(OPENED));
    let refusal = refused(&licensing, |l| order(l, "sql_server", "ZAM 1"));
    assert_eq!(reasons(&refusal), [ErrorReason::VariantRequired]);
    let refusal = refused(&licensing, |l| cancel(l, "sql_server"));
    assert_eq!(reasons(&refusal), [ErrorReason::VariantRequired]);
}

#[test]
fn an_order_needs_a_number_and_a_supplier_that_one_can_read() {
    let line = |most: usize| format!("one line of 1 to {most} visible characters");
    let length = |most: usize| format!("1 to {most} characters");
    let cases = [
        (NewOrder { number: String::new(), ..ordered("") }, "number", length(100)),
        (ordered(&"7".repeat(101)), "number", length(100)),
        (ordered("ZAM 1\nZAM 2"), "number", line(100)),
        (ordered("ZAM\u{1b}[31m"), "number", line(100)),
        (NewOrder { supplier: "  ".to_owned(), ..ordered("ZAM 1") }, "supplier", length(200)),
        (NewOrder { supplier: "x".repeat(201), ..ordered("ZAM 1") }, "supplier", length(200)),
        (NewOrder { supplier: "Sklep\r\nAuto".to_owned(), ..ordered("ZAM 1") }, "supplier", line(200)),
    ];
    for (asked, field, allowed) in cases {
        let refusal = refused(&opened(), |l| {
            l.order_licence(&catalogue(), &crm(), "windows_server", asked.clone(), now())
        });
        let violation = &refusal.violations()[0];
        assert_eq!((violation.field.as_str(), violation.allowed.to_string()), (field, allowed), "{asked:?}");
    }
    let mut licensing = opened();
    order(&mut licensing, "windows_server", &format!(" {} ", "7".repeat(100))).unwrap();
    assert_eq!(counts(&licensing, "windows_server").1, "7".repeat(100));
}

#[test]
fn delivery_is_expected_on_the_day_of_the_order_or_later() {
    // Ordered on 10 November at 23:30 in Poland, recorded on the 16th.
    let asked = |day| NewOrder {
        expected_on: Some(day),
        occurred_at: Some(at("2026-11-10T22:30:00Z")),
        ..ordered("ZAM 1")
    };
    let order =
        |l: &mut Licences, day| l.order_licence(&catalogue(), &crm(), "windows_server", asked(day), now());
    let refusal = refused(&opened(), |l| order(l, date(2026, 11, 9)));
    let violation = &refusal.violations()[0];
    assert_eq!(
        (violation.field.as_str(), violation.allowed.as_str()),
        ("expected_on", "2026-11-10, the day of the order, or later")
    );
    order(&mut opened(), date(2026, 11, 10)).unwrap();
}

#[test]
fn occurred_at_invalid_for_orders() {
    let order = |l: &mut Licences, time| {
        let order = NewOrder { occurred_at: Some(at(time)), ..ordered("ZAM 1") };
        l.order_licence(&catalogue(), &crm(), "windows_server", order, now())
    };
    for time in ["2026-11-02T07:59:59Z", "2026-11-16T10:00:00.000001Z"] {
        assert_eq!(
            reasons(&refused(&opened(), |l| order(l, time))),
            [ErrorReason::OccurredAtInvalid],
            "{time}"
        );
    }
    order(&mut opened(), OPENED).unwrap();

    let mut licensing = opened();
    order(&mut licensing, "2026-11-10T10:00:00Z").unwrap();
    let before = Some(at("2026-11-10T09:59:59Z"));
    let refusal = refused(&licensing, |l| {
        l.cancel_order(&catalogue(), &crm(), "windows_server", "late".to_owned(), before, now())
    });
    assert_eq!(reasons(&refusal), [ErrorReason::OccurredAtInvalid]);
    let early = NewProof { occurred_at: before, ..invoice("FV 1") };
    let record = |l: &mut Licences| l.record(&catalogue(), &crm(), "windows_server", early.clone(), now());
    assert_eq!(
        reasons(&refused(&licensing, record)),
        [ErrorReason::OccurredAtInvalid],
        "not before its order"
    );
    cancel(&mut licensing, "windows_server").unwrap();
    record(&mut licensing).expect("a cancelled order is no step before it");
}
