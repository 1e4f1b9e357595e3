//! The project: one company's way to the new MS SQL. `commands`, `queries`, `store`, `parse`, `view`,
//! `events`, `timers` and `consume` join it to the world; the rest is pure.

pub mod asked;
pub mod audits;
pub mod buffers;
pub mod checks;
mod commands;
mod consume;
pub mod context;
pub mod contracting;
pub mod dates;
pub mod days;
mod ending;
mod events;
pub mod evidence;
mod holidays;
pub mod integrations;
pub mod licence;
pub mod model;
pub mod overrides;
mod parse;
pub mod plan;
pub mod planned;
pub mod project_event;
pub mod proposals;
pub mod protocol;
mod queries;
pub mod readiness;
pub mod run;
mod set_back;
pub mod stage;
mod stages;
pub mod stops;
pub(crate) mod store;
pub mod suggest;
mod switch;
pub mod terms;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tick;
mod timers;
pub mod variant_choice;
pub mod variant_data;
pub mod verification;
mod view;
pub mod waiting;
mod wire;
mod work;

pub use asked::{AskedDate, AskedTime};
pub use context::{CompanyFacts, ContactFact, Context};
pub use days::Days;
pub use model::{AuditNo, Outcome, Project, Status};
pub use overrides::{Override, OverrideRequest};
pub use planned::{DateKind, Moment, PlannedDate, Window};
pub use project_event::ProjectEvent;
pub use proposals::{Proposal, ProposalId, ProposalRequest};
pub use stage::{Stage, StageState, StageStatus};
pub use terms::{DatePolicy, MigrationTerms, Terms};
pub use variant_data::VariantData;
