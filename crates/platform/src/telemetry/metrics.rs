//! Figures: OpenTelemetry's instruments, read by Prometheus at `/metrics` and sent by OTLP where a collector is named.
//!
//! An instrument is made by [`meter`] where it is used, once, in a `LazyLock`.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use opentelemetry::metrics::{Histogram, Meter, MeterProvider as _};
pub use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge},
};
use opentelemetry_otlp::MetricExporter;
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider},
};
use prometheus::{Encoder as _, Registry, TextEncoder};

/// Of [`text`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// Bounds of a duration's histogram, in seconds, as OpenTelemetry's conventions have them.
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

struct Meters {
    provider: SdkMeterProvider,
    registry: Registry,
}

static METERS: OnceLock<Meters> = OnceLock::new();

impl Meters {
    fn build(
        resource: Option<Resource>,
        sent: Option<PeriodicReader<MetricExporter>>,
    ) -> anyhow::Result<Self> {
        let registry = Registry::new();
        let read =
            opentelemetry_prometheus::exporter().scope_info_enabled(false).with_registry(registry.clone());
        let mut provider = SdkMeterProvider::builder().with_reader(read.build()?);
        if let Some(resource) = resource {
            provider = provider.with_resource(resource);
        }
        if let Some(sent) = sent {
            provider = provider.with_reader(sent);
        }
        Ok(Self { provider: provider.build(), registry })
    }
}

/// Before anything is measured, since an instrument stays with the meter that made it.
///
/// # Errors
/// Something was measured before.
pub(super) fn start(
    resource: Resource,
    sent: Option<PeriodicReader<MetricExporter>>,
) -> anyhow::Result<SdkMeterProvider> {
    let meters = Meters::build(Some(resource), sent)?;
    let provider = meters.provider.clone();
    METERS.set(meters).ok().context("figures were taken before they were set up")?;
    Ok(provider)
}

fn meters() -> &'static Meters {
    METERS.get_or_init(|| Meters::build(None, None).expect("an empty registry takes one collector"))
}

/// What makes instruments. Names are OpenTelemetry's where its conventions have one, or else begin with `przesiadka`.
pub fn meter() -> Meter {
    meters().provider.meter("przesiadka")
}

/// A value that goes up and down. `unit` is in UCUM, `s` say, or what is counted in braces.
pub fn gauge(name: &'static str, unit: &'static str, description: &'static str) -> Gauge<f64> {
    meter().f64_gauge(name).with_unit(unit).with_description(description).build()
}

pub fn counter(name: &'static str, unit: &'static str, description: &'static str) -> Counter<u64> {
    meter().u64_counter(name).with_unit(unit).with_description(description).build()
}

/// A gauge that is told no longer than two minutes after it was set, for what another replica may set the next time, and
/// for what there may be none of.
pub struct Lapsing(Kept);

/// For how long something has been so, in seconds.
pub struct Age(Kept);

/// What was recorded last for each set of attributes.
type Kept = Arc<Mutex<Vec<(Vec<KeyValue>, f64, Instant)>>>;

impl Lapsing {
    const LAPSES_AFTER: Duration = Duration::from_secs(120);

    pub fn new(name: &'static str, unit: &'static str, description: &'static str) -> Self {
        Self(observed(name, unit, description, |value, at| (at < Self::LAPSES_AFTER).then_some(value)))
    }

    /// Sets the value for these attributes.
    pub fn record(&self, value: f64, attributes: &[KeyValue]) {
        keep(&self.0, value, attributes);
    }

    /// There is none.
    pub fn forget(&self) {
        locked(&self.0).clear();
    }
}

impl Age {
    pub fn new(name: &'static str, description: &'static str) -> Self {
        Self(observed(name, "s", description, |_, age| Some(age.as_secs_f64())))
    }

    /// It is so from now on.
    pub fn begins(&self, attributes: &[KeyValue]) {
        keep(&self.0, 0.0, attributes);
    }
}

/// A gauge that is asked: by the value that was recorded, and how long ago that was.
fn observed(
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    tell: fn(f64, Duration) -> Option<f64>,
) -> Kept {
    let (kept, meter) = (Kept::default(), meter());
    let told = Arc::clone(&kept);
    let gauge = meter.f64_observable_gauge(name).with_unit(unit).with_description(description);
    let observe = gauge.with_callback(move |observer| {
        for (attributes, value, at) in locked(&told).iter() {
            if let Some(value) = tell(*value, at.elapsed()) {
                observer.observe(value, attributes);
            }
        }
    });
    observe.build();
    kept
}

fn keep(kept: &Kept, value: f64, attributes: &[KeyValue]) {
    let mut kept = locked(kept);
    kept.retain(|(of, ..)| of != attributes);
    kept.push((attributes.to_vec(), value, Instant::now()));
}

fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In seconds.
pub fn duration(name: &'static str, description: &'static str) -> Histogram<f64> {
    let meter = meter();
    let histogram = meter.f64_histogram(name).with_unit("s").with_description(description);
    histogram.with_boundaries(BOUNDS.to_vec()).build()
}

/// All figures in Prometheus's form.
pub fn text() -> String {
    let mut out = Vec::new();
    if let Err(error) = TextEncoder::new().encode(&meters().registry.gather(), &mut out) {
        tracing::warn!(%error, "cannot write the metrics");
    }
    String::from_utf8_lossy(&out).into_owned()
}
