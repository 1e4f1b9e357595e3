//! The audit service: checklists, audits, measured values, findings and corrections.

pub mod audit;
pub mod checklist;
pub mod consume;
mod figures;
pub mod grpc;
pub mod rest;
pub mod schema;
mod set_back;

use std::{path::Path, sync::Arc};

use platform::{core::Core, files::Files};

use crate::checklist::{LoadError, Registry};

/// The service's name, in lanes, subjects and paths.
pub const NAME: &str = "audit";

/// The service: every RPC is a function of it.
#[derive(Clone, Debug)]
pub struct Audits {
    core: Core,
    files: Files,
    checklists: Arc<Registry>,
}

impl Audits {
    /// `checklists` is a folder with further versions that operations supply.
    ///
    /// # Errors
    /// A checklist that is not valid, with its file and key.
    pub fn new(core: Core, files: Files, checklists: Option<&Path>) -> Result<Self, LoadError> {
        Ok(Self { core, files, checklists: Arc::new(Registry::load(checklists, &[])?) })
    }
}

impl platform::Service for Audits {
    fn core(&self) -> &Core {
        &self.core
    }
}
