//! The reads, one function each. Contacts read their own company's while they take part in it.

use platform::{
    Call, Error,
    auth::Role,
    documents::Query,
    id::{CompanyId, ContactId},
    name,
    page::PageRequest,
    watch::WatchFilter,
};
use proto::scheduling::v1 as pb;

use super::{Company, contact_name, parse, resource_name, store, view};
use crate::{
    Scheduling,
    history::{self, Lines},
};

/// An export is one answer; nobody does more than this at one dealership.
const MOST_ACTIONS: u64 = 10_000;

impl Scheduling {
    /// RPC `GetCompany`.
    pub async fn get_company(
        &self,
        call: Call,
        request: pb::GetCompanyRequest,
    ) -> Result<pb::Company, Error> {
        let company = name::company("name", &request.name)?;
        self.core.may_read(&call.principal, Some(company), &request.name).await?;
        self.read_company(company).await
    }

    /// RPC `ListCompanies`.
    pub async fn list_companies(
        &self,
        call: Call,
        request: pb::ListCompaniesRequest,
    ) -> Result<pb::ListCompaniesResponse, Error> {
        self.core.may_read(&call.principal, None, "companies").await?;
        // Taken first: what changes while the page is read is told again, not missed.
        let watch_token = self.core.watch_token(&WatchFilter::default()).await?;
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let page = self.core.page::<Company>(page, Query::default()).await?;
        Ok(pb::ListCompaniesResponse {
            companies: page.items.iter().map(|stored| view::company(&stored.value)).collect(),
            next_page_token: page.next_page_token,
            watch_token,
        })
    }

    /// RPC `GetContact`.
    pub async fn get_contact(
        &self,
        call: Call,
        request: pb::GetContactRequest,
    ) -> Result<pb::Contact, Error> {
        let name = parse::contact_name("name", &request.name)?;
        self.core.may_read(&call.principal, Some(name.0), &request.name).await?;
        self.read_contact(name).await
    }

    /// RPC `ListContacts`.
    pub async fn list_contacts(
        &self,
        call: Call,
        request: pb::ListContactsRequest,
    ) -> Result<pb::ListContactsResponse, Error> {
        let id = name::company("parent", &request.parent)?;
        self.core.may_read(&call.principal, Some(id), &request.parent).await?;
        let company = store::load(self.core.db.read(), id, &request.parent).await?.value;
        let contacts = company.contacts.iter().map(|contact| view::contact(id, contact));
        Ok(pb::ListContactsResponse { contacts: contacts.collect() })
    }

    /// RPC `ExportContact`.
    pub async fn export_contact(
        &self,
        call: Call,
        request: pb::ExportContactRequest,
    ) -> Result<pb::ContactExport, Error> {
        let (id, contact) = parse::contact_name("name", &request.name)?;
        call.principal.sees(id, &request.name)?;
        let actor = self.core.actor(&call.principal).await?;
        let company = store::load(self.core.db.read(), id, &request.name).await?.value;
        let exported = view::contact(id, company.export_contact(contact, &actor)?);
        let lines = Lines::Actor(id, contact_name(id, contact));
        let actions = history::read(&self.core.db, &lines, None, MOST_ACTIONS).await?;
        Ok(pb::ContactExport { contact: Some(exported), actions })
    }

    /// RPC `ListVariants`.
    pub async fn list_variants(
        &self,
        call: Call,
        _: pb::ListVariantsRequest,
    ) -> Result<pb::ListVariantsResponse, Error> {
        call.principal.require(&Role::ALL)?;
        Ok(pb::ListVariantsResponse { variants: self.catalogue.all().iter().map(view::variant).collect() })
    }

    /// The company as it now is.
    pub(super) async fn read_company(&self, id: CompanyId) -> Result<pb::Company, Error> {
        let company = store::load(self.core.db.read(), id, &resource_name(id)).await?;
        Ok(view::company(&company.value))
    }

    /// The contact as it now is.
    pub(super) async fn read_contact(
        &self,
        (company, id): (CompanyId, ContactId),
    ) -> Result<pb::Contact, Error> {
        let name = contact_name(company, id);
        let company = store::load(self.core.db.read(), company, &name).await?.value;
        let contact = company.contact(id).ok_or_else(|| Error::not_found(name))?;
        Ok(view::contact(company.id, contact))
    }
}
