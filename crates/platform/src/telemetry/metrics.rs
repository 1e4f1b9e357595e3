//! Figures for Prometheus.

use std::{sync::LazyLock, time::Duration};

use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, Opts, TextEncoder, register_histogram_vec,
    register_int_counter_vec,
};

/// Of [`text`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

static CALLS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let opts = Opts::new("przesiadka_calls_total", "Calls by method and outcome (OK or an error reason).");
    register_int_counter_vec!(opts, &["method", "outcome"]).expect("registered once")
});

static DURATION: LazyLock<HistogramVec> = LazyLock::new(|| {
    let opts = HistogramOpts::new("przesiadka_call_seconds", "How long calls took.");
    register_histogram_vec!(opts, &["method"]).expect("registered once")
});

/// Counts a call.
pub(crate) fn called(method: &str, outcome: &str, took: Duration) {
    CALLS.with_label_values(&[method, outcome]).inc();
    DURATION.with_label_values(&[method]).observe(took.as_secs_f64());
}

/// All that is registered with `prometheus`'s default registry.
pub fn text() -> String {
    let mut out = Vec::new();
    if let Err(error) = TextEncoder::new().encode(&prometheus::gather(), &mut out) {
        tracing::warn!(%error, "cannot write the metrics");
    }
    String::from_utf8_lossy(&out).into_owned()
}
