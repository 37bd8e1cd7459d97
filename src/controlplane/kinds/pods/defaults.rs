//! The defaults of pod templates and of claims for volumes (`pkg/apis/core/v1/defaults.go`).

use serde_json::{Value, json};

use super::super::{quantity::Quantity, values};

/// Permissions of files that come from ConfigMaps, Secrets and the like: 0644.
const MODE: i64 = 420;

pub fn default(template: &mut Value) {
    let spec = &mut template["spec"];
    values::default(spec, "dnsPolicy", "ClusterFirst");
    values::default(spec, "restartPolicy", "Always");
    if spec["securityContext"].is_null() {
        spec["securityContext"] = json!({});
    }
    if spec["terminationGracePeriodSeconds"].is_null() {
        spec["terminationGracePeriodSeconds"] = 30.into();
    }
    values::default(spec, "schedulerName", "default-scheduler");
    service_account(spec);
    values::each(spec, "/volumes", volume);
    for containers in ["/containers", "/initContainers", "/ephemeralContainers"] {
        values::each(spec, containers, container);
    }
    resources(spec, "/overhead");
    resources(spec, "/resources/limits");
    resources(spec, "/resources/requests");
}

/// The old name of the field is kept equal to the new one.
fn service_account(spec: &mut Value) {
    let name = match values::text(spec, "/serviceAccountName") {
        "" => values::text(spec, "/serviceAccount"),
        name => name,
    }
    .to_owned();
    if !name.is_empty() {
        spec["serviceAccount"] = name.clone().into();
        spec["serviceAccountName"] = name.into();
    }
}

fn container(container: &mut Value) {
    let policy = pull_policy(values::text(container, "/image"));
    values::default(container, "imagePullPolicy", policy);
    values::default(container, "terminationMessagePath", "/dev/termination-log");
    values::default(container, "terminationMessagePolicy", "File");
    values::each(container, "/ports", |port| values::default(port, "protocol", "TCP"));
    values::each(container, "/env", |env| {
        field_reference(env.pointer_mut("/valueFrom/fieldRef"));
        if let Some(key) = env.pointer_mut("/valueFrom/fileKeyRef").filter(|key| key["optional"].is_null()) {
            key["optional"] = false.into();
        }
    });
    resources(container, "/resources/limits");
    resources(container, "/resources/requests");
    for member in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container[member].is_object() {
            probe(&mut container[member]);
        }
    }
    for hook in ["/lifecycle/postStart/httpGet", "/lifecycle/preStop/httpGet"] {
        http_get(container.pointer_mut(hook));
    }
}

/// `latest` is pulled always; what cannot be read as an image has no tag at all.
fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let file = name.rsplit('/').next().unwrap_or_default();
    let (repository, tag) = file.split_once(':').map_or((file, None), |(file, tag)| (file, Some(tag)));
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let legal = !repository.is_empty() && repository.bytes().all(legal);
    match tag {
        Some("latest") if legal => "Always",
        None if legal && digest.is_none() => "Always",
        _ => "IfNotPresent",
    }
}

fn probe(probe: &mut Value) {
    values::default_number(probe, "timeoutSeconds", 1);
    values::default_number(probe, "periodSeconds", 10);
    values::default_number(probe, "successThreshold", 1);
    values::default_number(probe, "failureThreshold", 3);
    http_get(probe.pointer_mut("/httpGet"));
    if probe["grpc"].is_object() && probe["grpc"]["service"].is_null() {
        probe["grpc"]["service"] = "".into();
    }
}

fn http_get(action: Option<&mut Value>) {
    if let Some(action) = action.filter(|action| action.is_object()) {
        values::default(action, "path", "/");
        values::default(action, "scheme", "HTTP");
    }
}

fn field_reference(reference: Option<&mut Value>) {
    if let Some(reference) = reference.filter(|reference| reference.is_object()) {
        values::default(reference, "apiVersion", "v1");
    }
}

fn resources(object: &mut Value, list: &str) {
    let list = object.pointer_mut(list).and_then(Value::as_object_mut);
    for value in list.into_iter().flat_map(|list| list.values_mut()) {
        if let Some(Ok(quantity)) = value.as_str().map(Quantity::parse) {
            *value = quantity.round_up_to_milli().shown().into();
        }
    }
}

fn volume(volume: &mut Value) {
    let has_source = volume.as_object().is_some_and(|members| members.keys().any(|member| member != "name"));
    if !has_source && volume.is_object() {
        volume["emptyDir"] = json!({});
    }
    if volume["hostPath"].is_object() && volume["hostPath"]["type"].is_null() {
        volume["hostPath"]["type"] = "".into();
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if volume[source].is_object() && volume[source]["defaultMode"].is_null() {
            volume[source]["defaultMode"] = MODE.into();
        }
    }
    values::each(volume, "/downwardAPI/items", |item| field_reference(item.pointer_mut("/fieldRef")));
    values::each(volume, "/projected/sources", |source| {
        values::each(source, "/downwardAPI/items", |item| field_reference(item.pointer_mut("/fieldRef")));
        if let Some(token) = source.pointer_mut("/serviceAccountToken").filter(|token| token.is_object())
            && token["expirationSeconds"].is_null()
        {
            token["expirationSeconds"] = 3600.into();
        }
    });
    if let Some(image) = volume.pointer_mut("/image").filter(|image| image.is_object()) {
        let policy = pull_policy(values::text(image, "/reference"));
        values::default(image, "pullPolicy", policy);
    }
    if let Some(claim) = volume.pointer_mut("/ephemeral/volumeClaimTemplate") {
        claim_spec(claim);
    }
    disks(volume);
}

/// Sources that few use.
fn disks(volume: &mut Value) {
    const DEFAULTS: [(&str, &str, &str); 8] = [
        ("iscsi", "iscsiInterface", "default"),
        ("rbd", "pool", "rbd"),
        ("rbd", "user", "admin"),
        ("rbd", "keyring", "/etc/ceph/keyring"),
        ("scaleIO", "storageMode", "ThinProvisioned"),
        ("scaleIO", "fsType", "xfs"),
        ("azureDisk", "cachingMode", "ReadWrite"),
        ("azureDisk", "fsType", "ext4"),
    ];
    for (source, member, value) in DEFAULTS {
        if volume[source].is_object() {
            values::default(&mut volume[source], member, value);
        }
    }
    if volume["azureDisk"].is_object() {
        let disk = &mut volume["azureDisk"];
        values::default(disk, "kind", "Shared");
        if disk["readOnly"].is_null() {
            disk["readOnly"] = false.into();
        }
    }
}

fn claim_spec(claim: &mut Value) {
    values::default(&mut claim["spec"], "volumeMode", "Filesystem");
    resources(claim, "/spec/resources/limits");
    resources(claim, "/spec/resources/requests");
}

/// A PersistentVolumeClaim within a StatefulSet.
pub fn default_claim(claim: &mut Value) {
    values::default(claim, "apiVersion", "v1");
    values::default(claim, "kind", "PersistentVolumeClaim");
    values::default(&mut claim["status"], "phase", "Pending");
    claim_spec(claim);
    resources(claim, "/status/capacity");
    resources(claim, "/status/allocatedResources");
}
