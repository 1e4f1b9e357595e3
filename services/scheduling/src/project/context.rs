//! What a transition is judged against: the time, the actor and the data around the project.

use calendar::{Calendar, WorkingHours};
use jiff::{Timestamp, civil::Date};

use super::{DatePolicy, Terms, VariantData};
use crate::{actor::Actor, company::SystemLists};

/// Everything that a transition reads besides the project. Built by the service for one command.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Business time.
    pub now: Timestamp,
    pub actor: &'a Actor,
    /// Business days and holidays, with ops' list merged in.
    pub calendar: &'a Calendar,
    /// The company's working hours: the union of its sites, closures included.
    pub hours: &'a WorkingHours,
    pub policy: &'a DatePolicy,
    /// The catalogue's present data of the variant that the project has chosen.
    pub variant: Option<&'a VariantData>,
    pub company: &'a CompanyFacts,
}

/// What a project needs to know of its company.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompanyFacts {
    pub technical: ContactFact,
    pub decision: ContactFact,
    /// Manufacturer brands by key.
    pub brands: Vec<String>,
    /// What must stand still during a run; none until the company has stated it.
    pub systems: Option<SystemLists>,
}

/// Whether a role is held, and by somebody who can be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContactFact {
    #[default]
    Missing,
    /// Every holder's address was found undeliverable.
    Undeliverable,
    Reachable,
}

impl Context<'_> {
    /// Today in Poland.
    pub fn today(&self) -> Date {
        calendar::local_day(self.now)
    }

    /// The terms that a date agreed now gets.
    pub fn terms(&self) -> Terms {
        Terms { policy: *self.policy, migration: self.variant.map(|variant| variant.migration) }
    }
}
