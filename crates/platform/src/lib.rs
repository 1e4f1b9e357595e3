//! The runtime that the services share. It knows no word of the business.

pub mod clock;
pub mod db;
pub mod error;
pub mod id;

pub use error::Error;
