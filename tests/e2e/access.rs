//! Who sees what: users without rights, with a grant on one name, with a grant taken back, without the
//! door; by certificate and by bearer token, through the aggregator and directly. The same question gets
//! the same answer on every way in.

use std::time::Instant;

use serde_json::json;

use crate::env::{Env, shared};
use crate::fixture::{VIEWS, object_name, workspace};
use crate::kubectl::Kubectl;
use crate::wait::{seconds, until, until_true};
use crate::{binaries, kubeconfig};

/// Lets `subject` get one view.
fn grant(admin: &Kubectl, name: &str, workspace: &str, subject: &serde_json::Value) {
    let rbac = "rbac.authorization.k8s.io";
    admin.apply(
        &json!({"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole", "metadata": {"name": name},
        "rules": [{"apiGroups": ["views.workload.kcp.io"], "resources": ["aggregatedviews"],
            "resourceNames": [workspace], "verbs": ["get"]}]}),
    );
    admin.apply(&json!({"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding",
        "metadata": {"name": name}, "subjects": [subject],
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": name}}));
}

fn user(name: &str) -> serde_json::Value {
    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name})
}

/// Two workspaces with a target each.
fn two_views(env: &Env) -> [String; 2] {
    let workspaces = [workspace(), workspace()];
    for workspace in &workspaces {
        env.targets.healthy(&object_name(workspace, "a"), workspace, 1);
    }
    for workspace in &workspaces {
        env.targets.until_deployments(workspace, 1);
    }
    workspaces
}

fn names(user: &Kubectl) -> Vec<String> {
    let output = user.run(&["get", "av", "-oname"]);
    output.lines().filter_map(|line| line.split_once('/')).map(|(_, name)| name.to_owned()).collect()
}

fn forbidden(user: &str, workspace: &str) -> String {
    format!(
        r#"Error from server (Forbidden): aggregatedviews.views.workload.kcp.io "{workspace}" is forbidden: User "{user}" cannot get resource "aggregatedviews" in API group "views.workload.kcp.io" at the cluster scope"#
    )
}

#[test]
fn a_user_sees_what_he_was_granted_and_nothing_else() {
    let Some(env) = shared() else { return };
    let [granted, other] = two_views(env);
    let name = granted.replace(':', "-");
    let alice = env.cluster.user(&name, &["developers"]);
    // Before the grant is asked about for the first time: a denial may be remembered for 10 s.
    grant(&env.admin(), &name, &granted, &user(&name));
    for (way, alice) in [("through the aggregator", alice.clone()), ("directly", env.direct(&alice))] {
        until(&format!("the granted row is shown {way}"), seconds(12), || {
            let names = names(&alice);
            if names == [granted.as_str()] { Ok(()) } else { Err(names.join(" ")) }
        });
        assert!(alice.run(&["get", "av", &granted]).contains(&granted), "{way}");
        let denied = alice.fail(&["get", "av", &other]);
        assert!(denied.starts_with(&forbidden(&name, &other)), "{way}: {denied}");
        let absent = alice.fail(&["get", "av", "root:absent"]);
        assert_eq!(
            absent.replace("root:absent", &other),
            denied,
            "{way}: absent and forbidden look the same"
        );
        assert!(alice.fail(&["get", "at", &granted]).contains("Forbidden"), "{way}: a tree is granted apart");
        let page = alice.json(&["get", "--raw", &format!("{VIEWS}?limit=1")]);
        let items = page["items"].as_array().map_or(0, Vec::len);
        assert!(items <= 1 && page["metadata"]["remainingItemCount"].is_null(), "{way}: {page}");
        assert!(!page.to_string().contains(&other), "{way}: {page}");
    }
}

#[test]
fn a_stranger_sees_an_empty_list() {
    let Some(env) = shared() else { return };
    let [one, _] = two_views(env);
    let stranger = env.cluster.user("stranger", &[]);
    assert!(names(&stranger).is_empty());
    let table = stranger.output(&["get", "av"]);
    assert!(table.stderr.contains("No resources found"), "{}", table.stderr);
    assert!(stranger.fail(&["get", "av", &one]).starts_with(&forbidden("stranger", &one)));
    let frames = stranger.run(&["get", "--raw", &format!("{VIEWS}?watch=true&timeoutSeconds=2")]);
    assert_eq!(frames, "", "a watch shows him nothing either");
}

#[test]
fn a_reader_sees_all() {
    let Some(env) = shared() else { return };
    let [one, other] = two_views(env);
    let reader = env.cluster.user("reader", &[]);
    let bind = ["create", "clusterrolebinding", "e2e-reader", "--clusterrole=view", "--user=reader"];
    env.admin().run(&bind);
    until("the role aggregated into view shows every row", seconds(15), || {
        let names = names(&reader);
        if names.contains(&one) && names.contains(&other) { Ok(()) } else { Err(names.join(" ")) }
    });
}

#[test]
fn a_revoked_grant_stops_requests_and_open_watches() {
    let Some(env) = shared() else { return };
    let [granted, _] = two_views(env);
    let name = format!("{}-revoked", granted.replace(':', "-"));
    let bob = env.cluster.user(&name, &[]);
    grant(&env.admin(), &name, &granted, &user(&name));
    until("the grant works", seconds(12), || bob.try_run(&["get", "av", &granted]));
    let path = format!("{VIEWS}?watch=true&resourceVersion=0");
    let mut through = bob.start("watch-through", &["get", "--raw", &path]);
    let mut direct = env.direct(&bob).start("watch-direct", &["get", "--raw", &path]);
    for watch in [&through, &direct] {
        until_true("the watch shows the row", seconds(15), || watch.stdout().contains(&granted));
    }

    env.admin().run(&["delete", "clusterrolebinding", &name]);
    let revoked = Instant::now();
    until_true("requests are refused", seconds(11), || bob.try_run(&["get", "av", &granted]).is_err());
    for watch in [&mut through, &mut direct] {
        let left = seconds(45).saturating_sub(revoked.elapsed());
        assert!(watch.wait(left).success());
        let output = watch.stdout();
        let end = output.lines().last().unwrap_or_default();
        let end: serde_json::Value = serde_json::from_str(end).expect("a frame");
        assert_eq!((&end["type"], &end["object"]["code"]), (&json!("ERROR"), &json!(410)), "{end}");
    }
    assert!(names(&bob).is_empty());
}

#[test]
fn a_token_gets_the_same_answers_as_a_certificate() {
    let Some(env) = shared() else { return };
    let ([granted, other], admin) = (two_views(env), env.admin());
    let name = object_name(&granted, "account");
    admin.run(&["create", "serviceaccount", &name, "-n", "default"]);
    let subject = json!({"kind": "ServiceAccount", "name": name, "namespace": "default"});
    grant(&admin, &name, &granted, &subject);
    let token = admin.run(&["create", "token", &name, "-n", "default"]);
    let file = env.cluster.folder.join(format!("{name}.token.kubeconfig"));
    let url = env.cluster.url();
    let text = kubeconfig::with_token(&url, &env.cluster.authority.pem, token.trim());
    std::fs::write(&file, text).expect("write a kubeconfig");
    let account = Kubectl::new(file, &env.cluster.folder);
    let direct = env.direct(&account);
    for (way, account) in [("through the aggregator", &account), ("directly", &direct)] {
        until(&format!("the granted row is shown {way}"), seconds(12), || {
            let names = names(account);
            if names == [granted.as_str()] { Ok(()) } else { Err(names.join(" ")) }
        });
        let denied = account.fail(&["get", "av", &other]);
        let user = format!("system:serviceaccount:default:{name}");
        assert!(denied.starts_with(&forbidden(&user, &other)), "{way}: {denied}");
    }
    let view = |account: &Kubectl| account.json(&["get", "--raw", &format!("{VIEWS}/{granted}")]);
    assert_eq!(view(&account), view(&direct));

    let wrong = Kubectl::new(env.cluster.folder.join("wrong.kubeconfig"), &env.cluster.folder);
    let text = kubeconfig::with_token(&url, &env.cluster.authority.pem, "not-a-token");
    std::fs::write(wrong.kubeconfig(), text).expect("write a kubeconfig");
    let refused = env.direct(&wrong).fail(&["get", "--raw", VIEWS]);
    assert!(refused.contains("Unauthorized") || refused.contains("logged in"), "{refused}");
}

#[test]
fn without_the_door_kube_apiserver_itself_refuses() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("door");
    let [granted, _] = two_views(&env);
    let carol = env.cluster.user("carol", &[]);
    grant(&env.admin(), "carol", &granted, &user("carol"));
    until("the door is open", seconds(12), || {
        let names = names(&carol);
        if names == [granted.as_str()] { Ok(()) } else { Err(names.join(" ")) }
    });
    env.admin().run(&["delete", "clusterrolebinding", "tmc-views-door"]);
    let listed = r#"Error from server (Forbidden): aggregatedviews.views.workload.kcp.io is forbidden: User "carol" cannot list resource "aggregatedviews" in API group "views.workload.kcp.io" at the cluster scope"#;
    let (refused, _) = until("lists are refused", seconds(15), || match carol.try_run(&["get", "av"]) {
        Ok(output) => Err(output),
        Err(error) => Ok::<_, String>(error),
    });
    assert!(refused.starts_with(listed), "{refused}");
    // A name that he may get needs no door.
    assert!(carol.run(&["get", "av", &granted]).contains(&granted));
    // Neither does the server itself need it: it refuses the list directly as well.
    until("the server refuses as well", seconds(15), || match env.direct(&carol).try_run(&["get", "av"]) {
        Ok(output) => Err(output),
        Err(error) => Ok::<_, String>(error),
    });
}
