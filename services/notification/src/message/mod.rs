//! Messages: what an event says, in whose language, with which calendar entry, and where it is on its way.

mod bounce;
mod commands;
mod invitation;
mod mail;
mod model;
mod notice;
mod overtaken;
mod queries;
mod record;
mod render;
pub mod sender;
pub mod store;
mod templates;
mod words;

pub use invitation::{Invitation, Method};
pub use mail::{Envelope, MailIdentity, build};
pub use model::{Content, Lease, LeaseLost, Message, MessageId, Recipient, Resent, State, Times, Try};
pub use notice::{Calendar, Fact, Facts, Notice};
pub(crate) use render::unsubscribe_page;
pub use render::{Renderer, summary};
pub(crate) use templates::UnsubscribePage;

#[cfg(test)]
pub(crate) use {record::Tried, sender::Hand};

#[cfg(test)]
mod tests;
