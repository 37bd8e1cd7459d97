//! managedFields of `/scale`: the one field it shares with the object, under the name it has there.
//!
//! A Scale is written like any object, by [`scale_request`], with the managers [`to_scale`] gives the live one;
//! [`to_object`] takes what came of them back into the object.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use serde_json::{Value, json};

use super::{
    Request,
    managers::{EntriesError, Managed, VersionedSet},
    path::{Path, Step},
    set::Set,
};
use crate::apiserver::schema::{Schema, Type};

/// The version Scales are of.
pub const SCALE_VERSION: &str = "autoscaling/v1";

/// Where each version of a kind has its replicas; none where it has no `/scale`.
pub type ReplicasPaths = BTreeMap<String, Option<Path>>;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let one = |name: &str, schema: Schema| Schema {
        kind: Type::Object,
        properties: BTreeMap::from([(name.to_owned(), Arc::new(schema))]),
        ..Schema::default()
    };
    let number = || Schema { kind: Type::Integer, ..Schema::default() };
    let mut scale = one("spec", one("replicas", number()));
    let mut status = one("replicas", number());
    let selector = Schema { kind: Type::String, ..Schema::default() };
    status.properties.insert("selector".to_owned(), Arc::new(selector));
    scale.properties.insert("status".to_owned(), Arc::new(status));
    scale
});

static EMPTY: LazyLock<Value> =
    LazyLock::new(|| json!({"metadata": {}, "spec": {}, "status": {"replicas": 0}}));

static NO_FIELDS: LazyLock<Set> = LazyLock::new(Set::default);

/// The write of a Scale by who makes `request`.
pub fn scale_request<'a>(request: &Request<'a>) -> Request<'a> {
    Request {
        subresource: "scale",
        api_version: SCALE_VERSION,
        kind: "Scale",
        schema: &SCHEMA,
        reset: &NO_FIELDS,
        empty: &EMPTY,
        ..*request
    }
}

/// `.spec.replicas` of a definition as a path.
pub fn replicas_path(text: &str) -> Path {
    text.trim_start_matches('.').split('.').map(Step::field).collect()
}

/// Managers of the replicas as managers of a Scale. Entries of unknown versions are left out.
pub fn to_scale(entries: &Value, paths: &ReplicasPaths) -> Result<Value, EntriesError> {
    let mut managed = Managed::of_entries(entries)?;
    managed.managers.retain(|_, versioned| {
        paths
            .get(&versioned.api_version)
            .and_then(Option::as_ref)
            .is_some_and(|path| versioned.set.contains(path))
    });
    for versioned in managed.managers.values_mut() {
        versioned.set = Set::of_fields(&[&["spec", "replicas"]]);
        versioned.api_version = SCALE_VERSION.to_owned();
    }
    Ok(written(&managed))
}

/// The object's managers after a write of its Scale, the object being of `api_version`.
pub fn to_object(
    entries: &Value,
    scale_entries: &Value,
    api_version: &str,
    paths: &ReplicasPaths,
) -> Result<Value, EntriesError> {
    let mut managed = Managed::of_entries(entries)?;
    let mut scale = Managed::of_entries(scale_entries)?;
    managed.managers.retain(|key, versioned| match paths.get(&versioned.api_version) {
        None => false,
        Some(Some(path)) if versioned.set.contains(path) && scale.managers.remove(key).is_none() => {
            versioned.set = versioned.set.difference(&one(path));
            !versioned.set.is_empty()
        }
        Some(_) => true,
    });
    let replicas = replicas_path(".spec.replicas");
    let Some(path) = paths.get(api_version).and_then(Option::as_ref) else { return Ok(written(&managed)) };
    for (key, versioned) in scale.managers {
        if versioned.set.contains(&replicas) {
            let set = VersionedSet { set: one(path), api_version: api_version.to_owned(), ..versioned };
            managed.managers.insert(key, set);
        }
    }
    Ok(written(&managed))
}

fn one(path: &[Step]) -> Set {
    let mut set = Set::default();
    set.insert(path);
    set
}

fn written(managed: &Managed) -> Value {
    if managed.managers.is_empty() { Value::Null } else { managed.entries() }
}

#[cfg(test)]
mod tests;
