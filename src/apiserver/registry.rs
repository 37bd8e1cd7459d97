//! The write path of one stored resource: create, update, patch and delete as kube-apiserver's generic registry
//! does them, and the subresources `status` and `scale`.
//!
//! Fed by `rest` with authorized requests. The kind's own rules are a [`Strategy`], the objects are a
//! [`Store`]'s; it must not know what either of them is about.

pub mod body;
mod create;
mod delete;
mod errors;
mod input;
mod managed;
pub mod meta;
mod options;
mod patch;
mod scale;
mod settle;
pub mod store;
mod update;

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;

use super::{
    object::{Key, Object},
    request::{ResourceRequest, Verb},
    status::ApiError,
    storage::{Answer, Writer, Written},
    strategy::Strategy,
};
use body::Protobuf;
use managed::Managing;
pub use options::Propagation;
use store::Store;

/// How often a write that names no version is tried anew after somebody else was faster. Kubernetes goes on without an
/// end; each time somebody got on, so this is never reached but by a defect.
const TRIES: usize = 1_000;

/// The writer of one resource.
pub struct Registry {
    strategy: Arc<dyn Strategy>,
    store: Arc<dyn Store>,
    protobuf: Option<Protobuf>,
    managing: Managing,
}

/// What part of the object a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Status,
    Scale,
    /// `spec.finalizers` of a namespace.
    Finalize,
}

impl Registry {
    pub fn new(strategy: Arc<dyn Strategy>, store: Arc<dyn Store>, protobuf: Option<Protobuf>) -> Self {
        let managing = Managing::new(strategy.as_ref());
        Self { strategy, store, protobuf, managing }
    }

    fn part(&self, request: &ResourceRequest) -> Result<Part, ApiError> {
        let served = |name: &str| self.strategy.info().subresources.iter().any(|sub| sub.name == name);
        match request.subresource() {
            "" => Ok(Part::Whole),
            "status" if served("status") => Ok(Part::Status),
            "scale" if served("scale") => Ok(Part::Scale),
            "finalize" if served("finalize") => Ok(Part::Finalize),
            _ => Err(ApiError::unknown_path()),
        }
    }

    fn key(&self, request: &ResourceRequest, name: &str) -> Key {
        let namespaced = self.strategy.info().namespaced;
        let namespace = if namespaced { request.namespace() } else { "" };
        Key { namespace: namespace.into(), name: name.into() }
    }

    /// The object of the request, 404 without one.
    fn live(&self, request: &ResourceRequest) -> Result<Arc<Object>, ApiError> {
        let key = self.key(request, request.name());
        let snapshot = self.store.snapshot(request.scope())?;
        snapshot.get(&key).cloned().ok_or_else(|| errors::not_found(self.strategy.info(), &key.name))
    }
}

#[async_trait]
impl Writer for Registry {
    async fn write(&self, request: &ResourceRequest) -> Result<Written, ApiError> {
        let part = self.part(request)?;
        match (request.verb, part) {
            (Verb::Create, Part::Whole) => self.create(request),
            (Verb::Update, _) => self.update(request, part),
            (Verb::Patch, _) => self.patch(request, part),
            (Verb::Delete, Part::Whole) => self.delete(request),
            (Verb::DeleteCollection, Part::Whole) => self.delete_collection(request),
            _ => Err(ApiError::method_not_allowed("GET, HEAD")),
        }
    }

    async fn read(&self, request: &ResourceRequest) -> Result<Written, ApiError> {
        let live = self.live(request)?;
        let answer = match self.part(request)? {
            Part::Scale => Answer::Json(self.scale_of(&live)?),
            _ => Answer::Object(live),
        };
        Ok(Written { code: StatusCode::OK, answer, warnings: Vec::new() })
    }
}
