//! The order of an installation and what it refuses, against an API in the test's own process.

use super::*;
use crate::registration::{fake::FakeApi, kinds::SYNC_TARGET, syncer::downstream};

fn request(workspace: Option<&str>, mode: Mode, token: &str) -> Request {
    Request {
        name: "east".to_owned(),
        spec: TargetSpec { workspace: workspace.map(str::to_owned), ..TargetSpec::default() },
        mode,
        kinds: vec![GroupResource { group: "apps".to_owned(), resource: "deployments".to_owned() }],
        upsync: Vec::new(),
        image: "tmc:1".to_owned(),
        replicas: 1,
        flags: Vec::new(),
        config: None,
        fence: true,
        access: Access {
            server: "https://up".to_owned(),
            authorities: String::new(),
            server_name: None,
            token: token.to_owned(),
        },
        token_lifetime: Duration::from_secs(3600),
    }
}

async fn run(fake: &FakeApi, request: &Request) -> Result<Installed, InstallError> {
    let mut say = |_: &str| {};
    let upstream = &fake.upstream;
    let mut apply = Apply { upstream, timeout: Duration::ZERO, force: false, say: &mut say };
    install(&mut apply, request).await
}

#[tokio::test]
async fn the_target_comes_first_and_its_uid_names_the_lease() {
    let fake = FakeApi::start().await;
    let installed = run(&fake, &request(Some("root:production"), Mode::Filter, "given")).await.unwrap();
    let target = fake.object(&SYNC_TARGET.path("", "east"));
    assert_eq!(target["spec"]["kcpCluster"], "root:production");
    assert_eq!(installed.plan.key, key("root:production", "east"));
    assert_eq!(installed.access.token, "given");
    assert_eq!(installed.expires, None);
    let first = &fake.written()[0];
    assert!(first.contains("/synctargets/east"), "{first}");
    let role = fake.object(&kinds::ROLE.path("tmc-system", "tmc-syncer-east"));
    let uid = target["metadata"]["uid"].as_str().unwrap_or_default();
    assert_eq!(role["rules"][0]["resourceNames"][0], format!("synctarget-{uid}"));
    let objects = downstream(&installed.plan, &installed.access);
    assert!(
        objects.iter().any(|object| object.to_string().contains(&installed.plan.key)),
        "the fence has the key"
    );
}

#[tokio::test]
async fn a_target_without_a_workspace_is_refused_before_anything_is_written() {
    let fake = FakeApi::start().await;
    let error = run(&fake, &request(None, Mode::Filter, "given")).await.unwrap_err().to_string();
    assert!(error.contains("--workspace"), "{error}");
    assert!(fake.written().is_empty());
    // Observing needs none, and one that has its workspace keeps it.
    run(&fake, &request(None, Mode::Observe, "given")).await.unwrap();
    fake.put(
        &SYNC_TARGET.path("", "east"),
        json!({"metadata": {"name": "east", "uid": "u"}, "spec": {"kcpCluster": "root:a"}}),
    );
    let installed = run(&fake, &request(None, Mode::Filter, "given")).await.unwrap();
    assert_eq!(installed.plan.scope.uid, "u");
    let target = fake.object(&SYNC_TARGET.path("", "east"));
    assert_eq!(target["spec"]["kcpCluster"], "root:a", "what it is not told anew stays");
}

#[tokio::test]
async fn an_api_that_issues_no_tokens_says_what_to_give() {
    let fake = FakeApi::start().await;
    let error = run(&fake, &request(Some("root:a"), Mode::Filter, "")).await.unwrap_err().to_string();
    assert!(error.contains("token"), "{error}");
}

#[tokio::test]
async fn a_preview_writes_nothing() {
    let fake = FakeApi::start().await;
    let objects = preview(&fake.upstream, &request(Some("root:a"), Mode::Filter, "")).await.unwrap();
    assert_eq!(objects[0]["kind"], "SyncTarget");
    assert!(objects.len() > 4 && fake.written().is_empty());
}
