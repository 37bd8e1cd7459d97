//! Pods with in-cluster access follow the token of their service account.

use serde_json::{Value, json};

use super::flows::MINUTE;
use crate::syncer::{
    engine::simulation::{World, kind, kinds},
    filter::{FilterOptions, ResourceFilter},
    kind::Kind,
    render::access::{Access, PATH},
    service_account::{ACCOUNT, TOKEN},
};

fn deployments() -> Kind {
    kind("apps", "deployments", "Deployment")
}

fn secrets() -> Kind {
    kind("", "secrets", "Secret")
}

/// A world in which pods have access, and a Deployment in it.
fn world() -> World {
    let configmaps = kinds()[1].clone();
    let world = World::of(vec![deployments(), secrets(), configmaps], |plan| {
        plan.access = Some(Access { host: "kcp.example.com".into(), port: 6443 });
        plan.secrets.tokens = true;
        // Neither tokens nor the CA are selected by themselves.
        let options = FilterOptions { label_selector: "app".into(), ..FilterOptions::default() };
        plan.filter = ResourceFilter::parse(&options).unwrap();
    });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"labels": {"app": "web"}},
        "spec": {"template": {"spec": {"serviceAccountName": "web", "containers": [{"name": "web"}]}}},
    });
    world.server(0).create(&deployments().path("shop", "web"), deployment);
    let ca = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"ca.crt": "c"}});
    world.server(0).create(&kinds()[1].path("shop", "kube-root-ca.crt"), ca);
    world
}

fn token(world: &World, name: &str, created: &str) {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": TOKEN, "data": {"token": "dA=="},
        "metadata": {"annotations": {ACCOUNT: "web"}, "creationTimestamp": created}});
    world.server(0).create(&secrets().path("shop", name), secret);
}

/// The Secret that the pods below mount.
fn mounted(world: &World) -> Option<Value> {
    let below = world.server(1).get(&world.below(&deployments(), "web"))?;
    let path = "/spec/template/spec/volumes/0/projected/sources/0/secret/name";
    below.pointer(path).cloned()
}

fn is_below(world: &World, kind: &Kind, name: &str) -> bool {
    world.server(1).get(&world.below(kind, name)).is_some()
}

#[tokio::test(start_paused = true)]
async fn a_workload_waits_for_its_token_and_says_so() {
    let mut world = world();
    world.pass(MINUTE).await;
    assert_eq!(mounted(&world), None);
    let problem = world.progress.borrow().problems[0].clone();
    assert_eq!(problem.reason, "NoToken");
    assert!(problem.message.contains("\"web\"") && problem.message.contains(TOKEN), "{}", problem.message);
    token(&world, "t1", "2026-01-02T00:00:00Z");
    world.pass(MINUTE).await;
    assert_eq!(mounted(&world), Some("t1".into()));
    assert!(is_below(&world, &secrets(), "t1") && is_below(&world, &kinds()[1], "kube-root-ca.crt"));
    assert!(world.progress.borrow().problems.is_empty());
    world.check_quiet().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_owner_of_a_workload_is_told_what_is_wrong_with_it_once() {
    let mut world = world();
    world.pass(10 * MINUTE).await;
    let told: Vec<_> = world.notices.told().into_iter().map(|notice| (notice.name, notice.reason)).collect();
    assert_eq!(told, [("web".to_owned(), "NoToken")], "only what is wanted, and once");
    world.server(0).edit(&deployments().path("shop", "web"), "user", |object| {
        let mount = json!({"name": "own", "mountPath": PATH});
        object["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = json!([mount]);
    });
    token(&world, "t1", "2026-01-02T00:00:00Z");
    world.pass(MINUTE).await;
    let told = world.notices.told();
    assert_eq!((told.len(), told[0].reason), (1, "MountKept"), "{told:?}");
    assert!(told[0].message.contains("web") && told[0].message.contains(PATH), "{}", told[0].message);
}

#[tokio::test(start_paused = true)]
async fn a_standby_and_a_dry_run_tell_nobody() {
    let mut world = world();
    world.leads.store(false, std::sync::atomic::Ordering::Relaxed);
    world.pass(10 * MINUTE).await;
    assert_eq!(world.notices.told(), []);
    world.leads.store(true, std::sync::atomic::Ordering::Relaxed);
    world.pass(10 * MINUTE).await;
    assert_eq!(world.notices.told().len(), 1, "who takes over tells");
    world.restart_with(|plan| plan.dry_run = true).await;
    world.pass(10 * MINUTE).await;
    assert_eq!(world.notices.told(), []);
}

#[tokio::test(start_paused = true)]
async fn a_newer_token_changes_nothing_until_the_older_one_is_gone() {
    let mut world = world();
    token(&world, "t1", "2026-01-02T00:00:00Z");
    world.pass(MINUTE).await;
    token(&world, "t2", "2026-01-03T00:00:00Z");
    world.pass(MINUTE).await;
    assert_eq!(mounted(&world), Some("t1".into()));
    assert!(!is_below(&world, &secrets(), "t2"), "nobody needs it");
    world.server(0).delete(&secrets().path("shop", "t1"));
    world.pass(10 * MINUTE).await;
    assert_eq!(mounted(&world), Some("t2".into()));
    assert!(is_below(&world, &secrets(), "t2") && !is_below(&world, &secrets(), "t1"));
    world.check_quiet().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_its_last_token_a_workload_stays_as_it_is() {
    let mut world = world();
    token(&world, "t1", "2026-01-02T00:00:00Z");
    world.pass(MINUTE).await;
    world.server(0).delete(&secrets().path("shop", "t1"));
    world.pass(10 * MINUTE).await;
    assert_eq!(mounted(&world), Some("t1".into()));
    let ca = world.server(0).get(&kinds()[1].path("shop", "kube-root-ca.crt")).unwrap();
    assert!(ca["metadata"]["finalizers"].is_array(), "what it names is still synced");
    let row = world.progress.borrow().rows[&deployments().group_resource()];
    assert_eq!((row.error, row.synced), (1, 0));
}
