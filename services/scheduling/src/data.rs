//! What is wrong with a data file.

use std::fmt;

/// A data file, shipped or an operator's, that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct DataError {
    file: &'static str,
    problem: String,
}

impl DataError {
    /// Names the file by the name under which it is shipped.
    pub fn new(file: &'static str, problem: impl fmt::Display) -> Self {
        Self { file, problem: problem.to_string() }
    }
}

/// Whether a text can be a key: lower-case letters, digits and underscores, a letter first.
pub fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
