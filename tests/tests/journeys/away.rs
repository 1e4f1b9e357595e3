//! A part is away, and what goes on: docs/OPERATIONS.md, "When a part is away".

mod database;
mod nats;
mod outside;

use std::time::Duration;

use journeys::{Adapter, Answer, Installation, Service, Wire};
use proto::common::v1::ErrorReason;
use serde_json::Value;
use uuid::Uuid;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);
const BOTH: [Adapter; 2] = [Adapter::Rest, Adapter::Grpc];

/// The same request over both adapters at once; a command's each with an id of its own.
async fn over_both(wire: &Wire, method: &str, token: &str, request: &Value) -> [Answer; 2] {
    let with_id = || {
        let mut request = request.clone();
        if wire.rpcs[method].is_command {
            request["requestId"] = Uuid::now_v7().to_string().into();
        }
        request
    };
    let requests = BOTH.map(|adapter| (adapter, with_id()));
    let answers = requests.iter().map(|(adapter, request)| wire.send(*adapter, method, Some(token), request));
    futures::future::join_all(answers).await.try_into().expect("two")
}

async fn works(wire: &Wire, method: &str, token: &str, request: &Value) {
    for answer in over_both(wire, method, token, request).await {
        assert_eq!(answer.reason, None, "{method}: {answer:?}");
    }
}

/// 503 and UNAVAILABLE, each with a hint to try again, which `Wire` looks for.
async fn asks_for_another_try(wire: &Wire, method: &str, token: &str, request: &Value) {
    for answer in over_both(wire, method, token, request).await {
        assert_eq!(answer.reason, Some(ErrorReason::Unavailable), "{method}: {answer:?}");
    }
}

/// What `/live` and `/ready` say of a service.
async fn live_and_ready(installation: &Installation, service: Service) -> (u16, u16) {
    let ask = async |path| installation.ops(service, path).await.expect("an answer").0;
    (ask("/live").await, ask("/ready").await)
}

/// A gauge of a service's process, as Prometheus reads it.
async fn gauge(installation: &Installation, service: Service, name: &str) -> Option<f64> {
    let (_, text) = installation.ops(service, "/metrics").await?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.rsplit(' ').next()?.parse().ok()
}
