//! What a service tells of each company after its database was restored: all that others keep of it, as one event.

use std::collections::BTreeMap;

use prost::{DecodeError, Message as _};

use crate::scheduling::v1::{SchedulingEvent, scheduling_event::Event};

/// Its name in each service's `oneof event`.
pub const NAME: &str = "snapshot";

/// The events of a service of which others keep something; a snapshot holds these.
pub fn kept(service: &str) -> &'static [&'static str] {
    match service {
        "scheduling" => &[
            "company_changed",
            "contact_card",
            "contact_replaced",
            "contact_anonymised",
            "project_opened",
            "variant_chosen",
            "project_cancelled",
            "dates_proposed",
            "proposal_closed",
            "date_agreed",
            "date_withdrawn",
            "stage_unlocked",
            "readiness_withdrawn",
            "audit_attempt_opened",
            "audit_attempt_voided",
            "run_rolled_back",
            "integrations_announced",
            "integrations_cancelled",
            "integration_restored",
            "integration_dropped",
            "integration_reopened",
            "stage_reopened",
            "project_completed",
        ],
        "audit" => &["audit_concluded", "evidence_refreshed"],
        "licensing" => &["licence_status_changed"],
        "notification" => &["address_undeliverable", "address_cleared"],
        _ => &[],
    }
}

/// The head of an event that is about a company.
#[derive(Clone, Debug)]
pub struct Head {
    /// A UUID.
    pub event_id: String,
    /// Resource name of the company; empty on the lane that belongs to none.
    pub company: String,
    /// Business time.
    pub at: pbjson_types::Timestamp,
}

/// The encoded snapshot of a service's events, given in their order; none for a service that the contract does not
/// have.
///
/// # Errors
/// An event that cannot be read.
pub fn encode(service: &str, head: Head, events: &[Vec<u8>]) -> Result<Option<Vec<u8>>, DecodeError> {
    // The four envelopes begin alike, with no trait in common.
    macro_rules! of {
        ($package:ident, $envelope:ident, $oneof:ident, $tidy:expr) => {{
            use crate::$package::v1::{Snapshot, $envelope, $oneof};
            let events = events.iter().map(|event| $envelope::decode(&**event).map($tidy));
            let snapshot = Snapshot { events: events.collect::<Result<_, _>>()? };
            $envelope {
                event_id: head.event_id,
                company: head.company,
                occurred_at: Some(head.at.clone()),
                recorded_at: Some(head.at),
                event: Some($oneof::Event::Snapshot(snapshot)),
                ..Default::default()
            }
            .encode_to_vec()
        }};
    }
    Ok(Some(match service {
        "scheduling" => of!(scheduling, SchedulingEvent, scheduling_event, without_people),
        "audit" => of!(audit, AuditEvent, audit_event, |event| event),
        "licensing" => of!(licensing, LicensingEvent, licensing_event, |event| event),
        "notification" => of!(notification, NotificationEvent, notification_event, |event| event),
        _ => return Ok(None),
    }))
}

/// Personal data travels by itself, where it can be scrubbed.
fn without_people(mut event: SchedulingEvent) -> SchedulingEvent {
    if let Some(Event::ContactCard(card)) = &mut event.event {
        card.display_name.clear();
        card.email.clear();
        card.language.clear();
    }
    event
}

/// The last card of each contact, from a lane's contact cards in their order.
///
/// # Errors
/// A card that cannot be read.
pub fn last_cards(cards: &[Vec<u8>]) -> Result<Vec<SchedulingEvent>, DecodeError> {
    let mut last = BTreeMap::new();
    for card in cards {
        let event = SchedulingEvent::decode(&**card)?;
        if let Some(Event::ContactCard(card)) = &event.event {
            last.insert(card.contact.clone(), event);
        }
    }
    Ok(last.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event,
        scheduling::v1::{ContactCard, ContactReplaced},
    };

    #[test]
    fn what_is_kept_are_events_of_the_contract() {
        for service in ["scheduling", "audit", "licensing", "notification"] {
            assert!(event::is_known(service, NAME), "{service}");
            for name in kept(service) {
                assert!(event::is_known(service, name), "{service}: {name}");
            }
        }
    }

    fn card(contact: &str, email: &str) -> Vec<u8> {
        let card = ContactCard {
            contact: contact.to_owned(),
            display_name: "Ada Testowa".to_owned(),
            email: email.to_owned(),
            language: "en".to_owned(),
            ..Default::default()
        };
        SchedulingEvent { event: Some(Event::ContactCard(card)), ..Default::default() }.encode_to_vec()
    }

    #[test]
    fn a_snapshot_has_its_events_in_their_order_and_nothing_of_people() {
        let replaced = ContactReplaced { contact: "ada".to_owned(), successor: String::new() };
        let replaced =
            SchedulingEvent { event: Some(Event::ContactReplaced(replaced)), ..Default::default() };
        let head =
            Head { event_id: "1".to_owned(), company: "companies/c".to_owned(), at: Default::default() };
        let events = [card("ada", "ada@test.example"), replaced.encode_to_vec()];
        let encoded = encode("scheduling", head, &events).expect("readable").expect("a service");
        assert!(
            !String::from_utf8_lossy(&encoded).contains("ada@") && !encoded.windows(3).any(|w| w == b"Ada")
        );
        let read = SchedulingEvent::decode(&*encoded).expect("an event");
        let Some(Event::Snapshot(snapshot)) = read.event else { panic!("no snapshot") };
        let contacts = snapshot.events.iter().map(|event| match &event.event {
            Some(Event::ContactCard(card)) => format!("card {}", card.contact),
            Some(Event::ContactReplaced(replaced)) => format!("replaced {}", replaced.contact),
            other => panic!("{other:?}"),
        });
        assert_eq!(contacts.collect::<Vec<_>>(), ["card ada", "replaced ada"]);
    }

    #[test]
    fn each_contact_has_one_last_card() {
        let cards = [
            card("ada", "old@test.example"),
            card("bob", "bob@test.example"),
            card("ada", "new@test.example"),
        ];
        let emails = last_cards(&cards).expect("readable").into_iter().map(|event| match event.event {
            Some(Event::ContactCard(card)) => card.email,
            other => panic!("{other:?}"),
        });
        assert_eq!(emails.collect::<Vec<_>>(), ["new@test.example", "bob@test.example"]);
    }
}
