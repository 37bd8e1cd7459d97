//! `/healthz`, `/livez` and `/readyz`: named checks, failing without ever saying why to the caller.
//!
//! Fed with checks by whoever wires the server. Readiness must not depend on our own APIService being
//! available, nor on any member cluster.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};

use super::request::Query;

/// One named condition of health. The function must not block.
#[derive(Clone)]
pub struct Check {
    pub name: &'static str,
    /// A check of `/readyz` alone says nothing about `/livez`.
    pub liveness: bool,
    passes: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Check {
    /// Failing, it takes us out of the Service and restarts nothing.
    pub fn readiness(name: &'static str, passes: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { name, liveness: false, passes: Arc::new(passes) }
    }

    /// Failing, it has the process restarted.
    pub fn liveness(name: &'static str, passes: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { name, liveness: true, passes: Arc::new(passes) }
    }
}

/// All checks of a server.
#[derive(Clone)]
pub struct Health {
    checks: Vec<Check>,
    stopping: Arc<AtomicBool>,
}

impl Health {
    /// Adds what every server has: `ping`, and `shutdown`, which fails as soon as the server means to stop.
    pub fn new(checks: Vec<Check>) -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let seen = stopping.clone();
        let mut all = vec![Check::liveness("ping", || true)];
        all.extend(checks);
        all.push(Check::readiness("shutdown", move || !seen.load(Ordering::Acquire)));
        Self { checks: all, stopping }
    }

    /// From here on `/readyz` fails.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether `/readyz` passes.
    pub fn ready(&self) -> bool {
        self.checks.iter().all(|check| (check.passes)())
    }

    /// Every path: endpoints and their single checks.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for endpoint in ["healthz", "livez", "readyz"] {
            paths.push(format!("/{endpoint}"));
            paths.extend(self.of(endpoint).map(|check| format!("/{endpoint}/{}", check.name)));
        }
        paths
    }

    fn of<'a>(&'a self, endpoint: &'a str) -> impl Iterator<Item = &'a Check> {
        self.checks.iter().filter(move |check| check.liveness || endpoint == "readyz")
    }

    /// Answers `path` with its query as it came; `None` when there is no such check.
    pub fn answer(&self, path: &str, query: &str) -> Option<Response> {
        let path = path.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        match path.split_once('/') {
            None => Some(self.endpoint(path, query)),
            Some((endpoint, name)) => {
                let check = self.of(endpoint).find(|check| check.name == name)?;
                Some(match (check.passes)() {
                    true => text(StatusCode::OK, "ok".to_owned()),
                    false => text(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        format!("internal server error: {name} failed: reason withheld\n"),
                    ),
                })
            }
        }
    }

    fn endpoint(&self, endpoint: &str, query: &str) -> Response {
        let mut excluded = excluded(query);
        let mut lines = String::new();
        let mut failed = Vec::new();
        for check in self.of(endpoint) {
            if excluded.iter().any(|name| name == check.name) {
                excluded.retain(|name| name != check.name);
                let _ = writeln!(lines, "[+]{} excluded: ok", check.name);
            } else if (check.passes)() {
                let _ = writeln!(lines, "[+]{} ok", check.name);
            } else {
                failed.push(check.name);
                let _ = writeln!(lines, "[-]{} failed: reason withheld", check.name);
            }
        }
        if !excluded.is_empty() {
            lines.push_str("warn: some health checks cannot be excluded: no such check\n");
        }
        if !failed.is_empty() {
            tracing::debug!(endpoint, ?failed, "health check failed");
            let _ = writeln!(lines, "{endpoint} check failed");
            return text(StatusCode::INTERNAL_SERVER_ERROR, lines);
        }
        if Query::parse(query).get("verbose").is_none() {
            return text(StatusCode::OK, "ok".to_owned());
        }
        let _ = writeln!(lines, "{endpoint} check passed");
        text(StatusCode::OK, lines)
    }
}

/// Every value of `exclude`: the one parameter here that may be repeated.
fn excluded(query: &str) -> Vec<String> {
    let values = query.split('&').map(|pair| Query::parse(pair).get("exclude").map(str::to_owned));
    values.flatten().collect()
}

fn text(code: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests;
