//! A syncer falls silent and comes back: nothing is written, time alone changes the view, on time, for
//! whoever watches.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::json;

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
    // Seen for the first time when it is almost too old: 15 s are left.
    let left = 15;
    targets.beat_at(&uid, Timestamp::now() - SignedDuration::from_secs(SILENCE - left));
    let healthy = |view: &serde_json::Value| view["status"]["healthStatus"]["healthy"] == 1;
    targets.until_view(&workspace, "it lives", healthy);
    let path = format!("{VIEWS}?watch=true&fieldSelector=metadata.name%3D{workspace}&resourceVersion=0");
    let watch = env.admin().start("watch-silence", &["get", "--raw", &path]);
    until_true("the watch shows it alive", seconds(10), || watch.stdout().contains(r#""healthy":1"#));

    let (view, took) = targets
        .until_view(&workspace, "it is unknown", |view| view["status"]["healthStatus"]["unknown"] == 1);
    println!("Unknown {took:.2?} after it was seen alive, with {left} s left");
    assert_eq!(view["metadata"]["labels"]["views.workload.kcp.io/health"], "Unknown");
    assert_eq!(view["status"]["data"], "Stale");
    assert_eq!(view["status"]["resourceCount"]["deployments"], 2, "its last counts stay");
    until_true("the watch was told", seconds(5), || watch.stdout().contains(r#""unknown":1"#));

    // What the heartbeat reconciler wrote of it has to be there, else it would come after the next beat.
    targets.until_view(&workspace, "its conditions say so, too", |view| {
        let conditions = view["status"]["syncTargets"][0]["status"]["conditions"].as_array();
        conditions.into_iter().flatten().any(|found| found["type"] == "Ready" && found["status"] == "Unknown")
    });
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

/// Leases as no syncer writes them, but kube-apiserver takes; each is a target's of its own.
#[test]
fn odd_leases_make_no_dead_target_healthy_and_harm_no_other() {
    let Some(env) = shared() else { return };
    let targets = &env.targets;
    let now = Timestamp::now();
    // What its lease says, and whether it lives at first sight.
    let odd = [
        (json!({"holderIdentity": "a", "renewTime": micro(now), "leaseDurationSeconds": 1}), true),
        (json!({"holderIdentity": "a", "renewTime": "2999-01-01T00:00:00.000000Z"}), true),
        (json!({"holderIdentity": "a", "renewTime": "1970-01-01T00:00:00.000000Z"}), false),
        (json!({"holderIdentity": "a", "renewTime": "0001-01-02T00:00:00.000000Z"}), false),
        (json!({"holderIdentity": "a"}), false),
        (json!({"leaseDurationSeconds": 2_147_483_647, "acquireTime": micro(now)}), false),
        (json!({}), false),
        (json!({"renewTime": micro(now - SignedDuration::from_secs(3600))}), false),
    ];
    let cases: Vec<_> = odd.into_iter().map(|(spec, lives)| (workspace(), spec, lives)).collect();
    for (workspace, spec, _) in &cases {
        let target = object_name(workspace, "a");
        let uid = targets.create(&target, workspace);
        targets.report(&target, Report::healthy(1));
        targets.lease(&uid, spec).expect("kube-apiserver takes it");
    }
    for (workspace, spec, lives) in &cases {
        let (state, other) = if *lives { ("healthy", "unknown") } else { ("unknown", "healthy") };
        let what = format!("{spec}: it is {state}");
        let (view, _) = targets.until_view(workspace, &what, |view| {
            view["status"]["healthStatus"][state] == 1 && view["status"]["resourceCount"]["deployments"] == 1
        });
        assert_eq!(view["status"]["healthStatus"][other], 0, "{view}");
        let updated = view["status"]["lastUpdated"].as_str().unwrap_or_default();
        assert!(updated < "2900", "no time is shown that has not come: {updated}");
    }
    for (spec, why) in [
        (json!({"holderIdentity": "a", "leaseDurationSeconds": 0}), "must be greater than 0"),
        (json!({"holderIdentity": "a", "leaseDurationSeconds": -30}), "must be greater than 0"),
    ] {
        let refused = targets.lease("nobody", &spec).expect_err("kube-apiserver refuses it itself");
        assert!(format!("{refused:#}").contains(why), "{refused:#}");
    }
    // A lease of nobody harms nobody.
    targets.lease("no-such-uid", &json!({"holderIdentity": "a", "renewTime": micro(now)})).expect("taken");
    // A clock that runs ahead buys one silence and no more.
    let (ahead, _, _) = &cases[1];
    let (_, took) = targets.until_view_for(ahead, "its holder is silent", seconds(60), |view| {
        view["status"]["healthStatus"]["unknown"] == 1
    });
    println!("a lease from the year 2999 lasted {took:.2?}");
}

fn micro(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}
