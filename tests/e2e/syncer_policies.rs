//! What a configuration says of objects and fields that others want, too: who wins, what is taken over, what becomes of
//! drift and of what cannot be changed. Each kind has its own policy here; what is wrong is told with field and manager.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::env;
use crate::physical::{self, Physical, deployment};
use crate::synced::{CLUSTER, Synced, config_map, get};
use crate::syncer::Sides;
use crate::wait::{seconds, until};

const CONFIG: &str = "
applyPolicy:
  driftPolicy: Correct
kinds:
- resource: configmaps
  applyPolicy: {conflictResolution: FailOnConflict, takeOver: Never, onImmutable: Report}
- resource: secrets
  applyPolicy: {conflictResolution: DownstreamWins, takeOver: IfNoDiff, onImmutable: Recreate}
- {group: apps, resource: deployments, applyPolicy: {winners: [{path: /spec/replicas, winner: Downstream}]}}
- {resource: services, applyPolicy: {driftPolicy: ReportOnly}}
- {resource: serviceaccounts, applyPolicy: {driftPolicy: Ignore, takeOver: Always}}
";
const RIVAL: &[&str] = &["apply", "--server-side", "--force-conflicts", "--field-manager=rival"];

struct Policies<'a> {
    synced: Synced<'a>,
    /// The namespace below.
    namespace: String,
}

fn config(physical: &Physical) -> PathBuf {
    let path = physical.cluster.folder.join(format!("policies-{:08x}.yaml", rand::random::<u32>()));
    fs::write(&path, CONFIG).expect("write a configuration");
    path
}

#[test]
fn policies_say_who_wins_and_what_is_wrong_is_told() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let config = format!("--config={}", config(physical).display());
    let synced = Synced::start(Sides::new(env, &physical.cluster), &[&config, "--report-period=1s"]);
    synced.apply(&[config_map("seed", "ours")]);
    let namespace = synced.namespace_below();
    let policies = Policies { synced, namespace };
    policies.take_over();
    policies.conflicts();
    policies.winners();
    policies.drift();
    policies.immutable();
    policies.until_problems(&["AlreadyExists same-but-different", "AlreadyExists theirs", "Drifted web"]);
}

/// A Secret with these values.
fn secret(name: &str, values: &[(&str, &str)]) -> Value {
    let data: Map<_, _> =
        values.iter().map(|(key, value)| ((*key).to_owned(), json!(STANDARD.encode(value)))).collect();
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data})
}

fn account(name: &str, mounts: bool) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name},
        "automountServiceAccountToken": mounts})
}

impl Policies<'_> {
    /// Somebody else applies an object on the cluster, and takes what fields it has.
    #[track_caller]
    fn rival(&self, object: &Value) -> Value {
        let mut object = object.clone();
        object["metadata"]["namespace"] = json!(self.namespace);
        self.synced.below.with_manifest(RIVAL, &object).expect("apply as a rival");
        let name = format!("{}/{}", object["kind"], object["metadata"]["name"]).replace('"', "");
        get(&self.synced.below, &self.namespace, &name).expect("it was applied")
    }

    #[track_caller]
    fn until_below(&self, object: &str, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        self.synced.until_below(&self.namespace, object, what, condition)
    }

    fn problems(&self) -> Vec<Value> {
        let target = self.synced.above.json(&["get", "synctarget", &self.synced.syncer.target, "-ojson"]);
        target["status"]["problems"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until exactly these problems are told, as reason and name.
    #[track_caller]
    fn until_problems(&self, wanted: &[&str]) {
        until(&format!("{wanted:?} are told"), seconds(60), || {
            let told = self.problems();
            let text =
                |problem: &Value| format!("{} {}", problem["reason"], problem["name"]).replace('"', "");
            let mut names: Vec<_> = told.iter().map(text).collect();
            names.sort();
            if names == wanted { Ok(()) } else { Err(format!("{told:#?}\n{}", self.synced.syncer.log())) }
        });
    }

    /// The message of an object's problem, once it has that reason.
    #[track_caller]
    fn told(&self, reason: &str, name: &str) -> String {
        until(&format!("{reason} of {name} is told"), seconds(60), || {
            let told = self.problems();
            let is_it = |problem: &&Value| problem["reason"] == reason && problem["name"] == name;
            let message = told.iter().find(is_it).and_then(|problem| problem["message"].as_str());
            message.map(str::to_owned).ok_or_else(|| format!("{told:#?}\n{}", self.synced.syncer.log()))
        })
        .0
    }

    /// What was there before is left alone byte for byte, or taken if the policy says so.
    fn take_over(&self) {
        let theirs = self.rival(&config_map("theirs", "theirs"));
        let same = self.rival(&secret("same", &[("a", "1")]));
        let different = self.rival(&secret("same-but-different", &[("a", "2")]));
        let runner = self.rival(&account("runner", true));
        self.synced.apply(&[
            config_map("theirs", "ours"),
            secret("same", &[("a", "1")]),
            secret("same-but-different", &[("a", "1")]),
            account("runner", false),
        ]);
        let is_ours = |found: &Value| found["metadata"]["labels"][CLUSTER] == self.synced.key.as_str();
        let taken = self.until_below("secret/same", "it is taken over as it is", is_ours);
        assert_eq!(taken["metadata"]["uid"], same["metadata"]["uid"]);
        let mounts = |found: &Value| is_ours(found) && found["automountServiceAccountToken"] == false;
        let taken = self.until_below("serviceaccount/runner", "it is taken over and set right", mounts);
        assert_eq!(taken["metadata"]["uid"], runner["metadata"]["uid"]);
        let message = self.told("AlreadyExists", "theirs");
        assert!(message.contains("takeOver is Never"), "{message}");
        let message = self.told("AlreadyExists", "same-but-different");
        assert!(message.contains("takeOver is IfNoDiff"), "{message}");
        for (object, before) in [("configmap/theirs", theirs), ("secret/same-but-different", different)] {
            assert_eq!(get(&self.synced.below, &self.namespace, object), Ok(before));
        }
    }

    /// FailOnConflict waits for a person to say who wins; DownstreamWins leaves a field and brings the others.
    fn conflicts(&self) {
        let (above, apply) = (&self.synced, |objects: &[Value]| self.synced.apply(objects));
        apply(&[
            config_map("up", "one"),
            config_map("down", "one"),
            secret("pair", &[("a", "1"), ("b", "1")]),
        ]);
        for object in ["configmap/up", "configmap/down", "secret/pair"] {
            self.until_below(object, "it is there", |_| true);
        }
        self.rival(&config_map("up", "theirs"));
        self.rival(&config_map("down", "theirs"));
        self.rival(&secret("pair", &[("a", "theirs")]));
        for name in ["up", "down"] {
            let message = self.told("FieldConflict", name);
            assert!(message.contains(".data.key held by rival"), "{message}");
            let said = format!("sync-state.workload.kcp.io/{}", above.key);
            let said = above.until_above(&format!("configmap/{name}"), "it says so itself", |found| {
                found["metadata"]["annotations"][&said].as_str().is_some_and(|said| said.contains("rival"))
            });
            assert_eq!(said["data"]["key"], "one", "nothing of theirs comes up");
        }
        let resolve = |object: &str, side: &str| {
            let resolution = format!("workload.kcp.io/resolve-conflict={side}");
            above.run_above(&["annotate", object, &resolution]);
        };
        resolve("configmap/up", "upstream");
        self.until_below("configmap/up", "ours wins", |found| found["data"]["key"] == "one");
        resolve("configmap/down", "downstream");
        let mut more = config_map("down", "two");
        more["data"]["more"] = json!("ours");
        apply(&[more]);
        let both = |found: &Value| found["data"] == json!({"key": "theirs", "more": "ours"});
        self.until_below("configmap/down", "theirs stays, the other follows", both);

        let text = |found: &Value, key: &str| found["data"][key].as_str().unwrap_or_default().to_owned();
        let before = get(&self.synced.below, &self.namespace, "secret/pair").expect("it is there");
        apply(&[secret("pair", &[("a", "2"), ("b", "2")])]);
        let follows = |found: &Value| text(found, "b") != text(&before, "b");
        let after = self.until_below("secret/pair", "what nobody holds follows", follows);
        assert_eq!(text(&after, "a"), text(&before, "a"), "what they hold stays");
        let lost = self.synced.syncer.metric(&["syncer_conflicts_total{", "DownstreamWins"]);
        assert!(lost >= Some(1.0), "{}", self.synced.syncer.metrics());
    }

    /// One field is an autoscaler's, the others are ours.
    fn winners(&self) {
        self.synced.apply(&[deployment("", "web", 2)]);
        self.until_below("deployment/web", "it is there", |_| true);
        self.synced.below.run(&["scale", "deployment/web", "--replicas=5", "-n", &self.namespace]);
        self.synced.run_above(&["set", "image", "deployment/web", "web=registry.example/web:2"]);
        let follows = |found: &Value| {
            found["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/web:2"
        };
        let web = self.until_below("deployment/web", "its image follows", follows);
        assert_eq!(web["spec"]["replicas"], 5, "{web}");
    }

    /// Told of, or not even that; in both cases it stays.
    fn drift(&self) {
        let service = |port: u16| {
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
                "spec": {"selector": {"app": "web"}, "ports": [{"name": "web", "port": 80, "protocol": "TCP", "targetPort": port}]}})
        };
        self.synced.apply(&[service(8080)]);
        let right = self.until_below("service/web", "it is there", |_| true);
        assert_eq!(right["spec"]["ports"][0]["targetPort"], 8080);
        self.rival(&service(9090));
        let message = self.told("Drifted", "web");
        assert!(message.contains(".spec.ports") && message.contains("targetPort"), "{message}");
        self.rival(&account("runner", true));
        // Whatever is looked at after it: it stays.
        self.synced.apply(&[account("last", false)]);
        self.until_below("serviceaccount/last", "others go on", |_| true);
        let runner = get(&self.synced.below, &self.namespace, "serviceaccount/runner").expect("it is there");
        assert_eq!(runner["automountServiceAccountToken"], true, "{runner}");
        let drifted = get(&self.synced.below, &self.namespace, "service/web").expect("it is there");
        assert_eq!(drifted["spec"]["ports"][0]["targetPort"], 9090, "{drifted}");
    }

    /// The administrator below makes two objects immutable: one is told of, the other is made anew.
    fn immutable(&self) {
        self.synced.apply(&[config_map("frozen", "one"), secret("frozen", &[("a", "1")])]);
        let [map, old] = ["configmap/frozen", "secret/frozen"].map(|object| {
            let found = self.until_below(object, "it is there", |_| true);
            let freeze =
                ["patch", object, "-n", &self.namespace, "--type=merge", "-p", r#"{"immutable":true}"#];
            self.synced.below.run(&freeze);
            found
        });
        self.synced.apply(&[config_map("frozen", "two"), secret("frozen", &[("a", "2")])]);
        let anew = |found: &Value| {
            found["metadata"]["uid"] != old["metadata"]["uid"] && found["data"] != old["data"]
        };
        self.until_below("secret/frozen", "it is made anew", anew);
        let message = self.told("Immutable", "frozen");
        assert!(message.contains("immutable"), "{message}");
        let kept = get(&self.synced.below, &self.namespace, "configmap/frozen").expect("it stays");
        assert_eq!(
            (&kept["metadata"]["uid"], &kept["data"]["key"]),
            (&map["metadata"]["uid"], &json!("one"))
        );
        // What lets it be changed again is that it goes below: then it is made as it is to be.
        self.synced.below.run(&["delete", "configmap/frozen", "-n", &self.namespace]);
        self.until_below("configmap/frozen", "it is made anew", |found| found["data"]["key"] == "two");
    }
}
