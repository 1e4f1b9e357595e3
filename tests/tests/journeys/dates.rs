//! Agreed dates that are moved and withdrawn.

use journeys::Layout::{self, Embedded, Spread};
use proto::{
    common::v1::ErrorReason,
    scheduling::v1::{DateKind, WithdrawDateRequest},
};
use rstest::rstest;
use story::{Facts, Proposer, Through, weekend_window};

use crate::common::{Theatre, agreed_day, refused, told};

#[rstest]
#[tokio::test]
async fn agreed_dates_are_moved_and_withdrawn(#[values(Embedded, Spread)] layout: Layout) {
    let theatre = Theatre::open(layout).await;
    let d = theatre.dealership(&Facts::AUTODOM).await;
    let before = d.go_through(Through::Contracting).await.expect("contracted");
    let first = agreed_day(&before, DateKind::Migration).expect("agreed");

    // The company wants a weekend. Until SOFTVIG accepts, the old window holds.
    let weekend =
        weekend_window(&d.suggest(&first.to_string()).await.expect("suggested")).expect("a weekend");
    let proposal = d.propose(Proposer::Company, [(DateKind::Migration, weekend)], "", "").await;
    let proposal = proposal.expect("proposed");
    assert_eq!(agreed_day(&d.read().await.expect("read"), DateKind::Migration), Some(first));
    assert_eq!(refused(d.accept(Proposer::Company, &proposal).await), ErrorReason::DatesAgreedJointly);
    let moved = d.accept(Proposer::Softvig, &proposal).await.expect("accepted");
    assert_ne!(agreed_day(&moved, DateKind::Migration), Some(first));

    // A later audit 1 takes audit 2 with it, in one set or not at all.
    let audit_1 = agreed_day(&moved, DateKind::Audit1).expect("agreed");
    let later = audit_1.saturating_add(jiff::Span::new().days(14));
    d.agree([(DateKind::Audit1, client::day(later))]).await.expect("agreed");
    let project = d.read().await.expect("read");
    assert_eq!(agreed_day(&project, DateKind::Audit1), Some(later));
    assert_eq!(agreed_day(&project, DateKind::Audit2), None, "no longer within 2 to 5 days");

    let withdraw = WithdrawDateRequest {
        name: d.project.clone(),
        kind: DateKind::Audit1.into(),
        reason: "Choroba".to_owned(),
        ..Default::default()
    };
    let project = d.decision.portal.call(withdraw).await.expect("withdrawn");
    assert_eq!(agreed_day(&project, DateKind::Audit1), None);

    for topics in told(&d).await {
        for topic in ["date_agreed", "date_moved", "date_withdrawn"] {
            assert!(topics.iter().any(|t| t == topic), "{topic}: {topics:?}");
        }
    }
    d.stage(Through::Readiness).await.expect("and on it goes");
    d.stage(Through::Audit1).await.expect("with new dates");
}
