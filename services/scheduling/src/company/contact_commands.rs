//! The commands on a company's contacts, one function each.

use platform::{Call, Error, command::Started, etag, id::ContactId, name};
use proto::{
    refusal::{Refusal, words},
    scheduling::v1 as pb,
};

use super::{CompanyEvent, contact_name, parse, store, store::Change, view};
use crate::Scheduling;

/// The field of requests that carry the whole contact.
const CONTACT: &str = "contact";

impl Scheduling {
    /// RPC `CreateContact`.
    pub async fn create_contact(
        &self,
        call: Call,
        request: pb::CreateContactRequest,
    ) -> Result<pb::Contact, Error> {
        let company = name::company("parent", &request.parent)?;
        let (card, roles) = parse::card(parse::given(CONTACT, request.contact)?).map_err(in_contact)?;
        let id = ContactId::new();
        call.principal.sees(company, &request.parent)?;
        let (unit, actor) = match self.core.start(&call, company.into()).await? {
            Started::Replayed(name) => return self.read_contact(parse::contact_name("name", &name)?).await,
            Started::Fresh(unit, actor) => (unit, actor),
        };
        let company = store::load(unit.db(), company, &request.parent).await?;
        let mut change = Change { unit, actor, company };
        let now = change.unit.now();
        let events =
            change.company.value.add_contact(id, card, roles, now, &change.actor).map_err(in_contact)?;
        self.contact_changed(change, &events, id).await
    }

    /// RPC `UpdateContact`.
    pub async fn update_contact(
        &self,
        call: Call,
        request: pb::UpdateContactRequest,
    ) -> Result<pb::Contact, Error> {
        let asked = parse::given(CONTACT, request.contact)?;
        let name = asked.name.clone();
        let (company, id) = parse::contact_name("contact.name", &name)?;
        let (card, roles) = parse::card(asked).map_err(in_contact)?;
        let Some(mut change) = self.change_company(&call, company, &name).await? else {
            return self.read_contact((company, id)).await;
        };
        etag::check(call.etag.as_deref(), change.contact(id)?)?;
        let now = change.unit.now();
        let events =
            change.company.value.update_contact(id, card, roles, now, &change.actor).map_err(in_contact)?;
        self.contact_changed(change, &events, id).await
    }

    /// RPC `ReplaceContact`: answers with the successor.
    pub async fn replace_contact(
        &self,
        call: Call,
        request: pb::ReplaceContactRequest,
    ) -> Result<pb::Contact, Error> {
        let (company, id) = parse::contact_name("name", &request.name)?;
        let (other, successor) = parse::contact_name("successor", &request.successor)?;
        if other != company {
            return Err(Error::invalid(
                "successor",
                request.successor,
                words("another contact of the company", "inna osoba kontaktowa firmy"),
            ));
        }
        let Some(mut change) = self.change_company(&call, company, &request.name).await? else {
            return self.read_contact((company, successor)).await;
        };
        let now = change.unit.now();
        let events = change.company.value.replace_contact(id, successor, now, &change.actor)?;
        self.contact_changed(change, &events, successor).await
    }

    /// RPC `RemoveContact`.
    pub async fn remove_contact(
        &self,
        call: Call,
        request: pb::RemoveContactRequest,
    ) -> Result<pb::Contact, Error> {
        let (company, id) = parse::contact_name("name", &request.name)?;
        let Some(mut change) = self.change_company(&call, company, &request.name).await? else {
            return self.read_contact((company, id)).await;
        };
        let now = change.unit.now();
        let events = change.company.value.remove_contact(id, now, &change.actor)?;
        self.contact_changed(change, &events, id).await
    }

    /// RPC `ClearAddress`.
    pub async fn clear_address(
        &self,
        call: Call,
        request: pb::ClearAddressRequest,
    ) -> Result<pb::Contact, Error> {
        let (company, id) = parse::contact_name("name", &request.name)?;
        let Some(mut change) = self.change_company(&call, company, &request.name).await? else {
            return self.read_contact((company, id)).await;
        };
        let events = change.company.value.clear_address(id, &change.actor)?;
        self.contact_changed(change, &events, id).await
    }

    /// RPC `AnonymiseContact`: the cards that were told before lose their personal data, too.
    pub async fn anonymise_contact(
        &self,
        call: Call,
        request: pb::AnonymiseContactRequest,
    ) -> Result<pb::Contact, Error> {
        let (company, id) = parse::contact_name("name", &request.name)?;
        let Some(mut change) = self.change_company(&call, company, &request.name).await? else {
            return self.read_contact((company, id)).await;
        };
        let now = change.unit.now();
        let open = store::has_open_project(change.unit.db(), company).await?;
        let events = change.company.value.anonymise_contact(id, open, now, &change.actor)?;
        self.contact_changed(change, &events, id).await
    }

    /// Keeps the change and answers with this contact.
    async fn contact_changed(
        &self,
        change: Change,
        events: &[CompanyEvent],
        id: ContactId,
    ) -> Result<pb::Contact, Error> {
        let name = contact_name(change.company.value.id, id);
        let company = self.finish_company(change, events, &name).await?;
        let contact = company.contact(id).ok_or_else(|| Error::not_found(name))?;
        Ok(view::contact(company.id, contact))
    }
}

fn in_contact(refusal: Refusal) -> Refusal {
    refusal.within(CONTACT)
}
