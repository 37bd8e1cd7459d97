//! What a server makes of the shares that several targets tell of an object, as a real kube-apiserver takes it.

use std::time::Instant;

use serde_json::{Value, json};
use tmc::api::{share, workload::key};

use crate::env::{Env, shared};
use crate::fixture::{object_name, workspace};
use crate::wait::{seconds, until};

/// Two targets that live.
#[derive(Clone)]
struct Pair {
    keys: [String; 2],
    uids: [String; 2],
}

/// One object that two targets sync.
struct Shared<'a> {
    env: &'a Env,
    kind: &'static str,
    name: String,
    pair: Pair,
}

impl<'a> Shared<'a> {
    fn create(env: &'a Env, workspace: &str, pair: &Pair, mut object: Value) -> Self {
        let kind = match object["kind"].as_str() {
            Some("Deployment") => "deployment",
            Some("Service") => "service",
            Some("Job") => "job",
            _ => "pvc",
        };
        let name = object_name(workspace, kind);
        let finalizers = pair.keys.each_ref().map(|key| format!("{}{key}", share::FINALIZER));
        object["metadata"] = json!({"name": name, "namespace": "default", "finalizers": finalizers});
        env.admin().apply(&object);
        Self { env, kind, name, pair: pair.clone() }
    }

    fn tell(&self, shares: [Value; 2]) {
        for (key, share) in self.pair.keys.iter().zip(shares) {
            // As a syncer does: an annotation written to a Deployment itself would make a new generation of it.
            let annotation = (format!("{}{key}", share::COPY), json!(json!({"status": share}).to_string()));
            let annotations: serde_json::Map<_, _> = [annotation].into_iter().collect();
            let patch = json!({"metadata": {"annotations": annotations}}).to_string();
            let status = if self.kind == "deployment" { "--subresource=status" } else { "--type=merge" };
            self.env.admin().run(&["patch", self.kind, &self.name, "--type=merge", status, "-p", &patch]);
        }
    }

    /// Waits until its status is so.
    #[track_caller]
    fn until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let mut beat = None;
        let look = || {
            if beat.is_none_or(|at: Instant| at.elapsed() > seconds(5)) {
                self.pair.uids.iter().for_each(|uid| self.env.targets.beat(uid));
                beat = Some(Instant::now());
            }
            let object = self.env.admin().json(&["get", self.kind, &self.name, "-ojson"]);
            if is(&object["status"]) { Ok(object) } else { Err(object) }
        };
        until(&format!("{} {}: {what}", self.kind, self.name), seconds(60), look).0
    }
}

fn is_true(status: &Value, kind: &str) -> bool {
    let mut conditions = status["conditions"].as_array().into_iter().flatten();
    conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
}

fn template() -> Value {
    json!({"metadata": {"labels": {"app": "web"}},
        "spec": {"restartPolicy": "Always", "containers": [{"name": "web", "image": "web"}]}})
}

#[test]
fn shares_of_two_targets_become_one_status() {
    let Some(env) = shared() else { return };
    let workspace = workspace();
    let names = ["a", "b"].map(|suffix| object_name(&workspace, suffix));
    let uids = names.each_ref().map(|name| env.targets.create(name, &workspace));
    let pair = Pair { uids, keys: names.map(|name| key(&workspace, &name)) };

    let selector = json!({"matchLabels": {"app": "web"}});
    let spec = json!({"replicas": 5, "selector": selector, "template": template()});
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec});
    let web = Shared::create(env, &workspace, &pair, deployment);
    let share = |replicas: u64| {
        json!({"observedGeneration": 1, "replicas": replicas, "readyReplicas": replicas,
            "availableReplicas": replicas, "updatedReplicas": replicas,
            "conditions": [{"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
                "lastTransitionTime": "2026-01-01T00:00:00Z", "lastUpdateTime": "2026-01-01T00:00:00Z"}]})
    };
    web.tell([share(2), share(3)]);
    let is_whole = |status: &Value| {
        status["replicas"] == 5 && is_true(status, "Available") && is_true(status, share::COMPLETE)
    };
    let object = web.until("five replicas of two targets", is_whole);
    assert_eq!(object["status"]["observedGeneration"], 1);

    // What Kubernetes defaults in it is no difference: it is written once.
    let spec = json!({"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "web"}});
    let service = json!({"apiVersion": "v1", "kind": "Service", "spec": spec});
    let service = Shared::create(env, &workspace, &pair, service);
    let share = |ip: &str| json!({"loadBalancer": {"ingress": [{"ip": ip}]}});
    service.tell([share("10.1.0.2"), share("10.1.0.1")]);
    let two = json!([{"ip": "10.1.0.1", "ipMode": "VIP"}, {"ip": "10.1.0.2", "ipMode": "VIP"}]);
    let served = service.until("both addresses", |status| status["loadBalancer"]["ingress"] == two);

    let pod = json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a"}]}});
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": pod}});
    let job = Shared::create(env, &workspace, &pair, job);
    let began = "2026-01-01T00:00:00Z";
    job.tell([json!({"active": 1, "startTime": began}), json!({"active": 1, "startTime": began})]);
    job.until("both are active", |status| status["active"] == 2);
    let ended = ["SuccessCriteriaMet", "Complete"].map(|kind| json!({"type": kind, "status": "True"}));
    let done = json!({"succeeded": 1, "startTime": began, "completionTime": "2026-01-01T00:01:00Z", "conditions": ended});
    job.tell([done.clone(), done]);
    let object = job.until("it is complete", |status| is_true(status, "Complete"));
    assert_eq!(object["status"]["succeeded"], 2);

    let resources = json!({"requests": {"storage": "1Gi"}});
    let claim = json!({"accessModes": ["ReadWriteOnce"], "resources": resources});
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": claim});
    let claim = Shared::create(env, &workspace, &pair, claim);
    let share = |size: &str| json!({"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}});
    claim.tell([share("2Gi"), share("1Gi")]);
    claim.until("bound to the smaller", |status| {
        status["phase"] == "Bound" && status["capacity"]["storage"] == "1Gi"
    });

    let now = service.until("both addresses", |status| status["loadBalancer"]["ingress"] == two);
    assert_eq!(now["metadata"]["resourceVersion"], served["metadata"]["resourceVersion"], "quiet meanwhile");
    // A target that lets go counts no more: the one who is left writes the status.
    let alone =
        json!({"metadata": {"finalizers": [format!("{}{}", share::FINALIZER, pair.keys[0])]}}).to_string();
    env.admin().run(&["patch", "deployment", &web.name, "--type=merge", "-p", &alone]);
    env.targets.delete(&object_name(&workspace, "b"));
    claim.until("one target is missing", |status| status["phase"] == "Pending");
    web.until("its status is left alone", is_whole);
}
