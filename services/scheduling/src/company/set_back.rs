//! Contacts, when notification's database was restored from a backup: whose address it holds to work.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::{consumer::ApplyError, documents, id::CompanyId, restored::Difference, unit::Unit};
use proto::notification::v1::{NotificationEvent, notification_event::Event};

use super::{Company, contact_name, store};
use crate::{Scheduling, consume::occurred_at};

impl Scheduling {
    pub(crate) async fn set_back_contacts(
        &self,
        unit: &mut Unit,
        company: CompanyId,
        told: &[NotificationEvent],
    ) -> Result<Vec<Difference>, ApplyError> {
        let mut refused = BTreeMap::new();
        for event in told {
            match &event.event {
                Some(Event::AddressUndeliverable(e)) => {
                    refused.insert(e.contact.as_str(), occurred_at(event.occurred_at.as_ref())?);
                }
                Some(Event::AddressCleared(e)) => {
                    refused.remove(e.contact.as_str());
                }
                _ => {}
            }
        }
        let Some(mut stored) = store::find(unit.db(), company).await? else { return Ok(Vec::new()) };
        let differences = stored.value.set_back(&refused);
        if !differences.is_empty() {
            documents::save(unit.db(), &stored).await?;
        }
        Ok(differences)
    }
}

impl Company {
    fn set_back(&mut self, refused: &BTreeMap<&str, Timestamp>) -> Vec<Difference> {
        let ids: Vec<_> = self.contacts.iter().map(|contact| contact.id).collect();
        let mut differences = Vec::new();
        for id in ids {
            let name = contact_name(self.id, id);
            let (works, refused_here) = (format!("{name} works"), format!("{name} undeliverable"));
            let (changed, here, there) = match refused.get(name.as_str()) {
                Some(at) => (self.address_undeliverable(id, *at), works, refused_here),
                None => (self.address_works(id), refused_here, works),
            };
            if !changed.is_empty() {
                differences.extend(Difference::between(None, "address", here, there));
            }
        }
        differences
    }
}
