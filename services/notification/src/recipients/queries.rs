use platform::{
    Call, Error,
    auth::{Principal, Role},
    documents::{self, Query},
    id::{CompanyId, ContactId},
    name,
    page::PageRequest,
};
use proto::{
    notification::v1 as pb,
    refusal::{Words, words},
};

use super::{Contact, Directory};
use crate::book::directory;
use crate::links::{Holder, store as links};
use crate::message::{
    Message, Recipient,
    store::{self as messages, MessageQuery},
};
use crate::questions::Question;
use crate::{Notification, view};

pub(super) const CONTACT: &str = "companies/{company}/contacts/{contact}";
const PREFERENCES: &str = "companies/{company}/contacts/{contact}/preferences";

/// Questions that one query reads.
const AT_ONCE: u64 = 200;
/// A contact has one calendar link for its company.
const MOST_LINKS: u64 = 10;

impl Notification {
    /// RPC `GetContactPreferences`.
    ///
    /// # Errors
    /// NOT_FOUND, also for a contact who has left; PERMISSION_DENIED.
    pub async fn get_contact_preferences(
        &self,
        call: Call,
        request: pb::GetContactPreferencesRequest,
    ) -> Result<pb::ContactPreferences, Error> {
        let (company, id) = preferences_of("name", &request.name)?;
        call.principal.sees(company, &request.name)?;
        may(&call.principal, id, &[Role::Crm, Role::Operator])?;
        self.core.actor(&call.principal).await?;
        self.read_preferences(company, id, &request.name).await
    }

    pub(super) async fn read_preferences(
        &self,
        company: CompanyId,
        id: ContactId,
        name: &str,
    ) -> Result<pb::ContactPreferences, Error> {
        let directory = directory(self.core.db.read(), company).await?;
        Ok(view::preferences(company, active(&directory, id, name)?))
    }

    /// RPC `ExportContact`.
    ///
    /// # Errors
    /// NOT_FOUND, PERMISSION_DENIED; INVALID_ARGUMENT, PAGE_TOKEN_INVALID.
    pub async fn export_contact(
        &self,
        call: Call,
        request: pb::ExportContactRequest,
    ) -> Result<pb::ContactExport, Error> {
        let [company, id] = name::ids("name", CONTACT, &request.name)?;
        let (company, id) = (CompanyId::from(company), ContactId::from(id));
        call.principal.sees(company, &request.name)?;
        may(&call.principal, id, &[Role::Crm])?;
        let reader = self.core.actor(&call.principal).await?;
        let db = self.core.db.read();
        let directory = directory(db, company).await?;
        let contact = directory.contact(id).ok_or_else(|| Error::not_found(&request.name))?;
        let (messages, next_page_token) = self.written_to(company, id, &request).await?;
        let page = pb::ContactExport {
            messages: messages.iter().map(exported).collect(),
            next_page_token,
            ..Default::default()
        };
        if !request.page_token.is_empty() {
            return Ok(page);
        }
        let questions = self.asked_by(company, id).await?;
        let links = links::list(db, Some(company), Some(&Holder::Contact(id)), None, MOST_LINKS).await?;
        Ok(pb::ContactExport {
            preferences: Some(contact)
                .filter(|c| Contact::is_active(c))
                .map(|c| view::preferences(company, c)),
            questions: questions.iter().map(|question| view::question(question, &reader)).collect(),
            calendar_links: links.iter().map(view::calendar_link).collect(),
            ..page
        })
    }

    /// A page of the messages to a contact, newest first, and the token of the next one.
    async fn written_to(
        &self,
        company: CompanyId,
        id: ContactId,
        request: &pb::ExportContactRequest,
    ) -> Result<(Vec<Message>, String), Error> {
        let recipient = Some(Recipient::Contact(id));
        let query = MessageQuery { company, project: None, recipient, contacts_only: true, label: None };
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let read =
            async |db: &platform::db::Db, after, limit| messages::list(db.read(), &query, after, limit).await;
        let page = self.core.page_by(page, &format!("page export {query:?}"), read, |m| m.id.0).await?;
        Ok((page.items, page.next_page_token))
    }

    async fn asked_by(&self, company: CompanyId, id: ContactId) -> Result<Vec<Question>, Error> {
        let mut asked = Vec::new();
        let mut query = Query { company: Some(company), label: None, after: None, limit: AT_ONCE };
        loop {
            let page = documents::list::<Question>(self.core.db.read(), &query).await?;
            let Some(last) = page.last() else { return Ok(asked) };
            query.after = Some(last.id);
            asked.extend(page.into_iter().map(|stored| stored.value).filter(|q| q.asker == id));
        }
    }
}

/// Without HTML: it says what the text says.
fn exported(message: &Message) -> pb::Message {
    pb::Message { html: String::new(), ..view::message(message) }
}

/// Company and contact of preferences.
///
/// # Errors
/// INVALID_ARGUMENT for `field`.
pub(super) fn preferences_of(field: &str, name: &str) -> Result<(CompanyId, ContactId), Error> {
    let [company, contact] = name::ids(field, PREFERENCES, name)?;
    Ok((company.into(), contact.into()))
}

/// A contact who takes part.
///
/// # Errors
/// NOT_FOUND for `name`, the resource asked for.
pub(super) fn active<'a>(directory: &'a Directory, id: ContactId, name: &str) -> Result<&'a Contact, Error> {
    let contact = directory.contact(id).filter(|contact| contact.is_active());
    contact.ok_or_else(|| Error::not_found(name))
}

/// The contact itself, or SOFTVIG in one of these roles.
///
/// # Errors
/// PERMISSION_DENIED, naming who may.
pub(super) fn may(principal: &Principal, contact: ContactId, softvig: &[Role]) -> Result<(), Error> {
    if principal.contact == Some(contact) || softvig.iter().any(|role| principal.has(*role)) {
        return Ok(());
    }
    let roles: Words = Role::any_of(softvig);
    Err(Error::permission_denied(words(
        format!("{}, the contact itself", roles.en),
        format!("{}, sama ta osoba", roles.polish()),
    )))
}
