//! The spans of what the platform does by itself, by OpenTelemetry's conventions for messaging and databases.

use tracing::Span;

use super::trace;
use crate::{bus::Message, core::Core};

/// A transaction that changes a lane; from its lock to its end.
pub(crate) fn transaction(core: &Core) -> Span {
    let system = if core.db.is_sqlite() { "sqlite" } else { "postgresql" };
    tracing::info_span!(
        "db.transaction",
        otel.kind = "client",
        "db.system.name" = system,
        "db.namespace" = core.service
    )
}

/// Handing an event to the bus, which carries the trace on. None for one that came about in no trace.
pub(crate) fn sending(message: &mut Message) -> Option<Span> {
    let trace = message.trace.as_deref()?;
    let span = tracing::info_span!(
        "messaging.send",
        otel.name = format!("send {}", message.kind),
        otel.kind = "producer",
        "messaging.system" = "nats",
        "messaging.operation.name" = "publish",
        "messaging.operation.type" = "send",
        "messaging.destination.template" = format!("{}.{{lane}}.{}", message.source, message.kind),
        "messaging.message.id" = message.event_id,
    );
    trace::adopt(&span, Some(trace));
    message.trace = trace::of(&span).or_else(|| message.trace.take());
    Some(span)
}

/// Applying an event at a consumer.
pub(crate) fn processing(service: &str, message: &Message) -> Span {
    let span = tracing::info_span!(
        "messaging.process",
        otel.name = format!("process {}", message.kind),
        otel.kind = "consumer",
        "messaging.system" = "nats",
        "messaging.operation.name" = "process",
        "messaging.operation.type" = "process",
        "messaging.destination.template" = format!("{}.{{lane}}.{}", message.source, message.kind),
        "messaging.consumer.group.name" = service,
        "messaging.message.id" = message.event_id,
    );
    trace::adopt(&span, message.trace.as_deref());
    span
}

/// Firing a timer: time has no caller, so a trace begins here.
pub(crate) fn timer(service: &str, kind: &str) -> Span {
    tracing::info_span!("timer", otel.name = format!("timer {kind}"), service)
}
