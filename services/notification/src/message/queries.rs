//! Reading messages: a contact sees what went to its company's contacts, SOFTVIG sees all.

use platform::{
    Call, Error,
    actor::Actor,
    id::CompanyId,
    name::{self, ProjectName},
    page::PageRequest,
    watch::WatchFilter,
};
use proto::{notification::v1 as pb, refusal::words};

use super::store::{self, MessageQuery};
use super::{MessageId, Recipient};
use crate::{Notification, view};

const CONTACT: &str = "companies/{company}/contacts/{contact}";
pub(super) const MESSAGE: &str = "companies/{company}/messages/{message}";

impl Notification {
    /// What was sent to whom, newest first.
    ///
    /// # Errors
    /// NOT_FOUND for another company; INVALID_ARGUMENT, PAGE_TOKEN_INVALID.
    pub async fn list_messages(
        &self,
        call: Call,
        request: pb::ListMessagesRequest,
    ) -> Result<pb::ListMessagesResponse, Error> {
        let company = name::company("parent", &request.parent)?;
        call.principal.sees(company, &request.parent)?;
        let reader = self.core.actor(&call.principal).await?;
        let query = query(company, &request, &reader)?;
        // Taken first, so that nothing falls between the list and a watch from its token.
        let watch_token =
            self.core.watch_token(&WatchFilter::parse(&request.parent, &request.project)?).await?;
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let binding = format!("page message {query:?}");
        let read =
            async |db: &platform::db::Db, after, limit| store::list(db.read(), &query, after, limit).await;
        let page = self.core.page_by(page, &binding, read, |m| m.id.0).await?;
        Ok(pb::ListMessagesResponse {
            messages: page.items.iter().map(view::summary).collect(),
            next_page_token: page.next_page_token,
            watch_token,
        })
    }

    /// One message with its texts.
    ///
    /// # Errors
    /// NOT_FOUND for another company's, and to contacts for SOFTVIG's own.
    pub async fn get_message(
        &self,
        call: Call,
        request: pb::GetMessageRequest,
    ) -> Result<pb::Message, Error> {
        let [company, id] = name::ids("name", MESSAGE, &request.name)?;
        let company = CompanyId::from(company);
        call.principal.sees(company, &request.name)?;
        let reader = self.core.actor(&call.principal).await?;
        let found = store::find(self.core.db.read(), company, MessageId(id)).await?;
        found
            .map(|stored| stored.value)
            .filter(|m| reader.is_softvig() || m.recipient != Recipient::Softvig)
            .map(|m| view::message(&m))
            .ok_or_else(|| Error::not_found(&request.name))
    }
}

fn query(
    company: CompanyId,
    request: &pb::ListMessagesRequest,
    reader: &Actor,
) -> Result<MessageQuery, Error> {
    let project = match request.project.as_str() {
        "" => None,
        name => {
            let project = ProjectName::parse("project", name)?;
            of_the_company("project", name, project.company == company)?;
            Some(project.project)
        }
    };
    let recipient = match request.contact.as_str() {
        "" => None,
        name => {
            let [of, contact] = name::ids("contact", CONTACT, name)?;
            of_the_company("contact", name, of == company.0)?;
            Some(Recipient::Contact(contact.into()))
        }
    };
    let label = match pb::MessageState::try_from(request.state) {
        Ok(pb::MessageState::Unspecified) => None,
        Ok(pb::MessageState::Held) => Some("held"),
        Ok(pb::MessageState::Pending) => Some("pending"),
        Ok(pb::MessageState::Sending) => Some("sending"),
        Ok(pb::MessageState::Sent) => Some("sent"),
        Ok(pb::MessageState::Undeliverable) => Some("undeliverable"),
        Ok(pb::MessageState::Dropped) => Some("dropped"),
        Ok(pb::MessageState::Joined) => Some("joined"),
        Ok(pb::MessageState::GivenUp) => Some("given_up"),
        Ok(pb::MessageState::Bounced) => Some("bounced"),
        Err(_) => return Err(Error::unknown_state(request.state)),
    };
    Ok(MessageQuery { company, project, recipient, contacts_only: !reader.is_softvig(), label })
}

fn of_the_company(field: &str, name: &str, is: bool) -> Result<(), Error> {
    let allowed = words("one of the company that `parent` names", "należący do firmy z pola `parent`");
    if is { Ok(()) } else { Err(Error::invalid(field, name, allowed)) }
}
