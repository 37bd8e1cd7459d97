//! The audit log of a kube-apiserver: what to note, and what a user was seen to ask for. Knows the format of
//! audit.k8s.io/v1, no client.

use std::fmt;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Each request of a ServiceAccount, and of jane, once and without bodies. Kubernetes' own parts are none here.
pub fn policy() -> String {
    let metadata = "Metadata";
    let rules = json!([{"level": metadata, "userGroups": ["system:serviceaccounts"]}, {"level": metadata, "users": ["jane"]}]);
    let kind = json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules});
    kind.to_string()
}

/// One request, as the server understood it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    pub verb: String,
    pub uri: String,
    /// Plural name, `resource/subresource` where there is one; empty outside of resources.
    pub resource: String,
    pub namespace: String,
    pub name: String,
    pub code: u64,
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{} {} {}", self.code, self.verb, self.uri)
    }
}

impl Request {
    /// Whether it could change anything; reviews answer a question.
    pub fn writes(&self) -> bool {
        !matches!(self.verb.as_str(), "get" | "list" | "watch") && !self.resource.ends_with("accessreviews")
    }
}

/// What `user` asked for, oldest first. A watch is listed when it ends, too.
pub fn requests(log: &Path, user: &str) -> Vec<Request> {
    let text = fs::read_to_string(log).unwrap_or_default();
    // The last line may be half written.
    let entries = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries.filter(|entry| entry["user"]["username"] == user).map(|entry| request(&entry)).collect()
}

fn request(entry: &Value) -> Request {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = &entry["objectRef"];
    let resource = match (&object["resource"], &object["subresource"]) {
        (Value::String(resource), Value::String(sub)) => format!("{resource}/{sub}"),
        (resource, _) => text(resource),
    };
    Request {
        verb: text(&entry["verb"]),
        uri: text(&entry["requestURI"]),
        resource,
        namespace: text(&object["namespace"]),
        name: text(&object["name"]),
        code: entry["responseStatus"]["code"].as_u64().unwrap_or_default(),
    }
}
