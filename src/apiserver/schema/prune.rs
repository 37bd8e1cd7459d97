//! Dropping what the schema does not name.
//!
//! The rules are those of `apiextensions-apiserver/pkg/apiserver/schema/pruning`.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::{Schema, path::Path};

/// Never dropped where an object begins.
pub const META_FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];

impl Schema {
    /// Drops every field of the object that the schema does not name; their paths, sorted, as warnings show them.
    /// `apiVersion`, `kind` and `metadata` of the object, and of resources embedded in it, are not looked into.
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        let mut walk = Walk::default();
        match (self.preserve_unknown_fields, object) {
            (false, Value::Object(fields)) => walk.fields(fields, self, true, &Path::Root),
            (true, Value::Object(fields)) => walk.kept_fields(fields, self, true, &Path::Root),
            (_, value) => walk.value(value, Some(self), &Path::Root),
        }
        walk.unknown.sort();
        walk.unknown
    }

    /// The same for a value inside an object.
    pub fn prune_part(&self, value: &mut Value) -> Vec<String> {
        let mut walk = Walk::default();
        walk.value(value, Some(self), &Path::Root);
        walk.unknown.sort();
        walk.unknown
    }

    /// The schema of one field of an object.
    pub(super) fn child(&self, name: &str) -> Option<&Schema> {
        self.properties.get(name).or(self.additional_properties.as_ref()).map(AsRef::as_ref)
    }
}

#[derive(Default)]
struct Walk {
    unknown: Vec<String>,
}

impl Walk {
    fn value(&mut self, value: &mut Value, schema: Option<&Schema>, path: &Path<'_>) {
        let Some(schema) = schema else { return self.unknown_value(value, path) };
        match value {
            Value::Object(fields) if schema.preserve_unknown_fields => {
                self.kept_fields(fields, schema, schema.embedded_resource, path);
            }
            Value::Object(fields) => self.fields(fields, schema, schema.embedded_resource, path),
            Value::Array(items) if schema.preserve_unknown_fields => self.kept_items(items, schema, path),
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.value(item, schema.items.as_deref(), &path.index(index));
                }
            }
            _ => {}
        }
    }

    fn fields(&mut self, fields: &mut Map<String, Value>, schema: &Schema, embedded: bool, path: &Path<'_>) {
        fields.retain(|name, value| {
            let is_meta = META_FIELDS.contains(&name.as_str());
            if embedded && is_meta {
                return true;
            }
            if let Some(child) = schema.child(name) {
                self.value(value, Some(child), &path.field(name));
                return true;
            }
            if !is_meta || !path.is_root() {
                self.unknown.push(path.field(name).to_string());
            }
            false
        });
    }

    /// Below a list whose items are not described.
    fn unknown_value(&mut self, value: &mut Value, path: &Path<'_>) {
        match value {
            Value::Object(fields) => {
                self.unknown.extend(fields.keys().map(|name| path.field(name).to_string()));
                fields.clear();
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.unknown_value(item, &path.index(index));
                }
            }
            _ => {}
        }
    }

    /// Nothing goes here, but what is described may say otherwise of its own fields.
    fn kept_fields(
        &mut self,
        fields: &mut Map<String, Value>,
        schema: &Schema,
        embedded: bool,
        path: &Path<'_>,
    ) {
        for (name, value) in fields.iter_mut() {
            if embedded && META_FIELDS.contains(&name.as_str()) {
                continue;
            }
            if let Some(child) = schema.child(name) {
                self.value(value, Some(child), &path.field(name));
            }
        }
    }

    fn kept_items(&mut self, items: &mut [Value], schema: &Schema, path: &Path<'_>) {
        let Some(of_items) = schema.items.as_deref() else { return };
        for (index, item) in items.iter_mut().enumerate() {
            let path = path.index(index);
            match item {
                Value::Object(fields) => {
                    self.kept_fields(fields, of_items, of_items.embedded_resource, &path)
                }
                Value::Array(items) => self.kept_items(items, of_items, &path),
                _ => {}
            }
        }
    }
}
