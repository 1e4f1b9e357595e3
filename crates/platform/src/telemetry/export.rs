//! What goes to an OpenTelemetry collector by OTLP over gRPC.

use std::{fs, time::Duration};

use anyhow::Context as _;
use opentelemetry::KeyValue;
use opentelemetry_otlp::{
    MetricExporter, SpanExporter, WithExportConfig as _, WithTonicConfig as _,
    tonic_types::transport::{Certificate, ClientTlsConfig},
};
use opentelemetry_sdk::{
    Resource,
    metrics::PeriodicReader,
    trace::{Sampler, SdkTracerProvider},
};
use uuid::Uuid;

use crate::config::TelemetryConfig;

/// Who tells. `OTEL_RESOURCE_ATTRIBUTES` may add to it.
pub fn resource(services: &[&str]) -> Resource {
    let name = if let [service] = services { service } else { "all" };
    Resource::builder()
        .with_service_name(name.to_owned())
        .with_attributes([
            KeyValue::new("service.namespace", "przesiadka"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", Uuid::now_v7().to_string()),
        ])
        .build()
}

/// # Errors
/// An address or a certificate that cannot be read.
pub fn traces(config: &TelemetryConfig, resource: &Resource) -> anyhow::Result<Option<SdkTracerProvider>> {
    let Some(url) = &config.otlp_endpoint else { return Ok(None) };
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(url);
    let exporter = match tls(config, url)? {
        Some(tls) => exporter.with_tls_config(tls),
        None => exporter,
    };
    let exporter = exporter.build().context("telemetry.otlp_endpoint")?;
    // Who calls decides for a trace that goes on here.
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample_ratio)));
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(resource.clone());
    Ok(Some(provider.build()))
}

/// # Errors
/// As [`traces`].
pub fn figures(config: &TelemetryConfig) -> anyhow::Result<Option<PeriodicReader<MetricExporter>>> {
    let Some(url) = &config.otlp_endpoint else { return Ok(None) };
    let exporter = MetricExporter::builder().with_tonic().with_endpoint(url);
    let exporter = match tls(config, url)? {
        Some(tls) => exporter.with_tls_config(tls),
        None => exporter,
    };
    let exporter = exporter.build().context("telemetry.otlp_endpoint")?;
    let every = Duration::from_millis(config.metrics_every_ms);
    Ok(Some(PeriodicReader::builder(exporter).with_interval(every).build()))
}

fn tls(config: &TelemetryConfig, url: &str) -> anyhow::Result<Option<ClientTlsConfig>> {
    if !url.starts_with("https://") {
        return Ok(None);
    }
    let tls = ClientTlsConfig::new();
    let Some(file) = &config.otlp_ca_file else { return Ok(Some(tls.with_native_roots())) };
    let pem = fs::read(file).with_context(|| format!("telemetry.otlp_ca_file {}", file.display()))?;
    Ok(Some(tls.ca_certificate(Certificate::from_pem(pem))))
}
