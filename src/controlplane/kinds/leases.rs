//! Leases: who holds one and for how long.

use serde_json::Value;

use super::{Rules, addresses::Addresses, cells, info, values};
use crate::apiserver::field::FieldError;

pub fn rules() -> Rules {
    let holder = |object: &Value| {
        let holder = cells::text(values::text(object, "/spec/holderIdentity"));
        vec![cells::name(object), holder, cells::age(object)]
    };
    Rules {
        prepare_create,
        prepare_update,
        validate,
        ..Rules::new(info::namespaced("coordination.k8s.io", "leases", "Lease"), holder)
    }
}

/// Coordinated elections are not switched on.
fn prepare_create(object: &mut Value, _: &dyn Addresses) {
    for member in ["strategy", "preferredHolder"] {
        values::remove(&mut object["spec"], member);
    }
}

fn prepare_update(new: &mut Value, _: &Value, addresses: &dyn Addresses) {
    prepare_create(new, addresses);
}

fn validate(object: &Value) -> Vec<FieldError> {
    let spec = values::at(object, "/spec");
    let mut errors = Vec::new();
    if let Some(seconds) = spec["leaseDurationSeconds"].as_i64().filter(|seconds| *seconds <= 0) {
        errors.push(FieldError::invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
    }
    errors.extend(values::not_negative(spec, "/leaseTransitions", "spec.leaseTransitions"));
    errors
}
