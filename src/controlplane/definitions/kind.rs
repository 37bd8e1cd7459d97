//! CustomResourceDefinition itself, as a kind among kinds.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    names::mark_terminating,
    spec,
    words::{has, items, text},
};
use crate::{
    apiserver::{
        field::FieldError,
        object::Cell,
        resource::{Column, ResourceInfo, Subresource},
        schema::{Schema, Type},
        strategy::Strategy,
    },
    controlplane::documents,
};

const GROUP: &str = "apiextensions.k8s.io";
const VERBS: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// How deep the schemas in a definition are looked into.
const DEPTH: usize = 64;

static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(schema()));

pub struct DefinitionStrategy {
    info: Arc<ResourceInfo>,
}

impl DefinitionStrategy {
    #[expect(clippy::new_without_default, reason = "`default` is what a strategy does to objects")]
    pub fn new() -> Self {
        Self { info: Arc::new(info()) }
    }
}

fn info() -> ResourceInfo {
    let column =
        |name: &'static str, kind: &'static str, format: &'static str, description: &'static str| Column {
            name: name.into(),
            kind: kind.into(),
            format: format.into(),
            description: description.into(),
            priority: 0,
        };
    ResourceInfo {
        group: GROUP.into(),
        version: "v1".into(),
        resource: "customresourcedefinitions".into(),
        singular: "customresourcedefinition".into(),
        kind: "CustomResourceDefinition".into(),
        list_kind: "CustomResourceDefinitionList".into(),
        short_names: vec!["crd".into(), "crds".into()],
        categories: vec!["api-extensions".into()],
        namespaced: false,
        verbs: Cow::Borrowed(VERBS),
        subresources: vec![Subresource { name: "status", kind: None, verbs: &["get", "patch", "update"] }],
        reader_role: "",
        columns: Cow::Owned(vec![
            column("Name", "string", "name", super::columns::NAME),
            column("Created At", "date", "", super::columns::AGE),
        ]),
        warning: None,
    }
}

impl Strategy for DefinitionStrategy {
    fn info(&self) -> &Arc<ResourceInfo> {
        &self.info
    }

    fn schema(&self) -> &Arc<Schema> {
        &SCHEMA
    }

    fn kept_by_status(&self) -> Option<&'static [&'static str]> {
        None
    }

    fn built_in(&self) -> bool {
        true
    }

    fn has_status(&self) -> bool {
        true
    }

    fn has_generation(&self) -> bool {
        true
    }

    fn unconditional_update(&self) -> bool {
        false
    }

    fn default(&self, object: &mut Value) {
        let spec = &mut object["spec"];
        if !spec.is_object() {
            return;
        }
        if let Some(schema) = SCHEMA.properties.get("spec") {
            schema.drop_nulls(spec);
        }
        let kind = text(&spec["names"], "kind").to_owned();
        if spec["names"].is_object() {
            if text(&spec["names"], "singular").is_empty() && !kind.is_empty() {
                spec["names"]["singular"] = kind.to_lowercase().into();
            }
            if text(&spec["names"], "listKind").is_empty() && !kind.is_empty() {
                spec["names"]["listKind"] = format!("{kind}List").into();
            }
        }
        if !has(spec, "conversion") {
            spec["conversion"] = json!({"strategy": "None"});
        }
        for version in spec["versions"].as_array_mut().into_iter().flatten().filter(|of| of.is_object()) {
            for flag in ["served", "storage"] {
                if !has(version, flag) {
                    version[flag] = false.into();
                }
            }
        }
    }

    fn prepare_create(&self, object: &mut Value) {
        object["status"] = json!({
            "acceptedNames": {"kind": "", "plural": ""}, "conditions": null, "storedVersions": null,
        });
        store_version(object);
    }

    fn prepare_update(&self, new: &mut Value, _old: &Value) {
        store_version(new);
    }

    fn prepare_delete(&self, object: &mut Value) {
        mark_terminating(object, &now());
        // What it waits for is no grace period.
        object["metadata"].as_object_mut().and_then(|metadata| metadata.remove("deletionGracePeriodSeconds"));
    }

    fn validate(&self, object: &Value) -> Vec<FieldError> {
        match shape(object) {
            wrong if !wrong.is_empty() => wrong,
            _ => spec::validate_name(object).into_iter().chain(spec::validate(object)).collect(),
        }
    }

    fn validate_update(&self, new: &Value, old: &Value) -> Vec<FieldError> {
        match shape(new) {
            wrong if !wrong.is_empty() => wrong,
            // A change of the status alone is not a reason to look at the rest again.
            _ if new["spec"] == old["spec"]
                && new["metadata"]["annotations"] == old["metadata"]["annotations"] =>
            {
                Vec::new()
            }
            _ => spec::validate_update(new, old),
        }
    }

    fn validate_change(&self, new: &Value, old: &Value) -> Vec<FieldError> {
        self.validate_update(new, old)
    }

    fn warnings(&self, new: &Value, old: Option<&Value>) -> Vec<String> {
        let known = old.map(unknown_formats).unwrap_or_default();
        let formats = unknown_formats(new).into_iter().filter(|format| !known.contains(format));
        formats.map(|format| format!("unrecognized format {format:?}")).collect()
    }

    fn cells(&self, object: &Value) -> Vec<Cell> {
        let metadata = &object["metadata"];
        // kubectl shows the time itself here, not an age.
        [&metadata["name"], &metadata["creationTimestamp"]]
            .map(|value| Cell::Json(value.to_string().into()))
            .into()
    }
}

/// Formats in schemas that nobody checks.
fn unknown_formats(definition: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for version in items(&definition["spec"], "versions") {
        super::formats::unknown(&version["schema"]["openAPIV3Schema"], &mut found);
    }
    found
}

/// Now, to the second, as Kubernetes writes it.
fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

/// What objects are stored in from now on.
fn store_version(object: &mut Value) {
    let storage = items(&object["spec"], "versions").find(|version| version["storage"] == true);
    let Some(name) = storage.map(|version| version["name"].clone()) else { return };
    if !object["status"].is_object() {
        return;
    }
    match object["status"]["storedVersions"].as_array_mut() {
        Some(stored) if stored.contains(&name) => {}
        Some(stored) => stored.push(name),
        None => object["status"]["storedVersions"] = json!([name]),
    }
}

/// Where a value has another type than the rules below rely on.
fn shape(object: &Value) -> Vec<FieldError> {
    let errors = SCHEMA.validate_values(&json!({"spec": object["spec"]}), None);
    errors.into_iter().filter(FieldError::is_type).collect()
}

/// The schema of definitions. That of schemas contains itself; it is followed as deep as schemas may be.
fn schema() -> Schema {
    let document = documents::all().iter().find(|document| document.path == format!("apis/{GROUP}/v1"));
    let known = document.map_or(&Value::Null, |document| &document.content()["components"]["schemas"]);
    let resolve = |reference: &str| known.get(reference.rsplit('/').next()?);
    let name = |kind: &str| format!("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.{kind}");
    let parse = |kind: &str| {
        Schema::parse(&known[name(kind)], &resolve).expect("the documents of Kubernetes are schemas")
    };
    let (mut definition, one) = (parse("CustomResourceDefinition"), parse("JSONSchemaProps"));
    let mut of_schemas = Arc::new(Schema::anything());
    for _ in 0..DEPTH {
        of_schemas = Arc::new(of_schema(&one, &of_schemas));
    }
    let at = ["spec", "versions", "", "schema", "openAPIV3Schema"];
    replace(&mut definition, &at, &of_schemas);
    definition
}

/// The schema of a schema whose inner schemas are `inner`.
fn of_schema(one: &Schema, inner: &Arc<Schema>) -> Schema {
    let mut schema = one.clone();
    let list = Arc::new(Schema { kind: Type::Array, items: Some(inner.clone()), ..Schema::default() });
    let map = Schema { kind: Type::Object, additional_properties: Some(inner.clone()), ..Schema::default() };
    let map = Arc::new(map);
    // A flag or a list may stand here instead.
    let either = Arc::new(Schema { kind: Type::Any, validations: None, nullable: true, ..(**inner).clone() });
    for (name, child) in &mut schema.properties {
        match name.as_str() {
            "properties" | "patternProperties" | "definitions" => *child = map.clone(),
            "allOf" | "anyOf" | "oneOf" => *child = list.clone(),
            "items" | "additionalProperties" | "additionalItems" => *child = either.clone(),
            "not" => *child = inner.clone(),
            _ => {}
        }
    }
    schema
}

/// Puts a schema where the path leads; an empty name is the items of a list.
fn replace(schema: &mut Schema, path: &[&str], by: &Arc<Schema>) {
    let [name, rest @ ..] = path else { return };
    let child = if name.is_empty() { schema.items.as_mut() } else { schema.properties.get_mut(*name) };
    let Some(child) = child else { return };
    if rest.is_empty() {
        *child = by.clone();
    } else {
        let mut changed = (**child).clone();
        replace(&mut changed, rest, by);
        *child = Arc::new(changed);
    }
}
