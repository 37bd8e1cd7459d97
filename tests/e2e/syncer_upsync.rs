//! What a cluster makes is shown in the workspace: the Pods of a Deployment and the Endpoints, with their status, and
//! nothing else there is touched by it.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::env;
use crate::kubectl::Kubectl;
use crate::physical::{self, deployment};
use crate::synced::{Synced, get};
use crate::syncer::Sides;
use crate::wait::{seconds, until};

const STATE: &str = "state.workload.kcp.io";

/// Uids and phases by name of the Pods of the Deployment.
fn pods(kubectl: &Kubectl, namespace: &str) -> Result<BTreeMap<String, [String; 2]>, String> {
    let list = kubectl.try_run(&["get", "pods", "-n", namespace, "-l", "app=web", "-ojson"])?;
    let list: Value = serde_json::from_str(&list).map_err(|error| error.to_string())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let each = |pod: &Value| {
        (text(&pod["metadata"]["name"]), [text(&pod["metadata"]["uid"]), text(&pod["status"]["phase"])])
    };
    Ok(list["items"].as_array().into_iter().flatten().map(each).collect())
}

/// Waits until above are the Pods of below, so many, and all of them run.
#[track_caller]
fn until_shown(synced: &Synced, below: &str, count: usize) -> BTreeMap<String, [String; 2]> {
    until(&format!("{count} Pods are shown"), seconds(90), || {
        let (originals, copies) = (pods(&synced.below, below)?, pods(&synced.above, &synced.namespace)?);
        let run = copies.values().all(|[_, phase]| phase == "Running");
        let same = copies.keys().eq(originals.keys());
        match run && same && copies.len() == count {
            true => Ok(copies),
            false => Err(format!("{copies:?} of {originals:?}\n{}", synced.syncer.log())),
        }
    })
    .0
}

fn pod(namespace: &str, name: &str, scheduler: &str) -> Value {
    let containers = json!([{"name": "web", "image": "registry.example/web:1"}]);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
        "spec": {"schedulerName": scheduler, "containers": containers}})
}

fn endpoints(namespace: &str, name: &str, ip: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name, "namespace": namespace},
        "subsets": [{"addresses": [{"ip": ip}], "ports": [{"port": 80}]}]})
}

#[test]
fn pods_and_endpoints_of_a_cluster_are_shown_in_the_workspace() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let file = physical.cluster.folder.join("upsync.yaml");
    fs::write(&file, "upsync: [pods, endpoints]\n").expect("write a configuration");
    let config = format!("--config={}", file.display());
    let sides = Sides::new(env, &physical.cluster);
    let synced = Synced::granted(sides, "filter", &[&config], &["--upsync=pods,endpoints"]);
    synced.run_above(&["wait", "--for=create", "serviceaccount/default", "--timeout=60s"]);
    synced.above.apply(&pod(&synced.namespace, "taken", "nobody"));
    let theirs = synced.get_above("pod/taken").expect("it was applied");

    synced.apply(&[deployment("", "web", 2)]);
    let below = synced.namespace_below();
    let first = until_shown(&synced, &below, 2);
    let name = first.keys().next().expect("there are two");
    let copy = synced.get_above(&format!("pod/{name}")).expect("it is shown");
    let label = format!("{STATE}/{}", synced.key);
    assert_eq!(copy["metadata"]["labels"][&label], "Upsync", "{copy}");
    assert!(copy["spec"]["nodeName"].is_null() && copy["metadata"]["ownerReferences"].is_null(), "{copy}");
    assert!(copy["status"]["podIP"].is_string(), "{copy}");

    // What is gone below goes above, and what took its place comes.
    synced.below.run(&["delete", "pod", name, "-n", &below]);
    let second = until_shown(&synced, &below, 2);
    assert!(!second.contains_key(name), "{second:?}");

    // Somebody else's of the same name stays as it is, and is named.
    synced.below.apply(&pod(&below, "taken", "nobody"));
    synced.below.apply(&endpoints(&below, "web", "10.1.2.3"));
    let shown = |found: &Value| found["subsets"][0]["addresses"][0]["ip"] == "10.1.2.3";
    synced.until_above("endpoints/web", "it is shown", shown);
    let target = format!("synctarget/{}", synced.syncer.target);
    synced.until_above(&target, "the conflict is reported", |found| {
        let problems = found["status"]["problems"].as_array().map_or(&[][..], Vec::as_slice);
        problems.iter().any(|problem| problem["name"] == "taken" && problem["reason"] == "NameTaken")
    });
    assert_eq!(synced.get_above("pod/taken"), Ok(theirs.clone()));

    // Another process goes on with the same copies.
    synced.syncer.kill();
    synced.below.apply(&endpoints(&below, "web", "10.1.2.4"));
    synced.syncer.run();
    synced.until_above("endpoints/web", "it follows", |found| {
        found["subsets"][0]["addresses"][0]["ip"] == "10.1.2.4"
    });
    assert_eq!(until_shown(&synced, &below, 2), second);
    assert!(synced.syncer.metric(&["syncer_operations_total", "operation=\"upsync\""]) > Some(0.0));

    // Where a scheduler is, it leaves a copy alone.
    let namespace = physical.namespace();
    let name = second.keys().next().expect("there are two");
    let mut alike = synced.get_above(&format!("pod/{name}")).expect("it is shown");
    alike["metadata"] = json!({"name": "copy", "namespace": namespace});
    synced.below.run(&["wait", "--for=create", "serviceaccount/default", "-n", &namespace, "--timeout=60s"]);
    synced.below.apply(&alike);
    synced.below.apply(&pod(&namespace, "after", "default-scheduler"));
    let phase =
        |name: &str| Ok::<_, String>(get(&synced.below, &namespace, name)?["status"]["phase"].clone());
    until("a Pod that came later runs", seconds(90), || match phase("pod/after")? {
        phase if phase == "Running" => Ok(()),
        phase => Err(phase.to_string()),
    });
    assert_eq!(phase("pod/copy"), Ok(json!("Pending")));

    // The target takes its copies along, and only these.
    synced.above.run(&["delete", &target, "--wait=false"]);
    synced.until_gone(&synced.above, &synced.namespace, &target);
    assert_eq!(pods(&synced.above, &synced.namespace), Ok(BTreeMap::new()));
    assert!(synced.get_above("endpoints/web").is_err(), "it went");
    assert_eq!(synced.get_above("pod/taken"), Ok(theirs));
    assert_eq!(pods(&synced.below, &below).expect("they are there").len(), 2, "below nothing changed");
    let writes: Vec<_> =
        synced.syncer.asked_below().into_iter().filter(crate::audit::Request::writes).collect();
    let touched = writes.iter().find(|asked| ["pods", "endpoints"].contains(&&*asked.resource));
    assert!(touched.is_none(), "{touched:?}");
}
