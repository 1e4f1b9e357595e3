//! The project: one company's way to the new MS SQL. Everything here is pure.

pub mod context;
pub mod planned;
pub mod stage;
pub mod terms;
pub mod variant_data;

pub use context::{CompanyFacts, ContactFact, Context};
pub use planned::{DateKind, Moment, PlannedDate, Window};
pub use stage::{Stage, StageState, StageStatus};
pub use terms::{DatePolicy, MigrationTerms, Terms};
pub use variant_data::VariantData;
