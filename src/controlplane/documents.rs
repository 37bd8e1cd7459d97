//! The OpenAPI v3 documents of the built-in kinds, as kube-apiserver gives them out, cut down to what is served
//! here.
//!
//! They lie in `openapi/kubernetes/`, written by `make generate-kubernetes` from the pinned kube-apiserver and
//! compiled in. The files name each repeated query parameter once; what is given out here has it in full at
//! every operation, for kubectl looks nowhere else. Read by whoever serves or parses them; it must not know how
//! a kind behaves.

mod swagger;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

pub use swagger::swagger;

/// The document of one group version.
pub struct Document {
    /// As in the index of `/openapi/v3`: `api/v1`, `apis/apps/v1`.
    pub path: &'static str,
    content: LazyLock<Value>,
}

impl Document {
    /// The whole document, equal to kube-apiserver's for every path and schema that it has.
    pub fn content(&self) -> &Value {
        &self.content
    }

    fn group_version(&self) -> &'static str {
        self.path.strip_prefix("apis/").or(self.path.strip_prefix("api/")).unwrap_or(self.path)
    }
}

macro_rules! document {
    ($path:literal) => {
        Document {
            path: $path,
            content: LazyLock::new(|| {
                read(include_bytes!(concat!("../../openapi/kubernetes/", $path, ".json")))
            }),
        }
    };
}

static DOCUMENTS: [Document; 7] = [
    document!("api/v1"),
    document!("apis/apiextensions.k8s.io/v1"),
    document!("apis/apps/v1"),
    document!("apis/authentication.k8s.io/v1"),
    document!("apis/authorization.k8s.io/v1"),
    document!("apis/coordination.k8s.io/v1"),
    document!("apis/rbac.authorization.k8s.io/v1"),
];

/// One document per group version that has a built-in kind, sorted by path.
pub fn all() -> &'static [Document] {
    &DOCUMENTS
}

fn read(file: &[u8]) -> Value {
    let mut document = serde_json::from_slice(file).expect("a checked-in document is JSON");
    parameters_in_full(&mut document);
    document
}

const PARAMETER: &str = "#/components/parameters/";

/// Puts each of `components.parameters` where it is referred to.
fn parameters_in_full(document: &mut Value) {
    let Some(components) = document["components"].as_object_mut() else { return };
    let Some(Value::Object(parameters)) = components.remove("parameters") else { return };
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for item in paths {
        for (verb, operation) in item.as_object_mut().into_iter().flatten() {
            let list = if verb == "parameters" { Some(operation) } else { operation.get_mut("parameters") };
            for parameter in list.and_then(Value::as_array_mut).into_iter().flatten() {
                let name = parameter.get("$ref").and_then(Value::as_str);
                if let Some(full) =
                    name.and_then(|name| name.strip_prefix(PARAMETER)).and_then(|name| parameters.get(name))
                {
                    *parameter = full.clone();
                }
            }
        }
    }
}

/// The schema of a kind in one piece: every `$ref` replaced by what it names, descriptions left out.
///
/// `default` is as Kubernetes generates it: `{}`, `""` or `0` say that the Go field is no pointer, anything
/// else is a default of the API. Where a schema contains itself (`JSONSchemaProps` alone does), the inner one
/// keeps unknown fields. `IntOrString` is marked by `x-kubernetes-int-or-string`.
pub fn component(group: &str, version: &str, kind: &str) -> Option<Value> {
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let (own, others): (Vec<_>, Vec<_>) =
        DOCUMENTS.iter().partition(|document| document.group_version() == group_version);
    let wanted = json!({"group": group, "version": version, "kind": kind});
    own.into_iter().chain(others).find_map(|document| {
        let schemas = document.content()["components"]["schemas"].as_object()?;
        let (name, _) = schemas.iter().find(|(_, schema)| is_of(schema, &wanted))?;
        Some(Resolver { schemas, open: Vec::new() }.named(name))
    })
}

fn is_of(schema: &Value, wanted: &Value) -> bool {
    let kinds = schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
    kinds.is_some_and(|kinds| kinds.contains(wanted))
}

struct Resolver<'a> {
    schemas: &'a Map<String, Value>,
    /// The names being resolved, outermost first.
    open: Vec<&'a str>,
}

impl<'a> Resolver<'a> {
    fn named(&mut self, name: &'a str) -> Value {
        let Some(schema) = self.schemas.get(name).filter(|_| !self.open.contains(&name)) else {
            return json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        };
        self.open.push(name);
        let resolved = self.schema(schema);
        self.open.pop();
        resolved
    }

    fn schema(&mut self, schema: &'a Value) -> Value {
        let Value::Object(fields) = schema else { return schema.clone() };
        let mut resolved = match reference(fields) {
            Some(name) => match self.named(name) {
                Value::Object(target) => target,
                other => return other,
            },
            None => Map::new(),
        };
        for (key, value) in fields {
            let value = match key.as_str() {
                "$ref" | "allOf" | "description" => continue,
                "properties" => self.properties(value),
                "items" | "additionalProperties" => self.schema(value),
                _ => value.clone(),
            };
            resolved.insert(key.clone(), value);
        }
        if fields.get("format").is_some_and(|format| format == "int-or-string") {
            resolved.insert("x-kubernetes-int-or-string".into(), true.into());
        }
        Value::Object(resolved)
    }

    fn properties(&mut self, properties: &'a Value) -> Value {
        let fields = properties.as_object().into_iter().flatten();
        fields.map(|(name, schema)| (name.clone(), self.schema(schema))).collect::<Map<_, _>>().into()
    }
}

/// The name a schema refers to, directly or as the one part of its `allOf`.
fn reference(schema: &Map<String, Value>) -> Option<&str> {
    let direct = || schema.get("$ref");
    let part = schema.get("allOf").and_then(|parts| parts.get(0)).and_then(|part| part.get("$ref"));
    part.or_else(direct)?.as_str()?.strip_prefix("#/components/schemas/")
}

/// Adds the paths and schemas of one document to another of the same group-version.
pub fn merge(into: &mut Value, document: Value) {
    if !into.is_object() {
        *into = document;
        return;
    }
    let Value::Object(document) = document else { return };
    let mut add = |keys: &[&str], from: &Value| {
        let mut place = &mut *into;
        for key in keys {
            place = &mut place[*key];
        }
        if !place.is_object() {
            *place = json!({});
        }
        if let (Some(place), Some(from)) = (place.as_object_mut(), from.as_object()) {
            place.extend(from.clone());
        }
    };
    add(&["paths"], &document["paths"]);
    add(&["components", "schemas"], &document["components"]["schemas"]);
}

#[cfg(test)]
mod tests;
