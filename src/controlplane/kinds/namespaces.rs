//! Namespaces: their label, their finalizer and their phase.

use serde_json::{Value, json};

use super::{Rules, addresses::Addresses, cells, info, values};
use crate::apiserver::{
    field::FieldError,
    object::Cell,
    object_meta::{self, names},
    resource::ResourceInfo,
    strategy::NameRule,
};

/// What clients rely on whatever else is in a cluster.
pub const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Finalizers that need no domain.
const STANDARD: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

pub fn rules() -> Rules {
    let info = ResourceInfo {
        short_names: vec!["ns".into()],
        subresources: vec![info::FINALIZE, info::STATUS],
        ..info::cluster_wide("", "namespaces", "Namespace")
    };
    Rules {
        name_rule: NameRule::Dns1123Label,
        default,
        prepare_create,
        prepare_update: |new, _, _| default(new),
        prepare_delete,
        validate,
        validate_update,
        selectable: &[("name", &["/metadata/name"]), ("status.phase", &["/status/phase"])],
        ..Rules::new(info, cells)
    }
}

fn prepare_delete(object: &mut Value) {
    object["status"]["phase"] = "Terminating".into();
    // What it waits for is no grace period.
    object["metadata"].as_object_mut().and_then(|metadata| metadata.remove("deletionGracePeriodSeconds"));
}

fn default(object: &mut Value) {
    let name = values::text(object, "/metadata/name").to_owned();
    if !name.is_empty() {
        object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.into();
    }
    values::default(&mut object["status"], "phase", "Active");
}

fn prepare_create(object: &mut Value, _: &dyn Addresses) {
    object["status"] = json!({"phase": "Active"});
    let mut finalizers = values::texts(object, "/spec/finalizers");
    if !finalizers.iter().any(|finalizer| finalizer == "kubernetes") {
        finalizers.push("kubernetes".to_owned());
    }
    object["spec"]["finalizers"] = finalizers.into();
    default(object);
}

fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for finalizer in values::texts(object, "/spec/finalizers") {
        errors.extend(object_meta::invalid("spec.finalizers", &finalizer, names::qualified_name(&finalizer)));
        if !finalizer.contains('/') && !STANDARD.contains(&&*finalizer) {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.push(FieldError::invalid("spec.finalizers", finalizer, detail));
        }
    }
    errors
}

fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let phase = values::text(new, "/status/phase");
    if values::at(new, "/status") == values::at(old, "/status") {
        return Vec::new();
    }
    let detail = match (values::has(new, "/metadata/deletionTimestamp"), phase) {
        (false, "Active") | (true, "Terminating") => return Vec::new(),
        (false, _) => "may only be 'Active' if `deletionTimestamp` is empty",
        (true, _) => "may only be 'Terminating' if `deletionTimestamp` is not empty",
    };
    vec![FieldError::invalid("status.Phase", phase, detail)]
}

fn cells(object: &Value) -> Vec<Cell> {
    vec![cells::name(object), cells::text(values::text(object, "/status/phase")), cells::age(object)]
}
