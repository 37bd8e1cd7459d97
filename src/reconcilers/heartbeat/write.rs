//! The two writes: a Lease that its target owns, and the part of a status that is ours.

use http::StatusCode;
use serde_json::{Value, json};

use super::{state::Write, target::Target};
use crate::{
    api::workload::{GROUP, RESOURCE, VERSION},
    liveness::LEASES,
    reconcilers::{
        call::{Action, Call, Caller, in_cluster, segment},
        requests::Work,
    },
    upstream::UpstreamError,
};

const FIELD_MANAGER: &str = "tmc-heartbeat";
/// How long a syncer's Lease holds after a renewal, until it says otherwise itself.
const LEASE_SECONDS: u32 = 30;

impl Work for Write {
    /// The target as it is afterwards, where the write was about itself.
    type Done = Option<Target>;

    async fn perform(&self, caller: &Caller) -> Result<Option<Target>, UpstreamError> {
        match self {
            Self::Lease(target) => make_lease(caller, target).await.map(|()| None),
            Self::Status(target, owned) => {
                let answer = caller.call(&apply(target, &json!(owned))).await?;
                let answer = Target::read(&answer.to_string(), &target.cluster);
                Ok(answer.map(|answer| Target { stored: target.stored.clone(), ..answer }))
            }
        }
    }
}

async fn make_lease(caller: &Caller, target: &Target) -> Result<(), UpstreamError> {
    let create = lease(target);
    let mut answer = caller.call(&create).await;
    // Only a namespace can be missing where something is to be created.
    if answer.as_ref().is_err_and(|error| error.code() == Some(StatusCode::NOT_FOUND)) {
        caller.make_namespace(&target.cluster, create.namespace).await?;
        answer = caller.call(&create).await;
    }
    match answer {
        Err(error) if is_already_there(&error) => Ok(()),
        answer => answer.map(drop),
    }
}

fn is_already_there(error: &UpstreamError) -> bool {
    matches!(error, UpstreamError::Status { reason, .. } if reason == "AlreadyExists")
}

fn lease(target: &Target) -> Call {
    let namespace = LEASES.namespace.unwrap_or_default();
    let body = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {
            "name": format!("synctarget-{}", target.uid), "namespace": namespace,
            "ownerReferences": [{
                "apiVersion": format!("{GROUP}/{VERSION}"), "kind": "SyncTarget",
                "name": target.name, "uid": target.uid,
            }],
        },
        "spec": {"leaseDurationSeconds": LEASE_SECONDS},
    });
    let path = in_cluster(&target.cluster, &format!("{}?fieldManager={FIELD_MANAGER}", LEASES.path()));
    Call { action: Action::Create, path, body, resource: "leases.coordination.k8s.io", namespace }
}

/// By force: these fields are ours whoever wrote them last. The uid keeps it from a target of the same name
/// that came after.
fn apply(target: &Target, owned: &Value) -> Call {
    let Target { name, uid, cluster, .. } = target;
    let body = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"), "kind": "SyncTarget",
        "metadata": {"name": name, "uid": uid}, "status": owned,
    });
    let name = segment(name);
    let path =
        format!("/apis/{GROUP}/{VERSION}/{RESOURCE}/{name}/status?fieldManager={FIELD_MANAGER}&force=true");
    let path = in_cluster(cluster, &path);
    Call { action: Action::Apply, path, body, resource: "synctargets.workload.kcp.io/status", namespace: "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_goes_to_the_logical_cluster_of_the_target() {
        let target = |cluster: &str| Target {
            name: "east".into(),
            uid: "u1".into(),
            cluster: cluster.into(),
            ..Target::default()
        };
        let paths = |target: &Target| [lease(target).path, apply(target, &Value::Null).path];
        let plain = paths(&target(""));
        assert!(plain[0].starts_with("/apis/coordination.k8s.io/v1/namespaces/tmc-system/leases?"));
        assert!(plain[1].starts_with("/apis/workload.kcp.io/v1alpha1/synctargets/east/status?"));
        assert_eq!(paths(&target("1abc")), plain.map(|path| format!("/clusters/1abc{path}")));
        assert!(paths(&target("a/../b"))[0].starts_with("/clusters/a%2F..%2Fb/"), "never another path");
    }
}
