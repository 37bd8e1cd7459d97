//! SelfSubjectRulesReview: everything the caller may do in a namespace.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Asked, Review, Services, nullable};
use crate::{
    apiserver::{scope::Scope, status::ApiError},
    controlplane::rbac::{Rule, aggregate},
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(deserialize_with = "nullable")]
    namespace: String,
}

impl Review {
    pub(super) fn of_rules(
        self,
        body: &Value,
        asked: Asked<'_>,
        services: &Services,
    ) -> Result<Value, ApiError> {
        let Spec { namespace } = self.spec(body)?;
        if namespace.is_empty() {
            return Err(ApiError::bad_request("no namespace on request"));
        }
        let Scope::Id(cluster) = asked.scope else { return Err(ApiError::unknown_path()) };
        let found = services.authorizer.rules(asked.user, cluster, &namespace);
        let mut status = json!({
            "resourceRules": resource_rules(&found.rules),
            "nonResourceRules": url_rules(&found.rules),
            "incomplete": false,
        });
        let error = aggregate(found.missing.iter().map(ToString::to_string));
        if !error.is_empty() {
            status["evaluationError"] = error.into();
        }
        // The question is not repeated.
        Ok(self.answered(&json!({}), status))
    }
}

fn resource_rules(rules: &[Rule]) -> Vec<Value> {
    let about = rules.iter().filter(|rule| !rule.resources.is_empty());
    about.map(|rule| json!(Rule { non_resource_urls: Vec::new(), ..rule.clone() })).collect()
}

fn url_rules(rules: &[Rule]) -> Vec<Value> {
    let about = rules.iter().filter(|rule| !rule.non_resource_urls.is_empty());
    about.map(|rule| json!({"verbs": rule.verbs, "nonResourceURLs": rule.non_resource_urls})).collect()
}
