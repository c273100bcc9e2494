//! Logs on standard error, and traces to whoever collects them.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use clap::ValueEnum;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::failure::Failure;
use crate::remote::https_agent;

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// A JSON object per line
    Json,
}

/// What must be ended with the gateway, so that the last traces are sent.
pub(crate) struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

/// Starts logs at that level (`info`, or directives as `keepset_gateway=debug,info`), and traces to that OTLP endpoint if
/// one is given.
///
/// # Errors
/// If the level or the endpoint makes no sense.
pub(crate) fn start(format: LogFormat, level: &str, endpoint: Option<&str>) -> Result<Telemetry, Failure> {
    let filter = filter(level)?;
    let stderr = std::io::stderr;
    let logs = tracing_subscriber::fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal());
    let logs = match format {
        LogFormat::Text => logs.boxed(),
        LogFormat::Json => logs.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let provider = endpoint.map(provider).transpose()?;
    // W3C's `traceparent`, by which a caller's trace goes on here.
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let traces = provider
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("keepset")));
    tracing_subscriber::registry()
        .with(traces)
        .with(logs)
        .with(filter)
        .try_init()
        .map_err(|error| Failure::Telemetry(error.to_string()))?;
    Ok(Telemetry { provider })
}

/// A word that is no level would be taken for a part of the program, and nothing would be logged.
fn filter(level: &str) -> Result<EnvFilter, Failure> {
    let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
    let mut directives = level.split(',').map(str::trim);
    if !directives.clone().any(|word| !word.is_empty())
        || !directives.all(|word| word.contains('=') || is_level(word))
    {
        let expected =
            "expected error, warn, info, debug, trace, off, or directives like keepset_gateway=debug,info";
        return Err(Failure::Telemetry(format!("`{level}` is no level: {expected}")));
    }
    EnvFilter::try_new(level).map_err(|error| Failure::Telemetry(format!("`{level}`: {error}")))
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::Telemetry(format!("{endpoint}: {error}"));
    // OTLP over HTTP wants the path of traces, as the specification of its variables has it.
    let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(wrong(&"expected http:// or https://"));
    }
    let authorities = std::env::var_os("OTEL_EXPORTER_OTLP_CERTIFICATE").map(PathBuf::from);
    let agent = https_agent(authorities.as_deref(), PATIENCE)?;
    let exporter = SpanExporter::builder().with_http().with_endpoint(url).with_http_client(Collector(agent));
    let exporter = exporter.build().map_err(|error| wrong(&error))?;
    let resource = Resource::builder().with_service_name("keepset").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// Sends traces to a collector, from the exporter's own thread.
#[derive(Debug)]
struct Collector(ureq::Agent);

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, mut body) = self.0.run(request.map(|body| body.to_vec()))?.into_parts();
        Ok(Response::from_parts(head, body.read_to_vec()?.into()))
    }
}

impl Telemetry {
    /// Sends what was not sent yet.
    pub(crate) fn end(self) {
        if let Some(provider) = self.provider
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}
