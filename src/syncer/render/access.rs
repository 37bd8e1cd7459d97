//! In-cluster access: a pod on the cluster finds the API of its workspace where it would find its own cluster's.
//!
//! The rules are those of the original TMC's pod mutator: the token of the pod's service account and the root CA of the
//! workspace take the place of the cluster's, and the variables that clients read lead to the workspace. A mount that
//! the pod has at that path stays. It must not know where tokens come from.

use serde_json::{Value, json};

use super::{RenderError, places::each_mut, references::CONTAINERS};
use crate::syncer::{kind::Kind, naming, pod_template};

/// Where clients look for their credentials.
pub const PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME: &str = "kcp-api-access";

/// Where pods reach the API of the workspace. Of its URL only this is told to them: a kcp finds the workspace in the
/// token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub host: String,
    pub port: u16,
}

/// For one object: the Secret of the workspace that holds the token of its pods' service account.
#[derive(Clone, Copy)]
pub struct Granted<'a> {
    pub access: &'a Access,
    pub token: &'a str,
}

impl Access {
    /// # Errors
    /// What is wrong with the URL.
    pub fn at(server: &str) -> Result<Self, String> {
        let wrong = || format!("{server:?} is no URL of an API, as https://kcp.example.com:6443 is one");
        let uri: http::Uri = server.parse().map_err(|_| wrong())?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("https")).ok_or_else(wrong)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port: uri.port_u16().unwrap_or(443) })
    }
}

/// The service account whose token the pods of an object get; none if it has no pods, or they want no token.
pub fn account<'a>(object: &'a Value, kind: &Kind) -> Option<&'a str> {
    let spec = pod_template::of(object, kind)?.get("spec")?;
    if spec.get("automountServiceAccountToken") == Some(&Value::Bool(false)) {
        return None;
    }
    let named = |field: &str| spec.get(field).and_then(Value::as_str).filter(|name| !name.is_empty());
    Some(named("serviceAccountName").or_else(|| named("serviceAccount")).unwrap_or("default"))
}

/// Containers of an object that mount something else at the path, and keep it.
pub fn kept_mounts<'a>(object: &'a Value, kind: &Kind) -> Vec<&'a str> {
    let Some(spec) = pod_template::of(object, kind).and_then(|template| template.get("spec")) else {
        return Vec::new();
    };
    let containers = CONTAINERS.iter().filter_map(|field| spec.get(field)?.as_array()).flatten();
    let keeping = containers.filter(|container| has_mount(container));
    keeping.map(|container| container["name"].as_str().unwrap_or_default()).collect()
}

/// Gives the pods of the object access. Names are those of the workspace.
pub(super) fn apply(
    object: &mut Value,
    kind: &Kind,
    namespace: &str,
    granted: Granted<'_>,
) -> Result<(), RenderError> {
    let Some(spec) = pod_template::of_mut(object, kind).and_then(|template| template.get_mut("spec")) else {
        return Ok(());
    };
    // Else the cluster would mount its own.
    spec["automountServiceAccountToken"] = false.into();
    let mut mounted = false;
    for containers in CONTAINERS {
        each_mut(spec, &[containers, "*"], &mut |container| {
            set_env(container, namespace, granted.access);
            mounted |= mount(container);
        });
    }
    if !mounted {
        return Ok(());
    }
    let volumes = list(spec, "volumes")
        .ok_or(RenderError::malformed("the volumes of the pod template", "must be a list"))?;
    if volumes.iter().any(|volume| volume["name"] == VOLUME) {
        let problem = "must not have one named kcp-api-access, which in-cluster access adds: rename it";
        return Err(RenderError::malformed("the volumes of the pod template", problem));
    }
    volumes.push(volume(granted.token));
    Ok(())
}

fn volume(token: &str) -> Value {
    let item = |key: &str| json!({"key": key, "path": key});
    json!({"name": VOLUME, "projected": {"defaultMode": 0o644, "sources": [
        {"secret": {"name": token, "items": [item("token"), item("namespace")]}},
        {"configMap": {"name": naming::ROOT_CA, "items": [item("ca.crt")]}},
    ]}})
}

/// The variables that lead to an API, and those that tell the pod's namespace, which is another one on the cluster.
fn set_env(container: &mut Value, namespace: &str, access: &Access) {
    let Some(env) = list(container, "env") else { return };
    for variable in env.iter_mut() {
        let field = variable.pointer("/valueFrom/fieldRef/fieldPath");
        if field.and_then(Value::as_str) == Some("metadata.namespace") {
            *variable = json!({"name": variable["name"], "value": namespace});
        }
    }
    let port = access.port.to_string();
    let ours = [
        ("KUBERNETES_SERVICE_HOST", &access.host),
        ("KUBERNETES_SERVICE_PORT", &port),
        ("KUBERNETES_SERVICE_PORT_HTTPS", &port),
    ];
    env.retain(|variable| !ours.iter().any(|(name, _)| variable["name"] == *name));
    // First, for others may be made of them.
    env.splice(0..0, ours.map(|(name, value)| json!({"name": name, "value": value})));
}

/// Mounts the volume, unless the container has something there.
fn mount(container: &mut Value) -> bool {
    if has_mount(container) {
        return false;
    }
    let Some(mounts) = list(container, "volumeMounts") else { return false };
    mounts.push(json!({"name": VOLUME, "mountPath": PATH, "readOnly": true}));
    true
}

fn has_mount(container: &Value) -> bool {
    let mounts = container["volumeMounts"].as_array().into_iter().flatten();
    let mut paths = mounts.filter_map(|mount| mount["mountPath"].as_str());
    paths.any(|path| path.trim_end_matches('/') == PATH)
}

/// The list in a field, made if it is not there; none where something else is.
fn list<'a>(value: &'a mut Value, field: &str) -> Option<&'a mut Vec<Value>> {
    let fields = value.as_object_mut()?;
    fields.entry(field).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()
}

#[cfg(test)]
mod tests;
