//! What a running process tells about itself: lines, spans and figures.
//!
//! Nothing personal is in any of it: people and companies by id only, no paths that callers chose, no words.

pub(crate) mod access;
mod export;
mod lines;
pub mod metrics;
pub mod serving;
mod setup;
pub(crate) mod spans;
pub mod trace;

pub use setup::{LogFilter, Telemetry};

#[cfg(test)]
mod tests;
