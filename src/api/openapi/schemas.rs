//! The schemas of the views' group, by name: ours from the wire types, Kubernetes' own from k8s-openapi.
//!
//! Must not know the paths.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{Dialect, group_version_kind};
use crate::api::{
    schema,
    views::{AggregatedTree, AggregatedTreeList, AggregatedView, AggregatedViewList},
    workload::SyncTarget,
};

const PREFIX: &str = "io.kcp.workload.views.v1alpha1.";
const KUBERNETES: &str = "io.k8s.";
const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const SERVED: [&str; 4] = ["AggregatedView", "AggregatedViewList", "AggregatedTree", "AggregatedTreeList"];

/// The name of one of our schemas in a document.
pub(super) fn name(kind: &str) -> String {
    format!("{PREFIX}{kind}")
}

/// Every schema that the paths reach.
pub(super) fn all(dialect: Dialect) -> Value {
    let mut schemas = definitions();
    schemas.values_mut().for_each(schema::simplify);
    let (scalars, mut schemas): (Map<_, _>, Map<_, _>) =
        schemas.into_iter().partition(|(name, schema)| is_inlined(name, schema));
    schemas.values_mut().for_each(|schema| inline(schema, &scalars));
    name_metadata(&mut schemas);
    like_upstream(&mut schemas);
    for kind in SERVED {
        if let Some(schema) = schemas.get_mut(kind) {
            schema["x-kubernetes-group-version-kind"] = json!([group_version_kind(kind)]);
        }
    }
    schemas.values_mut().for_each(|schema| refer(schema, dialect));
    schemas.into_iter().map(|(name, schema)| (full_name(&name), schema)).collect::<Map<_, _>>().into()
}

fn definitions() -> Map<String, Value> {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    add::<AggregatedViewList<SyncTarget>>(&mut generator);
    add::<AggregatedView<SyncTarget>>(&mut generator);
    add::<AggregatedTreeList>(&mut generator);
    add::<AggregatedTree>(&mut generator);
    generator.take_definitions(true)
}

fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}

/// Kubernetes has no named schemas for enums, and `kubectl explain` shows their values only in place.
fn is_inlined(name: &str, schema: &Value) -> bool {
    !name.starts_with(KUBERNETES) && schema["type"] != "object"
}

fn inline(schema: &mut Value, scalars: &Map<String, Value>) {
    let scalar = referred(schema).and_then(|name| scalars.get(&name)).cloned();
    if let (Some(keywords), Some(Value::Object(scalar))) = (schema.as_object_mut(), scalar) {
        keywords.remove("$ref");
        scalar.into_iter().for_each(|(keyword, value)| {
            keywords.entry(keyword).or_insert(value);
        });
    }
    below(schema, &mut |schema| inline(schema, scalars));
}

/// Writes references as the dialect has them. Beside a reference v3 ignores everything, so there it goes
/// into `allOf`, which v2 readers do not know.
fn refer(schema: &mut Value, dialect: Dialect) {
    if let (Some(name), Some(keywords)) = (referred(schema), schema.as_object_mut()) {
        let reference = dialect.reference(&full_name(&name));
        keywords.remove("$ref");
        if dialect == Dialect::V3 && !keywords.is_empty() {
            keywords.insert("allOf".into(), json!([reference]));
        } else {
            keywords.insert("$ref".into(), reference["$ref"].clone());
        }
    }
    below(schema, &mut |schema| refer(schema, dialect));
}

fn referred(schema: &Value) -> Option<String> {
    let reference = schema.get("$ref")?.as_str()?;
    reference.rsplit('/').next().map(str::to_owned)
}

fn below(schema: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    for keyword in ["items", "additionalProperties"] {
        schema.get_mut(keyword).filter(|schema| schema.is_object()).into_iter().for_each(&mut *visit);
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    properties.into_iter().flat_map(Map::values_mut).for_each(visit);
}

/// A CRD says nothing of `metadata`; in a document it is Kubernetes' own.
fn name_metadata(schemas: &mut Map<String, Value>) {
    if let Some(properties) = schemas.get_mut("SyncTarget").and_then(|schema| schema.get_mut("properties")) {
        properties["apiVersion"] = json!({"type": "string", "description": API_VERSION_TEXT});
        properties["kind"] = json!({"type": "string", "description": KIND_TEXT});
        properties["metadata"] = json!({
            "$ref": format!("#/$defs/{OBJECT_META}"),
            "description": "Standard object's metadata.",
        });
    }
}

const API_VERSION_TEXT: &str = include_str!("../views/api_version.txt");
const KIND_TEXT: &str = include_str!("../views/kind.txt");

/// What Kubernetes' own schemas carry and k8s-openapi leaves out. The merged v2 document keeps one schema
/// for two that are equal, and renames one of two that are not.
fn like_upstream(schemas: &mut Map<String, Value>) {
    let owners = json!({
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["uid"],
        "x-kubernetes-patch-merge-key": "uid",
        "x-kubernetes-patch-strategy": "merge",
    });
    let finalizers = json!({"x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge"});
    extend(schemas, "ObjectMeta", "/properties/ownerReferences", owners);
    extend(schemas, "ObjectMeta", "/properties/finalizers", finalizers);
    extend(schemas, "ObjectMeta", "/properties/managedFields", json!({"x-kubernetes-list-type": "atomic"}));
    extend(schemas, "OwnerReference", "", json!({"x-kubernetes-map-type": "atomic"}));
}

fn extend(schemas: &mut Map<String, Value>, kind: &str, pointer: &str, keywords: Value) {
    let schema = schemas.get_mut(&format!("io.k8s.apimachinery.pkg.apis.meta.v1.{kind}"));
    let schema = schema.and_then(|schema| schema.pointer_mut(pointer)).and_then(Value::as_object_mut);
    if let (Some(schema), Value::Object(keywords)) = (schema, keywords) {
        schema.extend(keywords);
    }
}

fn full_name(short: &str) -> String {
    if short.starts_with(KUBERNETES) { short.to_owned() } else { name(short) }
}
