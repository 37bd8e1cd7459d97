//! I15 and I20 for the Lease: however long processes are paused, requests are on their way and calendars are wrong,
//! no two syncers may begin a write at the same time.

use async_trait::async_trait;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use proptest::prelude::*;
use serde_json::Value;
use tokio::sync::oneshot;

use super::*;
use crate::upstream::UpstreamError;

/// Between two looks at who may write.
const LOOK: Duration = Duration::from_millis(250);

/// Where the requests of one process wait: on their way there, and on their way back.
struct Line {
    fake: Arc<Fake>,
    /// In seconds, used up from the end.
    waits: Mutex<Vec<(u64, u64)>>,
    sent: Mutex<JoinSet<()>>,
}

#[async_trait]
impl Requests for Line {
    async fn request(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Value, UpstreamError> {
        let (there, back) = self.waits.lock().pop().unwrap_or_default();
        let (path, content_type) = (path.to_owned(), content_type.map(str::to_owned));
        let (fake, (answers, answer)) = (self.fake.clone(), oneshot::channel());
        // What is sent arrives, though nobody may wait for its answer any more.
        self.sent.lock().spawn(async move {
            sleep(Duration::from_secs(there)).await;
            let answer = fake.request(method, &path, content_type.as_deref(), body).await;
            sleep(Duration::from_secs(back)).await;
            let _ = answers.send(answer);
        });
        answer.await.expect("every request is answered")
    }
}

impl Syncer {
    /// A write could begin now.
    fn may_write(&self) -> bool {
        let leading = self.leading.borrow();
        self.standing.borrow().leads && leading.as_ref().is_some_and(|leading| leading.deadline().is_some())
    }
}

async fn play(lines: Vec<Vec<(u64, u64)>>) -> Result<(), String> {
    let mut world = World::default();
    world.make_lease();
    let mut syncers = Vec::new();
    for (number, waits) in lines.into_iter().enumerate() {
        let line = Line { fake: world.fake.clone(), waits: Mutex::new(waits), sent: Mutex::default() };
        syncers.push(world.start_over(&format!("s{number}"), true, Arc::new(line)));
    }
    let end = Instant::now() + Duration::from_secs(600);
    while Instant::now() < end {
        sleep(LOOK).await;
        let writing: Vec<_> = (0..syncers.len()).filter(|number| syncers[*number].may_write()).collect();
        if writing.len() > 1 {
            return Err(format!("{writing:?} may write together"));
        }
    }
    match syncers.iter().any(Syncer::may_write) {
        true => Ok(()),
        false => Err("once all is well again nobody writes".to_owned()),
    }
}

/// Most requests are quick; some hang for longer than any of the times of an election.
fn wait() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(0), 1 => 0..45_u64]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_two_begin_a_write_at_the_same_time(
        lines in prop::collection::vec(prop::collection::vec((wait(), wait()), 0..16), 2..4)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        prop_assert_eq!(runtime.block_on(play(lines)), Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_holders_calendar_says_makes_nobody_come_sooner_or_later() {
    for hours in [-1, 0, 1] {
        let mut world = World::default();
        let renewed = (Timestamp::now() + SignedDuration::from_hours(hours)).to_string();
        let spec = json!({"holderIdentity": "dead", "leaseDurationSeconds": 30, "renewTime": renewed});
        let lease = json!({"metadata": {"name": "synctarget-u1"}, "spec": spec});
        world.fake.put(&format!("{PATH}/synctarget-u1"), lease);
        world.start("a", true);
        let took = world.until_holder("a").await;
        assert!((30..=36).contains(&took.as_secs()), "{hours} h: after {took:?}");
    }
}
