//! Commands that change objects: create, edit, patch, label, annotate, scale, replace, rollout.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::{Check, configmap, deployment, said};
use crate::kubectl::Kubectl;
use crate::process::run;
use crate::wait::seconds;

pub(super) const CHECKS: &[Check] = &[
    ("create", create),
    ("edit", edit),
    ("patch", patch),
    ("label", label),
    ("scale", scale),
    ("replace", replace),
    ("rollout", rollout),
];

fn create(kubectl: &Kubectl) {
    for (arguments, answer) in [
        (&["configmap", "a", "--from-literal=k=v"] as &[&str], "configmap/a created"),
        (&["secret", "generic", "a", "--from-literal=k=v"], "secret/a created"),
        (&["serviceaccount", "a"], "serviceaccount/a created"),
        (&["deployment", "a", "--image=example.com/a", "--replicas=2"], "deployment.apps/a created"),
        (&["service", "clusterip", "a", "--tcp=80:8080"], "service/a created"),
        (&["role", "a", "--verb=get", "--resource=configmaps"], "role.rbac.authorization.k8s.io/a created"),
        (&["rolebinding", "a", "--role=a", "--user=jane"], "rolebinding.rbac.authorization.k8s.io/a created"),
        (&["namespace", "create-more"], "namespace/create-more created"),
    ] {
        assert_eq!(said(kubectl.try_run(&[&["create"], arguments].concat())), answer);
    }
    let exists = kubectl.fail(&["create", "configmap", "a"]);
    assert_eq!(exists.trim(), r#"error: failed to create configmap: configmaps "a" already exists"#);
    let dry = kubectl.run(&["create", "configmap", "dry", "--dry-run=server"]);
    assert_eq!(dry, "configmap/dry created (server dry run)\n");
    kubectl.fail(&["get", "configmap", "dry"]);
    let made = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "made-"}});
    assert!(said(kubectl.with_manifest(&["create"], &made)).starts_with("configmap/made-"));
    let unknown = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "u"}, "spec": {}});
    let refused = kubectl.with_manifest(&["create"], &unknown).expect_err("no such field");
    assert!(refused.contains(r#"strict decoding error: unknown field "spec""#), "{refused}");
}

fn edit(kubectl: &Kubectl) {
    kubectl.run(&["create", "configmap", "a", "--from-literal=k=before"]);
    kubectl.run(&["create", "deployment", "d", "--image=example.com/before"]);
    let folder = tempfile::tempdir().expect("create a folder");
    let editor = folder.path().join("editor");
    std::fs::write(&editor, "#!/bin/sh\nsed -i s/before/after/ \"$1\"\n").expect("write an editor");
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).expect("make it a program");
    let with_editor = |arguments: &[&str]| {
        let mut command = kubectl.command(arguments);
        command.env("KUBE_EDITOR", &editor);
        let output = run("kubectl-edit", &command, seconds(60));
        assert!(output.status.success(), "{}", output.stderr);
        output.stdout
    };
    assert_eq!(with_editor(&["edit", "configmap", "a"]), "configmap/a edited\n");
    assert_eq!(kubectl.run(&["get", "configmap", "a", "-o", "jsonpath={.data.k}"]), "after");
    assert_eq!(with_editor(&["edit", "deployment", "d"]), "deployment.apps/d edited\n");
    let image = "jsonpath={.spec.template.spec.containers[0].image}";
    assert_eq!(kubectl.run(&["get", "deployment", "d", "-o", image]), "example.com/after");
}

fn patch(kubectl: &Kubectl) {
    said(kubectl.with_manifest(&["create"], &deployment("d", 1)));
    let patch =
        |kind: &str, patch: &str| kubectl.try_run(&["patch", "deployment", "d", "--type", kind, "-p", patch]);
    let patched = "deployment.apps/d patched";
    let strategic =
        r#"{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"example.com/side"}]}}}}"#;
    assert_eq!(said(patch("strategic", strategic)), patched);
    assert_eq!(said(patch("strategic", strategic)), "deployment.apps/d patched (no change)");
    let names = "jsonpath={.spec.template.spec.containers[*].name}";
    let names = kubectl.run(&["get", "deployment", "d", "-o", names]);
    assert!(names == "side main" || names == "main side", "{names}");
    assert_eq!(said(patch("merge", r#"{"spec":{"replicas":3},"metadata":{"labels":{"x":"y"}}}"#)), patched);
    assert_eq!(said(patch("json", r#"[{"op":"remove","path":"/metadata/labels/x"}]"#)), patched);
    let failed = patch("json", r#"[{"op":"test","path":"/spec/replicas","value":9}]"#).expect_err("3, not 9");
    assert!(failed.contains("the server rejected our request due to an error in our request"), "{failed}");
    let refused = patch("merge", r#"{"spec":{"replicas":-1}}"#).expect_err("no such number");
    assert!(refused.contains("must be greater than or equal to 0"), "{refused}");
    let status = r#"{"status":{"replicas":3,"readyReplicas":3,"availableReplicas":3,"updatedReplicas":3}}"#;
    let answer =
        kubectl.run(&["patch", "deployment", "d", "--subresource=status", "--type=merge", "-p", status]);
    assert_eq!(answer.trim(), patched);
    let table = kubectl.run(&["get", "deployment", "d", "--no-headers"]);
    assert_eq!(table.split_whitespace().collect::<Vec<_>>()[..4], ["d", "3/3", "3", "3"], "{table}");
}

fn label(kubectl: &Kubectl) {
    kubectl.run(&["create", "configmap", "a"]);
    for (arguments, answer) in [
        (&["label", "configmap", "a", "x=1"] as &[&str], "configmap/a labeled"),
        (&["label", "configmap", "a", "x=2", "--overwrite"], "configmap/a labeled"),
        (&["label", "configmap", "a", "x=2"], "configmap/a not labeled"),
        (&["label", "configmap", "a", "x-"], "configmap/a unlabeled"),
        (&["annotate", "configmap", "a", "note=some text"], "configmap/a annotated"),
        (&["annotate", "configmap", "-l", "absent", "note-"], ""),
        (&["annotate", "configmap", "a", "note-"], "configmap/a annotated"),
    ] {
        assert_eq!(said(kubectl.try_run(arguments)), answer, "{arguments:?}");
    }
    let refused = kubectl.fail(&["label", "configmap", "a", "x=bad value!"]);
    assert!(refused.contains("invalid label value"), "{refused}");
    let stale = kubectl.fail(&["label", "configmap", "a", "y=1", "--resource-version=1"]);
    assert!(stale.contains("the object has been modified"), "{stale}");
    kubectl.run(&["label", "configmap", "a", "shown=yes"]);
    let table = kubectl.run(&["get", "configmap", "-l", "shown=yes", "-L", "shown", "--no-headers"]);
    assert_eq!(table.split_whitespace().last(), Some("yes"), "{table}");
}

fn scale(kubectl: &Kubectl) {
    said(kubectl.with_manifest(&["create"], &deployment("d", 1)));
    assert_eq!(kubectl.run(&["scale", "deployment", "d", "--replicas=4"]), "deployment.apps/d scaled\n");
    assert_eq!(kubectl.run(&["get", "deployment", "d", "-o", "jsonpath={.spec.replicas}"]), "4");
    let refused = kubectl.fail(&["scale", "deployment", "d", "--replicas=5", "--current-replicas=1"]);
    assert!(refused.contains("Expected replicas to be 1, was 4"), "{refused}");
    let dry = kubectl.run(&["scale", "deployment", "d", "--replicas=9", "--dry-run=server"]);
    assert!(dry.contains("scaled (server dry run)"), "{dry}");
    assert_eq!(kubectl.run(&["get", "deployment", "d", "-o", "jsonpath={.spec.replicas}"]), "4");
}

fn replace(kubectl: &Kubectl) {
    let absent = kubectl.with_manifest(&["replace"], &configmap("a", &json!({}))).expect_err("not there");
    assert!(absent.contains(r#"configmaps "a" not found"#), "{absent}");
    said(kubectl.with_manifest(&["create"], &configmap("a", &json!({"k": "1"}))));
    let answer = kubectl.with_manifest(&["replace"], &configmap("a", &json!({"k": "2"})));
    assert_eq!(said(answer), "configmap/a replaced");
    let answer = kubectl.with_manifest(&["replace", "--force"], &configmap("a", &json!({"k": "3"})));
    assert_eq!(said(answer), "configmap \"a\" deleted from replace namespace\nconfigmap/a replaced");
    assert_eq!(kubectl.run(&["get", "configmap", "a", "-o", "jsonpath={.data.k}"]), "3");
}

/// Its controller is played by hand.
fn rollout(kubectl: &Kubectl) {
    said(kubectl.with_manifest(&["create"], &deployment("d", 2)));
    let mut following = kubectl.start("rollout", &["rollout", "status", "deployment/d", "--timeout=60s"]);
    crate::wait::until_true("it waits", seconds(30), || {
        following.stdout().contains("Waiting for deployment")
    });
    let status = r#"{"status":{"observedGeneration":1,"replicas":2,"readyReplicas":2,"availableReplicas":2,"updatedReplicas":2}}"#;
    kubectl.run(&["patch", "deployment", "d", "--subresource=status", "--type=merge", "-p", status]);
    let end = following.wait(seconds(30));
    assert!(end.success(), "{}", following.stderr());
    assert!(following.stdout().contains(r#"deployment "d" successfully rolled out"#));
    kubectl.run(&["rollout", "restart", "deployment/d"]);
    assert_eq!(kubectl.run(&["get", "deployment", "d", "-o", "jsonpath={.metadata.generation}"]), "2");
    assert_eq!(kubectl.run(&["rollout", "pause", "deployment/d"]), "deployment.apps/d paused\n");
}
