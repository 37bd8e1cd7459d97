//! `metadata.managedFields`: who manages which fields, read from an object and written into it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{fields_v1::FieldsError, set::Set};

/// The fields of one manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionedSet {
    pub set: Set,
    /// The version of the API the fields are those of.
    pub api_version: String,
    /// Whether they were applied, or written by any other verb.
    pub applied: bool,
}

/// Who a manager is. Two entries of one identity are one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Identity {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub manager: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operation: String,
    /// Empty for appliers, who keep their fields across versions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subresource: String,
}

impl Identity {
    pub fn applier(manager: &str, subresource: &str) -> Self {
        Self::new(manager, "Apply", "", subresource)
    }

    pub fn updater(manager: &str, api_version: &str, subresource: &str) -> Self {
        Self::new(manager, "Update", api_version, subresource)
    }

    fn new(manager: &str, operation: &str, api_version: &str, subresource: &str) -> Self {
        let manager = if manager.is_empty() { "unknown" } else { manager };
        Self {
            manager: manager.to_owned(),
            operation: operation.to_owned(),
            api_version: api_version.to_owned(),
            subresource: subresource.to_owned(),
        }
    }

    /// The identity as text, which is what managers are sorted by.
    pub fn key(&self) -> String {
        serde_json::to_string(self).expect("strings always serialize")
    }

    pub fn of_key(key: &str) -> Self {
        serde_json::from_str(key).unwrap_or_default()
    }
}

/// All managers of an object by the key of their identity.
pub type Managers = BTreeMap<String, VersionedSet>;

/// The managers of an object, and when each last changed something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Managed {
    pub managers: Managers,
    pub times: BTreeMap<String, String>,
}

/// Why managedFields cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntriesError {
    #[error("managedFields must be a list of entries")]
    NotAList,
    #[error("operation must be `Apply` or `Update`")]
    Operation,
    #[error("apiVersion must not be empty")]
    ApiVersion,
    #[error("missing fieldsType in managed fields entry {0}")]
    NoFieldsType(usize),
    #[error("invalid fieldsType {0:?} in managed fields entry {1}")]
    FieldsType(String, usize),
    #[error("error decoding set: {0}")]
    Fields(#[from] FieldsError),
}

impl Managed {
    /// Reads `metadata.managedFields` of an object.
    pub fn of_object(object: &Value) -> Result<Self, EntriesError> {
        Self::of_entries(&object["metadata"]["managedFields"])
    }

    pub fn of_entries(entries: &Value) -> Result<Self, EntriesError> {
        let entries = match entries {
            Value::Null => return Ok(Self::default()),
            Value::Array(entries) => entries,
            _ => return Err(EntriesError::NotAList),
        };
        let mut managed = Self::default();
        for (index, entry) in entries.iter().enumerate() {
            managed.read(entry, index)?;
        }
        Ok(managed)
    }

    fn read(&mut self, entry: &Value, index: usize) -> Result<(), EntriesError> {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let applied = match entry["operation"].as_str() {
            Some("Apply") => true,
            Some("Update") => false,
            _ => return Err(EntriesError::Operation),
        };
        let api_version = text("apiVersion");
        if api_version.is_empty() {
            return Err(EntriesError::ApiVersion);
        }
        match entry["fieldsType"].as_str().unwrap_or_default() {
            "FieldsV1" => {}
            "" => return Err(EntriesError::NoFieldsType(index)),
            other => return Err(EntriesError::FieldsType(other.to_owned(), index)),
        }
        let identity = Identity {
            manager: text("manager"),
            operation: text("operation"),
            api_version: if applied { String::new() } else { api_version.clone() },
            subresource: text("subresource"),
        };
        let set = Set::from_fields_v1(&entry["fieldsV1"])?;
        self.managers.insert(identity.key(), VersionedSet { set, api_version, applied });
        match entry["time"].as_str() {
            Some(time) => self.times.insert(identity.key(), time.to_owned()),
            None => self.times.remove(&identity.key()),
        };
        Ok(())
    }

    /// Writes `metadata.managedFields`; without managers there is no such field.
    pub fn write(&self, object: &mut Value) {
        if self.managers.is_empty() {
            return clear(object);
        }
        object["metadata"]["managedFields"] = self.entries();
    }

    /// Appliers first, then by time, manager, version and subresource.
    pub fn entries(&self) -> Value {
        let mut entries: Vec<_> = self
            .managers
            .iter()
            .map(|(key, versioned)| {
                let (identity, time) = (Identity::of_key(key), self.times.get(key));
                let operation = if versioned.applied { "Apply" } else { identity.operation.as_str() };
                let sort = (
                    operation.to_owned(),
                    seconds(time),
                    identity.manager.clone(),
                    versioned.api_version.clone(),
                    identity.subresource.clone(),
                );
                (sort, entry(&identity, operation, versioned, time))
            })
            .collect();
        entries.sort_by(|left, right| left.0.cmp(&right.0));
        entries.into_iter().map(|(_, entry)| entry).collect()
    }
}

fn entry(identity: &Identity, operation: &str, versioned: &VersionedSet, time: Option<&String>) -> Value {
    let mut entry = json!({
        "operation": operation,
        "apiVersion": versioned.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": versioned.set.to_fields_v1(),
    });
    for (name, value) in [("manager", &identity.manager), ("subresource", &identity.subresource)] {
        if !value.is_empty() {
            entry[name] = json!(value);
        }
    }
    if let Some(time) = time {
        entry["time"] = json!(time);
    }
    entry
}

/// Removes `metadata.managedFields`.
pub fn clear(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
}

/// Whether the object asks that nobody manage it any more: `[]` or `[{}]`.
pub fn is_reset(object: &Value) -> bool {
    let Value::Array(entries) = &object["metadata"]["managedFields"] else { return false };
    match entries.as_slice() {
        [] => true,
        [Value::Object(only)] => only.values().all(|value| value.is_null() || value == ""),
        _ => false,
    }
}

/// A time as managedFields have it, to the second.
pub fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What is not a time counts as the epoch.
pub fn seconds(time: Option<&String>) -> i64 {
    time.and_then(|time| time.parse::<Timestamp>().ok()).map_or(0, Timestamp::as_second)
}

/// Takes over the old times where nothing but times would change: then the write changes nothing.
pub fn keep_times(new: &mut Value, old: &Value) {
    let timeless = |object: &Value| {
        let mut entries = object["metadata"]["managedFields"].clone();
        entries.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut).for_each(|entry| {
            entry.remove("time");
        });
        entries
    };
    let entries = timeless(new);
    if entries.is_null() || entries != timeless(old) {
        return;
    }
    let same_but = |field: &str, new: &Map<String, Value>, old: &Map<String, Value>| {
        new.len() == old.len()
            && new.iter().all(|(name, value)| name == field || old.get(name) == Some(value))
    };
    let (Some(top), Some(old_top)) = (new.as_object(), old.as_object()) else { return };
    let (Some(meta), Some(old_meta)) = (new["metadata"].as_object(), old["metadata"].as_object()) else {
        return;
    };
    if same_but("metadata", top, old_top) && same_but("managedFields", meta, old_meta) {
        new["metadata"]["managedFields"] = old["metadata"]["managedFields"].clone();
    }
}

#[cfg(test)]
mod tests;
