//! The runtime that the services share. It knows no word of the business.

pub mod actor;
mod behind;
pub mod bus;
pub mod clock;
pub mod command;
pub mod consumer;
pub mod core;
pub mod data;
pub mod db;
pub mod documents;
pub mod error;
pub mod etag;
pub mod fact;
pub mod figures;
pub mod files;
mod followed;
pub mod heads;
pub mod id;
pub mod lane;
pub mod loops;
pub mod name;
pub mod outbox;
pub mod outcome;
pub mod page;
mod panics;
pub mod parked;
pub mod private;
pub mod schema;
pub mod secret;
pub mod text;
pub mod timers;
pub mod tokens;
pub mod unit;
pub mod upkeep;
pub mod wait;
pub mod watch;

// The edge: callers, requests, ports.
pub mod auth;
pub mod call;
pub mod config;
mod descriptor;
pub mod edge;
pub mod grpc;
#[cfg(feature = "harness")]
pub mod harness;
mod init;
pub mod openapi;
pub mod operations;
pub mod pem;
pub mod rest;
pub mod restored;
pub mod servers;
pub mod telemetry;
mod well_formed;

pub use call::{Call, Service};
pub use edge::Edge;
pub use error::Error;
pub use init::init;

#[cfg(test)]
mod testing;
