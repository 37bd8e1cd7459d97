//! The built-in kinds of Kubernetes that the embedded control plane serves, each a [`Strategy`].
//!
//! Given the schemas and the addresses of Services, answers the strategies that the catalog registers. Rules and
//! texts are those of kube-apiserver 1.36 (`pkg/apis/*` and `pkg/registry/*`). It must not know how objects are
//! stored, nor workspaces.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use crate::apiserver::{
    field::FieldError,
    object::Cell,
    quantity,
    resource::ResourceInfo,
    schema::Schema,
    strategy::{NameRule, ScalePaths, Strategy},
};

pub mod addresses;
mod cells;
mod config_maps;
mod events;
mod info;
mod leases;
mod namespaces;
mod pods;
mod rbac;
mod secrets;
mod service_accounts;
mod services;
pub mod shape;
mod times;
mod values;
mod workloads;

use addresses::Addresses;

/// What one kind brings; what most kinds have in common is in `Rules::new`.
pub struct Rules {
    info: ResourceInfo,
    name_rule: NameRule,
    scale: Option<ScalePaths>,
    default: fn(&mut Value),
    prepare_create: fn(&mut Value, &dyn Addresses),
    prepare_update: fn(&mut Value, &Value, &dyn Addresses),
    prepare_delete: fn(&mut Value),
    validate: fn(&Value) -> Vec<FieldError>,
    validate_update: fn(&Value, &Value) -> Vec<FieldError>,
    warnings: fn(&Value, Option<&Value>) -> Vec<String>,
    cells: fn(&Value) -> Vec<Cell>,
    /// Each with the places where its value may stand, the first that is not empty counts.
    selectable: &'static [(&'static str, &'static [&'static str])],
}

impl Rules {
    fn new(info: ResourceInfo, cells: fn(&Value) -> Vec<Cell>) -> Self {
        Self {
            info,
            name_rule: NameRule::Dns1123Subdomain,
            scale: None,
            default: |_| {},
            prepare_create: |_, _| {},
            prepare_update: |_, _, _| {},
            prepare_delete: |_| {},
            validate: |_| Vec::new(),
            validate_update: |_, _| Vec::new(),
            warnings: |_, _| Vec::new(),
            cells,
            selectable: &[],
        }
    }
}

struct BuiltIn {
    info: Arc<ResourceInfo>,
    schema: Arc<Schema>,
    addresses: Arc<dyn Addresses>,
    rules: Rules,
    selectable: Vec<String>,
}

/// A strategy for every built-in kind. `schemas` is asked for group, version and kind; Services get their addresses
/// from `addresses`.
pub fn all(
    schemas: &dyn Fn(&str, &str, &str) -> Arc<Schema>,
    addresses: &Arc<dyn Addresses>,
) -> Vec<Arc<dyn Strategy>> {
    let [role, cluster_role] = rbac::roles();
    let [role_binding, cluster_role_binding] = rbac::bindings();
    let [deployment, stateful_set] = workloads::all();
    let rules = [
        namespaces::rules(),
        config_maps::rules(),
        secrets::rules(),
        services::rules(),
        service_accounts::rules(),
        events::rules(),
        leases::rules(),
        deployment,
        stateful_set,
        role,
        role_binding,
        cluster_role,
        cluster_role_binding,
    ];
    let built_in = |rules: Rules| -> Arc<dyn Strategy> {
        let info = Arc::new(rules.info.clone());
        let schema = schemas(&info.group, &info.version, &info.kind);
        let selectable = rules.selectable.iter().map(|(name, _)| (*name).to_owned()).collect();
        Arc::new(BuiltIn { info, schema, addresses: addresses.clone(), rules, selectable })
    };
    rules.map(built_in).into()
}

impl Strategy for BuiltIn {
    fn info(&self) -> &Arc<ResourceInfo> {
        &self.info
    }

    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn built_in(&self) -> bool {
        true
    }

    fn name_rule(&self) -> NameRule {
        self.rules.name_rule
    }

    fn has_status(&self) -> bool {
        self.info.subresources.iter().any(|subresource| subresource.name == "status")
    }

    fn kept_by_status(&self) -> Option<&'static [&'static str]> {
        Some(if self.info.resource == "deployments" { &["labels"] } else { &[] })
    }

    fn scale(&self) -> Option<&ScalePaths> {
        self.rules.scale.as_ref()
    }

    fn decode(&self, object: &mut Value) -> Result<(), String> {
        shape::decode(&self.info.kind, object)
    }

    fn finalized(&self, object: &Value) -> bool {
        ["/metadata/finalizers", "/spec/finalizers"].iter().all(|list| values::items(object, list).is_empty())
    }

    fn undeletable(&self, name: &str) -> Option<&'static str> {
        let immortal = self.info.resource == "namespaces" && namespaces::IMMORTAL.contains(&name);
        immortal.then_some("this namespace may not be deleted")
    }

    fn prepare_delete(&self, object: &mut Value) {
        (self.rules.prepare_delete)(object);
    }

    fn unconditional_update(&self) -> bool {
        self.info.resource != "leases"
    }

    fn returns_deleted(&self) -> bool {
        ["namespaces", "services", "serviceaccounts"].contains(&&*self.info.resource)
    }

    fn creates_on_update(&self) -> bool {
        ["services", "events", "leases"].contains(&&*self.info.resource) || self.info.group == rbac::GROUP
    }

    /// What cannot be read is refused before, by [`Strategy::decode`].
    fn default(&self, object: &mut Value) {
        let _ = shape::decode(&self.info.kind, object);
        (self.rules.default)(object);
    }

    fn prepare_create(&self, object: &mut Value) {
        if self.has_status() {
            object["status"] = Value::Object(serde_json::Map::new());
        }
        (self.rules.prepare_create)(object, &*self.addresses);
        let _ = shape::decode(&self.info.kind, object);
    }

    fn prepare_update(&self, new: &mut Value, old: &Value) {
        (self.rules.prepare_update)(new, old, &*self.addresses);
        let _ = shape::decode(&self.info.kind, new);
    }

    fn validate(&self, object: &Value) -> Vec<FieldError> {
        let mut errors = (self.rules.validate)(object);
        // Only these two do not use the rules of core for their metadata.
        if !["leases", "events"].contains(&&*self.info.resource) {
            errors.extend(standard_finalizers(values::at(object, "/metadata/finalizers")));
        }
        errors
    }

    fn validate_update(&self, new: &Value, old: &Value) -> Vec<FieldError> {
        (self.rules.validate_update)(new, old)
    }

    fn warnings(&self, new: &Value, old: Option<&Value>) -> Vec<String> {
        (self.rules.warnings)(new, old)
    }

    fn cells(&self, object: &Value) -> Vec<Cell> {
        (self.rules.cells)(object)
    }

    fn selectable(&self, object: &Value) -> BTreeMap<String, String> {
        let value = |places: &[&str]| {
            let texts = places.iter().map(|place| values::text(object, place));
            texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
        };
        self.rules.selectable.iter().map(|(name, places)| ((*name).to_owned(), value(places))).collect()
    }

    fn selectable_fields(&self) -> &[String] {
        &self.selectable
    }
}

/// A finalizer without a domain must be one of Kubernetes' own.
fn standard_finalizers(finalizers: &Value) -> Vec<FieldError> {
    const STANDARD: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];
    const DETAIL: &str = "name is neither a standard finalizer name nor is it fully qualified";
    let names = values::texts(finalizers, "").into_iter().enumerate();
    names
        .filter(|(_, name)| !name.contains('/') && !STANDARD.contains(&&**name))
        .map(|(index, name)| FieldError::invalid(format!("metadata.finalizers[{index}]"), name, DETAIL))
        .collect()
}

#[cfg(test)]
mod tests;
