//! `kubectl get` through the aggregator: every output format, selectors, sorting, paging, names, trees.
//! Targets are written by the fixture; what is printed must be what they add up to.

use crate::env::{Env, shared};
use crate::fixture::{Report, VIEWS, object_name, workspace};

/// A workspace with one Healthy and one Unhealthy target: 5 of 6 Deployments ready.
fn two_targets(env: &Env) -> String {
    let workspace = workspace();
    env.targets.healthy(&object_name(&workspace, "a"), &workspace, 3);
    let second = object_name(&workspace, "b");
    let uid = env.targets.create(&second, &workspace);
    env.targets.beat(&uid);
    env.targets.report(&second, Report { ready: false, deployments: (2, 3) });
    env.targets.until_view(&workspace, "both targets are counted", |view| {
        let status = &view["status"];
        let health = &status["healthStatus"];
        status["resourceCount"]["deployments"] == 6 && health["unhealthy"] == 1 && health["healthy"] == 1
    });
    workspace
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[test]
fn the_table_says_how_the_targets_are() {
    let Some(env) = shared() else { return };
    let workspace = two_targets(env);
    let table = env.admin().run(&["get", "aggregatedviews", &workspace]);
    let lines: Vec<_> = table.lines().collect();
    let columns =
        ["NAME", "TARGETS", "HEALTHY", "DEGRADED", "UNHEALTHY", "UNKNOWN", "DEPLOYMENTS", "DATA", "AGE"];
    assert_eq!(words(lines[0]), columns);
    assert_eq!(words(lines[1])[..8], [&workspace, "2", "1", "0", "1", "0", "5/6", "Complete"], "{table}");

    let wide = env.admin().run(&["get", "av", &workspace, "-o", "wide"]);
    let lines: Vec<_> = wide.lines().collect();
    assert_eq!(words(lines[0])[9..], ["SERVICES", "CONFIGMAPS", "SECRETS", "PROBLEM"]);
    assert_eq!(words(lines[1])[9..12], ["8", "4", "6"], "{wide}");
}

#[test]
fn one_view_in_every_format() {
    let Some(env) = shared() else { return };
    let (workspace, admin) = (two_targets(env), env.admin());
    let view = admin.json(&["get", "aggregatedview", &workspace, "-ojson"]);
    assert_eq!(view["apiVersion"], "views.workload.kcp.io/v1alpha1");
    assert_eq!(view["kind"], "AggregatedView");
    let status = &view["status"];
    assert_eq!(status["workspaceName"], workspace.as_str());
    assert_eq!(status["targetCount"], 2);
    let counts = serde_json::json!({"deployments": 6, "services": 8, "configMaps": 4, "secrets": 6});
    assert_eq!(status["resourceCount"], counts);
    let health = serde_json::json!({"healthy": 1, "degraded": 0, "unhealthy": 1, "unknown": 0});
    assert_eq!(status["healthStatus"], health);
    assert_eq!(view["metadata"]["labels"]["views.workload.kcp.io/health"], "Unhealthy");
    assert_eq!(view["metadata"]["labels"]["views.workload.kcp.io/data"], "Complete");
    let targets = status["syncTargets"].as_array().expect("a list of targets");
    let names: Vec<_> = targets.iter().map(|target| target["metadata"]["name"].as_str()).collect();
    let [a, b] = ["a", "b"].map(|suffix| object_name(&workspace, suffix));
    assert_eq!(names, [Some(a.as_str()), Some(b.as_str())]);
    for target in targets {
        assert!(
            target["metadata"]["managedFields"].is_null() && target["metadata"]["resourceVersion"].is_null()
        );
        assert!(target["status"]["resourcesObservedTime"].is_null(), "{target}");
    }

    let yaml = admin.run(&["get", "av", &workspace, "-oyaml"]);
    assert!(yaml.contains(&format!("workspaceName: {workspace}")), "{yaml}");
    let name = admin.run(&["get", "av", &workspace, "-oname"]);
    assert_eq!(name.trim(), format!("aggregatedview.views.workload.kcp.io/{workspace}"));
    let count = admin.run(&["get", "av", &workspace, "-ojsonpath={.status.targetCount}"]);
    assert_eq!(count, "2");
    let columns = "-ocustom-columns=N:.metadata.name,U:.status.healthStatus.unhealthy";
    let custom = admin.run(&["get", "av", &workspace, columns, "--no-headers"]);
    assert_eq!(words(&custom), [workspace.as_str(), "1"]);
}

#[test]
fn lists_are_selected_sorted_and_paged() {
    let Some(env) = shared() else { return };
    let (admin, targets) = (env.admin(), &env.targets);
    let [small, large, silent] = [workspace(), workspace(), workspace()];
    targets.healthy(&object_name(&small, "a"), &small, 1);
    for suffix in ["a", "b", "c"] {
        targets.healthy(&object_name(&large, suffix), &large, 1);
    }
    targets.create(&object_name(&silent, "a"), &silent);
    targets.until_deployments(&large, 3);
    targets.until_deployments(&small, 1);
    targets.until_view(&silent, "it is there", |_| true);
    let place = |output: &str, workspace: &str| output.lines().position(|line| line.ends_with(workspace));
    let names = |flags: &[&str]| admin.run(&[&["get", "av", "-oname"], flags].concat());

    let healthy = names(&["-l", "views.workload.kcp.io/health=Healthy"]);
    assert!(place(&healthy, &small).is_some() && place(&healthy, &silent).is_none(), "{healthy}");
    let unknown =
        names(&["-l", "views.workload.kcp.io/health in (Unknown),views.workload.kcp.io/data!=Complete"]);
    assert!(place(&unknown, &silent).is_some() && place(&unknown, &small).is_none(), "{unknown}");

    let one = names(&["--field-selector", &format!("metadata.name={small}")]);
    assert_eq!(one.trim(), format!("aggregatedview.views.workload.kcp.io/{small}"));
    let refused = admin.fail(&["get", "av", "--field-selector", "spec.color=blue"]);
    assert!(refused.contains("is not a known field selector"), "{refused}");

    let sorted = names(&["--sort-by=.status.targetCount"]);
    assert!(place(&sorted, &small) < place(&sorted, &large), "{sorted}");

    let paged = names(&["--chunk-size=1"]);
    for workspace in [&small, &large, &silent] {
        let found = paged.lines().filter(|line| line.ends_with(workspace.as_str())).count();
        assert_eq!(found, 1, "{workspace} in {paged}");
    }
    let sorted: std::collections::BTreeSet<_> = paged.lines().collect();
    assert!(paged.lines().eq(sorted), "pages come in the order of names, each once: {paged}");
    let page = targets.get(&format!("{VIEWS}?limit=1")).expect("a page");
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1));
    assert!(page["metadata"]["continue"].is_string(), "{page}");
    assert!(page["metadata"]["remainingItemCount"].as_u64() >= Some(2), "{page}");
}

#[test]
fn names_that_do_not_exist_and_other_ways_to_say_it() {
    let Some(env) = shared() else { return };
    let (workspace, admin) = (two_targets(env), env.admin());
    let absent = admin.fail(&["get", "av", "root:absent"]);
    let expected =
        r#"Error from server (NotFound): aggregatedviews.views.workload.kcp.io "root:absent" not found"#;
    assert_eq!(absent.trim(), expected);
    for resource in
        ["av", "aggregatedview", "aggregatedviews", "aggregatedviews.v1alpha1.views.workload.kcp.io"]
    {
        assert!(admin.run(&["get", resource, &workspace]).contains(&workspace));
    }
    assert!(admin.run(&["get", &format!("av/{workspace}"), &format!("at/{workspace}")]).contains(&workspace));
    let category = admin.run(&["get", "tmc", "-oname"]);
    for line in ["aggregatedview.views.workload.kcp.io", "aggregatedtree.views.workload.kcp.io"] {
        assert!(category.contains(&format!("{line}/{workspace}")), "{category}");
    }
}

#[test]
fn a_tree_counts_descendants_and_a_view_does_not() {
    let Some(env) = shared() else { return };
    let (workspace, targets) = (two_targets(env), &env.targets);
    let child = format!("{workspace}:child:deep");
    targets.healthy(&object_name(&child, "a"), &child, 10);
    targets.until_deployments(&child, 10);
    targets.until_deployments(&workspace, 6);
    let tree = env.admin().json(&["get", "aggregatedtree", &workspace, "-ojson"]);
    assert_eq!(tree["kind"], "AggregatedTree");
    assert_eq!(tree["status"]["targetCount"], 3);
    assert_eq!(tree["status"]["resourceCount"]["deployments"], 16);
    assert!(tree["status"]["syncTargets"].is_null(), "{tree}");
    // An ancestor without targets of its own has a tree and no view.
    let between = format!("{workspace}:child");
    assert!(env.admin().run(&["get", "at", &between]).contains("10/10"));
    assert!(env.admin().fail(&["get", "av", &between]).contains("NotFound"));
    let view = targets.view(&workspace).expect("the parent's view");
    assert!(!view.to_string().contains("child"), "a view reveals no child: {view}");
    assert_ne!(view["metadata"]["uid"], tree["metadata"]["uid"]);

    targets.delete(&object_name(&child, "a"));
    targets.until_view(&workspace, "the parent stays", |_| true);
    let gone = || targets.get(&format!("{VIEWS}/{child}")).is_err();
    crate::wait::until_true("the child's view is gone", crate::wait::seconds(30), gone);
}
