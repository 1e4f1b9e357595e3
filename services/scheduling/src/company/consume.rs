//! What notification tells about contacts' addresses.

use jiff::Timestamp;
use platform::{
    actor::Actor,
    consumer::ApplyError,
    documents::Stored,
    id::{CompanyId, ContactId},
    outcome::Outcome,
    unit::Unit,
};
use proto::notification::v1::notification_event::Event;

use super::{Active, Address, Company, Contact, ContactState, parse, store};
use crate::{Scheduling, consume::of_company};

/// What is known here of the contact whose address an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No such company or contact.
    Unknown,
    Deliverable,
    /// Deliverable, and entered after what the event tells happened.
    Corrected,
    Undeliverable,
    /// Left or anonymised.
    Gone,
}

impl State {
    fn of(contact: Option<&Contact>, occurred_at: Timestamp) -> Self {
        match contact.map(|contact| &contact.state) {
            None => Self::Unknown,
            Some(ContactState::Active(Active { address: Address::Undeliverable { .. }, .. })) => {
                Self::Undeliverable
            }
            Some(ContactState::Active(active)) if active.address_since > occurred_at => Self::Corrected,
            Some(ContactState::Active(_)) => Self::Deliverable,
            Some(ContactState::Left { .. } | ContactState::Anonymised { .. }) => Self::Gone,
        }
    }
}

/// Event × state.
fn outcome(event: &Event, state: State) -> Outcome {
    use Outcome::{Apply, Ignore, Raise};
    use State::{Corrected, Deliverable, Gone, Undeliverable, Unknown};
    match (event, state) {
        (Event::AddressUndeliverable(_) | Event::AddressCleared(_), Unknown) => {
            Raise("the contact was never added")
        }
        (Event::AddressUndeliverable(_) | Event::AddressCleared(_), Gone) => Ignore("the contact has left"),
        (Event::AddressUndeliverable(_), Deliverable) | (Event::AddressCleared(_), Undeliverable) => Apply,
        (Event::AddressUndeliverable(_), Undeliverable) => Ignore("it is known"),
        (Event::AddressUndeliverable(_), Corrected) => Ignore("the address was corrected since"),
        (Event::AddressCleared(_), Deliverable | Corrected) => Ignore("the address counts as deliverable"),
        (
            Event::MessageSent(_)
            | Event::MessageGivenUp(_)
            | Event::MessageBounced(_)
            | Event::ContactPreferencesChanged(_)
            | Event::QuestionAsked(_)
            | Event::QuestionAnswered(_)
            | Event::Snapshot(_),
            _,
        ) => Ignore("no concern of scheduling"),
    }
}

impl Scheduling {
    /// Applies what notification tells.
    pub(crate) async fn apply_to_contact(
        &self,
        unit: &mut Unit,
        company: CompanyId,
        event: &Event,
        occurred_at: Timestamp,
    ) -> Result<(), ApplyError> {
        let Some(contact) = named_contact(company, event)? else { return Ok(()) };
        let mut stored = store::find(unit.db(), company).await?;
        let known = stored.as_ref().and_then(|stored| stored.value.contact(contact));
        let state = State::of(known, occurred_at);
        if !outcome(event, state).applies()? {
            return Ok(());
        }
        let Some(stored) = &mut stored else { return Ok(()) };
        Ok(self.change_address(unit, stored, contact, event, occurred_at).await?)
    }

    async fn change_address(
        &self,
        unit: &mut Unit,
        stored: &mut Stored<Company>,
        contact: ContactId,
        event: &Event,
        occurred_at: Timestamp,
    ) -> Result<(), platform::Error> {
        let events = match event {
            Event::AddressUndeliverable(_) => stored.value.address_undeliverable(contact, occurred_at),
            _ => stored.value.address_works(contact),
        };
        platform::documents::save(unit.db(), stored).await?;
        self.saved(unit, &Actor::System, &stored.value, &events).await
    }
}

/// Whose address the event is about; none for an event about something else.
fn named_contact(lane: CompanyId, event: &Event) -> Result<Option<ContactId>, ApplyError> {
    let name = match event {
        Event::AddressUndeliverable(told) => &told.contact,
        Event::AddressCleared(told) => &told.contact,
        Event::MessageSent(_)
        | Event::MessageGivenUp(_)
        | Event::MessageBounced(_)
        | Event::ContactPreferencesChanged(_)
        | Event::QuestionAsked(_)
        | Event::QuestionAnswered(_)
        | Event::Snapshot(_) => return Ok(None),
    };
    let (company, contact) =
        parse::contact_name("contact", name).map_err(|e| ApplyError::Undecodable(e.to_string()))?;
    of_company(lane, &super::resource_name(company))?;
    Ok(Some(contact))
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use proto::notification::v1 as pb;
    use rstest::rstest;

    use super::{Outcome::*, State::*, *};
    use crate::consume::heeded;

    const STATES: [State; 5] = [Unknown, Deliverable, Corrected, Undeliverable, Gone];

    fn told(event: &Event) -> [Outcome; 5] {
        STATES.map(|state| outcome(event, state))
    }

    #[test]
    fn an_undeliverable_address_changes_only_a_contact_who_takes_part_with_that_address() {
        let event = Event::AddressUndeliverable(pb::AddressUndeliverable::default());
        assert!(matches!(told(&event), [Raise(_), Apply, Ignore(_), Ignore(_), Ignore(_)]));
    }

    #[test]
    fn a_cleared_address_changes_only_one_that_was_undeliverable() {
        let event = Event::AddressCleared(pb::AddressCleared::default());
        assert!(matches!(told(&event), [Raise(_), Ignore(_), Ignore(_), Apply, Ignore(_)]));
    }

    #[rstest]
    #[case(Event::MessageSent(pb::MessageSent::default()))]
    #[case(Event::QuestionAsked(pb::QuestionAsked::default()))]
    #[case(Event::QuestionAnswered(pb::QuestionAnswered::default()))]
    fn other_events_of_notification_change_nothing(#[case] event: Event) {
        assert!(told(&event).iter().all(|outcome| matches!(outcome, Ignore(_))));
    }

    #[test]
    fn what_is_passed_over_changes_nothing_in_any_state() {
        for (name, number) in proto::event::of("notification") {
            let event = pb::NotificationEvent::decode(&*proto::event::bare(*number)).expect("an event");
            let nothing =
                told(&event.event.expect("known")).iter().all(|outcome| matches!(outcome, Ignore(_)));
            assert_eq!(!heeded("notification").contains(name), nothing, "{name}");
        }
    }
}
