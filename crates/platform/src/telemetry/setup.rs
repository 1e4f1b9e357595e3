//! Log lines to standard error, spans to a collector where one is named.

use std::{io::IsTerminal as _, sync::Arc};

use anyhow::Context as _;
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry, fmt, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _,
};

use crate::config::{LogFormat, TelemetryConfig};

/// Keeps the export alive; [`Telemetry::shutdown`] sends what is left.
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
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
    /// Starts logging and tracing for the whole process. Inside the runtime: the exporter needs it.
    ///
    /// # Errors
    /// A filter or an address that cannot be read, or a second start.
    pub fn start(config: &TelemetryConfig, services: &[&str]) -> anyhow::Result<Self> {
        let filter = EnvFilter::try_new(&config.filter).context("telemetry.filter")?;
        let provider = config.otlp_endpoint.as_deref().map(|url| provider(url, services)).transpose()?;
        let spans = provider
            .as_ref()
            .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("przesiadka")));
        let lines =
            fmt::layer::<Registry>().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
        let lines = match config.format {
            LogFormat::Pretty => lines.boxed(),
            LogFormat::Json => lines.json().flatten_event(true).boxed(),
        };
        let (filter, handle) = reload::Layer::new(filter);
        tracing_subscriber::registry().with(lines).with(spans).with(filter).try_init()?;
        Ok(Self { provider, filter: LogFilter(Arc::new(move |filter| handle.reload(filter))) })
    }

    pub fn log_filter(&self) -> LogFilter {
        self.filter.clone()
    }

    /// Sends what is left. It blocks for up to some seconds while no collector answers, so it goes
    /// to a thread of its own.
    pub async fn shutdown(self) {
        if let Some(provider) = self.provider {
            let ended = tokio::task::spawn_blocking(move || provider.shutdown()).await;
            if let Ok(Err(error)) = ended {
                tracing::warn!(%error, "spans may be lost");
            }
        }
    }
}

fn provider(url: &str, services: &[&str]) -> anyhow::Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(url).build();
    let exporter = exporter.context("telemetry.otlp_endpoint")?;
    let resource = Resource::builder()
        .with_service_name("przesiadka")
        .with_attribute(KeyValue::new("przesiadka.services", services.join(",")))
        .build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}
