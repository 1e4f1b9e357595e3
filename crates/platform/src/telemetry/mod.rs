//! What a running process tells about itself.

pub mod metrics;
pub mod trace;
