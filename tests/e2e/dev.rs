//! `tmc dev` as a process of its own, on a free port, without its demo. Knows its command line, nothing of
//! what it serves.

use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::binaries;
use crate::kubectl::Kubectl;
use crate::process::Process;
use crate::wait::{seconds, until};

pub struct Dev {
    folder: TempDir,
    _process: Process,
}

impl Dev {
    /// Starts it and waits until it is ready.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("create a folder");
        let kubeconfig = folder.path().join("kubeconfig");
        let mut command = Command::new(binaries::tmc());
        command.args(["dev", "--no-demo", "--clusters=0", "--listen=127.0.0.1:0", "--kubeconfig"]);
        command.arg(&kubeconfig);
        command.current_dir(folder.path()).env_remove("KUBECONFIG").env("HOME", folder.path());
        let mut process = Process::start("tmc-dev", &command, folder.path()).expect("start tmc dev");
        let admin = Kubectl::new(kubeconfig, folder.path());
        until("tmc dev is ready", seconds(30), || {
            assert!(process.exited().is_none(), "tmc dev ended: {}{}", process.stdout(), process.stderr());
            admin.try_run(&["get", "--raw", "/readyz"])
        });
        admit(&admin);
        Self { folder, _process: process }
    }

    /// The administrator of the root workspace.
    pub fn admin(&self) -> Kubectl {
        Kubectl::new(self.folder.path().join("kubeconfig"), self.folder.path())
    }
}

/// Lets every user into the workspace, as everyone is into a Kubernetes; what they may do there is another matter.
fn admit(admin: &Kubectl) {
    let rules = json!([{"nonResourceURLs": ["/"], "verbs": ["access"]}]);
    admin.apply(&json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "workspace-access"}, "rules": rules}));
    let group = ["--clusterrole=workspace-access", "--group=system:authenticated"];
    admin.run(&[&["create", "clusterrolebinding", "workspace-access"] as &[&str], &group].concat());
    until("others are let in", seconds(30), || admin.try_run(&["get", "--raw", "/version", "--as=anyone"]));
}
