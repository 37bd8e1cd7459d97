//! An object as it is kept: its JSON as text, without what nobody reads, in one allocation.

use serde_json::Value;

use crate::informers::RawObject;

/// Annotation of kubectl with the whole object in it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Where an object is on its side: `namespace/name`, `/name` where there are no namespaces.
pub fn place(namespace: &str, name: &str) -> Box<str> {
    format!("{namespace}/{name}").into()
}

/// What a source tells of an object.
#[derive(Clone)]
pub struct Object {
    pub place: Box<str>,
    pub kept: Kept,
}

/// What a store holds of it.
#[derive(Clone)]
pub struct Kept {
    text: Box<str>,
    /// Of the same source a later one is greater; 0 where it is no number, which is never later.
    pub version: u64,
}

/// Without the text: it may be a Secret's.
impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("bytes", &self.text.len()).field("version", &self.version).finish()
    }
}

impl Object {
    /// For [`crate::informers::Source::keeping`].
    pub fn of(raw: RawObject) -> Self {
        let place = place(&raw.meta.namespace, &raw.meta.name);
        let version = raw.meta.resource_version.parse().unwrap_or_default();
        let text = match serde_json::from_str::<Value>(raw.json.get()) {
            Ok(object) => pruned(object),
            // An informer tells of nothing that is not JSON.
            Err(_) => raw.json.get().into(),
        };
        Self { place, kept: Kept { text, version } }
    }
}

impl Object {
    /// That there is one, and nothing of what is in it.
    pub fn bare(raw: &RawObject) -> Self {
        let version = raw.meta.resource_version.parse().unwrap_or_default();
        let place = place(&raw.meta.namespace, &raw.meta.name);
        Self { place, kept: Kept { text: Box::default(), version } }
    }
}

impl Kept {
    /// What a write answered.
    pub fn of(object: &Value) -> Self {
        let version = super::super::json::meta(object, "resourceVersion").parse().unwrap_or_default();
        Self { text: pruned(object.clone()), version }
    }

    /// Whether its text holds this one: a quick look before it is read.
    pub fn holds(&self, part: &str) -> bool {
        self.text.contains(part)
    }

    /// The object; `Null` if it is none, which its reader takes for one without anything.
    pub fn read(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

fn pruned(mut object: Value) -> Box<str> {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        metadata.remove("selfLink");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(LAST_APPLIED);
        }
    }
    object.to_string().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_nobody_reads_is_not_kept() {
        let object = json!({"metadata": {
            "name": "a", "resourceVersion": "12", "managedFields": [{"manager": "m"}],
            "annotations": {LAST_APPLIED: "{}", "b": "c"},
        }, "spec": {"x": 1}});
        let kept = Kept::of(&object);
        assert_eq!(kept.version, 12);
        let expected = json!({"metadata": {"name": "a", "resourceVersion": "12", "annotations": {"b": "c"}}, "spec": {"x": 1}});
        assert_eq!(kept.read(), expected);
        assert!(!format!("{kept:?}").contains("spec"));
    }
}
