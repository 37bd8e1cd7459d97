//! What kubectl shows of built-in kinds, of rights, and of the API itself.

use serde_json::json;

use super::{Check, configmap, deployment, said};
use crate::kubectl::Kubectl;
use crate::wait::{seconds, until_true};

pub(super) const CHECKS: &[Check] = &[
    ("rights", rights),
    ("tokens", tokens),
    ("explain", explain),
    ("get", get),
    ("describe", describe),
    ("api", api),
];

fn rights(kubectl: &Kubectl) {
    assert_eq!(kubectl.run(&["auth", "can-i", "create", "deployments"]).trim(), "yes");
    assert_eq!(kubectl.run(&["auth", "can-i", "*", "*"]).trim(), "yes");
    let jane = kubectl.with(&["--as=jane"]);
    assert!(jane.fail(&["get", "configmaps"]).contains(r#"User "jane" cannot list resource "configmaps""#));
    let no = jane.output(&["auth", "can-i", "get", "configmaps"]);
    assert_eq!((no.stdout.trim(), no.status.code()), ("no", Some(1)));
    kubectl.run(&["create", "role", "reader", "--verb=get,list", "--resource=configmaps"]);
    kubectl.run(&["create", "rolebinding", "jane", "--role=reader", "--user=jane"]);
    until_true("jane may read", seconds(30), || jane.try_run(&["get", "configmaps"]).is_ok());
    assert_eq!(jane.run(&["auth", "can-i", "get", "configmaps"]).trim(), "yes");
    assert!(jane.fail(&["create", "configmap", "a"]).contains("cannot create resource"));
    let list = jane.run(&["auth", "can-i", "--list"]);
    let line = list.lines().find(|line| line.starts_with("configmaps"));
    assert!(line.is_some_and(|line| line.contains("[get list]")), "{list}");
    let identity = kubectl.run(&["auth", "whoami", "-o", "jsonpath={.status.userInfo.groups}", "--as=jane"]);
    assert_eq!(identity, r#"["system:authenticated"]"#);
}

/// A ServiceAccount comes in by a token that was made for it, until it is gone.
fn tokens(kubectl: &Kubectl) {
    kubectl.run(&["create", "serviceaccount", "robot"]);
    let token = kubectl.run(&["create", "token", "robot", "--duration=10m"]);
    assert_eq!(token.trim().split('.').count(), 3, "a JWT: {token}");
    let short = kubectl.fail(&["create", "token", "robot", "--duration=5s"]);
    assert!(short.contains("may not specify a duration less than 10 minutes"), "{short}");
    assert!(kubectl.fail(&["create", "token", "nobody"]).contains(r#"serviceaccounts "nobody" not found"#));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("robot");
    std::fs::copy(kubectl.kubeconfig(), &file).expect("a copy of the kubeconfig");
    let robot = Kubectl::new(file, folder.path());
    robot.run(&["config", "set-credentials", "robot", &format!("--token={}", token.trim())]);
    robot.run(&["config", "set-context", "--current", "--user=robot"]);
    let who = ["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"];
    assert_eq!(robot.run(&who), "system:serviceaccount:tokens:robot");
    kubectl.run(&["delete", "serviceaccount", "robot"]);
    until_true("the token is worth nothing", seconds(60), || robot.try_run(&who).is_err());
}

fn explain(kubectl: &Kubectl) {
    let text = kubectl.run(&["explain", "deployment.spec.replicas"]);
    assert!(text.contains("FIELD: replicas <integer>"), "{text}");
    assert!(text.contains("Number of desired pods."), "{text}");
    let text = kubectl.run(&["explain", "configmap"]);
    assert!(text.contains("ConfigMap holds configuration data for pods to consume."), "{text}");
    assert!(kubectl.run(&["explain", "deployment", "--recursive"]).lines().count() > 500);
    assert!(kubectl.fail(&["explain", "deployment.spec.unheard"]).contains("does not exist"));
}

fn get(kubectl: &Kubectl) {
    said(kubectl.with_manifest(&["create"], &configmap("a", &json!({"k": "v", "l": "w"}))));
    said(kubectl.with_manifest(&["create"], &deployment("d", 2)));
    let table = kubectl.run(&["get", "configmap", "a", "--no-headers"]);
    assert_eq!(table.split_whitespace().collect::<Vec<_>>()[..2], ["a", "2"], "{table}");
    let table = kubectl.run(&["get", "deployment", "-owide"]);
    let header: Vec<_> = table.lines().next().unwrap_or_default().split_whitespace().collect();
    let columns = ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"];
    assert_eq!(header, columns);
    assert_eq!(
        kubectl.run(&["get", "configmap/a", "deploy/d", "-oname"]),
        "configmap/a\ndeployment.apps/d\n"
    );
    assert_eq!(kubectl.run(&["get", "configmap", "a", "-o", "jsonpath={.data.k}"]), "v");
    let yaml = kubectl.run(&["get", "configmap", "a", "-oyaml"]);
    assert!(yaml.starts_with("apiVersion: v1\ndata:\n  k: v\n  l: w\nkind: ConfigMap\n"), "{yaml}");
    let absent = kubectl.fail(&["get", "configmap", "absent"]);
    assert_eq!(absent.trim(), r#"Error from server (NotFound): configmaps "absent" not found"#);
    let selected = kubectl.run(&["get", "configmap", "--field-selector", "metadata.name=a", "-oname"]);
    assert_eq!(selected, "configmap/a\n");
    let pages = kubectl.run(&["get", "configmap,deployment", "--chunk-size=1", "-oname"]);
    assert_eq!(pages.lines().count(), 2, "{pages}");
}

fn describe(kubectl: &Kubectl) {
    said(kubectl.with_manifest(&["create"], &configmap("a", &json!({"k": "v"}))));
    let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "a.1"}, "type": "Normal",
        "reason": "Heard", "message": "it was heard", "count": 1,
        "involvedObject": {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "namespace": "describe"}});
    said(kubectl.with_manifest(&["create"], &event));
    let text = kubectl.run(&["describe", "configmap", "a"]);
    assert!(text.contains("Namespace:    describe"), "{text}");
    assert!(text.contains("k:\n----\nv\n"), "{text}");
    said(kubectl.with_manifest(&["create"], &deployment("d", 2)));
    let text = kubectl.run(&["describe", "deployment", "d"]);
    assert!(text.contains("Replicas:               2 desired"), "{text}");
    let events = kubectl.run(&["events", "--for", "configmap/a", "--no-headers"]);
    assert!(events.contains("it was heard"), "{events}");
}

fn api(kubectl: &Kubectl) {
    let resources = kubectl.run(&["api-resources", "--no-headers"]);
    let kinds = ["ConfigMap", "Secret", "Service", "ServiceAccount", "Event", "Namespace", "Lease"];
    let more = ["Deployment", "StatefulSet", "Role", "ClusterRoleBinding", "CustomResourceDefinition"];
    for kind in kinds.iter().chain(&more) {
        let listed = resources.lines().any(|line| line.split_whitespace().last() == Some(kind));
        assert!(listed, "{kind} in {resources}");
    }
    let versions = kubectl.run(&["api-versions"]);
    for version in ["v1", "apps/v1", "rbac.authorization.k8s.io/v1", "apiextensions.k8s.io/v1"] {
        assert!(versions.lines().any(|line| line == version), "{version} in {versions}");
    }
    let version = kubectl.json(&["version", "-ojson"]);
    assert!(version["serverVersion"]["gitVersion"].as_str().is_some_and(|text| text.starts_with("v1.36")));
}
