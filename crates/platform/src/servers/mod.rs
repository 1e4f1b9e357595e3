//! Three ports: REST, gRPC and ops. Binding and serving are two steps, so that a port of 0 can be
//! told to others before anything is answered.

mod connection;
mod local;
mod ops;
mod shutdown;
mod slow;
mod tls;

use std::{future::ready, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{
    Router,
    extract::Request,
    middleware::{from_fn, map_request, map_response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::{grpc::explain_bad_messages, rest, telemetry::serving};
pub use connection::ConnectionLimits;
use connection::Port;
pub use local::{LocalSockets, local_socket};
pub use ops::{Check, Checks, Report};
pub use shutdown::Shutdown;
use tls::Certificates;
pub use tls::Tls;

/// Where a port listens, and whether with TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    pub listen: SocketAddr,
    pub tls: Option<Tls>,
}

/// The three ports, bound.
pub struct Ports {
    rest: Port,
    grpc: Port,
    ops: Port,
    local: LocalSockets,
}

/// Where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    pub rest: SocketAddr,
    pub grpc: SocketAddr,
    pub ops: SocketAddr,
}

/// What is served on them.
pub struct Apps {
    /// The routers of the services, merged.
    pub rest: Router,
    /// The services; health and reflection are added.
    pub grpc: Routes,
    pub checks: Checks,
    /// For a message of gRPC to arrive, other than a file's.
    pub message_time: Duration,
}

/// How often gRPC's health follows readiness.
const HEALTH_EVERY: Duration = Duration::from_secs(1);

impl Ports {
    /// # Errors
    /// A port is taken, or a certificate cannot be read.
    pub async fn bind(
        rest: &Listen,
        grpc: &Listen,
        ops: &Listen,
        limits: ConnectionLimits,
    ) -> anyhow::Result<Self> {
        let bind = async |name: &'static str, listen: &Listen| {
            let listener = TcpListener::bind(listen.listen).await;
            let listener =
                listener.with_context(|| format!("cannot listen on {} for {name}", listen.listen))?;
            let tls = listen.tls.as_ref().map(|tls| Certificates::open(name, tls)).transpose();
            let tls = tls.with_context(|| format!("TLS of {name}"))?.map(Arc::new);
            anyhow::Ok(Port { name, listener, tls, http2_only: name == "grpc", limits })
        };
        Ok(Self {
            rest: bind("rest", rest).await?,
            grpc: bind("grpc", grpc).await?,
            ops: bind("ops", ops).await?,
            local: LocalSockets::default(),
        })
    }

    /// What gRPC has is served there, too.
    #[must_use]
    pub fn with_local(self, local: LocalSockets) -> Self {
        Self { local, ..self }
    }

    pub fn addresses(&self) -> Addresses {
        Addresses { rest: self.rest.address(), grpc: self.grpc.address(), ops: self.ops.address() }
    }

    /// Serves until everything is drained after a soft stop, or until the hard one.
    pub async fn serve(self, apps: Apps, shutdown: &Shutdown) -> anyhow::Result<()> {
        let (health, health_service) = tonic_health::server::health_reporter();
        let contract = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        // Python's clients, and older tools, ask for the name that it had before.
        let (reflection, as_before) = (contract().build_v1()?, contract().build_v1alpha()?);
        let grpc = apps.grpc.add_service(health_service).add_service(reflection).add_service(as_before);
        let grpc = grpc.into_axum_router();
        let grpc = grpc.layer(map_response(async |response| explain_bad_messages(response)));
        let message_time = apps.message_time;
        let grpc =
            grpc.layer(map_request(move |request: Request| ready(slow::within(message_time, request))));
        let grpc = grpc.layer(from_fn(serving::grpc));
        let tls = self.rest.tls.is_some();
        let rest = rest::with_fallbacks(apps.rest);
        let rest = rest.layer(map_response(move |response| ready(rest::secured(response, tls))));
        let checks = Arc::new(apps.checks);
        let ops = ops::router(Arc::clone(&checks), shutdown.clone());
        let follow = follow_readiness(health, Arc::clone(&checks), shutdown.clone());

        // Ops goes last: while the others drain, it still says that this process lives and is not ready.
        let drained = tokio_util::sync::CancellationToken::new();
        let limits = self.grpc.limits;
        let public = async {
            tokio::join!(
                self.local.serve(grpc.clone(), limits, shutdown.accepting(), shutdown.hard()),
                self.rest.serve(rest, shutdown.accepting(), shutdown.hard()),
                self.grpc.serve(grpc, shutdown.accepting(), shutdown.hard()),
                follow,
            );
            drained.cancel();
        };
        tokio::join!(public, self.ops.serve(ops, drained.clone(), shutdown.hard()));
        Ok(())
    }
}

/// gRPC's health says what /ready says.
async fn follow_readiness(health: HealthReporter, checks: Arc<Checks>, shutdown: Shutdown) {
    let mut last = None;
    loop {
        let ready = !shutdown.is_soft() && (checks.ready)().await.is_empty();
        if last != Some(ready) {
            let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
            health.set_service_status("", status).await;
            last = Some(ready);
        }
        if shutdown.is_soft() {
            return;
        }
        let _ = tokio::time::timeout(HEALTH_EVERY, shutdown.soft().cancelled()).await;
    }
}

#[cfg(test)]
mod tests;
