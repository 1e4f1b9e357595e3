//! Internal events of the company become the outbox's public messages and the history's lines.

use platform::{Error, actor::Actor, id::ContactId, unit::Unit};
use proto::scheduling::v1::{self as pb, scheduling_event::Event as Public};

use serde::Serialize;
use serde_json::{Value, json};

use super::{Company, CompanyEvent, Contact, contact_name, view};
use crate::{events::Source, project::stops::StopList};

/// Puts the events of one change on the lane, and each into the history. `company` is what it became.
pub(super) fn emit(
    unit: &mut Unit,
    actor: &Actor,
    company: &Company,
    events: &[CompanyEvent],
) -> Result<(), Error> {
    let source = Source { company: company.id, project: None, actor };
    let now = unit.now();
    for event in events {
        source.record(unit, event.name(), &Line { event, became: became(company, event) })?;
        for event in public(company, event) {
            source.tell(unit, event, now);
        }
    }
    Ok(())
}

/// A line of the history: the change, and what it made of the company where the change does not say.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    event: &'a CompanyEvent,
    #[serde(skip_serializing_if = "Value::is_null")]
    became: Value,
}

/// People by id only: of what must stand still the keys, because its owners are people.
fn became(company: &Company, event: &CompanyEvent) -> Value {
    match event {
        CompanyEvent::Registered => json!({ "profile": company.profile, "sites": company.sites }),
        CompanyEvent::ProfileChanged => json!({ "profile": company.profile }),
        CompanyEvent::HoursChanged => json!({ "sites": company.sites }),
        CompanyEvent::SystemsStated => {
            let keys = |list| -> Vec<_> {
                let lists = company.system_lists.iter();
                lists.flat_map(|lists| lists.list(list)).map(|item| &item.key).collect()
            };
            json!({ "systems": keys(StopList::Systems), "applications": keys(StopList::Applications) })
        }
        CompanyEvent::ContactAdded { contact } | CompanyEvent::ContactChanged { contact } => {
            json!({ "roles": company.contact(*contact).map(Contact::roles) })
        }
        CompanyEvent::BrandsChanged { .. }
        | CompanyEvent::ClosureEntered { .. }
        | CompanyEvent::ClosureWithdrawn { .. }
        | CompanyEvent::ContactLeft { .. }
        | CompanyEvent::AddressUndeliverable { .. }
        | CompanyEvent::AddressCleared { .. }
        | CompanyEvent::ContactAnonymised { .. } => Value::Null,
    }
}

/// What others hear of it; nothing where it is nobody else's business.
fn public(company: &Company, event: &CompanyEvent) -> Vec<Public> {
    let name = |contact: &ContactId| contact_name(company.id, *contact);
    let card = event.card_of().map(|id| Public::ContactCard(card(company, id)));
    let more = match event {
        CompanyEvent::Registered | CompanyEvent::ProfileChanged => {
            Some(Public::CompanyChanged(facts(company)))
        }
        CompanyEvent::ContactLeft { contact, successor } => {
            let successor = successor.as_ref().map(name).unwrap_or_default();
            let replaced = pb::ContactReplaced { contact: name(contact), successor };
            Some(Public::ContactReplaced(replaced))
        }
        CompanyEvent::AddressCleared { contact } => {
            let cleared = pb::AddressCleared { contact: name(contact) };
            Some(Public::AddressCleared(cleared))
        }
        CompanyEvent::ContactAnonymised { contact } => {
            let anonymised = pb::ContactAnonymised { contact: name(contact) };
            Some(Public::ContactAnonymised(anonymised))
        }
        // The brands travel with the profile; hours, systems and addresses matter to projects only.
        CompanyEvent::BrandsChanged { .. }
        | CompanyEvent::HoursChanged
        | CompanyEvent::ClosureEntered { .. }
        | CompanyEvent::ClosureWithdrawn { .. }
        | CompanyEvent::SystemsStated
        | CompanyEvent::ContactAdded { .. }
        | CompanyEvent::ContactChanged { .. }
        | CompanyEvent::AddressUndeliverable { .. } => None,
    };
    card.into_iter().chain(more).collect()
}

fn facts(company: &Company) -> pb::CompanyChanged {
    pb::CompanyChanged {
        display_name: company.profile.name.clone(),
        brands: company.profile.brands.clone(),
        client_since: company.profile.client_since.map(|day| day.to_string()).unwrap_or_default(),
    }
}

/// The card as it now is; without personal data once that is removed.
fn card(company: &Company, id: ContactId) -> pb::ContactCard {
    let Some(contact) = company.contact(id) else { return anonymised_card(contact_name(company.id, id)) };
    let card = contact.card();
    pb::ContactCard {
        contact: contact_name(company.id, id),
        roles: view::roles(contact.roles()),
        state: view::contact_state(contact).into(),
        display_name: card.map(|card| card.name.clone()).unwrap_or_default(),
        email: card.map(|card| card.email.clone()).unwrap_or_default(),
        language: card.map(|card| card.language.key().to_owned()).unwrap_or_default(),
    }
}

/// What takes the place of a contact's earlier cards.
pub(super) fn anonymised_card(contact: String) -> pb::ContactCard {
    pb::ContactCard { contact, state: pb::ContactState::Anonymised.into(), ..Default::default() }
}
