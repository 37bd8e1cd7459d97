//! A small shop, a part of it on each simulated cluster. Data only.

use serde_json::{Value, json};

pub const NAMESPACE: &str = "shop";
/// No registry is ever found there, so this one does not come up.
const BROKEN_IMAGE: &str = "registry.invalid/shop/search:v2";

/// Paths of collections and what is created there, in order, on the cluster with this number.
pub fn of(cluster: usize) -> Vec<(String, Value)> {
    let mut all = vec![("/api/v1/namespaces".to_owned(), object("v1", "Namespace", NAMESPACE))];
    let names = ["web", "cart", "checkout", "search"];
    for name in &names[..2 + cluster % 3] {
        // The third cluster has a rollout that hangs.
        let image = if *name == "search" {
            BROKEN_IMAGE.to_owned()
        } else {
            format!("registry.example/shop/{name}:v1")
        };
        all.push((path("apis/apps/v1", "deployments"), deployment(name, 1 + cluster % 3, &image)));
        all.push((path("api/v1", "services"), service(name)));
    }
    let mut settings = object("v1", "ConfigMap", "settings");
    settings["data"] = json!({"currency": "EUR"});
    all.push((path("api/v1", "configmaps"), settings));
    let mut key = object("v1", "Secret", "payment-key");
    key["stringData"] = json!({"key": "only-a-sample"});
    all.push((path("api/v1", "secrets"), key));
    all
}

fn path(group_version: &str, resource: &str) -> String {
    format!("/{group_version}/namespaces/{NAMESPACE}/{resource}")
}

fn object(api_version: &str, kind: &str, name: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}})
}

fn deployment(name: &str, replicas: usize, image: &str) -> Value {
    let labels = json!({"app": name});
    let mut deployment = object("apps/v1", "Deployment", name);
    deployment["metadata"]["labels"] = labels.clone();
    deployment["spec"] = json!({
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": name, "image": image}]},
        },
    });
    deployment
}

fn service(name: &str) -> Value {
    let mut service = object("v1", "Service", name);
    service["spec"] = json!({"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]});
    service
}
