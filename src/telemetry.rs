//! Logs on stderr and traces over OTLP. Fed by `tracing`; knows nobody.
//!
//! Crates of others are heard from `warn` on, kube's client not at all: it logs response bodies at `warn`,
//! and a body may be a Secret; what it logs at `error` its caller gets and says better.

use std::{str::FromStr, time::Duration};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterExt, Targets, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// How long the last spans may take to leave at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("--log-format: {0:?} is neither text nor json")]
    Format(String),
    #[error("--otlp-endpoint: cannot use {endpoint}")]
    Otlp { endpoint: String, source: opentelemetry_otlp::ExporterBuildError },
    #[error("logging was set up before")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl FromStr for LogFormat {
    type Err = TelemetryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(TelemetryError::Format(other.to_owned())),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    pub format: LogFormat,
    /// `-v` as Kubernetes components count it: 0 errors, 1 warnings, 2 is usual, 4 debug, 6 and above trace.
    pub verbosity: u8,
    pub otlp_endpoint: Option<String>,
}

/// Keeps traces flowing; dropping it sends the last ones.
#[must_use = "dropped at once, no trace is ever sent"]
pub struct Telemetry(Option<SdkTracerProvider>);

/// Where spans can be sent: a collector's `http://host:port`. This build has no TLS for it.
pub fn endpoint(text: &str) -> Result<String, String> {
    let uri = text.parse::<http::Uri>().ok();
    let usable = uri.is_some_and(|uri| {
        uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty())
    });
    if usable {
        return Ok(text.to_owned());
    }
    Err("give the URL of a collector that takes OTLP over gRPC without TLS, for example http://127.0.0.1:4317".to_owned())
}

/// Sets up the process; inside a tokio runtime when there is an OTLP endpoint.
pub fn init(options: &Options) -> Result<Telemetry, TelemetryError> {
    let provider = options.otlp_endpoint.as_deref().map(provider).transpose()?;
    let traces = provider.as_ref().map(|provider| {
        let spans = filter_fn(|metadata| metadata.is_span()).and(targets(LevelFilter::DEBUG));
        tracing_opentelemetry::layer().with_tracer(provider.tracer("tmc")).with_filter(spans)
    });
    Registry::default().with(traces).with(logs(options, std::io::stderr)).try_init()?;
    Ok(Telemetry(provider))
}

fn logs<S, W>(options: &Options, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let filter = targets(level(options.verbosity));
    match options.format {
        LogFormat::Text => layer.with_ansi(false).with_filter(filter).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
    }
}

fn level(verbosity: u8) -> LevelFilter {
    match verbosity {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::WARN,
        2..=3 => LevelFilter::INFO,
        4..=5 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

fn targets(own: LevelFilter) -> Targets {
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("tmc", own)
        .with_target("kube_client", LevelFilter::OFF)
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()
        .map_err(|source| TelemetryError::Otlp { endpoint: endpoint.to_owned(), source })?;
    let resource = Resource::builder().with_service_name("tmc").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        let Some(provider) = self.0.take() else { return };
        if let Err(error) = provider.shutdown_with_timeout(FLUSH_TIMEOUT) {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

#[cfg(test)]
mod tests;
