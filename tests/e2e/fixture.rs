//! Writes what a target's owner and its syncer would: SyncTargets, their status, their Leases. Reads
//! views as fast as a test needs. Speaks to kube-apiserver as an administrator; knows no process.

use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use anyhow::Result;
use k8s_openapi::jiff::Timestamp;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, Config};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::wait::until;

pub const VIEWS: &str = "/apis/views.workload.kcp.io/v1alpha1/aggregatedviews";
pub const NAMESPACE: &str = "tmc-system";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("start a runtime"));

/// Runs a future on the one runtime of all tests.
pub fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

pub fn client(kubeconfig: &Path) -> Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    block_on(async {
        let kubeconfig = kube::config::Kubeconfig::read_from(kubeconfig)?;
        let config = Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await?;
        anyhow::Ok(Client::try_from(config)?)
    })
    .expect("a kubeconfig that the harness wrote")
}

/// A syncer that renewed its Lease later than that must be known to live.
const FRESH: Duration = Duration::from_secs(30);

/// What a syncer reports: whether it reaches its cluster, and Deployments as (ready, total).
#[derive(Clone, Copy)]
pub struct Report {
    pub ready: bool,
    pub deployments: (u64, u64),
}

impl Report {
    pub fn healthy(deployments: u64) -> Self {
        Self { ready: true, deployments: (deployments, deployments) }
    }

    pub fn status(self) -> Value {
        let condition = |kind: &str, status: &str, reason: &str| {
            json!({"type": kind, "status": status, "reason": reason, "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z"})
        };
        let (status, reason) = if self.ready { ("True", "Reachable") } else { ("False", "Unreachable") };
        let (ready, total) = self.deployments;
        let now = Timestamp::now();
        json!({
            "conditions": [condition("DownstreamReachable", status, reason),
                condition("SyncerReady", "True", "Synced")],
            "resources": [
                {"group": "", "resource": "configmaps", "total": 2},
                {"group": "", "resource": "secrets", "total": 3},
                {"group": "", "resource": "services", "total": 4},
                {"group": "apps", "resource": "deployments", "total": total, "ready": ready},
            ],
            "resourcesObservedTime": now, "syncerVersion": "v0.1.0", "kubernetesVersion": "v1.36.3",
        })
    }
}

#[derive(Clone)]
pub struct Targets {
    client: Client,
    /// When which target, by its uid, was last heard.
    heard: Arc<Mutex<HashMap<String, Instant>>>,
}

impl Targets {
    pub fn new(admin: &Path) -> Self {
        Self { client: client(admin), heard: Arc::default() }
    }

    fn api(&self) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("workload.kcp.io", "v1alpha1", "SyncTarget");
        Api::all_with(self.client.clone(), &ApiResource::from_gvk(&kind))
    }

    /// A target of `workspace` and its uid.
    pub fn create(&self, name: &str, workspace: &str) -> String {
        self.create_with(name, &json!({"kcpCluster": workspace})).expect("create a SyncTarget")
    }

    pub fn create_with(&self, name: &str, spec: &Value) -> Result<String> {
        block_on(self.put_with(name, spec))
    }

    /// `create` for many at a time.
    pub async fn put(&self, name: String, workspace: String) -> Result<String> {
        self.put_with(&name, &json!({"kcpCluster": workspace})).await
    }

    async fn put_with(&self, name: &str, spec: &Value) -> Result<String> {
        let object = json!({"apiVersion": "workload.kcp.io/v1alpha1", "kind": "SyncTarget",
            "metadata": {"name": name}, "spec": spec});
        let patch = Patch::Apply(object);
        let object = self.api().patch(name, &PatchParams::apply("e2e").force(), &patch).await?;
        Ok(object.metadata.uid.unwrap_or_default())
    }

    pub fn report(&self, name: &str, report: Report) {
        self.apply_status(name, &report.status());
    }

    /// As a syncer does: what others say of the target stays.
    pub fn apply_status(&self, name: &str, status: &Value) {
        let object = json!({"apiVersion": "workload.kcp.io/v1alpha1", "kind": "SyncTarget",
            "metadata": {"name": name}, "status": status});
        let params = PatchParams::apply("syncer").force();
        block_on(self.api().patch_status(name, &params, &Patch::Apply(object))).expect("report a status");
    }

    pub fn patch_status(&self, name: &str, status: &Value) {
        let patch = Patch::Merge(json!({ "status": status }));
        block_on(self.api().patch_status(name, &PatchParams::default(), &patch)).expect("patch a status");
    }

    /// Renews the lease of the target with `uid`, as its syncer does every 10 s.
    pub fn beat(&self, uid: &str) {
        self.beat_at(uid, Timestamp::now());
        self.heard.lock().insert(uid.to_owned(), Instant::now());
    }

    pub fn beat_at(&self, uid: &str, time: Timestamp) {
        self.renew(uid, "e2e", time);
    }

    /// Gives the lease back, as a syncer that ends does.
    pub fn release(&self, uid: &str) {
        self.renew(uid, "", Timestamp::now());
    }

    fn renew(&self, uid: &str, holder: &str, time: Timestamp) {
        let time = time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
        let spec = json!({"holderIdentity": holder, "leaseDurationSeconds": 30, "renewTime": time});
        self.lease(uid, &spec).expect("renew a lease");
    }

    /// The lease of the target with `uid`, as `spec` says.
    pub fn lease(&self, uid: &str, spec: &Value) -> Result<()> {
        let kind = GroupVersionKind::gvk("coordination.k8s.io", "v1", "Lease");
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), NAMESPACE, &ApiResource::from_gvk(&kind));
        self.heard.lock().remove(uid);
        let name = format!("synctarget-{uid}");
        let object = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name},
            "spec": spec});
        let params = PatchParams::apply("e2e").force();
        block_on(api.patch(&name, &params, &Patch::Apply(object)))?;
        Ok(())
    }

    /// A target that lives, with `deployments` of them all ready.
    pub fn healthy(&self, name: &str, workspace: &str, deployments: u64) -> String {
        let uid = self.create(name, workspace);
        self.beat(&uid);
        self.report(name, Report::healthy(deployments));
        uid
    }

    pub fn delete(&self, name: &str) {
        block_on(self.api().delete(name, &DeleteParams::default())).expect("delete a SyncTarget");
    }

    /// GET of any path through kube-apiserver.
    pub fn get(&self, path: &str) -> Result<Value> {
        let request = http::Request::get(path).body(Vec::new())?;
        Ok(block_on(self.client.request(request))?)
    }

    pub fn view(&self, workspace: &str) -> Result<Value> {
        self.get(&format!("{VIEWS}/{workspace}"))
    }

    /// Waits until the view of `workspace` is as `condition` wants it.
    #[track_caller]
    pub fn until_view(
        &self,
        workspace: &str,
        what: &str,
        condition: impl Fn(&Value) -> bool,
    ) -> (Value, Duration) {
        self.until_view_for(workspace, what, Duration::from_secs(60), condition)
    }

    #[track_caller]
    pub fn until_view_for(
        &self,
        workspace: &str,
        what: &str,
        limit: Duration,
        condition: impl Fn(&Value) -> bool,
    ) -> (Value, Duration) {
        until(&format!("{workspace}: {what}"), limit, || {
            let view = self.view(workspace).map_err(|error| format!("{error:#}"))?;
            if condition(&view) { Ok(view) } else { Err(view.to_string()) }
        })
    }

    /// Waits for the count, and until the server has said of each target what follows from what its syncer did.
    #[track_caller]
    pub fn until_deployments(&self, workspace: &str, deployments: u64) -> Value {
        let what = format!("{deployments} deployments");
        let settled = |view: &Value| {
            let targets = view["status"]["syncTargets"].as_array().map_or(&[][..], Vec::as_slice);
            view["status"]["resourceCount"]["deployments"] == deployments
                && targets.iter().all(|target| self.is_judged(target))
        };
        self.until_view(workspace, &what, settled).0
    }

    fn is_judged(&self, target: &Value) -> bool {
        let conditions = target["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
        let says =
            |kind: &str| conditions.iter().find(|condition| condition["type"] == kind)?["status"].as_str();
        let parts = ["SyncerReady", "DownstreamReachable", "HeartbeatHealthy"].map(says);
        let fresh = target["metadata"]["uid"].as_str().and_then(|uid| self.heard.lock().get(uid).copied());
        if fresh.is_some_and(|heard| heard.elapsed() < FRESH) && parts[2] != Some("True") {
            return false;
        }
        let ready = match parts {
            [Some("False"), ..] | [_, Some("False"), _] => "False",
            [Some("True"), Some("True"), Some("True")] => "True",
            _ => "Unknown",
        };
        says("Ready") == Some(ready)
    }
}

/// A workspace that no other test has.
pub fn workspace() -> String {
    format!("root:t{:08x}", rand::random::<u32>())
}

/// A name for an object, from a workspace's.
pub fn object_name(workspace: &str, suffix: &str) -> String {
    format!("{}-{suffix}", workspace.replace(':', "-"))
}
