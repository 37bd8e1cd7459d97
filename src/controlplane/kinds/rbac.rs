//! Roles and bindings of `rbac.authorization.k8s.io`.

use serde_json::{Value, json};

use super::{Rules, cells, info, values};
use crate::apiserver::{
    field::FieldError,
    object::Cell,
    object_meta::{self, names},
    resource::ResourceInfo,
    strategy::NameRule,
};

pub const GROUP: &str = "rbac.authorization.k8s.io";

/// Role and ClusterRole.
pub fn roles() -> [Rules; 2] {
    let rules = |info: ResourceInfo, validate| Rules {
        name_rule: NameRule::PathSegment,
        validate,
        ..Rules::new(info, |object| {
            vec![cells::name(object), cells::text(values::text(object, "/metadata/creationTimestamp"))]
        })
    };
    [
        rules(info::namespaced(GROUP, "roles", "Role"), |object| policy_rules(object, true)),
        rules(info::cluster_wide(GROUP, "clusterroles", "ClusterRole"), |object| {
            [policy_rules(object, false), aggregation(object)].concat()
        }),
    ]
}

/// RoleBinding and ClusterRoleBinding.
pub fn bindings() -> [Rules; 2] {
    let rules = |info: ResourceInfo, validate| Rules {
        name_rule: NameRule::PathSegment,
        default: default_binding,
        validate,
        validate_update: validate_binding_update,
        ..Rules::new(info, binding_cells)
    };
    [
        rules(info::namespaced(GROUP, "rolebindings", "RoleBinding"), |object| binding(object, true)),
        rules(info::cluster_wide(GROUP, "clusterrolebindings", "ClusterRoleBinding"), |object| {
            binding(object, false)
        }),
    ]
}

fn policy_rules(object: &Value, namespaced: bool) -> Vec<FieldError> {
    let rules = values::items(object, "/rules").iter().enumerate();
    rules.flat_map(|(index, rule)| policy_rule(rule, namespaced, &format!("rules[{index}]"))).collect()
}

fn policy_rule(rule: &Value, namespaced: bool, path: &str) -> Vec<FieldError> {
    let empty = |member: &str| values::items(rule, member).is_empty();
    let mut errors = Vec::new();
    if empty("/verbs") {
        errors.push(FieldError::required(format!("{path}.verbs"), "verbs must contain at least one value"));
    }
    if !empty("/nonResourceURLs") {
        let wrong = |detail: &str| {
            FieldError::invalid(format!("{path}.nonResourceURLs"), rule["nonResourceURLs"].clone(), detail)
        };
        if namespaced {
            errors.push(wrong("namespaced rules cannot apply to non-resource URLs"));
        }
        if !empty("/apiGroups") || !empty("/resources") || !empty("/resourceNames") {
            errors.push(wrong("rules cannot apply to both regular resources and non-resource URLs"));
        }
        return errors;
    }
    if empty("/apiGroups") {
        let detail = "resource rules must supply at least one api group";
        errors.push(FieldError::required(format!("{path}.apiGroups"), detail));
    }
    if empty("/resources") {
        let detail = "resource rules must supply at least one resource";
        errors.push(FieldError::required(format!("{path}.resources"), detail));
    }
    errors
}

fn aggregation(object: &Value) -> Vec<FieldError> {
    const PATH: &str = "aggregationRule.clusterRoleSelectors";
    let selectors = values::items(object, "/aggregationRule/clusterRoleSelectors");
    if values::has(object, "/aggregationRule") && selectors.is_empty() {
        let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        return vec![FieldError::required(PATH, detail)];
    }
    let mut errors = Vec::new();
    for (index, selector) in selectors.iter().enumerate() {
        let path = format!("{PATH}[{index}]");
        let wrong = object_meta::label_selector(selector, &path);
        if !wrong.is_empty() {
            errors.push(FieldError::invalid(path, Value::Null, "invalid label selector."));
        }
        errors.extend(wrong);
    }
    errors
}

fn default_binding(object: &mut Value) {
    values::default(&mut object["roleRef"], "apiGroup", GROUP);
    values::each(object, "/subjects", |subject| {
        if ["User", "Group"].contains(&values::text(subject, "/kind")) {
            values::default(subject, "apiGroup", GROUP);
        }
    });
}

fn binding(object: &Value, namespaced: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let text = |pointer| values::text(object, pointer);
    if text("/roleRef/apiGroup") != GROUP {
        errors.push(FieldError::not_supported("roleRef.apiGroup", text("/roleRef/apiGroup"), &[GROUP]));
    }
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&text("/roleRef/kind")) {
        errors.push(FieldError::not_supported("roleRef.kind", text("/roleRef/kind"), kinds));
    }
    match text("/roleRef/name") {
        "" => errors.push(FieldError::required("roleRef.name", "")),
        name => errors.extend(object_meta::invalid("roleRef.name", name, names::path_segment(name))),
    }
    for (index, of) in values::items(object, "/subjects").iter().enumerate() {
        errors.extend(subject(of, namespaced, &format!("subjects[{index}]")));
    }
    errors
}

fn subject(subject: &Value, namespaced: bool, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (name, group) = (values::text(subject, "/name"), values::text(subject, "/apiGroup"));
    let group_must_be = |must: &str| {
        (group != must).then(|| FieldError::not_supported(format!("{path}.apiGroup"), group, &[must]))
    };
    if name.is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    }
    match values::text(subject, "/kind") {
        "ServiceAccount" => {
            if !name.is_empty() {
                let wrong = names::dns1123_subdomain(name);
                errors.extend(object_meta::invalid(&format!("{path}.name"), name, wrong));
            }
            errors.extend(group_must_be(""));
            if !namespaced && values::text(subject, "/namespace").is_empty() {
                errors.push(FieldError::required(format!("{path}.namespace"), ""));
            }
        }
        "User" | "Group" => errors.extend(group_must_be(GROUP)),
        kind => {
            let kinds = ["ServiceAccount", "User", "Group"];
            errors.push(FieldError::not_supported(format!("{path}.kind"), kind, &kinds));
        }
    }
    errors
}

fn validate_binding_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let role = values::at(new, "/roleRef");
    if role == values::at(old, "/roleRef") {
        return Vec::new();
    }
    // Shown as a Go struct without names for JSON.
    let shown = json!({"APIGroup": role["apiGroup"], "Kind": role["kind"], "Name": role["name"]});
    vec![FieldError::invalid("roleRef", shown, "cannot change roleRef")]
}

fn binding_cells(object: &Value) -> Vec<Cell> {
    let role = format!("{}/{}", values::text(object, "/roleRef/kind"), values::text(object, "/roleRef/name"));
    let of = |kind: &str| {
        let subjects = values::items(object, "/subjects").iter().filter(|subject| subject["kind"] == kind);
        let names: Vec<_> = subjects
            .map(|subject| {
                match (kind, values::text(subject, "/name"), values::text(subject, "/namespace")) {
                    ("ServiceAccount", name, namespace) => format!("{namespace}/{name}"),
                    (_, name, _) => name.to_owned(),
                }
            })
            .collect();
        cells::text(&names.join(", "))
    };
    let subjects = [of("User"), of("Group"), of("ServiceAccount")];
    [cells::name(object), cells::text(&role), cells::age(object)].into_iter().chain(subjects).collect()
}
