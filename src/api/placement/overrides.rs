//! Changes that a Placement makes to objects on their way to a target.
//!
//! Read by syncers; it must not apply anything.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::GroupResource;
use crate::api::schema;

/// Changes to some objects on some targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    /// Name of the override, unique in the Placement.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The objects that are changed; all of the Placement if absent.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub match_: Option<OverrideMatch>,
    /// The targets on which they are changed; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<OverrideTargets>,
    /// The changes, in order.
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub ops: Vec<OverrideOp>,
}

/// Which objects an override changes. All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverrideMatch {
    /// Kinds of the objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub resources: Vec<GroupResource>,
    /// Namespaces of the objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), inner(length(max = 63)), extend("x-kubernetes-list-type" = "set"))]
    pub namespaces: Vec<String>,
    /// Labels of the objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// A CEL expression over the object, `self`, that yields true or false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub cel: Option<String>,
}

/// On which targets an override holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverrideTargets {
    /// Labels of the SyncTargets.
    pub selector: LabelSelector,
}

/// One change. Exactly one field is set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct OverrideOp {
    /// A JSON Patch (RFC 6902).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "atomic"))]
    pub json_patch: Option<Vec<JsonPatchOperation>>,
    /// A JSON Merge Patch (RFC 7386).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any_object")]
    pub merge_patch: Option<Value>,
    /// Sets one field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<SetField>,
    /// JSON pointer of a field to remove.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub remove: Option<String>,
    /// Changes parts of every container image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageOverride>,
    /// New names of referenced objects by their old ones. Two names never become one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rename_map: Option<BTreeMap<String, String>>,
    /// Changes labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<MetadataOverride>,
    /// Changes annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<MetadataOverride>,
    /// Computes one field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cel: Option<CelField>,
}

/// One operation of a JSON Patch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JsonPatchOperation {
    /// The operation.
    pub op: JsonPatchOp,
    /// JSON pointer of the field.
    #[schemars(length(max = 1024))]
    pub path: String,
    /// JSON pointer of the source, for `move` and `copy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub from: Option<String>,
    /// The value, for `add`, `replace` and `test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any")]
    pub value: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JsonPatchOp {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

/// The value of one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetField {
    /// JSON pointer of the field.
    #[schemars(length(min = 1, max = 1024))]
    pub path: String,
    /// Its value.
    #[schemars(schema_with = "schema::any")]
    pub value: Value,
}

/// Parts of a container image. A part that is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageOverride {
    /// Registry, for example `registry.example.com:5000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub registry: Option<String>,
    /// Path of the image in the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub repository: Option<String>,
    /// Tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub tag: Option<String>,
}

/// Changes to labels or annotations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetadataOverride {
    /// Entries to set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, String>,
    /// Keys to remove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 316)), extend("x-kubernetes-list-type" = "set"))]
    pub remove: Vec<String>,
}

/// One field, computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CelField {
    /// JSON pointer of the field.
    #[schemars(length(min = 1, max = 1024))]
    pub path: String,
    /// A CEL expression over the object, `self`, that yields the field's value.
    #[schemars(length(min = 1, max = 4096))]
    pub expression: String,
}
