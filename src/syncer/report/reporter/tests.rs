//! When a report is written, in paused time.

use prometheus::Registry;
use tokio::task::JoinSet;

use super::*;
use crate::{
    api::placement::GroupResource,
    liveness::clock::PausedClock,
    reconcilers::fake::{Fake, TARGETS},
    syncer::facts::Count,
};

struct World {
    fake: Arc<Fake>,
    target: watch::Sender<Seen>,
    reach: watch::Sender<Reach>,
    counts: watch::Sender<Arc<Counts>>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

fn counts(total: u64) -> Arc<Counts> {
    let kind = GroupResource { group: String::new(), resource: "services".into() };
    let rows = [(kind, Count { total, ..Count::default() })].into();
    Arc::new(Counts { rows, complete: true, ..Counts::default() })
}

impl World {
    fn start() -> Self {
        let fake = Arc::new(Fake::default());
        let object = json!({"metadata": {"name": "east", "generation": 1}, "spec": {}});
        let object = fake.put(&format!("{TARGETS}/east"), object);
        let (reach, stop) = (watch::Sender::new(Reach::Ready), CancellationToken::new());
        let target = watch::Sender::new(Seen::Here(Arc::new(Target::read(&object))));
        let counts = watch::Sender::new(Arc::default());
        let sources = Sources {
            target: target.subscribe(),
            reach: reach.subscribe(),
            counts: counts.subscribe(),
            progress: None,
            security: None,
        };
        let about = About {
            name: "east".into(),
            mode: Mode::Observe,
            version: "v0.1.0".into(),
            holder: "syncer-1".into(),
            pace: PACE,
        };
        let reporter = Reporter {
            about,
            sources,
            caller: Caller::new(fake.clone()),
            clock: Arc::new(PausedClock::default()),
            metrics: MetricsCollector::new(&Registry::new(), "east", "root:a").unwrap(),
            pulse: Pulse::new(Duration::from_secs(60)),
        };
        let (mut tasks, ends) = (JoinSet::new(), stop.clone());
        tasks.spawn(async move { reporter.run(&Leading::forever(), &ends).await });
        Self { fake, target, reach, counts, stop, tasks }
    }

    fn status(&self) -> Value {
        self.fake.get(&format!("{TARGETS}/east"))["status"].clone()
    }

    fn ready(&self) -> String {
        let status = self.status();
        let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
        let ready =
            conditions.into_iter().find(|condition| condition["type"] == "SyncerReady").unwrap_or_default();
        format!("{} {}", ready["status"].as_str().unwrap_or("-"), ready["reason"].as_str().unwrap_or("-"))
    }

    fn reports(&self) -> usize {
        self.fake.writes("east/status")
    }

    /// What an informer would tell of the target now.
    fn see(&self) {
        let object = self.fake.get(&format!("{TARGETS}/east"));
        self.target.send_replace(Seen::Here(Arc::new(Target::read(&object))));
    }
}

async fn seconds(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_change_is_told_at_once_and_a_burst_at_a_pace() {
    let world = World::start();
    world.counts.send_replace(counts(0));
    sleep(Duration::from_millis(500)).await;
    assert_eq!((world.reports(), world.ready()), (1, "True SyncerReady".into()));
    world.see();
    seconds(30).await;
    assert_eq!(world.reports(), 1, "nothing is new");
    let start = Instant::now();
    world.counts.send_replace(counts(1));
    sleep(Duration::from_millis(500)).await;
    assert_eq!(world.status()["resources"][0]["total"], 1, "after quiet at once");
    for total in 2..=100 {
        world.counts.send_replace(counts(total));
        sleep(Duration::from_millis(300)).await;
    }
    let reports = world.reports() - 2;
    assert!((2..=3).contains(&reports), "{reports} in {:?}", start.elapsed());
    seconds(11).await;
    assert_eq!(world.status()["resources"][0]["total"], 100, "the last word is told");
}

#[tokio::test(start_paused = true)]
async fn quiet_it_writes_once_a_minute() {
    let world = World::start();
    world.counts.send_replace(counts(1));
    seconds(1).await;
    world.see();
    seconds(600).await;
    let reports = world.reports();
    assert!((10..=12).contains(&reports), "{reports} in ten minutes");
    // That is no news, so what is new after it is still told at once.
    let before = world.reports();
    while world.reports() == before {
        seconds(1).await;
    }
    world.counts.send_replace(counts(2));
    sleep(Duration::from_millis(500)).await;
    assert_eq!(world.status()["resources"][0]["total"], 2);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_takes_away_is_told_again() {
    let world = World::start();
    world.counts.send_replace(counts(1));
    seconds(1).await;
    let path = format!("{TARGETS}/east");
    let mut object = world.fake.get(&path);
    object["status"]["conditions"] = json!([]);
    world.fake.put(&path, object);
    world.see();
    seconds(11).await;
    assert_eq!(world.ready(), "True SyncerReady");
    // It sees its own word late, and does not say it again and again meanwhile.
    let before = world.reports();
    seconds(30).await;
    assert_eq!(world.reports(), before);
}

#[tokio::test(start_paused = true)]
async fn a_start_is_no_news_until_it_takes_too_long() {
    let world = World::start();
    seconds(9).await;
    assert_eq!(world.reports(), 0);
    seconds(3).await;
    assert_eq!(world.ready(), "Unknown CachesNotSynced");
    world.see();
    seconds(120).await;
    assert_eq!(world.ready(), "False CachesNotSynced");
    world.counts.send_replace(counts(1));
    seconds(11).await;
    assert_eq!(world.ready(), "True SyncerReady");
    let down = World::start();
    down.reach.send_replace(Reach::Unreachable("refused".into()));
    seconds(1).await;
    assert_eq!(down.reports(), 1, "a cluster that is not there is told at once");
}

#[tokio::test(start_paused = true)]
async fn refused_it_waits_longer_and_longer_and_its_last_word_is_that_it_stops() {
    let mut world = World::start();
    world.fake.refuse(&format!("PATCH {TARGETS}/east/status"), 500);
    world.counts.send_replace(counts(1));
    seconds(600).await;
    let tries = world.reports();
    assert!((20..=50).contains(&tries), "{tries} in ten minutes");
    world.fake.state.lock().refused.clear();
    seconds(31).await;
    assert_eq!(world.ready(), "True SyncerReady");
    world.stop.cancel();
    world.tasks.join_next().await.unwrap().unwrap();
    assert_eq!(world.ready(), "Unknown Stopping");
    assert_eq!(world.status()["resources"][0]["total"], 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_of_a_target_that_is_gone() {
    let world = World::start();
    world.target.send_replace(Seen::Unknown);
    world.counts.send_replace(counts(1));
    seconds(60).await;
    assert_eq!(world.reports(), 0);
    // A target of the same name that came after refuses what is meant for the one before.
    let old = Target { uid: "old".into(), ..Target::default() };
    world.target.send_replace(Seen::Here(Arc::new(old)));
    seconds(60).await;
    assert!(world.reports() > 0 && world.status().is_null(), "{}", world.status());
}
