//! A rule writes what an object is made of, and never what it is.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn identity_is_out_of_reach() {
    for (text, problem) in [
        ("", "the whole object"),
        ("spec", "must begin with /"),
        ("/spec/~2", "~ stands only in"),
        ("/a~", "~ stands only in"),
        ("/apiVersion", "says what the object is"),
        ("/kind", "says what the object is"),
        ("/kind/x", "says what the object is"),
        ("/status/replicas", "reported by the cluster"),
        ("/metadata", "only labels and annotations"),
        ("/metadata/name", "only labels and annotations"),
        ("/metadata/namespace", "only labels and annotations"),
        ("/metadata/uid", "only labels and annotations"),
        ("/metadata/ownerReferences/-", "only labels and annotations"),
        ("/metadata/finalizers", "only labels and annotations"),
        ("/metadata/managedFields", "only labels and annotations"),
        ("/metadata/labels/a/b", "only labels and annotations"),
        ("/metadata/labels/internal.workload.kcp.io~1cluster", "the syncer's own"),
        ("/metadata/labels/app.kubernetes.io~1managed-by", "the syncer's own"),
        ("/metadata/annotations/workload.kcp.io~1owner", "the syncer's own"),
        ("/metadata/annotations/kcp.io~1cluster", "the syncer's own"),
    ] {
        let error = writable(text).unwrap_err();
        assert!(error.contains(problem), "{text}: {error}");
    }
    assert!(writable(&format!("/{}", "a".repeat(2000))).unwrap_err().contains("longer than"));
    for text in [
        "/spec",
        "/data/a~1b",
        "/metadata/labels",
        "/metadata/labels/app.kubernetes.io~1name",
        "/",
        "/spec/kind",
    ] {
        assert!(writable(text).is_ok(), "{text}");
    }
}

#[test]
fn maps_of_metadata_take_texts_that_are_not_ours() {
    let accepts = |text: &str, value: Value| writable(text).unwrap().accepts(&value).is_ok();
    assert!(accepts("/metadata/labels", json!({"a": "b"})));
    assert!(!accepts("/metadata/labels", json!({"workload.kcp.io/owner": "b"})));
    assert!(!accepts("/metadata/labels", json!({"a": 1})));
    assert!(!accepts("/metadata/labels", json!("a")));
    assert!(accepts("/metadata/annotations/a", json!("b")));
    assert!(!accepts("/metadata/annotations/a", json!(1)));
    assert!(accepts("/spec", json!(1)));
}

#[test]
fn fields_are_set_and_removed() {
    let set =
        |text: &str, mut object: Value| writable(text).unwrap().set(&mut object, json!(1)).map(|()| object);
    assert_eq!(set("/spec/a/b", json!({})), Ok(json!({"spec": {"a": {"b": 1}}})));
    assert_eq!(
        set("/spec/a/b", json!({"spec": {"a": null, "c": 2}})),
        Ok(json!({"spec": {"a": {"b": 1}, "c": 2}}))
    );
    assert_eq!(set("/spec/1", json!({"spec": [0, 0]})), Ok(json!({"spec": [0, 1]})));
    assert!(set("/spec/2", json!({"spec": [0, 0]})).is_err());
    assert!(set("/spec/-", json!({"spec": [0, 0]})).is_err());
    assert!(set("/spec/a/b", json!({"spec": {"a": "text"}})).is_err());

    let remove = |text: &str, mut object: Value| {
        writable(text).unwrap().remove(&mut object);
        object
    };
    assert_eq!(remove("/spec/a~1b", json!({"spec": {"a/b": 1, "c": 2}})), json!({"spec": {"c": 2}}));
    assert_eq!(remove("/spec/0", json!({"spec": [1, 2]})), json!({"spec": [2]}));
    for kept in [json!({"spec": [1]}), json!({"spec": "a"}), json!({}), json!(null)] {
        assert_eq!(remove("/spec/5/x", kept.clone()), kept);
    }
}

proptest! {
    #[test]
    fn what_is_writable_is_never_identity(text in "(/|apiVersion|kind|metadata|name|labels|spec|~0|~1|~|-|0){0,8}") {
        let mut object = json!({"apiVersion": "v1", "kind": "K", "metadata": {"name": "a", "labels": {"a": "b"}}, "spec": [1]});
        let before = object.clone();
        if let Ok(pointer) = writable(&text) {
            if pointer.accepts(&json!("x")).is_ok() {
                let _ = pointer.set(&mut object, json!("x"));
            }
            pointer.remove(&mut object);
        }
        for field in ["/apiVersion", "/kind", "/metadata/name"] {
            prop_assert_eq!(object.pointer(field), before.pointer(field), "{}", text);
        }
    }
}
