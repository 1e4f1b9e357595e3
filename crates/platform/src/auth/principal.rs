//! The caller as its token says.

use std::{collections::BTreeSet, fmt, str::FromStr};

use proto::refusal::{Words, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    id::{CompanyId, ContactId},
};

/// What a caller may be. The first three are SOFTVIG's, the other two a company's contact's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// SOFTVIG's CRM: all companies.
    Crm,
    /// SOFTVIG's operators: all companies, and the commands that repair.
    Operator,
    /// SOFTVIG's auditors.
    Auditor,
    /// A contact for IT.
    Technical,
    /// A contact who decides.
    Decision,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Crm, Self::Operator, Self::Auditor, Self::Technical, Self::Decision];

    /// As in tokens and in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crm => "crm",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::Technical => "technical",
            Self::Decision => "decision",
        }
    }

    /// As a refusal says who may: by their names, and in Polish by what they are.
    pub fn any_of(roles: &[Self]) -> Words {
        let polish = |role: &Self| match role {
            Self::Crm => "CRM SOFTVIG",
            Self::Operator => "operator SOFTVIG",
            Self::Auditor => "audytor SOFTVIG",
            Self::Technical => "osoba techniczna",
            Self::Decision => "osoba decyzyjna",
        };
        let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
        words(names.join(", "), roles.iter().map(polish).collect::<Vec<_>>().join(", "))
    }

    pub const fn is_softvig(self) -> bool {
        matches!(self, Self::Crm | Self::Operator | Self::Auditor)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.name() == s).ok_or_else(|| {
            format!("unknown role {s:?}; known are crm, operator, auditor, technical, decision")
        })
    }
}

pub type RoleSet = BTreeSet<Role>;

/// A verified caller. A contact has both ids, SOFTVIG has neither; nobody is both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub issuer: String,
    pub subject: String,
    /// Upper bound of what the caller may do; a contact's present roles in the database decide.
    pub roles: RoleSet,
    pub company: Option<CompanyId>,
    pub contact: Option<ContactId>,
}

impl Principal {
    /// The caller of the operator's local socket, whom the file's mode has authenticated: a user of this machine.
    pub fn local_operator(uid: u32) -> Self {
        Self {
            issuer: "local".to_owned(),
            subject: format!("local-uid-{uid}"),
            roles: RoleSet::from([Role::Operator]),
            company: None,
            contact: None,
        }
    }

    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    pub fn is_softvig(&self) -> bool {
        self.roles.iter().any(|role| role.is_softvig())
    }

    /// Another company's things do not exist for a contact; `name` is the resource asked for.
    ///
    /// # Errors
    /// NOT_FOUND.
    pub fn sees(&self, company: CompanyId, name: impl fmt::Display) -> Result<(), Error> {
        if self.is_softvig() || self.company == Some(company) { Ok(()) } else { Err(Error::not_found(name)) }
    }

    /// # Errors
    /// PERMISSION_DENIED, naming the roles that may.
    pub fn require(&self, any_of: &[Role]) -> Result<(), Error> {
        if any_of.iter().any(|role| self.has(*role)) {
            return Ok(());
        }
        Err(Error::permission_denied(Role::any_of(any_of)))
    }
}
