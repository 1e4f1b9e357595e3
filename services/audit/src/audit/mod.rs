//! The audits of one project: attempts, what was measured in them, findings and their correction.

mod commands;
pub mod events;
pub mod model;
pub mod names;
mod queries;
mod render;
mod report;
pub mod store;
pub mod view;
