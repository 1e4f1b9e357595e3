use platform::{
    Call, Error,
    auth::{Principal, Role},
    id::{CompanyId, ContactId},
    name,
};
use proto::{
    notification::v1 as pb,
    refusal::{Words, words},
};

use super::{Contact, Directory};
use crate::book::directory;
use crate::{Notification, view};

pub(super) const CONTACT: &str = "companies/{company}/contacts/{contact}";
const PREFERENCES: &str = "companies/{company}/contacts/{contact}/preferences";

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
