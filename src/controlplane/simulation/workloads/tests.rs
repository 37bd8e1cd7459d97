//! The controllers of one cluster in paused time.

use tokio::task::JoinSet;

use super::*;
use crate::{controlplane::simulation::objects::fake::Cluster, liveness::clock::PausedClock};

fn spec(replicas: u64, image: &str) -> Value {
    json!({"replicas": replicas, "template": {"spec": {"containers": [{"image": image}]}}})
}

struct World {
    cluster: Arc<Cluster>,
    mode: watch::Sender<Mode>,
    _tasks: JoinSet<()>,
}

impl World {
    fn start() -> Self {
        let (cluster, mode) = (Arc::new(Cluster::default()), watch::Sender::new(Mode::Healthy));
        let workloads = Workloads::new(cluster.clone(), Arc::new(PausedClock::default()), mode.subscribe());
        let mut tasks = JoinSet::new();
        tasks.spawn(workloads.run());
        Self { cluster, mode, _tasks: tasks }
    }

    async fn until(&self, kind: Kind, name: &str, member: &str, value: Value) {
        for _ in 0..2_000 {
            if self.cluster.get(kind, name)["status"][member] == value {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{member} of {name} is not {value}: {}", self.cluster.get(kind, name));
    }
}

#[tokio::test(start_paused = true)]
async fn workloads_roll_out_fail_and_come_back() {
    let world = World::start();
    world.cluster.put(Kind::Deployment, "web", spec(3, "web:1"));
    world.cluster.put(Kind::StatefulSet, "db", spec(2, "db:1"));
    world.until(Kind::Deployment, "web", "availableReplicas", json!(3)).await;
    world.until(Kind::StatefulSet, "db", "readyReplicas", json!(2)).await;
    let revision =
        |cluster: &Cluster| cluster.get(Kind::Deployment, "web")["metadata"]["annotations"][REVISION].clone();
    assert_eq!(revision(&world.cluster), "1");
    // Settled, nothing is written any more.
    sleep(Duration::from_secs(2)).await;
    let version = world.cluster.version();
    sleep(Duration::from_secs(3_600)).await;
    assert_eq!(world.cluster.version(), version);

    world.cluster.put(Kind::Deployment, "web", spec(4, "web:2"));
    world.until(Kind::Deployment, "web", "observedGeneration", json!(2)).await;
    world.until(Kind::Deployment, "web", "availableReplicas", json!(4)).await;
    world.until(Kind::Deployment, "web", "updatedReplicas", json!(4)).await;
    assert_eq!(revision(&world.cluster), "2");

    world.mode.send_replace(Mode::Failing);
    world.until(Kind::Deployment, "web", "availableReplicas", Value::Null).await;
    world.until(Kind::StatefulSet, "db", "availableReplicas", json!(0)).await;
    world.mode.send_replace(Mode::Healthy);
    world.until(Kind::Deployment, "web", "availableReplicas", json!(4)).await;
    world.until(Kind::StatefulSet, "db", "availableReplicas", json!(2)).await;
}
