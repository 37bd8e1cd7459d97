//! Only what we set counts, and only if it means something else.

mod paths;
mod recorded;

use proptest::prelude::*;
use serde_json::json;

use super::*;

pub(super) fn kind(group: &str, resource: &str) -> Kind {
    let text = str::to_owned;
    Kind {
        group: text(group),
        version: text("v1"),
        resource: text(resource),
        kind: text("K"),
        namespaced: true,
    }
}

fn shown(desired: &Value, live: &Value, kind: &Kind) -> Vec<String> {
    differences(desired, live, kind).iter().map(FieldPath::to_string).collect()
}

fn deployment(pod: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": pod}}})
}

fn in_pod(desired: Value, live: Value) -> Vec<String> {
    shown(&deployment(desired), &deployment(live), &kind("apps", "deployments"))
}

const POD: &str = ".spec.template.spec";

#[test]
fn what_the_cluster_adds_is_no_difference() {
    let desired = json!({
        "containers": [{"name": "web", "image": "web:1", "ports": [{"containerPort": 80}],
            "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}}, "env": []}],
        "tolerations": [{"key": "a"}], "securityContext": {}, "hostNetwork": false, "nodeSelector": null,
    });
    let live = json!({
        "containers": [
            {"name": "injected", "image": "proxy"},
            {"name": "web", "image": "web:1", "imagePullPolicy": "Always",
             "ports": [{"containerPort": 80, "protocol": "UDP"}, {"containerPort": 80, "protocol": "TCP"}],
             "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": "500m"}}},
        ],
        "tolerations": [{"key": "a", "operator": "Equal"}], "restartPolicy": "Always", "nodeSelector": {"a": "b"},
        "securityContext": {},
    });
    assert_eq!(in_pod(desired, live), [""; 0]);
}

#[test]
fn what_was_changed_is_named() {
    let desired = json!({
        "containers": [
            {"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
             "ports": [{"containerPort": 80, "name": "http"}]},
            {"name": "gone", "image": "x"},
        ],
        "tolerations": [{"key": "a"}], "nodeSelector": {"disk": "ssd"}, "hostNetwork": true,
    });
    let live = json!({
        "containers": [{"name": "web", "image": "web:2", "env": [{"name": "A", "value": "1"}, {"name": "B"}],
             "ports": [{"containerPort": 80, "protocol": "TCP", "name": "web"}]}],
        "tolerations": [{"key": "a"}, {"key": "b"}], "nodeSelector": {"disk": "ssd", "zone": "a"},
    });
    assert_eq!(
        in_pod(desired, live),
        [
            format!("{POD}.containers[name=\"gone\"]"),
            format!("{POD}.containers[name=\"web\"].env[name=\"B\"].value"),
            format!("{POD}.containers[name=\"web\"].image"),
            format!("{POD}.containers[name=\"web\"].ports[containerPort=80,protocol=\"TCP\"].name"),
            format!("{POD}.hostNetwork"),
            format!("{POD}.nodeSelector"),
            format!("{POD}.tolerations"),
        ]
    );
}

#[test]
fn identity_is_not_compared_and_stamps_are() {
    let desired = json!({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "labels": {"x": "1", "y": "2"},
        "annotations": {"n": "1"}, "finalizers": ["f"]}});
    let live = json!({"apiVersion": "v2", "kind": "B", "metadata": {"name": "b", "uid": "u",
        "labels": {"x": "1", "z": "3"}, "annotations": {"n": "2", "m": ""}, "finalizers": ["g"]}});
    let found = shown(&desired, &live, &kind("", "configmaps"));
    assert_eq!(found, [".metadata.annotations.n", ".metadata.finalizers[=\"f\"]", ".metadata.labels.y"]);
    assert_eq!(shown(&desired, &json!(null), &kind("", "configmaps")), [""]);
}

#[test]
fn secrets_are_compared_by_their_bytes_and_never_told() {
    let kind = kind("", "secrets");
    let desired = json!({"data": {"a": "aHVudGVyMg=="}, "stringData": {"b": "hunter2", "c": "hunter3"}});
    let live = json!({"data": {"a": "aHVudGVyMg==\n", "b": "aHVudGVyMg==", "c": "aHVudGVyMg=="}});
    assert_eq!(shown(&desired, &live, &kind), [".stringData.c"]);
    let found = shown(&desired, &json!({"data": {"a": "eA=="}}), &kind);
    assert_eq!(found, [".data.a", ".stringData.b", ".stringData.c"]);
}

#[test]
fn services_keep_what_the_cluster_allocated() {
    let desired =
        json!({"spec": {"ports": [{"port": 80, "targetPort": "8080"}], "selector": {"app": "web"}}});
    let mut live = json!({"spec": {"clusterIP": "10.0.0.1", "type": "ClusterIP", "selector": {"app": "web"},
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080, "nodePort": 30000}]}});
    assert_eq!(shown(&desired, &live, &kind("", "services")), [""; 0]);
    live["spec"]["selector"]["extra"] = json!("x");
    assert_eq!(shown(&desired, &live, &kind("", "services")), [".spec.selector"]);
}

#[test]
fn custom_kinds_are_compared_by_the_letter() {
    let widgets = kind("example.com", "widgets");
    let desired = json!({"spec": {"on": false, "list": [{"a": 1}], "interval": "60s", "cpu": "1000m"}});
    let live = json!({"spec": {"list": [{"a": 1, "b": 2}], "interval": "1m0s", "cpu": "1"}});
    assert_eq!(shown(&desired, &live, &widgets), [".spec.cpu", ".spec.on"]);
}

/// Any JSON, made of the words that the comparison knows.
pub(super) fn any_object() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        prop::sample::select(vec!["", "a", "b", "1", "500m", "80", "YQ==", "TCP", "1m"])
            .prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "metadata",
        "spec",
        "template",
        "containers",
        "name",
        "ports",
        "containerPort",
        "protocol",
        "labels",
        "data",
        "a/b~c.d",
        "limits",
        "stringData",
        "finalizers",
        "",
        "nodeSelector",
    ]);
    scalar.prop_recursive(6, 48, 4, move |inner| {
        let name = name.clone().prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

pub(super) fn any_kind() -> impl Strategy<Value = Kind> {
    let kinds = [
        ("apps", "deployments"),
        ("", "secrets"),
        ("", "pods"),
        ("", "services"),
        ("example.com", "widgets"),
    ];
    prop::sample::select(kinds.to_vec()).prop_map(|(group, resource)| kind(group, resource))
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(object in any_object(), kind in any_kind()) {
        let found = differences(&object, &object, &kind);
        // What is to be written as text is never found as such.
        let is_text = |path: &FieldPath| path.0.first() == Some(&Step::field("stringData"));
        prop_assert!(!object.is_object() || found.iter().all(is_text), "{:?}", found);
    }

    #[test]
    fn what_differs_is_there_and_can_be_left_out(desired in any_object(), live in any_object(), kind in any_kind()) {
        prop_assume!(desired.is_object() && live.is_object());
        let found = differences(&desired, &live, &kind);
        for path in &found {
            prop_assert!(path.get(&desired).is_some(), "{}", path);
        }
        let mut rest = desired.clone();
        without(&mut rest, &found);
        for path in differences(&rest, &live, &kind) {
            // An item without what differs may meet another item of the same key, or a key that cannot go.
            prop_assert!(path.0.iter().any(|step| !matches!(step, Step::Field(_))), "{}", path);
        }
    }
}
