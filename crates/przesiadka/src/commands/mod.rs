//! The operator's commands. Those on data ask a process that runs, by its local socket or over the network; `schema`,
//! `restored`, `stream`, `doctor`, `config`, `checklist` and `message preview` need none.

pub mod checklist;
pub mod config;
pub mod differences;
pub mod doctor;
pub mod events;
pub mod message;
pub mod outbox;
pub mod output;
pub mod parked;
pub mod preview;
pub mod project;
pub mod reach;
pub mod ready;
pub mod restored;
pub mod schema;
pub mod stream;
mod tail;
mod timeline;
pub mod timers;
pub mod token;
