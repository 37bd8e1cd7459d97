//! Who leads, in paused time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::json;
use tokio::task::JoinSet;

use super::*;
use crate::reconcilers::fake::{Fake, LEASES};

struct World {
    fake: Arc<Fake>,
    tasks: JoinSet<()>,
    leaders: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

/// Counts who works at the same time.
struct Working(Arc<AtomicUsize>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl World {
    fn new() -> Self {
        Self { fake: Arc::default(), tasks: JoinSet::new(), leaders: Arc::default(), most: Arc::default() }
    }

    fn start(&mut self, identity: &str) -> CancellationToken {
        let shutdown = CancellationToken::new();
        let caller = Caller::new(self.fake.clone());
        let election = Election::new(caller, "tmc-system", "test", identity.into(), Timing::default());
        let (leaders, most) = (self.leaders.clone(), self.most.clone());
        self.tasks.spawn(election.run(shutdown.clone(), move |leading| {
            let (leaders, most) = (leaders.clone(), most.clone());
            async move {
                assert!(leading.deadline().is_some());
                most.fetch_max(leaders.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                let _working = Working(leaders);
                std::future::pending::<()>().await;
            }
        }));
        shutdown
    }

    fn holder(&self) -> String {
        self.fake.get(&format!("{LEASES}/test"))["spec"]["holderIdentity"].as_str().unwrap_or("-").to_owned()
    }

    async fn until_holder(&self, holder: &str) -> Duration {
        let start = Instant::now();
        while self.holder() != holder || self.leaders.load(Ordering::Relaxed) == 0 {
            assert!(start.elapsed() < Duration::from_secs(60), "{holder} does not lead");
            sleep(Duration::from_millis(10)).await;
        }
        start.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_not_renewed_is_taken_over_after_its_duration() {
    let mut world = World::new();
    // Its holder died at some time by a clock that nobody trusts.
    let spec = json!({"holderIdentity": "dead", "leaseDurationSeconds": 15, "leaseTransitions": 4,
        "renewTime": "2050-01-01T00:00:00.000000Z"});
    world.fake.put(&format!("{LEASES}/test"), json!({"metadata": {"name": "test"}, "spec": spec}));
    world.start("a");
    let took = world.until_holder("a").await;
    assert!(took >= Duration::from_secs(15) && took < Duration::from_secs(20), "{took:?}");
    let lease = world.fake.get(&format!("{LEASES}/test"));
    assert_eq!(lease["spec"]["leaseTransitions"], 5);
    assert_eq!(lease["spec"]["leaseDurationSeconds"], 15);
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_and_the_next_at_once_after_a_release() {
    let mut world = World::new();
    let first = world.start("a");
    world.until_holder("a").await;
    world.start("b");
    sleep(Duration::from_secs(60)).await;
    assert_eq!(world.holder(), "a");
    first.cancel();
    let took = world.until_holder("b").await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(world.most.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_renew_stops_before_anybody_else_may_begin() {
    let mut world = World::new();
    world.start("a");
    world.until_holder("a").await;
    world.fake.refuse(&format!("PATCH {LEASES}/test"), 500);
    let start = Instant::now();
    while world.leaders.load(Ordering::Relaxed) > 0 {
        assert!(start.elapsed() < Duration::from_secs(15), "it leads beyond its lease");
        sleep(Duration::from_millis(10)).await;
    }
    assert!(start.elapsed() > Duration::from_secs(7), "after {:?}", start.elapsed());
    world.fake.state.lock().refused.clear();
    world.until_holder("a").await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_deleted_or_taken_while_leading_is_noticed() {
    let mut world = World::new();
    world.start("a");
    world.until_holder("a").await;
    world.fake.remove(&format!("{LEASES}/test"));
    world.until_holder("a").await;
    // Somebody takes it by hand.
    let mut lease = world.fake.get(&format!("{LEASES}/test"));
    lease["spec"]["holderIdentity"] = json!("thief");
    world.fake.put(&format!("{LEASES}/test"), lease);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(world.leaders.load(Ordering::Relaxed), 0);
    world.until_holder("a").await;
}

#[tokio::test(start_paused = true)]
async fn a_missing_namespace_is_made() {
    let mut world = World::new();
    world.fake.remove("/api/v1/namespaces/tmc-system");
    world.start("a");
    world.until_holder("a").await;
    assert!(!world.fake.get("/api/v1/namespaces/tmc-system").is_null());
}
