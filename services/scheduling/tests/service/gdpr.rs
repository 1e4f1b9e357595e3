use platform::{auth::Principal, harness::request_id};
use proto::{common::v1::ErrorReason, scheduling::v1 as pb};
use rstest::rstest;
use scheduling::Scheduling;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{World, auditor, crm, operator, reason};

/// What of Anna must not be found once she is anonymised.
const PERSONAL: [&str; 4] = ["Anna Testowa", "anna@auto-nowak.pl", "Anna Nowa", "+48 22 123 45 99"];

fn anonymise(name: &str) -> pb::AnonymiseContactRequest {
    pb::AnonymiseContactRequest { name: name.to_owned(), request_id: request_id(), validate_only: false }
}

async fn replace_anna(world: &World) -> String {
    let anna = world.dealer.contact(&world.dealer.technical);
    let renamed = pb::Contact {
        display_name: "Anna Nowa".into(),
        phone: "+48 22 123 45 99".into(),
        ..world.get_contact(&anna).await
    };
    let request =
        pb::UpdateContactRequest { contact: Some(renamed), request_id: request_id(), ..Default::default() };
    world.harness.call(&world.dealer.technical, Scheduling::update_contact, request).await.expect("changed");
    let ewa = world.add_contact(&world.dealer, "Ewa", &[pb::ContactRole::Technical]).await.name;
    let request = pb::ReplaceContactRequest {
        name: anna.clone(),
        successor: ewa,
        request_id: request_id(),
        validate_only: false,
    };
    world.harness.call(&crm(), Scheduling::replace_contact, request).await.expect("replaced");
    anna
}

#[rstest]
#[tokio::test]
async fn an_anonymised_contact_leaves_no_name_and_no_address(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let anna = replace_anna(&world).await;
    let before = world.database_text().await;
    for personal in PERSONAL {
        assert!(before.contains(personal), "the search finds {personal}");
    }
    let kinds = world.harness.outbox_kinds().await;

    let answer = world.harness.call(&crm(), Scheduling::anonymise_contact, anonymise(&anna)).await;
    let answer = answer.expect("anonymised");
    assert_eq!(answer.state(), pb::ContactState::Anonymised);
    assert_eq!((answer.display_name, answer.email, answer.phone), Default::default());
    assert!(!answer.successor.is_empty(), "the history keeps its shape");

    let after = world.database_text().await;
    for personal in PERSONAL {
        assert!(!after.contains(personal), "{personal} is left");
    }
    assert!(after.contains("jan@auto-nowak.pl"), "others keep theirs");
    let mut expected = kinds;
    expected.push("contact_anonymised".to_owned());
    assert_eq!(world.harness.outbox_kinds().await, expected, "earlier events keep their places");
    for event in world.told().await {
        if let pb::scheduling_event::Event::ContactCard(card) = event {
            let scrubbed = card.state() == pb::ContactState::Anonymised && card.email.is_empty();
            assert_eq!(card.contact == anna, scrubbed, "{card:?}");
        }
    }
    let again = world.harness.call(&crm(), Scheduling::anonymise_contact, anonymise(&anna)).await;
    assert_eq!(again.expect("nothing to do").state(), pb::ContactState::Anonymised);
    assert_eq!(world.harness.outbox_kinds().await, expected);
}

#[rstest]
#[tokio::test]
async fn only_the_crm_anonymises(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let anna = replace_anna(&world).await;
    for caller in [operator(), auditor(), world.dealer.decision.clone()] {
        let refused = world.harness.call(&caller, Scheduling::anonymise_contact, anonymise(&anna)).await;
        assert_eq!(reason(refused), ErrorReason::PermissionDenied);
    }
}

#[rstest]
#[tokio::test]
async fn an_export_holds_the_card_and_what_the_contact_did(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let anna = replace_anna(&world).await;
    let request = pb::ExportContactRequest { name: anna.clone() };
    let export = world.harness.call(&crm(), Scheduling::export_contact, request).await.expect("exported");
    assert_eq!(export.contact.expect("the contact").email, "anna@auto-nowak.pl");
    let actions: Vec<_> = export.actions.iter().map(|line| (line.kind.as_str(), &line.actor)).collect();
    assert_eq!(actions, [("contact_changed", &anna)]);
}

#[rstest]
#[tokio::test]
async fn an_export_is_for_the_crm_and_the_contact(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    let (dealer, other) = (world.dealer.clone(), world.another_dealer().await);
    let request = pb::ExportContactRequest { name: dealer.contact(&dealer.technical) };
    let call = async |caller: &Principal| {
        world.harness.call(caller, Scheduling::export_contact, request.clone()).await
    };
    call(&dealer.technical).await.expect("one's own");
    for caller in [&operator(), &auditor(), &dealer.decision] {
        assert_eq!(reason(call(caller).await), ErrorReason::PermissionDenied);
    }
    assert_eq!(reason(call(&other.decision).await), ErrorReason::NotFound);
}

#[rstest]
#[tokio::test]
async fn the_history_names_people_by_id_only(#[values(Sqlite, Postgres)] backend: Backend) {
    let world = World::new(backend).await;
    replace_anna(&world).await;
    let request = pb::ExportContactRequest { name: world.dealer.contact(&world.dealer.decision) };
    world.harness.call(&world.dealer.decision, Scheduling::export_contact, request).await.expect("exported");
    let text = world.table_text("history").await;
    assert!(text.contains("contact_left"));
    for personal in PERSONAL.into_iter().chain(["Jan Testowa", "jan@", "ewa@"]) {
        assert!(!text.contains(personal), "{personal} in the history");
    }
}
