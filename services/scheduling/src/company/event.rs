//! What happened to a company, people by id only.

use jiff::civil::Date;
use platform::id::ContactId;
use serde::{Deserialize, Serialize};

/// One change. It carries no personal data: the contact's card is looked up when the public event is
/// made, so that anonymising a contact leaves nothing behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum CompanyEvent {
    Registered,
    /// Name, tax id, client since or brands.
    ProfileChanged,
    /// Keys that came and keys that went.
    BrandsChanged {
        added: Vec<String>,
        dropped: Vec<String>,
    },
    /// The sites' working hours; dates that depend on them are checked again.
    HoursChanged,
    /// The whole company is closed on these days, both included.
    ClosureEntered {
        first: Date,
        last: Date,
    },
    /// It is open on these days after all.
    ClosureWithdrawn {
        first: Date,
        last: Date,
    },
    /// What is stopped for a run.
    SystemsStated,
    ContactAdded {
        contact: ContactId,
    },
    /// The card or the roles.
    ContactChanged {
        contact: ContactId,
    },
    /// Takes effect at once: what is open passes to the successor, if there is one.
    ContactLeft {
        contact: ContactId,
        successor: Option<ContactId>,
    },
    AddressUndeliverable {
        contact: ContactId,
    },
    AddressCleared {
        contact: ContactId,
    },
    ContactAnonymised {
        contact: ContactId,
    },
}

impl CompanyEvent {
    /// The contact whose card the public event shows, where it shows one.
    pub fn card_of(&self) -> Option<ContactId> {
        match self {
            Self::ContactAdded { contact }
            | Self::ContactChanged { contact }
            | Self::ContactLeft { contact, .. } => Some(*contact),
            _ => None,
        }
    }

    /// The name under which the history keeps it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::ProfileChanged => "profile_changed",
            Self::BrandsChanged { .. } => "brands_changed",
            Self::HoursChanged => "hours_changed",
            Self::ClosureEntered { .. } => "closure_entered",
            Self::ClosureWithdrawn { .. } => "closure_withdrawn",
            Self::SystemsStated => "systems_stated",
            Self::ContactAdded { .. } => "contact_added",
            Self::ContactChanged { .. } => "contact_changed",
            Self::ContactLeft { .. } => "contact_left",
            Self::AddressUndeliverable { .. } => "address_undeliverable",
            Self::AddressCleared { .. } => "address_cleared",
            Self::ContactAnonymised { .. } => "contact_anonymised",
        }
    }
}
