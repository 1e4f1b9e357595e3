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
pub mod money;
pub mod offers;
pub mod rest;
pub mod schema;
mod set_back;

use std::{path::Path, sync::Arc};

use platform::{core::Core, files::Files};

use crate::catalogue::{Catalogue, LoadError};

/// The service's name, in lanes, subjects and paths.
pub const NAME: &str = "licensing";

/// The service: every RPC is a function of it. Cloned freely; clones share everything.
#[derive(Clone, Debug)]
pub struct Licensing {
    core: Core,
    files: Files,
    catalogue: Arc<Catalogue>,
}

impl Licensing {
    /// `catalogue` is a folder with further entries that operations supply.
    ///
    /// # Errors
    /// A catalogue that is not valid, with its file and key.
    pub fn new(core: Core, files: Files, catalogue: Option<&Path>) -> Result<Self, LoadError> {
        Ok(Self { core, files, catalogue: Arc::new(Catalogue::load(catalogue)?) })
    }
}

impl platform::Service for Licensing {
    fn core(&self) -> &Core {
        &self.core
    }
}
