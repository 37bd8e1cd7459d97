//! A syncer falls silent and comes back: nothing is written, time alone changes the view, on time, for
//! whoever watches.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::env::shared;
use crate::fixture::{Report, VIEWS, object_name, workspace};
use crate::wait::{seconds, until_true};

/// From the last renewal to Unknown.
const SILENCE: i64 = 40;

#[test]
fn a_target_that_falls_silent_becomes_unknown_on_time() {
    let Some(env) = shared() else { return };
    let (workspace, targets) = (workspace(), &env.targets);
    let target = object_name(&workspace, "a");
    let uid = targets.create(&target, &workspace);
    targets.report(&target, Report::healthy(2));
    // Seen for the first time when it is almost too old: 6 s are left.
    let left = 6;
    targets.beat_at(&uid, Timestamp::now() - SignedDuration::from_secs(SILENCE - left));
    let healthy = |view: &serde_json::Value| view["status"]["healthStatus"]["healthy"] == 1;
    targets.until_view(&workspace, "it lives", healthy);
    let path = format!("{VIEWS}?watch=true&fieldSelector=metadata.name%3D{workspace}&resourceVersion=0");
    let watch = env.admin().start("watch-silence", &["get", "--raw", &path]);
    until_true("the watch shows it alive", seconds(10), || watch.stdout().contains(r#""healthy":1"#));

    let (view, took) = targets
        .until_view(&workspace, "it is unknown", |view| view["status"]["healthStatus"]["unknown"] == 1);
    assert!(took < seconds(left as u64 + 2), "late: {took:?}");
    assert_eq!(view["metadata"]["labels"]["views.workload.kcp.io/health"], "Unknown");
    assert_eq!(view["status"]["data"], "Stale");
    assert_eq!(view["status"]["resourceCount"]["deployments"], 2, "its last counts stay");
    until_true("the watch was told", seconds(5), || watch.stdout().contains(r#""unknown":1"#));

    targets.beat(&uid);
    targets.until_view(&workspace, "it lives again", healthy);
    // An old clock of its syncer does not matter once it was seen to renew.
    targets.beat_at(&uid, Timestamp::now() - SignedDuration::from_secs(3600));
    let view = targets.until_view(&workspace, "it still lives", |_| true).0;
    assert!(healthy(&view), "{view}");
}

#[test]
fn a_released_lease_revives_nobody() {
    let Some(env) = shared() else { return };
    let (workspace, targets) = (workspace(), &env.targets);
    let target = object_name(&workspace, "a");
    let uid = targets.create(&target, &workspace);
    targets.report(&target, Report::healthy(1));
    targets.beat_at(&uid, Timestamp::now() - SignedDuration::from_secs(3600));
    let unknown = |view: &serde_json::Value| view["status"]["healthStatus"]["unknown"] == 1;
    targets.until_view(&workspace, "it is unknown", unknown);
    targets.release(&uid);
    targets.report(&target, Report::healthy(2));
    let view = targets.until_deployments(&workspace, 2);
    assert!(unknown(&view), "{view}");
}
