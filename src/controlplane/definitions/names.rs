//! The status of a definition: which of its names it got, and whether it is served.
//!
//! The rules are those of `apiextensions-apiserver/pkg/controller/{status,establish,finalizer}`. Two definitions
//! of one group may not share a name: the first keeps it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::words::{items, text};

/// Held by a definition that is deleted until its objects are gone.
pub const CLEANUP_FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Whether the definition's kinds are to be served.
pub fn is_established(definition: &Value) -> bool {
    is_true(definition, "Established")
}

fn is_true(definition: &Value, kind: &str) -> bool {
    items(&definition["status"], "conditions")
        .any(|condition| condition["type"] == kind && condition["status"] == "True")
}

/// The status the definition ought to have beside the `others` of its cluster; `None` where it has it. `now` is
/// the time of the transitions, as RFC 3339.
pub fn next_status(definition: &Value, others: &[&Value], now: &str) -> Option<Value> {
    let mut status = definition["status"].as_object().cloned().unwrap_or_default();
    let before = status.clone();
    let used = Used::new(definition, others);
    let (names, conflict) =
        used.accepted(&definition["spec"]["names"], &definition["status"]["acceptedNames"]);
    status.insert("acceptedNames".to_owned(), names);
    let accepted = conflict.is_none();
    let (reason, message) = conflict.unwrap_or(("NoConflicts", "no conflicts found".to_owned()));
    set_condition(&mut status, "NamesAccepted", accepted, reason, &message, now);
    // A definition that was established stays so: its objects are there.
    if !is_established(definition) {
        let (reason, message) = match accepted {
            true => ("InitialNamesAccepted", "the initial names have been accepted"),
            false => ("NotAccepted", "not all names are accepted"),
        };
        set_condition(&mut status, "Established", accepted, reason, message, now);
    }
    (status != before).then_some(Value::Object(status))
}

/// The definition after its last object is gone: nothing holds it any more.
pub fn without_instances(definition: &Value, now: &str) -> Value {
    let mut definition = definition.clone();
    if let Some(metadata) = definition["metadata"].as_object_mut()
        && let Some(finalizers) = metadata.get_mut("finalizers").and_then(Value::as_array_mut)
    {
        finalizers.retain(|finalizer| finalizer != CLEANUP_FINALIZER);
        if finalizers.is_empty() {
            metadata.remove("finalizers");
        }
    }
    if let Some(status) = definition["status"].as_object_mut() {
        let (reason, message) = ("InstanceDeletionCompleted", "removed all instances");
        set_condition(status, "Terminating", false, reason, message, now);
    }
    definition
}

/// Says that the definition is going, and holds it until its objects are gone.
pub(super) fn mark_terminating(definition: &mut Value, now: &str) {
    if let Some(metadata) = definition["metadata"].as_object_mut() {
        let finalizers = metadata.entry("finalizers").or_insert_with(|| json!([]));
        if let Some(finalizers) = finalizers.as_array_mut()
            && !finalizers.contains(&json!(CLEANUP_FINALIZER))
        {
            finalizers.push(json!(CLEANUP_FINALIZER));
        }
    }
    if let Some(status) = definition["status"].as_object_mut() {
        let reason = "InstanceDeletionPending";
        let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
        set_condition(status, "Terminating", true, reason, message, now);
    }
}

fn set_condition(
    status: &mut Map<String, Value>,
    kind: &str,
    is_true: bool,
    reason: &str,
    message: &str,
    now: &str,
) {
    let state = if is_true { "True" } else { "False" };
    let conditions = status.entry("conditions").or_insert_with(|| json!([]));
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    let Some(conditions) = conditions.as_array_mut() else { return };
    let old = conditions.iter_mut().find(|condition| condition["type"] == kind);
    let time = match &old {
        Some(old) if old["status"] == state => old["lastTransitionTime"].clone(),
        _ => json!(now),
    };
    let condition = json!({
        "type": kind, "status": state, "reason": reason, "message": message, "lastTransitionTime": time,
    });
    match old {
        Some(old) => *old = condition,
        None => conditions.push(condition),
    }
}

/// The names of a group that others have.
struct Used<'a> {
    resources: BTreeSet<&'a str>,
    kinds: BTreeSet<&'a str>,
}

impl<'a> Used<'a> {
    fn new(definition: &Value, others: &[&'a Value]) -> Self {
        let (name, group) = (&definition["metadata"]["name"], &definition["spec"]["group"]);
        let mut used = Self { resources: BTreeSet::new(), kinds: BTreeSet::new() };
        for other in others {
            if other["metadata"]["name"] == *name || other["spec"]["group"] != *group {
                continue;
            }
            let names = &other["status"]["acceptedNames"];
            used.resources.extend([text(names, "plural"), text(names, "singular")]);
            used.resources.extend(items(names, "shortNames").filter_map(Value::as_str));
            used.kinds.extend([text(names, "kind"), text(names, "listKind")]);
        }
        used
    }

    /// The names the definition has from now on, and the last conflict there is.
    fn accepted(&self, wanted: &Value, had: &Value) -> (Value, Option<(&'static str, String)>) {
        let mut names = had.as_object().cloned().unwrap_or_default();
        let mut conflict = None;
        for (field, used, reason) in [
            ("plural", &self.resources, "PluralConflict"),
            ("singular", &self.resources, "SingularConflict"),
            ("shortNames", &self.resources, "ShortNamesConflict"),
            ("kind", &self.kinds, "KindConflict"),
            ("listKind", &self.kinds, "ListKindConflict"),
        ] {
            let asked = match &wanted[field] {
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                value => vec![value.as_str().unwrap_or_default()],
            };
            let is_ours = |name: &str| had[field] == name || items(had, field).any(|own| own == name);
            let taken: Vec<String> = asked
                .into_iter()
                .filter(|name| !is_ours(name) && used.contains(name))
                .map(|name| format!("{name:?} is already in use"))
                .collect();
            match taken.as_slice() {
                [] => put(&mut names, field, &wanted[field]),
                [one] => conflict = Some((reason, one.clone())),
                many => conflict = Some((reason, format!("[{}]", many.join(", ")))),
            }
        }
        put(&mut names, "categories", &wanted["categories"]);
        for required in ["plural", "kind"] {
            names.entry(required).or_insert_with(|| json!(""));
        }
        (Value::Object(names), conflict)
    }
}

fn put(names: &mut Map<String, Value>, field: &str, value: &Value) {
    if value.is_null() {
        names.remove(field);
    } else {
        names.insert(field.to_owned(), value.clone());
    }
}
