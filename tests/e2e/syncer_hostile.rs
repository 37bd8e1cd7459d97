//! An administrator of the physical cluster who means harm: he forges stamps and locators, lies about statuses, makes
//! them huge and changes them all the time. He reaches nothing in the workspace but the status of what he runs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::env;
use crate::fixture::{block_on, client};
use crate::physical::{self, deployment};
use crate::synced::{LOCATOR, OWNER, Synced, config_map, get};
use crate::syncer::Sides;

const STORM: usize = 200;

#[test]
fn a_hostile_administrator_below_reaches_no_other_object_above() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let synced = Synced::start(Sides::new(env, &physical.cluster), &[]);
    let victim = format!("v{:08x}", rand::random::<u32>());
    synced.above.run(&["create", "namespace", &victim]);
    let mut prey = deployment(&victim, "web", 1);
    prey["metadata"]["labels"] = json!({"prey": "yes"});
    synced.above.apply(&prey);
    let untouched = get(&synced.above, &victim, "deployment/web").expect("it was applied");

    synced.apply(&[deployment("", "web", 2), config_map("web", "ours")]);
    let namespace = synced.namespace_below();
    let ready = |found: &Value| found["status"]["readyReplicas"] == 2;
    synced.until_above("deployment/web", "its status is said", ready);
    let config = synced.until_below(&namespace, "configmap/web", "it is there", |_| true);

    let forged = forges_stamps(&synced, &namespace, &config);
    edits_the_locator(&synced, &namespace, &victim);
    lies_about_statuses(&synced, &namespace);
    storms(&synced, &namespace);

    // After all that the syncer still works, and has touched nothing but its own.
    synced.apply(&[config_map("after", "ours")]);
    synced.until_below(&namespace, "configmap/after", "others go on", |_| true);
    synced.run_above(&["delete", "configmap/web", "--timeout=50s"]);
    synced.until_gone(&synced.below, &namespace, "configmap/web");
    for (place, before) in forged {
        let after = get(&synced.below, &place, "configmap/forged").expect("what was forged stays");
        assert_eq!(before, after);
    }
    assert_eq!(untouched, get(&synced.above, &victim, "deployment/web").expect("it stays"));
    let written = synced.syncer.asked_above().into_iter().filter(|request| request.writes());
    let places: BTreeSet<_> = written.map(|request| (request.resource, request.namespace)).collect();
    let own = |(resource, namespace): &(String, String)| {
        *namespace == synced.namespace || resource.starts_with("synctargets") || resource == "leases"
    };
    assert!(!places.is_empty() && places.iter().all(own), "{places:#?}");
}

/// The stamps of a synced object on others: in its namespace, and in one that is no business of the syncer's.
fn forges_stamps(synced: &Synced, namespace: &str, config: &Value) -> Vec<(String, Value)> {
    let elsewhere = format!("f{:08x}", rand::random::<u32>());
    synced.below.run(&["create", "namespace", &elsewhere]);
    let forge = |place: &str| {
        let mut forged = config_map("forged", "theirs");
        forged["metadata"]["namespace"] = json!(place);
        forged["metadata"]["labels"] = config["metadata"]["labels"].clone();
        forged["metadata"]["annotations"] = config["metadata"]["annotations"].clone();
        assert!(!forged["metadata"]["annotations"][OWNER].is_null(), "{config}");
        synced.below.apply(&forged);
        let before = get(&synced.below, place, "configmap/forged").expect("it was applied");
        (place.to_owned(), before)
    };
    [namespace, &*elsewhere].map(forge).into()
}

/// The locator of the namespace says another namespace of the workspace.
fn edits_the_locator(synced: &Synced, namespace: &str, victim: &str) {
    let path = format!("-ojsonpath={{.metadata.annotations.{}}}", LOCATOR.replace('.', "\\."));
    let locator = synced.below.run(&["get", "namespace", namespace, &path]);
    let edited = locator.replace(&synced.namespace, victim);
    assert_ne!(locator, edited, "it names the namespace");
    let edited = format!("{LOCATOR}={edited}");
    synced.below.run(&["annotate", "namespace", namespace, "--overwrite", &edited]);
    synced.below.run(&["annotate", "deployment/web", "-n", namespace, "note=edited"]);
    synced.below.run(&["annotate", "namespace", namespace, "--overwrite", &format!("{LOCATOR}={locator}")]);
}

/// A status of a MiB, and one that is not true.
fn lies_about_statuses(synced: &Synced, namespace: &str) {
    let patch = |status: &Value| {
        let file = synced.below.home().join(format!("{namespace}-status.json"));
        std::fs::write(&file, json!({ "status": status }).to_string()).expect("write a patch");
        let file = file.display().to_string();
        let patch = ["patch", "deployment/web", "-n", namespace, "--subresource=status", "--type=merge"];
        synced.below.run(&[&patch as &[&str], &["--patch-file", &file]].concat());
    };
    let message = "x".repeat(1 << 20);
    patch(&json!({"conditions": [{"type": "Lies", "status": "True", "reason": "Huge", "message": message}]}));
    let told = |found: &Value| found["status"]["conditions"].to_string().contains("Lies");
    let above = synced.until_above("deployment/web", "the huge status is told", told);
    assert!(above.to_string().len() < 1 << 16, "it is cut to what anybody reads");

    // Its own controller puts right what is not true, and what is said above follows.
    patch(
        &json!({"conditions": [], "replicas": 1_000_000, "readyReplicas": 1_000_000, "observedGeneration": 1_000_000}),
    );
    let honest = |found: &Value| {
        let (status, generation) = (&found["status"], found["metadata"]["generation"].as_u64());
        status["readyReplicas"] == 2 && status["observedGeneration"].as_u64() <= generation && !told(found)
    };
    synced.until_above("deployment/web", "it is true again", honest);
}

/// The object below changes all the time; what it means to nobody is written nowhere.
fn storms(synced: &Synced, namespace: &str) {
    let writes = |synced: &Synced| synced.syncer.asked_above().iter().filter(|asked| asked.writes()).count();
    let before = writes(synced);
    let client = client(synced.below.kubeconfig());
    block_on(async {
        for n in 0..STORM {
            let body = json!({"metadata": {"annotations": {"storm": n.to_string()}}}).to_string();
            let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/web");
            let request = http::Request::patch(path).header("content-type", "application/merge-patch+json");
            let request = request.body(body.into_bytes()).expect("a request");
            let _: Value = client.request(request).await.expect("annotate");
        }
    });
    synced.apply(&[config_map("storm", "ours")]);
    synced.until_below(namespace, "configmap/storm", "others go on", |_| true);
    let written = writes(synced) - before;
    assert!(written < STORM / 4, "{written} writes above for {STORM} changes below");
}
