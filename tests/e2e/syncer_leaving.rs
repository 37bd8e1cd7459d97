//! A syncer that has nothing to do writes nothing; one that is told to sync less lets the rest go; and one that is dead
//! is detached by force and swept up after, which take nothing that is not surely to go.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::audit::Request;
use crate::env;
use crate::kubectl::Kubectl;
use crate::physical;
use crate::process::Output;
use crate::synced::{CLUSTER, OWNER, Synced, config_map, get};
use crate::syncer::Sides;
use crate::tmc::tmc;
use crate::wait::{seconds, until};

const OBJECTS: usize = 200;
const RESYNC: &str = "--resync-period=10";

#[test]
fn it_is_quiet_and_lets_go_what_it_leaves() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let mut synced = Synced::start(Sides::new(env, &physical.cluster), &[RESYNC, "--leader-elect=false"]);
    let mut all: Vec<_> = (0..OBJECTS).map(|n| config_map(&format!("c{n}"), "kept")).collect();
    for stays in all.iter_mut().step_by(10) {
        stays["metadata"]["labels"] = json!({"stays": "yes"});
    }
    all.push(
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"a": "b"}}),
    );
    synced.apply(&all);
    let namespace = synced.namespace_below();
    let before = until_synced(&synced, &namespace, OBJECTS + 1);

    writes_nothing(&synced);
    syncs_less(&mut synced, &namespace, &before);
    is_detached_by_force(&synced, &namespace, &before);
    is_swept_up(&synced, &namespace, &before);
}

type Uids = BTreeMap<String, Value>;

fn objects(kubectl: &Kubectl, namespace: &str, kinds: &str) -> Vec<Value> {
    let list = kubectl.json(&["get", kinds, "-n", namespace, "-ojson"]);
    let items = list["items"].as_array().cloned().unwrap_or_default();
    items.into_iter().filter(|item| item["metadata"]["name"] != "kube-root-ca.crt").collect()
}

fn uids(objects: &[Value]) -> Uids {
    let uid = |object: &Value| (object["metadata"]["name"].to_string(), object["metadata"]["uid"].clone());
    objects.iter().map(uid).collect()
}

fn is_ours(object: &Value) -> bool {
    !object["metadata"]["labels"][CLUSTER].is_null()
}

/// Waits until so many objects below are the syncer's, and as many above bear its finalizer.
#[track_caller]
fn until_synced(synced: &Synced, namespace: &str, count: usize) -> Uids {
    until(&format!("{count} objects are synced"), seconds(90), || {
        let below = objects(&synced.below, namespace, "configmaps,secrets");
        let above = objects(&synced.above, &synced.namespace, "configmaps,secrets");
        let ours = below.iter().filter(|object| is_ours(object)).count();
        let held = above.iter().filter(|object| !object["metadata"]["finalizers"].is_null()).count();
        if (ours, held) == (count, count) {
            Ok(uids(&below))
        } else {
            Err(format!("{ours} below, {held} above"))
        }
    })
    .0
}

/// In a look at everything no object is written, on either side.
fn writes_nothing(synced: &Synced) {
    let looks = || synced.syncer.metric(&["syncer_queue_latency_seconds_count"]).unwrap_or_default();
    let writes = |asked: Vec<Request>| {
        let report =
            |asked: &Request| asked.resource.starts_with("synctargets") || asked.resource == "leases";
        asked.into_iter().filter(|asked| asked.writes() && !report(asked)).collect::<Vec<_>>()
    };
    let written = || [writes(synced.syncer.asked_above()), writes(synced.syncer.asked_below())];
    let (before, start) = (written(), looks());
    assert!(before.iter().all(|side| side.len() > OBJECTS), "what it wrote is in the log");
    let enough = start + OBJECTS as f64;
    until("everything was looked at again", seconds(60), || {
        let looked = looks();
        if looked > enough { Ok(()) } else { Err(format!("{looked} of {enough}")) }
    });
    assert_eq!(written(), before);
}

fn restart(synced: &mut Synced, flags: &[&str]) {
    synced.syncer.kill();
    flags.iter().for_each(|flag| synced.syncer.flag(flag));
    synced.syncer.run();
    synced.syncer.until_ready();
}

/// What is not selected any more, by a label or by its kind, stays and is free; selected again it is taken again.
fn syncs_less(synced: &mut Synced, namespace: &str, before: &Uids) {
    restart(synced, &["--label-selector=stays=yes", "--resource-types=configmaps"]);
    let after = until_synced(synced, namespace, OBJECTS / 10);
    assert_eq!(&after, before, "nothing is deleted");
    let free = objects(&synced.below, namespace, "configmaps,secrets");
    let free: Vec<_> = free.iter().filter(|object| !is_ours(object)).collect();
    assert!(free.iter().all(|object| object["metadata"]["annotations"][OWNER].is_null()), "{free:#?}");
    // It is nobody's business any more.
    synced.run_above(&["delete", "configmap/c1", "--timeout=20s"]);
    restart(synced, &["--label-selector=", "--resource-types="]);
    let again = until_synced(synced, namespace, OBJECTS);
    assert_eq!(&again, before, "the same objects");
}

fn workload(synced: &Synced, command: &str, more: &[&str]) -> Output {
    let kubeconfig = format!("--kubeconfig={}", synced.above.kubeconfig().display());
    let command = ["workload", command, &synced.syncer.target, &kubeconfig];
    tmc(&[&command as &[&str], more].concat())
}

/// Its syncer is dead: only force takes the finalizers off, and the cluster is not touched.
fn is_detached_by_force(synced: &Synced, namespace: &str, before: &Uids) {
    synced.syncer.kill();
    let below = objects(&synced.below, namespace, "configmaps,secrets");
    let waits = workload(synced, "detach", &["--timeout=1s"]);
    assert!(!waits.status.success() && waits.stderr.contains("--force"), "{}", waits.stderr);
    let above = objects(&synced.above, &synced.namespace, "configmaps,secrets");
    assert!(
        above.iter().any(|object| !object["metadata"]["finalizers"].is_null()),
        "nothing is let go by it"
    );
    let forced = workload(synced, "detach", &["--force"]);
    assert!(forced.status.success(), "{}{}", forced.stdout, forced.stderr);
    let above = objects(&synced.above, &synced.namespace, "configmaps,secrets");
    let held = above.iter().find(|object| !object["metadata"]["finalizers"].is_null());
    assert!(held.is_none() && above.len() == OBJECTS, "{held:?} of {}", above.len());
    assert_eq!(objects(&synced.below, namespace, "configmaps,secrets"), below, "byte for byte");
    assert_eq!(&uids(&below), before);
    synced.above.fail(&["get", "synctarget", &synced.syncer.target]);
}

/// Only what is ours and has no origin any more is swept up, and only if that is confirmed.
fn is_swept_up(synced: &Synced, namespace: &str, before: &Uids) {
    let mut forged = get(&synced.below, namespace, "configmap/c3").expect("it is there");
    forged["metadata"] = json!({"name": "forged", "namespace": namespace,
        "labels": forged["metadata"]["labels"], "annotations": {"example.com/by": "hand"}});
    synced.below.apply(&forged);
    let downstream = format!("--downstream-kubeconfig={}", synced.below.kubeconfig().display());
    let unknown = workload(synced, "sweep", &[&downstream, "--confirm"]);
    assert!(!unknown.status.success() && unknown.stderr.contains("--sync-target-uid"), "{}", unknown.stderr);
    let (uid, key) = (format!("--sync-target-uid={}", synced.syncer.uid), format!("--key={}", synced.key));
    let sweep = |more: &[&str]| {
        let swept = workload(synced, "sweep", &[&[&*downstream, &uid, &key], more].concat());
        assert!(swept.status.success(), "{}{}", swept.stdout, swept.stderr);
        swept.stdout
    };
    let all = sweep(&["--confirm"]);
    assert!(all.contains(&format!("0 deleted, {} kept", OBJECTS + 1)), "{all}");
    synced.run_above(&["delete", "configmap/c2", "configmap/c4"]);
    let would = sweep(&[]);
    assert!(would.contains("2 would be deleted") && would.contains("configmaps/c2"), "{would}");
    let left = || uids(&objects(&synced.below, namespace, "configmaps,secrets"));
    assert_eq!(left().len(), before.len() + 1, "nothing is deleted yet");
    let did = sweep(&["--confirm"]);
    assert!(did.contains("2 deleted"), "{did}");
    let gone: Vec<_> = before.keys().filter(|name| !left().contains_key(*name)).cloned().collect();
    assert_eq!(gone, ["\"c2\"", "\"c4\""]);
    assert!(left().contains_key("\"forged\""), "it only bears the label");
}
