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

// The edge: callers, requests, ports.
pub mod auth;
mod init;

pub use error::Error;
pub use init::init;
