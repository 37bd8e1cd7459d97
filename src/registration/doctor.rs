//! What is wrong with an installation: a list of checks, each with what to do about it.
//!
//! Every check reads and judges; nothing is changed. The judging is pure and apart from the reading.

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    installation::{ServiceReference, ServingCa},
    kinds::{self, Kind},
};
use crate::{
    security::rules,
    upstream::{Upstream, UpstreamError},
};

mod apiservice;
mod certificates;
mod cluster;
mod leases;
mod permissions;
#[cfg(test)]
mod tests;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ok,
    /// Works, but something is missing or will stop working.
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub level: Level,
    pub what: String,
    #[serde(rename = "whatToDo", skip_serializing_if = "String::is_empty")]
    pub what_to_do: String,
}

impl Finding {
    fn new(level: Level, what: impl Into<String>, what_to_do: impl Into<String>) -> Self {
        Self { level, what: what.into(), what_to_do: what_to_do.into() }
    }

    fn ok(what: impl Into<String>) -> Self {
        Self::new(Level::Ok, what, "")
    }

    fn warn(what: impl Into<String>, what_to_do: impl Into<String>) -> Self {
        Self::new(Level::Warn, what, what_to_do)
    }

    fn fail(what: impl Into<String>, what_to_do: impl Into<String>) -> Self {
        Self::new(Level::Fail, what, what_to_do)
    }

    /// A check that could not be made.
    fn unread(what: impl std::fmt::Display, error: &UpstreamError) -> Self {
        let what_to_do = match error.code() {
            Some(StatusCode::FORBIDDEN) => {
                "run `tmc doctor` as a user who may read this, for example a cluster administrator"
            }
            Some(StatusCode::UNAUTHORIZED) => {
                "log in again: the credentials of --kubeconfig are not accepted"
            }
            _ => "try again once the Kubernetes API answers",
        };
        Self::warn(format!("{what} could not be checked: {error}"), what_to_do)
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        write!(f, "{level:<4}  {}", self.what)?;
        if !self.what_to_do.is_empty() {
            write!(f, "  - {}", self.what_to_do)?;
        }
        Ok(())
    }
}

/// Everything that was looked at, in order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub checks: Vec<Finding>,
}

impl Report {
    pub fn failed(&self) -> usize {
        self.checks.iter().filter(|finding| finding.level == Level::Fail).count()
    }
}

/// Looks at everything. `service` is for an APIService that is gone; else it says where it leads.
pub async fn examine(
    upstream: &Upstream,
    service: Option<ServiceReference>,
    crds: &[Value],
    now: Timestamp,
) -> Report {
    let mut checks = Vec::new();
    let Some(clock) = cluster::reachable(upstream, now, &mut checks).await else {
        return Report { checks };
    };
    for crd in crds {
        checks.push(cluster::crd(upstream, kinds::address(crd).1).await);
    }
    checks.push(cluster::front(upstream).await);

    let api_service = match read(upstream, kinds::API_SERVICE, "", rules::API_SERVICE).await {
        Ok(found) => {
            checks.extend(apiservice::judge(found.as_ref(), service.as_ref()));
            found
        }
        Err(error) => {
            checks.push(Finding::unread(format!("APIService {}", rules::API_SERVICE), &error));
            None
        }
    };
    let service = match &api_service {
        Some(api_service) => apiservice::service(api_service).or(service),
        None => service,
    }
    .unwrap_or_default();
    let serving_ca = api_service.as_ref().map_or(ServingCa::Secret, apiservice::serving_ca);
    if let Some(api_service) = &api_service {
        let secret = certificates::secret_name(serving_ca);
        let secret = match secret {
            Some(name) => read(upstream, kinds::SECRET, &service.namespace, name).await,
            None => Ok(None),
        };
        checks.extend(certificates::judge(api_service, serving_ca, &service, secret, clock));
    }
    checks.extend(permissions::server(upstream, &service, serving_ca).await);
    checks.push(permissions::door(upstream).await);
    checks.extend(leases::examine(upstream, clock).await);
    Report { checks }
}

/// The object, `None` if there is none.
async fn read(
    upstream: &Upstream,
    kind: Kind,
    namespace: &str,
    name: &str,
) -> Result<Option<Value>, UpstreamError> {
    match upstream.get(&kind.path(namespace, name)).await {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}
