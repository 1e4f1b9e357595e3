use licensing::Licensing;
use platform::{clock, harness::instant};
use proto::{common::v1::ErrorReason, licensing::v1 as pb};
use rstest::rstest;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{World, crm, reason};

#[rstest]
#[tokio::test]
async fn an_order_is_told_and_kept_and_leaves_the_licence_missing(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (h, dealer) = (&world.harness, &world.dealer);
    let before = (h.outbox_kinds().await.len(), h.history().await.len());
    world.clock.set("2026-11-16T12:00:00Z");
    let request = pb::OrderLicenceRequest {
        expected_on: "2026-11-20".to_owned(),
        occurred_at: Some(clock::to_wire(instant("2026-11-16T11:00:00Z"))),
        ..dealer.order("windows_server")
    };
    let licensing = h.call(&dealer.technical, Licensing::order_licence, request).await.unwrap();
    assert_eq!(licensing.missing, ["licence_kind", "windows_server", "sql_server"], "still missing");
    assert_eq!(licensing.ordered, ["windows_server"]);
    assert_eq!(licensing.demands[0].state(), pb::DemandState::Ordered);
    let order = licensing.demands[0].order.clone().unwrap();
    assert_eq!(
        (order.number.as_str(), order.supplier.as_str(), order.expected_on.as_str(), order.state()),
        ("ZAM 2026/11/3", "SOFTVIG", "2026-11-20", pb::LicenceOrderState::Open)
    );
    assert_eq!(licensing, world.get(dealer).await, "the answer is what a read shows");

    let cancel = dealer.cancel_order("windows_server");
    let licensing = h.call(&crm(), Licensing::cancel_order, cancel).await.unwrap();
    let order = licensing.demands[0].order.clone().unwrap();
    assert_eq!(order.state(), pb::LicenceOrderState::Cancelled);
    assert_eq!(order.cancellation.unwrap().reason, "out of stock");
    assert_eq!(licensing.demands[0].state(), pb::DemandState::Missing);

    h.call(&dealer.technical, Licensing::order_licence, dealer.order("windows_server")).await.unwrap();
    let licensing = world.record(dealer, "windows_server").await.unwrap();
    assert_eq!(licensing.demands[0].order.as_ref().unwrap().state(), pb::LicenceOrderState::Delivered);
    assert!(licensing.ordered.is_empty());

    let kinds = ["licence_ordered", "licence_order_cancelled", "licence_ordered", "licence_recorded"];
    assert_eq!(h.outbox_kinds().await[before.0..], [&kinds[..], &["licence_status_changed"]].concat());
    let history: Vec<_> = h.history().await[before.1..].iter().map(|line| line.kind.clone()).collect();
    assert_eq!(history, [&kinds[..], &["status_changed"]].concat());
    let events = h.outbox::<pb::LicensingEvent>().await;
    let (_, event) = &events[before.0];
    assert_eq!(clock::from_wire(event.occurred_at.as_ref().unwrap()), Some(instant("2026-11-16T11:00:00Z")));
    let ordered = pb::LicenceOrdered {
        demand: "windows_server".to_owned(),
        number: "ZAM 2026/11/3".to_owned(),
        supplier: "SOFTVIG".to_owned(),
        expected_on: "2026-11-20".to_owned(),
        files: Vec::new(),
    };
    assert_eq!(event.event, Some(pb::licensing_event::Event::LicenceOrdered(ordered)));
}

#[rstest]
#[tokio::test]
async fn an_order_that_is_refused_leaves_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let (h, dealer) = (&world.harness, &world.dealer);
    let before = (world.get(dealer).await, h.outbox_kinds().await, h.history().await);
    let good = || dealer.order("windows_server");
    let future = Some(clock::to_wire(instant("2026-11-17T10:00:00Z")));
    let stale = "an etag of something else".to_owned();
    use ErrorReason::*;
    let refusals = [
        (pb::OrderLicenceRequest { occurred_at: future, ..good() }, OccurredAtInvalid),
        (pb::OrderLicenceRequest { number: String::new(), ..good() }, InvalidArgument),
        (pb::OrderLicenceRequest { number: "7".repeat(101), ..good() }, InvalidArgument),
        (pb::OrderLicenceRequest { number: "ZAM\n1".to_owned(), ..good() }, InvalidArgument),
        (pb::OrderLicenceRequest { supplier: String::new(), ..good() }, InvalidArgument),
        (pb::OrderLicenceRequest { expected_on: "2026-11-31".to_owned(), ..good() }, InvalidArgument),
        (pb::OrderLicenceRequest { expected_on: "2026-11-20T10:00".to_owned(), ..good() }, InvalidArgument),
        (pb::OrderLicenceRequest { expected_on: "2026-11-15".to_owned(), ..good() }, InvalidArgument),
        (pb::OrderLicenceRequest { etag: stale, ..good() }, EtagMismatch),
        (dealer.order("sql_server"), LicenceRequired),
        (dealer.order("no_such_licence"), InvalidArgument),
    ];
    for (request, expected) in refusals {
        let outcome = h.call(&dealer.technical, Licensing::order_licence, request.clone()).await;
        assert_eq!(reason(outcome), expected, "{request:?}");
    }
    let cancel = dealer.cancel_order("windows_server");
    assert_eq!(reason(h.call(&crm(), Licensing::cancel_order, cancel).await), InvalidArgument);
    assert_eq!((world.get(dealer).await, h.outbox_kinds().await, h.history().await), before);

    world.cancel(dealer).await;
    let outcome = h.call(&dealer.technical, Licensing::order_licence, good()).await;
    assert_eq!(reason(outcome), ProjectClosed);
}

#[rstest]
#[tokio::test]
async fn the_etag_of_a_demand_changes_with_its_order(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let (h, dealer) = (&world.harness, &world.dealer);
    let etag = world.get(dealer).await.demands[0].etag.clone();
    let request = pb::OrderLicenceRequest { etag: etag.clone(), ..dealer.order("windows_server") };
    let first = h.call(&dealer.technical, Licensing::order_licence, request.clone()).await.unwrap();
    let again = h.call(&dealer.technical, Licensing::order_licence, request).await.unwrap();
    assert_eq!(first, again, "the same request has its effect once");
    let late = pb::RecordLicenceRequest { etag, ..dealer.record("windows_server") };
    assert_eq!(reason(h.call(&crm(), Licensing::record_licence, late).await), ErrorReason::EtagMismatch);
    let etag = first.demands[0].etag.clone();
    let cancel = pb::CancelOrderRequest { etag, ..dealer.cancel_order("windows_server") };
    h.call(&crm(), Licensing::cancel_order, cancel).await.unwrap();
}
