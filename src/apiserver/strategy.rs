//! What one kind brings to the write path: its schema, its defaults, its rules, its cells.
//!
//! Implemented by whoever knows the kind; called by the write verbs, which know the order. Everything here is
//! pure: an object in, an object or a list of mistakes out. It must not know how objects are stored.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{field::FieldError, object::Cell, resource::ResourceInfo, schema::Schema};

/// Where `/scale` finds its numbers, as JSON pointers into the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalePaths {
    /// `/spec/replicas`
    pub spec_replicas: String,
    /// `/status/replicas`
    pub status_replicas: String,
    /// `/status/labelSelector`, or for built-in kinds `/spec/selector`.
    pub selector: Option<String>,
}

/// How a name is written, and what an error says of one that is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// Most kinds.
    Dns1123Subdomain,
    /// Namespaces.
    Dns1123Label,
    /// Services.
    Dns1035Label,
    /// RBAC objects: anything that may stand in a path.
    PathSegment,
}

/// One kind of object.
pub trait Strategy: Send + Sync + 'static {
    fn info(&self) -> &Arc<ResourceInfo>;

    /// The schema of the whole object, `metadata` excluded from its rules. What it does not name is unknown.
    fn schema(&self) -> &Arc<Schema>;

    /// Whether the kind is one of Kubernetes' own: strategic merge patches and protobuf bodies are understood.
    fn built_in(&self) -> bool;

    fn name_rule(&self) -> NameRule {
        NameRule::Dns1123Subdomain
    }

    /// Whether `/status` is a resource of its own, and `status` is ignored elsewhere.
    fn has_status(&self) -> bool;

    /// The members of `metadata` that a write of `/status` leaves alone; `None`: all of them.
    fn kept_by_status(&self) -> Option<&'static [&'static str]> {
        self.built_in().then_some(&[])
    }

    fn scale(&self) -> Option<&ScalePaths> {
        None
    }

    /// Brings a decoded object into the form the kind is written in; the text says what is not of its type.
    fn decode(&self, _object: &mut Value) -> Result<(), String> {
        Ok(())
    }

    /// Whether an update may leave out the resourceVersion.
    fn unconditional_update(&self) -> bool {
        self.built_in()
    }

    /// Whether a completed deletion is answered with the object instead of a Status.
    fn returns_deleted(&self) -> bool {
        false
    }

    /// Whether a PUT makes the object that is not there.
    fn creates_on_update(&self) -> bool {
        false
    }

    /// Whether `metadata.generation` counts the changes of what is desired.
    fn has_generation(&self) -> bool {
        !self.built_in() || self.scale().is_some()
    }

    /// Why an object of this name may not be deleted by anybody.
    fn undeletable(&self, _name: &str) -> Option<&'static str> {
        None
    }

    /// Whether nothing holds a deleted object back any more.
    fn finalized(&self, object: &Value) -> bool {
        object["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty)
    }

    /// What else changes when an object begins to go.
    fn prepare_delete(&self, _object: &mut Value) {}

    /// Fills what the client left out, after unknown fields are gone. Runs on every write and must change nothing
    /// the second time.
    fn default(&self, object: &mut Value);

    /// What only the server may say of a new object: phases, allocated values.
    fn prepare_create(&self, _object: &mut Value) {}

    /// The same for a change; `old` is the stored object. Generation and status are the caller's.
    fn prepare_update(&self, _new: &mut Value, _old: &Value) {}

    /// Everything that is wrong outside `metadata`.
    fn validate(&self, object: &Value) -> Vec<FieldError>;

    /// What is wrong with the change beyond that: immutable fields.
    fn validate_update(&self, _new: &Value, _old: &Value) -> Vec<FieldError> {
        Vec::new()
    }

    /// What is allowed and seldom meant, for the client to know. `old` is the stored object of a change.
    fn warnings(&self, _new: &Value, _old: Option<&Value>) -> Vec<String> {
        Vec::new()
    }

    /// The part of an OpenAPI v3 document that describes the kind, and the group-version it belongs to
    /// (`apis/G/V`); nothing for a kind that is described elsewhere.
    fn openapi(&self) -> Option<(String, Value)> {
        None
    }

    /// Everything that is wrong with a change.
    fn validate_change(&self, new: &Value, old: &Value) -> Vec<FieldError> {
        let mut faults = self.validate(new);
        faults.extend(self.validate_update(new, old));
        faults
    }

    /// One cell per column.
    fn cells(&self, object: &Value) -> Vec<Cell>;

    /// What field selectors may ask for besides `metadata.name` and `metadata.namespace`, with this object's values.
    fn selectable(&self, _object: &Value) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// The names of [`Self::selectable`] fields.
    fn selectable_fields(&self) -> &[String] {
        &[]
    }
}
