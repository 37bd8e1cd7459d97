//! Of several syncers one leads, by the times of a target's Lease.

mod pauses;

use std::sync::Arc;

use serde_json::json;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::reconcilers::{
    call::Requests,
    fake::{Fake, LEASES as PATH},
    leader::{Leading, Standing},
};

#[derive(Default)]
struct World {
    fake: Arc<Fake>,
    tasks: JoinSet<()>,
}

struct Syncer {
    standing: watch::Receiver<Standing>,
    stop: CancellationToken,
    leading: watch::Receiver<Option<Leading>>,
}

impl World {
    fn make_lease(&self) {
        let lease = json!({"metadata": {"name": "synctarget-u1"}, "spec": {"leaseDurationSeconds": 30}});
        self.fake.put(&format!("{PATH}/synctarget-u1"), lease);
    }

    fn start(&mut self, identity: &str, elect: bool) -> Syncer {
        self.start_over(identity, elect, self.fake.clone())
    }

    /// The same over a line of its own.
    fn start_over(&mut self, identity: &str, elect: bool, line: Arc<dyn Requests>) -> Syncer {
        let caller = Caller::new(line);
        let election = election(caller, "u1", identity.into(), Duration::from_secs(20));
        let (standing, stop) = (election.standing(), CancellationToken::new());
        let (sender, leading) = watch::channel(None);
        let (sender, ends) = (Arc::new(sender), stop.clone());
        let work = move |leading| {
            let (sender, ends) = (sender.clone(), ends.clone());
            async move {
                sender.send_replace(Some(leading));
                ends.cancelled().await;
                sleep(Duration::from_secs(1)).await;
            }
        };
        let shutdown = stop.clone();
        self.tasks.spawn(async move {
            match elect {
                true => election.run(shutdown, work).await,
                false => election.run_alone(shutdown, work).await,
            }
        });
        Syncer { standing, stop, leading }
    }

    fn holder(&self) -> String {
        let lease = self.fake.get(&format!("{PATH}/synctarget-u1"));
        lease["spec"]["holderIdentity"].as_str().unwrap_or("-").to_owned()
    }

    async fn until_holder(&self, holder: &str) -> Duration {
        let start = Instant::now();
        while self.holder() != holder {
            assert!(start.elapsed() < Duration::from_secs(120), "{holder} does not hold it");
            sleep(Duration::from_millis(50)).await;
        }
        start.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_never_made_here_and_renewed_every_ten_seconds() {
    let mut world = World::default();
    let one = world.start("a", true);
    sleep(Duration::from_secs(60)).await;
    assert!(world.fake.get(&format!("{PATH}/synctarget-u1")).is_null());
    assert!(one.standing.borrow().seen.is_none() && !one.standing.borrow().leads);
    world.make_lease();
    let took = world.until_holder("a").await;
    assert!(took < Duration::from_secs(6), "{took:?}");
    let before = world.fake.writes("synctarget-u1");
    sleep(Duration::from_secs(600)).await;
    let beats = world.fake.writes("synctarget-u1") - before;
    assert!((60..=67).contains(&beats), "{beats} in ten minutes");
    assert!(one.leading.borrow().as_ref().unwrap().deadline().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_silent_holder_stops_writing_before_another_one_begins() {
    let mut world = World::default();
    world.make_lease();
    let one = world.start("a", true);
    world.until_holder("a").await;
    let other = world.start("b", true);
    sleep(Duration::from_secs(15)).await;
    assert!(other.standing.borrow().seen.is_some(), "who stands by knows the Lease");
    world.fake.refuse(&format!("PATCH {PATH}/synctarget-u1"), 500);
    let cut = Instant::now();
    let leading = one.leading.borrow().clone().unwrap();
    while leading.deadline().is_some() {
        assert!(cut.elapsed() <= Duration::from_secs(20), "no write begins then");
        sleep(Duration::from_millis(50)).await;
    }
    assert!(!other.standing.borrow().leads);
    while one.standing.borrow().leads {
        sleep(Duration::from_millis(50)).await;
    }
    assert!(cut.elapsed() <= Duration::from_secs(21), "{:?}", cut.elapsed());
    // Whoever wrote a shorter duration, nobody comes earlier for it.
    let mut lease = world.fake.get(&format!("{PATH}/synctarget-u1"));
    lease["spec"]["leaseDurationSeconds"] = json!(1);
    world.fake.put(&format!("{PATH}/synctarget-u1"), lease);
    world.fake.state.lock().refused.clear();
    one.stop.cancel();
    let took = world.until_holder("b").await;
    assert!(cut.elapsed() >= Duration::from_secs(20) && took < Duration::from_secs(30), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn stopped_it_holds_the_lease_until_its_work_has_ended_and_gives_it_back() {
    let mut world = World::default();
    world.make_lease();
    let one = world.start("a", true);
    world.until_holder("a").await;
    world.start("b", true);
    sleep(Duration::from_secs(5)).await;
    one.stop.cancel();
    sleep(Duration::from_millis(900)).await;
    assert_eq!(world.holder(), "a", "its work is not over");
    let took = world.until_holder("b").await;
    assert!(took < Duration::from_secs(6), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn without_election_everyone_works_and_shows_that_he_lives() {
    let mut world = World::default();
    let one = world.start("a", false);
    sleep(Duration::from_secs(5)).await;
    let leading = one.leading.borrow().clone().expect("it works without a Lease");
    world.make_lease();
    let took = world.until_holder("a").await;
    assert!(took <= Duration::from_secs(3), "{took:?}");
    world.start("b", false);
    world.until_holder("b").await;
    world.until_holder("a").await;
    world.fake.refuse(&format!("PATCH {PATH}/synctarget-u1"), 500);
    sleep(Duration::from_secs(600)).await;
    assert!(leading.deadline().is_some());
}
