//! W3C trace context as text, the form in which it lies in outbox rows and travels in headers.

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: &str = "traceparent";

/// Makes the span a child of the trace that the text names; text that cannot be read is left out.
pub fn adopt(span: &Span, traceparent: Option<&str>) {
    let Some(text) = traceparent else { return };
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), text.to_owned())]);
    // An error means that nobody traces.
    let _ = span.set_parent(TraceContextPropagator::new().extract(&carrier));
}

/// The current span as text; none where nobody traces.
pub fn current() -> Option<String> {
    of(&Span::current())
}

/// The span as text; none where nobody traces.
pub fn of(span: &Span) -> Option<String> {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&span.context(), &mut carrier);
    carrier.remove(TRACEPARENT)
}
