//! The OpenAPI v3 of a kind that a definition brings.
//!
//! The operations are those of a built-in kind's document under other names; what
//! `apiextensions-apiserver/pkg/controller/openapi/builder` says differently of custom resources is changed here.

mod schema;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::words::{has, items};
use crate::{apiserver::resource::ResourceInfo, controlplane::documents};

const REFERENCE: &str = "#/components/schemas/";
/// The kind whose operations are taken: namespaced, with a status and a scale.
const MODEL_PATH: &str = "apis/apps/v1";
const MODEL_NAME: &str = "io.k8s.api.apps.v1.Deployment";

/// Paths, and the components they lead to.
pub(super) fn document(info: &ResourceInfo, version: &Value) -> Value {
    let Some(model) = documents::all().iter().find(|document| document.path == MODEL_PATH) else {
        return Value::Null;
    };
    let writer = Writer::new(info, model.content());
    let mut paths = Map::new();
    for (path, item) in model.content()["paths"].as_object().into_iter().flatten() {
        let Some(rest) = path.strip_prefix("/apis/apps/v1/") else { continue };
        if let Some((path, item)) = writer.path(rest, item, &version["subresources"]) {
            paths.insert(path, item);
        }
    }
    let known = &model.content()["components"]["schemas"];
    let mut schemas = Map::new();
    schemas.insert(writer.kind.clone(), schema::of_kind(info, version, known));
    schemas.insert(writer.list.clone(), schema::of_list(info, version, known, &writer.kind));
    let mut wanted = Vec::new();
    references(&Value::from_iter(paths.clone()), &mut wanted);
    schemas.values().for_each(|schema| references(schema, &mut wanted));
    while let Some(name) = wanted.pop() {
        if let (false, Some(schema)) = (schemas.contains_key(&name), known.get(&name)) {
            references(schema, &mut wanted);
            schemas.insert(name, schema.clone());
        }
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

/// The components that a part of a document refers to.
fn references(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(name) = value["$ref"].as_str().and_then(|name| name.strip_prefix(REFERENCE)) {
                out.push(name.to_owned());
            }
            fields.values().for_each(|value| references(value, out));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, out)),
        _ => {}
    }
}

/// `com.example.stable.v1.CronTab`
fn component(info: &ResourceInfo, kind: &str) -> String {
    let mut group: Vec<&str> = info.group.split('.').collect();
    group.reverse();
    format!("{}.{}.{kind}", group.join("."), info.version)
}

struct Writer<'a> {
    info: &'a ResourceInfo,
    kind: String,
    list: String,
    /// `StableExampleCom`
    group: String,
    /// `resourceVersion`, as one may ask for it.
    version_parameter: Value,
}

impl<'a> Writer<'a> {
    fn new(info: &'a ResourceInfo, model: &Value) -> Self {
        let group = info.group.split(['.', '-']).map(capitalized).collect();
        let list = &model["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments"]["get"];
        let version_parameter = items(list, "parameters")
            .find(|parameter| parameter["name"] == "resourceVersion")
            .cloned()
            .unwrap_or_default();
        let (kind, list) = (component(info, &info.kind), component(info, &info.list_kind));
        Self { info, kind, list, group, version_parameter }
    }

    /// One path of the model under its new name, if the kind has it.
    fn path(&self, path: &str, item: &Value, subresources: &Value) -> Option<(String, Value)> {
        const NAMESPACED: &str = "namespaces/{namespace}/";
        let (is_namespaced, rest) = match path.strip_prefix(NAMESPACED) {
            Some(rest) => (true, rest),
            None => (false, path),
        };
        let below = rest.strip_prefix("deployments")?;
        for part in ["status", "scale"] {
            if below.ends_with(&format!("/{part}")) && !has(subresources, part) {
                return None;
            }
        }
        // Of a kind without namespaces there is no list over all of them.
        if !is_namespaced && !self.info.namespaced {
            return None;
        }
        let namespace = if is_namespaced && self.info.namespaced { NAMESPACED } else { "" };
        let (group, version, resource) = (&self.info.group, &self.info.version, &self.info.resource);
        let mut item = self.renamed(item);
        for (verb, operation) in item.as_object_mut().into_iter().flatten() {
            match verb.as_str() {
                "parameters" => self.parameters(operation),
                _ => self.operation(operation),
            }
        }
        self.differences(&mut item);
        Some((format!("/apis/{group}/{version}/{namespace}{resource}{below}"), item))
    }

    /// What is asked otherwise of custom resources than of others.
    fn differences(&self, item: &mut Value) {
        if let Some(patch) = item.pointer_mut("/patch/responses").and_then(Value::as_object_mut) {
            patch.remove("201");
        }
        if item["get"]["x-kubernetes-action"] == "get" {
            item["get"]["parameters"] = json!([self.version_parameter]);
        }
        // They are deleted together by what they are listed by.
        if item["get"]["x-kubernetes-action"] == "list" && item.get("delete").is_some() {
            item["delete"]["parameters"] = item["get"]["parameters"].clone();
            if let Some(delete) = item["delete"].as_object_mut() {
                delete.remove("requestBody");
            }
        }
    }

    fn parameters(&self, parameters: &mut Value) {
        let Some(parameters) = parameters.as_array_mut() else { return };
        parameters.retain(|parameter| self.info.namespaced || parameter["name"] != "namespace");
        for parameter in parameters.iter_mut().filter(|parameter| parameter["name"] == "name") {
            parameter["description"] = format!("name of the {}", self.info.kind).into();
        }
    }

    fn operation(&self, operation: &mut Value) {
        let tag = uncapitalized(&self.group);
        operation["tags"] = json!([format!("{tag}_{}", self.info.version)]);
        operation["x-kubernetes-group-version-kind"] =
            json!({"group": self.info.group, "kind": self.info.kind, "version": self.info.version});
        let description = operation["description"].as_str().unwrap_or_default();
        // Custom resources are listed or watched by one operation that speaks of listing only.
        operation["description"] = description.replace("list or watch", "list").into();
        if let Some(body) = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut) {
            body.remove("application/strategic-merge-patch+json");
            body.retain(|kind, _| !is_binary(kind));
            if let Some(any) = body.remove("*/*") {
                body.insert("application/json".to_owned(), any.clone());
                body.insert("application/yaml".to_owned(), any);
            }
        }
        let responses = operation["responses"].as_object_mut();
        for response in responses.into_iter().flat_map(|all| all.values_mut()) {
            if let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) {
                content.retain(|kind, _| !is_binary(kind) && !kind.contains(";stream="));
            }
        }
    }

    /// The value with the model's names replaced.
    fn renamed(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let renamed = fields.iter().map(|(name, value)| (name.clone(), self.renamed(value)));
                Value::Object(renamed.collect())
            }
            Value::Array(items) => Value::from_iter(items.iter().map(|item| self.renamed(item))),
            Value::String(text) => self.renamed_text(text).into(),
            other => other.clone(),
        }
    }

    fn renamed_text(&self, text: &str) -> String {
        if let Some(name) = text.strip_prefix(REFERENCE) {
            let name = match name.strip_prefix(MODEL_NAME) {
                Some("") => &self.kind,
                Some("List") => &self.list,
                _ => name,
            };
            return format!("{REFERENCE}{name}");
        }
        let version = capitalized(&self.info.version);
        let namespaced = if self.info.namespaced { "Namespaced" } else { "" };
        text.replace("AppsV1", &format!("{}{version}", self.group))
            .replace("NamespacedDeployment", &format!("{namespaced}{}", self.info.kind))
            .replace("a Deployment", &format!("{} {}", article(&self.info.kind), self.info.kind))
            .replace("Deployment", &self.info.kind)
    }
}

fn is_binary(kind: &str) -> bool {
    kind.contains("protobuf") || kind.contains("cbor")
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn uncapitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn article(noun: &str) -> &'static str {
    let is_vowel = noun.starts_with(|letter: char| "aeiouAEIOU".contains(letter));
    if is_vowel { "an" } else { "a" }
}
