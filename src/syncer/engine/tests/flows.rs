//! What happens to objects when nothing goes wrong.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;

use crate::syncer::{
    engine::simulation::{NAMESPACE, Nudge, TARGET, World, kinds, widget},
    ownership::{CLUSTER, RELEASED_BY},
};

pub(super) const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn above(name: &str) -> String {
    kinds()[0].path("shop", name)
}

pub(super) fn below(world: &World, name: &str) -> String {
    world.below(&kinds()[0], name)
}

/// A world with so many widgets, in step.
pub(super) async fn with(count: usize) -> World {
    let mut world = World::new(|_| ());
    for number in 0..count {
        world.server(0).create(&above(&format!("w{number}")), widget(1));
    }
    world.pass(10 * MINUTE).await;
    world.check_converged().unwrap();
    world
}

#[tokio::test(start_paused = true)]
async fn an_object_goes_down_and_its_status_up() {
    let mut world = with(1).await;
    let [up, down] = [world.server(0), world.server(1)];
    down.edit(&below(&world, "w0"), "controller", |object| object["status"] = json!({"ready": 3}));
    world.pass(MINUTE).await;
    assert_eq!(up.get(&above("w0")).unwrap()["status"]["ready"], 3);
    up.edit(&above("w0"), "user", |object| object["spec"]["replicas"] = json!(5));
    world.pass(MINUTE).await;
    assert_eq!(down.get(&below(&world, "w0")).unwrap()["spec"]["replicas"], 5);
    world.check_converged().unwrap();
    world.check_quiet().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_start_comes_to_is_told_at_once() {
    let mut world = World::new(|_| ());
    world.server(0).create(&above("w0"), widget(1));
    // Less than there is between two reports of progress.
    world.pass(Duration::from_millis(500)).await;
    let progress = world.progress.borrow().clone();
    assert_eq!(progress.rows.values().map(|row| row.synced).sum::<u64>(), 1, "{progress:?}");
}

#[tokio::test(start_paused = true)]
async fn one_object_costs_five_writes_and_a_change_two() {
    let mut world = with(1).await;
    // The finalizer of the SyncTarget and of the object; namespace and object.
    let count = |world: &World| (world.server(0).writes(), world.server(1).writes());
    assert_eq!(count(&world), (2, 2));
    world.server(0).edit(&above("w0"), "user", |object| object["spec"]["replicas"] = json!(5));
    world.pass(MINUTE).await;
    assert_eq!(count(&world), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_above_goes_below_and_then_above() {
    let mut world = with(2).await;
    world.server(0).delete(&above("w0"));
    world.pass(MINUTE).await;
    assert!(world.server(0).get(&above("w0")).is_none());
    assert!(world.server(1).get(&below(&world, "w0")).is_none());
    world.check_converged().unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_below_is_made_again() {
    let mut world = with(1).await;
    let uid = world.server(1).get(&below(&world, "w0")).unwrap()["metadata"]["uid"].clone();
    world.server(1).delete(&below(&world, "w0"));
    world.pass(MINUTE).await;
    assert_ne!(world.server(1).get(&below(&world, "w0")).unwrap()["metadata"]["uid"], uid);
    world.check_converged().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_namespace_goes_with_all_that_is_in_it_and_the_one_below_last() {
    let mut world = with(100).await;
    world.server(0).delete(NAMESPACE);
    world.pass(MINUTE / 3).await;
    let ours = |world: &World| {
        let server = world.server(1);
        let state = server.state.lock();
        state.objects.values().filter(|object| object["metadata"]["labels"][CLUSTER].is_string()).count()
    };
    assert_eq!(ours(&world), 1, "the namespace waits for half a minute");
    world.pass(10 * MINUTE).await;
    assert_eq!(ours(&world), 0);
    assert!(world.server(0).get(NAMESPACE).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_namespace_with_anything_else_in_it_stays() {
    let mut world = with(1).await;
    let mine = world.below(&kinds()[1], "mine");
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"k": "v"}});
    world.server(1).create(&mine, object);
    let before = world.server(1).get(&mine);
    world.server(0).delete(NAMESPACE);
    world.pass(60 * MINUTE).await;
    assert_eq!(world.server(1).get(&mine), before);
    world.server(1).delete(&mine);
    world.pass(60 * MINUTE).await;
    assert!(world.server(1).state.lock().objects.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sync_target_that_goes_takes_nothing_along() {
    let mut world = with(30).await;
    world.server(0).delete(TARGET);
    world.pass(10 * MINUTE).await;
    assert!(world.server(0).get(TARGET).is_none(), "nothing keeps it any more");
    let object = world.server(1).get(&below(&world, "w7")).expect("it stays");
    assert!(object["metadata"]["labels"][CLUSTER].is_null());
    let uid = world.server(0).get(&above("w7")).unwrap()["metadata"]["uid"].clone();
    let released = format!("target-uid/{}", uid.as_str().unwrap());
    assert_eq!(object["metadata"]["annotations"][RELEASED_BY], released);
    assert_eq!(world.server(0).get(&above("w7")).unwrap()["metadata"]["finalizers"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_sync_target_waits_until_its_copies_are_gone() {
    let mut world = with(0).await;
    world.unshown.send_replace(false);
    world.server(0).delete(TARGET);
    world.pass(10 * MINUTE).await;
    assert!(world.server(0).get(TARGET).is_some());
    world.unshown.send_replace(true);
    world.pass(MINUTE).await;
    assert!(world.server(0).get(TARGET).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_sync_target_that_is_torn_away_stops_everything() {
    let mut world = with(30).await;
    world.server(0).edit(TARGET, "user", |target| target["metadata"]["finalizers"] = json!([]));
    let before = world.server(1).state.lock().objects.clone();
    world.server(0).delete(TARGET);
    (0..30).for_each(|number| world.server(0).delete(&above(&format!("w{number}"))));
    world.pass(60 * MINUTE).await;
    assert_eq!(world.server(1).state.lock().objects, before);
}

#[tokio::test(start_paused = true)]
async fn paused_means_no_write_on_either_side() {
    let mut world = with(2).await;
    world.server(0).edit(TARGET, "user", |target| target["spec"]["syncMode"] = json!("Paused"));
    world.pass(MINUTE).await;
    let before = [world.server(0).writes(), world.server(1).writes()];
    world.server(0).edit(&above("w0"), "user", |object| object["spec"]["replicas"] = json!(5));
    world.server(0).delete(&above("w1"));
    world.server(0).create(&above("w2"), widget(1));
    world.pass(60 * MINUTE).await;
    assert_eq!([world.server(0).writes(), world.server(1).writes()], before);
    world.server(0).edit(TARGET, "user", |target| target["spec"]["syncMode"] = json!("Sync"));
    world.pass(MINUTE).await;
    world.check_converged().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_does_not_lead_writes_nothing() {
    let mut world = World::new(|_| ());
    world.leads.store(false, Ordering::Relaxed);
    world.server(0).create(&above("a"), widget(1));
    world.pass(60 * MINUTE).await;
    assert_eq!((world.server(0).writes(), world.server(1).writes()), (0, 0));
    world.leads.store(true, Ordering::Relaxed);
    world.pass(MINUTE).await;
    world.check_converged().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_writes_nothing() {
    let mut world = World::new(|plan| plan.dry_run = true);
    world.server(0).create(&above("a"), widget(1));
    world.pass(60 * MINUTE).await;
    assert_eq!((world.server(0).writes(), world.server(1).writes()), (0, 0));
    let problem = world.progress.borrow().rows.values().next().copied().unwrap();
    assert_eq!(problem.pending, 1);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_gone_waits_and_the_other_goes_on() {
    let mut world = with(1).await;
    world.server(1).state.lock().missing.insert("widgets".into());
    world.nudge(1, Nudge::NotInstalled);
    world.server(0).edit(&above("w0"), "user", |object| object["spec"]["replicas"] = json!(5));
    let map = kinds()[1].path("shop", "m");
    world
        .server(0)
        .create(&map, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"k": "v"}}));
    world.pass(10 * MINUTE).await;
    assert!(world.server(1).get(&below(&world, "w0")).is_some());
    world.server(1).state.lock().missing.clear();
    world.heal().await;
    world.check_converged().unwrap();
}
