//! What the checked-in documents must have for kubectl and for the write path.

use super::*;

const BUILT_IN: &[(&str, &str, &str)] = &[
    ("", "v1", "ConfigMap"),
    ("", "v1", "Event"),
    ("", "v1", "Namespace"),
    ("", "v1", "Secret"),
    ("", "v1", "Service"),
    ("", "v1", "ServiceAccount"),
    ("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
    ("apps", "v1", "Deployment"),
    ("apps", "v1", "StatefulSet"),
    ("authentication.k8s.io", "v1", "SelfSubjectReview"),
    ("authentication.k8s.io", "v1", "TokenReview"),
    ("authorization.k8s.io", "v1", "LocalSubjectAccessReview"),
    ("authorization.k8s.io", "v1", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "v1", "SelfSubjectRulesReview"),
    ("authorization.k8s.io", "v1", "SubjectAccessReview"),
    ("autoscaling", "v1", "Scale"),
    ("coordination.k8s.io", "v1", "Lease"),
    ("rbac.authorization.k8s.io", "v1", "ClusterRole"),
    ("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "v1", "Role"),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding"),
    ("", "v1", "DeleteOptions"),
    ("", "v1", "Status"),
];

fn each<'a>(value: &'a Value, found: &mut impl FnMut(&'a str, &'a Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, found)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            found(key, value);
            each(value, found);
        }),
        _ => {}
    }
}

#[test]
fn every_built_in_kind_is_in_one_piece() {
    for (group, version, kind) in BUILT_IN {
        let schema = component(group, version, kind).unwrap_or_else(|| panic!("no schema of {kind}"));
        assert_eq!(schema["type"], "object", "{kind}");
        assert_eq!(schema["properties"]["apiVersion"]["type"], "string", "{kind}");
        each(&schema, &mut |key, value| {
            assert!(!(key == "$ref" && value.is_string()), "{kind} refers to {value}");
            assert!(key != "allOf" || !value.is_array(), "{kind} has allOf {value}");
        });
    }
    assert_eq!(component("apps", "v1", "Pod"), None);
    assert_eq!(component("", "v2", "Namespace"), None);
}

#[test]
fn lists_say_how_they_are_merged() {
    let deployment = component("apps", "v1", "Deployment").unwrap();
    let pod = &deployment["properties"]["spec"]["properties"]["template"]["properties"]["spec"]["properties"];
    let containers = &pod["containers"];
    assert_eq!(containers["x-kubernetes-patch-merge-key"], "name");
    assert_eq!(containers["x-kubernetes-patch-strategy"], "merge");
    assert_eq!(containers["x-kubernetes-list-type"], "map");
    assert_eq!(containers["x-kubernetes-list-map-keys"], json!(["name"]));
    let ports = &containers["items"]["properties"]["ports"];
    assert_eq!(ports["x-kubernetes-list-map-keys"], json!(["containerPort", "protocol"]));
    assert_eq!(ports["items"]["properties"]["protocol"]["default"], "TCP");
    let rolling = &deployment["properties"]["spec"]["properties"]["strategy"];
    assert_eq!(rolling["x-kubernetes-patch-strategy"], "retainKeys");
    let surge = &rolling["properties"]["rollingUpdate"]["properties"]["maxSurge"];
    assert_eq!(surge["x-kubernetes-int-or-string"], true);
    let selector = &deployment["properties"]["spec"]["properties"]["selector"];
    assert_eq!(selector["x-kubernetes-map-type"], "atomic");
}

#[test]
fn a_schema_that_contains_itself_ends() {
    let kind = component("apiextensions.k8s.io", "v1", "CustomResourceDefinition").unwrap();
    let version = &kind["properties"]["spec"]["properties"]["versions"]["items"]["properties"];
    let schema = &version["schema"]["properties"]["openAPIV3Schema"]["properties"];
    assert_eq!(schema["maxLength"]["type"], "integer");
    assert_eq!(schema["not"]["x-kubernetes-preserve-unknown-fields"], true);
    assert_eq!(schema["not"]["properties"], Value::Null);
}

#[test]
fn kubectl_finds_its_query_parameters_and_media_types() {
    for document in all() {
        let content = document.content();
        assert_eq!(content["components"].get("parameters"), None);
        for (path, item) in content["paths"].as_object().unwrap() {
            let Some(patch) = item.get("patch") else { continue };
            let names: Vec<_> =
                patch["parameters"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
            assert_eq!(names, ["dryRun", "fieldManager", "fieldValidation", "force"], "{path}");
            assert!(patch["requestBody"]["content"]["application/strategic-merge-patch+json"].is_object());
            assert_eq!(patch["x-kubernetes-action"], "patch");
        }
    }
}

/// Every reference leads somewhere, and nothing is there that nobody refers to, but for what a watch sends.
#[test]
fn documents_are_closed() {
    for document in all() {
        let schemas = document.content()["components"]["schemas"].as_object().unwrap();
        let mut referred = vec!["io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent"];
        each(document.content(), &mut |key, value| {
            if let ("$ref", Some(target)) = (key, value.as_str()) {
                referred.push(target.strip_prefix("#/components/schemas/").expect("a schema"));
            }
        });
        for name in &referred[1..] {
            assert!(schemas.contains_key(*name), "{}: {name}", document.path);
        }
        for name in schemas.keys() {
            assert!(referred.contains(&name.as_str()), "{}: nobody refers to {name}", document.path);
        }
    }
}

#[test]
fn v2_is_made_of_v3() {
    let made = swagger(all().iter().map(Document::content));
    each(&made, &mut |key, value| {
        if let ("$ref", Some(target)) = (key, value.as_str()) {
            let name = target.strip_prefix("#/definitions/").expect("a definition");
            assert!(made["definitions"][name].is_object(), "{target}");
        }
    });
    let port = &made["definitions"]["io.k8s.apimachinery.pkg.util.intstr.IntOrString"];
    assert_eq!(port["type"], "string");
    let patch = &made["paths"]["/api/v1/namespaces/{namespace}/configmaps/{name}"]["patch"];
    assert_eq!(patch["consumes"][2], "application/strategic-merge-patch+json");
    let reference = "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
    assert_eq!(patch["parameters"][0]["schema"]["$ref"], reference);
    let options = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
    let groups = made["definitions"][options]["x-kubernetes-group-version-kind"].as_array().unwrap().iter();
    assert!(
        groups.clone().any(|kind| kind["group"] == "apps") && groups.clone().any(|kind| kind["group"] == "")
    );
}
