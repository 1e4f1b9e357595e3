//! Export and removal of a contact's personal data (GDPR, RODO).

use jiff::Timestamp;
use platform::actor::Actor;
use platform::id::ContactId;
use proto::refusal::Refusal;

use super::{Company, CompanyEvent, Contact, ContactState, permit};
use crate::project::checks::not_found;

impl Company {
    /// Everything that is kept about a contact here. By the CRM or the contact itself.
    pub fn export_contact(&self, id: ContactId, actor: &Actor) -> Result<&Contact, Refusal> {
        permit::crm_or_self(actor, id)?;
        self.contact(id).ok_or_else(|| not_found("contact", id))
    }

    /// Removes a contact's personal data for good. One who still takes part leaves with that; the last
    /// holder of a role only once replaced, or when no project is open any more. By the CRM.
    pub fn anonymise_contact(
        &mut self,
        id: ContactId,
        project_open: bool,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Vec<CompanyEvent>, Refusal> {
        permit::crm(actor)?;
        let contact = self.contact(id).ok_or_else(|| not_found("contact", id))?;
        if matches!(contact.state, ContactState::Anonymised { .. }) {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        let successor = contact.successor();
        if contact.active().is_some() {
            if project_open {
                Refusal::unless_empty(self.last_holder(id, contact.roles()))?;
            }
            events.push(self.leave(id, None, now)?);
        }
        self.set_state(id, ContactState::Anonymised { at: now, successor });
        events.push(CompanyEvent::ContactAnonymised { contact: id });
        Ok(events)
    }
}
