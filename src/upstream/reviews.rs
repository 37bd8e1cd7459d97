//! Asks kube-apiserver who a token belongs to and what a caller may do.
//!
//! Fed by the API server library through [`Reviewer`]; bounds and memory are its caller's. Tokens are never logged.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Upstream, UpstreamError};
use crate::apiserver::{
    authz::{ReviewError, Reviewer, TokenAnswer},
    identity::{Attributes, Decision, Target, User},
    scope::Scope,
};

const TOKEN_REVIEWS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";
const ACCESS_REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

/// The [`Reviewer`] of one Kubernetes API without logical clusters.
pub struct Reviews {
    upstream: Upstream,
    told_token_reviews: AtomicBool,
    told_access_reviews: AtomicBool,
}

#[derive(Deserialize)]
struct Reviewed<T> {
    status: Option<T>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct TokenStatus {
    authenticated: bool,
    user: TokenUser,
    audiences: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenUser {
    username: String,
    uid: String,
    groups: Vec<String>,
    extra: std::collections::BTreeMap<String, Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AccessStatus {
    allowed: bool,
    denied: bool,
    reason: String,
}

impl Reviews {
    pub fn new(upstream: Upstream) -> Self {
        Self {
            upstream,
            told_token_reviews: AtomicBool::new(false),
            told_access_reviews: AtomicBool::new(false),
        }
    }

    async fn post<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        review: &impl Serialize,
        told: &AtomicBool,
    ) -> Result<T, ReviewError> {
        let body = serde_json::to_vec(review).map_err(|_| unanswered("it cannot be written"))?;
        let answer = self.upstream.json(Method::POST, path, Some("application/json"), body).await;
        if let Err(error) = &answer {
            tell_missing_right(error, path, told);
        }
        let reviewed: Reviewed<T> = answer.map_err(|error| unanswered(&error.to_string()))?;
        reviewed.status.ok_or_else(|| unanswered("the answer has no status"))
    }
}

#[async_trait]
impl Reviewer for Reviews {
    async fn token_review(&self, token: &str, audiences: &[String]) -> Result<TokenAnswer, ReviewError> {
        let review = token_review(token, audiences);
        let status: TokenStatus = self.post(TOKEN_REVIEWS, &review, &self.told_token_reviews).await?;
        Ok(token_answer(status))
    }

    async fn subject_access_review(&self, attributes: &Attributes) -> Result<Decision, ReviewError> {
        if attributes.scope != Scope::None {
            return Ok(Decision::Deny { reason: "this server has no logical clusters".to_owned() });
        }
        let review = access_review(attributes);
        let status: AccessStatus = self.post(ACCESS_REVIEWS, &review, &self.told_access_reviews).await?;
        Ok(decision(status))
    }
}

fn token_review(token: &str, audiences: &[String]) -> Value {
    let mut spec = json!({"token": token});
    if !audiences.is_empty() {
        spec["audiences"] = json!(audiences);
    }
    json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec})
}

fn token_answer(status: TokenStatus) -> TokenAnswer {
    if !status.authenticated {
        return TokenAnswer::Rejected;
    }
    let TokenUser { username, uid, groups, extra } = status.user;
    TokenAnswer::Accepted { user: User { name: username, uid, groups, extra }, audiences: status.audiences }
}

fn access_review(attributes: &Attributes) -> Value {
    let Attributes { user, verb, scope: _, target } = attributes;
    let mut spec = json!({"user": user.name, "groups": user.groups, "extra": user.extra});
    if !user.uid.is_empty() {
        spec["uid"] = json!(user.uid);
    }
    match &**target {
        Target::Resource { group, version, resource, subresource, namespace, name } => {
            spec["resourceAttributes"] = json!({
                "verb": verb, "group": group, "version": version, "resource": resource,
                "subresource": subresource, "namespace": namespace, "name": name,
            });
        }
        Target::NonResource { path } => {
            spec["nonResourceAttributes"] = json!({"verb": verb, "path": path});
        }
    }
    json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec})
}

/// Only a plain yes is one.
fn decision(status: AccessStatus) -> Decision {
    if status.allowed && !status.denied { Decision::Allow } else { Decision::Deny { reason: status.reason } }
}

fn unanswered(why: &str) -> ReviewError {
    ReviewError::Unanswered(why.to_owned())
}

/// One line when we may not ask, because only an administrator can help.
fn tell_missing_right(error: &UpstreamError, path: &str, told: &AtomicBool) {
    if error.code() == Some(StatusCode::FORBIDDEN) && !told.swap(true, Ordering::Relaxed) {
        let resource = path.rsplit('/').next().unwrap_or(path);
        tracing::error!(
            verb = "create",
            resource,
            %error,
            "this server may not create {resource}; bind its identity to ClusterRole system:auth-delegator"
        );
    }
}

#[cfg(test)]
mod tests;
