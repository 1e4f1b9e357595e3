//! The runtime that the services share. It knows no word of the business.

pub mod clock;
pub mod db;
pub mod documents;
pub mod error;
pub mod id;
pub mod schema;

pub use error::Error;
