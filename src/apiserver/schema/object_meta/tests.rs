//! Cleaning and checking of embedded objects.

use serde_json::{Value, json};

use super::coerce_object_meta;
use crate::apiserver::schema::Schema;

fn embedding() -> Schema {
    let embedded = json!({
        "type": "object",
        "x-kubernetes-embedded-resource": true,
        "x-kubernetes-preserve-unknown-fields": true,
    });
    let schema = json!({"type": "object", "properties": {
        "one": embedded, "many": {"type": "array", "items": embedded},
    }});
    Schema::parse_plain(&schema).unwrap()
}

#[test]
fn metadata_keeps_what_object_meta_has() {
    let mut metadata = json!({
        "name": "a", "namespace": "", "creationTimestamp": null, "labels": {"a": "b", "c": null}, "extra": 1,
        "finalizers": [], "generation": 0, "annotations": {},
        "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "", "other": true}],
    });
    assert_eq!(coerce_object_meta(&mut metadata).unwrap(), ["extra", "ownerReferences[0].other"]);
    let owner = json!({"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": ""});
    assert_eq!(metadata, json!({"name": "a", "labels": {"a": "b", "c": ""}, "ownerReferences": [owner]}));
}

#[test]
fn metadata_of_the_wrong_type_is_refused() {
    for (metadata, text) in [
        (
            json!({"name": 1}),
            "json: cannot unmarshal number into Go struct field ObjectMeta.name of type string",
        ),
        (
            json!({"labels": {"a": true}}),
            "json: cannot unmarshal bool into Go struct field ObjectMeta.labels of type string",
        ),
        (
            json!({"finalizers": "x"}),
            "json: cannot unmarshal string into Go struct field ObjectMeta.finalizers of type []string",
        ),
        (json!([]), "json: cannot unmarshal array into Go value of type v1.ObjectMeta"),
    ] {
        assert_eq!(coerce_object_meta(&mut metadata.clone()).unwrap_err(), text);
    }
}

#[test]
fn embedded_metadata_is_cleaned_where_it_stands() {
    let pod = |metadata: Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata});
    let mut object = json!({"one": pod(json!({"name": "a", "x": 1})), "many": [pod(json!({"y": 1}))]});
    let unknown = embedding().coerce_embedded(&mut object).unwrap();
    assert_eq!(unknown, ["many[0].metadata.y", "one.metadata.x"]);
    assert_eq!(object, json!({"one": pod(json!({"name": "a"})), "many": [pod(json!({}))]}));
    let mut wrong = json!({"one": {"kind": 1}});
    let error = embedding().coerce_embedded(&mut wrong).unwrap_err().to_string();
    assert_eq!(error, "one.kind: Invalid value: 1: must be a string");
}

#[test]
fn embedded_objects_say_what_they_are() {
    for (object, errors) in [
        (json!({"one": {"apiVersion": "v1", "kind": "Pod"}}), &[][..]),
        (json!({"one": {}}), &["one.apiVersion: Required value", "one.kind: Required value"]),
        (
            json!({"many": [{"apiVersion": "a/b/c", "kind": ""}]}),
            &[
                "many[0].apiVersion: Invalid value: \"a/b/c\": unexpected GroupVersion string: a/b/c",
                "many[0].kind: Invalid value: \"\": must not be empty",
            ],
        ),
    ] {
        let found: Vec<_> = embedding().validate_embedded(&object).iter().map(ToString::to_string).collect();
        assert_eq!(found, errors);
    }
}
