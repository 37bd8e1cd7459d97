//! What the spec of a definition must be.
//!
//! The rules and texts are those of `apiextensions-apiserver/pkg/apis/apiextensions/validation`. Upstream lifts
//! what all versions have in common to the spec before it validates, and its paths say so:
//! `spec.validation.openAPIV3Schema` where every version has the same schema.

mod parts;

use serde_json::Value;

use super::words::{has, items, text, wrong_label, wrong_subdomain};
use crate::apiserver::field::FieldError;

/// Everything that is wrong with a definition, new or old, outside its metadata.
pub(super) fn validate(definition: &Value) -> Vec<FieldError> {
    let spec = &definition["spec"];
    let mut errors = Vec::new();
    group(spec, &mut errors);
    match text(spec, "scope") {
        "" => errors.push(FieldError::required("spec.scope", "")),
        "Cluster" | "Namespaced" => {}
        other => errors.push(FieldError::not_supported("spec.scope", other, &["Cluster", "Namespaced"])),
    }
    if spec["preserveUnknownFields"] == true && parts::have_defaults(spec) {
        let detail = "must be false in order to use defaults in the schema";
        errors.push(FieldError::invalid("spec.preserveUnknownFields", true, detail));
    }
    versions(spec, &mut errors);
    names(&spec["names"], "spec.names", true, &mut errors);
    parts::validate(spec, &mut errors);
    conversion(&spec["conversion"], &mut errors);
    names(&definition["status"]["acceptedNames"], "status.acceptedNames", false, &mut errors);
    stored_versions(definition, &mut errors);
    approval(definition, &mut errors);
    if spec["preserveUnknownFields"] == true {
        let detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in \
                      spec.versions[*].schema instead";
        errors.push(FieldError::invalid("spec.preserveUnknownFields", true, detail));
    }
    errors
}

/// What may not change, once the definition is established or at all.
pub(super) fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let mut errors = validate(new);
    let (spec, was) = (&new["spec"], &old["spec"]);
    let mut fixed = |path: &str, new: &Value, old: &Value| {
        if new != old {
            errors.push(FieldError::invalid(path, new.clone(), "field is immutable"));
        }
    };
    if super::is_established(old) {
        fixed("spec.scope", &spec["scope"], &was["scope"]);
        fixed("spec.names.kind", &spec["names"]["kind"], &was["names"]["kind"]);
    }
    fixed("spec.group", &spec["group"], &was["group"]);
    fixed("spec.names.plural", &spec["names"]["plural"], &was["names"]["plural"]);
    errors
}

/// A definition is called by what it defines.
pub(super) fn validate_name(definition: &Value) -> Option<FieldError> {
    let (name, spec) = (text(&definition["metadata"], "name"), &definition["spec"]);
    let required = format!("{}.{}", text(&spec["names"], "plural"), text(spec, "group"));
    let detail = r#"must be spec.names.plural+"."+spec.group"#;
    (name != required).then(|| FieldError::invalid("metadata.name", name, detail))
}

fn group(spec: &Value, errors: &mut Vec<FieldError>) {
    let group = text(spec, "group");
    if group.is_empty() {
        errors.push(FieldError::required("spec.group", ""));
    } else if let Some(detail) = wrong_subdomain(group) {
        errors.push(FieldError::invalid("spec.group", group, detail));
    } else if !group.contains('.') {
        errors.push(FieldError::invalid("spec.group", group, "should be a domain with at least one dot"));
    }
}

fn versions(spec: &Value, errors: &mut Vec<FieldError>) {
    let all = || items(spec, "versions");
    for (index, version) in all().enumerate() {
        let path = format!("spec.versions[{index}]");
        if !has(&version["schema"], "openAPIV3Schema") {
            errors.push(FieldError::required(format!("{path}.schema.openAPIV3Schema"), ""));
        }
        let name = text(version, "name");
        if let Some(detail) = wrong_label(name) {
            errors.push(FieldError::invalid(format!("{path}.name"), name, detail));
        }
        deprecation(version, &path, errors);
    }
    // Go's names and order: upstream shows its own type here, after lifting what versions have in common.
    let shown = || {
        let version = |version: &Value| {
            format!(
                "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\"Schema\":null,\
                 \"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}}",
                Value::from(text(version, "name")),
                version["served"] == true,
                version["storage"] == true,
                version["deprecated"] == true,
                version["deprecationWarning"],
            )
        };
        format!("[{}]", all().map(version).collect::<Vec<_>>().join(","))
    };
    let is_repeated = |(index, version): (usize, &Value)| {
        all().take(index).any(|before| text(before, "name") == text(version, "name"))
    };
    if all().enumerate().any(is_repeated) {
        errors.push(FieldError::invalid_shown("spec.versions", shown(), "must contain unique version names"));
    }
    if all().filter(|version| version["storage"] == true).count() != 1 {
        let detail = "must have exactly one version marked as storage version";
        errors.push(FieldError::invalid_shown("spec.versions", shown(), detail));
    }
}

fn deprecation(version: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let Some(warning) = version["deprecationWarning"].as_str() else { return };
    let path = format!("{path}.deprecationWarning");
    let mut wrong = |detail: &str| errors.push(FieldError::invalid(path.clone(), warning, detail));
    if version["deprecated"] != true {
        return wrong("can only be set for deprecated versions");
    }
    if warning.len() > 256 {
        wrong("must be <= 256 characters long");
    }
    if warning.is_empty() {
        wrong("must not be an empty string");
    }
    if let Some((index, _)) = warning.char_indices().find(|(_, letter)| letter.is_control()) {
        wrong(&format!(
            "must only contain printable UTF-8 characters; non-printable character found at index {index}"
        ));
    }
}

fn names(names: &Value, path: &str, required: bool, errors: &mut Vec<FieldError>) {
    for field in ["plural", "singular", "kind", "listKind"] {
        if required && text(names, field).is_empty() {
            errors.push(FieldError::required(format!("{path}.{field}"), ""));
        }
    }
    for field in ["plural", "singular", "kind", "listKind"] {
        let (name, path) = (text(names, field), format!("{path}.{field}"));
        let is_kind = field == "kind" || field == "listKind";
        let wrong = match is_kind {
            _ if name.is_empty() => None,
            true => wrong_label(&name.to_lowercase())
                .map(|detail| format!("may have mixed case, but should otherwise match: {detail}")),
            false => wrong_label(name),
        };
        errors.extend(wrong.map(|detail| FieldError::invalid(path, name, detail)));
    }
    let list = |field: &str, errors: &mut Vec<FieldError>| {
        for (index, name) in items(names, field).filter_map(Value::as_str).enumerate() {
            let path = format!("{path}.{field}[{index}]");
            errors.extend(wrong_label(name).map(|detail| FieldError::invalid(path, name, detail)));
        }
    };
    list("shortNames", errors);
    let kind = text(names, "kind");
    if !kind.is_empty() && kind == text(names, "listKind") {
        let path = format!("{path}.listKind");
        errors.push(FieldError::invalid(path, kind, "kind and listKind may not be the same"));
    }
    list("categories", errors);
}

fn conversion(conversion: &Value, errors: &mut Vec<FieldError>) {
    if conversion.is_null() {
        return;
    }
    let path = "spec.conversion.strategy";
    match text(conversion, "strategy") {
        "" => errors.push(FieldError::required(path, "")),
        "None" => {
            let webhook = &conversion["webhook"];
            let detail = "should not be set when strategy is not set to Webhook";
            if has(webhook, "clientConfig") {
                errors.push(FieldError::forbidden("spec.conversion.webhookClientConfig", detail));
            }
            if items(webhook, "conversionReviewVersions").next().is_some() {
                errors.push(FieldError::forbidden("spec.conversion.conversionReviewVersions", detail));
            }
        }
        "Webhook" => {
            let detail = "this control plane calls no conversion webhooks; use None";
            errors.push(FieldError::forbidden(path, detail));
        }
        other => errors.push(FieldError::not_supported(path, other, &["None", "Webhook"])),
    }
}

fn stored_versions(definition: &Value, errors: &mut Vec<FieldError>) {
    const PATH: &str = "status.storedVersions";
    let stored = &definition["status"]["storedVersions"];
    let names: Vec<&str> = items(&definition["status"], "storedVersions").filter_map(Value::as_str).collect();
    if names.is_empty() {
        return errors.push(FieldError::invalid(
            PATH,
            stored.clone(),
            "must have at least one stored version",
        ));
    }
    let versions = || items(&definition["spec"], "versions");
    for version in versions().filter(|version| version["storage"] == true) {
        let name = text(version, "name");
        if !names.contains(&name) {
            let detail = format!("must have the storage version {name}");
            errors.push(FieldError::invalid(PATH, stored.clone(), detail));
        }
    }
    for (index, name) in names.iter().enumerate() {
        if versions().all(|version| version["name"] != *name) {
            let detail = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in \
                 spec.versions until a storage migration ensures no data remains persisted in {name} and removes \
                 {name} from status.storedVersions"
            );
            errors.push(FieldError::invalid(format!("{PATH}[{index}]"), *name, detail));
        }
    }
}

/// Kubernetes' own groups are not for everyone.
fn approval(definition: &Value, errors: &mut Vec<FieldError>) {
    const ANNOTATION: &str = "api-approved.kubernetes.io";
    let group = text(&definition["spec"], "group");
    let is_protected = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|domain| group.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    if !is_protected {
        return;
    }
    let path = format!("metadata.annotations[{ANNOTATION}]");
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    let approval = text(&definition["metadata"]["annotations"], ANNOTATION);
    let is_url = approval
        .split_once("://")
        .is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty() && !rest.starts_with('/'));
    if approval.is_empty() {
        let detail = format!("protected groups must have approval annotation \"{ANNOTATION}\", {see}");
        errors.push(FieldError::required(path, detail));
    } else if !approval.starts_with("unapproved") && !is_url {
        let detail = format!(
            "protected groups must have approval annotation \"{ANNOTATION}\" with either a URL or a reason starting \
             with \"unapproved\", {see}"
        );
        errors.push(FieldError::invalid(path, approval, detail));
    }
}
