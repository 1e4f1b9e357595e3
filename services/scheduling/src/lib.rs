//! scheduling

pub mod brands;
pub mod company;
pub mod data;
mod envelope;
pub mod policy;
pub mod project;
pub mod variants;

pub use platform::actor;
