//! What journeys, faults and load share: real processes of the built `przesiadka`,
//! started, watched, killed and started again, alone or as an installation. Databases, NATS and waiting are in
//! `testkit`.

pub mod collector;
mod installation;
mod processes;
pub mod proxy;
pub mod servers;
pub mod sink;
pub mod webhooks;
mod wire;

pub use installation::{Installation, Layout, Node, Service, on, on_servers};
pub use processes::{Process, built, free_port, until_asked_to_end};
pub use wire::{Adapter, Answer, RestCall, Rpc, Wire};
