//! The operator's commands. Those on data work directly on the databases that the configuration names,
//! whether services run on them or not.

pub mod checklist;
pub mod config;
pub mod events;
pub mod messages;
pub mod preview;
pub mod ready;
pub mod schema;
pub mod token;
