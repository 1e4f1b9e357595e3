//! What contacts want to know and what SOFTVIG answers.

mod commands;
mod model;

pub(crate) use commands::actor_name;
pub use model::{Answer, Question, QuestionId};

#[cfg(test)]
mod tests;
