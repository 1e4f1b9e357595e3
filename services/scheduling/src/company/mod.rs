//! The company: who it is, when it works, what runs there, and whom to talk to.
//!
//! The model is pure: a command changes nothing when it refuses, and answers with no events when
//! nothing would change. `commands.rs` and `queries.rs` are the service's functions, `store.rs` keeps
//! the company as one document with its contacts, and so keeps their personal data in one place.

mod card;
mod commands;
mod consume;
mod contact;
mod contact_commands;
mod contacts;
mod email;
mod event;
mod events;
mod gdpr;
mod hours;
mod nip;
mod parse;
mod permit;
mod profile;
mod queries;
mod set_back;
pub(crate) mod store;
mod systems;
#[cfg(test)]
mod tests;
mod view;

use calendar::WorkingHours;
use jiff::civil::Date;
use platform::actor::Roles;
use platform::id::{CompanyId, ContactId};
use serde::{Deserialize, Serialize};

pub use card::{Card, Language};
pub use contact::{Active, Address, Contact, ContactState};
pub use event::CompanyEvent;
pub use nip::Nip;
pub use profile::Profile;
pub use systems::SystemLists;

use crate::project::{CompanyFacts, ContactFact};

/// `companies/{company}`.
pub(crate) fn resource_name(company: CompanyId) -> String {
    format!("companies/{company}")
}

/// `companies/{company}/contacts/{contact}`.
pub(crate) fn contact_name(company: CompanyId, contact: ContactId) -> String {
    format!("companies/{company}/contacts/{contact}")
}

/// A dealership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    pub id: CompanyId,
    pub profile: Profile,
    /// Places of work; none as long as the working hours are unknown.
    pub sites: Vec<Site>,
    /// Days on which the whole company is closed, beside the hours of its sites.
    pub closures: Vec<Closure>,
    /// What is stopped for a run. `None`: not stated yet.
    pub system_lists: Option<SystemLists>,
    /// Everybody who ever was a contact, in the order in which they came.
    pub contacts: Vec<Contact>,
}

/// A place of work with its hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// For people; unique in the company.
    pub name: String,
    pub hours: WorkingHours,
}

/// Days on which the whole company is closed, both included, and who said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    pub first: Date,
    pub last: Date,
    pub note: String,
    pub entered_by: ContactId,
}

impl Company {
    /// When the company works: the union of its sites, less its closures. As long as no site is known
    /// it counts as open around the clock, so that no window is found by mistake.
    pub fn working_hours(&self) -> WorkingHours {
        if self.sites.is_empty() {
            return WorkingHours::around_the_clock();
        }
        let sites: Vec<WorkingHours> = self.sites.iter().map(|site| site.hours.clone()).collect();
        let closed = self.closures.iter().flat_map(Closure::days);
        closed.fold(WorkingHours::union(&sites), WorkingHours::closed_on)
    }

    /// What a project needs to know of its company (`CONTACTS_REQUIRED` among it).
    pub fn facts(&self) -> CompanyFacts {
        CompanyFacts {
            technical: self.reach(|roles| roles.technical),
            decision: self.reach(|roles| roles.decision),
            brands: self.profile.brands.clone(),
            systems: self.system_lists.clone(),
        }
    }

    fn reach(&self, holds: impl Fn(Roles) -> bool) -> ContactFact {
        let holders = self.contacts.iter().filter_map(Contact::active).filter(|contact| holds(contact.roles));
        let facts = holders.map(|contact| match contact.address {
            Address::Deliverable => ContactFact::Reachable,
            Address::Undeliverable { .. } => ContactFact::Undeliverable,
        });
        facts.max().unwrap_or(ContactFact::Missing)
    }
}
