//! What follows from a mail server's refusals, on both databases.

use platform::clock::machine_now;
use proto::{
    notification::v1::MessageState,
    scheduling::v1::{ContactCard, DateAgreed, scheduling_event::Event},
};
use testkit::Backend;

use super::telling::on_both_databases;
use super::world::{World, claim, describe};
use crate::fixtures::{COMPANY, TADEK, card, migration, name};
use crate::message::{Recipient, Tried, store::StoredMessage};

fn finished() -> Event {
    Event::RunFinished(Default::default())
}

fn refused_at(address: &str) -> Tried {
    Tried::Refused { address: address.into(), answer: "550 5.1.1 no such user".into() }
}

impl World {
    /// Tries what is due; what becomes of it by recipient.
    async fn try_all(&self, outcome: impl Fn(Recipient) -> Tried) {
        let (hand, lease) = claim(&self.service, machine_now()).await;
        let tried = |stored: StoredMessage| {
            let tried = outcome(stored.value.recipient);
            (stored, tried)
        };
        let tries: Vec<_> = hand.messages.into_iter().map(tried).collect();
        self.service.record(COMPANY, lease, &tries).await.expect("works");
    }

    async fn described(&self, state: MessageState) -> Vec<String> {
        let mut described: Vec<_> = self.messages_in(state).await.iter().map(describe).collect();
        described.sort();
        described
    }
}

async fn a_mail_that_is_not_wanted_ends_at_once_and_blames_nobody(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(finished()).await;
    world.try_all(|_| Tried::Rejected("554 5.7.1 spam".into())).await;
    let given_up = world.messages_in(MessageState::GivenUp).await;
    assert_eq!(given_up.len(), 3);
    assert!(given_up.iter().all(|m| m.outcome == "554 5.7.1 spam" && m.attempts == 1), "{given_up:?}");
    assert_eq!(world.outbox_kinds().await, ["message_given_up"; 3], "nobody's address is at fault");

    // Of each but its own SOFTVIG gets a mail, at once, as they belong to a migration.
    let told = world.messages_in(MessageState::Pending).await;
    let told: Vec<_> = told.iter().map(|m| (describe(m), m.subject.clone())).collect();
    let mail = |who: &str| {
        let subject = format!("Auto Łęcki sp. z o.o.: Wiadomość nie dotarła: {who}");
        ("message_given_up softvig".to_owned(), subject)
    };
    assert!(
        told.len() == 2 && told.contains(&mail("Tadeusz Łęcki")) && told.contains(&mail("Dagmara O'Neill")),
        "{told:?}"
    );

    world.tell(finished()).await;
    world.send().await;
    let sent = world.described(MessageState::Sent).await;
    let expected = [
        "message_given_up softvig",
        "message_given_up softvig",
        "run_finished decision",
        "run_finished softvig",
        "run_finished technical",
    ];
    assert_eq!(sent, expected, "and it holds up nobody");
}

async fn a_refusal_of_the_old_address_says_nothing_of_the_corrected_one(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(finished()).await;
    let (hand, lease) = claim(&world.service, machine_now()).await;
    let old = card(TADEK).email;
    world
        .tell(Event::ContactCard(ContactCard { email: "tadeusz@auto-lecki.example".into(), ..card(TADEK) }))
        .await;
    let tries: Vec<_> = hand
        .messages
        .into_iter()
        .map(|stored| match stored.value.recipient {
            Recipient::Contact(TADEK) => (stored, refused_at(&old)),
            _ => (stored, Tried::Sent("250 ok".into())),
        })
        .collect();
    world.service.record(COMPANY, lease, &tries).await.expect("works");
    assert!(!world.outbox_kinds().await.contains(&"address_undeliverable".to_owned()));
    let waiting = world.messages_in(MessageState::Pending).await;
    assert_eq!(waiting.len(), 1, "it is tried again, at the new one: {waiting:?}");
    assert_eq!((waiting[0].contact.as_str(), waiting[0].attempts), (name(TADEK).as_str(), 1));
}

/// What takes a date out of the calendar that the old address belongs to is for that one.
async fn a_mail_to_the_old_address_itself_is_not_tried_again(backend: Backend) {
    let world = World::new(backend).await;
    let old = card(TADEK).email;
    let agreed = DateAgreed { agreement: "m".into(), date: Some(migration()), ..Default::default() };
    world.tell(Event::DateAgreed(agreed)).await;
    world.send().await;
    let new = ContactCard { email: "tadeusz@auto-lecki.example".into(), ..card(TADEK) };
    world.tell(Event::ContactCard(new)).await;
    world.wait_out().await;
    world
        .try_all(|recipient| match recipient {
            Recipient::Contact(TADEK) => refused_at(&old),
            _ => Tried::Sent("250 ok".into()),
        })
        .await;
    assert_eq!(world.described(MessageState::Undeliverable).await, ["entry_removed technical"]);
    assert!(!world.outbox_kinds().await.contains(&"address_undeliverable".to_owned()));
}

async fn a_refusal_of_the_address_marks_it(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(finished()).await;
    // Some systems write addresses in capitals.
    let address = card(TADEK).email.to_uppercase();
    world
        .try_all(|recipient| match recipient {
            Recipient::Contact(TADEK) => refused_at(&address),
            _ => Tried::Sent("250 ok".into()),
        })
        .await;
    assert_eq!(world.described(MessageState::Undeliverable).await, ["run_finished technical"]);
    assert!(world.outbox_kinds().await.contains(&"address_undeliverable".to_owned()));
    let told = world.told().await;
    assert!(told.contains(&"contact_undeliverable softvig".to_owned()), "{told:?}");
}

on_both_databases! {
    a_mail_that_is_not_wanted_ends_at_once_and_blames_nobody,
    a_refusal_of_the_old_address_says_nothing_of_the_corrected_one,
    a_mail_to_the_old_address_itself_is_not_tried_again,
    a_refusal_of_the_address_marks_it,
}
