//! Each request on the two public ports: a span of kind server, and how long it took.

use std::{
    sync::{Arc, LazyLock},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram},
};
use tonic::Code;
use tracing::{Instrument as _, Span, field::Empty};

use super::{metrics, trace};
use crate::{descriptor::CONTRACT, error::Error};

const TRACEPARENT: &str = "traceparent";
/// As OpenTelemetry's conventions name what is not one of the known.
const OTHER: &str = "_OTHER";

static HTTP: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    metrics::duration("http.server.request.duration", "From a REST request's headers to its answer's.")
});

static RPC: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    metrics::duration("rpc.server.call.duration", "From a gRPC request's headers to its answer's.")
});

static REFUSALS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    metrics::counter("przesiadka.refusals", "{refusal}", "Requests that failed, by method and each rule.")
});

/// W3C trace context of a request.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<&str> {
    headers.get(TRACEPARENT).and_then(|value| value.to_str().ok())
}

/// Counts what a request was refused for, or that it failed, and notes it in the request's span.
pub(crate) fn failed(method: &str, error: &Error) {
    let reason = error.reason().name();
    Span::current().record("error.type", reason);
    let count = |reason: &'static str| {
        let attributes = [KeyValue::new("method", method.to_owned()), KeyValue::new("reason", reason)];
        REFUSALS.add(1, &attributes);
    };
    if error.violations().is_empty() {
        count(reason);
    }
    error.violations().iter().for_each(|violation| count(violation.reason.name()));
}

/// Around each route of the REST port. The path itself is in nothing: it may hold a secret.
pub(crate) async fn rest(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map(|path| Arc::<str>::from(path.as_str()));
    let method = method_name(request.method());
    let name = route.as_deref().map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    let span = tracing::info_span!(
        "http.server",
        otel.name = name,
        otel.kind = "server",
        otel.status_code = Empty,
        "http.request.method" = method,
        "http.route" = route.as_deref(),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
    );
    trace::adopt(&span, traceparent(request.headers()));
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    let mut attributes = vec![
        KeyValue::new("http.request.method", method),
        KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
    ];
    if let Some(route) = route {
        attributes.push(KeyValue::new("http.route", route));
    }
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
        attributes.push(KeyValue::new("error.type", status.as_u16().to_string()));
    }
    HTTP.record(started.elapsed().as_secs_f64(), &attributes);
    response
}

/// Around each method of the gRPC port. A stream counts as answered when it begins.
pub(crate) async fn grpc(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = CONTRACT.method_at(request.uri().path()).unwrap_or(OTHER);
    let span = tracing::info_span!(
        "rpc.server",
        otel.name = method,
        otel.kind = "server",
        otel.status_code = Empty,
        "rpc.system.name" = "grpc",
        "rpc.method" = method,
        "rpc.response.status_code" = Empty,
        "error.type" = Empty,
    );
    trace::adopt(&span, traceparent(request.headers()));
    let response = next.run(request).instrument(span.clone()).await;
    // An answer that fails says so in its headers; one that is given says OK after it.
    let status = response.headers().get("grpc-status").map_or(&b"0"[..], |status| status.as_bytes());
    let code = Code::from_bytes(status);
    span.record("rpc.response.status_code", code_name(code));
    let mut attributes = vec![
        KeyValue::new("rpc.system.name", "grpc"),
        KeyValue::new("rpc.method", method),
        KeyValue::new("rpc.response.status_code", code_name(code)),
    ];
    if is_of_the_server(code) {
        span.record("otel.status_code", "ERROR");
        attributes.push(KeyValue::new("error.type", code_name(code)));
    }
    RPC.record(started.elapsed().as_secs_f64(), &attributes);
    response
}

fn method_name(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or(OTHER)
}

/// Those that OpenTelemetry's conventions take for errors of a server.
const fn is_of_the_server(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
