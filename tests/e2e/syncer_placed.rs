//! What Placements decide, and a syncer in mode placement does about it: objects come, are moved away, and are let go
//! or deleted with their Placement. The test decides itself, as the scheduler will.

use serde_json::{Value, json};

use crate::env;
use crate::physical;
use crate::synced::{CLUSTER, OWNER, Synced, config_map, get};
use crate::syncer::Sides;

const RELEASED_BY: &str = "workload.kcp.io/released-by";

#[test]
fn what_placements_decide_comes_is_moved_and_let_go() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let sides = Sides::new(env, &physical.cluster);
    let synced = Synced::start_in(sides, "placement", &["--report-period=1s"]);
    let placed = Placed { synced: &synced };
    let namespace = placed.comes();
    placed.is_moved(&namespace);
    placed.goes_with_its_placement(&namespace);
    placed.outlives_its_placement(&namespace);
}

struct Placed<'a> {
    synced: &'a Synced<'a>,
}

impl Placed<'_> {
    /// Of the objects that are labelled for this test and this Placement.
    fn placement(&self, name: &str) -> String {
        format!("{}-{name}", self.synced.namespace)
    }

    fn object(&self, name: &str, placement: &str, asks: bool) -> Value {
        let mut object = config_map(name, "ours");
        object["metadata"]["labels"] = json!({"placed": self.placement(placement)});
        if asks {
            object["metadata"]["labels"][format!("state.workload.kcp.io/{}", self.synced.key)] =
                json!("Sync");
        }
        object
    }

    fn place(&self, name: &str, more: &Value) {
        let name = self.placement(name);
        let mut object = json!({"apiVersion": "placement.kcp.io/v1alpha1", "kind": "Placement",
            "metadata": {"name": name},
            "spec": {"workloadSelector": {"matchLabels": {"placed": name}}}});
        object.as_object_mut().expect("a map").extend(more.as_object().cloned().unwrap_or_default());
        object["metadata"]["name"] = json!(name);
        object["spec"]["workloadSelector"] = json!({"matchLabels": {"placed": name}});
        self.synced.above.apply(&object);
    }

    /// The decisions of a Placement, about its spec as it is.
    fn decide(&self, name: &str, decisions: &Value) {
        let name = self.placement(name);
        let generation =
            self.synced.above.run(&["get", "placement", &name, "-ojsonpath={.metadata.generation}"]);
        let generation: u64 = generation.parse().expect("a generation");
        let status =
            json!({"status": {"observedGeneration": generation, "decisions": decisions}}).to_string();
        self.synced.above.run(&[
            "patch",
            "placement",
            &name,
            "--subresource=status",
            "--type=merge",
            "-p",
            &status,
        ]);
    }

    fn here(&self) -> Value {
        let syncer = &self.synced.syncer;
        json!([{"syncTarget": syncer.target, "key": self.synced.key, "uid": syncer.uid, "state": "Active"}])
    }

    /// Only label and decision together bring an object; a label alone that somebody wrote does nothing.
    fn comes(&self) -> String {
        self.place("p", &json!({}));
        self.decide("p", &self.here());
        let forged = self.object("forged", "nobody", true);
        self.synced.apply(&[self.object("unasked", "p", false), forged, self.object("a", "p", true)]);
        let namespace = self.synced.namespace_below();
        self.synced.until_below(&namespace, "configmap/a", "it comes", |_| true);
        self.synced.apply(&[self.object("last", "p", true)]);
        self.synced.until_below(&namespace, "configmap/last", "it comes, too", |_| true);
        for absent in ["configmap/unasked", "configmap/forged"] {
            let error = get(&self.synced.below, &namespace, absent).expect_err("nobody decided it");
            assert!(error.contains("NotFound"), "{error}");
            let above = self.synced.get_above(absent).expect("it is there");
            assert_eq!(above["metadata"]["finalizers"], Value::Null, "{above}");
        }
        namespace
    }

    fn leaves(&self, object: &str, leaves: bool) {
        let deletion = format!("deletion.internal.workload.kcp.io/{}", self.synced.key);
        let change = if leaves { format!("{deletion}=2026-01-01T00:00:00Z") } else { format!("{deletion}-") };
        self.synced.run_above(&["annotate", object, &change]);
    }

    /// Deleted here, and kept above; and it may come again. The annotation alone deletes nothing.
    fn is_moved(&self, namespace: &str) {
        let before = get(&self.synced.below, namespace, "configmap/a").expect("it is there");
        self.leaves("configmap/a", true);
        self.synced.apply(&[self.object("after", "p", true)]);
        self.synced.until_below(namespace, "configmap/after", "others go on", |_| true);
        let after = get(&self.synced.below, namespace, "configmap/a").expect("it is still there");
        assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"]);

        let elsewhere = json!([{"syncTarget": "elsewhere", "key": "K", "uid": "u", "state": "Active"}]);
        self.decide("p", &elsewhere);
        self.synced.until_gone(&self.synced.below, namespace, "configmap/a");
        let free = |found: &Value| found["metadata"]["finalizers"].is_null();
        self.synced.until_above("configmap/a", "nothing holds it", free);
        // The others, which nobody asked to leave, are let go.
        let released = |found: &Value| found["metadata"]["labels"][CLUSTER].is_null();
        self.synced.until_below(namespace, "configmap/last", "it is let go", released);

        self.leaves("configmap/a", false);
        self.decide("p", &self.here());
        self.synced.until_below(namespace, "configmap/a", "it comes again", |found| {
            found["metadata"]["uid"] != before["metadata"]["uid"]
        });
        self.synced.until_below(namespace, "configmap/last", "it is taken again", |found| !released(found));
    }

    /// It says so, and whoever places holds it until that is done.
    fn goes_with_its_placement(&self, namespace: &str) {
        let hold = json!({"metadata": {"finalizers": ["example.com/hold"]},
            "spec": {"applyPolicy": {"deletionPolicy": "Delete"}}});
        self.place("q", &hold);
        self.decide("q", &self.here());
        self.synced.apply(&[self.object("goes", "q", true)]);
        self.synced.until_below(namespace, "configmap/goes", "it comes", |_| true);
        let name = self.placement("q");
        self.synced.above.run(&["delete", "placement", &name, "--wait=false"]);
        self.synced.until_gone(&self.synced.below, namespace, "configmap/goes");
        let free = |found: &Value| found["metadata"]["finalizers"].is_null();
        self.synced.until_above("configmap/goes", "it stays, and nothing holds it", free);
        let release = r#"{"metadata":{"finalizers":null}}"#;
        self.synced.above.run(&["patch", "placement", &name, "--type=merge", "-p", release]);
    }

    /// As by default.
    fn outlives_its_placement(&self, namespace: &str) {
        let before = get(&self.synced.below, namespace, "configmap/a").expect("it is there");
        self.synced.above.run(&["delete", "placement", &self.placement("p")]);
        let free = |found: &Value| found["metadata"]["finalizers"].is_null();
        self.synced.until_above("configmap/a", "nothing holds it", free);
        let kept = get(&self.synced.below, namespace, "configmap/a").expect("it stays");
        assert_eq!((&kept["metadata"]["uid"], &kept["data"]), (&before["metadata"]["uid"], &before["data"]));
        let (labels, annotations) = (&kept["metadata"]["labels"], &kept["metadata"]["annotations"]);
        assert!(labels[CLUSTER].is_null() && annotations[OWNER].is_null(), "{kept}");
        let released = annotations[RELEASED_BY].as_str().unwrap_or_default();
        assert!(released.starts_with(&self.synced.syncer.uid), "{kept}");
    }
}
