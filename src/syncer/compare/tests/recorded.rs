//! What kube-apiserver stored of what it was given is never a difference.

use serde_json::Value;

use super::kind;
use crate::syncer::{
    compare::differences,
    identity::Identity,
    kind::Kind,
    render::{HashKey, RenderContext, render},
};

/// Answers of a real kube-apiserver to objects of every shape.
const RECORDED: &str = include_str!("../../../controlplane/kinds/tests/recorded.jsonl");

fn of(name: &str) -> Option<Kind> {
    let (group, resource) = match name {
        "ConfigMap" => ("", "configmaps"),
        "Secret" => ("", "secrets"),
        "Service" => ("", "services"),
        "ServiceAccount" => ("", "serviceaccounts"),
        "Deployment" => ("apps", "deployments"),
        "StatefulSet" => ("apps", "statefulsets"),
        _ => return None,
    };
    Some(Kind { kind: name.to_owned(), ..kind(group, resource) })
}

/// What the server decides otherwise of what it is given: told once, and settled by who writes.
const DECIDED: [&str; 2] = [".spec.sessionAffinityConfig", ".spec.strategy.type"];

/// What the syncer would write of the object, under the names it has.
fn desired(given: &Value, kind: &Kind) -> Option<Value> {
    let mut upstream = given.clone();
    for (field, value) in [("name", "a"), ("namespace", "b"), ("uid", "u")] {
        upstream.get_mut("metadata")?.as_object_mut()?.insert(field.to_owned(), value.into());
    }
    let identity = Identity {
        name: String::new(),
        uid: "t".to_owned(),
        cluster: String::new(),
        workspace: "w".to_owned(),
        namespace_mapping: crate::api::workload::NamespaceMapping::Preserve,
        derived: Default::default(),
    };
    let context = RenderContext {
        identity: &identity,
        kind,
        hash_key: &HashKey::new(b"k"),
        transforms: &[],
        access: None,
    };
    Some(render(&upstream, &context).ok()?.object)
}

#[test]
fn what_a_server_stored_is_what_it_was_given() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for record in RECORDED.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let Some(kind) = record["kind"].as_str().and_then(of) else { continue };
        for (given, stored) in [("create", "created"), ("update", "updated")] {
            let stored = &record[stored];
            if stored.get("metadata").is_none() || !record["subresource"].is_null() {
                continue;
            }
            let Some(desired) = desired(&record[given], &kind) else { continue };
            seen += 1;
            for path in differences(&desired, stored, &kind) {
                let path = path.to_string();
                // The stamps were never given.
                if !path.starts_with(".metadata") && !DECIDED.contains(&path.as_str()) {
                    wrong.push(format!("{}{path} of {}", kind.resource, record[given]));
                }
            }
        }
    }
    assert!(seen > 200, "{seen}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
