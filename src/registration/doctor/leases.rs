//! SyncTargets whose syncer is silent. A dead cluster is no fault of the installation, so these only warn.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Finding;
use crate::{
    security::rules::LEASE_NAMESPACE,
    upstream::{Upstream, UpstreamError},
};

/// After this long without a renewal a target is Unknown.
const SILENT: SignedDuration = SignedDuration::from_secs(40);
/// Objects of one page, and the most pages.
const PAGE: usize = 100;
const PAGES: usize = 100;
/// The most targets that are named one by one.
const NAMED: usize = 20;

const TARGETS: &str = "/apis/workload.kcp.io/v1alpha1/synctargets";

pub async fn examine(upstream: &Upstream, now: Timestamp) -> Vec<Finding> {
    let targets = match all(upstream, TARGETS).await {
        Ok(targets) => targets,
        // A missing CRD was said before.
        Err(error) if error.code() == Some(http::StatusCode::NOT_FOUND) => return Vec::new(),
        Err(error) => return vec![Finding::unread("SyncTargets", &error)],
    };
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/{LEASE_NAMESPACE}/leases");
    match all(upstream, &path).await {
        Ok(leases) => judge(&targets, &leases, now),
        Err(error) => vec![Finding::unread(format!("leases in namespace {LEASE_NAMESPACE}"), &error)],
    }
}

async fn all(upstream: &Upstream, path: &str) -> Result<Vec<Value>, UpstreamError> {
    let mut items = Vec::new();
    let mut token = String::new();
    for _ in 0..PAGES {
        let escaped = percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC);
        let mut page: Value = upstream.get(&format!("{path}?limit={PAGE}&continue={escaped}")).await?;
        if let Some(found) = page["items"].as_array_mut() {
            items.append(found);
        }
        token = page["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
    }
    Ok(items)
}

pub fn judge(targets: &[Value], leases: &[Value], now: Timestamp) -> Vec<Finding> {
    let renewed: BTreeMap<&str, Option<Timestamp>> = leases
        .iter()
        .filter_map(|lease| Some((lease["metadata"]["name"].as_str()?, renew_time(lease))))
        .collect();
    let mut silent = Vec::new();
    for target in targets {
        let name = target["metadata"]["name"].as_str().unwrap_or_default();
        let uid = target["metadata"]["uid"].as_str().unwrap_or_default();
        let renewed = renewed.get(format!("synctarget-{uid}").as_str()).copied().flatten();
        match renewed.map(|renewed| now.duration_since(renewed)) {
            None => silent.push(Finding::warn(
                format!("SyncTarget {name}: no syncer has reported yet"),
                "start a syncer for it",
            )),
            Some(age) if age > SILENT => silent.push(Finding::warn(
                format!("SyncTarget {name}: its syncer is silent for {} s", age.as_secs()),
                "look at the syncer in that cluster and at its way to this API",
            )),
            Some(_) => {}
        }
    }
    let count = targets.len();
    if silent.is_empty() {
        return vec![Finding::ok(format!("the syncers of all {count} SyncTargets report"))];
    }
    if silent.len() > NAMED {
        let more = silent.len() - NAMED;
        silent.truncate(NAMED);
        silent.push(Finding::warn(
            format!("{more} more of {count} SyncTargets are silent"),
            "kubectl get synctargets",
        ));
    }
    silent
}

fn renew_time(lease: &Value) -> Option<Timestamp> {
    lease["spec"]["renewTime"].as_str()?.parse().ok()
}
