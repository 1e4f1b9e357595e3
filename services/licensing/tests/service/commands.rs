use licensing::Licensing;
use platform::auth::Role;
use platform::harness::{HistoryLine, request_id, softvig};
use proto::{common::v1::ErrorReason, licensing::v1 as pb, scheduling::v1::ContactRole};
use rstest::rstest;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{Dealer, World, crm, invoice, reason};

#[rstest]
#[tokio::test]
async fn licence_required_is_answered_once_everything_is_in_place(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    let missing =
        |keys: &[&str]| Some((keys.is_empty(), keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>()));
    assert_eq!(world.told_status().await, missing(&["licence_kind", "windows_server", "sql_server"]));

    world
        .harness
        .call(&dealer.technical, Licensing::set_needs, dealer.needs(pb::OtherApplications::No))
        .await
        .unwrap();
    world.choose(dealer, pb::LicenceKind::Runtime).await.unwrap();
    world.record(dealer, "windows_server").await.unwrap();
    assert_eq!(world.told_status().await, missing(&["sql_server"]));
    let licensing = world.record(dealer, "sql_server").await.unwrap();
    assert_eq!(world.told_status().await, missing(&[]));
    assert_eq!(licensing.state(), pb::LicensingState::Complete);
    assert_eq!(licensing, world.get(dealer).await, "the answer is what a read shows");

    let licensing =
        world.harness.call(&crm(), Licensing::withdraw_proof, dealer.withdraw("sql_server")).await.unwrap();
    assert_eq!(world.told_status().await, missing(&["sql_server"]));
    assert_eq!(licensing.demands[1].state(), pb::DemandState::Withdrawn);
    assert_eq!(
        licensing.demands[1].proof.as_ref().unwrap().withdrawal.as_ref().unwrap().reason,
        "the order was cancelled"
    );
}

#[rstest]
#[tokio::test]
async fn every_change_is_told_and_kept_with_who(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    let before = (world.harness.outbox_kinds().await.len(), world.harness.history().await.len());
    let recommend = pb::RecommendLicenceRequest {
        name: dealer.name(),
        kind: pb::LicenceKind::Runtime.into(),
        note: "only AutoStacja uses it".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    world.harness.call(&crm(), Licensing::recommend_licence, recommend).await.unwrap();
    world.choose(dealer, pb::LicenceKind::Runtime).await.unwrap();
    let yes = dealer.needs(pb::OtherApplications::Yes);
    world.harness.call(&dealer.technical, Licensing::set_needs, yes).await.unwrap();

    let kinds = world.harness.outbox_kinds().await;
    assert_eq!(
        kinds[before.0..],
        [
            "licence_recommended",
            "licence_chosen",
            "licence_status_changed",
            "licence_choice_ended",
            "licence_status_changed"
        ]
    );
    let contact = |id| format!("companies/{}/contacts/{id}", dealer.company);
    let (technical, decision) = (dealer.technical.contact.unwrap(), dealer.decision.contact.unwrap());
    let line = |kind: &str, actor: &str| HistoryLine { kind: kind.to_owned(), actor: actor.to_owned() };
    assert_eq!(
        world.harness.history().await[before.1..],
        [
            line("licence_recommended", "softvig/crm"),
            line("licence_chosen", &contact(decision)),
            line("status_changed", &contact(decision)),
            line("needs_set", &contact(technical)),
            line("choice_ended", &contact(technical)),
            line("status_changed", &contact(technical)),
        ]
    );
    let (_, event) = world.harness.outbox::<pb::LicensingEvent>().await.pop().unwrap();
    assert_eq!(event.project, dealer.project.to_string());
    assert_eq!(event.actor.unwrap().contact, contact(technical));
    assert!(event.occurred_at.is_some() && event.occurred_at == event.recorded_at);
}

#[rstest]
#[tokio::test]
async fn a_refusal_leaves_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    let yes = dealer.needs(pb::OtherApplications::Yes);
    world.harness.call(&dealer.technical, Licensing::set_needs, yes).await.unwrap();
    let before = (world.get(dealer).await, world.harness.outbox_kinds().await, world.harness.history().await);

    let h = &world.harness;
    let unspecified = dealer.choose(pb::LicenceKind::Unspecified);
    let no_needs = pb::SetNeedsRequest { needs: None, ..dealer.needs(pb::OtherApplications::No) };
    let mut negative = dealer.needs(pb::OtherApplications::No);
    negative.needs.as_mut().unwrap().cores = Some(-1);
    let mut unknown_answer = dealer.needs(pb::OtherApplications::No);
    unknown_answer.needs.as_mut().unwrap().other_applications = 9;
    let mut future = dealer.record("windows_server");
    future.occurred_at = Some(platform::clock::to_wire(platform::harness::instant("2026-11-17T10:00:00Z")));
    let mut no_instant = dealer.record("windows_server");
    no_instant.occurred_at = Some(Default::default());
    no_instant.occurred_at.as_mut().unwrap().nanos = -7;
    let undocumented = pb::RecordLicenceRequest { document: None, ..dealer.record("windows_server") };
    let mut unkind = dealer.record("windows_server");
    unkind.document.as_mut().unwrap().kind = 9;
    let misnamed = pb::ChooseLicenceRequest {
        name: dealer.project.to_string(),
        ..dealer.choose(pb::LicenceKind::Standard)
    };
    let release =
        pb::ReleaseOfferRequest { name: dealer.name(), request_id: request_id(), ..Default::default() };

    use ErrorReason::*;
    let refusals = [
        (reason(world.choose(dealer, pb::LicenceKind::Runtime).await), RuntimeOnlyAutostacja),
        (reason(h.call(&dealer.decision, Licensing::choose_licence, unspecified).await), InvalidArgument),
        (reason(h.call(&dealer.decision, Licensing::choose_licence, misnamed).await), InvalidArgument),
        (
            reason(
                h.call(
                    &dealer.technical,
                    Licensing::choose_licence,
                    dealer.choose(pb::LicenceKind::Standard),
                )
                .await,
            ),
            PermissionDenied,
        ),
        (reason(h.call(&dealer.technical, Licensing::set_needs, no_needs).await), InvalidArgument),
        (reason(h.call(&dealer.technical, Licensing::set_needs, negative).await), InvalidArgument),
        (reason(h.call(&dealer.technical, Licensing::set_needs, unknown_answer).await), InvalidArgument),
        (reason(world.record(dealer, "sql_server").await), LicenceRequired),
        (reason(world.record(dealer, "no_such_licence").await), InvalidArgument),
        (reason(h.call(&crm(), Licensing::record_licence, future).await), OccurredAtInvalid),
        (reason(h.call(&crm(), Licensing::record_licence, no_instant).await), InvalidArgument),
        (reason(h.call(&crm(), Licensing::record_licence, undocumented).await), InvalidArgument),
        (reason(h.call(&crm(), Licensing::record_licence, unkind).await), InvalidArgument),
        (
            reason(h.call(&crm(), Licensing::withdraw_proof, dealer.withdraw("windows_server")).await),
            InvalidArgument,
        ),
        (reason(h.call(&crm(), Licensing::release_offer, release).await), NotFound),
        (reason(world.accept(dealer, "no_such_offer").await), NotFound),
        (
            reason(
                h.call(&softvig(Role::Auditor), Licensing::record_licence, dealer.record("windows_server"))
                    .await,
            ),
            PermissionDenied,
        ),
    ];
    for (i, (got, expected)) in refusals.into_iter().enumerate() {
        assert_eq!(got, expected, "refusal {i}");
    }
    let after = (world.get(dealer).await, world.harness.outbox_kinds().await, world.harness.history().await);
    assert_eq!(after, before);
}

#[rstest]
#[tokio::test]
async fn another_companys_licensing_does_not_exist(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let stranger = Dealer::new();
    world.open(&stranger, "2019-05-01").await;
    let theirs = world.dealer.choose(pb::LicenceKind::Standard);
    let outcome = world.harness.call(&stranger.decision, Licensing::choose_licence, theirs).await;
    assert_eq!(reason(outcome), ErrorReason::NotFound);
    // Nor does it under the stranger's own company.
    let mut mixed = stranger.clone();
    mixed.project.project = world.dealer.project.project;
    assert_eq!(reason(world.choose(&mixed, pb::LicenceKind::Standard).await), ErrorReason::NotFound);
}

#[rstest]
#[tokio::test]
async fn permission_denied_to_a_contact_whose_role_is_gone(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    world.contact_card(dealer, &dealer.decision, &[ContactRole::Technical]).await;
    assert_eq!(reason(world.choose(dealer, pb::LicenceKind::Standard).await), ErrorReason::PermissionDenied);
    let read = pb::GetLicensingRequest { name: dealer.name() };
    let outcome = world.harness.call(&dealer.decision, Licensing::get_licensing, read).await;
    assert_eq!(reason(outcome), ErrorReason::PermissionDenied);
}

#[rstest]
#[tokio::test]
async fn the_same_request_twice_has_its_effect_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    let request = dealer.record("windows_server");
    let first =
        world.harness.call(&dealer.technical, Licensing::record_licence, request.clone()).await.unwrap();
    let events = world.harness.outbox_kinds().await;
    let second =
        world.harness.call(&dealer.technical, Licensing::record_licence, request.clone()).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(world.harness.outbox_kinds().await, events);

    let other = pb::RecordLicenceRequest { document: Some(invoice("FV 8")), ..request };
    let outcome = world.harness.call(&dealer.technical, Licensing::record_licence, other).await;
    assert_eq!(reason(outcome), ErrorReason::RequestIdReused);
}

#[rstest]
#[tokio::test]
async fn validate_only_judges_and_changes_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    let before = (world.get(dealer).await, world.harness.outbox_kinds().await);
    let request = pb::ChooseLicenceRequest { validate_only: true, ..dealer.choose(pb::LicenceKind::Runtime) };
    let judged =
        world.harness.call(&dealer.decision, Licensing::choose_licence, request.clone()).await.unwrap();
    assert_eq!(judged.choice.unwrap().kind(), pb::LicenceKind::Runtime);
    assert_eq!((world.get(dealer).await, world.harness.outbox_kinds().await), before);
    // The id was not used up.
    let request = pb::ChooseLicenceRequest { validate_only: false, ..request };
    world.harness.call(&dealer.decision, Licensing::choose_licence, request).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn an_etag_guards_its_part_and_no_other(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let dealer = &world.dealer;
    let seen = world.get(dealer).await;
    let etag = seen.demands[0].etag.clone();
    world.choose(dealer, pb::LicenceKind::Standard).await.unwrap();
    world.variant(dealer, "same_server", true, &["windows_server"]).await;

    let request = pb::RecordLicenceRequest { etag: etag.clone(), ..dealer.record("windows_server") };
    world.harness.call(&dealer.technical, Licensing::record_licence, request).await.unwrap();
    let late = pb::RecordLicenceRequest { etag, ..dealer.record("windows_server") };
    let outcome = world.harness.call(&crm(), Licensing::record_licence, late).await;
    assert_eq!(reason(outcome), ErrorReason::EtagMismatch);

    let stale = seen.choice.unwrap().etag;
    let request = pb::ChooseLicenceRequest { etag: stale, ..dealer.choose(pb::LicenceKind::Runtime) };
    let outcome = world.harness.call(&dealer.decision, Licensing::choose_licence, request).await;
    assert_eq!(reason(outcome), ErrorReason::EtagMismatch);
    let stale = "an etag of something else".to_owned();
    let request = pb::SetNeedsRequest { etag: stale.clone(), ..dealer.needs(pb::OtherApplications::No) };
    let outcome = world.harness.call(&dealer.technical, Licensing::set_needs, request).await;
    assert_eq!(reason(outcome), ErrorReason::EtagMismatch);
    let request = pb::AcceptOfferRequest { etag: stale, ..dealer.accept("migration-2026") };
    let outcome = world.harness.call(&dealer.decision, Licensing::accept_offer, request).await;
    assert_eq!(reason(outcome), ErrorReason::EtagMismatch);
}
