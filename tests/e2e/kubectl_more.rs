//! What kubectl does beside get, through the aggregator: describe, explain, api-resources, wait, auth can-i,
//! and the refusal of writes.

use crate::env::shared;
use crate::fixture::{Report, object_name, workspace};
use crate::wait::{seconds, until};

#[test]
fn describe_shows_the_sums() {
    let Some(env) = shared() else { return };
    let workspace = workspace();
    env.targets.healthy(&object_name(&workspace, "a"), &workspace, 7);
    env.targets.until_deployments(&workspace, 7);
    let text = env.admin().run(&["describe", "aggregatedview", &workspace]);
    let lines: Vec<Vec<_>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    for expected in
        [vec!["Name:", &workspace], vec!["Workspace", "Name:", &workspace], vec!["Deployments:", "7"]]
    {
        assert!(lines.contains(&expected), "{expected:?} in {text}");
    }
}

#[test]
fn explain_knows_every_field() {
    let Some(env) = shared() else { return };
    let admin = env.admin();
    // kube-apiserver fetches a new group's OpenAPI in the background.
    let (top, _) = until("the fields are explained", seconds(60), || {
        let text = admin.try_run(&["explain", "aggregatedviews"])?;
        if text.contains("<AggregatedViewStatus>") { Ok(text) } else { Err(text) }
    });
    assert!(top.contains("KIND:       AggregatedView"), "{top}");
    let health = admin.run(&["explain", "av.status.healthStatus"]);
    for field in ["healthy", "degraded", "unhealthy", "unknown"] {
        let described =
            health.lines().any(|line| line.trim_start().starts_with(&format!("{field}\t<integer>")));
        assert!(described, "{field} in {health}");
    }
    let all = admin.run(&["explain", "aggregatedviews", "--recursive"]);
    for field in ["syncTargets", "kcpCluster", "resourceCount", "targetCount", "problems", "lastUpdated"] {
        assert!(all.contains(&format!("{field}\t<")), "{field} in {all}");
    }
    let tree = admin.run(&["explain", "aggregatedtrees", "--recursive"]);
    assert!(tree.contains("targetCount\t<") && !tree.contains("syncTargets\t<"), "{tree}");
    let old = admin.run(&["explain", "aggregatedviews.status", "--output=plaintext-openapiv2"]);
    assert!(old.contains("targetCount"), "{old}");
    assert!(admin.fail(&["explain", "aggregatedviews.status.colour"]).contains("does not exist"));
}

#[test]
fn api_resources_lists_both() {
    let Some(env) = shared() else { return };
    let text =
        env.admin().run(&["api-resources", "--api-group=views.workload.kcp.io", "-owide", "--no-headers"]);
    let lines: Vec<Vec<_>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let version = "views.workload.kcp.io/v1alpha1";
    let trees = ["aggregatedtrees", "at", version, "false", "AggregatedTree", "get,list,watch", "tmc"];
    let views = ["aggregatedviews", "av", version, "false", "AggregatedView", "get,list,watch", "tmc"];
    assert_eq!(lines, [trees.to_vec(), views.to_vec()]);
    let versions = env.admin().run(&["api-versions"]);
    assert!(versions.lines().any(|line| line == version), "{versions}");
}

#[test]
fn wait_for_a_condition_a_value_and_the_end() {
    let Some(env) = shared() else { return };
    let (workspace, admin, targets) = (workspace(), env.admin(), &env.targets);
    let target = object_name(&workspace, "a");
    let uid = targets.create(&target, &workspace);
    targets
        .until_view(&workspace, "nobody knows it yet", |view| view["status"]["healthStatus"]["unknown"] == 1);
    let view = format!("av/{workspace}");
    let refused = admin.fail(&["wait", "--for=condition=Ready", &view, "--timeout=1s"]);
    assert!(refused.contains("timed out waiting for the condition"), "{refused}");

    let start = |name: &str, condition: &str| admin.start(name, &["wait", condition, &view, "--timeout=60s"]);
    let mut ready = start("wait-ready", "--for=condition=Ready");
    let mut count = start("wait-count", "--for=jsonpath={.status.resourceCount.deployments}=5");
    let mut end = start("wait-end", "--for=delete");
    targets.beat(&uid);
    targets.report(&target, Report::healthy(4));
    assert!(ready.wait(seconds(60)).success(), "{}", ready.stderr());
    assert!(ready.stdout().contains("condition met"));
    assert!(count.exited().is_none(), "4 are not 5: {}", count.stdout());
    targets.report(&target, Report::healthy(5));
    assert!(count.wait(seconds(60)).success(), "{}", count.stderr());
    assert!(end.exited().is_none(), "it still exists: {}", end.stdout());
    targets.delete(&target);
    assert!(end.wait(seconds(60)).success(), "{}", end.stderr());
}

#[test]
fn can_i_agrees_with_what_is_granted() {
    let Some(env) = shared() else { return };
    let (workspace, jane) = (workspace(), env.cluster.user("jane", &[]));
    assert_eq!(env.admin().run(&["auth", "can-i", "get", &format!("av/{workspace}")]).trim(), "yes");
    // The door is open to everyone who is authenticated; what is behind it is not.
    assert_eq!(jane.run(&["auth", "can-i", "list", "aggregatedviews"]).trim(), "yes");
    assert_eq!(jane.run(&["auth", "can-i", "watch", "aggregatedtrees"]).trim(), "yes");
    let denied = jane.output(&["auth", "can-i", "get", &format!("av/{workspace}")]);
    assert_eq!((denied.status.code(), denied.stdout.trim()), (Some(1), "no"));
}

#[test]
fn nothing_can_be_written() {
    let Some(env) = shared() else { return };
    let (workspace, admin) = (workspace(), env.admin());
    env.targets.healthy(&object_name(&workspace, "a"), &workspace, 1);
    env.targets.until_deployments(&workspace, 1);
    let label = ["label", "av", &workspace, "colour=blue"];
    let delete = ["delete", "av", &workspace, "--wait=false"];
    for refused in [admin.fail(&label), admin.fail(&delete)] {
        assert!(
            refused.contains("MethodNotAllowed") || refused.contains("does not allow this method"),
            "{refused}"
        );
    }
    env.targets.until_deployments(&workspace, 1);
}
