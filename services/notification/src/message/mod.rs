//! Messages: what an event says, in whose language, with which calendar entry, and where it is on its way.

mod bounce;
mod commands;
mod invitation;
mod lifecycle;
mod mail;
mod model;
mod notice;
mod overtaken;
mod policy;
mod preview;
mod queries;
mod record;
mod release;
mod render;
mod samples;
pub mod sender;
pub mod store;
mod templates;
mod undelivered;
mod words;

pub use bounce::{Action, Notice as DeliveryNotice};
pub use invitation::{Invitation, Method};
pub use mail::{Envelope, MailIdentity, build};
pub use model::{Content, Lease, LeaseLost, Message, MessageId, Part, Recipient, Resent, State, Times, Try};
pub use notice::{Calendar, Fact, Facts, Notice};
pub use policy::SendingPolicy;
pub use preview::{Preview, PreviewOf};
pub(crate) use release::part;
pub use render::{Renderer, summary};
pub use templates::{Templates, UnsubscribePage};
pub use words::Words;

pub(crate) use record::Tried;
#[cfg(test)]
pub(crate) use {samples::samples, sender::Hand};

#[cfg(test)]
mod tests;
