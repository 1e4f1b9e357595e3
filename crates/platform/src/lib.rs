//! The runtime that the services share. It knows no word of the business.

pub mod actor;
pub mod clock;
pub mod core;
pub mod db;
pub mod documents;
pub mod error;
pub mod id;
pub mod lane;
pub mod schema;
pub mod timers;
pub mod unit;

pub use error::Error;
