//! OpenAPI v2 from OpenAPI v3, as kube-apiserver makes both from one source. Clients older than v3 read it.
//!
//! It must not know which kinds there are.

use serde_json::{Map, Value, json};

/// One v2 document of many v3 documents. Paths are each document's own; schemas of one name are one schema, with
/// the kinds of all.
pub fn swagger<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Value {
    let (mut paths, mut definitions, mut info) = (Map::new(), Map::new(), Value::Null);
    for document in documents {
        info = document["info"].clone();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            paths.insert(path.clone(), path_item(item));
        }
        let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
        for (name, definition) in schemas {
            match definitions.get_mut(name) {
                None => drop(definitions.insert(name.clone(), schema(definition))),
                Some(known) => add_kinds(known, definition),
            }
        }
    }
    let bearer = json!({"BearerToken": {"description": "Bearer Token authentication", "in": "header",
        "name": "authorization", "type": "apiKey"}});
    json!({"swagger": "2.0", "info": info, "paths": paths, "definitions": definitions,
        "securityDefinitions": bearer, "security": [{"BearerToken": []}]})
}

fn add_kinds(known: &mut Value, definition: &Value) {
    const KINDS: &str = "x-kubernetes-group-version-kind";
    let (Some(known), Some(kinds)) =
        (known.get_mut(KINDS).and_then(Value::as_array_mut), definition.get(KINDS).and_then(Value::as_array))
    else {
        return;
    };
    for kind in kinds {
        if !known.contains(kind) {
            known.push(kind.clone());
        }
    }
}

fn schema(v3: &Value) -> Value {
    let Value::Object(fields) = v3 else { return v3.clone() };
    let mut v2 = Map::new();
    for (key, value) in fields {
        let value = match key.as_str() {
            // What only v3 says.
            "default" => continue,
            "oneOf" => {
                v2.insert("type".into(), "string".into());
                continue;
            }
            "allOf" => {
                v2.extend(
                    value
                        .get(0)
                        .and_then(|part| part.get("$ref"))
                        .map(|name| ("$ref".into(), reference(name))),
                );
                continue;
            }
            "$ref" => reference(value),
            "properties" => {
                let fields = value.as_object().into_iter().flatten();
                fields.map(|(name, field)| (name.clone(), schema(field))).collect::<Map<_, _>>().into()
            }
            "items" | "additionalProperties" => schema(value),
            _ => value.clone(),
        };
        v2.insert(key.clone(), value);
    }
    v2.into()
}

fn reference(v3: &Value) -> Value {
    let name = v3.as_str().unwrap_or_default();
    name.replace("#/components/schemas/", "#/definitions/").into()
}

fn path_item(v3: &Value) -> Value {
    let fields = v3.as_object().into_iter().flatten();
    let converted = fields.map(|(key, value)| {
        let value = if key == "parameters" { parameters(value).into() } else { operation(value) };
        (key.clone(), value)
    });
    converted.collect::<Map<_, _>>().into()
}

fn parameters(v3: &Value) -> Vec<Value> {
    v3.as_array().into_iter().flatten().map(parameter).collect()
}

/// The schema of a parameter stands in the parameter.
fn parameter(v3: &Value) -> Value {
    let mut v2 = v3.as_object().cloned().unwrap_or_default();
    if let Some(Value::Object(fields)) = v2.remove("schema") {
        v2.extend(fields);
    }
    v2.into()
}

fn operation(v3: &Value) -> Value {
    let Value::Object(fields) = v3 else { return v3.clone() };
    let mut v2 = fields.clone();
    let mut all = Vec::new();
    let mut consumes = vec!["*/*".to_owned()];
    if let Some(body) = v2.remove("requestBody") {
        let (types, schema) = content(&body);
        consumes = types;
        let mut parameter = json!({"in": "body", "name": "body", "schema": schema});
        if body["required"] == true {
            parameter["required"] = true.into();
        }
        all.push(parameter);
    }
    all.extend(parameters(&v3["parameters"]));
    if !all.is_empty() {
        v2.insert("parameters".into(), all.into());
    }
    v2.insert("consumes".into(), consumes.into());
    v2.insert("schemes".into(), json!(["https"]));
    let mut produces = Vec::new();
    for response in v2.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten() {
        let (types, schema) = content(response.1);
        if let Some(response) = response.1.as_object_mut()
            && response.remove("content").is_some()
        {
            response.insert("schema".into(), schema);
            produces = types;
        }
    }
    if !produces.is_empty() {
        v2.insert("produces".into(), produces.into());
    }
    v2.into()
}

/// The media types, in kube-apiserver's order, and the schema they share.
fn content(v3: &Value) -> (Vec<String>, Value) {
    const ORDER: &[&str] = &[
        "application/json",
        "application/yaml",
        "application/vnd.kubernetes.protobuf",
        "application/json;stream=watch",
        "application/vnd.kubernetes.protobuf;stream=watch",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
    ];
    let Some(content) = v3["content"].as_object() else { return (Vec::new(), Value::Null) };
    let mut types: Vec<_> = content.keys().cloned().collect();
    types.sort_by_key(|name| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
    (types, content.values().next().map_or(Value::Null, |first| schema(&first["schema"])))
}
