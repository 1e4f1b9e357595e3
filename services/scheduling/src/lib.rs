//! The scheduling service: the process itself. Companies and their contacts, projects, the four dates,
//! stages, migration runs, integrations, verification and the protocol.
//!
//! `grpc.rs` and `rest.rs` take requests to the functions in `company/` and `project/` (`commands.rs`
//! and `queries.rs`); those load the aggregate, let its model judge, and keep what came of it.
//! `consume.rs` follows the events of the other services.

pub mod brands;
pub mod company;
mod consume;
pub mod data;
mod events;
mod figures;
#[cfg(test)]
mod foreign;
pub mod grpc;
mod history;
pub mod policy;
pub mod project;
pub mod rest;
pub mod schema;
mod set_back;
pub mod variants;
mod watching;

use calendar::Calendar;
pub use platform::actor;
use platform::core::Core;

use crate::{brands::Brands, data::Data, project::DatePolicy, variants::Catalogue};

/// The service.
#[derive(Debug)]
pub struct Scheduling {
    pub(crate) core: Core,
    pub(crate) catalogue: Catalogue,
    pub(crate) brands: Brands,
    pub(crate) calendar: Calendar,
    pub(crate) policy: DatePolicy,
}

impl Scheduling {
    /// The service's name, in its lanes, subjects and paths.
    pub const NAME: &str = "scheduling";

    pub fn new(core: Core, data: Data) -> Self {
        let Data { catalogue, brands, calendar, policy } = data;
        Self { core, catalogue, brands, calendar, policy }
    }
}

impl platform::Service for Scheduling {
    fn core(&self) -> &Core {
        &self.core
    }
}
