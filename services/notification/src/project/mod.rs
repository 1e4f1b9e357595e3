//! What must be known of a project to write about it: its agreed dates, its integrations and how far it is.

mod integrations;
mod model;
mod planned;
mod reminder;
mod unanswered;

pub use integrations::{Integration, Integrations, IntegrationsPolicy, Morning};
pub use model::{Entry, Project, date_key, stage_key};
pub use planned::Planned;
pub use reminder::{Reminder, ReminderPolicy, Verdict};
pub use unanswered::{Proposal, Step, Unanswered, UnansweredPolicy, business_days_after};

#[cfg(test)]
mod tests;
