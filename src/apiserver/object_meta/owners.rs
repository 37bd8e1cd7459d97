//! The owners of an object.

use serde_json::Value;

use super::{items, text};
use crate::apiserver::field::FieldError;

/// What is wrong with the owners of an object.
pub fn validate(references: &Value) -> Vec<FieldError> {
    const PATH: &str = "metadata.ownerReferences";
    let mut errors = Vec::new();
    let mut first_controller: Option<String> = None;
    for reference in items(references) {
        let api_version = text(reference, "apiVersion");
        let version = api_version.rsplit('/').next().unwrap_or_default();
        // More than one slash is no version at all.
        if version.is_empty() || api_version.matches('/').count() > 1 {
            errors.push(FieldError::invalid(
                format!("{PATH}.apiVersion"),
                api_version,
                "version must not be empty",
            ));
        }
        for member in ["kind", "name", "uid"] {
            if text(reference, member).is_empty() {
                errors.push(FieldError::invalid(format!("{PATH}.{member}"), "", "must not be empty"));
            }
        }
        if api_version == "v1" && text(reference, "kind") == "Event" {
            let detail = "/v1, Kind=Event is disallowed from being an owner";
            errors.push(FieldError::invalid(PATH, reference.clone(), detail));
        }
        if reference["controller"] == true {
            let name = format!("{}/{}", text(reference, "kind"), text(reference, "name"));
            match &first_controller {
                None => first_controller = Some(name),
                Some(first) => {
                    let detail = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} \
                         and {name}"
                    );
                    errors.push(FieldError::invalid(PATH, references.clone(), detail));
                }
            }
        }
    }
    errors
}

/// Takes away owners that are said twice, and says so for the client.
pub fn dedup(meta: &mut Value) -> Option<String> {
    let owners = meta.get_mut("ownerReferences")?.as_array_mut()?;
    let mut seen: Vec<Value> = Vec::new();
    let mut twice: Vec<String> = Vec::new();
    for owner in std::mem::take(owners) {
        if seen.contains(&owner) {
            twice.push(text(&owner, "uid").to_owned());
        } else {
            seen.push(owner);
        }
    }
    *owners = seen;
    (!twice.is_empty()).then(|| {
        format!(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may \
             reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            twice.join(", ")
        )
    })
}
