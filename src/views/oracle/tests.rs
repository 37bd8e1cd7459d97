//! Random histories: the index must agree with the oracle, and the log's events with its list.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Clusters, Happened, History, epoch, expected, id_of};
use crate::{
    apiserver::log::{EventKind, ResourceLog, RingLimits},
    views::{
        Metrics, Origin,
        clock::Now,
        fixtures,
        index::{Feed, Index},
        publisher::Publisher,
        workspace::Paths,
    },
};

#[derive(Clone, Debug)]
enum Step {
    Happen(Happened),
    Again,
    Advance(u64),
    /// Everything that is there now, but some.
    Relist(u8),
    RelistLeases(u8),
}

/// The logical clusters of a source that has them; `d` has no path.
const CLUSTERS: [(&str, &str); 3] = [("b", "root:a"), ("c", "root:a:b"), ("e", "x")];
const IDS: [&str; 4] = ["b", "c", "d", "e"];

struct Fixed;

impl Paths for Fixed {
    fn path(&self, cluster: &str) -> Option<Arc<str>> {
        CLUSTERS.iter().find(|(id, _)| *id == cluster).map(|(_, path)| (*path).into())
    }
}

/// Uids share names two by two.
fn uid() -> impl Strategy<Value = usize> {
    0usize..8
}

/// The object, where there are logical clusters in one of them.
fn placed(mut object: Value, across: bool, cluster: usize) -> Value {
    if across {
        object["metadata"]["annotations"]["kcp.io/cluster"] = json!(IDS[cluster % IDS.len()]);
    }
    object
}

fn bare_target(across: bool, uid: usize) -> Value {
    placed(fixtures::target(&format!("t{}", uid % 6), &format!("u{uid}"), "", "", 0), across, uid)
}

fn target(across: bool) -> impl Strategy<Value = Value> {
    let workspace =
        prop_oneof![Just("root"), Just("root:a"), Just("root:a:b"), Just("root:ab"), Just("x"), Just("Bad!")];
    let ready = prop_oneof![3 => Just("True"), 1 => Just("False"), 1 => Just("Unknown")];
    (uid(), workspace, ready, 0u64..5, 0u8..8, 0u8..4).prop_map(
        move |(uid, workspace, ready, count, flaw, extra)| {
            let name = format!("t{}", uid % 6);
            let mut target = fixtures::target(&name, &format!("u{uid}"), workspace, ready, count);
            target["metadata"]["creationTimestamp"] = json!(format!("2026-01-0{}T00:00:00Z", 1 + uid));
            match flaw {
                0 => target["status"] = json!("broken"),
                1 => target["spec"]["kcpCluster"] = json!(7),
                2 => drop(target.as_object_mut().unwrap().remove("status")),
                _ => {}
            }
            if flaw > 2 && extra & 1 == 1 {
                let row = json!({"group": "", "resource": "secrets", "total": count, "pending": 1});
                target["status"]["resources"].as_array_mut().unwrap().push(row);
                target["status"]["problems"] =
                    json!([{"kind": "Pod", "name": format!("p{count}"), "reason": "R"}]);
            }
            if flaw > 2 && extra & 2 == 2 {
                let mut condition = target["status"]["conditions"][0].clone();
                condition["type"] = json!("ResourcesSynced");
                target["status"]["conditions"].as_array_mut().unwrap().push(condition);
            }
            placed(target, across, uid)
        },
    )
}

/// Now and then one of another logical cluster, which must not count.
fn lease(across: bool) -> impl Strategy<Value = Value> {
    let cluster = prop_oneof![4 => Just(0), 1 => Just(1)];
    (uid(), cluster, -100i64..100, prop_oneof![4 => Just("holder"), 1 => Just("")]).prop_map(
        move |(uid, foreign, offset, holder)| {
            let renewed = epoch() + SignedDuration::from_secs(offset);
            placed(fixtures::lease(&format!("u{uid}"), renewed, holder), across, uid + foreign)
        },
    )
}

fn step(across: bool) -> impl Strategy<Value = Step> {
    let happened = prop_oneof![
        8 => target(across).prop_map(Happened::Apply),
        2 => uid().prop_map(move |uid| Happened::Delete(bare_target(across, uid))),
        6 => lease(across).prop_map(Happened::Lease),
        1 => lease(across).prop_map(Happened::LeaseDelete),
        1 => Just(Happened::HeardTargets),
        1 => Just(Happened::HeardLeases),
    ];
    prop_oneof![
        12 => happened.prop_map(Step::Happen),
        2 => Just(Step::Again),
        4 => (0u64..25).prop_map(Step::Advance),
        1 => any::<u8>().prop_map(Step::Relist),
        1 => any::<u8>().prop_map(Step::RelistLeases),
    ]
}

/// The last state of everything a source holds, so that relists are those of a real one.
#[derive(Default)]
struct Run {
    history: History,
    at: Duration,
    targets: Objects,
    leases: Objects,
}

type Objects = BTreeMap<(String, String), Value>;

impl Run {
    fn now(&self) -> Now {
        Now { elapsed: self.at, wall: epoch() + SignedDuration::try_from(self.at).unwrap() }
    }

    fn take(&mut self, step: Step, index: &mut Index) {
        let happened = match step {
            Step::Advance(seconds) => {
                self.at += Duration::from_secs(seconds);
                return index.expire(self.now());
            }
            Step::Again => match self.history.last() {
                Some((_, happened)) => happened.clone(),
                None => return,
            },
            Step::Relist(keep) => Happened::Reset(some(&self.targets, keep)),
            Step::RelistLeases(keep) => Happened::LeaseReset(some(&self.leases, keep)),
            Step::Happen(happened) => happened,
        };
        self.remember(&happened);
        self.history.push((self.at, happened.clone()));
        feed(index, happened, self.now());
    }

    fn remember(&mut self, happened: &Happened) {
        let by_id = |object: &Value| (id_of(object), object.clone());
        match happened {
            Happened::Apply(target) => self.targets.extend([by_id(target)]),
            Happened::Delete(target) => drop(self.targets.remove(&id_of(target))),
            Happened::Reset(targets) => self.targets = targets.iter().map(by_id).collect(),
            Happened::Lease(lease) => self.leases.extend([by_id(lease)]),
            Happened::LeaseDelete(lease) => drop(self.leases.remove(&id_of(lease))),
            Happened::LeaseReset(leases) => self.leases = leases.iter().map(by_id).collect(),
            Happened::HeardTargets | Happened::HeardLeases => {}
        }
    }
}

fn some(objects: &Objects, keep: u8) -> Vec<Value> {
    objects.values().enumerate().filter(|(n, _)| keep & (1 << (n % 8)) != 0).map(|(_, o)| o.clone()).collect()
}

fn feed(index: &mut Index, happened: Happened, now: Now) {
    let objects = |values: Vec<Value>| values.iter().map(fixtures::object).collect::<Vec<_>>();
    match happened {
        Happened::Apply(target) => index.apply_target(&fixtures::object(&target), now),
        Happened::Delete(target) => index.delete_target(&fixtures::object(&target).meta.id()),
        Happened::Reset(targets) => index.reset_targets(&objects(targets), now),
        Happened::Lease(lease) => index.apply_lease(&fixtures::object(&lease), now),
        Happened::LeaseDelete(lease) => index.delete_lease(&fixtures::object(&lease).meta),
        Happened::LeaseReset(leases) => index.reset_leases(&objects(leases), now),
        Happened::HeardTargets => index.heard(Feed::Targets, now),
        Happened::HeardLeases => index.heard(Feed::Leases, now),
    }
}

/// What is served, in the oracle's words.
fn served(logs: &[Arc<ResourceLog>; 2]) -> BTreeMap<(bool, String), Value> {
    let mut all = BTreeMap::new();
    for (log, tree) in logs.iter().zip([false, true]) {
        for object in log.snapshot().iter() {
            let json: Value = serde_json::from_slice(&object.json()).unwrap();
            all.insert((tree, object.key.name.to_string()), content(&json));
        }
    }
    all
}

fn content(json: &Value) -> Value {
    let status = &json["status"];
    let mut content = json!({"created": json["metadata"]["creationTimestamp"]});
    for field in ["targetCount", "healthStatus", "data", "resources", "problems", "syncTargets"] {
        if let Some(value) = status.get(field) {
            content[field] = value.clone();
        }
    }
    let complete =
        status["conditions"].as_array().unwrap().iter().find(|c| c["type"] == "DataComplete").unwrap();
    assert_eq!(complete["status"] == "True", status["data"] == "Complete");
    assert_eq!(json["metadata"]["labels"]["views.workload.kcp.io/data"], status["data"]);
    let named = complete["message"].as_str().filter(|_| complete["reason"] == "Undecodable");
    let names = named.and_then(|message| message.strip_prefix("SyncTargets that do not decode: "));
    let names =
        names.into_iter().flat_map(|names| names.split(", ")).filter_map(|name| name.split(' ').next());
    content["unreadable"] = names.collect();
    content
}

/// A client that lists once and follows the events.
fn follow(log: &ResourceLog, seen: &mut BTreeMap<String, Vec<u8>>, version: &mut u64) {
    let (events, reached) = log.events_after(*version, usize::MAX).unwrap();
    for event in events {
        assert!(event.resource_version > *version);
        *version = event.resource_version;
        let name = event.object.key.name.to_string();
        let before = match event.kind {
            EventKind::Deleted => seen.remove(&name),
            _ => seen.insert(name, event.object.json().to_vec()),
        };
        assert_eq!(before.is_some(), event.kind != EventKind::Added);
        assert_eq!(before, event.previous.as_ref().map(|object| object.json().to_vec()));
    }
    *version = reached;
    let listed: BTreeMap<_, _> =
        log.snapshot().iter().map(|o| (o.key.name.to_string(), o.json().to_vec())).collect();
    assert_eq!(*seen, listed, "a list and a watch must tell the same");
}

/// Both kinds of source, half and half.
fn histories() -> impl Strategy<Value = (bool, Vec<Step>, Vec<(Step, bool)>)> {
    any::<bool>().prop_flat_map(|across| {
        let before = proptest::collection::vec(step(across), 0..10);
        let steps = proptest::collection::vec((step(across), any::<bool>()), 0..40);
        (Just(across), before, steps)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_views_are_what_the_history_says((across, before, steps) in histories()) {
        let metrics = Metrics::new(&prometheus::Registry::new()).unwrap();
        let (origin, clusters): (_, Clusters) = match across {
            true => (Origin::Kcp(Arc::new(Fixed)), Some(CLUSTERS.into())),
            false => (Origin::Kubernetes, None),
        };
        let (mut index, mut run) = (Index::new(origin, metrics.clone()), Run::default());
        let mut publisher = Publisher::new(RingLimits::default(), &metrics);
        before.into_iter().for_each(|step| run.take(step, &mut index));
        publisher.begin(&mut index, run.now());
        let logs = publisher.logs().map(|(_, log)| log);
        let mut clients = logs.each_ref().map(|log| {
            let listed = log.snapshot().iter().map(|o| (o.key.name.to_string(), o.json().to_vec())).collect();
            (listed, log.head())
        });
        for (step, flush) in steps.into_iter().chain([(Step::Advance(0), true)]) {
            run.take(step, &mut index);
            if !flush {
                continue;
            }
            publisher.flush(&mut index, run.now());
            prop_assert_eq!(served(&logs), expected(&run.history, run.at, &clusters));
            prop_assert_eq!(logs[0].head(), logs[1].head());
            for (log, (seen, version)) in logs.iter().zip(&mut clients) {
                follow(log, seen, version);
            }
            index.all_dirty();
            prop_assert!(!publisher.flush(&mut index, run.now()), "unchanged content is not published");
        }
        let uids: BTreeSet<_> = logs.iter().flat_map(|log| log.snapshot().iter().cloned().collect::<Vec<_>>())
            .map(|o| serde_json::from_slice::<Value>(&o.json()).unwrap()["metadata"]["uid"].to_string()).collect();
        prop_assert_eq!(uids.len(), logs.iter().map(|log| log.snapshot().len()).sum::<usize>());
    }
}
