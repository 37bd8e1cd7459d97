//! What the built-in kinds need beyond stripping: fields that a cluster allocates or generates are left to it.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{RenderContext, RenderError, places::remove};
use crate::syncer::{
    identity::Identity,
    json::entry,
    kind::Kind,
    naming, pod_template,
    service_account::{ACCOUNT, TOKEN},
};

/// Annotation of a Service of the workspace: `true` keeps its node ports.
pub const PRESERVE_NODE_PORTS: &str = "workload.kcp.io/preserve-node-ports";

/// Labels that a Job's controller generates.
const JOB_LABELS: [&str; 4] =
    ["batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name"];

pub(super) fn apply(
    object: &mut Value,
    upstream: &Value,
    context: &RenderContext<'_>,
) -> Result<(), RenderError> {
    let kind = context.kind;
    match (kind.group.as_str(), kind.resource.as_str()) {
        ("", "services") => {
            service(object, entry(upstream, "annotations", PRESERVE_NODE_PORTS) == Some("true"))
        }
        ("", "secrets") => secret(object)?,
        ("", "serviceaccounts") => remove(object, &[], "secrets"),
        ("", "persistentvolumeclaims") => remove(object, &["spec"], "volumeName"),
        ("", "persistentvolumes") => volume(object, context.identity)?,
        ("", "pods") => remove(object, &["spec"], "nodeName"),
        ("apps", "statefulsets") => claim_templates(object),
        ("batch", "jobs") => job(object),
        ("batch", "cronjobs") => remove(object, &["spec", "jobTemplate", "metadata"], "creationTimestamp"),
        _ => {}
    }
    template(object, kind)
}

/// A kind with a pod template is worth nothing without one, and not every server checks that.
fn template(object: &mut Value, kind: &Kind) -> Result<(), RenderError> {
    if pod_template::fields(kind).is_none() {
        return Ok(());
    }
    if !object.get("spec").is_some_and(Value::is_object) {
        return Err(RenderError::malformed("spec", "must be a map"));
    }
    let template = pod_template::of_mut(object, kind)
        .ok_or(RenderError::malformed("the pod template", "must be a map"))?;
    if !template.get("spec").is_some_and(Value::is_object) {
        return Err(RenderError::malformed("the pod template's spec", "must be a map"));
    }
    remove(template, &["metadata"], "creationTimestamp");
    Ok(())
}

fn service(object: &mut Value, preserves_node_ports: bool) {
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let is_headless = spec.get("clusterIP").and_then(Value::as_str) == Some("None");
    if !is_headless {
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
    }
    spec.remove("ipFamilies");
    if !preserves_node_ports {
        spec.remove("healthCheckNodePort");
        remove(object, &["spec", "ports", "*"], "nodePort");
    }
}

/// Texts become bytes, so that what is written is what is found. A token of the workspace is no token of the
/// cluster, whose controllers would delete it: it is carried as any other bytes.
fn secret(object: &mut Value) -> Result<(), RenderError> {
    let Some(fields) = object.as_object_mut() else { return Ok(()) };
    if let Some(texts) = fields.remove("stringData").filter(|texts| !texts.is_null()) {
        let wrong = || RenderError::malformed("stringData", "must be a map of texts");
        let texts = texts.as_object().ok_or_else(wrong)?;
        let data = fields.entry("data").or_insert_with(|| Value::Object(Map::new()));
        let data = data.as_object_mut().ok_or(RenderError::malformed("data", "must be a map of texts"))?;
        for (key, text) in texts {
            let text = text.as_str().ok_or_else(wrong)?;
            data.insert(key.clone(), STANDARD.encode(text).into());
        }
    }
    if fields.get("type").and_then(Value::as_str) == Some(TOKEN) {
        fields.insert("type".to_owned(), "Opaque".into());
        for annotation in [ACCOUNT, "kubernetes.io/service-account.uid"] {
            remove(object, &["metadata", "annotations"], annotation);
        }
    }
    Ok(())
}

/// The claim is where the cluster has it, and not bound yet.
fn volume(object: &mut Value, identity: &Identity) -> Result<(), RenderError> {
    let Some(claim) = object.pointer_mut("/spec/claimRef").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    claim.remove("uid");
    claim.remove("resourceVersion");
    if let Some(Value::String(namespace)) = claim.get_mut("namespace") {
        *namespace = naming::downstream_namespace(identity, namespace)?;
    }
    Ok(())
}

fn claim_templates(object: &mut Value) {
    let templates = ["spec", "volumeClaimTemplates", "*"];
    remove(object, &templates, "status");
    remove(object, &[&templates[..], &["metadata"]].concat(), "creationTimestamp");
}

/// The selector is generated, unless somebody said otherwise.
fn job(object: &mut Value) {
    if object.pointer("/spec/manualSelector") == Some(&Value::Bool(true)) {
        return;
    }
    remove(object, &["spec"], "selector");
    for label in JOB_LABELS {
        remove(object, &["metadata", "labels"], label);
        remove(object, &["spec", "template", "metadata", "labels"], label);
    }
}
