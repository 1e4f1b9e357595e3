//! Who asks for a change, as the services' models see it: already authenticated, with present roles.

use std::fmt;

use crate::id::{CompanyId, ContactId};
use proto::refusal::{Words, words};
use serde::{Deserialize, Serialize};

/// One of the two parties of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    Company,
    Softvig,
}

impl Party {
    /// As a refusal names it.
    pub fn words(self) -> Words {
        match self {
            Self::Company => words("the company", "firma"),
            Self::Softvig => "SOFTVIG".into(),
        }
    }

    /// The other party: the one that answers.
    pub fn other(self) -> Self {
        match self {
            Self::Company => Self::Softvig,
            Self::Softvig => Self::Company,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Company => "company",
            Self::Softvig => "softvig",
        })
    }
}

/// The roles that a contact holds now (not those in the token).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    pub technical: bool,
    pub decision: bool,
}

/// What a person at SOFTVIG acts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoftvigRole {
    Crm,
    Operator,
    Auditor,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Actor {
    /// A person at the dealership.
    Contact { id: ContactId, roles: Roles },
    /// A person or system at SOFTVIG; `subject` is the token's.
    Softvig { subject: String, role: SoftvigRole },
    /// Time, or an event of another service.
    System,
}

impl Actor {
    /// The party on whose behalf the actor acts; none for time.
    pub fn party(&self) -> Option<Party> {
        match self {
            Self::Contact { .. } => Some(Party::Company),
            Self::Softvig { .. } => Some(Party::Softvig),
            Self::System => None,
        }
    }

    /// As the history names who did something: a contact's resource name, SOFTVIG and the token's
    /// subject, or "system".
    pub fn in_history(&self, company: CompanyId) -> String {
        match self {
            Self::Contact { id, .. } => format!("companies/{company}/contacts/{id}"),
            Self::Softvig { subject, .. } => format!("softvig/{subject}"),
            Self::System => "system".to_owned(),
        }
    }

    /// The same for whoever is no contact, on any lane.
    pub fn of_softvig_in_history(&self) -> String {
        match self {
            Self::Softvig { subject, .. } => format!("softvig/{subject}"),
            Self::Contact { .. } | Self::System => "system".to_owned(),
        }
    }

    /// Whether this is a contact that holds the decision role now.
    pub fn decides(&self) -> bool {
        matches!(self, Self::Contact { roles, .. } if roles.decision)
    }

    /// Whether this is a contact that holds the technical role now.
    pub fn is_technical(&self) -> bool {
        matches!(self, Self::Contact { roles, .. } if roles.technical)
    }

    /// Whether this is SOFTVIG.
    pub fn is_softvig(&self) -> bool {
        matches!(self, Self::Softvig { .. })
    }
}

/// As public events and answers name who did something; nobody for time.
pub fn to_proto(actor: &Actor, company: CompanyId) -> Option<proto::scheduling::v1::Actor> {
    use proto::scheduling::v1 as pb;
    match actor {
        Actor::Contact { id, .. } => Some(pb::Actor {
            party: pb::Party::Company.into(),
            contact: format!("companies/{company}/contacts/{id}"),
            subject: String::new(),
        }),
        Actor::Softvig { subject, .. } => Some(pb::Actor {
            party: pb::Party::Softvig.into(),
            contact: String::new(),
            subject: subject.clone(),
        }),
        Actor::System => None,
    }
}
