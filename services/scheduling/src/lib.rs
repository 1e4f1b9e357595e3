//! scheduling

pub mod project;

pub use platform::actor;
