use platform::{
    Call, Error,
    auth::Role,
    command::Started,
    documents, etag,
    id::{CompanyId, ContactId},
    name,
    unit::{NewHistory, Unit},
};
use proto::{
    notification::v1::{self as pb, notification_event::Event},
    refusal::words,
};
use serde_json::json;

use super::queries::{CONTACT, active, may, preferences_of};
use super::{Change, Contact, Directory, Preferences};
use crate::book::{OpenBook, tell};
use crate::consume::{Head, Outcome, calendar_of};
use crate::events::{contact_name, emit};
use crate::questions::actor_name;
use crate::{Notification, view};

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
            self.send_undelivered(&unit, company, contact).await?;
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

    /// RPC `UpdateContactPreferences`.
    ///
    /// # Errors
    /// NOT_FOUND, also for a contact who has left; PERMISSION_DENIED, ETAG_MISMATCH, INVALID_ARGUMENT.
    pub async fn update_contact_preferences(
        &self,
        call: Call,
        request: pb::UpdateContactPreferencesRequest,
    ) -> Result<pb::ContactPreferences, Error> {
        let asked = request.preferences.ok_or_else(|| {
            Error::invalid("preferences", words("nothing", "nic"), words("preferences", "ustawienia"))
        })?;
        let (company, id) = preferences_of("preferences.name", &asked.name)?;
        call.principal.sees(company, &asked.name)?;
        may(&call.principal, id, &[Role::Crm, Role::Operator])?;
        let Started::Fresh(mut unit, actor) = self.core.start(&call, company.into()).await? else {
            return self.read_preferences(company, id, &asked.name).await;
        };
        let stored = documents::find::<Directory>(unit.db(), company, company.0).await?;
        let mut stored = stored.ok_or_else(|| Error::not_found(&asked.name))?;
        etag::check(call.etag.as_deref(), &active(&stored.value, id, &asked.name)?.preferences)?;
        let news = stored.value.prefer(id, Preferences::read(&asked, unit.now())?);
        let contact = active(&stored.value, id, &asked.name)?;
        if news {
            documents::save(unit.db(), &stored).await?;
            preferences_changed(&mut unit, company, contact, actor_name(company, &actor));
        }
        let answer = view::preferences(company, contact);
        unit.commit(&answer.name).await?;
        Ok(answer)
    }
}

/// Event and history of new preferences.
pub(crate) fn preferences_changed(unit: &mut Unit, company: CompanyId, contact: &Contact, actor: String) {
    let name = contact_name(company, contact.id);
    let changed = pb::ContactPreferencesChanged { contact: name };
    emit(unit, company, None, Event::ContactPreferencesChanged(changed));
    let Preferences { language, muted, .. } = &contact.preferences;
    unit.record(NewHistory {
        kind: "contact_preferences_changed".to_owned(),
        project: None,
        actor,
        body: json!({ "contact": contact.id, "language": language, "muted": muted }),
    });
}
