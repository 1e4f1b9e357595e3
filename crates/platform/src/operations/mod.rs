//! How the services of one process stand, for whoever runs them: over gRPC to a token of role operator, and over a
//! local socket.

mod delivery;
mod differences;
mod events;
mod grpc;
mod parked;
mod timers;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use proto::operations::v1 as pb;

pub use self::grpc::Grpc;
use crate::{
    auth::Role,
    call::{Call, Service},
    core::Core,
    error::Error,
    lane::Lane,
    name,
};

/// The services of this process.
pub struct Operations {
    cores: Vec<Core>,
    /// In the same order: whether the schema is there.
    are_up: Vec<Arc<AtomicBool>>,
}

impl Service for Operations {
    fn core(&self) -> &Core {
        &self.cores[0]
    }

    fn cores(&self) -> &[Core] {
        &self.cores
    }
}

impl Operations {
    /// At least one service, each with whether its schema is there.
    pub fn new(services: impl IntoIterator<Item = (Core, Arc<AtomicBool>)>) -> Self {
        let (cores, are_up) = services.into_iter().unzip();
        Self { cores, are_up }
    }

    /// RPC `ListServices`.
    pub async fn list_services(
        &self,
        call: Call,
        _: pb::ListServicesRequest,
    ) -> Result<pb::ListServicesResponse, Error> {
        may(&call)?;
        let mut services = Vec::new();
        for (core, is_up) in self.cores.iter().zip(&self.are_up) {
            let parked = if is_up.load(Ordering::Acquire) { core.parked_lanes().await.ok() } else { None };
            services.push(pb::Service {
                name: format!("services/{}", core.service),
                sources: core.sources().iter().map(|&source| source.to_owned()).collect(),
                ready: parked.is_some(),
                parked_lanes: parked.map(|lanes| i32::try_from(lanes).unwrap_or(i32::MAX)),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            });
        }
        Ok(pb::ListServicesResponse { services })
    }

    /// A service of this process that can be asked.
    ///
    /// # Errors
    /// `NOT_FOUND` for `name` where another process runs it; `UNAVAILABLE` without its schema.
    fn find(&self, service: &str, name: &str) -> Result<&Core, Error> {
        let found = self.cores.iter().zip(&self.are_up).find(|(core, _)| core.service == service);
        let (core, is_up) = found.ok_or_else(|| Error::not_found(name))?;
        if !is_up.load(Ordering::Acquire) {
            let waits = anyhow::anyhow!("{service}: the schema of its database is not there");
            return Err(Error::Unavailable(waits));
        }
        Ok(core)
    }

    /// The service that a list is of.
    fn parent(&self, parent: &str) -> Result<&Core, Error> {
        let [service] = name::parts("parent", "services/{service}", parent)?;
        self.find(service, parent)
    }
}

/// Who asks, and nobody else.
fn may(call: &Call) -> Result<(), Error> {
    call.principal.require(&[Role::Operator])
}

/// Resource name of a lane's company; empty for the lane that belongs to none.
fn company(lane: Lane) -> String {
    match lane {
        Lane::Company(company) => format!("companies/{company}"),
        Lane::Global => String::new(),
    }
}

/// What an event says, as far as it may be shown; none if it cannot be read.
fn content(source: &str, payload: &[u8]) -> Option<pbjson_types::Struct> {
    let event = proto::event::without_people(source, payload)?;
    serde_json::from_value(event).ok()
}
