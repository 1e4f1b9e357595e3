//! A project that is cancelled, and the one after it.

use journeys::Layout::{self, Embedded, Spread};
use proto::{
    common::v1::ErrorReason,
    licensing::v1::{GetLicensingRequest, LicensingState},
    scheduling::v1::OpenProjectRequest,
};
use rstest::rstest;
use story::{Facts, Through};

use crate::common::{Theatre, refused, told};

#[rstest]
#[tokio::test]
async fn a_project_is_cancelled_and_a_new_one_opened(#[values(Embedded, Spread)] layout: Layout) {
    let theatre = Theatre::open(layout).await;
    let d = theatre.dealership(&Facts::AUTODOM).await;
    d.go_through(Through::Audit2).await.expect("audited");
    let again = OpenProjectRequest { parent: d.company.clone(), ..Default::default() };
    assert_eq!(refused(theatre.world.crm.call(again.clone()).await), ErrorReason::OneOpenProject);

    d.begin_run().await.expect("started");
    assert_eq!(refused(d.cancel("Sprzedana.").await), ErrorReason::CancelDuringRun);
    d.roll_back_run("Firma się sprzedaje.").await.expect("rolled back");
    d.agree_missing_dates().await.expect("a window that cancelling withdraws");
    let before = told(&d).await;
    let cancelled = d.cancel("Firma sprzedana.").await.expect("cancelled");
    assert_eq!(cancelled.cancel_reason, "Firma sprzedana.");
    assert!(cancelled.dates.iter().all(|date| date.agreed.is_none()), "{cancelled:?}");
    assert!(d.ended().await.expect("read").is_some());
    assert_eq!(refused(d.contract("2026-11-10").await), ErrorReason::ProjectClosed);

    let name = format!("{}/licensing", d.project);
    let licensing = d.decision.portal.call(GetLicensingRequest { name }).await.expect("licensing");
    assert_eq!(licensing.state(), LicensingState::Closed);

    // No timer of it fires any more, however long one waits.
    let after = told(&d).await;
    for (before, after) in before.iter().zip(&after) {
        assert!(after.len() > before.len(), "everybody is told: {after:?}");
        assert!(after.iter().any(|topic| topic == "project_cancelled"), "{after:?}");
    }
    theatre.world.until(d.later(24 * 60)).await.expect("two months later");
    assert_eq!(told(&d).await.map(|topics| topics.len()), after.map(|topics| topics.len()));
    theatre.world.crm.call(again).await.expect("a new project");
}
