//! The runtime that the services share. It knows no word of the business.

pub mod error;

pub use error::Error;
