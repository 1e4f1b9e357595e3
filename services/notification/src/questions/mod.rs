//! What contacts want to know and what SOFTVIG answers.

mod commands;
mod model;
mod succession;
mod unanswered;

pub(crate) use commands::actor_name;
pub use model::{Answer, Question, QuestionId};
pub(crate) use succession::{pass_on, scrub};
pub use unanswered::QuestionPolicy;

#[cfg(test)]
mod tests;
