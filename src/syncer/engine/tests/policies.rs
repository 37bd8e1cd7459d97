//! Objects that are not ours, and fields that others want.

use std::time::Duration;

use serde_json::json;

use super::flows::{MINUTE, above, below, with};
use crate::{
    api::placement::{ConflictResolution, DriftPolicy, FieldWinner, OnImmutable, TakeOver, Winner},
    syncer::engine::{
        Plan,
        simulation::{World, widget},
    },
};

/// A world in which a widget of the same name was below before.
async fn met(change: impl FnOnce(&mut Plan)) -> World {
    let mut world = World::new(change);
    world.server(0).create(&above("seed"), widget(1));
    world.pass(MINUTE).await;
    let path = below(&world, "a");
    world.server(1).create(&path, widget(1));
    world.server(1).edit(&path, "theirs", |object| object["spec"]["own"] = json!(true));
    world
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_stays_byte_for_byte() {
    let mut world = met(|_| ()).await;
    let path = below(&world, "a");
    let before = world.server(1).get(&path);
    world.server(0).create(&above("a"), widget(3));
    world.pass(120 * MINUTE).await;
    assert_eq!(world.server(1).get(&path), before);
    let progress = world.progress.borrow().clone();
    assert_eq!(progress.problems[0].reason, "AlreadyExists");
    world.server(0).delete(&above("a"));
    world.pass(MINUTE).await;
    assert_eq!(world.server(1).get(&path), before);
    assert!(world.server(0).get(&above("a")).is_none(), "its finalizer does not hang");
    world.check_converged().unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_is_taken_over_if_that_is_wanted() {
    for (take_over, replicas, taken) in
        [(TakeOver::Always, 3, true), (TakeOver::IfNoDiff, 1, true), (TakeOver::IfNoDiff, 3, false)]
    {
        let mut world = met(|plan| plan.policies.of_all.take_over = take_over).await;
        world.server(0).create(&above("a"), widget(replicas));
        world.pass(10 * MINUTE).await;
        assert_eq!(world.check_converged().is_ok(), taken, "{take_over:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_below_is_set_right() {
    let mut world = with(1).await;
    let path = below(&world, "w0");
    world.server(1).edit(&path, "hand", |object| object["spec"]["replicas"] = json!(9));
    world.pass(MINUTE).await;
    world.check_converged().unwrap();
    world.server(1).edit(&path, "hand", |object| object["spec"]["extra"] = json!(9));
    world.pass(MINUTE).await;
    assert_eq!(world.server(1).get(&path).unwrap()["spec"]["extra"], 9, "nobody else's field is touched");
}

#[tokio::test(start_paused = true)]
async fn drift_is_only_told_of_where_that_is_wanted() {
    for policy in [DriftPolicy::ReportOnly, DriftPolicy::Ignore] {
        let mut world = World::new(|plan| plan.policies.of_all.drift_policy = policy);
        world.server(0).create(&above("w0"), widget(1));
        world.pass(MINUTE).await;
        let path = below(&world, "w0");
        world.server(1).edit(&path, "hand", |object| object["spec"]["replicas"] = json!(9));
        world.pass(10 * MINUTE).await;
        assert_eq!(world.server(1).get(&path).unwrap()["spec"]["replicas"], 9);
        let drifted = world.progress.borrow().rows.values().map(|row| row.drifted).sum::<u64>();
        assert_eq!(drifted, u64::from(policy == DriftPolicy::ReportOnly));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_cluster_decides_is_copied_up_and_the_last_change_holds() {
    let mut world = World::new(|plan| {
        plan.policies.of_all.upsync_fields = vec!["/spec/replicas".into(), "/spec/ip".into()]
    });
    world.server(0).create(&above("w0"), widget(1));
    world.pass(MINUTE).await;
    let path = below(&world, "w0");
    let replicas = |world: &World| {
        [world.server(0).get(&above("w0")), world.server(1).get(&path)]
            .map(|found| found.unwrap()["spec"]["replicas"].clone())
    };
    world.server(1).edit(&path, "autoscaler", |object| {
        object["spec"]["replicas"] = json!(7);
        object["spec"]["ip"] = json!("10.0.0.1");
    });
    world.pass(MINUTE).await;
    assert_eq!(replicas(&world), [7, 7]);
    assert_eq!(world.server(0).get(&above("w0")).unwrap()["spec"]["ip"], "10.0.0.1");
    world.check_quiet().await.unwrap();
    world.server(0).edit(&above("w0"), "user", |object| object["spec"]["replicas"] = json!(3));
    world.pass(MINUTE).await;
    assert_eq!(replicas(&world), [3, 3], "what is changed in the workspace holds as well");
    world.server(1).edit(&path, "autoscaler", |object| object["spec"]["replicas"] = json!(9));
    world.server(0).edit(&above("w0"), "user", |object| {
        object["metadata"]["finalizers"] = {
            let mut both = object["metadata"]["finalizers"].clone();
            both.as_array_mut().unwrap().push(json!("workload.kcp.io/syncer-other"));
            both
        }
    });
    world.pass(MINUTE).await;
    assert_eq!(replicas(&world), [3, 3], "of several targets none decides for all");
    world.check_converged().unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_the_clusters_by_a_rule_is_no_drift() {
    let rule = FieldWinner { path: "/spec/replicas".into(), winner: Winner::Downstream };
    let mut world = World::new(|plan| {
        plan.policies.of_all.drift_policy = DriftPolicy::ReportOnly;
        plan.policies.of_all.winners = vec![rule];
    });
    world.server(0).create(&above("w0"), widget(1));
    world.pass(MINUTE).await;
    let path = below(&world, "w0");
    for (field, drifted) in [("replicas", 0), ("note", 1)] {
        world.server(1).edit(&path, "hpa", |object| object["spec"][field] = json!(9));
        world.pass(MINUTE).await;
        let told = world.progress.borrow().rows.values().map(|row| row.drifted).sum::<u64>();
        assert_eq!(told, drifted, "{field}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_wins_a_field_is_the_policys() {
    let rule = FieldWinner { path: "/spec/replicas".into(), winner: Winner::Downstream };
    for (policy, winners, replicas) in [
        (ConflictResolution::UpstreamWins, vec![], 5),
        (ConflictResolution::UpstreamWins, vec![rule], 9),
        (ConflictResolution::DownstreamWins, vec![], 9),
        (ConflictResolution::FailOnConflict, vec![], 9),
    ] {
        let mut world = World::new(|plan| {
            plan.policies.of_all.conflict_resolution = policy;
            plan.policies.of_all.winners = winners;
        });
        world.server(0).create(&above("w0"), widget(1));
        world.pass(MINUTE).await;
        let path = below(&world, "w0");
        world.server(1).edit(&path, "hpa", |object| object["spec"]["replicas"] = json!(9));
        world.server(0).edit(&above("w0"), "user", |object| {
            object["spec"] = json!({"replicas": 5, "note": "changed"});
        });
        world.pass(10 * MINUTE).await;
        let spec = world.server(1).get(&path).unwrap()["spec"].clone();
        assert_eq!(spec["replicas"], replicas, "{policy:?}");
        let conflicts = world.progress.borrow().rows.values().map(|row| row.conflict).sum::<u64>();
        match policy {
            ConflictResolution::FailOnConflict => assert_eq!((conflicts, &spec["note"]), (1, &json!("n"))),
            _ => assert_eq!((conflicts, &spec["note"]), (0, &json!("changed"))),
        }
        world.check_quiet().await.unwrap();
        if policy == ConflictResolution::FailOnConflict {
            world.server(0).edit(&above("w0"), "user", |object| {
                object["metadata"]["annotations"] = json!({"workload.kcp.io/resolve-conflict": "upstream"});
            });
            world.pass(MINUTE).await;
            assert_eq!(world.server(1).get(&path).unwrap()["spec"]["replicas"], 5);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_field_that_is_fought_over_is_left_and_the_other_one_named() {
    let mut world = with(1).await;
    let path = below(&world, "w0");
    for _ in 0..60 {
        world.server(1).edit(&path, "hpa", |object| object["spec"]["replicas"] = json!(9));
        world.pass(Duration::from_secs(5)).await;
    }
    let writes = world.server(1).state.lock().writes.iter().filter(|write| write.contains("widgets")).count();
    assert!(writes <= 12, "{writes} corrections in five minutes");
    let contended = world.progress.borrow().contended.clone();
    assert_eq!(contended.len(), 1);
    assert!(contended[0].contains(".spec.replicas is kept changed by hpa"), "{contended:?}");
}

#[tokio::test(start_paused = true)]
async fn an_immutable_field_is_told_of_or_the_object_made_anew() {
    for policy in [OnImmutable::Report, OnImmutable::Recreate] {
        let mut world = World::new(|plan| plan.policies.of_all.on_immutable = policy);
        let mut object = widget(1);
        object["spec"]["immutable"] = json!("a");
        world.server(0).create(&above("w0"), object);
        world.pass(MINUTE).await;
        let path = below(&world, "w0");
        let uid = world.server(1).get(&path).unwrap()["metadata"]["uid"].clone();
        world.server(0).edit(&above("w0"), "user", |object| object["spec"]["immutable"] = json!("b"));
        // What was deleted to be made again is missed.
        world.pass(MINUTE / 2).await;
        let live = world.server(1).get(&path).unwrap();
        match policy {
            OnImmutable::Report => {
                assert_eq!(live["metadata"]["uid"], uid);
                assert_eq!(world.progress.borrow().problems[0].reason, "Immutable");
            }
            OnImmutable::Recreate => {
                assert_ne!(live["metadata"]["uid"], uid);
                world.check_converged().unwrap();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_deletions_stop_until_somebody_says_so() {
    let mut world = with(60).await;
    (0..60).for_each(|number| world.server(0).delete(&above(&format!("w{number}"))));
    world.pass(30 * MINUTE).await;
    let left = |world: &World| {
        let server = world.server(1);
        let state = server.state.lock();
        state.objects.keys().filter(|path| path.contains("widgets")).count()
    };
    assert_eq!(left(&world), 40);
    let message = world.progress.borrow().deletions_paused.clone().unwrap();
    world.crash().await;
    world.pass(10 * MINUTE).await;
    assert!(left(&world) >= 20);
    let message = world.progress.borrow().deletions_paused.clone().unwrap_or(message);
    let nonce = message.rsplit('=').next().unwrap().to_owned();
    world.server(0).edit(super::super::simulation::TARGET, "user", |target| {
        target["metadata"]["annotations"] = json!({"workload.kcp.io/allow-mass-delete": nonce});
    });
    world.pass(10 * MINUTE).await;
    assert_eq!(left(&world), 0);
    world.check_converged().unwrap();
}
