//! The component as a whole: events in, two logs out, in paused time.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::*;
use crate::{
    apiserver::{log::ResourceLog, scope::Scope},
    informers::{Resource, Trouble},
};

/// A calendar that follows tokio's paused clock.
struct PausedClock {
    start: Instant,
}

const EPOCH: &str = "2026-03-01T00:00:00Z";

impl Clock for PausedClock {
    fn now(&self) -> clock::Now {
        let elapsed = self.start.elapsed();
        let epoch: Timestamp = EPOCH.parse().unwrap();
        clock::Now { elapsed, wall: epoch + SignedDuration::try_from(elapsed).unwrap() }
    }
}

struct Bench {
    events: mpsc::Sender<Event>,
    storages: Vec<Arc<dyn Storage>>,
    availability: watch::Receiver<Availability>,
    metrics: Metrics,
}

impl Bench {
    /// Runs `test` beside the views; they must end when it is done.
    async fn run(test: impl AsyncFnOnce(Bench)) {
        let (events, received) = mpsc::channel(QUEUE);
        let metrics = Metrics::new(&prometheus::Registry::new()).unwrap();
        let clock = Arc::new(PausedClock { start: Instant::now() });
        let views = Views::new(Origin::Kubernetes, received, clock, RingLimits::default(), metrics.clone());
        let bench = Self { events, storages: views.storages(), availability: views.availability(), metrics };
        let shutdown = CancellationToken::new();
        let test = async {
            test(bench).await;
            shutdown.cancel();
        };
        let both = async { tokio::join!(views.run(shutdown.clone()), test) };
        tokio::time::timeout(Duration::from_secs(3600), both).await.unwrap();
    }

    async fn send(&self, resource: Resource, change: Change) {
        self.events.send(Event { resource, received: Instant::now(), change }).await.unwrap();
    }

    async fn targets(&self, targets: &[Value]) {
        self.send(SYNC_TARGETS, Change::Reset(targets.iter().map(fixtures::object).collect())).await;
    }

    async fn leases(&self, leases: &[Value]) {
        self.send(LEASES, Change::Reset(leases.iter().map(fixtures::object).collect())).await;
    }

    async fn heard(&self) {
        self.send(SYNC_TARGETS, Change::Fresh).await;
        self.send(LEASES, Change::Fresh).await;
    }

    async fn available(&mut self, expected: Availability) {
        self.availability.wait_for(|now| *now == expected).await.unwrap();
    }

    fn log(&self) -> Arc<ResourceLog> {
        self.storages[0].log(&Scope::None).unwrap()
    }

    fn view(&self, name: &str) -> Option<Value> {
        let snapshot = self.log().snapshot();
        let object = snapshot.iter().find(|object| &*object.key.name == name)?;
        Some(serde_json::from_slice(&object.json()).unwrap())
    }

    /// Serving one target of `root:a` that was renewed just now.
    async fn begin(&mut self) {
        self.targets(&[fixtures::target("east", "u", "root:a", "True", 3)]).await;
        self.leases(&[fixtures::lease("u", EPOCH.parse().unwrap(), "holder")]).await;
        self.available(Availability::Serving).await;
    }

    async fn next_version(&self) -> Duration {
        let (start, mut head) = (Instant::now(), self.log().subscribe());
        head.changed().await.unwrap();
        start.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_served_before_both_lists_are_complete() {
    Bench::run(async |mut bench| {
        let code = |bench: &Bench| bench.storages[1].log(&Scope::None).unwrap_err();
        assert_eq!(
            (code(&bench).code.as_u16(), code(&bench).details.unwrap().retry_after_seconds),
            (429, Some(1))
        );
        bench.targets(&[]).await;
        bench.send(LEASES, Change::Unavailable(Trouble::Unreachable)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!bench.availability.borrow().is_ready());
        bench.leases(&[]).await;
        bench.available(Availability::Serving).await;
        assert!(bench.log().snapshot().is_empty());
        let micros = EPOCH.parse::<Timestamp>().unwrap().as_microsecond() as u64;
        assert!(bench.log().head() >= micros);
        let elsewhere = bench.storages[0].log(&Scope::Path("root".into())).unwrap_err();
        assert_eq!(elsewhere.code.as_u16(), 404);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_missing_crd_leaves_the_server_ready_and_says_what_to_apply() {
    Bench::run(async |mut bench| {
        bench.leases(&[]).await;
        bench.send(SYNC_TARGETS, Change::NotInstalled).await;
        bench.available(Availability::NotInstalled).await;
        assert!(bench.availability.borrow().is_ready());
        let error = bench.storages[0].log(&Scope::None).unwrap_err();
        assert!(error.code == 503 && error.message.contains("kubectl apply -f deploy/crds"));
        bench.begin().await;
        bench.send(SYNC_TARGETS, Change::NotInstalled).await;
        bench.available(Availability::NotInstalled).await;
        bench.targets(&[]).await;
        bench.available(Availability::Serving).await;
        assert!(bench.view("root:a").is_none());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_target_falls_silent_on_time_without_any_event_of_its_own() {
    Bench::run(async |mut bench| {
        bench.begin().await;
        assert_eq!(bench.view("root:a").unwrap()["status"]["healthStatus"]["healthy"], 1);
        let updated = |bench: &Bench| bench.view("root:a").unwrap()["status"]["lastUpdated"].clone();
        assert_eq!(updated(&bench), "2026-01-01T00:00:05Z");
        tokio::time::sleep(Duration::from_secs(25)).await;
        bench.heard().await;
        let waited = bench.next_version().await + Duration::from_secs(25);
        assert!(waited > health::SILENT_AFTER && waited < health::SILENT_AFTER + Duration::from_millis(50));
        let view = bench.view("root:a").unwrap();
        assert_eq!(view["status"]["healthStatus"]["unknown"], 1);
        assert_eq!(view["status"]["data"], "Stale");
        assert_eq!(view["status"]["resourceCount"]["deployments"], 3, "the last counts stay");
        assert_eq!(updated(&bench), "2026-03-01T00:00:40Z");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_source_unseen_for_30_seconds_makes_everything_stale_until_it_is_back() {
    Bench::run(async |mut bench| {
        bench.begin().await;
        let waited = bench.next_version().await;
        assert!(waited > Duration::from_secs(30) && waited < Duration::from_millis(30_050));
        assert_eq!(bench.view("root:a").unwrap()["status"]["data"], "Stale");
        bench.heard().await;
        bench.next_version().await;
        assert_eq!(bench.view("root:a").unwrap()["status"]["data"], "Complete");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_first_change_goes_out_at_once_and_a_burst_as_one() {
    Bench::run(async |mut bench| {
        bench.begin().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let changed =
            |n: u64| Change::Apply(fixtures::object(&fixtures::target("east", "u", "root:a", "True", n)));
        bench.send(SYNC_TARGETS, changed(4)).await;
        assert_eq!(bench.next_version().await, Duration::ZERO);
        let before = bench.log().head();
        for n in 5..25 {
            bench.send(SYNC_TARGETS, changed(n)).await;
        }
        assert!(bench.next_version().await <= FLUSH_INTERVAL);
        assert_eq!(bench.view("root:a").unwrap()["status"]["resourceCount"]["deployments"], 24);
        // A view and the trees of root:a and root.
        assert_eq!(bench.log().head(), before + 3);
        assert_eq!(bench.metrics.lag.get_sample_count(), 3);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_changes_nothing_wakes_nobody() {
    Bench::run(async |mut bench| {
        bench.begin().await;
        let before = bench.log().head();
        for n in 1..20 {
            tokio::time::sleep(Duration::from_secs(10)).await;
            let renewed = EPOCH.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(n * 10);
            let lease = fixtures::object(&fixtures::lease("u", renewed, "holder"));
            bench.send(LEASES, Change::Apply(lease)).await;
            bench.heard().await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(bench.log().head(), before);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_target_that_does_not_decode_is_named_and_counted() {
    Bench::run(async |mut bench| {
        bench.begin().await;
        let mut broken = fixtures::target("west", "w", "root:a", "True", 3);
        broken["status"] = serde_json::json!("nonsense");
        bench.send(SYNC_TARGETS, Change::Apply(fixtures::object(&broken))).await;
        bench.next_version().await;
        let view = bench.view("root:a").unwrap();
        assert_eq!(view["status"]["data"], "Partial");
        assert_eq!(view["status"]["targetCount"], 2);
        let condition = &view["status"]["conditions"][1];
        assert_eq!(condition["type"], "DataComplete");
        assert_eq!(condition["message"], "SyncTargets that do not decode: west (status)");
        assert_eq!(bench.metrics.undecodable.with_label_values(&["synctargets"]).get(), 1);
    })
    .await;
}
