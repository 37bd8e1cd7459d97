//! The APIService: whether it is there, where it leads, and why it is not Available.

use serde_json::Value;

use super::Finding;
use crate::{
    registration::{
        conditions,
        installation::{DEFAULT_PORT, ServiceReference, ServingCa},
    },
    security::rules::API_SERVICE,
};

/// The Service behind it; `None` for one that is served by kube-apiserver itself.
pub fn service(api_service: &Value) -> Option<ServiceReference> {
    let reference = &api_service["spec"]["service"];
    let port = reference["port"].as_u64().and_then(|port| u16::try_from(port).ok());
    Some(ServiceReference {
        namespace: reference["namespace"].as_str()?.to_owned(),
        name: reference["name"].as_str()?.to_owned(),
        port: port.unwrap_or(DEFAULT_PORT),
    })
}

/// Who keeps the bundle. One without our annotation was made by hand.
pub fn serving_ca(api_service: &Value) -> ServingCa {
    let annotation = api_service["metadata"]["annotations"][ServingCa::ANNOTATION].as_str();
    annotation.and_then(ServingCa::parse).unwrap_or(ServingCa::File)
}

pub fn judge(api_service: Option<&Value>, wanted: Option<&ServiceReference>) -> Vec<Finding> {
    let Some(api_service) = api_service else {
        let what = format!("APIService {API_SERVICE} does not exist");
        return vec![Finding::fail(what, "run `tmc register`")];
    };
    let mut findings = Vec::new();
    match (service(api_service), wanted) {
        (None, _) => findings.push(Finding::fail(
            format!("APIService {API_SERVICE} leads to no Service"),
            "run `tmc register --force`: something else, a CRD perhaps, has its group-version",
        )),
        (Some(found), Some(wanted)) if found != *wanted => findings.push(Finding::fail(
            format!("APIService {API_SERVICE} leads to Service {found}, not to {wanted}"),
            "run `tmc register --force` with the --service you want",
        )),
        (Some(found), _) => {
            findings.push(Finding::ok(format!("APIService {API_SERVICE} leads to Service {found}")));
        }
    }
    if api_service["spec"]["insecureSkipTLSVerify"] == true {
        findings.push(Finding::fail(
            "the APIService does not verify the server's certificate: anybody in between can answer for it",
            "run `tmc register`, which sets a CA bundle",
        ));
    }
    findings.push(availability(api_service));
    findings
}

fn availability(api_service: &Value) -> Finding {
    match conditions::find(api_service, "Available") {
        Some(condition) if condition.is_true() => Finding::ok("the APIService is Available"),
        Some(condition) => {
            let what_to_do = condition.what_to_do().unwrap_or("see the log of `tmc serve`");
            let what =
                format!("the APIService is not Available: {}: {}", condition.reason, condition.message);
            Finding::fail(what, what_to_do)
        }
        None => Finding::fail(
            "nobody has looked yet whether the APIService is Available",
            "wait a few seconds; if it stays, kube-apiserver runs without its aggregator",
        ),
    }
}
