//! Client since when, and the contacts by id, roles and whether they take part. No personal data. Pure.

use std::collections::BTreeMap;

use jiff::civil::Date;
use platform::{actor::Roles, id::ContactId};
use serde::{Deserialize, Serialize};

/// The facts of one company.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// `OFFER_FOR_CLIENTS_ONLY` asks for it.
    pub client_since: Option<Date>,
    contacts: BTreeMap<ContactId, Contact>,
}

/// One contact, without name and address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub roles: Roles,
    pub active: bool,
}

impl Company {
    /// The roles that a contact holds now: none for one who left or was never known.
    pub fn roles(&self, contact: ContactId) -> Roles {
        self.contacts.get(&contact).filter(|c| c.active).map_or_else(Roles::default, |c| c.roles)
    }

    /// The contact as it now is.
    pub fn set_contact(&mut self, id: ContactId, contact: Contact) {
        self.contacts.insert(id, contact);
    }

    /// The contact takes part no longer. One who is not known needs no entry.
    pub fn contact_left(&mut self, id: ContactId) {
        if let Some(contact) = self.contacts.get_mut(&id) {
            *contact = Contact::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_holds_roles_only_while_taking_part() {
        let id = ContactId(uuid::Uuid::from_u128(1));
        let roles = Roles { technical: true, decision: false };
        let mut company = Company::default();
        assert_eq!(company.roles(id), Roles::default(), "unknown");
        company.set_contact(id, Contact { roles, active: true });
        assert_eq!(company.roles(id), roles);
        company.set_contact(id, Contact { roles, active: false });
        assert_eq!(company.roles(id), Roles::default(), "inactive");
        company.set_contact(id, Contact { roles, active: true });
        company.contact_left(id);
        assert_eq!(company.roles(id), Roles::default(), "left");
    }
}
