//! scheduling

pub mod actor;
pub mod project;
