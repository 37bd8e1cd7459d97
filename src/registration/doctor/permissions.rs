//! Whether the server's ServiceAccount may do what it has to, and whether users get to the views.

use http::Method;
use serde_json::{Value, json};

use super::{Finding, read};
use crate::{
    registration::{
        installation::{ServiceReference, ServingCa},
        kinds,
    },
    security::rules::{self, Permission},
    upstream::{Upstream, UpstreamError},
};

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

/// Asks the authorizer for every permission of the rule table.
pub async fn server(upstream: &Upstream, service: &ServiceReference, serving_ca: ServingCa) -> Vec<Finding> {
    let account = format!("{}/{}", service.namespace, rules::SERVICE_ACCOUNT);
    let permissions = rules::server_permissions(&service.namespace, serving_ca == ServingCa::Secret);
    let mut missing = Vec::new();
    for permission in &permissions {
        match allowed(upstream, &service.namespace, permission).await {
            Ok(true) => {}
            Ok(false) => missing.push(permission),
            Err(error) => {
                return vec![Finding::unread(format!("what ServiceAccount {account} may do"), &error)];
            }
        }
    }
    judge(&account, &missing)
}

/// One line for all verbs that are missing on the same thing.
pub fn judge(account: &str, missing: &[&Permission]) -> Vec<Finding> {
    if missing.is_empty() {
        return vec![Finding::ok(format!("ServiceAccount {account} may do what the server has to"))];
    }
    let line = |same: &[&Permission]| {
        let verbs: Vec<_> = same.iter().map(|permission| permission.verb.as_str()).collect();
        let (verbs, on) = (verbs.join(", "), same[0].on());
        Finding::fail(
            format!("ServiceAccount {account} may not {verbs} {on}"),
            "run `tmc register`, or kubectl apply -f apiservice/rbac.yaml",
        )
    };
    missing.chunk_by(|one, other| one.on() == other.on()).map(line).collect()
}

async fn allowed(
    upstream: &Upstream,
    namespace: &str,
    permission: &Permission,
) -> Result<bool, UpstreamError> {
    let review = review(namespace, permission).to_string().into_bytes();
    let answer: Value = upstream.json(Method::POST, REVIEWS, Some("application/json"), review).await?;
    Ok(answer["status"]["allowed"] == true)
}

/// As the ServiceAccount's own token would be reviewed.
pub fn review(namespace: &str, permission: &Permission) -> Value {
    json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {
            "user": format!("system:serviceaccount:{namespace}:{}", rules::SERVICE_ACCOUNT),
            "groups": [
                "system:serviceaccounts", format!("system:serviceaccounts:{namespace}"), "system:authenticated",
            ],
            "resourceAttributes": permission.to_json(),
        },
    })
}

pub async fn door(upstream: &Upstream) -> Finding {
    match read(upstream, kinds::CLUSTER_ROLE_BINDING, "", rules::DOOR).await {
        Ok(found) => judge_door(found.as_ref()),
        Err(error) => Finding::unread(format!("ClusterRoleBinding {}", rules::DOOR), &error),
    }
}

pub fn judge_door(binding: Option<&Value>) -> Finding {
    match binding {
        Some(_) => Finding::ok(format!("users get through the door role {}", rules::DOOR)),
        None => Finding::warn(
            format!("the door role {} is bound to nobody", rules::DOOR),
            "unless you bind list and watch yourself, kube-apiserver refuses every list: \
             run `tmc register` without --no-door",
        ),
    }
}
