//! Definitions as people write them, good and bad.

mod columns;
mod custom;
mod real;
mod refused;
mod schemas;
mod status;

use serde_json::{Value, json};

use super::{DefinitionStrategy, next_status};
use crate::apiserver::strategy::Strategy;

pub(super) const NOW: &str = "2026-01-02T03:04:05Z";

/// A definition with everything that one may have, as a client sends it.
pub(super) fn crontab() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "crontabs.stable.example.com"},
        "spec": {
            "group": "stable.example.com",
            "scope": "Namespaced",
            "names": {"plural": "crontabs", "kind": "CronTab", "shortNames": ["ct"], "categories": ["all"]},
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "properties": {
                        "spec": {
                            "type": "object",
                            "required": ["image"],
                            "properties": {
                                "image": {"type": "string"},
                                "replicas": {"type": "integer", "default": 1, "minimum": 0},
                                "port": {"x-kubernetes-int-or-string": true},
                                "until": {"type": "string", "format": "date-time"},
                            },
                            "x-kubernetes-validations": [{
                                "rule": "self.replicas < 100", "message": "too many",
                            }],
                        },
                        "status": {"type": "object", "properties": {
                            "replicas": {"type": "integer"}, "selector": {"type": "string"},
                        }},
                    },
                }},
                "subresources": {
                    "status": {},
                    "scale": {
                        "specReplicasPath": ".spec.replicas",
                        "statusReplicasPath": ".status.replicas",
                        "labelSelectorPath": ".status.selector",
                    },
                },
                "additionalPrinterColumns": [
                    {"name": "Image", "type": "string", "jsonPath": ".spec.image"},
                    {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas", "priority": 1,
                        "description": "how many"},
                    {"name": "Until", "type": "date", "jsonPath": ".spec.until"},
                ],
                "selectableFields": [{"jsonPath": ".spec.image"}],
            }],
        },
    })
}

/// The definition as the server stores it at first.
pub(super) fn created(mut definition: Value) -> Value {
    let strategy = DefinitionStrategy::new();
    strategy.default(&mut definition);
    strategy.prepare_create(&mut definition);
    definition
}

/// The definition when its names are accepted.
pub(super) fn established() -> Value {
    let mut definition = created(crontab());
    definition["status"] = next_status(&definition, &[], NOW).unwrap();
    definition
}

/// What is wrong with a definition that a client sends.
pub(super) fn faults(definition: Value) -> Vec<String> {
    let definition = created(definition);
    DefinitionStrategy::new().validate(&definition).iter().map(ToString::to_string).collect()
}

/// Changes the definition of a CronTab at a pointer and checks what is wrong with it then.
pub(super) fn check(pointer: &str, value: Value, expected: &[&str]) {
    let mut definition = crontab();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let place = definition.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
    match name.parse::<usize>() {
        Ok(index) if place.is_array() => place[index] = value,
        _ => place[name.replace("~1", "/")] = value,
    }
    assert_eq!(faults(definition), expected, "{pointer}");
}

#[test]
fn a_definition_is_completed() {
    let definition = created(crontab());
    assert_eq!(faults(crontab()), Vec::<String>::new());
    let names = &definition["spec"]["names"];
    assert_eq!((&names["singular"], &names["listKind"]), (&json!("crontab"), &json!("CronTabList")));
    assert_eq!(definition["spec"]["conversion"], json!({"strategy": "None"}));
    assert_eq!(definition["status"]["storedVersions"], json!(["v1"]));
    let mut again = definition.clone();
    DefinitionStrategy::new().default(&mut again);
    assert_eq!(again, definition);
}

#[test]
fn unknown_fields_of_schemas_are_found() {
    let mut definition = crontab();
    let schema = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    schema["properties"]["spec"]["properties"]["image"]["typo"] = 1.into();
    schema["properties"]["list"] =
        json!({"type": "array", "items": {"type": "object", "additionalProperties": {"wrong": 1}}});
    definition["spec"]["extra"] = true.into();
    let at = "spec.versions[0].schema.openAPIV3Schema.properties";
    assert_eq!(
        DefinitionStrategy::new().schema().prune(&mut definition),
        [
            "spec.extra".to_owned(),
            format!("{at}.list.items.additionalProperties.wrong"),
            format!("{at}.spec.properties.image.typo"),
        ]
    );
}

#[test]
fn formats_that_nobody_checks_are_warned_of() {
    let mut definition = crontab();
    let fields = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    definition.pointer_mut(fields).unwrap()["image"]["format"] = "docker-image".into();
    definition.pointer_mut(fields).unwrap()["replicas"]["format"] = "int32".into();
    let strategy = DefinitionStrategy::new();
    assert_eq!(strategy.warnings(&definition, None), ["unrecognized format \"docker-image\""]);
    assert!(strategy.warnings(&definition, Some(&definition)).is_empty());
}
