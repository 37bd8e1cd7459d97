//! Patches of things like Deployments and Services.

use serde_json::{Value, json};

use super::{PatchError, strategic_merge};
use crate::apiserver::{managed_fields::testing::schema, schema::Schema, status::ApiError};

fn thing() -> Schema {
    let named = |properties: Value| {
        json!({"type": "array", "items": {"type": "object", "properties": properties},
            "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "name"})
    };
    schema(&json!({"type": "object", "properties": {
        "merging": {"type": "array", "items": {"type": "string"}, "x-kubernetes-patch-strategy": "merge"},
        "plain": {"type": "array", "items": {"type": "string"}},
        "containers": named(json!({
            "name": {"type": "string"}, "image": {"type": "string"},
            "env": named(json!({"name": {"type": "string"}, "value": {"type": "string"}})),
        })),
        "volumes": {"type": "array", "x-kubernetes-patch-strategy": "merge,retainKeys",
            "x-kubernetes-patch-merge-key": "name", "items": {"type": "object"}},
        "keyless": {"type": "array", "items": {"type": "object"}, "x-kubernetes-patch-strategy": "merge"},
        "strategy": {"type": "object", "x-kubernetes-patch-strategy": "retainKeys", "properties": {
            "type": {"type": "string"}, "rollingUpdate": {"type": "object"}}},
        "selector": {"type": "object", "additionalProperties": {"type": "string"}},
    }}))
}

fn patched(original: Value, patch: Value) -> Result<Value, PatchError> {
    strategic_merge(original, patch, &thing())
}

#[test]
fn fields_and_lists() {
    for (original, patch, expected) in [
        (
            json!({"selector": {"a": "1", "b": "2"}}),
            json!({"selector": {"a": null, "c": "3"}}),
            json!({"selector": {"b": "2", "c": "3"}}),
        ),
        (json!({}), json!({"selector": {"a": null, "b": "1"}}), json!({"selector": {"b": "1"}})),
        (json!({"selector": {"a": "1"}}), json!({"selector": null}), json!({})),
        (json!({"plain": ["a", "b"]}), json!({"plain": ["c"]}), json!({"plain": ["c"]})),
        (json!({"merging": ["a", "b"]}), json!({"merging": ["c", "a"]}), json!({"merging": ["c", "a", "b"]})),
        (
            json!({"merging": ["a", "b", "c"]}),
            json!({"$deleteFromPrimitiveList/merging": ["b", "x"]}),
            json!({"merging": ["a", "c"]}),
        ),
        (json!({}), json!({"$deleteFromPrimitiveList/merging": ["b"]}), json!({})),
        (
            json!({"merging": ["a", "b", "c"]}),
            json!({"$deleteFromPrimitiveList/merging": ["b"], "merging": ["d"], "$setElementOrder/merging": ["d", "c", "a"]}),
            json!({"merging": ["d", "c", "a"]}),
        ),
        (
            json!({"metadata": {"finalizers": ["x"], "ownerReferences": [{"uid": "1", "name": "a"}]}}),
            json!({"metadata": {"finalizers": ["y"], "ownerReferences": [{"uid": "1", "name": "b"}]}}),
            json!({"metadata": {"finalizers": ["y", "x"], "ownerReferences": [{"uid": "1", "name": "b"}]}}),
        ),
    ] {
        assert_eq!(patched(original.clone(), patch.clone()), Ok(expected), "{original} + {patch}");
    }
}

#[test]
fn items_by_their_key() {
    let original = json!({"containers": [
        {"name": "a", "image": "1", "env": [{"name": "x", "value": "1"}]},
        {"name": "b", "image": "1"},
        {"name": "c", "image": "1"},
    ]});
    let a = &original["containers"][0];
    for (patch, expected) in [
        (
            json!([{"name": "b", "image": "2"}]),
            json!([a, {"name": "b", "image": "2"}, {"name": "c", "image": "1"}]),
        ),
        (json!([{"name": "b", "$patch": "delete"}]), json!([a, {"name": "c", "image": "1"}])),
        (json!([{"name": "d", "image": "1"}, {"$patch": "replace"}]), json!([{"name": "d", "image": "1"}])),
        (
            json!([{"name": "a", "env": [{"name": "x", "value": null}, {"name": "y"}]}]),
            json!([{"name": "a", "image": "1", "env": [{"name": "x"}, {"name": "y"}]}, {"name": "b", "image": "1"}, {"name": "c", "image": "1"}]),
        ),
        (json!([{"name": "a", "$patch": "replace", "image": "9"}]), json!([])),
    ] {
        let found = patched(original.clone(), json!({"containers": patch})).expect("the patch is good");
        assert_eq!(found["containers"], expected, "{patch}");
    }
    let reordered = patched(
        original.clone(),
        json!({"$setElementOrder/containers": [{"name": "c"}, {"name": "d"}, {"name": "a"}], "containers": [{"name": "d", "image": "4"}]}),
    );
    let names: Vec<_> = reordered.expect("the order is good")["containers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["name"].clone())
        .collect();
    assert_eq!(names, ["b", "c", "d", "a"].map(Value::from));
}

#[test]
fn what_is_added_takes_the_place_of_what_is_deleted() {
    let original = json!({"containers": [{"name": "theirs"}, {"name": "old"}]});
    let containers = json!([{"name": "old", "$patch": "delete"}, {"name": "new"}]);
    let order = json!([{"name": "new"}]);
    let found = patched(original, json!({"$setElementOrder/containers": order, "containers": containers}));
    assert_eq!(found, Ok(json!({"containers": [{"name": "theirs"}, {"name": "new"}]})));
}

#[test]
fn directives_of_maps() {
    let original = json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}});
    for (patch, expected) in [
        (json!({"$retainKeys": ["type"], "type": "Recreate"}), json!({"type": "Recreate"})),
        (json!({"$patch": "replace", "type": "Recreate"}), json!({"type": "Recreate"})),
        (json!({"$patch": "delete"}), json!({})),
        (
            json!({"rollingUpdate": {"$patch": "delete"}}),
            json!({"type": "RollingUpdate", "rollingUpdate": {}}),
        ),
        (json!({"rollingUpdate": null}), json!({"type": "RollingUpdate"})),
    ] {
        let found = patched(original.clone(), json!({"strategy": patch})).expect("the patch is good");
        assert_eq!(found["strategy"], expected, "{patch}");
    }
    let added = patched(
        json!({}),
        json!({"strategy": {"$patch": "delete", "type": "x"}, "containers": [{"$patch": "delete", "name": "a"}]}),
    );
    assert_eq!(added, Ok(json!({"containers": []})));
}

#[test]
fn bad_patches_are_refused_in_upstreams_words() {
    let original = json!({"containers": [{"name": "a"}], "keyless": [{"a": 1}], "selector": {"a": "1"}, "strategy": {"type": "x"}, "merging": ["a"]});
    for (patch, code, text) in [
        (json!({"$patch": "merge", "a": 1}), 500, "unknown patch type: merge in map: map[$patch:merge a:1]"),
        (
            json!({"containers": [{"image": "x"}]}),
            500,
            "map: map[image:x] does not contain declared merge key: name",
        ),
        (json!({"containers": ["a"]}), 500, "list element types are not identical: [[map[name:a]] [a]]"),
        (
            json!({"containers": [{"name": "a", "$patch": "merge"}]}),
            500,
            "merging lists cannot yet be specified in the patch",
        ),
        (
            json!({"containers": [{"name": "a", "$patch": "x"}]}),
            500,
            "unknown patch type: x in map: map[$patch:x name:a]",
        ),
        (json!({"keyless": [{"a": 2}]}), 500, "cannot merge lists without merge key for struct"),
        (json!({"merging": [["a"]]}), 500, "list element types are not identical: [[a] [[a]]]"),
        (json!({"strategy": {"$retainKeys": ["a"], "type": "y"}}), 400, "invalid patch format of retainKeys"),
        (json!({"strategy": {"$retainKeys": "type"}}), 400, "invalid patch format of retainKeys"),
        (json!({"$deleteFromPrimitiveList": ["a"]}), 400, "invalid patch format of primitive list"),
        (json!({"$setElementOrder": ["a"]}), 400, "invalid patch format of setElementOrder list"),
        (json!({"$setElementOrder/merging": "a"}), 500, "expected a []interface {}, but received a string"),
        (
            json!({"$setElementOrder/merging": ["a"], "merging": null}),
            500,
            "expected a []interface {}, but received a %!s(<nil>)",
        ),
        (
            json!({"$setElementOrder/containers": [{"name": "b"}], "containers": [{"name": "a"}]}),
            500,
            "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n",
        ),
        (
            json!({"selector": {"$setElementOrder/b": []}}),
            500,
            "merging an object in json but data type is not struct, instead is: map",
        ),
    ] {
        let error = patched(original.clone(), patch.clone()).expect_err("the patch is bad");
        assert_eq!(error.to_string(), text, "{patch}");
        assert_eq!(ApiError::from(error).code.as_u16(), code, "{patch}");
    }
}

#[test]
fn large_lists_take_no_square_of_time() {
    let many = |from: usize| -> Value { (from..from + 10_000).map(|n| json!(n.to_string())).collect() };
    let named =
        |from: usize| -> Value { (from..from + 10_000).map(|n| json!({"name": n.to_string()})).collect() };
    let original = json!({"merging": many(0), "containers": named(0)});
    let patch = json!({
        "merging": many(5_000), "containers": named(5_000), "$setElementOrder/containers": named(5_000),
    });
    let found = patched(original, patch).expect("the patch is good");
    assert_eq!(found["merging"].as_array().map(Vec::len), Some(15_000));
    assert_eq!(found["containers"].as_array().map(Vec::len), Some(15_000));
}
