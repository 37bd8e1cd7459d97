//! What kubectl looks for in the document of a custom kind.

use serde_json::{Value, json};

use crate::{apiserver::strategy::Strategy, controlplane::definitions::tests::established};

fn document(scope: &str) -> Value {
    let mut definition = established();
    definition["spec"]["scope"] = scope.into();
    let strategies = crate::controlplane::definitions::strategies(&definition).unwrap();
    let (path, document) = strategies[0].openapi().unwrap();
    assert_eq!(path, "apis/stable.example.com/v1");
    document
}

#[test]
fn paths_are_those_of_the_kind() {
    let namespaced = document("Namespaced");
    let paths: Vec<_> = namespaced["paths"].as_object().unwrap().keys().cloned().collect();
    let root = "/apis/stable.example.com/v1";
    let below = format!("{root}/namespaces/{{namespace}}/crontabs");
    assert_eq!(
        paths,
        [
            format!("{root}/crontabs"),
            below.clone(),
            format!("{below}/{{name}}"),
            format!("{below}/{{name}}/scale"),
            format!("{below}/{{name}}/status"),
        ]
    );
    let read = &namespaced["paths"][format!("{below}/{{name}}")]["get"];
    assert_eq!(read["operationId"], "readStableExampleComV1NamespacedCronTab");
    assert_eq!(read["x-kubernetes-action"], "get");
    let kind = json!({"group": "stable.example.com", "kind": "CronTab", "version": "v1"});
    assert_eq!(read["x-kubernetes-group-version-kind"], kind);
    let patch = &namespaced["paths"][format!("{below}/{{name}}")]["patch"]["requestBody"]["content"];
    let kinds: Vec<_> = patch.as_object().unwrap().keys().cloned().collect();
    let expected =
        ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];
    assert_eq!(kinds, expected);
    let cluster = document("Cluster");
    let item = &cluster["paths"][format!("{root}/crontabs/{{name}}")];
    assert_eq!(item["get"]["operationId"], "readStableExampleComV1CronTab");
    assert!(item["parameters"].as_array().unwrap().iter().all(|parameter| parameter["name"] != "namespace"));
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document("Namespaced");
    let schemas = &document["components"]["schemas"];
    let mut names = Vec::new();
    super::references(&document, &mut names);
    assert!(names.len() > 20);
    for name in names {
        assert!(schemas[&name].is_object(), "{name}");
    }
    assert!(!document.to_string().contains("Deployment"));
    let kind = &schemas["com.example.stable.v1.CronTab"];
    let metadata = &kind["properties"]["metadata"]["allOf"][0]["$ref"];
    assert_eq!(*metadata, "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    let port = &kind["properties"]["spec"]["properties"]["port"]["anyOf"];
    assert_eq!(*port, json!([{"type": "integer"}, {"type": "string"}]));
    let list = &schemas["com.example.stable.v1.CronTabList"];
    assert_eq!(list["x-kubernetes-group-version-kind"][0]["kind"], "CronTabList");
}
