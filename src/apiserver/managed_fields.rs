//! Who manages which fields of an object: `metadata.managedFields` and server-side apply.
//!
//! Called by the write verbs with whole objects, pure: no clock, no storage, no kinds. What it does is what
//! `k8s.io/apimachinery/pkg/util/managedfields` does around structured-merge-diff.

mod cap;
mod compare;
mod conflict;
mod error;
mod fields_of;
mod fields_v1;
mod items;
mod last_applied;
mod managers;
mod merge;
mod node;
pub mod object_meta;
mod order;
pub mod path;
mod reconcile;
mod remove;
mod request;
mod reset;
pub mod scale;
mod set;
#[cfg(test)]
pub mod testing;
mod updater;
mod validate;

use serde_json::{Value, json};

pub use conflict::{Conflict, Conflicts};
pub use error::ApplyError;
pub use managers::{is_reset, keep_times};
pub use request::Request;
pub use reset::reset_fields;
pub use set::Set;

use self::{last_applied::KUBECTL, managers::Managed};

/// A create, update or patch of any type but apply: `new` is what will be stored, defaulted and without unknown
/// fields, its managedFields those the client sent; `live` is what is stored now. Sets `new`'s managedFields.
pub fn on_update(request: &Request<'_>, live: Option<&Value>, new: &mut Value) {
    let managed = managed_before(request, live, new);
    managers::clear(new);
    let exists = live.is_some_and(|live| !live["metadata"]["uid"].as_str().unwrap_or_default().is_empty());
    if managed.managers.is_empty() && exists {
        return;
    }
    // What does not fit its schema is tracked no longer; the write itself goes on.
    if let Ok(managed) = request.track(live.unwrap_or(request.empty), new, managed, request.manager) {
        managed.write(new);
    }
}

/// The managers before an update. A client may rewrite them, but not through a subresource.
fn managed_before(request: &Request<'_>, live: Option<&Value>, new: &Value) -> Managed {
    let of_live = || live.and_then(|live| Managed::of_object(live).ok()).unwrap_or_default();
    if !request.subresource.is_empty() {
        return of_live();
    }
    if managers::is_reset(new) {
        return Managed::default();
    }
    match Managed::of_object(new) {
        Ok(managed) if !managed.managers.is_empty() => managed,
        _ => of_live(),
    }
}

/// An apply of `config` to `live`. The object to store, its managedFields set; it is not defaulted yet, and what
/// nobody manages any more may be null in it.
pub fn on_apply(
    request: &Request<'_>,
    live: Option<&Value>,
    config: &Value,
    force: bool,
) -> Result<Value, ApplyError> {
    let nothing = json!({});
    let base = live.unwrap_or(&nothing);
    let mut managed = Managed::of_object(base)
        .map_err(|error| ApplyError::Internal(format!("failed to decode managed fields: {error}")))?;
    request.check_kind(config)?;
    if managed.managers.is_empty() {
        managed = request.track_before_first_apply(live, managed)?;
    }
    request.check_config(config)?;
    request.check_live(base)?;
    request.check_conversion(base, &managed).map_err(|error| ApplyError::Internal(error.to_string()))?;
    let mut object = match request.apply(base, config, &mut managed, force)? {
        Some(object) => object,
        None => base.clone(),
    };
    managed.write(&mut object);
    if managed.managers.is_empty() {
        managers::clear(&mut object);
    }
    if request.manager == KUBECTL {
        last_applied::renew(&mut object, config);
    }
    Ok(object)
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
