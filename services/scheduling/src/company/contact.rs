//! One contact and the states that it can be in.

use jiff::Timestamp;
use platform::actor::Roles;
use platform::id::ContactId;
use serde::{Deserialize, Serialize};

use super::Card;

/// A person at the company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub id: ContactId,
    #[serde(flatten)]
    pub state: ContactState,
}

/// Whether the contact takes part, with what belongs to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ContactState {
    Active(Active),
    /// Left, and holds no role any more.
    Left {
        card: Card,
        at: Timestamp,
        successor: Option<ContactId>,
    },
    /// Without personal data; the id stays, so that the history keeps its shape.
    Anonymised {
        at: Timestamp,
        successor: Option<ContactId>,
    },
}

/// What belongs to a contact that takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    pub card: Card,
    /// At least one.
    pub roles: Roles,
    pub address: Address,
    /// When the address was entered: what a mail server answered before that was about another one.
    pub address_since: Timestamp,
}

/// Whether mail arrives at the contact's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    #[default]
    Deliverable,
    /// A mail server answered that it never will.
    Undeliverable { since: Timestamp },
}

impl Contact {
    /// What belongs to the contact as long as it takes part.
    pub fn active(&self) -> Option<&Active> {
        match &self.state {
            ContactState::Active(active) => Some(active),
            _ => None,
        }
    }

    /// The roles held now; none once the contact has left.
    pub fn roles(&self) -> Roles {
        self.active().map(|active| active.roles).unwrap_or_default()
    }

    /// The personal data, until it is removed.
    pub fn card(&self) -> Option<&Card> {
        match &self.state {
            ContactState::Active(Active { card, .. }) | ContactState::Left { card, .. } => Some(card),
            ContactState::Anonymised { .. } => None,
        }
    }

    /// Who took over.
    pub fn successor(&self) -> Option<ContactId> {
        match self.state {
            ContactState::Active(_) => None,
            ContactState::Left { successor, .. } | ContactState::Anonymised { successor, .. } => successor,
        }
    }
}
