//! What journeys, faults and load share: real processes of the built `przesiadka`,
//! started, watched, killed and started again. Databases, NATS and waiting are in
//! `testkit`.

mod processes;

pub use processes::{Process, free_port};
