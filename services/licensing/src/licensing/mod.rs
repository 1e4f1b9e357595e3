//! The licensing of one project: needs, choice, special offer, and what is in place. One aggregate
//! per project; everything here is pure.

mod calculation;
mod checks;
mod choice;
mod events;
mod model;
mod needs;
mod offer;
mod proofs;
mod status;
mod upstream;

#[cfg(test)]
mod tests;

pub use calculation::{CalculatedItem, Calculation, calculate};
pub use events::{Event, ReleaseReason};
pub use model::{Choice, Fact, Licensing, Phase, Proof, Recommendation, Reservation, Variant, Withdrawal};
pub use needs::{Needs, OtherApplications};
pub use status::{DemandState, Status};
