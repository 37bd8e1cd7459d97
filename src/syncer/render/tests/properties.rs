//! What holds for any object.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{identity, kind, rendered, upstream};
use crate::syncer::{
    kind::Kind,
    ownership,
    render::{Rendered, references},
};

fn any_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        prop::sample::select(vec!["", "a", "None", "kube-root-ca.crt", "default-token-1"])
            .prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "spec",
        "template",
        "metadata",
        "labels",
        "containers",
        "volumes",
        "configMap",
        "name",
        "env",
        "valueFrom",
        "secretKeyRef",
        "clusterIP",
        "ports",
        "nodePort",
        "selector",
        "job-name",
        "volumeClaimTemplates",
        "status",
        "imagePullSecrets",
        "creationTimestamp",
        "replicas",
        "x.kcp.io/y",
    ]);
    scalar.prop_recursive(6, 64, 4, move |inner| {
        let name = name.clone().prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn any_upstream() -> impl Strategy<Value = (Value, Kind)> {
    let kinds = [
        ("apps", "deployments"),
        ("apps", "statefulsets"),
        ("batch", "jobs"),
        ("batch", "cronjobs"),
        ("", "services"),
        ("", "secrets"),
        ("", "configmaps"),
        ("", "serviceaccounts"),
        ("", "persistentvolumeclaims"),
        ("", "pods"),
        ("networking.k8s.io", "ingresses"),
        ("example.com", "widgets"),
    ];
    let entries = || prop::collection::btree_map("(a|x[.]kcp[.]io/b|kcp[.]io/c|n/d)", "[a-z]{0,3}", 0..4);
    let parts =
        (any_value(), any_value(), any_value(), entries(), entries(), prop::sample::select(kinds.to_vec()));
    parts.prop_map(|(spec, data, template, labels, annotations, (group, resource))| {
        let mut object = upstream(
            json!({"spec": spec, "data": data, "metadata": {"labels": labels, "annotations": annotations}}),
        );
        if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert("template".to_owned(), json!({"spec": template}));
        }
        (object, kind(group, resource))
    })
}

proptest! {
    #[test]
    fn rendering_again_changes_nothing((object, kind) in any_upstream()) {
        let Ok(first) = rendered(&object, &kind) else { return Ok(()) };
        prop_assert_eq!(&rendered(&object, &kind).unwrap(), &first);
        let mut again = first.object.clone();
        for field in ["name", "namespace", "uid", "generation"] {
            again["metadata"][field] = object["metadata"][field].clone();
        }
        prop_assert_eq!(rendered(&again, &kind).unwrap(), first);
    }

    #[test]
    fn what_is_rendered_is_there_and_ours((object, kind) in any_upstream()) {
        let Ok(Rendered { object, hash }) = rendered(&object, &kind) else { return Ok(()) };
        prop_assert!(ownership::owns(&object, &kind, &identity(), "u1"));
        prop_assert_eq!(ownership::desired_hash(&object), Some(hash.as_str()));
        prop_assert!(crate::syncer::compare::differences(&object, &object, &kind).is_empty());
        let metadata: Vec<_> = object["metadata"].as_object().unwrap().keys().cloned().collect();
        prop_assert_eq!(metadata, ["annotations", "labels", "name", "namespace"]);
        prop_assert!(object.get("status").is_none());
    }

    #[test]
    fn no_json_is_too_strange(object in any_value(), (_, kind) in any_upstream()) {
        let _ = rendered(&object, &kind);
        references::references(&object, &kind);
    }
}
