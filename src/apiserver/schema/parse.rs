//! OpenAPI v3 JSON to [`Schema`].
//!
//! Fed with the `openAPIV3Schema` of a definition, which has no references, or with the components of
//! kube-apiserver's documents, which have. A reference that leads back to itself becomes "anything".

mod keywords;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use self::keywords::{bool_of, string_of, strings_of};
use super::{ListType, PatchStrategy, Schema, Type};

/// Deeper schemas are refused: every walk over an object recurses as deep as its schema.
const DEPTH_LIMIT: usize = 100;

/// Why OpenAPI did not become a schema.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    #[error("{path}: schema is nested deeper than {DEPTH_LIMIT} levels")]
    TooDeep { path: String },
    #[error("{path}: {keyword} must be {expected}")]
    Keyword { path: String, keyword: String, expected: &'static str },
    #[error("{path}: pattern {pattern:?} is not a regular expression: {problem}")]
    Pattern { path: String, pattern: String, problem: String },
    #[error("{0}")]
    Rule(String),
    #[error("{path}: no schema {reference:?}")]
    Reference { path: String, reference: String },
}

impl Schema {
    /// `resolve` finds what a `$ref` names.
    pub fn parse<'a>(
        root: &'a Value,
        resolve: &dyn Fn(&str) -> Option<&'a Value>,
    ) -> Result<Schema, SchemaError> {
        Parser { resolve, parsed: BTreeMap::new(), open: Vec::new() }.node(root, &Place::default())
    }

    /// A schema without references: that of a definition.
    pub fn parse_plain(root: &Value) -> Result<Schema, SchemaError> {
        Self::parse(root, &|_| None)
    }

    /// What holds anything at all.
    pub fn anything() -> Schema {
        Schema { preserve_unknown_fields: true, nullable: true, ..Schema::default() }
    }
}

/// Where the parser stands, for errors.
#[derive(Clone, Default)]
struct Place {
    path: String,
    depth: usize,
}

impl Place {
    fn child(&self, name: &str) -> Result<Place, SchemaError> {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        if self.depth == DEPTH_LIMIT {
            return Err(SchemaError::TooDeep { path });
        }
        Ok(Place { path, depth: self.depth + 1 })
    }

    fn wrong(&self, keyword: &str, expected: &'static str) -> SchemaError {
        SchemaError::Keyword { path: self.path.clone(), keyword: keyword.to_owned(), expected }
    }
}

struct Parser<'a, 'r> {
    resolve: &'r dyn Fn(&str) -> Option<&'a Value>,
    parsed: BTreeMap<&'a str, Arc<Schema>>,
    /// The references being parsed, outermost first.
    open: Vec<&'a str>,
}

impl<'a> Parser<'a, '_> {
    fn node(&mut self, node: &'a Value, place: &Place) -> Result<Schema, SchemaError> {
        // OpenAPI allows `true` for "anything" where kube-apiserver writes an empty schema.
        let Some(fields) = node.as_object() else { return Err(place.wrong("schema", "an object")) };
        let mut schema = match reference(fields) {
            Some(reference) => (*self.referenced(reference, place)?).clone(),
            None => Schema::default(),
        };
        self.shape(fields, &mut schema, place)?;
        extensions(fields, &mut schema, place)?;
        if reference(fields).is_none() {
            self.validations(fields, &mut schema, place)?;
        }
        Ok(schema)
    }

    fn referenced(&mut self, reference: &'a str, place: &Place) -> Result<Arc<Schema>, SchemaError> {
        if let Some(schema) = self.parsed.get(reference) {
            return Ok(schema.clone());
        }
        if self.open.contains(&reference) {
            return Ok(Arc::new(Schema::anything()));
        }
        let target = (self.resolve)(reference).ok_or_else(|| SchemaError::Reference {
            path: place.path.clone(),
            reference: reference.to_owned(),
        })?;
        self.open.push(reference);
        let mut schema = self.node(target, &place.child("$ref")?)?;
        self.open.pop();
        // A component that describes no content is a raw one: RawExtension, JSON, FieldsV1.
        if matches!(schema.kind, Type::Any | Type::Object) && schema.has_no_content() {
            schema.preserve_unknown_fields = true;
        }
        let schema = Arc::new(schema);
        self.parsed.insert(reference, schema.clone());
        Ok(schema)
    }

    fn shape(
        &mut self,
        fields: &'a Map<String, Value>,
        schema: &mut Schema,
        place: &Place,
    ) -> Result<(), SchemaError> {
        if let Some(kind) = fields.get("type") {
            schema.kind = kind_of(kind).ok_or_else(|| place.wrong("type", "a JSON type"))?;
        }
        if let Some(nullable) = bool_of(fields, "nullable", place)? {
            schema.nullable = nullable;
        }
        if let Some(default) = fields.get("default").filter(|default| !default.is_null()) {
            schema.default = Some(default.clone());
        }
        if let Some(properties) = fields.get("properties").filter(|properties| !properties.is_null()) {
            let properties = properties.as_object().ok_or_else(|| place.wrong("properties", "an object"))?;
            for (name, node) in properties {
                let child = self.node(node, &place.child(name)?)?;
                schema.properties.insert(name.clone(), Arc::new(child));
            }
        }
        match fields.get("additionalProperties") {
            None | Some(Value::Null) => {}
            Some(Value::Bool(_)) => schema.additional_properties = Some(Arc::new(undescribed())),
            Some(node) => {
                schema.additional_properties = Some(Arc::new(self.node(node, &place.child("*")?)?));
            }
        }
        match fields.get("items") {
            None | Some(Value::Null) => {}
            Some(node) => schema.items = Some(Arc::new(self.node(node, &place.child("items")?)?)),
        }
        Ok(())
    }
}

impl Schema {
    fn has_no_content(&self) -> bool {
        self.properties.is_empty()
            && self.additional_properties.is_none()
            && self.validations.as_ref().is_none_or(|validations| {
                validations.one_of.is_empty()
                    && validations.any_of.is_empty()
                    && validations.all_of.is_empty()
            })
            && !self.int_or_string
    }
}

/// `additionalProperties: true`: any key is there, nothing is said of the values, so their fields are unknown.
fn undescribed() -> Schema {
    Schema { nullable: true, ..Schema::default() }
}

/// The reference of `{$ref}` or of kube-apiserver's `{allOf: [{$ref}], default: …}`.
fn reference(fields: &Map<String, Value>) -> Option<&str> {
    if let Some(reference) = fields.get("$ref") {
        return reference.as_str();
    }
    match fields.get("allOf")?.as_array()?.as_slice() {
        [Value::Object(only)] if only.len() == 1 => only.get("$ref")?.as_str(),
        _ => None,
    }
}

fn kind_of(kind: &Value) -> Option<Type> {
    Some(match kind.as_str()? {
        "" => Type::Any,
        "object" => Type::Object,
        "array" => Type::Array,
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        _ => return None,
    })
}

fn extensions(fields: &Map<String, Value>, schema: &mut Schema, place: &Place) -> Result<(), SchemaError> {
    let set = |name: &str, to: &mut bool| -> Result<(), SchemaError> {
        if let Some(value) = bool_of(fields, name, place)? {
            *to = value;
        }
        Ok(())
    };
    set("x-kubernetes-int-or-string", &mut schema.int_or_string)?;
    set("x-kubernetes-preserve-unknown-fields", &mut schema.preserve_unknown_fields)?;
    set("x-kubernetes-embedded-resource", &mut schema.embedded_resource)?;
    if string_of(fields, "format", place)? == Some("int-or-string") {
        schema.int_or_string = true;
    }
    if let Some(list_type) = string_of(fields, "x-kubernetes-list-type", place)? {
        schema.list_type = match list_type {
            "set" => ListType::Set,
            "map" => ListType::Map,
            "atomic" | "" => ListType::Atomic,
            _ => return Err(place.wrong("x-kubernetes-list-type", "atomic, set or map")),
        };
    }
    if let Some(keys) = strings_of(fields, "x-kubernetes-list-map-keys", place)? {
        schema.list_map_keys = keys;
    }
    if let Some(map_type) = string_of(fields, "x-kubernetes-map-type", place)? {
        schema.atomic_map = map_type == "atomic";
    }
    patch_strategy(fields, &mut schema.patch, place)
}

fn patch_strategy(
    fields: &Map<String, Value>,
    patch: &mut PatchStrategy,
    place: &Place,
) -> Result<(), SchemaError> {
    if let Some(strategy) = string_of(fields, "x-kubernetes-patch-strategy", place)? {
        patch.merge = strategy.split(',').any(|part| part == "merge");
        patch.retain_keys = strategy.split(',').any(|part| part == "retainKeys");
    }
    if let Some(key) = string_of(fields, "x-kubernetes-patch-merge-key", place)? {
        patch.merge_key = Some(key.to_owned());
    }
    Ok(())
}
