//! Two people at one project at the same time.

use journeys::Layout::{self, Embedded, Spread};
use proto::{
    common::v1::ErrorReason,
    scheduling::v1::{DateKind, ListHistoryRequest, Stage, WithdrawDateRequest},
};
use rstest::rstest;
use story::{Facts, Proposer, Through, dates_of};

use crate::common::{Theatre, agreed_day, refused};

#[rstest]
#[tokio::test]
async fn of_two_people_at_once_one_wins_and_nothing_is_lost(#[values(Embedded, Spread)] layout: Layout) {
    let theatre = Theatre::open(layout).await;
    let d = theatre.dealership(&Facts::AUTODOM).await;
    d.contract("2026-11-09").await.expect("contracted");
    d.choose_variant("new_server").await.expect("chosen");
    d.choose_licence(proto::licensing::v1::LicenceKind::Standard).await.expect("chosen");

    // Both propose the same dates: one proposal is open afterwards.
    let suggested = d.suggest("").await.expect("suggested").with_slack.expect("a set");
    let (one, other) = tokio::join!(
        d.propose(Proposer::Softvig, dates_of(&suggested), "", ""),
        d.propose(Proposer::Company, dates_of(&suggested), "", ""),
    );
    let (proposal, by) = match (one, other) {
        (Ok(proposal), lost) => {
            assert_eq!(refused(lost), ErrorReason::DatesAgreedJointly);
            (proposal, Proposer::Softvig)
        }
        (lost, Ok(proposal)) => {
            assert_eq!(refused(lost), ErrorReason::DatesAgreedJointly);
            (proposal, Proposer::Company)
        }
        both => panic!("neither won: {both:?}"),
    };
    assert_eq!(d.read().await.expect("read").proposals.len(), 1);
    d.accept(by.other(), &proposal).await.expect("accepted");

    // Two who saw the same date change it: the etag of the second is stale.
    let project = d.read().await.expect("read");
    let seen = project.dates.iter().find(|date| date.kind() == DateKind::Migration).expect("a status");
    let withdraw = |who: &str| WithdrawDateRequest {
        name: d.project.clone(),
        kind: DateKind::Migration.into(),
        reason: who.to_owned(),
        etag: seen.etag.clone(),
        ..Default::default()
    };
    let (crm, contact) =
        tokio::join!(theatre.world.crm.call(withdraw("SOFTVIG")), d.decision.portal.call(withdraw("firma")),);
    let lost = if crm.is_ok() { contact } else { crm };
    assert_eq!(refused(lost), ErrorReason::EtagMismatch);
    assert_eq!(agreed_day(&d.read().await.expect("read"), DateKind::Migration), None);
    let request = ListHistoryRequest { parent: d.project.clone(), page_size: 200, ..Default::default() };
    let history = theatre.world.crm.call(request).await.expect("history").entries;
    assert_eq!(history.iter().filter(|entry| entry.kind == "date_withdrawn").count(), 1);

    // Two confirmations of different things at once are both kept, and so are two signatures.
    for stage in [Through::Readiness, Through::Audit1, Through::Audit2, Through::Migration] {
        d.stage(stage).await.expect("on");
    }
    for stage in [Through::Integrations, Through::Verification] {
        d.stage(stage).await.expect("on");
    }
    let (company, softvig) = tokio::join!(d.sign(Proposer::Company), d.sign(Proposer::Softvig));
    company.expect("signed");
    softvig.expect("signed");
    assert_eq!(d.read().await.expect("read").stage(), Stage::Completed);
}
