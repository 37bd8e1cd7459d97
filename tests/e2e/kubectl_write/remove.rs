//! `delete` in all its ways, and `wait`.

use serde_json::json;

use super::{Check, configmap, deployment, said};
use crate::kubectl::Kubectl;
use crate::wait::{seconds, until_true};

pub(super) const CHECKS: &[Check] = &[
    ("delete", delete),
    ("delete-waits", delete_waits),
    ("cascade", cascade),
    ("ends", namespace_ends),
    ("wait", wait),
];

fn delete(kubectl: &Kubectl) {
    for name in ["a", "b", "c", "d"] {
        kubectl.run(&["create", "configmap", name]);
    }
    kubectl.run(&["label", "configmap", "b", "c", "x=1"]);
    let dry = kubectl.run(&["delete", "configmap", "a", "--dry-run=server"]);
    assert_eq!(dry, "configmap \"a\" deleted from delete namespace (server dry run)\n");
    assert_eq!(kubectl.run(&["delete", "configmap", "a"]), "configmap \"a\" deleted from delete namespace\n");
    let absent = kubectl.fail(&["delete", "configmap", "a"]);
    assert_eq!(absent.trim(), r#"Error from server (NotFound): configmaps "a" not found"#);
    assert_eq!(kubectl.run(&["delete", "configmap", "a", "--ignore-not-found"]), "");
    assert_eq!(kubectl.run(&["delete", "configmap", "-l", "x=1"]).lines().count(), 2);
    kubectl.run(&["delete", "configmap", "--all", "--now"]);
    assert_eq!(kubectl.run(&["get", "configmap", "-oname"]), "");
}

fn delete_waits(kubectl: &Kubectl) {
    let mut held = configmap("a", &json!({}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    said(kubectl.with_manifest(&["create"], &held));
    kubectl.run(&["delete", "configmap", "a", "--wait=false"]);
    let timestamp = "jsonpath={.metadata.deletionTimestamp}";
    assert!(!kubectl.run(&["get", "configmap", "a", "-o", timestamp]).is_empty());
    let mut waiting = kubectl.start("delete", &["delete", "configmap", "a"]);
    until_true("it says so", seconds(30), || waiting.stdout().contains("deleted"));
    assert!(waiting.exited().is_none(), "it waits for the finalizer: {}", waiting.stderr());
    kubectl.run(&["patch", "configmap", "a", "--type=merge", "-p", r#"{"metadata":{"finalizers":null}}"#]);
    assert!(waiting.wait(seconds(30)).success(), "{}", waiting.stderr());
    kubectl.fail(&["get", "configmap", "a"]);
}

fn cascade(kubectl: &Kubectl) {
    for (policy, stays) in [("background", false), ("foreground", false), ("orphan", true)] {
        said(kubectl.with_manifest(&["create"], &deployment(policy, 0)));
        let uid = kubectl.run(&["get", "deployment", policy, "-o", "jsonpath={.metadata.uid}"]);
        let mut dependent = configmap(policy, &json!({}));
        dependent["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment",
            "name": policy, "uid": uid, "controller": true, "blockOwnerDeletion": true}]);
        said(kubectl.with_manifest(&["create"], &dependent));
        kubectl.run(&["delete", "deployment", policy, &format!("--cascade={policy}"), "--timeout=60s"]);
        let there = || kubectl.try_run(&["get", "configmap", policy]).is_ok();
        if stays {
            let owners =
                kubectl.run(&["get", "configmap", policy, "-o", "jsonpath={.metadata.ownerReferences}"]);
            assert_eq!(owners, "", "an orphan has no owner");
        } else {
            until_true("the dependent is gone", seconds(60), || !there());
        }
    }
}

fn namespace_ends(kubectl: &Kubectl) {
    kubectl.run(&["create", "namespace", "ends-soon"]);
    let inside = kubectl.with(&["--namespace", "ends-soon"]);
    inside.run(&["create", "configmap", "a"]);
    inside.run(&["create", "deployment", "a", "--image=example.com/a"]);
    let mut held = configmap("held", &json!({}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    said(inside.with_manifest(&["create"], &held));
    kubectl.run(&["delete", "namespace", "ends-soon", "--wait=false"]);
    let phase = || kubectl.run(&["get", "namespace", "ends-soon", "-o", "jsonpath={.status.phase}"]);
    until_true("it terminates", seconds(30), || phase() == "Terminating");
    let refused = inside.fail(&["create", "configmap", "late"]);
    assert!(refused.contains("because it is being terminated"), "{refused}");
    until_true("it is emptied", seconds(60), || inside.run(&["get", "deployment", "-oname"]).is_empty());
    inside.run(&["patch", "configmap", "held", "--type=merge", "-p", r#"{"metadata":{"finalizers":null}}"#]);
    kubectl.run(&["wait", "--for=delete", "namespace/ends-soon", "--timeout=60s"]);
    kubectl.run(&["create", "namespace", "ends-soon"]);
    assert_eq!(inside.run(&["get", "configmap", "-oname"]), "", "nothing of it came back");
}

fn wait(kubectl: &Kubectl) {
    let mut creation =
        kubectl.start("wait-create", &["wait", "--for=create", "deployment/d", "--timeout=60s"]);
    said(kubectl.with_manifest(&["create"], &deployment("d", 1)));
    assert!(creation.wait(seconds(60)).success(), "{}", creation.stderr());
    let late = kubectl.fail(&["wait", "--for=condition=Available", "deployment/d", "--timeout=1s"]);
    assert!(late.contains("timed out waiting for the condition on deployments/d"), "{late}");
    let mut condition = kubectl
        .start("wait-condition", &["wait", "--for=condition=Available", "deployment/d", "--timeout=60s"]);
    let mut path = kubectl.start(
        "wait-jsonpath",
        &["wait", "--for=jsonpath={.status.readyReplicas}=1", "deployment/d", "--timeout=60s"],
    );
    let status = r#"{"status":{"observedGeneration":1,"replicas":1,"readyReplicas":1,"conditions":[{"type":"Available","status":"True"}]}}"#;
    kubectl.run(&["patch", "deployment", "d", "--subresource=status", "--type=merge", "-p", status]);
    for waiting in [&mut condition, &mut path] {
        assert!(waiting.wait(seconds(60)).success(), "{}", waiting.stderr());
        assert_eq!(waiting.stdout(), "deployment.apps/d condition met\n");
    }
    let mut deletion =
        kubectl.start("wait-delete", &["wait", "--for=delete", "deployment/d", "--timeout=60s"]);
    kubectl.run(&["delete", "deployment", "d"]);
    assert!(deletion.wait(seconds(60)).success(), "{}", deletion.stderr());
}
