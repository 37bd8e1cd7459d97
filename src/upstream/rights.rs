//! Asks the Kubernetes API who we are there and what we ourselves may do. Knows no permission by name; what
//! follows from an answer is the business of who asks.

use http::Method;
use serde_json::{Value, json};

use super::{Upstream, UpstreamError};

const ACCESS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const SELF: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

/// Whether we may do what `attributes` (`resourceAttributes` of a review) describe.
pub async fn may(upstream: &Upstream, attributes: &Value) -> Result<bool, UpstreamError> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    });
    let answer = create(upstream, ACCESS, &review).await?;
    answer["status"]["allowed"]
        .as_bool()
        .ok_or_else(|| UpstreamError::Decode("a SelfSubjectAccessReview without an answer".to_owned()))
}

/// The user name by which the API knows us.
pub async fn user_name(upstream: &Upstream) -> Result<String, UpstreamError> {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = create(upstream, SELF, &review).await?;
    let name = answer["status"]["userInfo"]["username"].as_str();
    name.map(str::to_owned)
        .ok_or_else(|| UpstreamError::Decode("a SelfSubjectReview without a name".to_owned()))
}

async fn create(upstream: &Upstream, path: &str, review: &Value) -> Result<Value, UpstreamError> {
    upstream.json(Method::POST, path, Some("application/json"), review.to_string().into_bytes()).await
}
