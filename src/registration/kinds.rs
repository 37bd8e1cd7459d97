//! Where an object of a kind that registration uses lives in the API.
//!
//! A closed table: an object of any other kind is a mistake in the manifests.

use serde_json::Value;

#[cfg(test)]
mod tests;

/// One kind: its group-version, its plural and whether it is namespaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub plural: &'static str,
    pub namespaced: bool,
}

const fn kind(api_version: &'static str, kind: &'static str, plural: &'static str, namespaced: bool) -> Kind {
    Kind { api_version, kind, plural, namespaced }
}

const RBAC: &str = "rbac.authorization.k8s.io/v1";
const CERT_MANAGER: &str = "cert-manager.io/v1";

pub const NAMESPACE: Kind = kind("v1", "Namespace", "namespaces", false);
pub const SERVICE_ACCOUNT: Kind = kind("v1", "ServiceAccount", "serviceaccounts", true);
pub const SERVICE: Kind = kind("v1", "Service", "services", true);
pub const SECRET: Kind = kind("v1", "Secret", "secrets", true);
pub const CONFIG_MAP: Kind = kind("v1", "ConfigMap", "configmaps", true);
pub const CLUSTER_ROLE: Kind = kind(RBAC, "ClusterRole", "clusterroles", false);
pub const CLUSTER_ROLE_BINDING: Kind = kind(RBAC, "ClusterRoleBinding", "clusterrolebindings", false);
pub const ROLE: Kind = kind(RBAC, "Role", "roles", true);
pub const ROLE_BINDING: Kind = kind(RBAC, "RoleBinding", "rolebindings", true);
pub const API_SERVICE: Kind = kind("apiregistration.k8s.io/v1", "APIService", "apiservices", false);
pub const CUSTOM_RESOURCE_DEFINITION: Kind =
    kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false);
pub const ISSUER: Kind = kind(CERT_MANAGER, "Issuer", "issuers", true);
pub const CERTIFICATE: Kind = kind(CERT_MANAGER, "Certificate", "certificates", true);

pub const DEPLOYMENT: Kind = kind("apps/v1", "Deployment", "deployments", true);
pub const SYNC_TARGET: Kind = kind("workload.kcp.io/v1alpha1", "SyncTarget", "synctargets", false);
const ADMISSION: &str = "admissionregistration.k8s.io/v1";
pub const ADMISSION_POLICY: Kind =
    kind(ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", false);
pub const ADMISSION_POLICY_BINDING: Kind =
    kind(ADMISSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", false);

const KINDS: &[Kind] = &[
    NAMESPACE,
    SERVICE_ACCOUNT,
    SERVICE,
    SECRET,
    CONFIG_MAP,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    ROLE,
    ROLE_BINDING,
    API_SERVICE,
    CUSTOM_RESOURCE_DEFINITION,
    ISSUER,
    CERTIFICATE,
    DEPLOYMENT,
    SYNC_TARGET,
    ADMISSION_POLICY,
    ADMISSION_POLICY_BINDING,
];

impl Kind {
    pub fn of(object: &Value) -> Option<Self> {
        KINDS.iter().copied().find(|kind| {
            object["apiVersion"].as_str() == Some(kind.api_version)
                && object["kind"].as_str() == Some(kind.kind)
        })
    }

    /// Path of all objects of the kind, in one namespace where it has one.
    pub fn collection(&self, namespace: &str) -> String {
        let root = if self.api_version == "v1" { "/api" } else { "/apis" };
        let namespace = if self.namespaced { format!("/namespaces/{namespace}") } else { String::new() };
        format!("{root}/{}{namespace}/{}", self.api_version, self.plural)
    }

    pub fn path(&self, namespace: &str, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), percent(name))
    }

    /// `plural.group`, as kubectl and RBAC name it.
    pub fn resource(&self) -> String {
        match self.api_version.split_once('/') {
            Some((group, _)) => format!("{}.{group}", self.plural),
            None => self.plural.to_owned(),
        }
    }
}

/// `metadata.namespace` and `metadata.name`, empty where absent.
pub fn address(object: &Value) -> (&str, &str) {
    let metadata = &object["metadata"];
    (metadata["namespace"].as_str().unwrap_or_default(), metadata["name"].as_str().unwrap_or_default())
}

/// RBAC names hold `:`, which is legal in a path, but nothing else that would need more care.
fn percent(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2D", "-")
        .replace("%2E", ".")
}
