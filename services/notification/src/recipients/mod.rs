//! Who can be written to: a projection of scheduling's contacts, personal data included.

mod commands;
mod model;
mod preferences;
mod queries;

pub(crate) use commands::preferences_changed;
pub(crate) use model::one_line;
pub use model::{Change, Contact, ContactState, Directory, Language, Softvig};
pub use preferences::Preferences;

#[cfg(test)]
mod tests;
