//! notification: tells people what happened, in their language, each thing once.

pub mod channel;
pub mod consume;
pub mod kind;
pub mod message;
pub mod project;
pub mod questions;
pub mod recipients;
pub mod routing;

#[cfg(test)]
mod fixtures;
