//! The span of a request. A caller's own trace is linked, never continued: we do not know him yet.

use http::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::Call;
use crate::apiserver::metrics::RequestLabels;

/// Named after verb and resource; costs next to nothing while nobody listens at `debug`.
pub fn span(call: &Call, labels: &RequestLabels) -> Span {
    let request = &call.request;
    let span = tracing::debug_span!(
        "request",
        otel.name = Empty,
        otel.kind = "server",
        http.request.method = request.method().as_str(),
        url.path = request.uri().path(),
        audit_id = call.audit_id.to_str().ok(),
        http.response.status_code = Empty,
        user = Empty,
    );
    if span.is_disabled() {
        return span;
    }
    span.record("otel.name", format!("{} {}", labels.verb, labels.names()[2]).trim_end());
    if let Some(caller) = parent(request.headers()) {
        span.add_link(caller);
    }
    span
}

/// W3C `traceparent`: `00-<trace>-<span>-<flags>`.
fn parent(headers: &HeaderMap) -> Option<SpanContext> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2 || version == "ff" || trace.len() != 32 || span.len() != 16 || flags.len() != 2 {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::NONE,
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<SpanContext> {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", text.parse().unwrap());
        parent(&headers)
    }

    #[test]
    fn traceparent() {
        let good = parsed("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
        assert_eq!(good.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(good.is_sampled() && good.is_remote());
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-xyz92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(parsed(bad).is_none(), "{bad:?}");
        }
    }
}
