//! What is synced: ConfigMaps of about a kilobyte, as a user wrote them with kubectl.

use serde_json::{Value, json};

pub const NAMESPACE: &str = "shop";

/// The paths of as many, each in its turn.
pub fn paths(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|at| format!("/api/v1/namespaces/{NAMESPACE}/configmaps/{prefix}-{at:05}")).collect()
}

pub fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Makes it, or gives it other data.
pub fn write(object: &mut Value, path: &str, round: usize) {
    let settings: String =
        (0..8).map(|line| format!("setting-{line}: value-{round}-of-some-length\n")).collect();
    object["apiVersion"] = "v1".into();
    object["kind"] = "ConfigMap".into();
    object["metadata"]["name"] = name(path).into();
    object["metadata"]["namespace"] = NAMESPACE.into();
    object["metadata"]["labels"] = json!({"app.kubernetes.io/name": "shop", "tier": "web"});
    object["metadata"]["annotations"] = json!({"team": "checkout"});
    object["data"] = json!({"settings": settings, "level": "info", "round": round.to_string()});
}
