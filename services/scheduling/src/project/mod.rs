//! The project: one company's way to the new MS SQL. Everything here is pure.

pub mod planned;
pub mod stage;

pub use planned::{DateKind, Moment, PlannedDate, Window};
pub use stage::{Stage, StageState, StageStatus};
