//! The ops port: for the operator's tools and never for the public.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use futures::future::BoxFuture;
use http::{StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::Shutdown;
use crate::telemetry::metrics;

/// Answers what is not as it should be; nothing means well.
pub type Check = Box<dyn Fn() -> BoxFuture<'static, Vec<String>> + Send + Sync>;

/// Answers a JSON object with a `settled` of true or false, and what that rests on.
pub type Report = Box<dyn Fn() -> BoxFuture<'static, Value> + Send + Sync>;

/// What the services say of themselves.
pub struct Checks {
    /// What is needed to answer requests; the bus is not.
    pub ready: Check,
    /// What is still on its way: outbox rows, inbox rows, due timers. Tests wait for none.
    pub settled: Report,
}

pub(super) fn router(checks: Arc<Checks>, shutdown: Shutdown) -> Router {
    Router::new()
        .route("/live", get(async || "alive\n"))
        .route("/ready", get(ready))
        .route("/settled", get(settled))
        .route("/metrics", get(async || ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::text())))
        .with_state((checks, shutdown))
}

type Shared = State<(Arc<Checks>, Shutdown)>;

async fn ready(State((checks, shutdown)): Shared) -> Response {
    let mut missing = (checks.ready)().await;
    if shutdown.is_soft() {
        missing.push("stopping".to_owned());
    }
    answer(missing.is_empty(), json!({ "ready": missing.is_empty(), "waitingFor": missing }))
}

async fn settled(State((checks, _)): Shared) -> Response {
    let report = (checks.settled)().await;
    answer(report["settled"] == true, report)
}

fn answer(good: bool, body: Value) -> Response {
    (if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body)).into_response()
}
