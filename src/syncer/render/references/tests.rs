//! Every place where one object names another.

use serde_json::json;

use super::*;

fn kind(group: &str, resource: &str) -> Kind {
    let text = str::to_owned;
    Kind {
        group: text(group),
        version: text("v1"),
        resource: text(resource),
        kind: text("K"),
        namespaced: true,
    }
}

fn found(group: &str, resource: &str, object: &Value) -> Vec<String> {
    let all = references(object, &kind(group, resource));
    all.into_iter().map(|reference| format!("{}/{}", reference.resource, reference.name)).collect()
}

fn pod() -> Value {
    let container = |name: &str| {
        json!({
            "env": [{"valueFrom": {"configMapKeyRef": {"name": format!("{name}-env")}}},
                {"valueFrom": {"secretKeyRef": {"name": format!("{name}-env")}}}, {"value": "a"}],
            "envFrom": [{"configMapRef": {"name": format!("{name}-all")}}, {"secretRef": {"name": format!("{name}-all")}}],
        })
    };
    json!({
        "serviceAccountName": "runner", "imagePullSecrets": [{"name": "pull"}, {}],
        "containers": [container("main")], "initContainers": [container("init")],
        "volumes": [
            {"configMap": {"name": "files"}}, {"secret": {"secretName": "keys"}},
            {"persistentVolumeClaim": {"claimName": "disk"}}, {"emptyDir": {}},
            {"projected": {"sources": [{"configMap": {"name": "projected"}}, {"secret": {"name": "projected"}}]}},
            {"csi": {"nodePublishSecretRef": {"name": "csi"}}}, {"secret": {"secretName": ""}},
        ],
    })
}

#[test]
fn a_pod_template_tells_what_it_needs() {
    let expected = [
        "configmaps/files",
        "configmaps/init-all",
        "configmaps/init-env",
        "configmaps/main-all",
        "configmaps/main-env",
        "configmaps/projected",
        "persistentvolumeclaims/disk",
        "secrets/csi",
        "secrets/init-all",
        "secrets/init-env",
        "secrets/keys",
        "secrets/main-all",
        "secrets/main-env",
        "secrets/projected",
        "secrets/pull",
        "serviceaccounts/runner",
    ];
    let template = json!({"spec": pod()});
    assert_eq!(found("apps", "deployments", &json!({"spec": {"template": template}})), expected);
    assert_eq!(
        found("batch", "cronjobs", &json!({"spec": {"jobTemplate": {"spec": {"template": template}}}})),
        expected
    );
    assert_eq!(found("", "pods", &template), expected);
    assert_eq!(found("example.com", "deployments", &json!({"spec": {"template": template}})), [""; 0]);
}

#[test]
fn other_kinds_name_others_too() {
    let backend = json!({"service": {"name": "web"}});
    let ingress = json!({"spec": {"tls": [{"secretName": "cert"}], "defaultBackend": backend,
        "rules": [{"http": {"paths": [{"backend": {"service": {"name": "api"}}}]}}]}});
    assert_eq!(
        found("networking.k8s.io", "ingresses", &ingress),
        ["secrets/cert", "services/api", "services/web"]
    );
    let account = json!({"imagePullSecrets": [{"name": "pull"}]});
    assert_eq!(found("", "serviceaccounts", &account), ["secrets/pull"]);
}

#[test]
fn every_reference_can_be_renamed() {
    let kind = kind("", "pods");
    let mut object = json!({"spec": pod()});
    let before = references(&object, &kind);
    rename(&mut object, &kind, &mut |resource, name| {
        (!name.is_empty()).then(|| format!("{resource}-{name}"))
    });
    let after: BTreeSet<_> = before
        .into_iter()
        .map(|Reference { resource, name }| Reference { resource, name: format!("{resource}-{name}") })
        .collect();
    assert_eq!(references(&object, &kind), after);
}
