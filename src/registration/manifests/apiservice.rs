//! The APIService: which group-version kube-aggregator proxies to us and by which CA it knows us.
//!
//! `insecureSkipTLSVerify` is not written here nor anywhere else.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{super::kinds, cert_manager, object};
use crate::{
    registration::installation::{Installation, ServingCa},
    security::rules,
};

pub fn api_service(installation: &Installation) -> Value {
    let reference = &installation.service;
    let mut api_service = object(kinds::API_SERVICE, "", rules::API_SERVICE);
    api_service["metadata"]["annotations"] = annotations(installation);
    api_service["spec"] = json!({
        "group": rules::VIEWS_GROUP,
        "version": "v1alpha1",
        // Behind every built-in group and beside the CRDs: short names of others win.
        "groupPriorityMinimum": 1000,
        "versionPriority": 100,
        "service": {"namespace": reference.namespace, "name": reference.name, "port": reference.port},
    });
    if !installation.ca_bundle.is_empty() {
        api_service["spec"]["caBundle"] = json!(BASE64_STANDARD.encode(&installation.ca_bundle));
    }
    api_service
}

fn annotations(installation: &Installation) -> Value {
    let mut annotations = json!({ServingCa::ANNOTATION: installation.serving_ca.as_str()});
    if installation.serving_ca == ServingCa::CertManager {
        let from = format!("{}/{}", installation.service.namespace, cert_manager::CERTIFICATE_NAME);
        annotations["cert-manager.io/inject-ca-from"] = json!(from);
    }
    annotations
}
