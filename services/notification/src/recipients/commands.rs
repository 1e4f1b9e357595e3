use platform::{
    Call, Error,
    auth::Role,
    command::Started,
    id::{CompanyId, ContactId},
    name,
    unit::NewHistory,
};
use proto::notification::v1::{self as pb, notification_event::Event};
use serde_json::json;

use super::Change;
use crate::Notification;
use crate::book::{OpenBook, tell};
use crate::consume::{Head, Outcome, calendar_of};
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
        let mut open = OpenBook::read(unit.db(), company, None).await?;
        if open.book.directory.contact(contact).is_none() {
            return Err(Error::not_found(&request.contact));
        }
        // An address that works already needs nothing.
        if open.book.directory.clear_undeliverable(contact) {
            let cleared = pb::AddressCleared { contact: request.contact.clone() };
            let event_id = emit(&mut unit, company, None, Event::AddressCleared(cleared));
            let head = Head { event_id, company, project: None, occurred_at: unit.now() };
            // What should have put dates into the calendar was refused.
            let change = Change::Moved { from: None };
            if let Outcome::Told(notices) = calendar_of(&head, &mut open.book, contact, change) {
                tell(&unit, &self.renderer, &open.book.directory, &notices).await?;
            }
            open.keep(&mut unit, &self.reminders).await?;
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
