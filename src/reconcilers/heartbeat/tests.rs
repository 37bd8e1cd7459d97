//! The reconciler as a whole over an upstream in this process, in paused time.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};

use super::*;
use crate::{
    liveness::clock::PausedClock,
    reconcilers::fake::{Fake, LEASES, TARGETS},
};

struct World {
    fake: Arc<Fake>,
    clock: Arc<PausedClock>,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

impl World {
    fn new() -> Self {
        Self {
            fake: Arc::default(),
            clock: Arc::new(PausedClock::default()),
            shutdown: CancellationToken::new(),
            tasks: JoinSet::new(),
        }
    }

    fn start(&mut self, identity: &str) -> Metrics {
        let registry = prometheus::Registry::new();
        let metrics = Metrics::new(&registry).unwrap();
        let informers = informers::Metrics::new(&registry).unwrap();
        let heartbeat = Heartbeat::new(self.fake.clone(), self.clock.clone(), informers, metrics.clone());
        self.tasks.spawn(heartbeat.run(identity.to_owned(), self.shutdown.clone()));
        metrics
    }

    fn target(&self, name: &str) -> String {
        let object = json!({"metadata": {"name": name}, "spec": {"kcpCluster": "root:a"}});
        let object = self.fake.put(&format!("{TARGETS}/{name}"), object);
        object["metadata"]["uid"].as_str().unwrap().to_owned()
    }

    /// What a syncer reports.
    fn report(&self, name: &str, reachable: &str) {
        let mut object = self.fake.get(&format!("{TARGETS}/{name}"));
        let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let own = ["SyncerReady", "DownstreamReachable"];
        let others =
            conditions.into_iter().filter(|condition| !own.contains(&condition["type"].as_str().unwrap()));
        let reports = own.into_iter().zip(["True", reachable]).map(|(kind, status)| {
            json!({"type": kind, "status": status, "reason": "Test", "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z"})
        });
        object["status"]["conditions"] = others.chain(reports).collect();
        self.fake.put(&format!("{TARGETS}/{name}"), object);
    }

    fn beat(&self, uid: &str) {
        let path = format!("{LEASES}/synctarget-{uid}");
        let mut object = self.fake.get(&path);
        object["metadata"]["name"] = json!(format!("synctarget-{uid}"));
        object["metadata"]["namespace"] = json!("tmc-system");
        object["spec"] = json!({"holderIdentity": "syncer", "renewTime": self.clock.now().wall.to_string()});
        self.fake.put(&path, object);
    }

    fn condition(&self, name: &str, kind: &str) -> Value {
        let object = self.fake.get(&format!("{TARGETS}/{name}"));
        let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.into_iter().find(|condition| condition["type"] == kind).unwrap_or_default()
    }

    fn says(&self, name: &str) -> String {
        let text = |kind| self.condition(name, kind)["status"].as_str().unwrap_or("-").to_owned();
        format!("{} {}", text("HeartbeatHealthy"), text("Ready"))
    }

    /// Waits in paused time; says how long it took.
    async fn until(&self, what: &str, condition: impl Fn() -> bool) -> Duration {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < Duration::from_secs(120), "{what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        start.elapsed()
    }

    async fn until_says(&self, name: &str, says: &str) -> Duration {
        self.until(&format!("{name} says {says}"), || self.says(name) == says).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_gets_its_lease_and_conditions_and_follows_its_syncer() {
    let mut world = World::new();
    let uid = world.target("east");
    world.start("a");
    world.until_says("east", "Unknown Unknown").await;
    let lease = world.fake.get(&format!("{LEASES}/synctarget-{uid}"));
    assert_eq!(lease["metadata"]["ownerReferences"][0]["uid"], uid.as_str());
    assert!(lease["spec"]["holderIdentity"].is_null());
    let target = world.fake.get(&format!("{TARGETS}/east"));
    assert_eq!(target["status"]["key"], crate::api::workload::key("root:a", "east"));
    assert_eq!(world.condition("east", "WorkspaceAssigned")["status"], "True");

    world.beat(&uid);
    world.until_says("east", "True Unknown").await;
    world.report("east", "True");
    world.until_says("east", "True True").await;
    world.report("east", "False");
    world.until_says("east", "True False").await;
    assert_eq!(world.condition("east", "DownstreamReachable")["status"], "False", "others' stay");
    world.report("east", "True");
    world.until_says("east", "True True").await;
    // Nothing changes any more: nothing is written but the lead.
    let before = world.fake.writes("status");
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        world.beat(&uid);
    }
    assert_eq!(world.fake.writes("status"), before);
    let took = world.until_says("east", "Unknown Unknown").await;
    let limit = crate::liveness::SILENT_AFTER;
    assert!(took > limit && took < limit + Duration::from_millis(100), "{took:?}");
    assert_eq!(world.fake.writes("status"), before + 1);
}

#[tokio::test(start_paused = true)]
async fn two_replicas_write_once_and_one_takes_over_from_the_other() {
    let mut world = World::new();
    world.target("east");
    let first = world.start("a");
    world.until_says("east", "Unknown Unknown").await;
    let second = world.start("b");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((first.leading.get(), second.leading.get()), (1, 0));
    assert_eq!(world.fake.writes("/status"), 1);
    // The first one gives its lead back at its end; the second one need not wait.
    world.shutdown.cancel();
    world.shutdown = CancellationToken::new();
    let mut ends = 0;
    while world.tasks.join_next().await.is_some() {
        ends += 1;
    }
    assert_eq!(ends, 2);
    assert_eq!(world.fake.get(&format!("{LEASES}/tmc-heartbeat"))["spec"]["holderIdentity"], "");
    let third = world.start("c");
    world.target("west");
    let took = world.until_says("west", "Unknown Unknown").await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(third.leading.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_written_is_tried_again_and_stops_nothing_else() {
    let mut world = World::new();
    world.fake.refuse(&format!("POST {LEASES}"), 403);
    world.fake.put(
        &format!("{LEASES}/tmc-heartbeat"),
        json!({"metadata": {"name": "tmc-heartbeat", "namespace": "tmc-system"}}),
    );
    world.target("east");
    world.start("a");
    world.until_says("east", "Unknown Unknown").await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let tries = world.fake.writes(&format!("POST {LEASES}"));
    assert!((10..60).contains(&tries), "{tries} tries in ten minutes");
    world.fake.state.lock().refused.clear();
    let uid = world.fake.get(&format!("{TARGETS}/east"))["metadata"]["uid"].as_str().unwrap().to_owned();
    let path = format!("{LEASES}/synctarget-{uid}");
    world.until("the lease is made", || !world.fake.get(&path).is_null()).await;
    // One that is taken away is made again.
    world.fake.remove(&path);
    world.until("the lease is made again", || !world.fake.get(&path).is_null()).await;
}

#[tokio::test(start_paused = true)]
async fn who_cannot_see_leases_calls_nobody_silent() {
    let mut world = World::new();
    let uid = world.target("east");
    world.start("a");
    world.until_says("east", "Unknown Unknown").await;
    world.beat(&uid);
    world.report("east", "True");
    world.until_says("east", "True True").await;
    world.fake.refuse(&format!("GET {LEASES}"), 503);
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        world.beat(&uid);
        assert_eq!(world.says("east"), "True True");
    }
    world.fake.state.lock().refused.clear();
    tokio::time::sleep(Duration::from_secs(35)).await;
    assert_eq!(world.says("east"), "True True");
    world.until_says("east", "Unknown Unknown").await;
}

#[tokio::test(start_paused = true)]
async fn many_targets_are_written_at_the_rate_and_all_of_them() {
    let mut world = World::new();
    let names: Vec<_> = (0..500).map(|index| format!("t{index:03}")).collect();
    names.iter().for_each(|name| drop(world.target(name)));
    let start = Instant::now();
    world.start("a");
    world.until("all are written", || names.iter().all(|name| world.says(name) == "Unknown Unknown")).await;
    let took = start.elapsed();
    // A thousand writes, a hundred of them at once.
    assert!(took > Duration::from_secs(8) && took < Duration::from_secs(12), "{took:?}");
    world.fake.remove(&format!("{TARGETS}/t007"));
    let uid = world.target("t007");
    let path = format!("{LEASES}/synctarget-{uid}");
    world.until("a target made anew is another one", || !world.fake.get(&path).is_null()).await;
}
