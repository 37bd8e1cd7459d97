//! An object as it is kept: its JSON as text, without what nobody reads, in one allocation.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

use crate::{informers::RawObject, syncer::json::meta};

/// Annotation of kubectl with the whole object in it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Of metadata.
const UNREAD: [&str; 2] = ["managedFields", "selfLink"];

/// What a source tells of an object.
#[derive(Clone)]
pub struct Object {
    /// Empty for an object of the cluster.
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    pub kept: Kept,
}

/// What a store holds of it.
#[derive(Clone)]
pub struct Kept {
    text: Arc<str>,
    /// Of the same source a later one is greater; 0 where it is no number, which is never later.
    pub version: u64,
    read: OnceLock<Box<Read>>,
}

/// Of the few that are looked at with every other.
#[derive(Clone)]
struct Read {
    value: Value,
    made_for: OnceLock<Option<Arc<str>>>,
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
        let text =
            pruned_text(raw.json.get()).unwrap_or_else(|| match serde_json::from_str(raw.json.get()) {
                Ok(mut object) => {
                    prune(&mut object);
                    text(&object)
                }
                // An informer tells of nothing that is not JSON.
                Err(_) => raw.json.get().to_owned(),
            });
        Self::new(&raw, text.into())
    }

    /// That there is one, and nothing of what is in it.
    pub fn bare(raw: &RawObject) -> Self {
        Self::new(raw, "".into())
    }

    fn new(raw: &RawObject, text: Arc<str>) -> Self {
        let version = raw.meta.resource_version.parse().unwrap_or_default();
        Self::at(&raw.meta.namespace, &raw.meta.name, Kept { text, version, read: OnceLock::new() })
    }

    pub fn at(namespace: &str, name: &str, kept: Kept) -> Self {
        Self { namespace: namespace.into(), name: name.into(), kept }
    }
}

impl Kept {
    /// What a write answered.
    pub fn of(object: &Value) -> Self {
        Self::pruning(&mut object.clone())
    }

    /// The same, and leaves the object as [`Kept::read`] will give it.
    pub fn pruning(object: &mut Value) -> Self {
        prune(object);
        let version = meta(object, "resourceVersion").parse().unwrap_or_default();
        Self { text: text(object).into(), version, read: OnceLock::new() }
    }

    /// Whether its text holds this one: a quick look before it is read.
    pub fn holds(&self, part: &str) -> bool {
        self.text.contains(part)
    }

    /// The object; `Null` if it is none, which its reader takes for one without anything.
    pub fn read(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The same, read once and kept: for the few that are looked at with every other.
    pub fn value(&self) -> &Value {
        &self.once().value
    }

    /// What it was made for, found out once by `find`, which always has to be the same.
    pub fn made_for(&self, find: impl FnOnce(&Value) -> Option<Arc<str>>) -> Option<&Arc<str>> {
        let Read { value, made_for } = self.once();
        made_for.get_or_init(|| find(value)).as_ref()
    }

    fn once(&self) -> &Read {
        self.read.get_or_init(|| Box::new(Read { value: self.read(), made_for: OnceLock::new() }))
    }
}

/// `Value::to_string` goes through the machinery of formatting.
fn text(object: &Value) -> String {
    serde_json::to_string(object).expect("a Value is JSON")
}

fn prune(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    UNREAD.iter().for_each(|field| drop(metadata.remove(*field)));
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
    }
}

/// As [`prune`], without reading what stays. `None` for an object whose fields have names that are escaped, or whose
/// metadata is none.
fn pruned_text(object: &str) -> Option<String> {
    type Fields<'a> = BTreeMap<&'a str, &'a RawValue>;
    let mut fields: Fields<'_> = serde_json::from_str(object).ok()?;
    let mut metadata: Fields<'_> = serde_json::from_str(fields.remove("metadata")?.get()).ok()?;
    metadata.retain(|field, _| !UNREAD.contains(field));
    let annotations = match metadata.get("annotations") {
        Some(annotations) if annotations.get().contains(LAST_APPLIED) => {
            let mut kept: Fields<'_> = serde_json::from_str(annotations.get()).ok()?;
            kept.remove(LAST_APPLIED);
            Some(to_raw_value(&kept).ok()?)
        }
        _ => None,
    };
    metadata.extend(annotations.iter().map(|annotations| ("annotations", &**annotations)));
    let metadata = to_raw_value(&metadata).ok()?;
    fields.insert("metadata", &metadata);
    serde_json::to_string(&fields).ok()
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
        assert_eq!(*kept.value(), expected);
    }

    #[test]
    fn the_text_of_a_source_is_pruned_as_an_answer_is() {
        let annotated = json!({"kind": "A", "metadata": {"uid": "\"u", "managedFields": [1], "selfLink": "x",
            "annotations": {LAST_APPLIED: "{\"a\": 1}", "b": "\n"}}, "data": {"managedFields": "stays", "z": [1.0, null]}});
        let bare = json!({"metadata": {"name": "a", "annotations": null}, "spec": {"x": {"y": []}}});
        for object in [annotated, bare] {
            let mut expected = object.clone();
            prune(&mut expected);
            let pruned = pruned_text(&serde_json::to_string_pretty(&object).unwrap()).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&pruned).unwrap(), expected);
        }
        for odd in [r#"{"kind": "A"}"#, r#"{"metadata": null}"#, r#"{"metadata": {"\u006eame": "a"}}"#, "[]"]
        {
            assert_eq!(pruned_text(odd), None, "{odd}");
        }
    }
}
