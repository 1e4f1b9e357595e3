use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_subscriber::layer::SubscriberExt as _;

use super::trace;

#[test]
fn a_trace_goes_on_through_text() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let carried = tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let span = tracing::info_span!("first");
        trace::adopt(&span, Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        let carried = span.in_scope(trace::current).expect("traced");
        let next = tracing::info_span!("second");
        trace::adopt(&next, Some(&carried));
        next.in_scope(|| {});
        carried
    });
    assert!(carried.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{carried}");
    let spans = exporter.get_finished_spans().expect("spans");
    let [first, second] = ["first", "second"].map(|name| spans.iter().find(|s| s.name == name).expect(name));
    assert_eq!(first.parent_span_id.to_string(), "b7ad6b7169203331");
    assert_eq!(second.parent_span_id, first.span_context.span_id());
    assert_eq!(second.span_context.trace_id(), first.span_context.trace_id());
}

#[test]
fn without_a_trace_there_is_no_text() {
    let span = tracing::info_span!("alone");
    trace::adopt(&span, Some("nonsense"));
    assert_eq!(span.in_scope(trace::current), None);
}
