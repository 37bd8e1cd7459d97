//! A review as a resource of the library: a kind whose objects are answered and not kept.

use std::sync::Arc;

use serde_json::Value;

use super::{Asked, Review, Services};
use crate::{
    apiserver::{
        field::FieldError,
        log::ResourceLog,
        object::{Cell, Key, Object},
        registry::{
            Registry,
            body::Protobuf,
            store::{Change, Refused, Store},
        },
        request::ResourceRequest,
        resource::ResourceInfo,
        schema::Schema,
        scope::Scope,
        snapshot::Snapshot,
        status::ApiError,
        storage::{Storage, Writer},
        strategy::Strategy,
    },
    controlplane::{documents, kinds::shape},
};

/// One kind of review, as it is served.
pub struct Reviews {
    info: Arc<ResourceInfo>,
    registry: Registry,
}

impl Reviews {
    /// `protobuf` understands the bodies of built-in clients.
    pub fn new(review: Review, services: Arc<Services>, protobuf: Option<Protobuf>) -> Self {
        let strategy = ReviewStrategy::new(review);
        let info = strategy.info.clone();
        let answers = Arc::new(Answers { review, services });
        Self { registry: Registry::new(Arc::new(strategy), answers, protobuf), info }
    }
}

impl Storage for Reviews {
    fn info(&self) -> &Arc<ResourceInfo> {
        &self.info
    }

    fn log(&self, _: &Scope) -> Result<Arc<ResourceLog>, ApiError> {
        Err(not_kept())
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(&self.registry)
    }
}

fn not_kept() -> ApiError {
    ApiError::method_not_allowed("POST")
}

/// What the write path must know of a review: its names and its fields. There are no defaults, and what is wrong is
/// said by the answer.
struct ReviewStrategy {
    info: Arc<ResourceInfo>,
    schema: Arc<Schema>,
}

impl ReviewStrategy {
    fn new(review: Review) -> Self {
        let schema = documents::component(review.group(), "v1", review.kind());
        let schema = schema.expect("the documents describe every review");
        let schema = Schema::parse_plain(&schema).expect("the schemas of the documents can be read");
        Self { info: Arc::new(review.info()), schema: Arc::new(schema) }
    }
}

impl Strategy for ReviewStrategy {
    fn info(&self) -> &Arc<ResourceInfo> {
        &self.info
    }

    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn built_in(&self) -> bool {
        true
    }

    fn has_status(&self) -> bool {
        false
    }

    fn decode(&self, object: &mut Value) -> Result<(), String> {
        shape::decode(&self.info.kind, object)
    }

    fn default(&self, _: &mut Value) {}

    fn validate(&self, _: &Value) -> Vec<FieldError> {
        Vec::new()
    }

    fn cells(&self, _: &Value) -> Vec<Cell> {
        Vec::new()
    }
}

/// Answers, and keeps nothing.
struct Answers {
    review: Review,
    services: Arc<Services>,
}

impl Store for Answers {
    fn answer(&self, request: &ResourceRequest, object: &Value) -> Option<Result<Value, ApiError>> {
        let asked = Asked { user: &request.attributes.user, scope: request.scope() };
        Some(self.review.answer(object, asked, &self.services))
    }

    fn snapshot(&self, _: &Scope) -> Result<Arc<Snapshot>, ApiError> {
        Err(not_kept())
    }

    fn value(&self, _: &Object) -> Value {
        Value::Null
    }

    fn commit(&self, _: &Scope, _: &Key, _: Change) -> Result<Arc<Object>, Refused> {
        Err(Refused::Other(not_kept()))
    }

    fn admit(&self, _: &Scope, _: &str, _: &str) -> Result<(), ApiError> {
        Ok(())
    }
}
