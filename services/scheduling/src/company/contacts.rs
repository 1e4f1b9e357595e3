//! Contacts come, change, leave and are replaced (`CONTACTS_REQUIRED`).

use jiff::Timestamp;
use platform::actor::{Actor, Roles};
use platform::id::ContactId;
use proto::common::v1::ErrorReason;
use proto::refusal::{Refusal, Violation, words};

use super::{Active, Address, Card, Company, CompanyEvent, Contact, ContactState, permit};
use crate::project::checks::{denied, not_found};

impl Company {
    /// The contact of that id, whatever its state.
    pub fn contact(&self, id: ContactId) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.id == id)
    }

    /// Who answers for a contact now: itself, or the first of its successors who takes part.
    pub fn in_charge(&self, id: ContactId) -> Option<&Contact> {
        let mut contact = self.contact(id)?;
        while contact.active().is_none() {
            // No circle: who takes over takes part then, and who has left does not come back.
            contact = self.contact(contact.successor()?)?;
        }
        Some(contact)
    }

    /// Adds a contact. By the CRM or a decision contact.
    pub fn add_contact(
        &mut self,
        id: ContactId,
        card: Card,
        roles: Roles,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Vec<CompanyEvent>, Refusal> {
        permit::crm_or_decision(actor)?;
        let mut violations = card.violations();
        violations.extend(some_role(roles));
        Refusal::unless_empty(violations)?;
        let address = Address::Deliverable;
        let state = ContactState::Active(Active { card, roles, address, address_since: now });
        self.contacts.push(Contact { id, state });
        Ok(vec![CompanyEvent::ContactAdded { contact: id }])
    }

    /// Replaces a contact's card and roles. A corrected address counts as deliverable again; the last
    /// holder of a role keeps it. By the CRM or a decision contact; the contact itself may change its
    /// card, not its roles.
    pub fn update_contact(
        &mut self,
        id: ContactId,
        card: Card,
        roles: Roles,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Vec<CompanyEvent>, Refusal> {
        permit::crm_decision_or_self(actor, id)?;
        let held = self.active_mut(id)?.roles;
        if roles != held {
            permit::crm_or_decision(actor)?;
        }
        let lost = Roles {
            technical: held.technical && !roles.technical,
            decision: held.decision && !roles.decision,
        };
        let mut violations = self.last_holder(id, lost);
        violations.extend(card.violations());
        violations.extend(some_role(roles));
        Refusal::unless_empty(violations)?;

        let contact = self.active_mut(id)?;
        if (&contact.card, contact.roles) == (&card, roles) {
            return Ok(Vec::new());
        }
        let mut events = vec![CompanyEvent::ContactChanged { contact: id }];
        if contact.card.email != card.email {
            contact.address_since = now;
            if std::mem::take(&mut contact.address) != Address::Deliverable {
                events.push(CompanyEvent::AddressCleared { contact: id });
            }
        }
        (contact.card, contact.roles) = (card, roles);
        Ok(events)
    }

    /// A contact leaves at once, without a successor; refused to the last holder of a role. By the CRM
    /// or a decision contact.
    pub fn remove_contact(
        &mut self,
        id: ContactId,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Vec<CompanyEvent>, Refusal> {
        permit::crm_or_decision(actor)?;
        let held = self.active_mut(id)?.roles;
        Refusal::unless_empty(self.last_holder(id, held))?;
        Ok(vec![self.leave(id, None, now)?])
    }

    /// A contact leaves at once, and the successor takes over its roles. By the CRM for anybody, or a
    /// decision contact for others of the company.
    pub fn replace_contact(
        &mut self,
        id: ContactId,
        successor: ContactId,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Vec<CompanyEvent>, Refusal> {
        permit::crm_or_decision(actor)?;
        let oneself = matches!(actor, Actor::Contact { id: own, .. } if *own == id);
        Refusal::unless_empty(Vec::from_iter(denied(
            !oneself,
            words("the CRM or another decision contact", "CRM albo inna osoba decyzyjna"),
        )))?;
        let passed = self.active_mut(id)?.roles;
        let Some(heir) = self.active_mut(successor).ok().filter(|_| successor != id) else {
            let violation = Violation::new(ErrorReason::InvalidArgument).field("successor").asked(successor);
            return Err(violation
                .allowed(words(
                    "another contact that takes part",
                    "inna osoba kontaktowa, która bierze udział",
                ))
                .into());
        };
        let both = Roles {
            technical: heir.roles.technical || passed.technical,
            decision: heir.roles.decision || passed.decision,
        };
        let changed = std::mem::replace(&mut heir.roles, both) != both;
        let came = changed.then_some(CompanyEvent::ContactChanged { contact: successor });
        let left = self.leave(id, Some(successor), now)?;
        Ok(came.into_iter().chain([left]).collect())
    }

    /// A mail server answered that this address never works: a fact, ignored where the address was
    /// corrected after that or the contact has left.
    pub fn address_undeliverable(&mut self, id: ContactId, at: Timestamp) -> Vec<CompanyEvent> {
        match self.active_mut(id) {
            Ok(contact) if contact.address_since <= at && contact.address == Address::Deliverable => {
                contact.address = Address::Undeliverable { since: at };
                vec![CompanyEvent::AddressUndeliverable { contact: id }]
            }
            _ => Vec::new(),
        }
    }

    /// The address works after all. By the CRM or an operator.
    pub fn clear_address(&mut self, id: ContactId, actor: &Actor) -> Result<Vec<CompanyEvent>, Refusal> {
        permit::crm_or_operator(actor)?;
        self.active_mut(id)?;
        Ok(self.address_works(id))
    }

    /// The same as a fact: SOFTVIG said so elsewhere.
    pub fn address_works(&mut self, id: ContactId) -> Vec<CompanyEvent> {
        let Ok(contact) = self.active_mut(id) else { return Vec::new() };
        let cleared = std::mem::take(&mut contact.address) != Address::Deliverable;
        cleared.then_some(CompanyEvent::AddressCleared { contact: id }).into_iter().collect()
    }

    /// `CONTACTS_REQUIRED` for each of these roles that nobody else holds.
    pub(super) fn last_holder(&self, id: ContactId, lost: Roles) -> Vec<Violation> {
        let others = || self.contacts.iter().filter(|contact| contact.id != id).map(Contact::roles);
        let alone = |role: &str| {
            Violation::new(ErrorReason::ContactsRequired)
                .asked(words(
                    format!("{id} is the last {role} contact"),
                    format!("{id} jest ostatnią osobą z rolą {role}"),
                ))
                .allowed(words("naming a successor", "wskazanie następcy"))
        };
        let technical = lost.technical && !others().any(|roles| roles.technical);
        let decision = lost.decision && !others().any(|roles| roles.decision);
        technical.then(|| alone("technical")).into_iter().chain(decision.then(|| alone("decision"))).collect()
    }

    /// Ends the part of an active contact.
    pub(super) fn leave(
        &mut self,
        id: ContactId,
        successor: Option<ContactId>,
        at: Timestamp,
    ) -> Result<CompanyEvent, Refusal> {
        let card = self.active_mut(id)?.card.clone();
        self.set_state(id, ContactState::Left { card, at, successor });
        Ok(CompanyEvent::ContactLeft { contact: id, successor })
    }

    pub(super) fn set_state(&mut self, id: ContactId, state: ContactState) {
        if let Some(contact) = self.contacts.iter_mut().find(|contact| contact.id == id) {
            contact.state = state;
        }
    }

    /// The contact, if it takes part; `NOT_FOUND` for one who has left.
    fn active_mut(&mut self, id: ContactId) -> Result<&mut Active, Refusal> {
        match self.contacts.iter_mut().find(|contact| contact.id == id).map(|contact| &mut contact.state) {
            Some(ContactState::Active(active)) => Ok(active),
            _ => Err(not_found("contact", id)),
        }
    }
}

fn some_role(roles: Roles) -> Option<Violation> {
    (roles == Roles::default()).then(|| {
        Violation::new(ErrorReason::InvalidArgument)
            .field("roles")
            .allowed(words("technical, decision or both", "technical, decision albo obie"))
    })
}
