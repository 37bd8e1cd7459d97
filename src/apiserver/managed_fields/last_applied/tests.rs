//! Objects that kubectl applied on the client first.

use serde_json::{Value, json};

use super::{ANNOTATION, MAX_ANNOTATION_BYTES, renew};
use crate::apiserver::managed_fields::{
    ApplyError,
    managers::Managed,
    on_apply,
    testing::{configmap, request},
};

/// Client-side applied with `data: {a: "1"}` by `kubectl`, then changed to `changed` by another updater.
fn live(changed: &str) -> Value {
    let applied =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}});
    let manager = |name: &str| {
        json!({
            "manager": name, "operation": "Update", "apiVersion": "v1", "time": "2001-01-01T00:00:00Z",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:a": {}}},
        })
    };
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": "c", "uid": "1", "managedFields": [manager("kubectl-client-side-apply"), manager("editor")],
            "annotations": {ANNOTATION: applied.to_string()},
        },
        "data": {"a": changed},
    })
}

#[test]
fn kubectl_may_change_what_it_applied_itself() {
    let config = configmap(&json!({"a": "2"}));
    let new =
        on_apply(&request("kubectl"), Some(&live("1")), &config, false).expect("the fields are its own");
    assert_eq!(new["data"], json!({"a": "2"}));
    let managed = Managed::of_object(&new).expect("just written");
    assert_eq!(managed.managers.len(), 1, "the others lost the field");
    let text = new["metadata"]["annotations"][ANNOTATION].as_str().expect("kept up");
    assert_eq!(text, format!("{config}\n"));
}

#[test]
fn what_others_changed_and_others_who_apply_conflict() {
    let config = configmap(&json!({"a": "2"}));
    for (manager, changed) in [("kubectl", "3"), ("other", "1")] {
        let error = on_apply(&request(manager), Some(&live(changed)), &config, false);
        assert!(matches!(error, Err(ApplyError::Conflicts(_))), "{manager} over {changed}");
    }
}

#[test]
fn the_annotation_is_renewed_only_where_there_is_one_and_never_too_large() {
    let config = configmap(&json!({"a": "<"}));
    let mut without = configmap(&json!({}));
    renew(&mut without, &config);
    assert_eq!(without, configmap(&json!({})));
    let mut with = live("1");
    renew(&mut with, &config);
    let text = with["metadata"]["annotations"][ANNOTATION].as_str().expect("renewed");
    assert!(text.contains(r#""data":{"a":"\u003c"}"#), "{text}");
    renew(&mut with, &configmap(&json!({"a": "x".repeat(MAX_ANNOTATION_BYTES)})));
    assert_eq!(with["metadata"]["annotations"], json!({}));
}
