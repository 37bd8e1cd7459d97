//! What an object of one kind may look like: a parsed structural schema.
//!
//! Made from OpenAPI once; pruning, defaulting, validation, merge patches and managed fields all read it. It
//! must not know which kinds there are.

mod correlation;
mod defaults;
mod formats;
mod list_types;
mod object_meta;
mod parse;
mod path;
mod pattern;
mod prune;
pub mod rules;
#[cfg(test)]
mod samples;
mod validate;
mod validations;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

pub use formats::is_known_format;
pub use object_meta::coerce_object_meta;
pub use parse::SchemaError;
pub use pattern::Pattern;
pub use prune::META_FIELDS;
pub use validations::{Rule, Validations};

/// The JSON type a schema asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// Nothing is said.
    #[default]
    Any,
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
}

/// `x-kubernetes-list-type`; what is not said is atomic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListType {
    #[default]
    Atomic,
    Set,
    Map,
}

/// `x-kubernetes-patch-strategy` and `-merge-key`, which only built-in kinds have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchStrategy {
    pub merge: bool,
    pub retain_keys: bool,
    pub merge_key: Option<String>,
}

/// One node of a schema.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub kind: Type,
    pub nullable: bool,
    /// `x-kubernetes-int-or-string`.
    pub int_or_string: bool,
    /// `x-kubernetes-preserve-unknown-fields`.
    pub preserve_unknown_fields: bool,
    /// `x-kubernetes-embedded-resource`.
    pub embedded_resource: bool,
    pub properties: BTreeMap<String, Arc<Schema>>,
    /// What every value of a map must be.
    pub additional_properties: Option<Arc<Schema>>,
    pub items: Option<Arc<Schema>>,
    pub list_type: ListType,
    /// In the order of the definition.
    pub list_map_keys: Vec<String>,
    /// `x-kubernetes-map-type: atomic`.
    pub atomic_map: bool,
    pub patch: PatchStrategy,
    pub default: Option<Value>,
    /// What is asked of a value beyond its shape.
    pub validations: Option<Box<Validations>>,
}
