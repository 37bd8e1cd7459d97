//! What a syncer is told otherwise than before: labels of its target, a filter, how namespaces are named; and that
//! calendars say nothing.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    flows::{MINUTE, above, below, with},
    interrupted::life,
};
use crate::{
    api::workload::NamespaceMapping,
    liveness::clock::PausedClock,
    syncer::{
        engine::{
            Plan,
            simulation::{TARGET, World, kinds, widget},
        },
        filter::{FilterOptions, ResourceFilter},
        ownership::{CLUSTER, RELEASED_BY},
    },
};

fn label(world: &World, labels: &Value) {
    world.server(0).edit(TARGET, "user", |target| target["metadata"]["labels"] = labels.clone());
}

#[tokio::test(start_paused = true)]
async fn rules_follow_the_labels_of_the_target() {
    let rule = json!([{
        "name": "small", "targets": {"selector": {"matchLabels": {"size": "small"}}},
        "ops": [{"set": {"path": "/spec/replicas", "value": 2}}],
    }]);
    let mut world = World::new(|plan| plan.transforms = serde_json::from_value(rule).unwrap());
    world.server(0).create(&above("a"), widget(7));
    let path = below(&world, "a");
    for (labels, replicas) in
        [(json!({}), 7), (json!({"size": "small"}), 2), (json!({"size": "large"}), 7), (Value::Null, 7)]
    {
        label(&world, &labels);
        world.pass(MINUTE).await;
        assert_eq!(world.server(1).get(&path).unwrap()["spec"]["replicas"], replicas, "{labels}");
        world.check_converged().unwrap();
        world.check_quiet().await.unwrap();
    }
    // A process that begins anew writes nothing before it knows them.
    label(&world, &json!({"size": "small"}));
    world.pass(MINUTE).await;
    let before = world.server(1).writes();
    world.crash().await;
    world.pass(10 * MINUTE).await;
    assert_eq!(world.server(1).writes(), before);
}

/// Objects of a side as they are, but for versions and the mark of who once let them go.
fn all(world: &World, side: usize) -> Vec<(String, Value)> {
    let objects = world.server(side).state.lock().objects.clone();
    let bare = |(path, mut object): (String, Value)| {
        object["metadata"]["resourceVersion"].take();
        let annotations = object["metadata"]["annotations"].as_object_mut().map(|annotations| {
            annotations.remove(RELEASED_BY);
            annotations.is_empty()
        });
        if annotations == Some(true) {
            object["metadata"]["annotations"].take();
        }
        (path, object)
    };
    objects.into_iter().map(bare).collect()
}

fn narrow(plan: &mut Plan) {
    let options = FilterOptions { label_selector: "app=web".into(), ..FilterOptions::default() };
    plan.filter = ResourceFilter::parse(&options).unwrap();
}

fn wide(plan: &mut Plan) {
    let resource_types = kinds().map(|kind| kind.id()).to_vec();
    plan.filter =
        ResourceFilter::parse(&FilterOptions { resource_types, ..FilterOptions::default() }).unwrap();
}

/// I21.
#[tokio::test(start_paused = true)]
async fn a_filter_that_is_narrowed_and_widened_again_ends_as_if_it_had_not_been() {
    let mut world = with(30).await;
    let before = [all(&world, 0), all(&world, 1)];
    world.restart_with(narrow).await;
    world.pass(30 * MINUTE).await;
    for number in 0..30 {
        let name = format!("w{number}");
        let kept = world.server(1).get(&below(&world, &name)).expect("nothing is deleted");
        assert!(kept["metadata"]["labels"][CLUSTER].is_null(), "it is let go: {kept}");
        assert_eq!(world.server(0).get(&above(&name)).unwrap()["metadata"]["finalizers"], json!([]));
    }
    world.check_quiet().await.unwrap();
    world.restart_with(wide).await;
    world.pass(30 * MINUTE).await;
    world.check_converged().unwrap();
    assert_eq!([all(&world, 0), all(&world, 1)], before);
    world.check_quiet().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_above_while_a_filter_leaves_it_out_stays_below() {
    let mut world = with(2).await;
    world.restart_with(narrow).await;
    world.pass(10 * MINUTE).await;
    world.server(0).delete(&above("w0"));
    assert!(world.server(0).get(&above("w0")).is_none(), "nothing holds it back");
    world.restart_with(wide).await;
    world.pass(30 * MINUTE).await;
    assert!(world.server(1).get(&below(&world, "w0")).is_some());
    world.check_converged().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_target_that_names_namespaces_otherwise_lets_the_old_ones_go() {
    let mut world = with(3).await;
    world.server(1).create("/api/v1/namespaces/shop", json!({"kind": "Namespace", "metadata": {}}));
    let before: Vec<_> = (0..3).map(|number| below(&world, &format!("w{number}"))).collect();
    world.restart_with(|plan| plan.identity.namespace_mapping = NamespaceMapping::Preserve).await;
    world.pass(30 * MINUTE).await;
    world.check_converged().unwrap();
    world.check_quiet().await.unwrap();
    for path in &before {
        let old = world.server(1).get(path).expect("it stays");
        assert!(old["metadata"]["labels"][CLUSTER].is_null(), "{old}");
    }
    // Back again: the same objects are taken again, and the others let go.
    world.restart_with(|plan| plan.identity.namespace_mapping = NamespaceMapping::Hashed).await;
    world.pass(30 * MINUTE).await;
    world.check_converged().unwrap();
    assert!(before.iter().all(|path| world.server(1).get(path).is_some()));
}

/// I20.
#[tokio::test(start_paused = true)]
async fn a_calendar_that_goes_wrong_changes_no_decision() {
    let mut ends = Vec::new();
    for hours in [0, -1, 1] {
        let mut world = World::new(|_| ());
        world.clock = Arc::new(PausedClock::skewed(hours));
        world.crash().await;
        life(&mut world).await;
        for number in 0..60 {
            world.server(0).create(&above(&format!("w{number}")), widget(1));
        }
        world.pass(10 * MINUTE).await;
        (0..60).for_each(|number| world.server(0).delete(&above(&format!("w{number}"))));
        world.pass(10 * MINUTE).await;
        let writes = [0, 1].map(|side| {
            let mut writes = world.server(side).state.lock().writes.clone();
            writes.retain(|write| !write.contains("widgets/w"));
            writes
        });
        let left = world.server(1).state.lock().objects.keys().filter(|path| path.contains("/w")).count();
        ends.push((writes, left));
    }
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:#?}");
}
