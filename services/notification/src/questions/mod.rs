//! What contacts want to know and what SOFTVIG answers.

mod commands;
mod model;
mod succession;

pub(crate) use commands::actor_name;
pub use model::{Answer, Question, QuestionId};
pub(crate) use succession::{pass_on, scrub};

#[cfg(test)]
mod tests;
