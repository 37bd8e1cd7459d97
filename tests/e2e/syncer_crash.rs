//! A syncer that is killed in the middle of its work, many times, and one that is told to end: what comes after it
//! finds nothing lost, nothing twice, and nothing held back.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::env;
use crate::physical;
use crate::synced::{CLUSTER, Synced, config_map};
use crate::syncer::Sides;
use crate::wait::{seconds, until};

const ROUNDS: usize = 6;
const OBJECTS: usize = 24;

/// Names and values of the ConfigMaps of a list, but for the one that Kubernetes makes itself.
fn values(list: &Value) -> BTreeMap<String, String> {
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    let pairs = items.iter().map(|item| (item["metadata"]["name"].as_str(), item["data"]["key"].as_str()));
    pairs.filter_map(|(name, value)| Some((name?.to_owned(), value?.to_owned()))).collect()
}

#[test]
fn a_syncer_that_is_killed_again_and_again_ends_where_it_should() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    // Without an election the next life need not wait until the Lease of the one before has run out.
    let synced = Synced::start(Sides::new(env, &physical.cluster), &["--leader-elect=false"]);
    let mut wanted = BTreeMap::new();
    for round in 0..ROUNDS {
        let changed: Vec<_> =
            (0..OBJECTS).map(|n| config_map(&format!("c{n}"), &format!("round-{round}"))).collect();
        synced.apply(&changed);
        wanted.extend((0..OBJECTS).map(|n| (format!("c{n}"), format!("round-{round}"))));
        if round > 0 {
            // Some go while they are being synced.
            let going: Vec<_> = (0..OBJECTS / 4).map(|n| format!("configmap/c{}", n * 4)).collect();
            let going = going.iter().map(String::as_str).collect::<Vec<_>>();
            synced
                .run_above(&[&["delete", "--wait=false", "--ignore-not-found"] as &[&str], &going].concat());
        }
        // Each round a little later in its work.
        let done = round * OBJECTS / ROUNDS;
        until("some of the round arrived", seconds(60), || {
            let arrived = arrived(&synced, &format!("round-{round}"))?;
            if arrived >= done.min(OBJECTS / 2) { Ok(()) } else { Err(format!("{arrived} of {done}")) }
        });
        synced.syncer.kill();
        synced.syncer.run();
    }
    wanted.retain(|name, _| name.trim_start_matches('c').parse::<usize>().is_ok_and(|n| n % 4 != 0));
    let selector = format!("{CLUSTER}={}", synced.key);
    until("both sides are as they should be", seconds(90), || {
        let above = synced.above.json(&["get", "configmaps", "-n", &synced.namespace, "-ojson"]);
        let below = synced.below.json(&["get", "configmaps", "-A", "-l", &selector, "-ojson"]);
        let (above, below) = (values(&above), values(&below));
        let same = above == wanted && below == wanted;
        if same { Ok(()) } else { Err(format!("wanted {wanted:?}\nabove {above:?}\nbelow {below:?}")) }
    });
    let namespaces = synced.below.run(&["get", "namespaces", "-l", &selector, "-oname"]);
    assert_eq!(namespaces.lines().count(), 1, "{namespaces}");
}

fn arrived(synced: &Synced, value: &str) -> Result<usize, String> {
    let selector = format!("{CLUSTER}={}", synced.key);
    let list = synced.below.try_run(&["get", "configmaps", "-A", "-l", &selector, "-ojson"])?;
    let list: Value = serde_json::from_str(&list).map_err(|error| error.to_string())?;
    Ok(values(&list).values().filter(|found| *found == value).count())
}

#[test]
fn a_syncer_that_is_told_to_end_lets_the_next_one_begin_at_once() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let synced = Synced::start(Sides::new(env, &physical.cluster), &[]);
    synced.apply(&(0..OBJECTS).map(|n| config_map(&format!("c{n}"), "one")).collect::<Vec<_>>());
    let namespace = synced.namespace_below();
    assert!(synced.syncer.terminate().success(), "{}", synced.syncer.log());
    let lease = ["get", "lease", "-n", "tmc-system", &format!("synctarget-{}", synced.syncer.uid), "-ojson"];
    let lease = synced.above.json(&lease);
    assert!(lease["spec"]["holderIdentity"].as_str().is_none_or(str::is_empty), "it is given back: {lease}");

    // What changes while nobody is there is done by the next one.
    synced.apply(&[config_map("c0", "two")]);
    synced.run_above(&["delete", "configmap/c1", "--wait=false"]);
    synced.syncer.run();
    synced.until_below(&namespace, "configmap/c0", "it has changed", |found| {
        found["data"] == json!({"key": "two"})
    });
    synced.until_gone(&synced.below, &namespace, "configmap/c1");
    synced.until_gone(&synced.above, &synced.namespace, "configmap/c1");
    for n in 2..OBJECTS {
        synced.until_below(&namespace, &format!("configmap/c{n}"), "it is there", |_| true);
    }
}
