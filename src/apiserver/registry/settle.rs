//! What a proposed change comes to: what may be changed is taken, the rest stays as it is stored.

use serde_json::{Value, json};

use super::{Part, Registry, errors, meta};
use crate::apiserver::{field::FieldError, object_meta, request::Verb, status::ApiError};

/// What the server alone says of an object is taken from the stored one. That an object begins to go is not: who
/// says so in an update is told that he may not.
pub(super) fn keep_servers_own(old: &Value, new: &mut Value) {
    let going: &[&str] =
        if meta::is_deleting(old) { &["deletionTimestamp", "deletionGracePeriodSeconds"] } else { &[] };
    for field in ["creationTimestamp", "generation", "selfLink"].iter().chain(going) {
        meta::set(new, field, old["metadata"][*field].clone());
    }
}

impl Registry {
    /// The new state of the object; equal to `old` where nothing changes.
    pub(super) fn settle(
        &self,
        old: &Value,
        mut new: Value,
        part: Part,
        verb: Verb,
    ) -> Result<Value, ApiError> {
        let info = self.strategy.info();
        let name = meta::text(old, "name").to_owned();
        self.check_identity(old, &mut new, &name, verb)?;
        keep_servers_own(old, &mut new);
        let mut new = self.keep_other_parts(old, new, part);
        self.strategy.default(&mut new);
        if part != Part::Finalize {
            self.strategy.prepare_update(&mut new, old);
        }
        self.count_generation(old, &mut new);
        if new == *old {
            return Ok(new);
        }
        let mut faults: Vec<FieldError> =
            object_meta::validate(&new["metadata"], info.namespaced, self.strategy.name_rule());
        faults.extend(object_meta::validate_update(&new["metadata"], &old["metadata"]));
        faults.extend(self.strategy.validate_change(&new, old));
        self.refuse(&name, &faults)?;
        Ok(new)
    }

    /// Name, uid and version must be those that are stored, or not be said where that is allowed.
    fn check_identity(&self, old: &Value, new: &mut Value, name: &str, verb: Verb) -> Result<(), ApiError> {
        let info = self.strategy.info();
        let (uid, stored) = (meta::text(new, "uid").to_owned(), meta::text(old, "uid"));
        if uid.is_empty() {
            meta::set(new, "uid", stored.into());
        } else if uid != stored && verb != Verb::Patch {
            let why =
                format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {stored}");
            return Err(errors::conflict(info, name, &why));
        }
        let version = meta::text(new, "resourceVersion").to_owned();
        match version.as_str() {
            "" | "0" if self.strategy.unconditional_update() => {}
            "" | "0" => {
                let detail = "must be specified for an update";
                let fault = FieldError::invalid("metadata.resourceVersion", json!(0), detail);
                return Err(ApiError::invalid(&info.group, &info.kind, name, &[fault]));
            }
            version if version == meta::text(old, "resourceVersion") => {}
            version if version.parse::<u64>().is_err() => {
                let detail = format!("strconv.ParseUint: parsing {version:?}: invalid syntax");
                let fault = FieldError::invalid("metadata.resourceVersion", version, detail);
                return Err(ApiError::invalid(&info.group, &info.kind, name, &[fault]));
            }
            _ => return Err(errors::modified(info, name)),
        }
        meta::set(new, "resourceVersion", old["metadata"]["resourceVersion"].clone());
        Ok(())
    }

    /// A request about one part leaves the others alone.
    fn keep_other_parts(&self, old: &Value, mut new: Value, part: Part) -> Value {
        match part {
            Part::Whole | Part::Scale => {
                if self.strategy.has_status() {
                    put(&mut new, "status", old.get("status").cloned());
                }
                // Those of the spec are changed through `/finalize` alone.
                if self.strategy.info().subresources.iter().any(|below| below.name == "finalize") {
                    new["spec"]["finalizers"] = old["spec"]["finalizers"].clone();
                }
                new
            }
            Part::Status => {
                let mut kept = old.clone();
                put(&mut kept, "status", new.get("status").cloned());
                match self.strategy.kept_by_status() {
                    None => meta::set(&mut kept, "managedFields", new["metadata"]["managedFields"].clone()),
                    Some(members) => {
                        kept["metadata"] = new["metadata"].take();
                        for member in members {
                            meta::set(&mut kept, member, old["metadata"][*member].clone());
                        }
                    }
                }
                kept
            }
            Part::Finalize => {
                let mut kept = old.clone();
                let finalizers = new["spec"]["finalizers"].clone();
                kept["spec"]["finalizers"] = if finalizers.is_null() { json!([]) } else { finalizers };
                kept
            }
        }
    }

    fn count_generation(&self, old: &Value, new: &mut Value) {
        let has_status = self.strategy.has_status();
        if self.strategy.has_generation() && meta::desired(old, has_status) != meta::desired(new, has_status)
        {
            let generation = old["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
            meta::set(new, "generation", json!(generation));
        }
    }
}

fn put(object: &mut Value, field: &str, value: Option<Value>) {
    let Some(members) = object.as_object_mut() else { return };
    match value {
        Some(value) => members.insert(field.to_owned(), value),
        None => members.remove(field),
    };
}
