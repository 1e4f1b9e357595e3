//! How many pieces of each special offer are set aside: one aggregate for all companies.

mod model;
pub mod store;

pub use model::Reservations;
