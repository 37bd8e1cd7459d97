//! One version of the kind that a definition brings.

mod scale;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    columns::Columns,
    json_path::JsonPath,
    openapi,
    words::{has, items, text},
};
use crate::apiserver::{
    discovery::rank,
    field::{FieldError, FieldErrorKind},
    object::Cell,
    resource::{ResourceInfo, Subresource, Text},
    schema::{Schema, SchemaError, rules::Rules},
    strategy::{ScalePaths, Strategy},
};

/// In upstream's order, which is none.
const VERBS: &[&str] = &["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const PART_VERBS: &[&str] = &["get", "patch", "update"];

/// A kind made of data.
pub struct CustomStrategy {
    info: Arc<ResourceInfo>,
    schema: Arc<Schema>,
    rules: Rules,
    columns: Columns,
    has_status: bool,
    scale: Option<ScalePaths>,
    selectable: Vec<(String, JsonPath)>,
    selectable_names: Vec<String>,
    openapi: Value,
}

impl CustomStrategy {
    /// `version` is one of the definition's `spec.versions`.
    pub fn new(definition: &Value, version: &Value) -> Result<Self, SchemaError> {
        let columns = Columns::new(version);
        let info = info(definition, version, &columns);
        let schema = match &version["schema"]["openAPIV3Schema"] {
            Value::Null => Schema::anything(),
            schema => Schema::parse_plain(schema)?,
        };
        let rules = Rules::compile(&schema).map_err(|error| SchemaError::Rule(error.to_string()))?;
        let selectable: Vec<_> = items(version, "selectableFields")
            .filter_map(|field| {
                let path = text(field, "jsonPath");
                Some((path.trim_start_matches('.').to_owned(), JsonPath::parse(path)?))
            })
            .collect();
        Ok(Self {
            openapi: openapi::document(&info, version),
            selectable_names: selectable.iter().map(|(name, _)| name.clone()).collect(),
            selectable,
            has_status: has(&version["subresources"], "status"),
            scale: scale::paths(&version["subresources"]["scale"]),
            info: Arc::new(info),
            schema: Arc::new(schema),
            rules,
            columns,
        })
    }

    /// What is wrong with a change of the status alone.
    pub fn validate_status_update(&self, new: &Value, old: &Value) -> Vec<FieldError> {
        let mut errors = match (self.schema.properties.get("status"), new.get("status")) {
            (Some(schema), Some(status)) => schema.validate_part("status", status, old.get("status")),
            _ => Vec::new(),
        };
        self.validate_rest(new, Some(old), &mut errors);
        errors
    }

    /// Everything but the value validations.
    fn validate_rest(&self, object: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
        self.validate_scale(object, errors);
        errors.extend(self.schema.validate_embedded(object));
        if old.is_none_or(|old| self.schema.validate_lists(old).is_empty()) {
            errors.extend(self.schema.validate_lists(object));
        }
        if self.rules.is_empty() {
            return;
        }
        // Rules may rely on what the schema says, so they are not asked about an object that is not so.
        if errors.iter().any(blocks_rules) {
            let detail = "some validation rules were not checked because the object was invalid; correct the existing \
                          errors to complete validation";
            errors.push(FieldError::invalid("<nil>", Value::Null, detail));
        } else {
            errors.extend(self.rules.validate(&self.schema, object, old));
        }
    }

    fn validate_scale(&self, object: &Value, errors: &mut Vec<FieldError>) {
        let Some(scale) = &self.scale else { return };
        for pointer in [&scale.spec_replicas, &scale.status_replicas] {
            let path = pointer.replace('/', ".");
            match scale::count_at(object, pointer) {
                Err(detail) => errors.push(FieldError::invalid(path, 0, detail)),
                Ok(count) if count < 0 => {
                    errors.push(FieldError::invalid(path, count, "should be a non-negative integer"));
                }
                Ok(count) if count > i64::from(i32::MAX) => {
                    let detail = format!("should be less than or equal to {}", i32::MAX);
                    errors.push(FieldError::invalid(path, count, detail));
                }
                Ok(_) => {}
            }
        }
    }
}

impl Strategy for CustomStrategy {
    fn info(&self) -> &Arc<ResourceInfo> {
        &self.info
    }

    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn built_in(&self) -> bool {
        false
    }

    fn has_status(&self) -> bool {
        self.has_status
    }

    fn scale(&self) -> Option<&ScalePaths> {
        self.scale.as_ref()
    }

    fn default(&self, object: &mut Value) {
        self.schema.set_defaults(object);
    }

    fn validate(&self, object: &Value) -> Vec<FieldError> {
        let mut errors = self.schema.validate_values(object, None);
        self.validate_rest(object, None, &mut errors);
        errors
    }

    /// Everything that is wrong, but for what was wrong before: [`Self::validate`] is not to be asked as well.
    fn validate_update(&self, new: &Value, old: &Value) -> Vec<FieldError> {
        let mut errors = self.schema.validate_values(new, Some(old));
        self.validate_rest(new, Some(old), &mut errors);
        errors
    }

    fn validate_change(&self, new: &Value, old: &Value) -> Vec<FieldError> {
        self.validate_update(new, old)
    }

    fn warnings(&self, new: &Value, old: Option<&Value>) -> Vec<String> {
        let had = |name: &Value| {
            old.is_some_and(|old| items(&old["metadata"], "finalizers").any(|had| had == name))
        };
        let added = items(&new["metadata"], "finalizers").filter(|name| !had(name)).filter_map(Value::as_str);
        added.filter_map(finalizer_warning).collect()
    }

    fn openapi(&self) -> Option<(String, Value)> {
        Some((format!("apis/{}/{}", self.info.group, self.info.version), self.openapi.clone()))
    }

    fn cells(&self, object: &Value) -> Vec<Cell> {
        self.columns.cells(object)
    }

    fn selectable(&self, object: &Value) -> BTreeMap<String, String> {
        let value = |path: &JsonPath| match path.first(object) {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => String::new(),
            Some(other) => other.to_string(),
        };
        self.selectable.iter().map(|(name, path)| (name.clone(), value(path))).collect()
    }

    fn selectable_fields(&self) -> &[String] {
        &self.selectable_names
    }
}

/// Mistakes after which a rule may meet what it does not expect.
fn blocks_rules(error: &FieldError) -> bool {
    matches!(
        error.kind,
        FieldErrorKind::NotSupported(..)
            | FieldErrorKind::Required
            | FieldErrorKind::TooLong
            | FieldErrorKind::TooMany(_)
            | FieldErrorKind::TypeInvalid(_)
    )
}

fn info(definition: &Value, version: &Value, columns: &Columns) -> ResourceInfo {
    let (spec, names) = (&definition["spec"], &definition["status"]["acceptedNames"]);
    let own = |value: &Value, field: &str| -> Text { text(value, field).to_owned().into() };
    let list = |field: &str| -> Vec<Text> {
        items(names, field).filter_map(Value::as_str).map(|name| name.to_owned().into()).collect()
    };
    let subresources = &version["subresources"];
    let part = |name, kind| Subresource { name, kind, verbs: PART_VERBS };
    let parts = [
        has(subresources, "scale").then(|| part("scale", Some(("autoscaling", "v1", "Scale")))),
        has(subresources, "status").then(|| part("status", None)),
    ];
    ResourceInfo {
        group: own(spec, "group"),
        version: own(version, "name"),
        resource: own(names, "plural"),
        singular: own(names, "singular"),
        kind: own(names, "kind"),
        list_kind: own(names, "listKind"),
        short_names: list("shortNames"),
        categories: list("categories"),
        namespaced: spec["scope"] == "Namespaced",
        verbs: Cow::Borrowed(VERBS),
        subresources: parts.into_iter().flatten().collect(),
        reader_role: "",
        columns: Cow::Owned(columns.headers.clone()),
        warning: deprecation(definition, version),
    }
}

/// Finalizers without a domain may be another's as well.
fn finalizer_warning(name: &str) -> Option<String> {
    if name.contains('/') || ["orphan", "foregroundDeletion", "kubernetes"].contains(&name) {
        return None;
    }
    let path = if name.contains('.') { " including a path (/)" } else { "" };
    Some(format!(
        "metadata.finalizers: {name:?}: prefer a domain-qualified finalizer name{path} to avoid accidental conflicts \
         with other finalizer writers"
    ))
}

fn deprecation(definition: &Value, version: &Value) -> Option<Text> {
    if version["deprecated"] != true {
        return None;
    }
    let standard = || {
        let (spec, own) = (&definition["spec"], text(version, "name"));
        let (group, kind) = (text(spec, "group"), text(&definition["status"]["acceptedNames"], "kind"));
        let others = items(spec, "versions");
        let others = others.filter(|other| other["served"] == true && other["deprecated"] != true);
        let better = others.map(|other| text(other, "name")).filter(|name| rank(name) > rank(own));
        let said = format!("{group}/{own} {kind} is deprecated");
        match better.max_by_key(|name| rank(name)) {
            Some(best) => format!("{said}; use {group}/{best} {kind}"),
            None => said,
        }
    };
    Some(version["deprecationWarning"].as_str().map_or_else(standard, str::to_owned).into())
}
