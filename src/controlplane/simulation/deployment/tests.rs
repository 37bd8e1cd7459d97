//! Rollouts from the outside, as kubectl sees them.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

/// A Deployment in a cluster, and time.
struct World {
    object: Value,
    rollout: Option<Rollout>,
    now: Timestamp,
    mode: Mode,
    wake: Option<Timestamp>,
}

impl World {
    fn new(spec: Value) -> Self {
        let mut object = json!({"metadata": {"name": "web", "generation": 1}, "spec": spec});
        if object["spec"]["template"].is_null() {
            object["spec"]["template"] = template("web:1");
        }
        let now = Timestamp::from_second(1_000_000).unwrap();
        Self { object, rollout: None, now, mode: Mode::Healthy, wake: None }
    }

    fn look(&mut self) {
        let (rollout, step) = step(self.rollout.take(), &self.object, self.mode, self.now);
        self.object["status"] = step.status;
        self.wake = step.wake;
        self.rollout = Some(rollout);
    }

    /// As an administrator does.
    fn change(&mut self, path: &str, value: Value) {
        let generation = self.object["metadata"]["generation"].as_u64().unwrap() + 1;
        self.object["metadata"]["generation"] = json!(generation);
        let (parent, member) = path.rsplit_once('/').unwrap();
        self.object.pointer_mut(parent).unwrap()[member] = value;
        self.look();
    }

    /// Lets time pass until nothing happens by itself, looking at every moment.
    fn settle(&mut self, mut check: impl FnMut(&Self)) {
        self.look();
        for _ in 0..500 {
            check(self);
            let Some(wake) = self.wake else { return };
            assert!(wake > self.now);
            self.now = wake;
            self.look();
        }
        panic!("it never settles: {}", self.object);
    }

    fn count(&self, name: &str) -> u64 {
        self.object["status"][name].as_u64().unwrap_or_default()
    }

    fn says(&self, kind: &str) -> String {
        let conditions = self.object["status"]["conditions"].as_array().unwrap();
        let found = conditions.iter().find(|condition| condition["type"] == kind).unwrap();
        format!("{} {}", found["status"].as_str().unwrap(), found["reason"].as_str().unwrap())
    }

    /// What `kubectl rollout status` makes of it.
    fn is_rolled_out(&self) -> bool {
        let replicas = self.object["spec"]["replicas"].as_u64().unwrap_or(1);
        self.object["status"]["observedGeneration"] == self.object["metadata"]["generation"]
            && self.count("updatedReplicas") >= replicas
            && self.count("replicas") <= self.count("updatedReplicas")
            && self.count("availableReplicas") >= self.count("updatedReplicas")
    }
}

fn template(image: &str) -> Value {
    json!({"spec": {"containers": [{"name": "web", "image": image}]}})
}

#[test]
fn a_new_deployment_becomes_available_after_a_moment() {
    let mut world = World::new(json!({"replicas": 3}));
    world.look();
    assert!(!world.is_rolled_out());
    assert_eq!(world.says("Available"), "False MinimumReplicasUnavailable");
    assert_eq!(world.says("Progressing"), "True ReplicaSetUpdated");
    assert_eq!(world.count("unavailableReplicas"), 3);
    let (start, mut ready) = (world.now, Vec::new());
    world.settle(|world| ready.push(world.count("readyReplicas")));
    assert_eq!(ready, [0, 1, 2, 3]);
    assert!(world.is_rolled_out());
    assert_eq!(world.says("Available"), "True MinimumReplicasAvailable");
    assert_eq!(world.says("Progressing"), "True NewReplicaSetAvailable");
    assert!(world.object["status"]["unavailableReplicas"].is_null(), "zeros are left out");
    assert!(world.now.duration_since(start) < SignedDuration::from_secs(3));
    assert_eq!(world.rollout.as_ref().unwrap().revision, 1);
}

#[test]
fn nothing_changes_once_it_has_settled() {
    let mut world = World::new(json!({"replicas": 2}));
    world.settle(|_| {});
    let before = world.object.clone();
    world.now += SignedDuration::from_hours(5);
    world.look();
    assert_eq!(world.object, before);
    assert_eq!(world.wake, None);
}

#[test]
fn recreate_ends_all_old_pods_first() {
    let mut world = World::new(json!({"replicas": 2, "strategy": {"type": "Recreate"}}));
    world.settle(|_| {});
    world.change("/spec/template", template("web:2"));
    assert_eq!((world.count("replicas"), world.count("availableReplicas")), (2, 0));
    assert_eq!(world.says("Available"), "False MinimumReplicasUnavailable");
    world.settle(|_| {});
    assert!(world.is_rolled_out());
}

#[test]
fn an_image_that_cannot_be_pulled_hangs_until_the_deadline_and_takes_nothing_away() {
    let mut world = World::new(json!({"replicas": 4, "progressDeadlineSeconds": 60}));
    world.settle(|_| {});
    let start = world.now;
    world.change("/spec/template", template("registry.invalid/web:2"));
    world.settle(|world| assert!(world.count("availableReplicas") >= 3));
    assert_eq!(world.says("Progressing"), "False ProgressDeadlineExceeded");
    assert_eq!(world.says("Available"), "True MinimumReplicasAvailable");
    let took = world.now.duration_since(start);
    // Times of conditions are whole seconds.
    assert!(took >= SignedDuration::from_secs(59) && took < SignedDuration::from_secs(70), "{took:?}");
    assert!(!world.is_rolled_out());
    world.change("/spec/template", template("web:3"));
    world.settle(|_| {});
    assert!(world.is_rolled_out());
    assert_eq!(world.says("Progressing"), "True NewReplicaSetAvailable");
    assert_eq!(world.rollout.as_ref().unwrap().revision, 3);
}

#[test]
fn a_failing_cluster_runs_nothing_and_comes_back() {
    let mut world = World::new(json!({"replicas": 3}));
    world.settle(|_| {});
    world.mode = Mode::Failing;
    world.settle(|_| {});
    assert_eq!((world.count("replicas"), world.count("readyReplicas")), (3, 0));
    assert_eq!(world.says("Available"), "False MinimumReplicasUnavailable");
    assert_eq!(world.says("Progressing"), "True NewReplicaSetAvailable");
    world.mode = Mode::Healthy;
    world.look();
    assert_eq!(world.count("readyReplicas"), 0, "not at once");
    world.settle(|_| {});
    assert!(world.is_rolled_out());
    world.mode = Mode::Partitioned;
    world.settle(|_| {});
    assert!(world.is_rolled_out(), "nobody sees it, and it runs on");
}

#[test]
fn a_paused_one_scales_and_does_not_roll() {
    let mut world = World::new(json!({"replicas": 2}));
    world.settle(|_| {});
    world.change("/spec/paused", json!(true));
    assert_eq!(world.says("Progressing"), "Unknown DeploymentPaused");
    world.change("/spec/template", template("web:2"));
    world.change("/spec/replicas", json!(3));
    world.settle(|_| {});
    assert_eq!((world.count("availableReplicas"), world.rollout.as_ref().unwrap().revision), (3, 1));
    world.change("/spec/paused", json!(false));
    world.settle(|_| {});
    assert!(world.is_rolled_out());
    assert_eq!(world.rollout.as_ref().unwrap().revision, 2);
    assert_eq!(world.says("Progressing"), "True NewReplicaSetAvailable");
}

#[test]
fn without_a_deadline_nothing_is_said_of_progress() {
    let mut world = World::new(json!({"replicas": 1, "progressDeadlineSeconds": i32::MAX}));
    world.settle(|_| {});
    assert_eq!(world.object["status"]["conditions"].as_array().unwrap().len(), 1);
}

#[derive(Clone, Debug)]
enum Event {
    Template(u8),
    Replicas(u64),
    Wait,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..4_u8).prop_map(Event::Template),
        (0..9_u64).prop_map(Event::Replicas),
        Just(Event::Wait),
        Just(Event::Wait),
    ]
}

proptest! {
    /// Whatever is changed in the middle of a rollout: bounds hold while nobody scales, counts are consistent,
    /// and it ends.
    #[test]
    fn every_rollout_ends_within_its_bounds(
        replicas in 0..9_u64,
        surge in 0..3_u64,
        unavailable in 0..3_u64,
        events in prop::collection::vec(event(), 0..12),
    ) {
        prop_assume!(surge + unavailable > 0);
        let rolling = json!({"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}});
        let mut world = World::new(json!({"replicas": replicas, "strategy": rolling}));
        world.settle(|_| {});
        for event in events {
            match event {
                Event::Template(number) => world.change("/spec/template", template(&format!("web:{number}"))),
                Event::Replicas(replicas) => {
                    world.change("/spec/replicas", json!(replicas));
                    world.settle(|_| {});
                }
                Event::Wait => {
                    world.now = world.wake.unwrap_or(world.now);
                    world.look();
                }
            }
            let wanted = world.object["spec"]["replicas"].as_u64().unwrap();
            prop_assert!(world.count("replicas") <= wanted + surge);
            prop_assert!(world.count("availableReplicas") + unavailable >= wanted, "{}", world.object);
            prop_assert!(world.count("availableReplicas") <= world.count("readyReplicas"));
            prop_assert!(world.count("updatedReplicas") <= world.count("replicas"));
        }
        world.settle(|_| {});
        prop_assert!(world.is_rolled_out(), "{}", world.object);
        prop_assert_eq!(world.says("Progressing"), "True NewReplicaSetAvailable");
    }
}
