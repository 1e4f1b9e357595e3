use platform::{
    Call, Error,
    auth::Role,
    command::Started,
    documents,
    id::{CompanyId, ContactId},
    name,
    unit::NewHistory,
};
use proto::notification::v1::{self as pb, notification_event::Event};
use serde_json::json;

use super::Directory;
use crate::Notification;
use crate::events::emit;
use crate::questions::actor_name;

const CONTACT: &str = "companies/{company}/contacts/{contact}";

impl Notification {
    /// SOFTVIG says that an address works after all: it is used again from now on.
    ///
    /// # Errors
    /// NOT_FOUND, PERMISSION_DENIED for contacts.
    pub async fn clear_undeliverable(
        &self,
        call: Call,
        request: pb::ClearUndeliverableRequest,
    ) -> Result<pb::ClearUndeliverableResponse, Error> {
        let [company, contact] = name::ids("contact", CONTACT, &request.contact)?;
        let (company, contact) = (CompanyId::from(company), ContactId::from(contact));
        call.principal.sees(company, &request.contact)?;
        call.principal.require(&[Role::Crm, Role::Operator])?;
        let Started::Fresh(mut unit, actor) = self.core.start(&call, company.into()).await? else {
            return Ok(pb::ClearUndeliverableResponse { contact: request.contact });
        };
        let stored = documents::find::<Directory>(unit.db(), company, company.0).await?;
        let stored = stored.filter(|s| s.value.contact(contact).is_some());
        let mut stored = stored.ok_or_else(|| Error::not_found(&request.contact))?;
        // An address that works already needs nothing.
        if stored.value.clear_undeliverable(contact) {
            documents::save(unit.db(), &stored).await?;
            let cleared = pb::AddressCleared { contact: request.contact.clone() };
            emit(&mut unit, company, None, Event::AddressCleared(cleared));
            unit.record(NewHistory {
                kind: "address_cleared".to_owned(),
                project: None,
                actor: actor_name(company, &actor),
                body: json!({ "contact": contact }),
            });
        }
        unit.commit(&request.contact).await?;
        Ok(pb::ClearUndeliverableResponse { contact: request.contact })
    }
}
