//! The licensing service: which licences a project needs, which kind was chosen, which special offer
//! was accepted, and what is in place. It answers one question of the process: LICENCE_REQUIRED.
//!
//! `grpc.rs` and `rest.rs` take requests to the functions in `licences/commands.rs` and
//! `licences/queries.rs`; those load the aggregate, let its model judge, and keep what came of it.
//! `consume.rs` follows scheduling's events.

pub mod catalogue;
mod company;
mod consume;
mod events;
pub mod grpc;
pub mod licences;
pub mod offers;
pub mod rest;
pub mod schema;

use std::sync::Arc;

use platform::core::Core;

use crate::catalogue::Catalogue;

/// The service. Cloned freely; clones share everything.
#[derive(Clone, Debug)]
pub struct Licensing {
    core: Core,
    catalogue: Arc<Catalogue>,
}

impl Licensing {
    /// The service's name, in its lanes, subjects and paths.
    pub const NAME: &str = "licensing";

    pub fn new(core: Core, catalogue: Catalogue) -> Self {
        Self { core, catalogue: Arc::new(catalogue) }
    }
}

impl platform::Service for Licensing {
    fn core(&self) -> &Core {
        &self.core
    }
}
