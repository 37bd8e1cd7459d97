//! Secrets that pass through `tmc serve` while it logs all it can: none is in its log, its metrics, or what
//! it answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::binaries;
use crate::cluster::Cluster;
use crate::env::Env;
use crate::fixture::{NAMESPACE, Targets, VIEWS, block_on, object_name, workspace};
use crate::tmc::{SERVER_NAME, Tmc};
use crate::wait::{seconds, until_true};
use crate::wire::Server;

/// Paths that are served, refused, absent and nonsense.
const PATHS: [&str; 12] = [
    "/",
    "/metrics",
    "/version",
    "/apis",
    "/openapi/v2",
    "/readyz?verbose",
    VIEWS,
    "/apis/views.workload.kcp.io/v1alpha1/aggregatedviews/absent",
    "/apis/views.workload.kcp.io/v1alpha1/aggregatedviews?watch=1&timeoutSeconds=1",
    "/apis/views.workload.kcp.io/v1alpha1/aggregatedviews?labelSelector=((&continue=x",
    "/clusters/*/apis/views.workload.kcp.io/v1alpha1/aggregatedtrees",
    "/%ff/nowhere",
];

#[test]
fn no_secret_is_logged_counted_or_answered() {
    if !binaries::present() {
        return;
    }
    let cluster = Cluster::start_with_controllers("canary", "serviceaccount");
    let tmc = Tmc::start_with(&cluster, &["-v=6"]);
    let targets = Targets::new(cluster.admin().kubeconfig());
    let env = Env { cluster, tmc, targets };
    let admin = env.admin();
    admin.run(&["wait", "--for=create", "serviceaccount/default", "-n", "default", "--timeout=30s"]);
    let account = admin.run(&["create", "token", "default", "-n", "default"]);
    let keys = admin.json(&["get", "secret", "tmc-serving-ca", "-n", NAMESPACE, "-ojson"]);
    let keys = keys["data"].as_object().expect("the Secret holds data");
    let key = keys.iter().find(|(name, _)| name.ends_with("key")).expect("a key").1;
    let key = key.as_str().expect("data is base64").to_owned();
    let pem = String::from_utf8(STANDARD.decode(&key).expect("data is base64")).expect("a key is PEM");
    let key_line = pem.lines().nth(1).expect("a PEM key has a body").to_owned();
    let last_applied = "canary-in-last-applied";

    // A target with an annotation as `kubectl apply` leaves it, one too long to be shown, and one cut off.
    let workspace = workspace();
    let target = object_name(&workspace, "a");
    env.targets.healthy(&target, &workspace, 1);
    let annotation =
        format!(r#"kubectl.kubernetes.io/last-applied-configuration={{"token":"{last_applied}"}}"#);
    admin.run(&["annotate", "synctarget", &target, &annotation]);
    env.targets.until_deployments(&workspace, 1);

    let server = Server::new(env.tmc.port, SERVER_NAME, &env.tmc.authority(), None).expect("TLS");
    let mut answers = String::new();
    for token in ["canary-bearer-token", account.trim()] {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Cookie", "canary-cookie")];
        for path in PATHS {
            let answer = block_on(server.get(path, &headers)).expect("an answer");
            assert!(!(300..400).contains(&answer.status), "{path}: {}", answer.status);
            answers.push_str(&answer.body);
        }
    }
    let direct = env.direct(&admin);
    for path in [VIEWS, "/metrics", &format!("{VIEWS}/{workspace}")] {
        answers.push_str(&direct.run(&["get", "--raw", path]));
    }
    // An upstream that went away is complained of, too.
    env.cluster.kill_apiserver();
    until_true("the outage is logged", seconds(30), || env.tmc.log().contains("cannot follow"));
    let answer = block_on(server.get(VIEWS, &[("Authorization", "Bearer canary-late-token")]));
    answers.push_str(&answer.expect("an answer").body);

    let log = env.tmc.log();
    assert!(log.contains("answered"), "it logs requests at -v 6: {log}");
    let secrets = [
        "canary-bearer-token",
        "canary-late-token",
        "canary-cookie",
        account.trim(),
        last_applied,
        &key,
        &key_line,
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
        assert!(!answers.contains(secret), "{secret} is in an answer");
    }
}
