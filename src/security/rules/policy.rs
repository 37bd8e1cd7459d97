//! A fence for a syncer on a physical cluster: RBAC cannot say "only in namespaces with this label", a
//! ValidatingAdmissionPolicy can. It must not know how it is applied.

use serde_json::{Value, json};

#[cfg(test)]
mod tests;

/// The label of everything that a syncer makes; its value is the target's key.
pub const OWNER_LABEL: &str = "internal.workload.kcp.io/cluster";
const API_VERSION: &str = "admissionregistration.k8s.io/v1";

/// Whom a fence is around.
#[derive(Clone, Copy, Debug)]
pub struct Fenced<'a> {
    /// Of the policy and its binding.
    pub name: &'a str,
    /// The syncer's ServiceAccount.
    pub namespace: &'a str,
    pub service_account: &'a str,
    /// The target's key.
    pub key: &'a str,
}

/// The policy and its binding: this ServiceAccount writes in namespaces with its key, and makes and changes
/// namespaces and objects of the cluster with its key, and nothing else. Without a decision it may not write.
pub fn fence(fenced: &Fenced<'_>) -> [Value; 2] {
    let Fenced { name, namespace, service_account, key } = *fenced;
    let user = format!("system:serviceaccount:{namespace}:{service_account}");
    let policy = json!({
        "apiVersion": API_VERSION, "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [{
                    "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"],
                    "operations": ["CREATE", "UPDATE", "DELETE"],
                }],
                // Asking what one may do writes nothing.
                "excludeResourceRules": [{
                    "apiGroups": ["authorization.k8s.io", "authentication.k8s.io"], "apiVersions": ["*"],
                    "resources": ["*"], "operations": ["CREATE"],
                }],
            },
            "matchConditions": [{
                "name": "only-this-syncer", "expression": format!("request.userInfo.username == {user:?}"),
            }],
            "variables": [
                {"name": "before", "expression": labelled("oldObject", key)},
                {"name": "after", "expression": labelled("object", key)},
                {"name": "inside", "expression": labelled("namespaceObject", key)},
            ],
            "validations": [
                {
                    "expression": "namespaceObject == null || variables.inside",
                    "message": format!("this syncer writes only in namespaces with the label {OWNER_LABEL}={key}"),
                },
                {
                    // Adopting an object of the cluster is an update that puts the label there.
                    "expression": "namespaceObject != null || \
                        (request.operation == 'DELETE' ? variables.before : variables.after)",
                    "message": format!("this syncer writes only namespaces and cluster-scoped objects with the label \
                        {OWNER_LABEL}={key}"),
                },
            ],
        },
    });
    let binding = json!({
        "apiVersion": API_VERSION, "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    });
    [policy, binding]
}

/// CEL: whether `object` has the label with this key.
fn labelled(object: &str, key: &str) -> String {
    format!(
        "{object} != null && has({object}.metadata.labels) && '{OWNER_LABEL}' in {object}.metadata.labels \
         && {object}.metadata.labels['{OWNER_LABEL}'] == {key:?}"
    )
}
