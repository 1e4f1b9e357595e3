//! One dealership's way through the process in small steps, each a call that a person's software makes.
//!
//! The demo and the journeys are made of them: no step is written twice, none moves the clock or waits
//! for a duration. Who plays puts the steps in order and moves the clock between them ([`World::until`]).

mod audits;
mod clock;
mod contracting;
mod dates;
mod ending;
mod migration;
mod opening;
mod readiness;
mod through;
mod world;

pub use audits::GoodValues;
pub use clock::{Clock, Player};
pub use dates::{Proposer, dates_of, weekend_window};
pub use opening::{Dealership, Facts, Person};
pub use through::Through;
pub use world::World;
