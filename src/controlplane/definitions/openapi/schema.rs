//! The schemas of a custom kind and of its list.

use serde_json::{Map, Value, json};

use super::REFERENCE;
use crate::{
    apiserver::resource::ResourceInfo,
    controlplane::definitions::words::{has, items, text},
};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const OBJECT_METADATA: &str = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/\
                               devel/sig-architecture/api-conventions.md#metadata";
const LIST_METADATA: &str = "Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/\
                             sig-architecture/api-conventions.md#types-kinds";
const EMBEDDED_VERSION: &str = "apiVersion defines the versioned schema of this representation of an object. More \
                                info: https://git.k8s.io/community/contributors/devel/sig-architecture/\
                                api-conventions.md#resources";
const EMBEDDED_KIND: &str = "kind is a string value representing the type of this object. In CamelCase. More info: \
                             https://git.k8s.io/community/contributors/devel/sig-architecture/\
                             api-conventions.md#types-kinds";

pub(super) fn of_kind(info: &ResourceInfo, version: &Value, known: &Value) -> Value {
    let mut schema = match &version["schema"]["openAPIV3Schema"] {
        Value::Null => json!({"type": "object"}),
        schema => {
            let mut schema = unfolded(schema);
            embedded(&mut schema);
            let properties = properties_of(&mut schema);
            properties.insert("metadata".to_owned(), metadata("ObjectMeta", OBJECT_METADATA));
            properties.extend(type_meta(known));
            schema
        }
    };
    mark(&mut schema, info, version, &info.kind);
    schema
}

pub(super) fn of_list(info: &ResourceInfo, version: &Value, known: &Value, kind: &str) -> Value {
    let doc = format!(
        "List of {}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md",
        info.resource
    );
    let of = json!({"$ref": format!("{REFERENCE}{kind}")});
    let mut schema = json!({
        "description": format!("{} is a list of {}", info.list_kind, info.kind),
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {"description": doc, "type": "array", "items": of},
            "metadata": metadata("ListMeta", LIST_METADATA),
        },
    });
    properties_of(&mut schema).extend(type_meta(known));
    mark(&mut schema, info, version, &info.list_kind);
    schema
}

fn metadata(kind: &str, description: &str) -> Value {
    json!({"description": description, "allOf": [{"$ref": format!("{REFERENCE}{META}{kind}")}]})
}

/// `apiVersion` and `kind` as every kind has them.
fn type_meta(known: &Value) -> Vec<(String, Value)> {
    let model = &known[super::MODEL_NAME]["properties"];
    ["apiVersion", "kind"].map(|name| (name.to_owned(), model[name].clone())).into()
}

fn properties_of(schema: &mut Value) -> &mut Map<String, Value> {
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    schema["properties"].as_object_mut().expect("it is an object by now")
}

/// Says of which kind a schema is: kubectl finds it by that.
fn mark(schema: &mut Value, info: &ResourceInfo, version: &Value, kind: &str) {
    schema["x-kubernetes-group-version-kind"] =
        json!([{"group": info.group, "kind": kind, "version": info.version}]);
    let fields: Vec<Value> = items(version, "selectableFields")
        .map(|field| json!({"fieldPath": text(field, "jsonPath").trim_start_matches('.')}))
        .collect();
    if !fields.is_empty() {
        schema["x-kubernetes-selectable-fields"] = fields.into();
    }
}

/// Int-or-string spelt out, for readers that do not know the extension.
fn unfolded(schema: &Value) -> Value {
    let either = json!([{"type": "integer"}, {"type": "string"}]);
    let mut schema = schema.clone();
    each(&mut schema, &mut |node| {
        if node["x-kubernetes-int-or-string"] != true
            || node["anyOf"] == either
            || node["allOf"][0]["anyOf"] == either
        {
            return;
        }
        if has(node, "anyOf") {
            let mut all = vec![json!({"anyOf": either})];
            all.extend(items(node, "allOf").cloned());
            node["allOf"] = all.into();
        } else {
            node["anyOf"] = either.clone();
        }
    });
    schema
}

/// Embedded objects say what they are.
fn embedded(schema: &mut Value) {
    each(schema, &mut |node| {
        if node["x-kubernetes-embedded-resource"] != true {
            return;
        }
        let properties = properties_of(node);
        let text = |description: &str| json!({"description": description, "type": "string"});
        properties.insert("apiVersion".to_owned(), text(EMBEDDED_VERSION));
        properties.insert("kind".to_owned(), text(EMBEDDED_KIND));
        properties.insert("metadata".to_owned(), metadata("ObjectMeta", OBJECT_METADATA));
        let mut required: Vec<Value> = items(node, "required").cloned().collect();
        for name in ["kind", "apiVersion"] {
            if !required.contains(&name.into()) {
                required.push(name.into());
            }
        }
        node["required"] = required.into();
    });
}

/// Every node that describes a value, inner ones first.
fn each(schema: &mut Value, change: &mut impl FnMut(&mut Value)) {
    let Some(fields) = schema.as_object_mut() else { return };
    for property in fields.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        each(property.1, change);
    }
    for child in ["items", "additionalProperties"] {
        fields.get_mut(child).into_iter().for_each(|child| each(child, change));
    }
    change(schema);
}
