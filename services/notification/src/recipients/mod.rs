//! Who can be written to: a projection of scheduling's contacts, personal data included.

mod commands;
mod model;

pub(crate) use model::one_line;
pub use model::{Change, Contact, ContactState, Directory, Language, Softvig};

#[cfg(test)]
mod tests;
