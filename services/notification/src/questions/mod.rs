//! What contacts want to know and what SOFTVIG answers.

mod model;

pub use model::{Answer, Question, QuestionId};

#[cfg(test)]
mod tests;
