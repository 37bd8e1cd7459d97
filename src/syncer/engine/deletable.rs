//! Which kinds of a cluster can be in a namespace and be deleted, as its discovery says.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;

use super::Deletable;
use crate::{
    informers::{Fetch, Limits},
    syncer::{
        discovery::{Discovery, discover},
        kind::Kind,
    },
};

/// They tell of what was, and go by themselves.
const EVENTS: &str = "events";

/// Asks a cluster anew each time: a namespace is looked into seldom, and then all has to be right.
pub struct Discovered {
    pub fetch: Arc<dyn Fetch>,
    pub limits: Limits,
}

#[async_trait]
impl Deletable for Discovered {
    async fn deletable(&self) -> Result<Vec<Kind>, String> {
        let discovery =
            discover(&*self.fetch, None, &self.limits).await.map_err(|trouble| trouble.to_string())?;
        deletable(&discovery)
    }
}

fn deletable(discovery: &Discovery) -> Result<Vec<Kind>, String> {
    if let Some((group, why)) = discovery.broken.iter().next() {
        return Err(format!("group {group}: {why}"));
    }
    let mut kinds = Vec::new();
    let mut seen = BTreeSet::new();
    for served in discovery.served.iter().filter(|served| served.namespaced && served.resource != EVENTS) {
        let can = |verb: &str| served.versions.iter().find(|version| version.verbs.contains(verb));
        let Some(version) = can("list").filter(|_| can("delete").is_some()) else { continue };
        if seen.insert((&served.group, &served.resource)) {
            kinds.push(Kind {
                group: served.group.clone(),
                version: version.version.clone(),
                resource: served.resource.clone(),
                kind: served.kind.clone(),
                namespaced: true,
            });
        }
    }
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syncer::discovery::{Served, ServedVersion};

    fn served(resource: &str, namespaced: bool, verbs: &[&str]) -> Served {
        let verbs = verbs.iter().map(|verb| (*verb).to_owned()).collect();
        let version = ServedVersion { version: "v1".into(), verbs, status: false };
        Served {
            group: String::new(),
            resource: resource.into(),
            kind: "K".into(),
            namespaced,
            versions: vec![version],
        }
    }

    #[test]
    fn all_that_could_be_lost_counts_and_nothing_may_be_unknown() {
        let mut discovery = Discovery {
            served: vec![
                served("pods", true, &["list", "delete"]),
                served("bindings", true, &["create"]),
                served("events", true, &["list", "delete"]),
                served("nodes", false, &["list", "delete"]),
            ],
            ..Discovery::default()
        };
        let kinds = deletable(&discovery).unwrap();
        assert_eq!(kinds.iter().map(Kind::id).collect::<Vec<_>>(), ["pods"]);
        discovery.broken.insert("metrics.k8s.io".into(), "does not answer".into());
        assert_eq!(deletable(&discovery), Err("group metrics.k8s.io: does not answer".to_owned()));
    }
}
