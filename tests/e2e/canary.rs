//! At the most verbose level no secret reaches a log, a metric or an error: a caller's token, a wrong token,
//! the serving CA's key, and what a SyncTarget says that does not decode.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::binaries;
use crate::cluster::Cluster;
use crate::env::Env;
use crate::fixture::{Targets, VIEWS, block_on, object_name, workspace};
use crate::tmc::Tmc;

const WRONG_TOKEN: &str = "canary-of-a-wrong-token";
const LAST_APPLIED: &str = "canary-of-a-last-applied-configuration";

#[test]
fn no_secret_is_logged_measured_or_answered() {
    if !binaries::present() {
        return;
    }
    let cluster = Cluster::start("canary");
    let tmc = Tmc::start_with(&cluster, &["-v=6"]);
    let targets = Targets::new(cluster.admin().kubeconfig());
    let env = Env { cluster, tmc, targets };
    let admin = env.admin();
    admin.run(&["create", "serviceaccount", "canary", "-n", "default"]);
    let token = admin.run(&["create", "token", "canary", "-n", "default"]);
    let token = token.trim();
    let workspace = workspace();
    let target = object_name(&workspace, "a");
    env.targets.healthy(&target, &workspace, 1);
    admin.run(&[
        "annotate",
        "synctarget",
        &target,
        &format!("kubectl.kubernetes.io/last-applied-configuration={LAST_APPLIED}"),
    ]);
    env.targets.until_deployments(&workspace, 1);

    let stranger = env.wire_as(None);
    let mut seen = String::new();
    for authorization in
        [format!("Bearer {token}"), format!("Bearer {WRONG_TOKEN}"), "Basic Y2FuYXJ5".to_owned()]
    {
        for path in [VIEWS, "/apis", "/metrics", "/no/such/path", &format!("{VIEWS}/{workspace}?limit=x")] {
            let answer =
                block_on(stranger.get(path, &[("Authorization", &authorization)])).expect("an answer");
            seen.push_str(&answer.body);
        }
    }
    for path in [VIEWS, "/metrics", "/readyz?verbose"] {
        seen.push_str(&block_on(env.wire().get(path, &[])).expect("an answer").body);
    }
    let log = env.tmc.log();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is verbose");

    let secret = admin.json(&["get", "secret", "tmc-serving-ca", "-n", "tmc-system", "-ojson"]);
    let key = STANDARD.decode(secret["data"]["ca.key"].as_str().expect("the CA has a key")).expect("base64");
    let key = String::from_utf8(key).expect("PEM");
    let line = key.lines().nth(1).expect("a line of the key").to_owned();
    let encoded = json!(secret["data"]["ca.key"]).to_string();
    for (what, canary) in [
        ("the token", token),
        ("the wrong token", WRONG_TOKEN),
        ("a password", "Y2FuYXJ5"),
        ("last-applied", LAST_APPLIED),
        ("the CA's key", &line),
        ("the CA's key as in the Secret", encoded.trim_matches('"')),
    ] {
        assert!(!log.contains(canary), "{what} is in the log");
        assert!(!seen.contains(canary), "{what} is in an answer");
    }
}
