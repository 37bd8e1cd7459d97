//! Keeps the rules of aggregating ClusterRoles: the union of those of the roles they select.
//!
//! Fed by every change of a ClusterRole in any logical cluster; what is due is `rbac`'s to say.

use std::sync::Arc;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    follow::Follower,
    policies::Policies,
    rbac::{Kind, Policies as _, aggregation},
    resources::Resources,
    store::{ClusterId, GroupResource, Store},
};
use crate::apiserver::object::Key;

/// How often one cluster is looked at for one change: roles may aggregate roles that aggregate.
const ROUNDS: usize = 16;

fn resource() -> GroupResource {
    GroupResource::new("rbac.authorization.k8s.io", Kind::ClusterRole.resource())
}

/// Runs until shutdown.
pub async fn run(
    store: Arc<Store>,
    resources: Arc<Resources>,
    policies: Arc<Policies>,
    shutdown: CancellationToken,
) {
    let Some(versions) = resources.find_anywhere(&resource()) else { return };
    let Some(log) = store.log_across(&versions, "v1") else { return };
    let mut roles = Follower::new(log);
    loop {
        let events = tokio::select! {
            () = shutdown.cancelled() => return,
            events = roles.next() => events,
        };
        let mut clusters: Vec<ClusterId> = events
            .iter()
            .filter_map(|(_, role)| Some(role.key.namespace.split_once('|')?.0.into()))
            .collect();
        clusters.sort();
        clusters.dedup();
        for cluster in clusters {
            aggregate(&store, &policies, &cluster);
        }
    }
}

fn aggregate(store: &Store, policies: &Policies, cluster: &ClusterId) {
    for _ in 0..ROUNDS {
        let Some(policy) = policies.policy(cluster) else { return };
        let due = aggregation::due(&policy);
        if due.is_empty() {
            return;
        }
        for (name, rules) in due {
            let key = Key { namespace: "".into(), name: name.as_str().into() };
            store.edit(cluster, &resource(), &key, |role| {
                role["rules"] = json!(rules);
                true
            });
        }
    }
}
