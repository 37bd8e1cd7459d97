//! The workloads of a cluster that are in trouble, worst first.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::objects::Kind;

/// As many as a target shows.
const MOST: usize = 20;
/// A workload that just starts is not in trouble yet.
const PATIENCE: i64 = 5;

/// How a workload stands: its replicas that are wanted, those that are available, and whether it is all as wanted.
struct Standing {
    wanted: u64,
    available: u64,
    ready: bool,
}

fn standing(workload: &Value) -> Standing {
    let (spec, status) = (&workload["spec"], &workload["status"]);
    let count = |name: &str| status[name].as_u64().unwrap_or_default();
    let wanted = spec["replicas"].as_u64().unwrap_or(1);
    let observed = status["observedGeneration"].as_i64() >= workload["metadata"]["generation"].as_i64();
    let available = count("availableReplicas");
    let ready = observed && available >= wanted && count("updatedReplicas") >= wanted;
    Standing { wanted, available, ready }
}

pub(super) fn is_ready(workload: &Value) -> bool {
    standing(workload).ready
}

/// Problems as `status.problems` lists them.
pub(super) fn all(kinds: &[(Kind, &[&Value])], now: Timestamp) -> Vec<Value> {
    let mut found: Vec<_> = kinds
        .iter()
        .flat_map(|(kind, objects)| objects.iter().filter_map(|object| problem(*kind, object, now)))
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found.into_iter().take(MOST).map(|(_, problem)| problem).collect()
}

/// By what it is sorted, and the problem.
fn problem(kind: Kind, object: &Value, now: Timestamp) -> Option<((u64, String), Value)> {
    let Standing { wanted, available, ready } = standing(object);
    if ready {
        return None;
    }
    let (reason, message, since) =
        match condition(object, "Progressing").filter(|(status, ..)| *status == "False") {
            Some((_, reason, message, since)) => (reason, message.to_owned(), since),
            None => {
                let since = match condition(object, "Available") {
                    Some(("False", _, _, since)) => since,
                    Some(_) => return None,
                    // A StatefulSet has no conditions.
                    None => object["metadata"]["creationTimestamp"].as_str()?,
                };
                let message = format!("{available} of {wanted} replicas are available");
                ("MinimumReplicasUnavailable", message, since)
            }
        };
    let at: Timestamp = since.parse().ok()?;
    if now.duration_since(at).as_secs() < PATIENCE {
        return None;
    }
    let metadata = &object["metadata"];
    let problem = json!({
        "kind": kind.name(), "namespace": metadata["namespace"], "name": metadata["name"],
        "reason": reason, "message": message.chars().take(256).collect::<String>(), "since": since,
    });
    let place = format!("{}/{}", metadata["namespace"], metadata["name"]);
    Some(((available * 100 / wanted.max(1), place), problem))
}

/// Status, reason, message and the time of the last transition.
fn condition<'a>(object: &'a Value, kind: &str) -> Option<(&'a str, &'a str, &'a str, &'a str)> {
    let conditions = object["status"]["conditions"].as_array()?;
    let found = conditions.iter().find(|condition| condition["type"] == kind)?;
    let text = |member: &str| found[member].as_str().unwrap_or_default();
    Some((text("status"), text("reason"), text("message"), text("lastTransitionTime")))
}
