//! I14: what is counted is what there is. The numbers of a view are the sums over its targets, those of a tree over
//! its views, whatever came first; and looking again changes nothing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use proptest::prelude::*;
use serde_json::Value;

use super::epoch;
use crate::{
    apiserver::log::{ResourceLog, RingLimits},
    views::{Metrics, Origin, clock::Now, fixtures, index::Index, publisher::Publisher},
};

const WORKSPACES: [&str; 5] = ["root", "root:a", "root:a:b", "root:ab", "x"];

/// Workspace, readiness and Deployments of one target.
type Target = (usize, usize, u64);

/// Views and trees by name, once these targets came in this order.
fn published(targets: &[(usize, Target)]) -> [BTreeMap<String, Value>; 2] {
    let metrics = Metrics::new(&prometheus::Registry::new()).unwrap();
    let mut index = Index::new(Origin::Kubernetes, metrics.clone());
    let at = |seconds| Now {
        elapsed: Duration::from_secs(seconds),
        wall: epoch() + jiff::SignedDuration::from_secs(seconds as i64),
    };
    for (number, (workspace, ready, deployments)) in targets {
        let ready = ["True", "False", "Unknown"][*ready];
        let (name, uid) = (format!("t{number}"), format!("u{number}"));
        let target = fixtures::target(&name, &uid, WORKSPACES[*workspace], ready, *deployments);
        index.apply_target(&fixtures::object(&target), at(1));
        index.apply_lease(&fixtures::object(&fixtures::lease(&uid, epoch(), "holder")), at(1));
    }
    let mut publisher = Publisher::new(RingLimits::default(), &metrics);
    publisher.begin(&mut index, at(1));
    let logs = publisher.logs().map(|(_, log)| log);
    let shown = || logs.each_ref().map(objects);
    let first = shown();
    index.all_dirty();
    publisher.flush(&mut index, at(5));
    assert_eq!(shown(), first, "lastUpdated, too, is that of the content");
    first
}

fn objects(log: &Arc<ResourceLog>) -> BTreeMap<String, Value> {
    let read = |json: &[u8]| serde_json::from_slice::<Value>(json).unwrap()["status"].clone();
    log.snapshot().iter().map(|object| (object.key.name.to_string(), read(&object.json()))).collect()
}

const HEALTH: [&str; 4] = ["healthy", "degraded", "unhealthy", "unknown"];

/// Targets, Deployments, and how many are how healthy.
fn numbers(view: &Value) -> [u64; 6] {
    let health = HEALTH.map(|health| view["healthStatus"][health].as_u64().unwrap());
    let (targets, count) = (view["targetCount"].as_u64().unwrap(), &view["resourceCount"]["deployments"]);
    [targets, count.as_u64().unwrap(), health[0], health[1], health[2], health[3]]
}

fn sum<'a>(views: impl Iterator<Item = &'a Value>) -> [u64; 6] {
    views.map(numbers).fold([0; 6], |sum, one| std::array::from_fn(|at| sum[at] + one[at]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sums_are_of_what_there_is_in_any_order(
        (targets, shuffled) in proptest::collection::vec((0..5usize, 0..3usize, 0..9u64), 0..12)
            .prop_map(|targets| targets.into_iter().enumerate().collect::<Vec<_>>())
            .prop_flat_map(|targets| (Just(targets.clone()), Just(targets).prop_shuffle()))
    ) {
        let [views, trees] = published(&targets);
        prop_assert_eq!(&[views.clone(), trees.clone()], &published(&shuffled));
        for (name, view) in &views {
            let own: Vec<_> = targets.iter().filter(|(_, target)| WORKSPACES[target.0] == name).collect();
            let deployments = own.iter().map(|(_, target)| target.2).sum::<u64>();
            let [count, counted, health @ ..] = numbers(view);
            prop_assert_eq!((count, counted), (own.len() as u64, deployments));
            prop_assert_eq!(health.iter().sum::<u64>(), count);
        }
        for (name, tree) in &trees {
            let below = format!("{name}:");
            let inside = views.iter().filter(|(path, _)| *path == name || path.starts_with(&below));
            prop_assert_eq!(numbers(tree), sum(inside.map(|(_, view)| view)));
        }
    }
}
