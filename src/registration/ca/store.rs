//! The Secret that holds the CA and the APIService that trusts it: read, and patched one field at a time.
//!
//! Every write carries the resourceVersion that was read, so of several replicas one wins and the others
//! read again.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Authority, CaError, SecretData};
use crate::{
    registration::{
        chain,
        installation::{ServiceReference, ServingCa},
        kinds,
        manifests::FIELD_MANAGER,
    },
    security::rules,
    upstream::{Upstream, UpstreamError},
};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "cannot {verb} {resource} {name}: {}; `tmc register` grants this to the server's ServiceAccount",
        chain(.error)
    )]
    Request { verb: &'static str, resource: &'static str, name: &'static str, error: UpstreamError },
    #[error(transparent)]
    Ca(#[from] CaError),
    #[error("Secret tmc-serving-ca does not exist yet: run `tmc register`")]
    Absent,
    #[error("Secret tmc-serving-ca is changed by somebody else all the time")]
    Contended,
}

/// The Secret as it was read.
pub struct Stored {
    resource_version: String,
    /// `None` while it is empty.
    pub authority: Result<Option<Authority>, CaError>,
}

/// Whether a write was carried out, or somebody else's came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Yes,
    Conflict,
}

pub struct Store<'a> {
    pub upstream: &'a Upstream,
    pub service: &'a ServiceReference,
}

impl Store<'_> {
    fn secret_path(&self) -> String {
        kinds::SECRET.path(&self.service.namespace, rules::SERVING_CA_SECRET)
    }

    pub async fn read(&self) -> Result<Option<Stored>, StoreError> {
        let Some(secret) =
            found(self.upstream.get::<Value>(&self.secret_path()).await).map_err(secret_error("get"))?
        else {
            return Ok(None);
        };
        let authority = SecretData::of(&secret)
            .and_then(|data| if data.is_empty() { Ok(None) } else { Authority::of(&data).map(Some) });
        Ok(Some(Stored { resource_version: resource_version(&secret), authority }))
    }

    pub async fn write(&self, stored: &Stored, authority: &Authority) -> Result<Written, StoreError> {
        let patch = json!({
            "metadata": {"resourceVersion": stored.resource_version}, "data": authority.to_json(),
        });
        written(merge_patch(self.upstream, &self.secret_path(), &patch).await).map_err(secret_error("patch"))
    }

    /// The bundle of the Secret, which gets a new CA where it has none that could sign.
    pub async fn ensure(&self, now: Timestamp) -> Result<String, StoreError> {
        for _ in 0..5 {
            let stored = self.read().await?.ok_or(StoreError::Absent)?;
            match &stored.authority {
                Ok(Some(authority)) if !authority.signing().certificate.expired(now) => {
                    return Ok(authority.bundle());
                }
                _ => {}
            }
            self.write(&stored, &Authority::found(now, Vec::new())?).await?;
        }
        Err(StoreError::Contended)
    }

    /// Makes the APIService trust `bundle`; true once it does. One that is not ours is left alone.
    pub async fn trust(&self, bundle: &str) -> Result<bool, StoreError> {
        let path = kinds::API_SERVICE.path("", rules::API_SERVICE);
        let Some(api_service) =
            found(self.upstream.get::<Value>(&path).await).map_err(api_service_error("get"))?
        else {
            return Ok(false);
        };
        if !keeps_own_bundle(&api_service, self.service) {
            return Ok(false);
        }
        if bundle_of(&api_service).is_some_and(|found| found == bundle.as_bytes()) {
            return Ok(true);
        }
        let patch = json!({
            "metadata": {"resourceVersion": resource_version(&api_service)},
            "spec": {"caBundle": BASE64_STANDARD.encode(bundle)},
        });
        written(merge_patch(self.upstream, &path, &patch).await).map_err(api_service_error("patch"))?;
        Ok(false)
    }
}

fn secret_error(verb: &'static str) -> impl Fn(UpstreamError) -> StoreError {
    move |error| StoreError::Request { verb, resource: "Secret", name: rules::SERVING_CA_SECRET, error }
}

fn api_service_error(verb: &'static str) -> impl Fn(UpstreamError) -> StoreError {
    move |error| StoreError::Request { verb, resource: "APIService", name: rules::API_SERVICE, error }
}

async fn merge_patch(upstream: &Upstream, path: &str, patch: &Value) -> Result<Value, UpstreamError> {
    let path = format!("{path}?fieldManager={FIELD_MANAGER}");
    let body = patch.to_string().into_bytes();
    upstream.json(Method::PATCH, &path, Some("application/merge-patch+json"), body).await
}

fn found<T>(answer: Result<T, UpstreamError>) -> Result<Option<T>, UpstreamError> {
    match answer {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.code() == Some(StatusCode::NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

fn written(answer: Result<Value, UpstreamError>) -> Result<Written, UpstreamError> {
    match answer {
        Ok(_) => Ok(Written::Yes),
        Err(error) if error.code() == Some(StatusCode::CONFLICT) => Ok(Written::Conflict),
        Err(error) => Err(error),
    }
}

fn resource_version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned()
}

/// `spec.caBundle`, decoded.
pub fn bundle_of(api_service: &Value) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(api_service["spec"]["caBundle"].as_str()?).ok()
}

/// Whether the APIService leads to this Service and leaves the bundle to the server.
fn keeps_own_bundle(api_service: &Value, service: &ServiceReference) -> bool {
    let reference = &api_service["spec"]["service"];
    let annotation = &api_service["metadata"]["annotations"][ServingCa::ANNOTATION];
    reference["namespace"] == service.namespace.as_str()
        && reference["name"] == service.name.as_str()
        && annotation == ServingCa::Secret.as_str()
}
