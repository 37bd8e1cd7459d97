//! The Kubernetes API itself: whether it answers, what time it has, what it knows of us.

use http::{Method, Request, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Finding, read};
use crate::{
    registration::{ca::Certificate, chain, conditions, kinds},
    upstream::{REQUEST_TIMEOUT, Upstream},
};

/// A first look at a lease uses the remote clock, so a wrong one makes live targets Unknown.
const CLOCK_WARN: SignedDuration = SignedDuration::from_secs(5);
const CLOCK_FAIL: SignedDuration = SignedDuration::from_secs(30);

/// The time that the API has, or `None` after saying why it cannot be reached.
pub async fn reachable(upstream: &Upstream, now: Timestamp, checks: &mut Vec<Finding>) -> Option<Timestamp> {
    let server = &upstream.server;
    let request = Request::builder().method(Method::GET).uri("/version").body(Vec::new()).ok()?;
    let answer = tokio::time::timeout(REQUEST_TIMEOUT, upstream.send(request)).await;
    let what_to_do = "look at --kubeconfig and --context, and whether the API server runs";
    let response = match answer {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            let causes = chain(&error);
            checks.push(Finding::fail(format!("Kubernetes API {server}: {causes}"), what_to_do));
            return None;
        }
        Err(_) => {
            let what = format!("Kubernetes API {server} does not answer within {REQUEST_TIMEOUT:?}");
            checks.push(Finding::fail(what, what_to_do));
            return None;
        }
    };
    if !response.status().is_success() {
        let what = format!("Kubernetes API {server} answers {}", response.status());
        checks.push(Finding::fail(what, "look at the credentials of --kubeconfig"));
        return None;
    }
    checks.push(Finding::ok(format!("Kubernetes API {server} answers")));
    let date = response.headers().get(header::DATE).and_then(|value| value.to_str().ok());
    let (clock, finding) = clock(date, now);
    checks.push(finding);
    Some(clock)
}

/// The API's time; ours where it tells none.
pub fn clock(date: Option<&str>, now: Timestamp) -> (Timestamp, Finding) {
    let parsed = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let Some(remote) = parsed.map(|zoned| zoned.timestamp()) else {
        return (
            now,
            Finding::warn("clock: the Kubernetes API tells no time", "look for a proxy in between"),
        );
    };
    let skew = now.duration_since(remote);
    let what = format!("clock: this machine is {} s off the Kubernetes API", skew.as_secs());
    let what_to_do = "synchronize both clocks: heartbeats and certificates are judged by them";
    let finding = match skew.abs() {
        skew if skew > CLOCK_FAIL => Finding::fail(what, what_to_do),
        skew if skew > CLOCK_WARN => Finding::warn(what, what_to_do),
        _ => Finding::ok("clock: this machine and the Kubernetes API agree"),
    };
    (remote, finding)
}

pub async fn crd(upstream: &Upstream, name: &str) -> Finding {
    match read(upstream, kinds::CUSTOM_RESOURCE_DEFINITION, "", name).await {
        Ok(found) => judge_crd(name, found.as_ref()),
        Err(error) => Finding::unread(format!("CRD {name}"), &error),
    }
}

pub fn judge_crd(name: &str, crd: Option<&Value>) -> Finding {
    let Some(crd) = crd else {
        return Finding::fail(
            format!("CRD {name} is not installed"),
            "run `tmc register`, or kubectl apply -f deploy/crds",
        );
    };
    match conditions::find(crd, "Established") {
        Some(condition) if condition.is_true() => Finding::ok(format!("CRD {name} is established")),
        condition => {
            let reason = condition.map(|condition| condition.explained()).unwrap_or_default();
            Finding::fail(
                format!("CRD {name} is not established: {reason}"),
                "kubectl describe it: another CRD may claim its names",
            )
        }
    }
}

const AUTHENTICATION: &str = "extension-apiserver-authentication";

/// Whether the server can know kube-aggregator by its certificate.
pub async fn front(upstream: &Upstream) -> Finding {
    match read(upstream, kinds::CONFIG_MAP, "kube-system", AUTHENTICATION).await {
        Ok(found) => judge_front(found.as_ref()),
        Err(error) => Finding::unread(format!("ConfigMap kube-system/{AUTHENTICATION}"), &error),
    }
}

pub fn judge_front(config_map: Option<&Value>) -> Finding {
    let what_to_do = "start kube-apiserver with --requestheader-client-ca-file and --proxy-client-cert-file: \
                      without them it cannot proxy to any aggregated API";
    let Some(config_map) = config_map else {
        return Finding::fail(format!("ConfigMap kube-system/{AUTHENTICATION} does not exist"), what_to_do);
    };
    let pem = config_map["data"]["requestheader-client-ca-file"].as_str().unwrap_or_default();
    match Certificate::parse_pem(pem.as_bytes()) {
        Ok(found) if !found.is_empty() => Finding::ok("kube-aggregator can be known by its certificate"),
        Ok(_) => Finding::fail(
            format!("ConfigMap kube-system/{AUTHENTICATION} has no requestheader-client-ca-file"),
            what_to_do,
        ),
        Err(error) => Finding::fail(
            format!("requestheader-client-ca-file of ConfigMap kube-system/{AUTHENTICATION}: {error}"),
            what_to_do,
        ),
    }
}
