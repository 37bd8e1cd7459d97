//! SubjectAccessReview and its two relatives: may somebody, may somebody here, may I.
//!
//! The texts are those of `k8s.io/kubernetes/pkg/apis/authorization/validation`.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Asked, Review, Services, nullable,
    selectors::{FieldSelectorAttributes, LabelSelectorAttributes},
};
use crate::{
    apiserver::{
        field::FieldError,
        identity::{Attributes, Target, User},
        status::ApiError,
    },
    controlplane::rbac::{Outcome, Verdict},
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    resource_attributes: Option<ResourceAttributes>,
    non_resource_attributes: Option<NonResourceAttributes>,
    #[serde(deserialize_with = "nullable")]
    user: String,
    #[serde(deserialize_with = "nullable")]
    groups: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    uid: String,
    #[serde(deserialize_with = "nullable")]
    extra: BTreeMap<String, Option<Vec<String>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ResourceAttributes {
    #[serde(deserialize_with = "nullable")]
    namespace: String,
    #[serde(deserialize_with = "nullable")]
    verb: String,
    #[serde(deserialize_with = "nullable")]
    group: String,
    #[serde(deserialize_with = "nullable")]
    version: String,
    #[serde(deserialize_with = "nullable")]
    resource: String,
    #[serde(deserialize_with = "nullable")]
    subresource: String,
    #[serde(deserialize_with = "nullable")]
    name: String,
    field_selector: Option<FieldSelectorAttributes>,
    label_selector: Option<LabelSelectorAttributes>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NonResourceAttributes {
    #[serde(deserialize_with = "nullable")]
    path: String,
    #[serde(deserialize_with = "nullable")]
    verb: String,
}

impl NonResourceAttributes {
    /// As kube-apiserver shows it in an error.
    fn shown(&self) -> Value {
        json!({"Path": self.path, "Verb": self.verb})
    }
}

impl Review {
    pub(super) fn of_access(
        self,
        body: &Value,
        asked: Asked<'_>,
        services: &Services,
    ) -> Result<Value, ApiError> {
        let spec: Spec = self.spec(body)?;
        let faults = self.faults(&spec, body);
        if !faults.is_empty() {
            // Kubernetes forgets the kind here.
            return Err(ApiError::invalid(self.group(), "", "", &faults));
        }
        let user = match self {
            Self::SelfSubjectAccess => asked.user.clone(),
            _ => Arc::new(subject(&spec)),
        };
        let (verb, target) = target(&spec);
        let verdict = services.authorizer.evaluate(&Attributes {
            user,
            verb: verb.into(),
            scope: asked.scope.clone(),
            target: target.into(),
        });
        Ok(self.answered(body, status(&verdict, &spec)))
    }

    fn faults(self, spec: &Spec, body: &Value) -> Vec<FieldError> {
        let mut faults = Vec::new();
        match (&spec.resource_attributes, &spec.non_resource_attributes) {
            (Some(_), Some(other)) => faults.push(FieldError::invalid(
                "spec.nonResourceAttributes",
                other.shown(),
                "cannot be specified in combination with resourceAttributes",
            )),
            (None, None) => faults.push(FieldError::invalid(
                "spec.resourceAttributes",
                Value::Null,
                "exactly one of nonResourceAttributes or resourceAttributes must be specified",
            )),
            _ => {}
        }
        if self != Self::SelfSubjectAccess && spec.user.is_empty() && spec.groups.is_empty() {
            let detail = "at least one of user or group must be specified";
            faults.push(FieldError::invalid("spec.user", "", detail));
        }
        if let Some(resource) = &spec.resource_attributes {
            faults.extend(resource.faults());
        }
        faults.extend(self.metadata_fault(&body["metadata"]));
        if self == Self::LocalSubjectAccess {
            faults.extend(local_faults(spec, body["metadata"]["namespace"].as_str().unwrap_or_default()));
        }
        faults
    }

    /// A review has no name and no labels.
    fn metadata_fault(self, metadata: &Value) -> Option<FieldError> {
        let local = self == Self::LocalSubjectAccess;
        let ignored = |name: &str| name == "managedFields" || (local && name == "namespace");
        let said = |(name, value): (&String, &Value)| !ignored(name) && !is_empty(value);
        let detail = if local { "must be empty except for namespace" } else { "must be empty" };
        let any = metadata.as_object().is_some_and(|members| members.iter().any(said));
        any.then(|| FieldError::invalid("metadata", metadata.clone(), detail))
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0),
    }
}

impl ResourceAttributes {
    fn faults(&self) -> Vec<FieldError> {
        let fields = self.field_selector.iter().flat_map(FieldSelectorAttributes::faults);
        fields.chain(self.label_selector.iter().flat_map(LabelSelectorAttributes::faults)).collect()
    }
}

fn local_faults(spec: &Spec, namespace: &str) -> Vec<FieldError> {
    let mut faults = Vec::new();
    if let Some(resource) = spec.resource_attributes.as_ref().filter(|given| given.namespace != namespace) {
        faults.push(FieldError::invalid(
            "spec.resourceAttributes.namespace",
            resource.namespace.clone(),
            "must match metadata.namespace",
        ));
    }
    if let Some(other) = &spec.non_resource_attributes {
        let detail = "disallowed on this kind of request";
        faults.push(FieldError::invalid("spec.nonResourceAttributes", other.shown(), detail));
    }
    faults
}

fn subject(spec: &Spec) -> User {
    let extra = spec.extra.iter().map(|(key, values)| (key.clone(), values.clone().unwrap_or_default()));
    User {
        name: spec.user.clone(),
        uid: spec.uid.clone(),
        groups: spec.groups.clone(),
        extra: extra.collect(),
    }
}

fn target(spec: &Spec) -> (String, Target) {
    match (&spec.resource_attributes, &spec.non_resource_attributes) {
        (Some(asked), _) => {
            let target = Target::Resource {
                group: asked.group.clone(),
                version: asked.version.clone(),
                resource: asked.resource.clone(),
                subresource: asked.subresource.clone(),
                namespace: asked.namespace.clone(),
                name: asked.name.clone(),
            };
            (asked.verb.clone(), target)
        }
        (None, Some(asked)) => (asked.verb.clone(), Target::NonResource { path: asked.path.clone() }),
        (None, None) => (String::new(), Target::NonResource { path: String::new() }),
    }
}

fn status(verdict: &Verdict, spec: &Spec) -> Value {
    let mut status = json!({"allowed": verdict.allowed()});
    if verdict.outcome == Outcome::Deny {
        status["denied"] = true.into();
    }
    if !verdict.reason.is_empty() {
        status["reason"] = verdict.reason.as_str().into();
    }
    let resource = spec.resource_attributes.as_ref();
    let fields = resource.and_then(|asked| asked.field_selector.as_ref()?.ignored());
    let labels = resource.and_then(|asked| asked.label_selector.as_ref()?.ignored());
    let errors: Vec<String> = fields.into_iter().chain(labels).collect();
    if !errors.is_empty() {
        status["evaluationError"] = errors.join("; ").into();
    }
    status
}
