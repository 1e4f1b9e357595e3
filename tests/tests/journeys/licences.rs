//! A licence that is ordered, and the readiness that waits for it to be in place.

use journeys::Layout::{self, Embedded, Spread};
use proto::{common::v1::ErrorReason, licensing::v1::GetLicensingRequest};
use rstest::rstest;
use story::{Facts, Through};

use crate::common::{Theatre, refused, told};

#[rstest]
#[tokio::test]
async fn readiness_waits_for_what_is_ordered_until_it_is_in_place(
    #[values(Embedded, Spread)] layout: Layout,
) {
    let theatre = Theatre::open(layout).await;
    let d = theatre.dealership(&Facts::AUTODOM).await;
    d.go_through(Through::Contracting).await.expect("contracted");
    d.confirm_conditions().await.expect("confirmed");
    let before = told(&d).await;
    d.order_licences().await.expect("ordered");
    assert_eq!(told(&d).await, before, "orders are told to nobody");

    let name = format!("{}/licensing", d.project);
    let licensing = d.decision.portal.call(GetLicensingRequest { name }).await.expect("licensing");
    assert!(!licensing.missing.is_empty());
    assert_eq!(licensing.ordered, licensing.missing);
    assert_eq!(refused(d.declare_ready().await), ErrorReason::LicenceRequired);

    d.record_licences().await.expect("in place");
    d.declare_ready().await.expect("ready");
}
