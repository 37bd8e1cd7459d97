//! What is shown, what is not, and what goes.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;

use super::world::{MINUTE, NAMESPACE, TARGET, World, kinds, pod};
use crate::syncer::{
    api::ApiError,
    engine::simulation::{Fault, Nudge},
    naming::{LOCATOR, Locator},
    ownership::CLUSTER,
};

async fn with_a_pod() -> World {
    let mut world = World::new(|_| ());
    world.put("web", "a", "Running");
    world.pass(MINUTE).await;
    world.check_converged(&[]).unwrap();
    world
}

#[tokio::test(start_paused = true)]
async fn a_pod_is_shown_as_it_is_and_costs_two_writes() {
    let mut world = with_a_pod().await;
    assert_eq!(world.server(0).writes(), 2);
    world.put("web", "b", "Failed");
    world.pass(MINUTE).await;
    world.check_converged(&[]).unwrap();
    world.check_quiet().await.unwrap();
    let before = world.server(0).writes();
    world.crash().await;
    world.pass(MINUTE).await;
    assert_eq!(world.server(0).writes(), before, "another process finds all as it should be");
    // Whoever takes the copy away gets it back.
    world.server(0).delete(&world.pod("web")[0]);
    world.pass(MINUTE).await;
    world.check_converged(&[]).unwrap();
}

#[tokio::test(start_paused = true)]
async fn only_a_404_that_names_the_object_deletes_its_copy() {
    let mut world = with_a_pod().await;
    let [above, below] = world.pod("web");
    world.nudge(3, Nudge::Empty);
    world.pass(10 * MINUTE).await;
    assert!(world.server(0).get(&above).is_some(), "an empty list proves nothing");
    world.nudge(3, Nudge::Relist);
    for error in [
        ApiError::status(401, "Unauthorized", ""),
        ApiError::status(403, "Forbidden", ""),
        ApiError::status(404, "NotFound", ""),
        ApiError::status(404, "", "404 page not found"),
        ApiError::status(503, "", ""),
        ApiError::Timeout(Duration::from_secs(10)),
    ] {
        world.down.faults.lock().reads = Some(error);
        world.server(1).delete(&below);
        world.pass(20 * MINUTE).await;
        assert!(world.server(0).get(&above).is_some());
    }
    world.down.heal();
    world.pass(20 * MINUTE).await;
    assert!(world.server(0).get(&above).is_none());
    world.check_converged(&[]).unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_in_no_namespace_of_ours_is_not_shown() {
    let mut world = with_a_pod().await;
    let path = |name: &str| format!("/api/v1/namespaces/{name}");
    let forged = |uid: &str| {
        let mut identity = world.plan.identity.clone();
        identity.uid = uid.to_owned();
        let locator = Locator::new(&identity, "shop").to_text();
        let metadata = json!({"labels": {CLUSTER: world.plan.key()}, "annotations": {LOCATOR: locator}});
        json!({"kind": "Namespace", "metadata": metadata})
    };
    for (name, namespace) in [
        ("kcp-plain", json!({"kind": "Namespace", "metadata": {}})),
        ("kcp-copied", forged("target-uid")),
        ("kcp-another", forged("another-uid")),
    ] {
        world.server(1).create(&path(name), namespace);
        world.server(1).create(&kinds()[0].path(name, "theirs"), pod("a", "Running"));
        world.put_volume(&format!("v-{name}"), name);
    }
    world.put_volume("v-none", "");
    world.put_volume("v-ours", &world.namespace_below());
    world.pass(MINUTE).await;
    world.check_converged(&[]).unwrap();
    let volume = world.server(0).get(&kinds()[1].path("", "v-ours")).unwrap();
    assert_eq!(volume["spec"]["persistentVolumeReclaimPolicy"], "Retain", "a copy's end is no volume's end");
    assert_eq!(volume["spec"]["claimRef"], json!({"namespace": "shop", "name": "data"}));

    // The namespace above goes with its copies, and nothing is made in what replaces it for another workspace.
    world.server(0).delete(NAMESPACE);
    world.pass(10 * MINUTE).await;
    assert!(world.server(0).get(&world.pod("web")[0]).is_none());
    world.server(0).create(NAMESPACE, json!({"kind": "Namespace", "metadata": {}}));
    world.pass(10 * MINUTE).await;
    world.check_converged(&[]).unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_namespace_below_is_that_of_its_copies() {
    let mut world = with_a_pod().await;
    world.server(1).delete(&format!("/api/v1/namespaces/{}", world.namespace_below()));
    world.pass(10 * MINUTE).await;
    world.check_converged(&[]).unwrap();
    assert!(world.server(0).get(&world.pod("web")[0]).is_none());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_where_nothing_may_be() {
    let mut world = World::new(|plan| plan.dry_run = true);
    world.put("web", "a", "Running");
    world.pass(10 * MINUTE).await;
    assert_eq!(world.server(0).writes(), 0, "a dry run");

    let mut world = with_a_pod().await;
    let before = world.server(0).writes();
    let pause = |world: &World, mode: &str| {
        world.server(0).edit(TARGET, "user", |target| target["spec"]["syncMode"] = json!(mode));
    };
    pause(&world, "Paused");
    world.pass(MINUTE).await;
    world.put("web", "b", "Failed");
    world.pass(10 * MINUTE).await;
    assert_eq!(world.server(0).writes(), before, "paused");
    world.leads.store(false, Ordering::Relaxed);
    pause(&world, "Sync");
    world.pass(10 * MINUTE).await;
    assert_eq!(world.server(0).writes(), before, "another leads");
    world.leads.store(true, Ordering::Relaxed);
    world.nudge(0, Nudge::NotInstalled);
    world.put("web", "c", "Failed");
    world.pass(10 * MINUTE).await;
    assert_eq!(world.server(0).writes(), before, "nobody says that the SyncTarget is ours");
    world.nudge(0, Nudge::Relist);
    world.pass(MINUTE).await;
    world.check_converged(&[]).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sync_target_that_goes_takes_its_copies_along_and_nothing_else() {
    let mut world = with_a_pod().await;
    world.put_volume("v", &world.namespace_below());
    let theirs = world.pod("theirs")[0].clone();
    world.server(0).create(&theirs, pod("a", "Running"));
    world.pass(MINUTE).await;
    let hold = |target: &mut serde_json::Value| target["metadata"]["finalizers"] = json!(["held"]);
    world.server(0).edit(TARGET, "engine", hold);
    world.pass(MINUTE).await;
    assert!(!*world.unshown.borrow());
    world.server(0).delete(TARGET);
    world.pass(MINUTE).await;
    let [above, below] = world.pod("web");
    let [up, down] = [world.server(0), world.server(1)];
    assert!(up.get(&above).is_none() && up.get(&kinds()[1].path("", "v")).is_none());
    assert!(up.get(&theirs).is_some() && down.get(&below).is_some());
    assert!(*world.unshown.borrow(), "the SyncTarget may go");
}

#[tokio::test(start_paused = true)]
async fn what_has_the_name_of_a_copy_stays_and_is_named() {
    let mut world = World::new(|_| ());
    let [above, _] = world.pod("web");
    world.server(0).create(&above, pod("theirs", "Pending"));
    let theirs = world.server(0).get(&above);
    world.put("web", "a", "Running");
    world.pass(MINUTE).await;
    assert_eq!((world.server(0).get(&above), world.server(0).writes()), (theirs, 0));
    let problems = world.progress.borrow().problems.clone();
    let told: Vec<_> = problems.iter().map(|one| (&*one.kind, &*one.name, &*one.reason)).collect();
    assert_eq!(told, [("Pod", "web", "NameTaken")]);
    world.server(0).delete(&above);
    world.pass(10 * MINUTE).await;
    world.check_converged(&[]).unwrap();
    assert!(world.progress.borrow().problems.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_cannot_be_changed_is_made_anew() {
    let mut world = with_a_pod().await;
    let [above, _] = world.pod("web");
    let before = world.server(0).get(&above).unwrap()["metadata"]["uid"].clone();
    let refused = ApiError::status(422, "Invalid", "pod updates may not change fields other than image");
    let next = world.up.count() + 1;
    world.up.faults.lock().at.insert(next, Fault::Before(refused));
    world.put("web", "b", "Running");
    world.pass(MINUTE).await;
    world.check_converged(&[]).unwrap();
    assert_ne!(world.server(0).get(&above).unwrap()["metadata"]["uid"], before);
    world.check_quiet().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_a_side_does_not_serve_is_named() {
    let mut world = with_a_pod().await;
    world.nudge(1, Nudge::NotInstalled);
    world.pass(MINUTE).await;
    let paused = world.progress.borrow().paused.clone();
    assert_eq!(paused.keys().map(|kind| &*kind.resource).collect::<Vec<_>>(), ["persistentvolumes", "pods"]);
    world.nudge(1, Nudge::Relist);
    world.pass(MINUTE).await;
    assert!(world.progress.borrow().paused.is_empty());
}
