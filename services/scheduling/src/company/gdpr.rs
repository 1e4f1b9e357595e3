//! Export and removal of a contact's personal data (GDPR, RODO).

use jiff::Timestamp;
use platform::Error;
use platform::actor::Actor;
use platform::db::{execute, query_all};
use platform::id::{CompanyId, ContactId};
use platform::unit::Unit;
use prost::Message as _;
use proto::refusal::Refusal;
use proto::scheduling::v1::{SchedulingEvent, scheduling_event::Event};
use uuid::Uuid;

use super::{Company, CompanyEvent, Contact, ContactState, contact_name, events, permit};
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

/// Takes a contact's personal data out of the cards that were told before. Each keeps its place on the
/// lane, so that a consumer that reads the lane again finds no gap.
pub(super) async fn scrub_outbox(unit: &Unit, company: CompanyId, contact: ContactId) -> Result<(), Error> {
    let name = contact_name(company, contact);
    let sql = "select event_id, payload from outbox where lane = $1 and kind = 'contact_card'";
    for row in query_all(unit.db(), sql, vec![unit.lane().to_string().into()]).await? {
        let payload: Vec<u8> = row.try_get("", "payload")?;
        let mut message = SchedulingEvent::decode(payload.as_slice()).map_err(anyhow::Error::from)?;
        match &mut message.event {
            Some(Event::ContactCard(card)) if card.contact == name => {
                *card = events::anonymised_card(name.clone());
            }
            _ => continue,
        }
        let values = vec![message.encode_to_vec().into(), row.try_get::<Uuid>("", "event_id")?.into()];
        execute(unit.db(), "update outbox set payload = $1 where event_id = $2", values).await?;
    }
    Ok(())
}
