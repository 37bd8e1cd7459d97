//! The reconciler as a whole over an upstream in this process, in paused time.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};

use super::*;
use crate::{
    api::{share, workload::key},
    liveness::clock::PausedClock,
    reconcilers::fake::{Fake, TARGETS},
};

const DEPLOYMENTS: Resource =
    Resource { group: "apps", version: "v1", plural: "deployments", namespace: None };
const JOBS: Resource = Resource { group: "batch", version: "v1", plural: "jobs", namespace: None };
const WEB: &str = "/apis/apps/v1/deployments/web";

struct World {
    fake: Arc<Fake>,
    kinds: watch::Sender<Option<Vec<Resource>>>,
    clock: Arc<PausedClock>,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

impl World {
    fn new() -> Self {
        let world = Self {
            fake: Arc::default(),
            kinds: watch::Sender::new(Some(vec![DEPLOYMENTS, JOBS])),
            clock: Arc::new(PausedClock::default()),
            shutdown: CancellationToken::new(),
            tasks: JoinSet::new(),
        };
        ["east", "west"].into_iter().for_each(|name| world.target(name, "True"));
        world
    }

    fn target(&self, name: &str, heard: &str) {
        let conditions = json!([{"type": "HeartbeatHealthy", "status": heard}]);
        let object = json!({"metadata": {"name": name}, "spec": {"kcpCluster": "root:a"}, "status": {"conditions": conditions}});
        self.fake.put(&format!("{TARGETS}/{name}"), object);
    }

    fn start(&mut self, identity: &str) -> Metrics {
        let registry = prometheus::Registry::new();
        let metrics = Metrics::new(&registry).unwrap();
        let informers = informers::Metrics::new(&registry).unwrap();
        let (fake, kinds) = (self.fake.clone(), self.kinds.subscribe());
        let combiner =
            Combiner::new(fake.clone(), fake, kinds, self.clock.clone(), informers, metrics.clone());
        self.tasks.spawn(combiner.run(identity.to_owned(), self.shutdown.clone()));
        metrics
    }

    /// An object that these targets sync.
    fn object(&self, path: &str, targets: &[&str]) {
        let name = path.rsplit('/').next().unwrap();
        let finalizers: Vec<_> =
            targets.iter().map(|target| format!("{}{}", share::FINALIZER, key("root:a", target))).collect();
        let metadata = json!({"name": name, "generation": 3, "finalizers": finalizers, "annotations": {}});
        self.fake.put(path, json!({"metadata": metadata, "status": {}}));
    }

    fn tell(&self, path: &str, target: &str, status: &Value) {
        let mut object = self.fake.get(path);
        let name = format!("{}{}", share::COPY, key("root:a", target));
        object["metadata"]["annotations"][name] = json!({"status": status}).to_string().into();
        self.fake.put(path, object);
    }

    fn tell_all(&self, path: &str, replicas: [u64; 2]) {
        for (target, replicas) in ["east", "west"].into_iter().zip(replicas) {
            self.tell(path, target, &json!({"observedGeneration": 3, "replicas": replicas}));
        }
    }

    fn replicas(&self, path: &str) -> Option<u64> {
        self.fake.get(path)["status"]["replicas"].as_u64()
    }

    fn complete(&self, path: &str) -> String {
        let object = self.fake.get(path);
        let mut conditions = object["status"]["conditions"].as_array().into_iter().flatten();
        let said = conditions.find(|said| said["type"] == share::COMPLETE);
        said.map_or_else(String::new, |said| said["reason"].as_str().unwrap().to_owned())
    }

    async fn until(&self, what: &str, condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < Duration::from_secs(120), "{what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn shares_become_one_status_and_then_it_is_quiet() {
    let mut world = World::new();
    world.object(WEB, &["east", "west"]);
    world.object("/apis/apps/v1/deployments/single", &["east"]);
    world.tell_all(WEB, [2, 3]);
    let metrics = world.start("a");
    world.until("the sum is written", || world.replicas(WEB) == Some(5)).await;
    assert_eq!(world.fake.get(WEB)["status"]["observedGeneration"], 3);
    assert_eq!(world.complete(WEB), "AllTargetsReported");
    world.tell_all(WEB, [4, 3]);
    world.until("the change is written", || world.replicas(WEB) == Some(7)).await;
    let writes = world.fake.writes("/status");
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!((world.fake.writes("/status"), metrics.shared.get()), (writes, 1), "nothing changed");
    assert_eq!(world.fake.writes("single"), 0, "its syncer writes it");
    // Somebody else's hand in it is set right.
    let mut object = world.fake.get(WEB);
    object["status"]["replicas"] = json!(100);
    world.fake.put(WEB, object);
    world.until("it is set right", || world.replicas(WEB) == Some(7)).await;
}

#[tokio::test(start_paused = true)]
async fn targets_that_fall_silent_or_go_are_named() {
    let mut world = World::new();
    world.object(WEB, &["east", "west"]);
    world.tell_all(WEB, [2, 3]);
    world.start("a");
    world.until("complete", || world.complete(WEB) == "AllTargetsReported").await;
    world.target("west", "Unknown");
    world.until("silent", || world.complete(WEB) == "TargetsSilent").await;
    assert_eq!(world.replicas(WEB), Some(5), "what it told last counts");
    world.target("west", "True");
    world.until("heard again", || world.complete(WEB) == "AllTargetsReported").await;
    world.fake.remove(&format!("{TARGETS}/west"));
    world.until("gone", || world.complete(WEB) == "TargetsMissing").await;
    assert_eq!(world.replicas(WEB), Some(2), "its share counts no more");
    // It let the object go: the one who is left writes it himself.
    let writes = world.fake.writes("/status");
    world.object(WEB, &["east"]);
    world.tell(WEB, "east", &json!({"replicas": 9}));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.fake.writes("/status"), writes);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_shares_costs_a_look_a_second() {
    let mut world = World::new();
    world.object(WEB, &["east", "west"]);
    let metrics = world.start("a");
    for round in 0..1000 {
        world.tell_all(WEB, [round, 1]);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.until("the last one is written", || world.replicas(WEB) == Some(1000)).await;
    let looks: u64 =
        ["written", "same"].map(|outcome| metrics.looks.with_label_values(&[outcome]).get()).iter().sum();
    assert!((10..=24).contains(&looks), "{looks} looks in twenty seconds");
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_may_not_be_written_stops_no_other() {
    let mut world = World::new();
    let job = "/apis/batch/v1/jobs/once";
    for path in [WEB, job] {
        world.object(path, &["east", "west"]);
    }
    world.tell_all(WEB, [1, 1]);
    world.tell(job, "east", &json!({"active": 1}));
    world.tell(job, "west", &json!({"active": 1}));
    world.fake.refuse(&format!("PATCH {job}"), 403);
    let metrics = world.start("a");
    world.until("the other one is written", || world.replicas(WEB) == Some(2)).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let tries = metrics.looks.with_label_values(&["failed"]).get();
    assert!((10..60).contains(&tries), "{tries} tries in ten minutes");
    world.fake.state.lock().refused.clear();
    world.until("it is written", || world.fake.get(job)["status"]["active"] == 2).await;
}

#[tokio::test(start_paused = true)]
async fn one_object_that_is_refused_stops_no_other() {
    let mut world = World::new();
    let other = "/apis/apps/v1/deployments/other";
    for path in [WEB, other] {
        world.object(path, &["east", "west"]);
        world.tell_all(path, [1, 1]);
    }
    world.fake.refuse(&format!("PATCH {other}"), 422);
    let metrics = world.start("a");
    world.until("the other one is written", || world.replicas(WEB) == Some(2)).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let tries = metrics.looks.with_label_values(&["refused"]).get();
    assert!((10..60).contains(&tries), "{tries} tries in ten minutes");
    world.tell_all(WEB, [2, 2]);
    world.until("it goes on", || world.replicas(WEB) == Some(4)).await;
}

#[tokio::test(start_paused = true)]
async fn kinds_come_and_go_and_without_targets_nothing_is_said() {
    let mut world = World::new();
    world.kinds.send_replace(None);
    world.object(WEB, &["east", "west"]);
    world.tell_all(WEB, [1, 1]);
    world.fake.refuse(&format!("GET {TARGETS}"), 404);
    let metrics = world.start("a");
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.kinds.send_replace(Some(vec![DEPLOYMENTS]));
    world.until("it is seen", || metrics.shared.get() == 1).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.fake.writes("/status"), 0, "nobody knows whose shares count");
    world.fake.state.lock().refused.clear();
    world.clock.now();
    tokio::time::sleep(Duration::from_secs(300)).await;
    world.until("the sum is written", || world.replicas(WEB) == Some(2)).await;
    world.kinds.send_replace(Some(vec![JOBS]));
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.tell_all(WEB, [5, 5]);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.replicas(WEB), Some(2), "not followed any more");
}

#[tokio::test(start_paused = true)]
async fn of_two_replicas_one_writes() {
    let mut world = World::new();
    world.object(WEB, &["east", "west"]);
    world.tell_all(WEB, [1, 1]);
    let first = world.start("a");
    world.until("the sum is written", || world.replicas(WEB) == Some(2)).await;
    let second = world.start("b");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((first.leading.get(), second.leading.get()), (1, 0));
    world.tell_all(WEB, [3, 1]);
    world.until("the sum is written", || world.replicas(WEB) == Some(4)).await;
    assert_eq!(second.looks.with_label_values(&["written"]).get(), 0);
}
