//! `/version`: what kubectl and client-go read to know what they talk to.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderValue, header};

/// The Kubernetes API behaviour this library follows.
const EMULATED: (&str, &str) = ("1", "36");

/// The document, ready to send.
#[derive(Clone)]
pub struct Version(Bytes);

impl Version {
    /// `git_version` is what programs parse as semver, e.g. `v0.1.0`.
    pub fn new(git_version: &str) -> Self {
        let (major, minor) = EMULATED;
        let document = serde_json::json!({
            "major": major,
            "minor": minor,
            "emulationMajor": major,
            "emulationMinor": minor,
            "minCompatibilityMajor": major,
            "minCompatibilityMinor": minor,
            "gitVersion": git_version,
            "gitCommit": "",
            "gitTreeState": "",
            "buildDate": "",
            "goVersion": "",
            "compiler": "rustc",
            "platform": format!("{}/{}", std::env::consts::OS, architecture()),
        });
        let text = serde_json::to_vec_pretty(&document).expect("strings always serialize");
        Self(text.into())
    }

    pub fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.0.clone()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// As Go names it, which is what readers of this document know.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_a_string() {
        let document: serde_json::Value = serde_json::from_slice(&Version::new("v0.1.0").0).unwrap();
        let members = document.as_object().unwrap();
        assert_eq!(members.len(), 13);
        assert!(members.values().all(serde_json::Value::is_string));
        assert_eq!(members["gitVersion"], "v0.1.0");
        assert!(members["platform"].as_str().unwrap().starts_with("linux/"));
    }
}
