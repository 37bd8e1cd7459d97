//! Tables of `metadata` and what is wrong with it.

use serde_json::{Value, json};

use super::{NameRule, validate, validate_update};

fn errors(meta: &Value) -> Vec<String> {
    validate(meta, true, NameRule::Dns1123Subdomain).iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_wrong_is_said_as_kubernetes_says_it() {
    const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
        '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
        '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    let wrong_name = format!("metadata.name: Invalid value: \"A\": {SUBDOMAIN}");
    for (meta, expected) in [
        (json!({"name": "a.b", "namespace": "t"}), ""),
        (json!({"namespace": "t"}), "metadata.name: Required value: name or generateName is required"),
        (json!({"name": "A", "namespace": "t"}), &*wrong_name),
        (json!({"name": "a"}), "metadata.namespace: Required value"),
        (
            json!({"name": "a", "namespace": "t", "generation": -1}),
            "metadata.generation: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            json!({"name": "a", "namespace": "t", "finalizers": ["orphan", "foregroundDeletion"]}),
            "metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and \
             foregroundDeletion cannot be both set",
        ),
        (
            json!({"name": "a", "namespace": "t", "annotations": {"a": "x".repeat(256 * 1024)}}),
            "metadata.annotations: Too long: may not be more than 262144 bytes",
        ),
        (
            json!({"name": "a", "namespace": "t", "managedFields": [{"operation": "x", "fieldsType": "y"}]}),
            "metadata.managedFields[0].operation: Invalid value: \"x\": must be `Apply` or `Update`\n\
             metadata.managedFields[0].fieldsType: Invalid value: \"y\": must be `FieldsV1`",
        ),
    ] {
        assert_eq!(errors(&meta).join("\n"), expected, "{meta}");
    }
}

#[test]
fn a_base_for_names_may_end_with_a_dash() {
    for (base, errors) in [("a-", 0), ("a", 0), ("-", 1), ("A-", 0), ("AB-", 1)] {
        let meta = json!({"name": "x", "generateName": base, "namespace": "t"});
        // One character too many is cut upstream, so "A-" passes here and its name is refused.
        assert_eq!(super::validate(&meta, true, NameRule::Dns1123Subdomain).len(), errors, "{base}");
    }
}

#[test]
fn a_namespace_is_for_namespaced_kinds() {
    let errors = validate(&json!({"name": "a", "namespace": "t"}), false, NameRule::PathSegment);
    assert_eq!(errors[0].to_string(), "metadata.namespace: Forbidden: not allowed on this type");
}

#[test]
fn identity_does_not_change() {
    let old = json!({
        "name": "a", "namespace": "t", "uid": "1", "resourceVersion": "5", "generation": 2,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    });
    assert!(validate_update(&old, &old).is_empty());
    for (member, value, expected) in [
        ("name", json!("b"), "metadata.name: Invalid value: \"b\": field is immutable"),
        ("namespace", json!("b"), "metadata.namespace: Invalid value: \"b\": field is immutable"),
        ("uid", json!("b"), "metadata.uid: Invalid value: \"b\": field is immutable"),
        ("generation", json!(1), "metadata.generation: Invalid value: 1: must not be decremented"),
        (
            "deletionTimestamp",
            json!("2026-01-01T00:00:00Z"),
            "metadata.deletionTimestamp: Invalid value: \"2026-01-01T00:00:00Z\": field is immutable",
        ),
        (
            "resourceVersion",
            json!(""),
            "metadata.resourceVersion: Invalid value: \"\": must be specified for an update",
        ),
    ] {
        let mut new = old.clone();
        new[member] = value;
        assert_eq!(validate_update(&new, &old).first().map(ToString::to_string).as_deref(), Some(expected));
    }
}

#[test]
fn a_dying_object_gets_no_new_finalizers() {
    let old = json!({"name": "a", "resourceVersion": "1", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"]});
    let mut new = old.clone();
    new["finalizers"] = json!(["x/z", "a/b", "x/y"]);
    let expected = "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found \
                    new finalizers []string{\"x/y\", \"x/z\"}";
    assert_eq!(validate_update(&new, &old)[0].to_string(), expected);
    new["finalizers"] = json!([]);
    assert!(validate_update(&new, &old).is_empty());
}

#[test]
fn an_owner_is_named_once() {
    let owner = json!({"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "1"});
    let other = json!({"apiVersion": "v1", "kind": "Pod", "name": "b", "uid": "2"});
    let mut meta = json!({"ownerReferences": [owner, other, owner]});
    let warning = super::dedup_owners(&mut meta).unwrap();
    assert!(warning.ends_with("duplicate UID(s) observed: 1"), "{warning}");
    assert_eq!(meta["ownerReferences"], json!([owner, other]));
    assert_eq!(super::dedup_owners(&mut meta), None);
    assert_eq!(super::dedup_owners(&mut json!({"name": "a"})), None);
}
