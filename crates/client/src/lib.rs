//! A small client of all four services, for the demo and the journeys.
//!
//! SOFTVIG's people speak gRPC ([`Softvig`]), a company's contacts REST ([`Portal`]) or gRPC ([`Contacts`]). All that is made
//! from one [`Installation`] read each other's writes: a command's position is sent with every later
//! request, so that nobody waits for a duration.

mod after;
mod direct;
mod error;
mod hook;
mod installation;
mod local;
mod patience;
mod portal;
mod settled;
mod softvig;

pub use direct::Direct;
pub use error::{Error, Refused, Rule};
pub use installation::{Answered, Contacts, Installation, Replica};
pub use local::{at, day, window};
pub use portal::Portal;
pub use softvig::{Events, Softvig};
