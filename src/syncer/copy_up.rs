//! Fields of a spec that the cluster decides about, copied up: `upsyncFields` of a policy.
//!
//! Pure. A field is named by a JSON pointer that leads through maps; places in lists are not the same on both sides. It
//! must not know when a copy is made.

use serde_json::{Map, Value};

/// The fields among `named` that have a value below which is neither the one above nor the one that was `rendered`.
pub fn changed(named: &[String], above: &Value, rendered: &Value, below: &Value) -> Vec<String> {
    let differs = |field: &&String| {
        let Some(live) = value(below, field) else { return false };
        let live = without_nulls(live);
        value(above, field).map(without_nulls).as_ref() != Some(&live)
            && value(rendered, field).map(without_nulls).as_ref() != Some(&live)
    };
    named.iter().filter(differs).cloned().collect()
}

/// A merge patch that gives the object above these fields as they are below.
pub fn patch(fields: &[String], above: &Value, below: &Value) -> Map<String, Value> {
    let mut patch = Map::new();
    for field in fields {
        let (Some(live), names) = (value(below, field), names(field).collect::<Vec<_>>()) else { continue };
        put(&mut patch, &names, merging(value(above, field), &without_nulls(live)));
    }
    patch
}

fn put(patch: &mut Map<String, Value>, names: &[String], value: Value) {
    match names {
        [] => {}
        [name] => drop(patch.insert(name.clone(), value)),
        [name, rest @ ..] => {
            let inner = patch.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}

/// The value of a field, if maps lead to it and it is not null.
fn value<'a>(object: &'a Value, field: &str) -> Option<&'a Value> {
    let found = names(field).try_fold(object, |value, name| value.as_object()?.get(&name));
    found.filter(|value| !value.is_null())
}

fn names(field: &str) -> impl Iterator<Item = String> {
    field.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"))
}

/// What a merge patch has to say so that the value becomes `wanted`.
fn merging(value: Option<&Value>, wanted: &Value) -> Value {
    let (Some(Value::Object(known)), Value::Object(wanted)) = (value, wanted) else { return wanted.clone() };
    let gone =
        known.keys().filter(|name| !wanted.contains_key(*name)).map(|name| (name.clone(), Value::Null));
    wanted.iter().map(|(name, value)| (name.clone(), merging(known.get(name), value))).chain(gone).collect()
}

/// Null says that a field is not there; to a merge patch it would be another thing.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn fields(named: &[&str]) -> Vec<String> {
        named.iter().map(|field| (*field).to_owned()).collect()
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(Value::Null), (0..3).prop_map(Value::from), Just(json!([null, {"a": null}]))];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop::collection::btree_map("[abc]", inner, 0..3).prop_map(|map| map.into_iter().collect())
        })
    }

    #[test]
    fn what_the_cluster_decided_differs_from_both() {
        let above = json!({"spec": {"replicas": 2, "selector": {"a/b": 1}, "ports": [1]}});
        let rendered = json!({"spec": {"replicas": 2, "selector": {"a/b": 1}, "ports": [1]}});
        let below = json!({"spec": {"replicas": 5, "selector": {"a/b": 2, "c": null}, "clusterIP": "10.0.0.1", "ports": [2], "empty": null}});
        for (named, expected) in [
            (&["/spec/replicas"][..], &["/spec/replicas"][..]),
            (&["/spec/clusterIP", "/spec/selector/a~1b"], &["/spec/clusterIP", "/spec/selector/a~1b"]),
            (&["/spec/ports"], &["/spec/ports"]),
            (&["/spec/ports/0", "/spec/missing", "/spec/empty", "/spec/replicas/x"], &[]),
            (&[], &[]),
        ] {
            assert_eq!(changed(&fields(named), &above, &rendered, &below), expected, "{named:?}");
        }
        let all = fields(&["/spec/replicas"]);
        assert_eq!(
            changed(&all, &json!({"spec": {"replicas": 5}}), &rendered, &below),
            fields(&[]),
            "copied"
        );
        let other = json!({"spec": {"replicas": 5}});
        assert_eq!(changed(&all, &above, &other, &below), fields(&[]), "a rule has made it so");
    }

    #[test]
    fn a_patch_holds_the_fields_alone() {
        let above = json!({"spec": {"replicas": 2, "strategy": {"type": "Recreate", "old": 1}}});
        let below =
            json!({"spec": {"replicas": 5, "strategy": {"type": "RollingUpdate", "x": null}, "other": 1}});
        let all = fields(&["/spec/replicas", "/spec/strategy", "/spec/none"]);
        let expected = json!({"spec": {"replicas": 5, "strategy": {"type": "RollingUpdate", "old": null}}});
        assert_eq!(Value::Object(patch(&all, &above, &below)), expected);
    }

    proptest! {
        /// After a copy there is nothing to copy, so that it never goes on for ever.
        #[test]
        fn a_copy_settles(above in values(), below in values()) {
            let (mut above, below) = (json!({"spec": {"a": above}}), json!({"spec": {"a": below}}));
            let all = fields(&["/spec/a", "/spec/a/a"]);
            let found = changed(&all, &above, &Value::Null, &below);
            let patch = Value::Object(patch(&found, &above, &below));
            json_patch::merge(&mut above, &patch);
            prop_assert_eq!(changed(&all, &above, &Value::Null, &below), fields(&[]));
        }
    }
}
