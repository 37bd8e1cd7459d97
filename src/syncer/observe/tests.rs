//! What observing a cluster in memory tells, and what it asks for. Time is paused: waits are exact.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    fake::{Api, Cluster, kind},
    *,
};
use crate::{
    liveness::clock::PausedClock,
    syncer::{
        discovery::{Discoverer, Side, Wanted},
        facts::Count,
        kind::Kind,
    },
};

mod footprint;
mod owned;
mod quiet;
mod troubles;
mod verification;

/// In paused time, so a test that hangs fails at once.
const PATIENCE: Duration = Duration::from_secs(86_400);

fn deployments() -> Kind {
    kind("apps", "v1", "deployments", "Deployment")
}

fn config_maps() -> Kind {
    kind("", "v1", "configmaps", "ConfigMap")
}

fn namespaces() -> Kind {
    kind("", "v1", "namespaces", "Namespace")
}

fn nodes() -> Kind {
    kind("", "v1", "nodes", "Node")
}

/// A Deployment of three of which so many are available.
fn deployment(available: u64) -> Value {
    json!({"spec": {"replicas": 3}, "status": {
        "observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": available,
    }})
}

/// Admits namespaces with the label `team`, and objects without the label `skip`.
struct Teams;

impl Admits for Teams {
    fn namespace(&self, _: &str, labels: Option<&Labels>) -> bool {
        labels.is_some_and(|labels| labels.contains_key("team"))
    }

    fn by_namespace_labels(&self) -> bool {
        true
    }

    fn object(&self, _: &Kind, meta: &Meta<'_>) -> bool {
        !meta.labels.contains_key("skip") && !meta.annotations.contains_key("skip")
    }

    fn by_annotations(&self) -> bool {
        true
    }
}

/// How a cluster is observed in a test.
struct Setup {
    cluster: Arc<Cluster>,
    admits: Arc<dyn Admits>,
    scope: Scope,
    wanted: Wanted,
    times: Times,
    known: Vec<Problem>,
}

impl Setup {
    fn new(cluster: &Arc<Cluster>) -> Self {
        let never = Duration::from_secs(1 << 30);
        Self {
            cluster: cluster.clone(),
            admits: Arc::new(Everything),
            scope: Scope::Observe,
            wanted: Wanted::Default,
            times: Times { verify: never, ..Times::default() },
            known: Vec::new(),
        }
    }

    /// Observes while the test runs.
    async fn run(self, test: impl AsyncFnOnce(Output)) {
        let fetch = Arc::new(Api(self.cluster));
        let side = Side::observed(fetch.clone());
        let discoverer = Discoverer::new(vec![side], self.wanted, Limits::quiet(), Default::default());
        let observer = Observer::new(Observe {
            fetch,
            scope: self.scope,
            admits: self.admits,
            conditions: BTreeMap::new(),
            resolved: discoverer.resolved(),
            again: discoverer.again(),
            limits: Limits::quiet(),
            times: self.times,
            clock: Arc::new(PausedClock::default()),
            metrics: Metrics::new(&prometheus::Registry::new()).unwrap(),
            known: self.known,
        });
        let counts = observer.counts();
        let never = CancellationToken::new();
        let run = async { tokio::join!(discoverer.run(never.clone()), observer.run(never.clone())) };
        tokio::select! {
            _ = run => panic!("observing ends only when it is told to"),
            done = timeout(PATIENCE, test(counts)) => done.unwrap(),
        }
    }
}

fn row(counts: &Counts, resource: &str) -> Option<Count> {
    counts.rows.iter().find(|(name, _)| name.resource == resource).map(|(_, count)| count.clone())
}

fn count(total: u64, ready: Option<u64>, present: u64) -> Option<Count> {
    Some(Count { total, ready, present: Some(present) })
}

/// Waits until the counts are so; the last ones on failure.
async fn until(counts: &mut Output, what: &str, is_so: impl Fn(&Counts) -> bool) -> Arc<Counts> {
    let waited = timeout(Duration::from_secs(3600), counts.wait_for(|counts| is_so(counts))).await;
    match waited.map(|counts| counts.unwrap().clone()) {
        Ok(counts) => counts,
        Err(_) => panic!("{what}: {:#?}", counts.borrow()),
    }
}

#[tokio::test(start_paused = true)]
async fn everything_is_counted_and_every_change_is_told() {
    let cluster = Cluster::new(&[deployments(), config_maps()]);
    for (namespace, name) in [("a", "one"), ("a", "two"), ("b", "one"), ("kube-system", "coredns")] {
        cluster.put(&deployments(), namespace, name, deployment(3));
        cluster.put(&config_maps(), namespace, "kube-root-ca.crt", Value::Null);
    }
    cluster.put(&config_maps(), "a", "settings", Value::Null);
    let setup = Setup::new(&cluster);
    setup
        .run(async |mut counts| {
            assert!(!counts.borrow().complete && counts.borrow().rows.is_empty());
            let first = until(&mut counts, "complete", |counts| counts.complete).await;
            assert_eq!(row(&first, "deployments"), count(3, Some(3), 3));
            // What a cluster makes for itself is there, and no workload.
            assert_eq!(row(&first, "configmaps"), count(1, None, 3));
            assert_eq!(first.rows.len(), 2, "kinds that are not served are no rows");
            assert!(first.unreadable.is_empty() && first.problems.is_empty());
            until(&mut counts, "version", |counts| counts.kubernetes_version == "v1.36.0").await;
            assert_eq!(counts.borrow().nodes, Some(crate::api::workload::NodeSummary::default()));
            cluster.put(&deployments(), "b", "one", deployment(2));
            until(&mut counts, "unready", |counts| row(counts, "deployments") == count(3, Some(2), 3)).await;
            cluster.delete(&deployments(), "a", "two");
            until(&mut counts, "deleted", |counts| row(counts, "deployments") == count(2, Some(1), 2)).await;
            // What changes no number is not told.
            counts.mark_unchanged();
            cluster.put(&config_maps(), "a", "settings", json!({"data": {"a": "b"}}));
            cluster.put(&deployments(), "kube-system", "coredns", deployment(0));
            sleep(Duration::from_secs(5)).await;
            assert!(!counts.has_changed().unwrap());
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_changes_its_labels_takes_its_objects_with_it() {
    let cluster = Cluster::new(&[deployments(), config_maps()]);
    let team = || json!({"metadata": {"labels": {"team": "x"}}});
    cluster.put(&namespaces(), "", "in", team());
    cluster.put(&namespaces(), "", "out", Value::Null);
    cluster.put(&namespaces(), "", "kube-system", team());
    for namespace in ["in", "out", "kube-system"] {
        cluster.put(&config_maps(), namespace, "one", Value::Null);
        cluster.put(&config_maps(), namespace, "two", json!({"metadata": {"annotations": {"skip": ""}}}));
        cluster.put(&config_maps(), namespace, "three", json!({"metadata": {"labels": {"skip": ""}}}));
        cluster.put(&deployments(), namespace, "stuck", deployment(0));
    }
    let setup = Setup { admits: Arc::new(Teams), ..Setup::new(&cluster) };
    setup
        .run(async |mut counts| {
            let first = until(&mut counts, "complete", |counts| counts.complete).await;
            assert_eq!(row(&first, "configmaps"), count(1, None, 3));
            assert_eq!(first.problems.len(), 1);
            cluster.put(&namespaces(), "", "out", team());
            let both =
                until(&mut counts, "in", |counts| row(counts, "configmaps") == count(2, None, 6)).await;
            assert_eq!(row(&both, "deployments"), count(2, Some(0), 2));
            let places: Vec<_> =
                both.problems.iter().map(|problem| problem.namespace.clone().unwrap()).collect();
            assert_eq!(places, ["in", "out"]);
            cluster.delete(&namespaces(), "", "in");
            until(&mut counts, "out", |counts| row(counts, "configmaps") == count(1, None, 3)).await;
            // An object may come before its namespace.
            cluster.put(&config_maps(), "new", "one", Value::Null);
            sleep(Duration::from_secs(1)).await;
            assert_eq!(row(&counts.borrow(), "configmaps"), count(1, None, 3));
            cluster.put(&namespaces(), "", "new", team());
            until(&mut counts, "new", |counts| row(counts, "configmaps") == count(2, None, 4)).await;
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_counted_by_labels_that_cannot_be_read() {
    let cluster = Cluster::new(&[config_maps()]);
    cluster.put(&config_maps(), "a", "one", Value::Null);
    cluster.refuse(&namespaces(), Some(403));
    let setup = Setup { admits: Arc::new(Teams), ..Setup::new(&cluster) };
    setup
        .run(async |mut counts| {
            let first = until(&mut counts, "complete", |counts| counts.complete).await;
            assert!(first.rows.is_empty());
            let why = &first.unreadable[&namespaces().group_resource()];
            assert_eq!(why, "the syncer may not list and watch it");
            cluster.put(&namespaces(), "", "a", json!({"metadata": {"labels": {"team": "x"}}}));
            cluster.refuse(&namespaces(), None);
            until(&mut counts, "granted", |counts| row(counts, "configmaps") == count(1, None, 1)).await;
        })
        .await;
}
