//! Who may call an RPC: one table, the contract's comments ("Roles: decision (for the company), crm."). It is
//! in force for every call; docs/API-DESIGN.md shows it, and a test compares it with what callers get.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proto::refusal::{Words, words};
use uuid::Uuid;

use super::{Principal, Role, RoleSet};
use crate::{descriptor::CONTRACT, error::Error};

const SOFTVIG: [Role; 3] = [Role::Crm, Role::Operator, Role::Auditor];
const CONTACTS: [Role; 2] = [Role::Technical, Role::Decision];

/// By `<service>.<rpc>`.
static TABLE: LazyLock<BTreeMap<&str, WhoMay>> = LazyLock::new(|| {
    let methods = CONTRACT.methods.iter();
    methods.map(|(method, info)| (method.as_str(), WhoMay::read(method, &info.comment))).collect()
});

struct WhoMay {
    roles: RoleSet,
    /// The contact whom the request is about, whatever its role: the service knows whether it is that one.
    the_contact: bool,
}

impl WhoMay {
    fn read(method: &str, comment: &str) -> Self {
        let wording = wording(comment).unwrap_or_else(|| panic!("{method} does not say who may"));
        let mut may = Self { roles: RoleSet::new(), the_contact: false };
        for name in wording.split(", ").map(|part| part.split(" (").next().unwrap_or_default()) {
            match name {
                "all" => may.roles.extend(Role::ALL),
                "SOFTVIG" => may.roles.extend(SOFTVIG),
                "the company's contacts" => may.roles.extend(CONTACTS),
                "the contact" => may.the_contact = true,
                name => may.roles.extend([name.parse::<Role>().unwrap_or_else(|e| panic!("{method}: {e}"))]),
            }
        }
        may
    }

    fn words(&self) -> Words {
        let roles: Vec<_> = self.roles.iter().copied().collect();
        let Words { en, pl } = Role::any_of(&roles);
        if !self.the_contact {
            return Words { en, pl };
        }
        let pl = pl.unwrap_or_default();
        words(format!("{en}, the contact"), format!("{pl}, osoba, której to dotyczy"))
    }
}

/// The roles of a comment as it words them; none where it names none.
pub(crate) fn wording(comment: &str) -> Option<&str> {
    let (_, rest) = comment.split_once("Roles: ")?;
    rest.split_once('.').map(|(roles, _)| roles)
}

/// The roles whose holders may call `<service>.<rpc>` in some state of a project. "The contact" whom it
/// is about needs no role, and is in none.
///
/// # Panics
/// For an RPC that is not in the contract, and for a contract with an RPC that does not say who may.
pub fn who_may(method: &str) -> &'static RoleSet {
    &TABLE.get(method).unwrap_or_else(|| panic!("{method}: no such RPC")).roles
}

/// Judges a call by its token, before its service sees it. What a contact holds at present, and what depends
/// on the state, the service judges after that.
///
/// # Errors
/// NOT_FOUND for another company's things; PERMISSION_DENIED, naming who may, where the table says so.
pub(crate) fn may_call(principal: &Principal, method: &str, resource: &str) -> Result<(), Error> {
    if let Some(company) = company_of(resource) {
        principal.sees(company.into(), resource)?;
    }
    let may = TABLE.get(method).ok_or_else(|| anyhow::anyhow!("{method} is not in the contract"))?;
    let contact = may.the_contact && principal.contact.is_some();
    if contact || !may.roles.is_disjoint(&principal.roles) {
        return Ok(());
    }
    Err(Error::permission_denied(may.words()))
}

/// The company that a resource name begins with; none for a name that has none, or that is none.
fn company_of(resource: &str) -> Option<Uuid> {
    resource.strip_prefix("companies/")?.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proto::common::v1::ErrorReason::{NotFound, PermissionDenied};

    use super::*;
    use crate::id::{CompanyId, ContactId};

    fn caller(role: Role, company: Option<CompanyId>) -> Principal {
        Principal {
            issuer: "i".to_owned(),
            subject: "s".to_owned(),
            roles: RoleSet::from([role]),
            company,
            contact: company.map(|_| ContactId::new()),
        }
    }

    #[test]
    fn every_rpc_is_open_to_its_roles_and_closed_to_all_others() {
        let (own, other) = (CompanyId::new(), CompanyId::new());
        for (method, may) in TABLE.iter() {
            for role in Role::ALL {
                let company = (!role.is_softvig()).then_some(own);
                let judged = |resource: &str| may_call(&caller(role, company), method, resource);
                let expected = may.roles.contains(&role) || may.the_contact && !role.is_softvig();
                for resource in ["", "companies/-", &format!("companies/{own}/projects/-")] {
                    let reason = judged(resource).err().map(|e| e.reason());
                    assert_eq!(reason, (!expected).then_some(PermissionDenied), "{method} {role} {resource}");
                }
                let foreign = judged(&format!("companies/{other}")).err().map(|e| e.reason());
                if !role.is_softvig() {
                    assert_eq!(foreign, Some(NotFound), "{method} {role}");
                }
            }
        }
    }

    #[test]
    fn a_refusal_says_who_may() {
        let refused = may_call(&caller(Role::Auditor, None), "scheduling.UpdateContact", "").expect_err("no");
        assert_eq!(refused.violations()[0].allowed, "crm, decision, the contact");
        assert_eq!(
            refused.violations()[0].allowed_pl.as_deref(),
            Some("CRM SOFTVIG, osoba decyzyjna, osoba, której to dotyczy")
        );
    }
}
