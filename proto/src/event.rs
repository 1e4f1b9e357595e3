//! Which events each service tells.

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
