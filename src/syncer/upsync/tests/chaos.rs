//! Whatever happens, in whatever order: once it stops, all is shown as it is, and nobody else's object was touched.

use std::{sync::atomic::Ordering, time::Duration};

use proptest::prelude::*;
use serde_json::json;

use super::world::{NAMESPACE, World, kinds, pod};
use crate::syncer::{
    api::ApiError,
    engine::simulation::{Fault, Nudge},
};

const NAMES: [&str; 3] = ["a", "b", "c"];
const PHASES: [&str; 3] = ["Pending", "Running", "Failed"];
const THEIRS: &str = "theirs";

#[derive(Clone, Debug)]
enum Event {
    Put(usize, usize),
    Delete(usize),
    Replace(usize),
    Volume(bool),
    DeleteCopy(usize),
    EndNamespaceBelow,
    EndNamespaceAbove,
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
        ApiError::status(422, "Invalid", "may not change"),
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
        5 => (name.clone(), 0..PHASES.len()).prop_map(|(name, phase)| Event::Put(name, phase)),
        2 => name.clone().prop_map(Event::Delete),
        2 => name.clone().prop_map(Event::Replace),
        1 => any::<bool>().prop_map(Event::Volume),
        1 => name.prop_map(Event::DeleteCopy),
        1 => Just(Event::EndNamespaceBelow),
        1 => Just(Event::EndNamespaceAbove),
        1 => any::<bool>().prop_map(Event::Lead),
        1 => Just(Event::Crash),
        4 => (0..2_usize, 1..6_usize, fault()).prop_map(|(side, after, fault)| Event::Fault(side, after, fault)),
        2 => (0..4_usize, nudge).prop_map(|(feed, nudge)| Event::Nudge(feed, nudge)),
        5 => (1..40_u64).prop_map(Event::Pass),
    ]
}

async fn happen(world: &mut World, event: &Event) {
    match event {
        Event::Put(name, phase) => world.put(NAMES[*name], PHASES[2 - *phase], PHASES[*phase]),
        Event::Delete(name) => world.server(1).delete(&world.pod(NAMES[*name])[1]),
        Event::Replace(name) => {
            let path = world.pod(NAMES[*name])[1].clone();
            world.server(1).delete(&path);
            world.server(1).create(&path, pod("new", "Running"));
        }
        Event::Volume(true) => world.put_volume("v", &world.namespace_below()),
        Event::Volume(false) => world.server(1).delete(&kinds()[1].path("", "v")),
        Event::DeleteCopy(name) => world.server(0).delete(&world.pod(NAMES[*name])[0]),
        Event::EndNamespaceBelow => {
            world.server(1).delete(&format!("/api/v1/namespaces/{}", world.namespace_below()));
            world.pass(Duration::from_secs(2)).await;
            world.make_namespace_below();
        }
        Event::EndNamespaceAbove => {
            world.server(0).delete(NAMESPACE);
            world.pass(Duration::from_secs(2)).await;
            world.server(0).create(NAMESPACE, json!({"kind": "Namespace", "metadata": {}}));
        }
        Event::Lead(leads) => world.leads.store(*leads, Ordering::Relaxed),
        Event::Crash => world.crash().await,
        Event::Fault(side, after, fault) => {
            let wire = [&world.up, &world.down][*side];
            let number = wire.count() + after;
            wire.faults.lock().at.insert(number, fault.clone());
        }
        Event::Nudge(feed, nudge) => world.nudge(*feed, nudge.clone()),
        Event::Pass(seconds) => world.pass(Duration::from_secs(*seconds)).await,
    }
}

async fn play(events: Vec<Event>) -> Result<(), String> {
    let mut world = World::new(|_| ());
    world.put("a", "seed", "Running");
    // Somebody else's, in the place of a copy.
    world.server(0).create(&world.pod(THEIRS)[0], pod("theirs", "Pending"));
    world.put(THEIRS, "ours", "Running");
    world.pass(Duration::from_secs(30)).await;
    for event in &events {
        happen(&mut world, event).await;
    }
    // It may have gone with its namespace.
    world.server(0).create(&world.pod(THEIRS)[0], pod("theirs", "Pending"));
    world.heal().await;
    world.check_converged(&[THEIRS])?;
    world.check_quiet().await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn all_is_well_in_the_end(events in prop::collection::vec(event(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        prop_assert_eq!(runtime.block_on(play(events)), Ok(()));
    }
}
