//! The roles and the fence of a syncer on a real kube-apiserver: what `tmc rbac manifests` prints is enough for the
//! syncer's ServiceAccount, and nothing beside it is let through.

use std::fs;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::env::shared;
use crate::kubeconfig;
use crate::kubectl::Kubectl;
use crate::tmc::tmc;
use crate::wait::{seconds, until};

const KEY: &str = "KeyOfTheFence";

fn manifests(target: &str, mode: &str, side: &str) -> String {
    let (mode, side) = (format!("--mode={mode}"), format!("--side={side}"));
    let key = format!("--key={KEY}");
    let output = tmc(&["rbac", "manifests", target, "--sync-target-uid=uid-1", &key, &mode, &side]);
    assert!(output.status.success(), "{}", output.stderr);
    output.stdout
}

/// kubectl as the ServiceAccount that the manifests make.
fn syncer(cluster: &Cluster, target: &str, mode: &str) -> Kubectl {
    let file = cluster.folder.join(format!("{target}.yaml"));
    fs::write(&file, manifests(target, mode, "downstream")).expect("write manifests");
    cluster.admin().run(&["apply", "-f", &file.display().to_string()]);
    let namespace = format!("tmc-syncer-{target}");
    let token = cluster.admin().run(&["create", "token", "syncer", "-n", &namespace]);
    let path = cluster.folder.join(format!("{target}.kubeconfig"));
    let text = kubeconfig::with_token(&cluster.url(), &cluster.authority.pem, token.trim());
    fs::write(&path, text).expect("write a kubeconfig");
    Kubectl::new(path, &cluster.folder)
}

fn namespace(name: &str, key: Option<&str>) -> Value {
    let labels = key.map_or_else(|| json!({}), |key| json!({"internal.workload.kcp.io/cluster": key}));
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

fn config_map(namespace: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": namespace}})
}

/// Server-side apply, as the syncer writes.
fn write(kubectl: &Kubectl, object: &Value, file: &std::path::Path) -> Result<String, String> {
    fs::write(file, object.to_string()).expect("write an object");
    kubectl.try_run(&["apply", "--server-side", "--validate=false", "-f", &file.display().to_string()])
}

#[test]
fn a_syncer_writes_in_its_own_namespaces_alone() {
    let Some(env) = shared() else { return };
    let (cluster, admin) = (&env.cluster, env.admin());
    let syncer = syncer(cluster, "fenced", "filter");
    let file = cluster.folder.join("fenced-object.json");
    let write = |object: &Value| write(&syncer, object, &file);
    let unlabelled = "fence-unlabelled";
    admin.run(&["create", "namespace", unlabelled]);
    // An admission policy takes a moment to reach kube-apiserver; until then it lets through.
    until("the fence stands", seconds(60), || match write(&config_map(unlabelled)) {
        Err(error) if error.contains("this syncer writes only in namespaces") => Ok(()),
        other => Err(format!("{other:?}")),
    });

    write(&namespace("fence-own", Some(KEY))).expect("a namespace with its key");
    write(&config_map("fence-own")).expect("an object in it");
    for (what, object) in [
        ("a namespace without its key", namespace("fence-none", None)),
        ("a namespace with another key", namespace("fence-other", Some("Another"))),
        ("taking its key off its own namespace", namespace("fence-own", Some("Another"))),
        ("an object in a namespace that is not its own", config_map("default")),
    ] {
        let error = write(&object).expect_err(what);
        assert!(error.contains("this syncer writes only"), "{what}: {error}");
    }
    // Adopting a namespace is putting its key there.
    write(&namespace(unlabelled, Some(KEY))).expect("adopt a namespace");
    write(&config_map(unlabelled)).expect("write in it");
    let error = syncer.fail(&["delete", "namespace", "fence-foreign", "--ignore-not-found=false"]);
    assert!(error.contains("not found"), "{error}");
    admin.run(&["create", "namespace", "fence-foreign"]);
    let error = syncer.fail(&["delete", "namespace", "fence-foreign", "--wait=false"]);
    assert!(error.contains("this syncer writes only"), "{error}");
    syncer.run(&["delete", "configmap", "a", "-n", "fence-own"]);
    syncer.run(&["delete", "namespace", "fence-own", "--wait=false"]);
    assert_eq!(syncer.run(&["auth", "can-i", "create", "deployments.apps"]).trim(), "yes", "it may ask");

    // Nobody else is held back.
    admin.run(&["create", "configmap", "b", "-n", "default"]);
}

#[test]
fn who_observes_writes_nothing_and_becomes_nobody() {
    let Some(env) = shared() else { return };
    let syncer = syncer(&env.cluster, "observing", "observe");
    let may = |arguments: &[&str]| {
        let output = syncer.output(&[&["auth", "can-i"], arguments].concat());
        output.stdout.trim() == "yes"
    };
    for kind in ["deployments.apps", "services", "configmaps", "secrets", "nodes", "namespaces"] {
        assert!(may(&["list", kind, "-A"]) && may(&["watch", kind, "-A"]), "{kind}");
        for verb in ["create", "update", "patch", "delete", "deletecollection"] {
            assert!(!may(&[verb, kind, "-A"]), "{verb} {kind}");
        }
    }
    for other in [
        ["impersonate", "users"],
        ["escalate", "clusterroles.rbac.authorization.k8s.io"],
        ["bind", "clusterroles.rbac.authorization.k8s.io"],
        ["create", "pods/exec"],
        ["create", "serviceaccounts/token"],
    ] {
        assert!(!may(&[&other[..], &["-A"]].concat()), "{other:?}");
    }
}
