//! Names and conditions.

use serde_json::{Value, json};

use super::{NOW, created, crontab, established};
use crate::{
    apiserver::strategy::Strategy,
    controlplane::definitions::{
        DefinitionStrategy, is_established, next_status, strategies, without_instances,
    },
};

fn condition<'a>(status: &'a Value, kind: &str) -> &'a Value {
    status["conditions"].as_array().unwrap().iter().find(|condition| condition["type"] == kind).unwrap()
}

#[test]
fn free_names_are_accepted() {
    let definition = created(crontab());
    assert!(!is_established(&definition));
    assert!(strategies(&definition).unwrap().is_empty());
    let status = next_status(&definition, &[], NOW).unwrap();
    assert_eq!(status["acceptedNames"], definition["spec"]["names"]);
    assert_eq!(
        status["conditions"],
        json!([
            {"type": "NamesAccepted", "status": "True", "reason": "NoConflicts",
                "message": "no conflicts found", "lastTransitionTime": NOW},
            {"type": "Established", "status": "True", "reason": "InitialNamesAccepted",
                "message": "the initial names have been accepted", "lastTransitionTime": NOW},
        ])
    );
    let established = established();
    assert_eq!(next_status(&established, &[], "2027-01-01T00:00:00Z"), None, "nothing is left to do");
    assert_eq!(next_status(&established, &[&established], NOW), None, "a definition is not its own rival");
}

#[test]
fn names_in_use_are_not_accepted() {
    let first = established();
    for (field, value, reason, message) in [
        ("singular", json!("crontab"), "SingularConflict", "\"crontab\" is already in use"),
        ("shortNames", json!(["ct", "new"]), "ShortNamesConflict", "\"ct\" is already in use"),
        ("kind", json!("CronTab"), "KindConflict", "\"CronTab\" is already in use"),
        ("listKind", json!("CronTabList"), "ListKindConflict", "\"CronTabList\" is already in use"),
    ] {
        let mut second = crontab();
        second["metadata"]["name"] = "others.stable.example.com".into();
        second["spec"]["names"] =
            json!({"plural": "others", "singular": "other", "kind": "Other", "listKind": "OtherList"});
        second["spec"]["names"][field] = value;
        let mut second = created(second);
        let status = next_status(&second, &[&first], NOW).unwrap();
        let accepted = condition(&status, "NamesAccepted");
        assert_eq!((&accepted["status"], &accepted["reason"]), (&json!("False"), &json!(reason)));
        assert_eq!(accepted["message"], message);
        let established = condition(&status, "Established");
        assert_eq!(
            (&established["status"], &established["reason"]),
            (&json!("False"), &json!("NotAccepted"))
        );
        assert_eq!(status["acceptedNames"]["plural"], "others");
        second["status"] = status;
        let status = next_status(&second, &[], NOW).unwrap();
        assert_eq!(condition(&status, "Established")["status"], "True", "the rival is gone");
    }
    let mut elsewhere = created(crontab());
    elsewhere["metadata"]["name"] = "crontabs.other.example.com".into();
    elsewhere["spec"]["group"] = "other.example.com".into();
    let status = next_status(&elsewhere, &[&first], NOW).unwrap();
    assert_eq!(condition(&status, "Established")["status"], "True", "groups do not share names");
}

#[test]
fn what_is_established_stays_so_when_new_names_are_refused() {
    let mut definition = established();
    let mut rival = created(crontab());
    rival["metadata"]["name"] = "others.stable.example.com".into();
    rival["status"]["acceptedNames"] = json!({"plural": "others", "kind": "Other", "shortNames": ["o"]});
    definition["spec"]["names"]["shortNames"] = json!(["o"]);
    let status = next_status(&definition, &[&rival], NOW).unwrap();
    assert_eq!(condition(&status, "NamesAccepted")["reason"], "ShortNamesConflict");
    assert_eq!(condition(&status, "Established")["status"], "True");
    assert_eq!(status["acceptedNames"]["shortNames"], json!(["ct"]), "the old ones remain");
}

#[test]
fn a_deleted_definition_waits_for_its_objects() {
    let mut definition = established();
    DefinitionStrategy::new().prepare_delete(&mut definition);
    assert_eq!(condition(&definition["status"], "Terminating")["reason"], "InstanceDeletionPending");
    assert_eq!(definition["metadata"]["finalizers"], json!(["customresourcecleanup.apiextensions.k8s.io"]));
    let gone = without_instances(&definition, NOW);
    assert_eq!(gone["metadata"]["finalizers"], Value::Null);
    assert_eq!(condition(&gone["status"], "Terminating")["status"], "False");
}

#[test]
fn storage_versions_are_remembered() {
    let strategy = DefinitionStrategy::new();
    let old = established();
    let mut new = old.clone();
    let mut second = new["spec"]["versions"][0].clone();
    second["name"] = "v2".into();
    new["spec"]["versions"][0]["storage"] = false.into();
    new["spec"]["versions"].as_array_mut().unwrap().push(second);
    strategy.prepare_update(&mut new, &old);
    assert_eq!(new["status"]["storedVersions"], json!(["v1", "v2"]));
    assert!(strategy.validate_update(&new, &old).is_empty());
    let mut third = new.clone();
    third["spec"]["versions"].as_array_mut().unwrap().remove(0);
    let errors = strategy.validate_update(&third, &new);
    assert!(
        errors[0].to_string().starts_with("status.storedVersions[0]: Invalid value: \"v1\": missing from")
    );
}

#[test]
fn names_and_scope_are_fixed() {
    let strategy = DefinitionStrategy::new();
    let old = established();
    for (pointer, path) in [
        ("/spec/scope", "spec.scope"),
        ("/spec/names/kind", "spec.names.kind"),
        ("/spec/group", "spec.group"),
        ("/spec/names/plural", "spec.names.plural"),
    ] {
        let mut new = old.clone();
        let value = if pointer == "/spec/scope" { "Cluster" } else { "other.example" };
        *new.pointer_mut(pointer).unwrap() = value.into();
        let errors = strategy.validate_update(&new, &old);
        let text = format!("{path}: Invalid value: {value:?}: field is immutable");
        assert!(errors.iter().any(|error| error.to_string() == text), "{errors:?}");
    }
}

#[test]
fn versions_come_in_the_order_clients_prefer() {
    let mut definition = established();
    let version = definition["spec"]["versions"][0].clone();
    let named = |name: &str, served: bool| {
        let mut version = version.clone();
        (version["name"], version["served"]) = (name.into(), served.into());
        version
    };
    let names = ["v1alpha1", "v2beta1", "v1", "v10", "v2", "foo", "v2beta2"];
    definition["spec"]["versions"] = names.map(|name| named(name, name != "v2")).to_vec().into();
    let strategies = strategies(&definition).unwrap();
    let order: Vec<_> = strategies.iter().map(|strategy| strategy.info().version.to_string()).collect();
    assert_eq!(order, ["v10", "v1", "v2beta2", "v2beta1", "v1alpha1", "foo"]);
}
