//! What a running process tells about itself.

pub mod trace;
