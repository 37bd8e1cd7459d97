//! What every interruption of every request comes to: as if it had not been.

use std::time::Duration;

use serde_json::json;

use super::{
    faults::errors,
    flows::{MINUTE, above, below},
};
use crate::syncer::{
    api::ApiError,
    engine::{
        Plan,
        simulation::{Fault, TARGET, World, widget},
    },
    ownership::CLUSTER,
};

/// What the cluster decides about the replicas is copied up.
pub(super) fn copy_up(plan: &mut Plan) {
    plan.policies.of_all.upsync_fields = vec!["/spec/replicas".into()];
}

/// The life of one object: it comes, changes, is edited below, and goes.
pub(super) async fn life(world: &mut World) {
    world.server(0).create(&above("a"), widget(1));
    world.pass(MINUTE).await;
    world.server(0).edit(&above("a"), "user", |object| object["spec"]["replicas"] = json!(2));
    world.pass(MINUTE).await;
    let path = below(world, "a");
    world.server(1).edit(&path, "hand", |object| object["spec"]["replicas"] = json!(9));
    world.server(1).edit(&path, "controller", |object| object["status"] = json!({"ready": 1}));
    world.pass(MINUTE).await;
    world.server(0).create(&above("b"), widget(1));
    world.server(0).delete(&above("a"));
    world.pass(MINUTE).await;
}

/// Plays a life with one fault at one request of one side, and looks what came of it.
async fn play(side: usize, number: usize, fault: &Fault, change: fn(&mut Plan)) {
    let mut world = World::new(change);
    [&world.up, &world.down][side].faults.lock().at.insert(number, fault.clone());
    life(&mut world).await;
    world.heal().await;
    let of = format!("{fault:?} at request {number} of side {side}");
    world.check_converged().unwrap_or_else(|error| panic!("{of}: {error}"));
    world.check_quiet().await.unwrap_or_else(|error| panic!("{of}: {error}"));
    assert!(world.server(0).get(&above("a")).is_none(), "{of}: its finalizer hangs");
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_request_ends_as_if_it_had_not_been() {
    let lost = ApiError::Timeout(Duration::from_secs(10));
    let faults = [Fault::Before(lost.clone()), Fault::After(lost), Fault::CrashBefore, Fault::CrashAfter];
    let plans: [fn(&mut Plan); 2] = [|_| (), copy_up];
    for change in plans {
        let mut world = World::new(change);
        life(&mut world).await;
        let requests = [world.up.count(), world.down.count()];
        for (side, requests) in requests.into_iter().enumerate() {
            for number in 1..=requests {
                for fault in &faults {
                    play(side, number, fault, change).await;
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_sort_at_any_request_ends_as_if_it_had_not_been() {
    let mut world = World::new(|_| ());
    life(&mut world).await;
    let requests = [world.up.count(), world.down.count()];
    for (side, requests) in requests.into_iter().enumerate() {
        for number in 1..=requests {
            // Each request meets another of the errors; together all meet all sorts.
            for error in errors().into_iter().skip(number % 7).step_by(7) {
                play(side, number, &Fault::After(error), |_| ()).await;
            }
        }
    }
}

/// A SyncTarget that goes while its first objects come, told with or without a conflict about it first.
#[tokio::test(start_paused = true)]
async fn a_target_that_is_deleted_at_any_moment_leaves_nothing_held() {
    let conflict = Fault::Before(ApiError::status(409, "Conflict", ""));
    for conflicts in 0..=2 {
        for moment in 0..=40 {
            let mut world = World::new(|_| ());
            world.up.faults.lock().at.extend((1..=conflicts).map(|number| (number, conflict.clone())));
            world.pass(Duration::from_millis(moment)).await;
            for name in ["a", "b", "c"] {
                world.server(0).create(&above(name), widget(1));
            }
            world.pass(Duration::from_millis(moment % 7)).await;
            world.server(0).delete(TARGET);
            world.heal().await;
            let of = format!("{moment} ms, {conflicts} conflicts");
            assert!(world.server(0).get(TARGET).is_none(), "{of}: the target hangs");
            for name in ["a", "b", "c"] {
                let object = world.server(0).get(&above(name)).unwrap();
                let held = object["metadata"]["finalizers"].as_array().is_some_and(|held| !held.is_empty());
                assert!(!held, "{of}: {name} is held: {object}");
            }
            let below = world.server(1);
            let ours = below.state.lock().objects.values().any(|object| {
                object["metadata"]["labels"][CLUSTER] == *world.plan.key() && object["kind"] != "Namespace"
            });
            assert!(!ours, "{of}: something below is ours");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_let_go_of_is_tried_ever_more_rarely() {
    for error in [ApiError::status(500, "InternalError", ""), ApiError::status(409, "Conflict", "")] {
        let mut world = World::new(|_| ());
        world.server(0).create(&above("a"), widget(1));
        world.pass(MINUTE).await;
        // The object is let go of, and all that comes after it fails.
        let before = world.up.count() + 1;
        let faults = (before + 1..before + 1_000).map(|number| (number, Fault::Before(error.clone())));
        world.up.faults.lock().at.extend(faults);
        world.server(0).delete(TARGET);
        world.pass(20 * MINUTE).await;
        assert_eq!(world.server(0).get(&above("a")).unwrap()["metadata"]["finalizers"], json!([]));
        let tries = world.up.count() - before;
        assert!((5..40).contains(&tries), "{error}: {tries} requests");
        world.heal().await;
        assert!(world.server(0).get(TARGET).is_none());
    }
}
