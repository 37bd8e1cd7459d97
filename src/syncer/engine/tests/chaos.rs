//! Whatever happens, in whatever order: once it stops, all is as it should be, and nobody else's object was touched.

use std::{sync::atomic::Ordering, time::Duration};

use proptest::prelude::*;
use serde_json::json;

use super::{
    flows::{above, below},
    interrupted::copy_up,
};
use crate::syncer::{
    api::ApiError,
    engine::simulation::{Fault, NAMESPACE, Nudge, World, widget},
};

const NAMES: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
enum Event {
    Create(usize, u64),
    Change(usize, u64),
    Delete(usize),
    /// Our finalizer is torn away, and the object made anew.
    Replace(usize),
    EditBelow(usize, u64),
    DeleteBelow(usize),
    StatusBelow(usize, u64),
    DeleteNamespace,
    Lead(bool),
    Crash,
    /// On one side, after so many requests.
    Fault(usize, usize, Fault),
    Nudge(usize, Nudge),
    Pass(u64),
}

fn fault() -> impl Strategy<Value = Fault> {
    let error = prop::sample::select(vec![
        ApiError::Unreachable("refused".into()),
        ApiError::Timeout(Duration::from_secs(10)),
        ApiError::status(403, "Forbidden", ""),
        ApiError::status(404, "", ""),
        ApiError::status(409, "Conflict", ""),
        ApiError::status(429, "TooManyRequests", ""),
        ApiError::status(500, "InternalError", ""),
    ]);
    prop_oneof![
        error.clone().prop_map(Fault::Before),
        error.prop_map(Fault::After),
        Just(Fault::CrashBefore),
        Just(Fault::CrashAfter),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let name = 0..NAMES.len();
    let nudge = prop::sample::select(vec![
        Nudge::Relist,
        Nudge::Empty,
        Nudge::Unavailable,
        Nudge::NotInstalled,
        Nudge::Stall,
    ]);
    prop_oneof![
        3 => (name.clone(), 1..9_u64).prop_map(|(name, replicas)| Event::Create(name, replicas)),
        3 => (name.clone(), 1..9_u64).prop_map(|(name, replicas)| Event::Change(name, replicas)),
        2 => name.clone().prop_map(Event::Delete),
        1 => name.clone().prop_map(Event::Replace),
        2 => (name.clone(), 1..9_u64).prop_map(|(name, replicas)| Event::EditBelow(name, replicas)),
        1 => name.clone().prop_map(Event::DeleteBelow),
        1 => (name, 1..9_u64).prop_map(|(name, ready)| Event::StatusBelow(name, ready)),
        1 => Just(Event::DeleteNamespace),
        1 => any::<bool>().prop_map(Event::Lead),
        1 => Just(Event::Crash),
        3 => (0..2_usize, 1..6_usize, fault()).prop_map(|(side, after, fault)| Event::Fault(side, after, fault)),
        2 => (0..2_usize, nudge).prop_map(|(side, nudge)| Event::Nudge(side, nudge)),
        5 => (1..40_u64).prop_map(Event::Pass),
    ]
}

async fn happen(world: &mut World, event: &Event) {
    match event {
        Event::Create(name, replicas) => {
            let _ = world.server(0).create(&above(NAMES[*name]), widget(*replicas));
        }
        Event::Change(name, replicas) => world.server(0).edit(&above(NAMES[*name]), "user", |object| {
            object["spec"]["replicas"] = json!(replicas);
        }),
        Event::Delete(name) => world.server(0).delete(&above(NAMES[*name])),
        Event::Replace(name) => {
            let path = above(NAMES[*name]);
            world.server(0).edit(&path, "hand", |object| object["metadata"]["finalizers"] = json!([]));
            world.server(0).delete(&path);
            world.server(0).create(&path, widget(1));
        }
        Event::EditBelow(name, replicas) => {
            let path = below(world, NAMES[*name]);
            world.server(1).edit(&path, "hand", |object| object["spec"]["replicas"] = json!(replicas));
        }
        Event::DeleteBelow(name) => world.server(1).delete(&below(world, NAMES[*name])),
        Event::StatusBelow(name, ready) => {
            let path = below(world, NAMES[*name]);
            world.server(1).edit(&path, "controller", |object| object["status"] = json!({"ready": ready}));
        }
        Event::DeleteNamespace => {
            world.server(0).delete(NAMESPACE);
            world.pass(Duration::from_secs(30)).await;
            world.server(0).create(NAMESPACE, json!({"kind": "Namespace", "metadata": {}}));
        }
        Event::Lead(leads) => world.leads.store(*leads, Ordering::Relaxed),
        Event::Crash => world.crash().await,
        Event::Fault(side, after, fault) => {
            let wire = [&world.up, &world.down][*side];
            let number = wire.count() + after;
            wire.faults.lock().at.insert(number, fault.clone());
        }
        Event::Nudge(side, nudge) => world.nudge(*side, nudge.clone()),
        Event::Pass(seconds) => world.pass(Duration::from_secs(*seconds)).await,
    }
}

/// `copies`: what is edited below is copied up.
async fn play(events: Vec<Event>, copies: bool) -> Result<(), String> {
    let mut world = World::new(|plan| {
        if copies {
            copy_up(plan);
        }
    });
    world.server(0).create(&above("seed"), widget(1));
    world.pass(Duration::from_secs(30)).await;
    // Somebody else's, in the place of one of ours and beside them.
    let foreign = [below(&world, "theirs"), below(&world, "other")];
    for path in &foreign {
        world.server(1).create(path, widget(4));
    }
    let before = foreign.clone().map(|path| world.server(1).get(&path));
    for event in &events {
        happen(&mut world, event).await;
    }
    world.server(0).create(NAMESPACE, json!({"kind": "Namespace", "metadata": {}}));
    world.heal().await;
    world.check_converged()?;
    world.check_quiet().await?;
    let after = foreign.map(|path| world.server(1).get(&path));
    if before != after {
        return Err(format!("an object that is not ours was touched: {before:?} {after:?}"));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn all_is_well_in_the_end(events in prop::collection::vec(event(), 1..25), copies in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        prop_assert_eq!(runtime.block_on(play(events, copies)), Ok(()));
    }
}
