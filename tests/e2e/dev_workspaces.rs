//! The life of workspaces with an unmodified kubectl: made, nested, emptied when they go however much they hold, made
//! again under the same path as others; and what a user without rights there can do to them.

use serde_json::json;

use crate::binaries;
use crate::demo::Demo;
use crate::kubectl::Kubectl;
use crate::wait::{seconds, until_true};

fn make(parent: &Kubectl, name: &str) -> String {
    let object =
        json!({"apiVersion": "tenancy.kcp.io/v1alpha1", "kind": "Workspace", "metadata": {"name": name}});
    parent.with_manifest(&["create"], &object).unwrap_or_else(|error| panic!("{name}: {error}"));
    parent.run(&["wait", "--for=jsonpath={.status.phase}=Ready", "workspace", name, "--timeout=30s"]);
    parent.run(&["get", "workspace", name, "-o", "jsonpath={.spec.cluster}"])
}

fn held(name: &str) -> serde_json::Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", "finalizers": ["example.com/hold"]}})
}

const RELEASE: [&str; 3] = ["--type=merge", "-p", r#"{"metadata":{"finalizers":null}}"#];

#[test]
fn workspaces_are_made_nested_emptied_and_made_again() {
    if !binaries::present() {
        return;
    }
    let demo = Demo::start(&["--no-demo", "--clusters=0"]);
    let root = demo.kubectl();
    let first = make(&root, "team");
    let team = demo.within("root:team");
    let below = make(&team, "below");
    assert!(first.len() == 16 && below.len() == 16 && first != below, "{first} {below}");
    let inner = demo.within("root:team:below");
    for (workspace, content) in [(&root, "of-root"), (&team, "of-team"), (&inner, "of-below")] {
        workspace.run(&["create", "configmap", "same", &format!("--from-literal=content={content}")]);
    }
    let content = ["get", "configmap", "same", "-o", "jsonpath={.data.content}"];
    assert_eq!(inner.run(&content), "of-below");
    assert_eq!(demo.within(&below).run(&content), "of-below", "an id names it as a path does");
    assert_eq!(demo.within(&format!("{first}:below")).run(&content), "of-below", "as does a path from an id");
    let cluster =
        ["get", "logicalcluster", "cluster", "-o", r"jsonpath={.metadata.annotations.kcp\.io/path}"];
    assert_eq!(inner.run(&cluster), "root:team:below");

    // What it holds goes along, but not before who holds it lets go.
    inner.with_manifest(&["create"], &held("held")).expect("it is made");
    team.run(&["create", "namespace", "full"]);
    team.run(&["create", "deployment", "d", "--image=example.com/d", "-n", "full"]);
    let mut deletion = root.start("delete", &["delete", "workspace", "team"]);
    until_true("its content goes", seconds(30), || {
        inner.run(&["get", "configmap", "-n", "default", "-oname"]) == "configmap/held\n"
    });
    assert!(deletion.exited().is_none(), "it waits for what is held: {}", deletion.stderr());
    assert!(root.run(&["get", "workspace", "team", "-oname"]).contains("team"), "it is still there");
    inner.run(&[&["patch", "configmap", "held"] as &[&str], &RELEASE].concat());
    assert!(deletion.wait(seconds(60)).success(), "{}", deletion.stderr());
    for gone in ["root:team", "root:team:below", &first, &below] {
        demo.within(gone).fail(&["get", "configmap", "same"]);
    }
    assert_eq!(root.run(&content), "of-root", "the workspace above keeps its own");

    // The same path is another workspace now.
    let second = make(&root, "team");
    assert_ne!(second, first);
    team.fail(&["get", "configmap", "same"]);
    team.fail(&["get", "namespace", "full"]);
    inner.fail(&["get", "namespaces"]);
    demo.within(&first).fail(&["get", "namespaces"]);
    team.run(&["get", "namespace", "default"]);
}

#[test]
fn a_user_writes_in_his_own_workspace_alone() {
    if !binaries::present() {
        return;
    }
    let demo = Demo::start(&["--no-demo", "--clusters=0", "--workspaces=root:his,root:other"]);
    let (his, other) = (demo.within("root:his"), demo.within("root:other"));
    for workspace in [&his, &other] {
        workspace.run(&["create", "configmap", "same", "--from-literal=a=1"]);
    }
    // One by name, one by group.
    let grants = [("user", "bob"), ("group", "bobs")];
    for (kind, name) in grants {
        let binding = ["create", "clusterrolebinding", name, "--clusterrole=cluster-admin"];
        his.run(&[&binding as &[&str], &[&format!("--{kind}={name}")]].concat());
    }
    his.run(&[
        "create",
        "clusterrolebinding",
        "in",
        "--clusterrole=system:kcp:workspace:access",
        "--user=bob",
        "--group=bobs",
    ]);
    for flags in [vec!["--as=bob"], vec!["--as=someone", "--as-group=bobs"]] {
        let (mine, foreign) = (his.with(&flags), other.with(&flags));
        mine.run(&["label", "configmap", "same", "by=bob", "--overwrite"]);
        assert_eq!(mine.run(&["auth", "can-i", "delete", "configmaps"]), "yes\n");
        let elsewhere = [demo.within("root"), demo.within("*")].map(|kubectl| kubectl.with(&flags));
        for kubectl in elsewhere.iter().chain([&foreign]) {
            for arguments in [
                &["get", "configmaps", "-A"] as &[&str],
                &["get", "configmap", "same"],
                &["get", "configmap", "absent"],
                &["create", "configmap", "new"],
                &["delete", "configmap", "same"],
                &["delete", "configmaps", "--all"],
                &["patch", "configmap", "same", "--type=merge", "-p", r#"{"data":{"a":"2"}}"#],
                &["get", "--raw", "/api/v1/configmaps"],
            ] {
                let refusal = kubectl.fail(arguments);
                assert!(refusal.contains("orbidden"), "{flags:?} {arguments:?}: {refusal}");
            }
        }
    }
    assert_eq!(other.run(&["get", "configmap", "same", "-o", "jsonpath={.data.a}{.metadata.labels}"]), "1");
    // The administrator reads over all, and writes over none.
    let all = demo.within("*").run(&["get", "configmaps", "-A", "-o", "jsonpath={.items[*].metadata.name}"]);
    assert_eq!(all.split(' ').filter(|name| *name == "same").count(), 2, "{all}");
    let refusal = demo.within("*").fail(&["create", "configmap", "new"]);
    assert!(refusal.contains("not supported"), "{refusal}");
}
