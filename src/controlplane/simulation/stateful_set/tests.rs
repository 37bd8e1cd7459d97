//! StatefulSets from the outside, as kubectl sees them.

use super::*;

struct World {
    object: Value,
    pods: Option<Pods>,
    now: Timestamp,
    mode: Mode,
    wake: Option<Timestamp>,
}

fn template(image: &str) -> Value {
    json!({"spec": {"containers": [{"name": "db", "image": image}]}})
}

impl World {
    fn new(spec: Value) -> Self {
        let mut object = json!({"metadata": {"name": "db", "generation": 1}, "spec": spec});
        object["spec"]["template"] = template("db:1");
        let now = Timestamp::from_second(1_000_000).unwrap();
        Self { object, pods: None, now, mode: Mode::Healthy, wake: None }
    }

    fn look(&mut self) {
        let (pods, step) = step(self.pods.take(), &self.object, self.mode, self.now);
        self.object["status"] = step.status;
        self.wake = step.wake;
        self.pods = Some(pods);
    }

    fn settle(&mut self, mut check: impl FnMut(&Self)) {
        self.look();
        for _ in 0..500 {
            check(self);
            let Some(wake) = self.wake else { return };
            self.now = wake;
            self.look();
        }
        panic!("it never settles: {}", self.object);
    }

    fn count(&self, name: &str) -> u64 {
        self.object["status"][name].as_u64().unwrap_or_default()
    }

    /// What `kubectl rollout status` makes of it, without a partition.
    fn is_rolled_out(&self) -> bool {
        let status = &self.object["status"];
        status["observedGeneration"] == self.object["metadata"]["generation"]
            && self.count("readyReplicas") == self.object["spec"]["replicas"].as_u64().unwrap_or(1)
            && status["updateRevision"] == status["currentRevision"]
    }
}

#[test]
fn pods_come_one_after_the_other_or_all_at_once() {
    for (policy, most) in [("OrderedReady", 1), ("Parallel", 3)] {
        let mut world = World::new(json!({"replicas": 3, "podManagementPolicy": policy}));
        let mut starting = 0;
        world.settle(|world| starting = starting.max(world.count("replicas") - world.count("readyReplicas")));
        assert_eq!(starting, most, "{policy}");
        assert!(world.is_rolled_out());
        assert_eq!(world.count("currentReplicas"), 3);
        assert_eq!(world.count("availableReplicas"), 3);
    }
}

#[test]
fn an_update_replaces_one_pod_at_a_time_from_the_last_down_to_the_partition() {
    let mut world = World::new(json!({"replicas": 4}));
    world.settle(|_| {});
    world.object["spec"]["updateStrategy"] = json!({"rollingUpdate": {"partition": 2}});
    world.object["spec"]["template"] = template("db:2");
    world.settle(|world| assert!(world.count("readyReplicas") >= 3));
    assert_eq!((world.count("updatedReplicas"), world.count("currentReplicas")), (2, 2));
    assert!(!world.is_rolled_out());
    world.object["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = json!(0);
    world.settle(|world| assert!(world.count("readyReplicas") >= 3));
    assert!(world.is_rolled_out());
    assert_eq!(world.count("currentReplicas"), 4);
}

#[test]
fn on_delete_replaces_nothing() {
    let mut world = World::new(json!({"replicas": 2, "updateStrategy": {"type": "OnDelete"}}));
    world.settle(|_| {});
    world.object["spec"]["template"] = template("db:2");
    world.settle(|_| {});
    assert_eq!((world.count("readyReplicas"), world.count("updatedReplicas")), (2, 0));
}

#[test]
fn what_cannot_start_stops_the_rest_and_a_failing_cluster_comes_back() {
    let mut world = World::new(json!({"replicas": 3}));
    world.settle(|_| {});
    world.object["spec"]["template"] = template("registry.invalid/db:2");
    world.settle(|_| {});
    assert_eq!((world.count("readyReplicas"), world.count("updatedReplicas")), (2, 1));
    let mut world = World::new(json!({"replicas": 3}));
    world.settle(|_| {});
    world.mode = Mode::Failing;
    world.settle(|_| {});
    assert_eq!((world.count("replicas"), world.count("readyReplicas")), (3, 0));
    world.mode = Mode::Healthy;
    world.settle(|_| {});
    assert!(world.is_rolled_out());
    world.object["spec"]["replicas"] = json!(1);
    world.settle(|_| {});
    assert_eq!(world.count("replicas"), 1);
}
