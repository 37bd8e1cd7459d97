//! A cluster, its syncer and the heartbeat reconciler together, in paused time: what a reader of SyncTargets sees.

use prometheus::Registry;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    controlplane::simulation::{objects::fake::Cluster, workloads::Workloads},
    informers,
    liveness::{SILENT_AFTER, clock::PausedClock},
    reconcilers::{
        fake::{Fake, TARGETS},
        heartbeat::{Heartbeat, Metrics},
    },
};

struct World {
    fake: Arc<Fake>,
    cluster: Arc<Cluster>,
    mode: watch::Sender<Mode>,
    _tasks: JoinSet<()>,
}

impl World {
    fn start() -> Self {
        let (fake, cluster) = (Arc::new(Fake::default()), Arc::new(Cluster::default()));
        let (clock, mode) = (Arc::new(PausedClock::default()), watch::Sender::new(Mode::Healthy));
        let registry = Registry::new();
        let informers = informers::Metrics::new(&registry).unwrap();
        let heartbeat =
            Heartbeat::new(fake.clone(), clock.clone(), informers, Metrics::new(&registry).unwrap());
        let facts = Facts {
            syncer_version: "v0.1.0".into(),
            kubernetes_version: "v1.36.3".into(),
            holder: "syncer-1".into(),
            nodes: 3,
        };
        let caller = Caller::new(fake.clone());
        let place = Place { base: String::new(), name: "east".into() };
        let syncer =
            Syncer::new(place, facts, cluster.clone(), caller, clock.clone(), mode.subscribe(), BEAT);
        let mut tasks = JoinSet::new();
        tasks.spawn(heartbeat.run("a".into(), CancellationToken::new()));
        tasks.spawn(syncer.run());
        tasks.spawn(Workloads::new(cluster.clone(), clock, mode.subscribe()).run());
        Self { fake, cluster, mode, _tasks: tasks }
    }

    fn target(&self) -> Value {
        self.fake.get(&format!("{TARGETS}/east"))
    }

    fn ready(&self) -> String {
        let target = self.target();
        let conditions = target["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
        ready.and_then(|ready| ready["status"].as_str()).unwrap_or("-").to_owned()
    }

    fn ready_deployments(&self) -> Value {
        let target = self.target();
        let rows = target["status"]["resources"].as_array().cloned().unwrap_or_default();
        rows.into_iter().find(|row| row["resource"] == "deployments").unwrap_or_default()["ready"].clone()
    }

    async fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) -> Duration {
        let start = Instant::now();
        while !condition(self) {
            assert!(start.elapsed() < Duration::from_secs(120), "{what}: {}", self.target());
            sleep(Duration::from_millis(50)).await;
        }
        start.elapsed()
    }

    fn deploy(&self, name: &str) {
        let template = json!({"spec": {"containers": [{"image": "web:1"}]}});
        self.cluster.put(Kind::Deployment, name, json!({"replicas": 2, "template": template}));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_ready_fails_falls_silent_and_heals() {
    let world = World::start();
    world.deploy("web");
    // Before the target is there, its syncer waits for it.
    sleep(Duration::from_secs(5)).await;
    world.fake.put(
        &format!("{TARGETS}/east"),
        json!({"metadata": {"name": "east", "generation": 1}, "spec": {"kcpCluster": "root:a"}}),
    );
    world.until("it is ready", |world| world.ready() == "True").await;
    world.until("its Deployment is ready", |world| world.ready_deployments() == 1).await;

    world.mode.send_replace(Mode::Failing);
    let took = world.until("it is not ready", |world| world.ready() == "False").await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    world.until("nothing of it is ready", |world| world.ready_deployments() == 0).await;
    world.until("it names the problem", |world| !world.target()["status"]["problems"][0].is_null()).await;
    world.mode.send_replace(Mode::Healthy);
    world.until("it is ready again", |world| world.ready() == "True").await;
    world.until("its Deployment is ready again", |world| world.ready_deployments() == 1).await;
    world.until("no problem is left", |world| world.target()["status"]["problems"] == json!([])).await;

    world.mode.send_replace(Mode::Partitioned);
    let took = world.until("nobody knows", |world| world.ready() == "Unknown").await;
    assert!(took > SILENT_AFTER - BEAT && took < SILENT_AFTER + Duration::from_secs(1), "{took:?}");
    world.deploy("more");
    sleep(Duration::from_secs(30)).await;
    assert_eq!(world.ready_deployments(), 1, "its last word stays");
    world.mode.send_replace(Mode::Healthy);
    let took = world.until("it is heard again", |world| world.ready() == "True").await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    world.until("what came meanwhile is counted", |world| world.ready_deployments() == 2).await;
}

#[tokio::test(start_paused = true)]
async fn reports_are_paced_and_only_of_news() {
    let world = World::start();
    let target = json!({"metadata": {"name": "east"}, "spec": {"kcpCluster": "root:a"}});
    world.fake.put(&format!("{TARGETS}/east"), target);
    world.until("it is ready", |world| world.ready() == "True").await;
    sleep(Duration::from_secs(20)).await;
    let status = || world.fake.writes("east/status");
    let before = status();
    for index in 0..100 {
        world.deploy(&format!("web-{index}"));
        sleep(Duration::from_millis(300)).await;
    }
    let reports = status() - before;
    assert!((2..=5).contains(&reports), "{reports} in thirty seconds");
    sleep(Duration::from_secs(20)).await;
    assert_eq!(world.ready_deployments(), 100);
    let before = status();
    sleep(Duration::from_secs(300)).await;
    // The time it was last heard follows once a minute.
    assert!(status() - before <= 5, "{}", status() - before);
    // One that is made anew is told everything.
    world.fake.remove(&format!("{TARGETS}/east"));
    sleep(Duration::from_secs(15)).await;
    let target = json!({"metadata": {"name": "east"}, "spec": {"kcpCluster": "root:a"}});
    world.fake.put(&format!("{TARGETS}/east"), target);
    world.until("it is ready", |world| world.ready() == "True").await;
}
