use platform::{
    Error,
    auth::{Principal, Role},
    harness::request_id,
};
use proto::{common::v1::ErrorReason, scheduling::v1 as pb};
use rstest::rstest;
use scheduling::Scheduling;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{Dealer, World, auditor, contact, create_contact, crm, fields, operator, reason, token};

const TECHNICAL: pb::ContactRole = pb::ContactRole::Technical;
const DECISION: pb::ContactRole = pb::ContactRole::Decision;

fn update(contact: pb::Contact) -> pb::UpdateContactRequest {
    pb::UpdateContactRequest { contact: Some(contact), request_id: request_id(), ..Default::default() }
}

fn replace(name: &str, successor: &str) -> pb::ReplaceContactRequest {
    pb::ReplaceContactRequest {
        name: name.to_owned(),
        successor: successor.to_owned(),
        request_id: request_id(),
        validate_only: false,
    }
}

fn remove(name: &str) -> pb::RemoveContactRequest {
    pb::RemoveContactRequest { name: name.to_owned(), request_id: request_id(), validate_only: false }
}

/// Whether a contact can still read its company.
async fn takes_part(world: &World, dealer: &Dealer, contact: &str, role: Role) -> Result<(), Error> {
    let request = pb::GetCompanyRequest { name: dealer.name.clone() };
    world.harness.call(&token(contact, &[role]), Scheduling::get_company, request).await.map(drop)
}

#[rstest]
#[tokio::test]
async fn a_new_contact_takes_part_at_once_and_is_told_with_a_card(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let added = world.add_contact(&world.dealer, "Ewa", &[TECHNICAL, DECISION]).await;
    assert_eq!(added.state(), pb::ContactState::Active);
    takes_part(&world, &world.dealer, &added.name, Role::Decision).await.expect("takes part");

    let told = world.told().await;
    let Some(pb::scheduling_event::Event::ContactCard(card)) = told.last() else { panic!("{told:?}") };
    assert_eq!((&card.contact, &card.roles), (&added.name, &added.roles));
    assert_eq!((card.email.as_str(), card.language.as_str()), ("ewa@auto-nowak.pl", "pl"));
}

#[rstest]
#[tokio::test]
async fn what_of_a_contact_cannot_be_used_is_named(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let bad = pb::Contact { email: "ewa".into(), language: "de".into(), ..contact("Ewa", &[]) };
    let request = create_contact(&world.dealer.name, bad);
    let outcome = world.harness.call(&crm(), Scheduling::create_contact, request).await;
    assert_eq!(fields(outcome), ["contact.language", "contact.email"]);

    let request = create_contact(&world.dealer.name, contact("Ewa", &[]));
    let outcome = world.harness.call(&crm(), Scheduling::create_contact, request).await;
    assert_eq!(fields(outcome), ["contact.roles"]);
}

#[rstest]
#[tokio::test]
async fn an_international_domain_is_kept_as_mail_servers_know_it(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let known = "jan@xn--salon-d-q0a42esr.pl";
    let jan = pb::Contact { email: "jan@salon-łódź.pl".into(), ..contact("Jan", &[TECHNICAL]) };
    let request = create_contact(&world.dealer.name, jan.clone());
    let added = world.harness.call(&crm(), Scheduling::create_contact, request).await.expect("added");
    assert_eq!(added.email, known);
    let told = world.told().await;
    let Some(pb::scheduling_event::Event::ContactCard(card)) = told.last() else { panic!("{told:?}") };
    assert_eq!(card.email, known);
    // As it was written it is still the same address.
    let same = update(pb::Contact { name: added.name.clone(), email: jan.email, ..added.clone() });
    let same = world.harness.call(&crm(), Scheduling::update_contact, same).await.expect("no change");
    assert_eq!((same.etag, world.told().await.len()), (added.etag, told.len()));
}

#[rstest]
#[case::a_line_break("ewa@auto-nowak.pl\r\nBcc: x@evil.example".to_owned())]
#[case::quotes("\"ewa nowak\"@auto-nowak.pl".to_owned())]
#[case::an_accent_before_the_at("józefa@auto-nowak.pl".to_owned())]
#[case::of_320_characters(format!("{}@{}.com", "e".repeat(64), ["n"; 3].map(|n| n.repeat(63)).join(".") + &".n".repeat(30)))]
#[tokio::test]
async fn an_address_that_no_mail_reaches_is_refused_wherever_it_is_given(#[case] email: String) {
    let world = World::new(Sqlite).await;
    let ewa = pb::Contact { email: email.clone(), language: "de".into(), ..contact("Ewa", &[TECHNICAL]) };
    let request = create_contact(&world.dealer.name, ewa.clone());
    let created = world.harness.call(&crm(), Scheduling::create_contact, request).await;
    let ewa = update(pb::Contact { name: world.dealer.contact(&world.dealer.technical), ..ewa });
    let updated = world.harness.call(&crm(), Scheduling::update_contact, ewa).await;
    for refused in [created, updated] {
        let error = refused.expect_err("no such address, no such language");
        let said: Vec<_> = error.violations().iter().map(|v| (v.field.as_str(), v.asked.clone())).collect();
        assert_eq!(said, [("contact.language", "de".to_owned()), ("contact.email", email.clone())]);
        assert_eq!(error.violations()[0].allowed, "pl or en");
        assert!(error.violations()[1].allowed.contains("at most 254 characters"));
    }
}

#[rstest]
#[tokio::test]
async fn a_contact_changes_the_own_card_but_not_the_own_roles(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let own = world.get_contact(&world.dealer.contact(&world.dealer.technical)).await;
    let renamed = pb::Contact { display_name: "Anna Nowa".into(), ..own.clone() };
    let call = async |caller: &Principal, contact| {
        world.harness.call(caller, Scheduling::update_contact, update(contact)).await
    };
    let changed = call(&world.dealer.technical, renamed.clone()).await.expect("allowed");
    assert_eq!(changed.display_name, "Anna Nowa");
    assert_ne!(changed.etag, own.etag);

    let more = pb::Contact { roles: vec![TECHNICAL.into(), DECISION.into()], ..renamed };
    assert_eq!(reason(call(&world.dealer.technical, more.clone()).await), ErrorReason::PermissionDenied);
    assert_eq!(reason(call(&operator(), more.clone()).await), ErrorReason::PermissionDenied);
    call(&world.dealer.decision, more).await.expect("a decision contact may");
}

#[rstest]
#[tokio::test]
async fn a_stale_etag_of_a_contact_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let seen = world.get_contact(&world.dealer.contact(&world.dealer.technical)).await;
    let with_etag =
        |contact: pb::Contact| pb::UpdateContactRequest { etag: seen.etag.clone(), ..update(contact) };
    let renamed = pb::Contact { display_name: "Anna Nowa".into(), ..seen.clone() };
    // Another contact's change does not matter.
    world.add_contact(&world.dealer, "Ewa", &[TECHNICAL]).await;
    let call = async |request| world.harness.call(&crm(), Scheduling::update_contact, request).await;
    call(with_etag(renamed)).await.expect("allowed");
    let stale = call(with_etag(pb::Contact { display_name: "Anna Stara".into(), ..seen.clone() })).await;
    assert_eq!(reason(stale), ErrorReason::EtagMismatch);
}

#[rstest]
#[tokio::test]
async fn the_same_request_twice_adds_one_contact(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let request = create_contact(&world.dealer.name, contact("Ewa", &[TECHNICAL]));
    let call = async |request| world.harness.call(&crm(), Scheduling::create_contact, request).await;
    let first = call(request.clone()).await.expect("added");
    assert_eq!(call(request.clone()).await.expect("answered again"), first);
    let other = pb::CreateContactRequest { contact: Some(contact("Iga", &[TECHNICAL])), ..request };
    assert_eq!(reason(call(other).await), ErrorReason::RequestIdReused);
    let request = pb::ListContactsRequest { parent: world.dealer.name.clone() };
    let all = world.harness.call(&crm(), Scheduling::list_contacts, request).await.expect("listed");
    assert_eq!(all.contacts.len(), 3);
}

#[rstest]
#[tokio::test]
async fn contacts_required_the_last_holder_of_a_role_is_replaced_not_removed(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let dealer = world.dealer.clone();
    let name = dealer.contact(&dealer.technical);
    let refused = world.harness.call(&crm(), Scheduling::remove_contact, remove(&name)).await;
    assert_eq!(reason(refused), ErrorReason::ContactsRequired);
    let lost = pb::Contact { roles: vec![DECISION.into()], ..world.get_contact(&name).await };
    let refused = world.harness.call(&crm(), Scheduling::update_contact, update(lost)).await;
    assert_eq!(reason(refused), ErrorReason::ContactsRequired);

    let successor = world.add_contact(&dealer, "Ewa", &[DECISION]).await.name;
    let answer = world.harness.call(&crm(), Scheduling::replace_contact, replace(&name, &successor)).await;
    let answer = answer.expect("allowed");
    assert_eq!(answer.name, successor, "the answer is the successor");
    assert_eq!(answer.roles, [i32::from(TECHNICAL), i32::from(DECISION)], "who took over the role");
    let left = world.get_contact(&name).await;
    assert_eq!((left.state(), left.successor), (pb::ContactState::Left, successor.clone()));

    takes_part(&world, &dealer, &successor, Role::Technical).await.expect("takes part");
    let gone = takes_part(&world, &dealer, &name, Role::Technical).await;
    assert_eq!(reason(gone), ErrorReason::PermissionDenied, "at once, whatever the token says");
    let kinds = world.harness.outbox_kinds().await;
    assert_eq!(kinds[kinds.len() - 3..], ["contact_card", "contact_card", "contact_replaced"]);
}

#[rstest]
#[tokio::test]
async fn a_contact_leaves_without_a_successor_where_others_hold_the_roles(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    world.add_contact(&world.dealer, "Ewa", &[TECHNICAL]).await;
    let name = world.dealer.contact(&world.dealer.technical);
    for caller in [operator(), auditor(), world.dealer.technical.clone()] {
        let refused = world.harness.call(&caller, Scheduling::remove_contact, remove(&name)).await;
        assert_eq!(reason(refused), ErrorReason::PermissionDenied);
    }
    let removed = world.harness.call(&world.dealer.decision, Scheduling::remove_contact, remove(&name)).await;
    assert_eq!(removed.expect("allowed").state(), pb::ContactState::Left);
}

#[rstest]
#[tokio::test]
async fn nobody_replaces_themselves_and_a_successor_is_of_the_company(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    let (dealer, other) = (world.dealer.clone(), world.another_dealer().await);
    let (technical, decision) = (dealer.contact(&dealer.technical), dealer.contact(&dealer.decision));
    let call = async |caller: &Principal, request| {
        world.harness.call(caller, Scheduling::replace_contact, request).await
    };
    let oneself = call(&dealer.decision, replace(&decision, &technical)).await;
    assert_eq!(reason(oneself), ErrorReason::PermissionDenied);
    let foreign = other.contact(&other.technical);
    assert_eq!(fields(call(&crm(), replace(&technical, &foreign)).await), ["successor"]);
    assert_eq!(reason(call(&dealer.decision, replace(&foreign, &technical)).await), ErrorReason::NotFound);
    let theirs = replace(&foreign, &other.contact(&other.decision));
    assert_eq!(reason(call(&dealer.decision, theirs).await), ErrorReason::NotFound);
}
