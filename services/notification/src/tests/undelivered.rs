//! What did not reach somebody, and can.

use platform::{
    clock::{from_wire, machine_now},
    harness::request_id,
};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{self as pb, MessageState},
    scheduling::v1::{
        ContactCard, ContactReplaced, DateAgreed, IntegrationRestored, VariantRecommended,
        scheduling_event::Event,
    },
};
use testkit::Backend;

use super::telling::on_both_databases;
use super::world::{World, claim, describe, reason, softvig};
use crate::Notification;
use crate::fixtures::{BEATA, COMPANY, DAGMARA, at, card, migration, name};
use crate::message::{Recipient, Tried, store::StoredMessage};

fn recommended() -> Event {
    Event::VariantRecommended(VariantRecommended { variant: "hosted".into(), ..Default::default() })
}

fn replaced(by: &str) -> Event {
    Event::ContactReplaced(ContactReplaced { contact: name(DAGMARA), successor: by.to_owned() })
}

impl World {
    /// Tries what is due; Dagmara's address is refused.
    async fn dagmara_is_not_reached(&self) {
        let (hand, lease) = claim(&self.service, machine_now()).await;
        let address = card(DAGMARA).email;
        let tried = |stored: StoredMessage| match stored.value.recipient {
            Recipient::Contact(DAGMARA) => {
                (stored, Tried::Refused { address: address.clone(), answer: "550 5.1.1 unknown".into() })
            }
            _ => (stored, Tried::Sent("250 ok".into())),
        };
        let tries: Vec<_> = hand.messages.into_iter().map(tried).collect();
        self.service.record(COMPANY, lease, &tries).await.expect("works");
    }

    async fn topics(&self, contact: &str, state: MessageState) -> Vec<String> {
        let messages = self.messages_in(state).await.into_iter().filter(|m| m.contact == contact);
        let mut topics: Vec<_> = messages.map(|m| m.topic).collect();
        topics.sort();
        topics
    }

    async fn resend(&self, message: &pb::Message) -> Result<pb::Message, platform::Error> {
        let name = message.name.clone();
        let request = pb::ResendMessageRequest { name, request_id: request_id(), ..Default::default() };
        self.call(&softvig(), Notification::resend_message, request).await
    }
}

/// On the first day a recommendation, on the ninth two, in one mail, and a date: none of them reaches Dagmara.
async fn missed(world: &World) {
    world.tell(recommended()).await;
    world.wait_out().await;
    world.dagmara_is_not_reached().await;
    world.send().await;
    world.advance("2026-12-10T09:00:00Z").await;
    for _ in 0..2 {
        world.tell(recommended()).await;
    }
    let agreed = DateAgreed { agreement: "m".into(), date: Some(migration()), ..Default::default() };
    world.tell(Event::DateAgreed(agreed)).await;
    world.send().await;
    assert_eq!(
        world.topics(&name(DAGMARA), MessageState::Undeliverable).await,
        ["date_agreed", "variant_recommended", "variant_recommended", "variant_recommended"]
    );
}

async fn what_did_not_arrive_goes_to_the_successor(backend: Backend) {
    let world = World::new(backend).await;
    missed(&world).await;
    world.advance("2026-12-11T09:00:00Z").await;
    world.tell(Event::ContactCard(card(BEATA))).await;
    world.tell(replaced(&name(BEATA))).await;
    world.send().await;
    let beata = world.topics(&name(BEATA), MessageState::Sent).await;
    assert_eq!(
        beata,
        ["contact_replaced", "entry_added", "variant_recommended", "variant_recommended"],
        "of the ninth day, and the date as a new contact gets it"
    );
    let sent = world.messages_in(MessageState::Sent).await;
    let passed_on = sent.iter().find(|m| m.contact == name(BEATA) && m.topic == "variant_recommended");
    let written = passed_on.and_then(|m| from_wire(m.created_at.as_ref()?));
    assert_eq!(written, Some(at("2026-12-10T09:00:00Z")), "it has the date of its day");
    assert_eq!(
        world.topics(&name(DAGMARA), MessageState::Undeliverable).await,
        ["date_agreed", "entry_removed", "variant_recommended"]
    );
    world.assert_nothing_parked().await;
}

async fn what_did_not_arrive_goes_to_the_corrected_address(backend: Backend) {
    let world = World::new(backend).await;
    missed(&world).await;
    let corrected = ContactCard { email: "dagmara@auto-lecki.example".into(), ..card(DAGMARA) };
    world.tell(Event::ContactCard(corrected.clone())).await;
    world.send().await;
    let expected = ["entry_added", "variant_recommended", "variant_recommended"];
    assert_eq!(world.topics(&name(DAGMARA), MessageState::Sent).await, expected);
    world.tell(Event::ContactCard(corrected)).await;
    world.send().await;
    assert_eq!(world.topics(&name(DAGMARA), MessageState::Sent).await, expected, "once");
}

async fn what_did_not_arrive_goes_to_the_address_that_works_after_all(backend: Backend) {
    let world = World::new(backend).await;
    missed(&world).await;
    world.tell(Event::IntegrationRestored(IntegrationRestored { brand: "audi".into() })).await;
    let preferences = pb::ContactPreferences {
        name: format!("{}/preferences", name(DAGMARA)),
        muted_topics: vec!["integration_restored".to_owned()],
        ..Default::default()
    };
    let update = pb::UpdateContactPreferencesRequest {
        preferences: Some(preferences),
        request_id: request_id(),
        ..Default::default()
    };
    world.call(&softvig(), Notification::update_contact_preferences, update).await.expect("allowed");
    let contact = name(DAGMARA);
    let clear = pb::ClearUndeliverableRequest { contact, request_id: request_id(), ..Default::default() };
    world.call(&softvig(), Notification::clear_undeliverable, clear).await.expect("allowed");
    world.send().await;
    let expected = ["entry_added", "variant_recommended", "variant_recommended"];
    assert_eq!(world.topics(&name(DAGMARA), MessageState::Sent).await, expected, "what is still wanted");
}

async fn what_a_successor_got_is_sent_again_as_the_successors(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(recommended()).await;
    world.tell(Event::ContactCard(card(BEATA))).await;
    world.tell(replaced(&name(BEATA))).await;
    world.send().await;
    let dropped = world.messages_in(MessageState::Dropped).await;
    let old = dropped.iter().find(|m| m.contact == name(DAGMARA)).expect("passed on");
    let refused = world.resend(old).await.expect_err("Beata has it");
    assert_eq!(refused.reason(), ErrorReason::InvalidArgument);
    let sent = world.messages_in(MessageState::Sent).await;
    let hers = sent.iter().find(|m| m.contact == name(BEATA) && m.topic == old.topic).expect("hers");
    assert_eq!(refused.violations()[0].allowed, hers.name);
    assert_eq!(world.resend(hers).await.expect("as the refusal says").resends, 1);
    assert_eq!(reason(world.resend(old).await), ErrorReason::InvalidArgument, "also on its way");
}

/// Those who could tell the contact otherwise are awake.
async fn that_a_message_of_a_running_migration_does_not_arrive_is_told_at_night(backend: Backend) {
    let world = World::new(backend).await;
    world.advance("2027-01-15T21:30:00Z").await;
    world.tell(Event::RunFinished(Default::default())).await;
    world.dagmara_is_not_reached().await;
    let urgent: Vec<_> = world.messages_in(MessageState::Pending).await.iter().map(describe).collect();
    assert!(urgent.contains(&"contact_undeliverable softvig".to_owned()), "{urgent:?}");
    assert!(world.messages_in(MessageState::Held).await.is_empty());

    world.send_now().await;
    world.tell(Event::WindowOverrun(Default::default())).await;
    let (hand, lease) = claim(&world.service, machine_now()).await;
    let tried = |stored| (stored, Tried::Rejected("554 5.7.1 spam".into()));
    let tries: Vec<_> = hand.messages.into_iter().map(tried).collect();
    world.service.record(COMPANY, lease, &tries).await.expect("works");
    world.send_now().await;
    let sent: Vec<_> = world.messages_in(MessageState::Sent).await.iter().map(describe).collect();
    assert!(sent.contains(&"message_given_up softvig".to_owned()), "{sent:?}");
}

on_both_databases! {
    what_did_not_arrive_goes_to_the_successor,
    what_did_not_arrive_goes_to_the_corrected_address,
    what_did_not_arrive_goes_to_the_address_that_works_after_all,
    what_a_successor_got_is_sent_again_as_the_successors,
    that_a_message_of_a_running_migration_does_not_arrive_is_told_at_night,
}
