//! A physical cluster: a control plane whose Deployments really roll out. kube-controller-manager makes the Pods,
//! kube-scheduler places them, and kwok plays the one Node they run on, so that no container is ever started.
//! Knows nothing of `tmc` nor of the syncer.

use std::process::Command;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::audit::Request;
use crate::cluster::{Cluster, Plan};
use crate::kubectl::Kubectl;
use crate::process::Process;
use crate::wait::{seconds, until};
use crate::{audit, binaries};

/// nodelifecycle is among them because it takes the not-ready taint off the Node.
const CONTROLLERS: &str = "deployment,replicaset,statefulset,job,serviceaccount,namespace,garbagecollector,\
    endpointslice,nodelifecycle,root-ca-certificate-publisher-controller";
/// Seconds; kwok renews the Node's Lease in a quarter of it.
const NODE_LEASE: &str = "40";
pub const NODE: &str = "fake-0";

pub struct Physical {
    _scheduler: Process,
    _kwok: Process,
    /// Dropped last: the others are its clients.
    pub cluster: Cluster,
}

static SHARED: LazyLock<Physical> = LazyLock::new(|| Physical::start("physical"));

/// The one for tests that keep to namespaces of their own, or none where the binaries are absent: the test is skipped.
pub fn shared() -> Option<&'static Physical> {
    binaries::present().then(|| {
        println!("logs: {}", SHARED.cluster.logs.display());
        &*SHARED
    })
}

impl Physical {
    pub fn start(name: &str) -> Self {
        let (controllers, audit) = (Some(CONTROLLERS), audit::policy());
        let cluster = Cluster::start_as(&Plan { name, controllers, audit: Some(&audit), beside: None });
        let physical = Self { _scheduler: start_scheduler(&cluster), _kwok: start_kwok(&cluster), cluster };
        physical.admin().apply(&node());
        let ready = ["get", "node", NODE, "-ojsonpath={.spec.taints}"];
        until("the Node takes Pods", seconds(90), || match physical.admin().try_run(&ready)? {
            taints if taints.is_empty() => Ok(()),
            taints => Err(taints),
        });
        physical
    }

    pub fn admin(&self) -> Kubectl {
        self.cluster.admin()
    }

    /// A namespace that no other test has.
    pub fn namespace(&self) -> String {
        let name = format!("t{:08x}", rand::random::<u32>());
        self.admin().run(&["create", "namespace", &name]);
        name
    }
}

fn start_scheduler(cluster: &Cluster) -> Process {
    let mut command = Command::new(binaries::kubernetes("kube-scheduler"));
    command.arg(format!("--kubeconfig={}", cluster.component("kube-scheduler").kubeconfig().display()));
    command.args(["--leader-elect=false", "--secure-port=0"]);
    Process::start("kube-scheduler", &command, &cluster.logs).expect("start kube-scheduler")
}

fn start_kwok(cluster: &Cluster) -> Process {
    let mut command = Command::new(binaries::kwok());
    command.arg(format!("--kubeconfig={}", cluster.component("kwok").kubeconfig().display()));
    command.arg(format!("--config={}", binaries::kwok_stages().display()));
    command.args(["--manage-all-nodes=true", &format!("--node-lease-duration-seconds={NODE_LEASE}")]);
    command.env("HOME", &cluster.folder);
    Process::start("kwok", &command, &cluster.logs).expect("start kwok")
}

fn node() -> Value {
    let resources = json!({"cpu": "32", "memory": "256Gi", "pods": "1000"});
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}},
        "status": {"allocatable": resources, "capacity": resources}})
}

/// A Deployment of `replicas` Pods that ask for next to nothing.
pub fn deployment(namespace: &str, name: &str, replicas: u32) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]}}}})
}

/// The same with a demand that no Node meets.
pub fn impossible(namespace: &str, name: &str) -> Value {
    let mut deployment = deployment(namespace, name, 1);
    deployment["spec"]["template"]["spec"]["nodeSelector"] = json!({"disk": "none-has-it"});
    deployment["spec"]["progressDeadlineSeconds"] = json!(1);
    deployment
}

#[test]
fn deployments_roll_out_where_a_node_takes_their_pods() {
    let Some(physical) = shared() else { return };
    let (admin, namespace) = (physical.cluster.user("jane", &["system:masters"]), physical.namespace());
    admin.apply(&deployment(&namespace, "web", 3));
    admin.apply(&impossible(&namespace, "stuck"));
    admin.run(&["rollout", "status", "deployment/web", "-n", &namespace, "--timeout=60s"]);
    let progress =
        r#"--for=jsonpath={.status.conditions[?(@.type=="Progressing")].reason}=ProgressDeadlineExceeded"#;
    admin.run(&["wait", progress, "deployment/stuck", "-n", &namespace, "--timeout=60s"]);
    let status =
        |name: &str| admin.json(&["get", "deployment", name, "-n", &namespace, "-ojson"])["status"].clone();
    assert_eq!(status("web")["availableReplicas"], 3);
    assert_eq!(status("stuck")["availableReplicas"], Value::Null);
    let pods =
        admin.run(&["get", "pods", "-n", &namespace, "-l", "app=stuck", "-ojsonpath={.items[*].status}"]);
    assert!(pods.contains("didn't match Pod's node affinity/selector"), "{pods}");
    let asked = audit::requests(&physical.cluster.audit_log(), "jane");
    let applied = |request: &Request| request.verb == "patch" && request.namespace == namespace;
    let applied: Vec<_> = asked.iter().filter(|request| applied(request)).collect();
    let names: Vec<_> = applied.iter().map(|request| (&*request.resource, &*request.name)).collect();
    assert_eq!(names, [("deployments", "web"), ("deployments", "stuck")]);
    assert!(applied.iter().all(|request| request.writes() && request.code == 201), "{applied:?}");
}
