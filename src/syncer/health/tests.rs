//! What a syncer answers about its health.

use http::StatusCode;

use super::*;

struct World {
    pulse: Pulse,
    counts: watch::Sender<Arc<Counts>>,
    standing: watch::Sender<Standing>,
    answered: watch::Sender<Option<Instant>>,
    health: Health,
}

impl World {
    fn new() -> Self {
        let pulse = Pulse::new(Duration::from_secs(60));
        let (counts, standing) = (watch::Sender::default(), watch::Sender::default());
        let answered = watch::Sender::default();
        let health = health(Signs {
            pulses: vec![("report", pulse.clone())],
            counts: counts.subscribe(),
            standing: standing.subscribe(),
            answered: answered.subscribe(),
            period: Duration::from_secs(30),
        });
        Self { pulse, counts, standing, answered, health }
    }

    fn says(&self, path: &str) -> bool {
        self.health.answer(path, "").unwrap().status() == StatusCode::OK
    }

    fn make_well(&self) {
        self.counts.send_replace(Arc::new(Counts { complete: true, ..Counts::default() }));
        self.standing.send_replace(Standing { seen: Some(Instant::now()), leads: false });
        self.answered.send_replace(Some(Instant::now()));
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_ready_when_all_is_known_whoever_leads() {
    let world = World::new();
    assert!(world.says("/livez") && !world.says("/readyz"));
    for check in ["caches-synced", "lease", "downstream"] {
        assert!(!world.says(&format!("/readyz/{check}")), "{check}");
    }
    world.make_well();
    assert!(world.says("/readyz") && world.says("/healthz"));
    tokio::time::sleep(Duration::from_secs(21)).await;
    assert!(!world.says("/readyz/lease") && world.says("/readyz/downstream"));
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert!(!world.says("/readyz/downstream") && world.says("/livez"));
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_hangs_is_not_alive_and_one_that_rests_is() {
    let world = World::new();
    let turning = world.pulse.turning();
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(world.says("/livez"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!world.says("/livez") && !world.says("/livez/report"));
    world.pulse.beat();
    assert!(world.says("/livez"));
    drop(turning);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(world.says("/livez"));
}
