use std::collections::BTreeMap;

use jiff::SignedDuration;
use platform::{clock::machine_now, harness::request_id};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{ClearUndeliverableRequest, MessageState},
    scheduling::v1::{ContactCard, scheduling_event::Event},
};
use testkit::Backend;
use uuid::Uuid;

use super::telling::on_both_databases;
use super::world::{World, contact, describe, reason, softvig};
use crate::Notification;
use crate::fixtures::{COMPANY, DAGMARA, TADEK, card, name};

fn verified() -> Event {
    Event::Verified(Default::default())
}

async fn several_replicas_send_each_message_once(backend: Backend) {
    let world = World::new(backend).await;
    for _ in 0..10 {
        world.tell(verified()).await;
    }
    let (a, b) = (world.replica().await, world.replica().await);
    let drain = async |service: &Notification| while service.send_due().await.expect("works") > 0 {};
    tokio::join!(drain(&a), drain(&b), drain(&world.service));
    let sent = world.messages_in(MessageState::Sent).await;
    assert_eq!(sent.len(), 30);
    assert!(sent.iter().all(|m| m.attempts == 1), "nobody tried a message that another one held");
    assert_eq!(world.outbox_kinds().await.len(), 30);
}

async fn what_a_dead_sender_held_is_sent_by_another_with_the_same_message_id(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(verified()).await;
    let now = machine_now();
    assert_eq!(world.service.messages_pending().await.expect("counted"), 3);
    let in_hand = world.service.hands.take();
    let dead = world.service.claim(Uuid::now_v7(), now).await.expect("works");
    assert_eq!(dead.len(), 3);
    assert_eq!(world.service.messages_pending().await.expect("counted"), 1, "a batch is in hand");
    drop(in_hand);
    assert_eq!(world.service.messages_pending().await.expect("counted"), 0, "what the dead held waits");
    let again =
        world.service.claim(Uuid::now_v7(), now + SignedDuration::from_mins(14)).await.expect("works");
    assert!(again.is_empty(), "the leases still hold");
    let again =
        world.service.claim(Uuid::now_v7(), now + SignedDuration::from_mins(15)).await.expect("works");
    let ids = |messages: &[crate::message::Message]| -> BTreeMap<_, _> {
        messages.iter().map(|m| (m.id, m.attempts)).collect()
    };
    assert_eq!(ids(&dead).keys().collect::<Vec<_>>(), ids(&again).keys().collect::<Vec<_>>());
    assert!(ids(&again).values().all(|attempts| *attempts == 2));
}

async fn a_refused_address_is_told_once_and_used_again_when_corrected(backend: Backend) {
    let world = World::new(backend).await;
    let nowhere = |email: &str| Event::ContactCard(ContactCard { email: email.into(), ..card(TADEK) });
    world.tell(nowhere("tadek@nowhere.invalid")).await;
    world.tell(verified()).await;
    world.send().await;
    assert_eq!(
        world.told().await,
        [
            "contact_undeliverable decision",
            "contact_undeliverable softvig",
            "verified decision",
            "verified softvig",
            "verified technical"
        ]
    );
    let undeliverable = || world.messages_in(MessageState::Undeliverable);
    let refused = undeliverable().await;
    assert_eq!(refused.iter().map(describe).collect::<Vec<_>>(), ["verified technical"]);
    assert!(refused[0].outcome.contains("550") && !refused[0].outcome.contains("nowhere"), "{refused:?}");
    let news = |published: Vec<String>| published.iter().filter(|k| *k == "address_undeliverable").count();
    assert_eq!(news(world.outbox_kinds().await), 1);

    world.tell(verified()).await;
    world.send().await;
    assert_eq!(news(world.outbox_kinds().await), 1, "known already");
    let untried = world.messages_in(MessageState::Undeliverable).await;
    assert!(untried.iter().any(|m| m.attempts == 0), "not even tried");

    world.tell(nowhere("tadek@auto-lecki.example")).await;
    world.tell(verified()).await;
    world.send().await;
    assert_eq!(world.messages_in(MessageState::Undeliverable).await.len(), 2, "the third one arrived");
    world.assert_nothing_parked().await;
}

async fn softvig_can_say_that_an_address_works_after_all(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(Event::ContactCard(ContactCard { email: "t@nowhere.invalid".into(), ..card(TADEK) })).await;
    world.tell(verified()).await;
    world.send().await;
    let request =
        |id| ClearUndeliverableRequest { contact: name(id), request_id: request_id(), ..Default::default() };
    let by_contact = contact(COMPANY, DAGMARA, platform::auth::Role::Decision);
    let denied = world.call(&by_contact, Notification::clear_undeliverable, request(TADEK)).await;
    assert_eq!(reason(denied), ErrorReason::PermissionDenied);
    let unknown = platform::id::ContactId(Uuid::from_u128(9));
    let unknown = world.call(&softvig(), Notification::clear_undeliverable, request(unknown)).await;
    assert_eq!(reason(unknown), ErrorReason::NotFound);
    for _ in 0..2 {
        world.call(&softvig(), Notification::clear_undeliverable, request(TADEK)).await.expect("cleared");
    }
    let cleared = world.outbox_kinds().await.iter().filter(|k| *k == "address_cleared").count();
    assert_eq!(cleared, 1, "the second time nothing changed");
    world.tell(verified()).await;
    world.send().await;
    let tried = world.messages_in(MessageState::Undeliverable).await;
    assert!(tried.iter().all(|m| m.attempts == 1), "the address was used again: {tried:?}");
}

async fn a_folder_that_cannot_be_written_postpones_and_loses_nothing(backend: Backend) {
    let world = World::new(backend).await;
    std::fs::write(&world.mails, "in the way").expect("a file");
    world.tell(verified()).await;
    world.send().await;
    let waiting = world.messages_in(MessageState::Pending).await;
    assert_eq!(waiting.len(), 3);
    assert!(waiting.iter().all(|m| m.attempts == 1 && m.next_try_at.is_some()), "{waiting:?}");
    assert!(world.outbox_kinds().await.is_empty());
}

on_both_databases! {
    several_replicas_send_each_message_once,
    what_a_dead_sender_held_is_sent_by_another_with_the_same_message_id,
    a_refused_address_is_told_once_and_used_again_when_corrected,
    softvig_can_say_that_an_address_works_after_all,
    a_folder_that_cannot_be_written_postpones_and_loses_nothing,
}
