//! The Deployment of a syncer: as little as it needs, no privilege at all, and its health told by itself.

use serde_json::{Value, json};

use super::{Access, Plan, SERVICE_ACCOUNT, access, kinds, labels, namespace, syncers};
use crate::api::workload::Mode;

pub const CONFIG: &str = "config";
pub const CONFIG_FILE: &str = "config.yaml";
const CONFIG_FOLDER: &str = "/etc/tmc/config";
const METRICS_PORT: u16 = 8080;
const HEALTH_PORT: u16 = 8081;
/// Of an image that names none: nobody.
const USER: u32 = 65532;

pub fn deployment(plan: &Plan, access: &Access) -> Value {
    let target = &plan.scope.target;
    let mut deployment = syncers(target, kinds::DEPLOYMENT, &namespace(target), SERVICE_ACCOUNT);
    let mut pod_labels = labels(target);
    pod_labels["workload.kcp.io/synctarget"] = json!(plan.scope.uid);
    deployment["spec"] = json!({
        "replicas": plan.replicas,
        // The Lease sees to it that one writes, so that two may run while one takes the place of the other.
        "selector": {"matchLabels": {"app.kubernetes.io/name": "tmc-syncer"}},
        "template": {
            "metadata": {"labels": pod_labels, "annotations": annotations(plan, access)},
            "spec": pod(plan),
        },
    });
    deployment
}

/// A change of what is only read at the start makes new pods; a new token does not.
fn annotations(plan: &Plan, access: &Access) -> Value {
    use sha2::{Digest, Sha256};
    let read = format!("{:?}\n{}", plan.config, access.server);
    let digest: String = Sha256::digest(read).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    json!({"workload.kcp.io/config-digest": digest})
}

fn pod(plan: &Plan) -> Value {
    let mut volumes =
        vec![json!({"name": "upstream", "secret": {"secretName": access::SECRET, "defaultMode": 0o440}})];
    let mut mounts = vec![json!({"name": "upstream", "mountPath": access::FOLDER, "readOnly": true})];
    if plan.config.is_some() {
        volumes.push(json!({"name": "config", "configMap": {"name": CONFIG}}));
        mounts.push(json!({"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": true}));
    }
    let probe = |path: &str, period: u32, failures: u32| json!({"httpGet": {"path": path, "port": "health"}, "periodSeconds": period, "failureThreshold": failures});
    json!({
        "serviceAccountName": SERVICE_ACCOUNT,
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        // Longer than the syncer takes to finish what is in flight.
        "terminationGracePeriodSeconds": 40,
        "containers": [{
            "name": "syncer",
            "image": plan.image,
            "command": ["syncer"],
            "args": arguments(plan),
            "ports": [
                {"name": "metrics", "containerPort": METRICS_PORT},
                {"name": "health", "containerPort": HEALTH_PORT},
            ],
            "livenessProbe": probe("/livez", 20, 3),
            "readinessProbe": probe("/readyz", 10, 3),
            "securityContext": {
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            },
            "resources": {
                "requests": {"cpu": "50m", "memory": "64Mi"},
                "limits": {"memory": "256Mi"},
            },
            "volumeMounts": mounts,
        }],
        "volumes": volumes,
    })
}

fn arguments(plan: &Plan) -> Vec<String> {
    let scope = &plan.scope;
    let mode = match scope.mode {
        Mode::Placement => "placement",
        Mode::Filter => "filter",
        Mode::Observe => "observe",
    };
    let kinds: Vec<_> = scope.kinds.iter().map(super::kind_id).collect();
    let mut arguments = vec![
        format!("--sync-target-name={}", scope.target),
        format!("--sync-target-uid={}", scope.uid),
        format!("--kubeconfig={}/{}", access::FOLDER, access::KUBECONFIG),
        format!("--mode={mode}"),
        format!("--resource-types={}", kinds.join(",")),
        format!("--metrics-port={METRICS_PORT}"),
        format!("--health-port={HEALTH_PORT}"),
    ];
    if plan.config.is_some() {
        arguments.push(format!("--config={CONFIG_FOLDER}/{CONFIG_FILE}"));
    }
    arguments.extend(plan.flags.iter().cloned());
    arguments
}
