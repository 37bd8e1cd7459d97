//! The kinds that are asked and not kept: who a token is, who I am, who may what.
//!
//! Fed with the decoded body of a create and answered at once, as a kube-apiserver does: 201 with the status filled
//! in. Pure but for the time of a SelfSubjectReview; it must not know how a request came or is answered.

mod access;
mod authentication;
mod resource;
mod rules;
mod selectors;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, json};

use super::rbac::RbacAuthorizer;
use crate::apiserver::{identity::User, resource::ResourceInfo, scope::Scope, status::ApiError};

pub use resource::Reviews;

/// The groups of the kinds.
pub const AUTHENTICATION: &str = "authentication.k8s.io";
pub const AUTHORIZATION: &str = "authorization.k8s.io";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review {
    Token,
    SelfSubject,
    SubjectAccess,
    LocalSubjectAccess,
    SelfSubjectAccess,
    SelfSubjectRules,
}

/// Whose a token is.
pub trait Tokens: Send + Sync + 'static {
    fn user(&self, token: &str) -> Option<User>;
}

/// Who answers.
pub struct Services {
    pub authorizer: Arc<RbacAuthorizer>,
    pub tokens: Arc<dyn Tokens>,
    /// For whom the tokens are meant; `https://kubernetes.default.svc` on a kube-apiserver.
    pub audiences: Vec<String>,
}

/// Who asks, and where.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub user: &'a Arc<User>,
    /// Resolved.
    pub scope: &'a Scope,
}

impl Review {
    pub const ALL: [Self; 6] = [
        Self::Token,
        Self::SelfSubject,
        Self::SubjectAccess,
        Self::LocalSubjectAccess,
        Self::SelfSubjectAccess,
        Self::SelfSubjectRules,
    ];

    pub fn kind(self) -> &'static str {
        match self {
            Self::Token => "TokenReview",
            Self::SelfSubject => "SelfSubjectReview",
            Self::SubjectAccess => "SubjectAccessReview",
            Self::LocalSubjectAccess => "LocalSubjectAccessReview",
            Self::SelfSubjectAccess => "SelfSubjectAccessReview",
            Self::SelfSubjectRules => "SelfSubjectRulesReview",
        }
    }

    pub fn group(self) -> &'static str {
        match self {
            Self::Token | Self::SelfSubject => AUTHENTICATION,
            _ => AUTHORIZATION,
        }
    }

    /// How discovery shows it.
    pub fn info(self) -> ResourceInfo {
        let singular = self.kind().to_ascii_lowercase();
        ResourceInfo {
            group: self.group().into(),
            version: "v1".into(),
            resource: format!("{singular}s").into(),
            singular: singular.into(),
            kind: self.kind().into(),
            list_kind: format!("{}List", self.kind()).into(),
            namespaced: self == Self::LocalSubjectAccess,
            verbs: Cow::Borrowed(&["create"]),
            ..ResourceInfo::default()
        }
    }

    /// The answer to a create. `body` is decoded, its namespace the request's, its managed fields written.
    pub fn answer(self, body: &Value, asked: Asked<'_>, services: &Services) -> Result<Value, ApiError> {
        match self {
            Self::Token => self.of_token(body, services),
            Self::SelfSubject => Ok(self.of_caller(asked)),
            Self::SubjectAccess | Self::LocalSubjectAccess | Self::SelfSubjectAccess => {
                self.of_access(body, asked, services)
            }
            Self::SelfSubjectRules => self.of_rules(body, asked, services),
        }
    }

    /// The body again, with a status.
    fn answered(self, body: &Value, status: Value) -> Value {
        let member = |name: &str| body.get(name).filter(|value| value.is_object()).cloned();
        json!({
            "apiVersion": format!("{}/v1", self.group()),
            "kind": self.kind(),
            "metadata": member("metadata").unwrap_or_else(|| json!({})),
            "spec": member("spec").unwrap_or_else(|| json!({})),
            "status": status,
        })
    }

    /// `spec` as its type; what is absent is empty.
    fn spec<T: DeserializeOwned + Default>(self, body: &Value) -> Result<T, ApiError> {
        let Some(spec) = body.get("spec").filter(|spec| !spec.is_null()) else { return Ok(T::default()) };
        let kind = self.kind();
        T::deserialize(spec).map_err(|error| {
            ApiError::bad_request(format!("{kind} in version \"v1\" cannot be handled as a {kind}: {error}"))
        })
    }
}

/// What is `null` is empty, as in Go.
fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
