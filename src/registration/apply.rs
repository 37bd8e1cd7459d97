//! Puts an installation into a cluster by server-side apply, and waits until it works.
//!
//! Fed with the objects of `manifests` and the CRDs. Tells its progress through a callback; every error names
//! the verb, the resource, the name and what to do. It never forces an APIService away from another server.

use std::time::Duration;

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    ca::{Store, StoreError},
    chain, conditions,
    installation::{Installation, ServiceReference, ServingCa},
    kinds::{self, Kind, address},
    manifests::{self, FIELD_MANAGER, MANAGED_BY},
};
use crate::{
    security::rules,
    upstream::{Upstream, UpstreamError},
};

mod remove;
#[cfg(test)]
mod tests;

pub use remove::{Removal, installed_service, remove, remove_obsolete};

/// How often a condition is looked at while waiting for it.
const POLL: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("cannot {verb} {resource} {name}: {}{}", chain(.error), advice(.resource, .error))]
    Request { verb: &'static str, resource: String, name: String, error: UpstreamError },
    #[error(
        "APIService {} already leads to Service {found}, not to {wanted}: another server is registered there. \
         Run `tmc unregister` for it, or give --force to take it over",
        rules::API_SERVICE
    )]
    Elsewhere { found: String, wanted: String },
    #[error(
        "Service {service} is not ours and has no port {}: give a port it has to --service, or delete it",
        service.port
    )]
    ServicePort { service: ServiceReference },
    #[error("CRD {name} was not established within {timeout:?}: {reason}")]
    NotEstablished { name: String, timeout: Duration, reason: String },
    #[error(
        "the objects are applied, but APIService {} was not Available within {timeout:?}: {reason}. \
         Run `tmc doctor` for more, or wait longer with --timeout",
        rules::API_SERVICE
    )]
    NotAvailable { timeout: Duration, reason: String },
    #[error(transparent)]
    ServingCa(#[from] StoreError),
}

/// What to do about a refused request.
fn advice(resource: &str, error: &UpstreamError) -> String {
    match error.code() {
        Some(StatusCode::FORBIDDEN) => format!(
            "; this user lacks a permission on {resource}: give --kubeconfig (or --context) of a cluster administrator"
        ),
        Some(StatusCode::UNAUTHORIZED) => {
            "; the credentials of --kubeconfig are not accepted: log in again".to_owned()
        }
        Some(StatusCode::NOT_FOUND) if resource.ends_with(".cert-manager.io") => {
            "; --cert-manager needs cert-manager, which is not installed in this cluster".to_owned()
        }
        _ => String::new(),
    }
}

/// How to apply.
pub struct Apply<'a> {
    pub upstream: &'a Upstream,
    /// For the waits; every single request has its own limit.
    pub timeout: Duration,
    /// Take over an APIService that leads to another Service.
    pub force: bool,
    /// Told one line at a time.
    pub say: &'a mut (dyn FnMut(&str) + Send),
}

impl Apply<'_> {
    /// Applies everything in order and returns once the APIService is Available.
    pub async fn register(
        &mut self,
        mut installation: Installation,
        crds: Vec<Value>,
    ) -> Result<(), ApplyError> {
        self.refuse_elsewhere(&installation.service).await?;
        for object in manifests::objects(&installation).iter().filter(|object| is(object, kinds::NAMESPACE)) {
            self.apply(object).await?;
        }
        for crd in &crds {
            self.apply(crd).await?;
        }
        for crd in &crds {
            self.established(address(crd).1).await?;
        }
        for object in manifests::objects(&installation) {
            if is(&object, kinds::SERVICE) {
                self.service(&object, &installation.service).await?;
            } else if !is(&object, kinds::NAMESPACE) && !is(&object, kinds::API_SERVICE) {
                self.apply(&object).await?;
            }
        }
        if installation.serving_ca == ServingCa::Secret {
            let store = Store { upstream: self.upstream, service: &installation.service };
            installation.ca_bundle = store.ensure(Timestamp::now()).await?;
        }
        self.apply(&manifests::api_service(&installation)).await?;
        remove_obsolete(self.upstream, &installation, self.say).await?;
        self.available().await
    }

    /// Server-side apply; fields of others are taken over, objects of others were refused before.
    pub async fn apply(&mut self, object: &Value) -> Result<Value, ApplyError> {
        let kind = Kind::of(object).expect("the manifests hold kinds of the table only");
        let (namespace, name) = address(object);
        let path = format!("{}?fieldManager={FIELD_MANAGER}&force=true", kind.path(namespace, name));
        let body = object.to_string().into_bytes();
        let applied = self
            .upstream
            .json(Method::PATCH, &path, Some("application/apply-patch+yaml"), body)
            .await
            .map_err(|source| failed("apply", kind, namespace, name, source))?;
        (self.say)(&format!("applied {} {}", kind.resource(), shown(namespace, name)));
        Ok(applied)
    }

    async fn find(&self, kind: Kind, namespace: &str, name: &str) -> Result<Option<Value>, ApplyError> {
        find(self.upstream, kind, namespace, name).await
    }

    async fn refuse_elsewhere(&self, service: &ServiceReference) -> Result<(), ApplyError> {
        let found = self.find(kinds::API_SERVICE, "", rules::API_SERVICE).await?;
        let Some(found) = found.filter(|_| !self.force) else { return Ok(()) };
        match leads_to(&found) {
            Some((namespace, name)) if (namespace, name) == (&service.namespace, &service.name) => Ok(()),
            other => Err(ApplyError::Elsewhere {
                found: other.map_or("none (it is local)".to_owned(), |(ns, name)| format!("{ns}/{name}")),
                wanted: format!("{}/{}", service.namespace, service.name),
            }),
        }
    }

    /// A Service that somebody else made, a chart for one, is used as it is.
    async fn service(&mut self, object: &Value, service: &ServiceReference) -> Result<(), ApplyError> {
        let found = self.find(kinds::SERVICE, &service.namespace, &service.name).await?;
        let Some(found) = found.filter(|found| !ours(found)) else {
            return self.apply(object).await.map(drop);
        };
        let has_port = |port: &Value| port["port"] == service.port;
        if !found["spec"]["ports"].as_array().is_some_and(|ports| ports.iter().any(has_port)) {
            return Err(ApplyError::ServicePort { service: service.clone() });
        }
        (self.say)(&format!("using services {}/{} as it is", service.namespace, service.name));
        Ok(())
    }

    async fn established(&mut self, name: &str) -> Result<(), ApplyError> {
        self.wait(kinds::CUSTOM_RESOURCE_DEFINITION, name, "Established").await?.map_err(|reason| {
            ApplyError::NotEstablished { name: name.to_owned(), timeout: self.timeout, reason }
        })
    }

    async fn available(&mut self) -> Result<(), ApplyError> {
        (self.say)(&format!("waiting for apiservices {} to become Available", rules::API_SERVICE));
        let outcome = self.wait(kinds::API_SERVICE, rules::API_SERVICE, "Available").await?;
        outcome.map_err(|reason| ApplyError::NotAvailable { timeout: self.timeout, reason })
    }

    /// An APIService that was Available before a change says so for a while after it: ask the server itself.
    async fn answers(&self, kind: Kind) -> Option<String> {
        if kind != kinds::API_SERVICE {
            return None;
        }
        let answer = self.upstream.get::<Value>(DISCOVERY).await;
        answer.err().map(|error| format!("GET {DISCOVERY}: {}", chain(&error)))
    }

    /// Until the condition is True, telling each new reason why it is not; then the last reason.
    async fn wait(
        &mut self,
        kind: Kind,
        name: &str,
        condition: &str,
    ) -> Result<Result<(), String>, ApplyError> {
        let deadline = Instant::now() + self.timeout;
        let mut last = String::new();
        loop {
            let reason = match self.find(kind, "", name).await {
                Ok(object) => match conditions::find(&object.unwrap_or_default(), condition) {
                    Some(found) if found.is_true() => match self.answers(kind).await {
                        None => return Ok(Ok(())),
                        Some(reason) => reason,
                    },
                    Some(found) => found.explained(),
                    None => "no condition yet".to_owned(),
                },
                // An API that is away for a moment may be back before the deadline.
                Err(ApplyError::Request { error, .. }) if passes(&error) => chain(&error),
                Err(error) => return Err(error),
            };
            if reason != last {
                (self.say)(&format!("not {condition} yet: {reason}"));
                last = reason;
            }
            if Instant::now() + POLL > deadline {
                return Ok(Err(last));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Discovery of the one group-version, as kube-apiserver proxies it.
const DISCOVERY: &str = "/apis/views.workload.kcp.io/v1alpha1";

/// Whether the same request may be answered later.
fn passes(error: &UpstreamError) -> bool {
    error.code().is_none_or(|code| code.is_server_error() || code == StatusCode::TOO_MANY_REQUESTS)
}

fn is(object: &Value, kind: Kind) -> bool {
    Kind::of(object) == Some(kind)
}

/// Whether registration made the object.
fn ours(object: &Value) -> bool {
    object["metadata"]["labels"][MANAGED_BY.0] == json!(MANAGED_BY.1)
}

/// Namespace and name of the Service behind an APIService.
fn leads_to(api_service: &Value) -> Option<(&str, &str)> {
    let reference = &api_service["spec"]["service"];
    Some((reference["namespace"].as_str()?, reference["name"].as_str()?))
}

/// The object, `None` if there is none.
pub async fn find(
    upstream: &Upstream,
    kind: Kind,
    namespace: &str,
    name: &str,
) -> Result<Option<Value>, ApplyError> {
    match upstream.get(&kind.path(namespace, name)).await {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => Ok(None),
        Err(error) => Err(failed("get", kind, namespace, name, error)),
    }
}

pub(super) fn failed(
    verb: &'static str,
    kind: Kind,
    namespace: &str,
    name: &str,
    error: UpstreamError,
) -> ApplyError {
    ApplyError::Request { verb, resource: kind.resource(), name: shown(namespace, name), error }
}

pub(super) fn shown(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}
