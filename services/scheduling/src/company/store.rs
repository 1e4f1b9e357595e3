//! Loading and keeping the company, and the frame of its commands.

use platform::{
    Call, Error,
    command::Started,
    db::query_one,
    documents::{self, Document, Stored},
    id::{CompanyId, ContactId},
    unit::Unit,
};
use sea_orm::ConnectionTrait;

use super::{Company, CompanyEvent, Contact, events, gdpr, resource_name};
use crate::{Scheduling, actor::Actor};

impl Document for Company {
    const TABLE: &'static str = "company";

    fn label(&self) -> String {
        "company".to_owned()
    }
}

/// The company, if there is one of this id.
pub(crate) async fn find(c: &impl ConnectionTrait, id: CompanyId) -> Result<Option<Stored<Company>>, Error> {
    documents::find(c, id, id.0).await
}

/// The company.
///
/// # Errors
/// `NOT_FOUND` for `name`.
pub(crate) async fn load(
    c: &impl ConnectionTrait,
    id: CompanyId,
    name: &str,
) -> Result<Stored<Company>, Error> {
    find(c, id).await?.ok_or_else(|| Error::not_found(name))
}

/// Whether one of the company's projects is open.
pub(crate) async fn has_open_project(c: &impl ConnectionTrait, id: CompanyId) -> Result<bool, Error> {
    let sql = "select 1 from project where company = $1 and label not in ('completed', 'cancelled')";
    Ok(query_one(c, sql, vec![id.to_string().into()]).await?.is_some())
}

/// A command under way: who acts, in which unit, on what.
pub(super) struct Change {
    pub unit: Unit,
    pub actor: Actor,
    pub company: Stored<Company>,
}

impl Change {
    /// The contact that a command is about.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn contact(&self, id: ContactId) -> Result<&Contact, Error> {
        let company = &self.company.value;
        company.contact(id).ok_or_else(|| Error::not_found(super::contact_name(company.id, id)))
    }
}

impl Scheduling {
    /// Begins a command on a company; none where the same request was carried out before. `name` is
    /// what the request asked for.
    ///
    /// Refused with `NOT_FOUND`, and by the platform for the caller and the request id.
    pub(super) async fn change_company(
        &self,
        call: &Call,
        id: CompanyId,
        name: &str,
    ) -> Result<Option<Change>, Error> {
        call.principal.sees(id, name)?;
        match self.core.start(call, id.into()).await? {
            Started::Replayed(_) => Ok(None),
            Started::Fresh(unit, actor) => {
                let company = load(unit.db(), id, name).await?;
                Ok(Some(Change { unit, actor, company }))
            }
        }
    }

    /// Keeps what a command came to; `resource` is what a repeat reads. No events mean that nothing
    /// changed.
    pub(super) async fn finish_company(
        &self,
        mut change: Change,
        events: &[CompanyEvent],
        resource: &str,
    ) -> Result<Company, Error> {
        let Change { unit, actor, company } = &mut change;
        if !events.is_empty() {
            documents::save(unit.db(), company).await?;
            self.saved(unit, actor, &company.value, events).await?;
        }
        change.unit.commit(resource).await?;
        Ok(change.company.value)
    }

    /// Keeps a new company.
    pub(super) async fn add_company(
        &self,
        mut unit: Unit,
        actor: &Actor,
        company: &Company,
        events: &[CompanyEvent],
    ) -> Result<(), Error> {
        documents::insert(unit.db(), company.id, company.id.0, company).await?;
        self.saved(&mut unit, actor, company, events).await?;
        unit.commit(&resource_name(company.id)).await
    }

    /// What follows in the same unit when a company has changed: events and history, the contacts'
    /// present roles, the removal of personal data from earlier events, the open project's dates.
    pub(super) async fn saved(
        &self,
        unit: &mut Unit,
        actor: &Actor,
        company: &Company,
        changed: &[CompanyEvent],
    ) -> Result<(), Error> {
        events::emit(unit, actor, company, changed)?;
        for event in changed {
            if let Some(contact) = event.card_of().and_then(|id| company.contact(id)) {
                unit.put_contact(contact.id, contact.roles()).await?;
            }
            if let CompanyEvent::ContactAnonymised { contact } = event {
                gdpr::scrub_outbox(unit, company.id, *contact).await?;
            }
        }
        self.surroundings_changed(unit, actor, company.id, changed).await
    }
}
