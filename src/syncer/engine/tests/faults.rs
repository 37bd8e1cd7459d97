//! What never deletes.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::flows::{MINUTE, above, below, with};
use crate::{
    api::placement::TakeOver,
    informers::{Change, Event, Trouble},
    syncer::{
        api::ApiError,
        discovery::{Found, Resolved},
        engine::{
            NAMESPACES,
            object::{Kept, Object},
            simulation::{Fault, NAMESPACE, Nudge, Server, World, kinds, widget},
            state::State,
            target::{self, Target},
        },
        errors::Side,
        ownership::CLUSTER,
    },
};

/// Every error that may not be taken for "it is gone".
pub(super) fn errors() -> Vec<ApiError> {
    let plain = |code, reason| ApiError::status(code, reason, "");
    vec![
        ApiError::Unreachable("connection refused".into()),
        ApiError::Timeout(Duration::from_secs(10)),
        ApiError::Body { limit: 1 },
        ApiError::Decode("eof".into()),
        plain(401, "Unauthorized"),
        plain(403, "Forbidden"),
        plain(404, ""),
        plain(404, "NotFound"),
        plain(410, "Gone"),
        plain(429, "TooManyRequests"),
        plain(500, "InternalError"),
        plain(502, ""),
        plain(503, "ServiceUnavailable"),
        plain(504, "Timeout"),
    ]
}

/// Objects below, as they are.
fn all(world: &World) -> Vec<Value> {
    world.server(1).state.lock().objects.values().cloned().collect()
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_seems_empty_and_answers_nonsense_deletes_nothing() {
    let mut world = with(30).await;
    let before = all(&world);
    for error in errors() {
        world.up.faults.lock().always = Some(Fault::Before(error.clone()));
        world.nudge(0, Nudge::Empty);
        world.pass(20 * MINUTE).await;
        assert_eq!(all(&world), before, "{error}");
    }
    world.heal().await;
    assert_eq!(all(&world), before);
    world.check_quiet().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_alone_deletes_nothing() {
    let mut world = with(30).await;
    let before = all(&world);
    for nudge in [Nudge::Empty, Nudge::NotInstalled, Nudge::Unavailable, Nudge::Empty] {
        world.nudge(0, nudge);
        world.pass(20 * MINUTE).await;
    }
    assert_eq!(all(&world), before);
    world.heal().await;
    world.check_converged().unwrap();
    assert_eq!(all(&world), before);
}

#[tokio::test(start_paused = true)]
async fn the_wrong_upstream_deletes_nothing() {
    let mut world = with(30).await;
    let before = all(&world);
    // One that has nothing of what we know, and another SyncTarget of our name.
    let other = Arc::new(Server::default());
    other.create(NAMESPACE, json!({"kind": "Namespace", "metadata": {}}));
    other.create(crate::syncer::engine::simulation::TARGET, json!({"kind": "SyncTarget", "metadata": {}}));
    let ours = std::mem::replace(&mut *world.up.server.lock(), other);
    world.nudge(0, Nudge::Relist);
    world.pass(60 * MINUTE).await;
    world.crash().await;
    world.pass(60 * MINUTE).await;
    assert_eq!(all(&world), before);
    *world.up.server.lock() = ours;
    world.heal().await;
    assert_eq!(all(&world), before);
}

#[tokio::test(start_paused = true)]
async fn an_api_that_is_gone_above_deletes_nothing() {
    let mut world = with(30).await;
    let before = all(&world);
    world.server(0).state.lock().missing.insert("widgets".into());
    for nudge in [Nudge::NotInstalled, Nudge::Empty] {
        world.nudge(0, nudge);
        world.pass(60 * MINUTE).await;
    }
    assert_eq!(all(&world), before);
}

#[tokio::test(start_paused = true)]
async fn while_the_upstream_is_silent_nothing_is_deleted_and_no_replicas_are_taken() {
    let mut world = with(3).await;
    world.nudge(0, Nudge::Unavailable);
    world.nudge(0, Nudge::Stall);
    world.pass(MINUTE).await;
    let path = below(&world, "w0");
    world.server(1).edit(&path, "hand", |object| object["spec"]["replicas"] = json!(9));
    world.pass(5 * MINUTE).await;
    assert_eq!(world.server(1).get(&path).unwrap()["spec"]["replicas"], 9);
    world.heal().await;
    world.check_converged().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_orphan_goes_only_after_proof_and_after_a_while() {
    let mut world = with(2).await;
    let path = below(&world, "w0");
    // Somebody tears our finalizer away and deletes the object.
    world.server(0).edit(&above("w0"), "hand", |object| object["metadata"]["finalizers"] = json!([]));
    world.nudge(0, Nudge::Stall);
    world.server(0).delete(&above("w0"));
    world.crash().await;
    world.pass(MINUTE).await;
    assert!(world.server(1).get(&path).is_some(), "the Lease was just taken");
    world.heal().await;
    assert!(world.server(1).get(&path).is_none());
    world.check_converged().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_object_that_was_made_anew_survives() {
    let mut world = with(1).await;
    world.server(0).edit(&above("w0"), "hand", |object| object["metadata"]["finalizers"] = json!([]));
    world.nudge(0, Nudge::Stall);
    world.server(0).delete(&above("w0"));
    world.server(0).create(&above("w0"), widget(7));
    world.heal().await;
    world.check_converged().unwrap();
    assert_eq!(world.server(1).get(&below(&world, "w0")).unwrap()["spec"]["replicas"], 7);
}

#[tokio::test(start_paused = true)]
async fn forged_stamps_do_nothing() {
    let mut world = with(1).await;
    let ours = world.server(1).get(&below(&world, "w0")).unwrap();
    let place = below(&world, "w0").replace("/w0", "/copy");
    let mut copy = ours.clone();
    for field in ["uid", "resourceVersion", "name"] {
        copy["metadata"].as_object_mut().unwrap().remove(field);
    }
    world.server(1).create(&place, copy);
    let before = world.server(1).get(&place);
    // Its labels say that it is ours, its stamp that it was made of another object.
    world.server(0).delete(&above("w0"));
    world.pass(120 * MINUTE).await;
    assert_eq!(world.server(1).get(&place), before);
    assert!(world.server(0).get(&above("w0")).is_none());
}

#[tokio::test(start_paused = true)]
async fn another_syncers_object_is_refused_whatever_the_policy() {
    let mut world = World::new(|plan| plan.policies.of_all.take_over = TakeOver::Always);
    world.server(0).create(&above("seed"), widget(1));
    world.pass(MINUTE).await;
    let path = below(&world, "w0");
    let owner = json!({
        "syncTargetUID": "another", "cluster": "root:org", "namespace": "shop", "name": "w0", "uid": "u",
        "gvr": "widgets.v1.example.com",
    });
    let mut theirs = widget(4);
    theirs["metadata"] = json!({
        "labels": {CLUSTER: "another key"},
        "annotations": {"workload.kcp.io/owner": owner.to_string()},
    });
    world.server(1).create(&path, theirs);
    let before = world.server(1).get(&path);
    world.server(0).create(&above("w0"), widget(1));
    world.pass(60 * MINUTE).await;
    assert_eq!(world.server(1).get(&path), before);
    assert_eq!(world.progress.borrow().problems[0].reason, "OwnershipConflict");
}

#[tokio::test(start_paused = true)]
async fn where_there_is_nothing_all_is_done() {
    let mut world = World::new(|_| {});
    world.pass(Duration::from_secs(5)).await;
    assert!(world.progress.borrow().complete);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_may_not_be_read_holds_up_itself_alone() {
    let mut state = State::new(World::new(|_| {}).plan.clone());
    let found = kinds().map(|kind| (kind.group_resource(), Found { kind, status: true }));
    state.serve(&Resolved { kinds: found.into(), ..Resolved::default() }, Duration::ZERO);
    let tell = |state: &mut State, side, resource, change| {
        state.apply(side, Event { resource, received: Instant::now(), change }, Duration::ZERO);
        (state.complete(), state.listed(), state.progress(Duration::ZERO).paused)
    };
    let [widgets, secrets] = kinds().map(|kind| kind.informed());
    for side in [Side::Upstream, Side::Downstream] {
        for resource in [NAMESPACES, widgets] {
            assert!(!tell(&mut state, side, resource, Change::Reset(Vec::new())).0);
        }
    }
    tell(&mut state, Side::Upstream, secrets, Change::Reset(Vec::new()));
    let denied = Change::Unavailable(Trouble::Status(StatusCode::FORBIDDEN, None));
    let (complete, listed, paused) = tell(&mut state, Side::Downstream, secrets, denied);
    assert!(complete && !listed, "all that can be known is, and it is not all");
    let why: Vec<_> = paused.values().collect();
    assert_eq!(why, ["the syncer may not list and watch it on the cluster"]);

    let finalizers = vec![target::FINALIZER.to_owned()];
    state.target = Target { ours: true, deleting: true, finalizers, ..Target::default() };
    state.unshown = true;
    assert!(state.judge_target(true, true).is_some(), "no finalizer is left, so nothing below is ours");
    let kept =
        json!({"metadata": {"name": "a", "resourceVersion": "5", "finalizers": [state.plan.finalizer()]}});
    let object = Object::at("n", "a", Kept::of(&kept));
    tell(&mut state, Side::Upstream, secrets, Change::Apply(object));
    assert!(state.judge_target(true, true).is_none());

    let (complete, listed, paused) = tell(&mut state, Side::Downstream, secrets, Change::Reset(Vec::new()));
    assert!(complete && listed && paused.is_empty());
}
