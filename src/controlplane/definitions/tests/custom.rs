//! Objects of a custom kind.

use serde_json::{Value, json};

use super::established;
use crate::{
    apiserver::strategy::{ScalePaths, Strategy},
    controlplane::definitions::{CustomStrategy, strategies},
};

fn crontabs() -> std::sync::Arc<CustomStrategy> {
    strategies(&established()).unwrap().remove(0)
}

fn object(spec: Value) -> Value {
    json!({
        "apiVersion": "stable.example.com/v1", "kind": "CronTab", "metadata": {"name": "a", "namespace": "b"},
        "spec": spec,
    })
}

#[test]
fn the_resource_is_what_the_definition_says() {
    let strategy = crontabs();
    let info = strategy.info();
    assert_eq!(info.qualified(), "crontabs.stable.example.com");
    assert_eq!((&*info.singular, &*info.kind, &*info.list_kind), ("crontab", "CronTab", "CronTabList"));
    assert_eq!((&*info.short_names[0], &*info.categories[0], info.namespaced), ("ct", "all", true));
    let parts: Vec<_> = info.subresources.iter().map(|part| part.name).collect();
    assert_eq!(parts, ["scale", "status"]);
    assert!(strategy.has_status() && !strategy.built_in());
    let paths = ScalePaths {
        spec_replicas: "/spec/replicas".into(),
        status_replicas: "/status/replicas".into(),
        selector: Some("/status/selector".into()),
    };
    assert_eq!(strategy.scale(), Some(&paths));
    let selectable = strategy.selectable(&object(json!({"image": "x"})));
    assert_eq!(
        (&selectable["spec.image"], strategy.selectable_fields()),
        (&"x".to_owned(), &["spec.image".to_owned()][..])
    );
    assert_eq!(strategy.info().warning, None);
}

#[test]
fn objects_are_defaulted_and_validated() {
    let strategy = crontabs();
    let mut good = object(json!({"image": "x", "until": null}));
    strategy.default(&mut good);
    assert_eq!(good["spec"], json!({"image": "x", "replicas": 1}));
    assert!(strategy.validate(&good).is_empty());
    let texts = |object: &Value| -> Vec<String> {
        strategy.validate(object).iter().map(ToString::to_string).collect()
    };
    assert_eq!(texts(&object(json!({"image": "x", "replicas": 100}))), ["spec: Invalid value: too many"]);
    let blocked = "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; \
                   correct the existing errors to complete validation";
    assert_eq!(texts(&object(json!({"replicas": 100}))), ["spec.image: Required value", blocked]);
    let negative = texts(&object(json!({"image": "x", "replicas": -1})));
    assert_eq!(
        negative,
        [
            "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0",
            ".spec.replicas: Invalid value: -1: should be a non-negative integer",
        ]
    );
}

#[test]
fn what_was_wrong_before_may_stay() {
    let strategy = crontabs();
    let old = object(json!({"image": "x", "replicas": 200}));
    let mut new = old.clone();
    new["metadata"]["labels"] = json!({"a": "b"});
    assert!(strategy.validate_update(&new, &old).is_empty());
    new["spec"]["replicas"] = 300.into();
    assert_eq!(strategy.validate_update(&new, &old).len(), 1);
}

#[test]
fn a_status_is_validated_by_itself() {
    let strategy = crontabs();
    let old = object(json!({"image": "x", "replicas": 1}));
    let mut new = old.clone();
    new["status"] = json!({"replicas": "x", "selector": ""});
    let found = strategy.validate_status_update(&new, &old);
    assert_eq!(
        found[0].to_string(),
        "status.replicas: Invalid value: \"string\": replicas in body must be of type integer: \"string\""
    );
}

#[test]
fn a_deprecated_version_warns() {
    let mut definition = established();
    definition["spec"]["versions"][0]["deprecated"] = true.into();
    let warning = strategies(&definition).unwrap()[0].info().warning.clone();
    assert_eq!(warning.as_deref(), Some("stable.example.com/v1 CronTab is deprecated"));
}

#[test]
fn finalizers_without_a_domain_are_warned_of() {
    let strategy = crontabs();
    let mut new = object(json!({"image": "x"}));
    new["metadata"]["finalizers"] = json!(["orphan", "example.com/x", "mine", "example.com"]);
    let warnings = strategy.warnings(&new, None);
    assert_eq!(
        warnings,
        [
            "metadata.finalizers: \"mine\": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers",
            "metadata.finalizers: \"example.com\": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers",
        ]
    );
    assert!(strategy.warnings(&new, Some(&new)).is_empty());
}
