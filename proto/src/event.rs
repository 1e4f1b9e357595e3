//! Which events each service tells, and how they read as JSON.

use serde_json::Value;

include!(concat!(env!("OUT_DIR"), "/events.rs"));

/// A service's events: name and field number in its `oneof event`.
pub fn of(service: &str) -> &'static [(&'static str, u8)] {
    EVENTS.iter().find(|(of, _)| *of == service).map_or(&[], |(_, events)| events)
}

/// Whether the contract has the event.
pub fn is_known(service: &str, name: &str) -> bool {
    of(service).iter().any(|(known, _)| *known == name)
}

/// The encoded message of an event that says nothing but what it is.
pub fn bare(number: u8) -> Vec<u8> {
    // The tag of a field with a length, and the length 0.
    let mut encoded = Vec::new();
    prost::encoding::encode_key(number.into(), prost::encoding::WireType::LengthDelimited, &mut encoded);
    encoded.push(0);
    encoded
}

/// What of an event is for the API's callers alone, by its name in JSON: people's names and words, which may name
/// people, and those of machines.
pub const OF_PEOPLE: [&str; 15] = [
    "actor",
    "answer",
    "approver",
    "auditor",
    "description",
    "displayName",
    "email",
    "host",
    "language",
    "name",
    "note",
    "owner",
    "person",
    "reason",
    "supplier",
];

/// An event in proto3's JSON, without what people wrote and who they are; none if it cannot be read.
pub fn without_people(service: &str, payload: &[u8]) -> Option<Value> {
    let mut event = read(service, payload)?;
    strip(&mut event);
    Some(event)
}

/// Takes what is in [`OF_PEOPLE`] out of an event in proto3's JSON.
pub fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| !OF_PEOPLE.contains(&name.as_str()) || is_a_word(name, value));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// Why an offer was released is a word of the contract.
fn is_a_word(name: &str, value: &Value) -> bool {
    name == "reason" && value.as_str().is_some_and(|word| word.starts_with("OFFER_RELEASE_REASON_"))
}

fn json<E: prost::Message + Default + serde::Serialize>(payload: &[u8]) -> Option<Value> {
    serde_json::to_value(E::decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::scheduling::v1::{SchedulingEvent, scheduling_event::Event};

    #[test]
    fn the_events_of_a_service_are_those_of_its_contract() {
        assert!(is_known("scheduling", "project_completed") && !is_known("audit", "project_completed"));
        let (_, number) =
            of("scheduling").iter().find(|(name, _)| *name == "project_completed").expect("known");
        let event = SchedulingEvent::decode(&*bare(*number)).expect("an event");
        assert!(matches!(event.event, Some(Event::ProjectCompleted(_))));
        assert_eq!(of("nobody"), []);
    }
}
