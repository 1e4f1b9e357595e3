//! What a running process tells about itself.

pub mod metrics;
mod setup;
pub mod trace;

pub use setup::{LogFilter, Telemetry};

#[cfg(test)]
mod tests;
