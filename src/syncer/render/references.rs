//! Which other objects an object names, and where.

use std::collections::BTreeSet;

use serde_json::Value;

use super::places::{each, each_mut};
use crate::syncer::{kind::Kind, naming, pod_template};

/// An object that another one names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// `configmaps`, `secrets`, `persistentvolumeclaims`, `serviceaccounts` and `services` of the core group, in the
    /// namespace of the object that names it; or of the cluster, `storageclasses` and the like.
    pub resource: &'static str,
    pub name: String,
}

type Places = &'static [(&'static str, &'static [&'static str])];

/// In the spec of a pod.
const IN_POD: Places = &[
    ("configmaps", &["volumes", "*", "configMap", "name"]),
    ("configmaps", &["volumes", "*", "projected", "sources", "*", "configMap", "name"]),
    ("persistentvolumeclaims", &["volumes", "*", "persistentVolumeClaim", "claimName"]),
    ("priorityclasses", &["priorityClassName"]),
    ("runtimeclasses", &["runtimeClassName"]),
    ("secrets", &["imagePullSecrets", "*", "name"]),
    ("secrets", &["volumes", "*", "azureFile", "secretName"]),
    ("secrets", &["volumes", "*", "cephfs", "secretRef", "name"]),
    ("secrets", &["volumes", "*", "cinder", "secretRef", "name"]),
    ("secrets", &["volumes", "*", "csi", "nodePublishSecretRef", "name"]),
    ("secrets", &["volumes", "*", "flexVolume", "secretRef", "name"]),
    ("secrets", &["volumes", "*", "iscsi", "secretRef", "name"]),
    ("secrets", &["volumes", "*", "projected", "sources", "*", "secret", "name"]),
    ("secrets", &["volumes", "*", "rbd", "secretRef", "name"]),
    ("secrets", &["volumes", "*", "scaleIO", "secretRef", "name"]),
    ("secrets", &["volumes", "*", "secret", "secretName"]),
    ("secrets", &["volumes", "*", "storageos", "secretRef", "name"]),
    ("serviceaccounts", &["serviceAccount"]),
    ("serviceaccounts", &["serviceAccountName"]),
    ("storageclasses", &["volumes", "*", "ephemeral", "volumeClaimTemplate", "spec", "storageClassName"]),
];

/// In each container of a pod.
const IN_CONTAINER: Places = &[
    ("configmaps", &["env", "*", "valueFrom", "configMapKeyRef", "name"]),
    ("configmaps", &["envFrom", "*", "configMapRef", "name"]),
    ("secrets", &["env", "*", "valueFrom", "secretKeyRef", "name"]),
    ("secrets", &["envFrom", "*", "secretRef", "name"]),
];

pub(in crate::syncer) const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// In other places of an object.
fn elsewhere(kind: &Kind) -> Places {
    match (kind.group.as_str(), kind.resource.as_str()) {
        ("", "persistentvolumeclaims") => &[("storageclasses", &["spec", "storageClassName"])],
        ("", "persistentvolumes") => &[
            ("persistentvolumeclaims", &["spec", "claimRef", "name"]),
            ("storageclasses", &["spec", "storageClassName"]),
        ],
        ("", "serviceaccounts") => &[("secrets", &["imagePullSecrets", "*", "name"])],
        ("apps", "statefulsets") => &[
            ("services", &["spec", "serviceName"]),
            ("storageclasses", &["spec", "volumeClaimTemplates", "*", "spec", "storageClassName"]),
        ],
        ("networking.k8s.io", "ingresses") => &[
            ("ingressclasses", &["spec", "ingressClassName"]),
            ("secrets", &["spec", "tls", "*", "secretName"]),
            ("services", &["spec", "defaultBackend", "service", "name"]),
            ("services", &["spec", "rules", "*", "http", "paths", "*", "backend", "service", "name"]),
        ],
        _ => &[],
    }
}

/// The objects that this one names. Of a pod template: what it needs to run.
pub fn references(object: &Value, kind: &Kind) -> BTreeSet<Reference> {
    let mut found = BTreeSet::new();
    let mut take = |resource: &'static str, value: &Value| {
        let name = value.as_str().filter(|name| !name.is_empty());
        found.extend(name.map(|name| Reference { resource, name: name.to_owned() }));
    };
    if let Some(spec) = pod_template::of(object, kind).and_then(|template| template.get("spec")) {
        for (resource, path) in IN_POD {
            each(spec, path, &mut |value| take(resource, value));
        }
        for containers in CONTAINERS {
            each(spec, &[containers, "*"], &mut |container| {
                for (resource, path) in IN_CONTAINER {
                    each(container, path, &mut |value| take(resource, value));
                }
            });
        }
    }
    for (resource, path) in elsewhere(kind) {
        each(object, path, &mut |value| take(resource, value));
    }
    found
}

/// Gives the objects that this one names other names, where `renamed` has some.
pub fn rename(
    object: &mut Value,
    kind: &Kind,
    renamed: &mut dyn FnMut(&'static str, &str) -> Option<String>,
) {
    let mut change = |resource: &'static str, value: &mut Value| {
        if let Some(name) = value.as_str().and_then(|name| renamed(resource, name)) {
            *value = name.into();
        }
    };
    if let Some(spec) = pod_template::of_mut(object, kind).and_then(|template| template.get_mut("spec")) {
        for (resource, path) in IN_POD {
            each_mut(spec, path, &mut |value| change(resource, value));
        }
        for containers in CONTAINERS {
            each_mut(spec, &[containers, "*"], &mut |container| {
                for (resource, path) in IN_CONTAINER {
                    each_mut(container, path, &mut |value| change(resource, value));
                }
            });
        }
    }
    for (resource, path) in elsewhere(kind) {
        each_mut(object, path, &mut |value| change(resource, value));
    }
}

/// References follow the objects that are called otherwise on the cluster.
pub(super) fn follow_names(object: &mut Value, kind: &Kind) {
    rename(object, kind, &mut |resource, name| naming::renamed("", resource, name));
}

#[cfg(test)]
mod tests;
