//! What licensing knows of a company: a projection of scheduling's events.

mod model;

pub use model::{Company, Contact};
