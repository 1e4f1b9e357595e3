//! The project: one company's way to the new MS SQL. Everything here is pure.

pub mod audits;
pub mod checks;
pub mod context;
pub mod facts;
pub mod integrations;
pub mod planned;
pub mod protocol;
pub mod readiness;
pub mod run;
pub mod stage;
pub mod stops;
pub mod terms;
#[cfg(test)]
mod testing;
pub mod variant_data;
pub mod verification;

pub use context::{CompanyFacts, ContactFact, Context};
pub use planned::{DateKind, Moment, PlannedDate, Window};
pub use stage::{Stage, StageState, StageStatus};
pub use terms::{DatePolicy, MigrationTerms, Terms};
pub use variant_data::VariantData;
