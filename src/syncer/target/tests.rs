//! What is a proof that the target is gone, and what is none.

use std::time::Duration;

use prometheus::Registry;
use serde_json::json;
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    informers::{Limits, Metrics, Selection, Source},
    liveness::SYNC_TARGETS,
    reconcilers::fake::{Fake, TARGETS},
};

struct World {
    fake: Arc<Fake>,
    seen: watch::Receiver<Seen>,
    _tasks: JoinSet<()>,
}

fn east() -> String {
    format!("{TARGETS}/east")
}

impl World {
    fn start() -> Self {
        let fake = Arc::new(Fake::default());
        for name in ["east", "west"] {
            let object = json!({"metadata": {"name": name, "uid": format!("{name}-1"), "generation": 1}});
            fake.put(&format!("{TARGETS}/{name}"), object);
        }
        let (events, received) = mpsc::channel(4);
        let metrics = Metrics::new(&Registry::new()).unwrap();
        let selection = Selection { name: Some("east".into()), ..Selection::default() };
        let source = Source::new(fake.clone(), SYNC_TARGETS, Limits::default(), events, metrics);
        let follower = Follower::new("east".into(), "east-1".into(), Caller::new(fake.clone()));
        let seen = follower.seen();
        let mut tasks = JoinSet::new();
        tasks.spawn(source.select(selection).run(CancellationToken::new()));
        tasks.spawn(follower.run(received));
        Self { fake, seen, _tasks: tasks }
    }

    async fn until(&self, is: impl Fn(&Seen) -> bool) -> Duration {
        let start = Instant::now();
        while !is(&self.seen.borrow()) {
            assert!(start.elapsed() < Duration::from_secs(120), "{:?}", self.seen.borrow());
            sleep(Duration::from_millis(50)).await;
        }
        start.elapsed()
    }

    async fn until_here(&self) {
        self.until(|seen| matches!(seen, Seen::Here(_))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_version_is_seen_and_others_are_not() {
    let world = World::start();
    world.until_here().await;
    let mut object = world.fake.get(&east());
    object["spec"] = json!({"syncMode": "Paused", "kcpCluster": "root:a", "namespaceMapping": "Preserve"});
    world.fake.put(&east(), object);
    world
        .until(|seen| matches!(seen, Seen::Here(target) if target.paused && target.preserves_namespaces))
        .await;
    world.fake.remove(&format!("{TARGETS}/west"));
    sleep(Duration::from_secs(60)).await;
    world.until_here().await;
}

#[tokio::test(start_paused = true)]
async fn deleted_or_made_again_it_is_gone() {
    let deleted = World::start();
    deleted.until_here().await;
    deleted.fake.remove(&east());
    deleted.until(|seen| *seen == Seen::Gone(Gone::Deleted("east".into()))).await;

    let replaced = World::start();
    replaced.until_here().await;
    replaced.fake.put(&east(), json!({"metadata": {"name": "east", "uid": "east-2"}}));
    replaced.until(|seen| *seen == Seen::Gone(Gone::Replaced("east".into(), "east-2".into()))).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_served_is_not_gone() {
    // Codes of a workspace, a CRD or a right that is gone, and of a server in trouble.
    for code in [404, 403, 401, 410, 500, 503] {
        let world = World::start();
        world.until_here().await;
        world.fake.refuse(&format!("GET {TARGETS}"), code);
        world.fake.remove(&east());
        sleep(Duration::from_secs(90)).await;
        assert!(matches!(*world.seen.borrow(), Seen::Here(_)), "{code}");
        world.fake.state.lock().refused.clear();
        world.until(|seen| matches!(seen, Seen::Gone(_))).await;
    }
}

#[test]
fn only_a_404_about_the_name_says_that_it_is_missing() {
    let error = |code: StatusCode, message: &str| UpstreamError::Status {
        code,
        reason: String::new(),
        message: message.into(),
        retry_after: None,
    };
    let named = r#"synctargets.workload.kcp.io "east" not found"#;
    assert!(is_missing(&error(StatusCode::NOT_FOUND, named), "east"));
    assert!(!is_missing(&error(StatusCode::NOT_FOUND, named), "eas"));
    assert!(!is_missing(
        &error(StatusCode::NOT_FOUND, "the server could not find the requested resource"),
        "east"
    ));
    assert!(!is_missing(&error(StatusCode::FORBIDDEN, named), "east"));
    assert!(!is_missing(&UpstreamError::Timeout(Duration::ZERO), "east"));
}
