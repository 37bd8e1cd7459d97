//! No request but a watch may take longer than the server, or the client with `?timeout=`, allows.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::time::timeout_at;

use super::{Call, Chain, Next};
use crate::apiserver::{request_info::RequestInfo, status::ApiError};

pub async fn timeout(chain: &Chain, call: Box<Call>, next: impl Next) -> Response {
    match limit(&call.info, chain.timeout) {
        Err(error) => error.into_response(),
        Ok(None) => next.run(call).await,
        Ok(Some(limit)) => match timeout_at(call.at + limit, next.run(call)).await {
            Ok(response) => response,
            Err(_) => timed_out().into_response(),
        },
    }
}

fn limit(info: &RequestInfo, server: Duration) -> Result<Option<Duration>, ApiError> {
    if info.long_running() {
        return Ok(None);
    }
    let Some(asked) = info.query.get("timeout").filter(|asked| !asked.is_empty()) else {
        return Ok(Some(server));
    };
    match parse(asked) {
        None => {
            let why = format!("time: invalid duration {asked:?}");
            Err(ApiError::bad_request(format!("invalid timeout specified in the request URL - {why}")))
        }
        Some(Duration::ZERO) => Ok(Some(server)),
        Some(asked) => Ok(Some(asked.min(server))),
    }
}

fn timed_out() -> ApiError {
    ApiError::new(
        StatusCode::GATEWAY_TIMEOUT,
        "Timeout",
        "Timeout: request did not complete within the allotted timeout",
    )
}

/// A duration as Go writes it, `1m30s`; `None` for anything else, negative ones included.
fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut total = 0.0;
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|end| *end > 0)?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_does() {
        for (text, millis) in [
            ("0", Some(0)),
            ("10s", Some(10_000)),
            ("1m30s", Some(90_000)),
            ("1.5h", Some(5_400_000)),
            ("250ms", Some(250)),
            ("+1s", Some(1000)),
            ("10", None),
            ("-1s", None),
            ("s", None),
            ("", None),
            ("1d", None),
            (".s", None),
            ("1s-", None),
        ] {
            assert_eq!(parse(text), millis.map(Duration::from_millis), "{text:?}");
        }
    }
}
