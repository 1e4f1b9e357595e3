//! Log lines to standard error; spans and figures to a collector where one is named.

use std::{io::IsTerminal as _, sync::Arc};

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{metrics::SdkMeterProvider, trace::SdkTracerProvider};
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry, filter::filter_fn, fmt, layer::SubscriberExt as _, reload,
    util::SubscriberInitExt as _,
};

use super::{export, lines::JsonLines, metrics};
use crate::config::{LogFormat, TelemetryConfig};

/// Keeps the export alive; [`Telemetry::shutdown`] sends what is left.
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    figures: SdkMeterProvider,
    filter: LogFilter,
}

/// Which lines are logged, while the process runs.
#[derive(Clone)]
pub struct LogFilter(Arc<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>);

impl LogFilter {
    /// # Errors
    /// One that cannot be read; the old one stays.
    pub fn set(&self, filter: &str) -> anyhow::Result<()> {
        Ok((self.0)(EnvFilter::try_new(filter)?)?)
    }
}

impl Telemetry {
    /// Starts logging, tracing and measuring for the whole process. Inside the runtime: the exporters need it.
    ///
    /// # Errors
    /// A filter, an address or a certificate that cannot be read, or a second start.
    pub fn start(config: &TelemetryConfig, services: &[&str]) -> anyhow::Result<Self> {
        let filter = EnvFilter::try_new(&config.filter).context("telemetry.filter")?;
        let resource = export::resource(services);
        let traces = export::traces(config, &resource)?;
        let figures = metrics::start(resource, export::figures(config)?)?;
        let spans = traces.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("przesiadka"))
                .with_location(false)
                .with_tracked_inactivity(false)
                .with_threads(false)
                .with_target(false)
                .with_filter(filter_fn(is_our_span))
        });
        let (filter, handle) = reload::Layer::new(filter);
        let lines =
            fmt::layer::<Registry>().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
        let lines = match config.format {
            LogFormat::Pretty => lines.with_filter(filter).boxed(),
            LogFormat::Json => lines.event_format(JsonLines).with_filter(filter).boxed(),
        };
        tracing_subscriber::registry().with(lines).with(spans).try_init()?;
        Ok(Self { traces, figures, filter: LogFilter(Arc::new(move |filter| handle.reload(filter))) })
    }

    pub fn log_filter(&self) -> LogFilter {
        self.filter.clone()
    }

    /// Sends what is left. It blocks for up to some seconds while no collector answers, so it goes
    /// to a thread of its own.
    pub async fn shutdown(self) {
        let ended = tokio::task::spawn_blocking(move || {
            let traces = self.traces.map_or(Ok(()), |traces| traces.shutdown());
            traces.and(self.figures.shutdown())
        });
        if let Ok(Err(error)) = ended.await {
            tracing::warn!(%error, "spans or figures may be lost");
        }
    }
}

/// Of this program's own crates. Whatever the lines leave out, and without the spans of libraries.
fn is_our_span(metadata: &Metadata<'_>) -> bool {
    const OURS: [&str; 6] = ["platform", "scheduling", "audit", "licensing", "notification", "przesiadka"];
    let origin = metadata.target().split("::").next().unwrap_or_default();
    metadata.is_span() && *metadata.level() <= Level::INFO && OURS.contains(&origin)
}
