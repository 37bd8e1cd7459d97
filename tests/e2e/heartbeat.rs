//! What the server says of SyncTargets: their Leases, the conditions that follow from heartbeats, one writer
//! among several servers, and a right that is missing.

use std::path::PathBuf;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::binaries;
use crate::env::{Env, shared};
use crate::fixture::{NAMESPACE, Report, block_on, object_name, workspace};
use crate::pki::Leaf;
use crate::tmc::{SERVER_NAME, Tmc};
use crate::wait::{seconds, until, until_true};
use crate::wire::Server;

fn target(env: &Env, name: &str) -> Value {
    env.admin().json(&["get", "synctarget", name, "-ojson"])
}

fn condition(target: &Value, kind: &str) -> Value {
    let conditions = target["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    conditions.iter().find(|condition| condition["type"] == kind).cloned().unwrap_or_default()
}

/// Waits until the target says so of its heartbeat and of itself.
#[track_caller]
fn until_says(env: &Env, name: &str, heartbeat: &str, ready: &str) -> Value {
    let what = format!("{name} is HeartbeatHealthy={heartbeat} Ready={ready}");
    let says = || {
        let target = target(env, name);
        let is = |kind, status: &str| condition(&target, kind)["status"] == status;
        if is("HeartbeatHealthy", heartbeat) && is("Ready", ready) { Ok(target) } else { Err(target) }
    };
    until(&what, seconds(30), says).0
}

#[test]
fn a_target_is_judged_by_its_lease_and_its_syncer() {
    let Some(env) = shared() else { return };
    let (workspace, targets, admin) = (workspace(), &env.targets, env.admin());
    let name = object_name(&workspace, "a");
    let uid = targets.create(&name, &workspace);
    let seen = until_says(env, &name, "Unknown", "Unknown");
    assert_eq!(condition(&seen, "HeartbeatHealthy")["reason"], "HeartbeatNotSeen");
    assert_eq!(condition(&seen, "WorkspaceAssigned")["status"], "True");
    assert!(seen["status"]["key"].as_str().is_some_and(|key| key.len() > 30), "{seen}");
    let lease = || admin.json(&["get", "lease", "-n", NAMESPACE, &format!("synctarget-{uid}"), "-ojson"]);
    let made = lease();
    assert_eq!(made["metadata"]["ownerReferences"][0]["uid"], uid.as_str());
    assert!(made["spec"]["holderIdentity"].is_null(), "{made}");

    targets.beat(&uid);
    let heard = until_says(env, &name, "True", "Unknown");
    assert_eq!(condition(&heard, "Ready")["reason"], "NotReported");
    targets.report(&name, Report::healthy(2));
    let ready = until_says(env, &name, "True", "True");
    let healthy = |view: &Value| view["status"]["healthStatus"]["healthy"] == 1;
    targets.until_view(&workspace, "it is Healthy", healthy);
    let table = admin.run(&["get", "synctarget", &name, "--no-headers"]);
    let cells: Vec<_> = table.split_whitespace().collect();
    assert_eq!(cells[..4], [&*name, &*workspace, "True", "Ready"], "{table}");
    targets.report(&name, Report { ready: false, deployments: (0, 2) });
    let broken = until_says(env, &name, "True", "False");
    assert_eq!(condition(&broken, "Ready")["reason"], "Unreachable");
    assert_eq!(condition(&broken, "SyncerReady"), condition(&ready, "SyncerReady"), "the syncer's stays");

    // Whoever else writes what is not his is overruled.
    let theirs = json!({"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Wish",
        "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}], "key": "wish"}});
    let patch = ["patch", "synctarget", &name, "--subresource=status", "--type=merge", "-p"];
    admin.run(&[&patch[..], &[&theirs.to_string()]].concat());
    targets.report(&name, Report::healthy(2));
    let back = until_says(env, &name, "True", "True");
    until_true("the key is right again", seconds(30), || {
        target(env, &name)["status"]["key"] == ready["status"]["key"]
    });
    assert_eq!(condition(&back, "Ready")["reason"], "Ready");

    // Taken away, the Lease is made again, and its age is not lowered by that.
    admin.run(&["delete", "lease", "-n", NAMESPACE, &format!("synctarget-{uid}")]);
    until("the lease is made again", seconds(30), || {
        admin.try_run(&["get", "lease", "-n", NAMESPACE, &format!("synctarget-{uid}")])
    });
    until_says(env, &name, "True", "True");
}

#[test]
fn silence_makes_unknown_on_time() {
    let Some(env) = shared() else { return };
    let (workspace, targets) = (workspace(), &env.targets);
    let name = object_name(&workspace, "a");
    let uid = targets.create(&name, &workspace);
    targets.report(&name, Report::healthy(1));
    until_says(env, &name, "Unknown", "Unknown");
    // Seen for the first time when it is almost too old: 15 s are left.
    targets.beat_at(&uid, Timestamp::now() - SignedDuration::from_secs(25));
    let start = std::time::Instant::now();
    until_says(env, &name, "True", "True");
    let silent = until_says(env, &name, "Unknown", "Unknown");
    let took = start.elapsed();
    println!("Unknown after {took:.2?}, 15 s before it is due");
    assert!(took > seconds(13), "too early: {took:?}");
    assert_eq!(condition(&silent, "Ready")["reason"], "HeartbeatStale");
    targets.beat(&uid);
    until_says(env, &name, "True", "True");
}

#[test]
fn a_target_without_a_workspace_says_what_to_set() {
    let Some(env) = shared() else { return };
    let name = object_name(&workspace(), "nowhere");
    env.targets.create_with(&name, &json!({})).expect("a workspace may come later");
    let seen = until_says(env, &name, "Unknown", "Unknown");
    let assigned = condition(&seen, "WorkspaceAssigned");
    assert_eq!(assigned["status"], "False");
    let message = assigned["message"].as_str().unwrap_or_default();
    assert!(message.contains("spec.kcpCluster"), "{message}");
    assert!(seen["status"]["key"].is_null());
    // The help works as it stands there.
    let help = message.split_once("example: ").expect("an example").1.trim_start_matches("kubectl ");
    let words: Vec<_> = help.split(' ').map(|word| word.trim_matches('\'')).collect();
    env.admin().run(&words);
    until_true("it is assigned", seconds(30), || {
        let target = target(env, &name);
        condition(&target, "WorkspaceAssigned")["status"] == "True" && target["status"]["key"].is_string()
    });
    env.targets.delete(&name);
}

/// Whether the server on this port says that it leads.
fn leads(env: &Env, port: u16) -> bool {
    let leaf = Leaf { common_name: "admin", organizations: &["system:masters"], ..Leaf::default() };
    let identity = env.cluster.authority.issue(&leaf).expect("issue a certificate");
    let server = Server::new(port, SERVER_NAME, &env.tmc.authority(), Some(&identity)).expect("TLS");
    let metrics = block_on(server.get("/metrics", &[]));
    metrics.is_ok_and(|answer| answer.body.lines().any(|line| line == "tmc_heartbeat_leading 1"))
}

#[test]
fn one_of_two_servers_writes_and_the_other_takes_over() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("leaders");
    until_true("the first one leads", seconds(30), || leads(&env, env.tmc.port));
    let other = Tmc::new(&env.cluster, &[]);
    other.serve();
    let first = object_name(&workspace(), "a");
    env.targets.create(&first, "root:a");
    until_says(&env, &first, "Unknown", "Unknown");
    assert!(leads(&env, env.tmc.port) && !leads(&env, other.port));

    env.tmc.kill();
    let took = until_true("the other one takes over", seconds(40), || leads(&env, other.port));
    assert!(took > seconds(5), "not before the lease of the dead one has ended: {took:?}");
    let second = object_name(&workspace(), "b");
    env.targets.create(&second, "root:b");
    until_says(&env, &second, "Unknown", "Unknown");

    // Back, it stands by; given the lead, it need not wait for the end of a lease.
    env.tmc.serve();
    assert!(!leads(&env, env.tmc.port));
    assert!(other.terminate().success());
    until_true("the first one leads again", seconds(30), || leads(&env, env.tmc.port));
}

#[test]
fn a_missing_right_is_named_and_waited_for() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("heartbeat-rights");
    let admin = env.admin();
    let role = admin.json(&["get", "clusterrole", "tmc-server", "-ojson"]);
    let mut less = role.clone();
    let rules = less["rules"].as_array_mut().expect("rules");
    rules.retain(|rule| rule["resources"] != json!(["synctargets/status"]));
    assert_ne!(rules.len(), role["rules"].as_array().map_or(0, Vec::len));
    let set = |rules: &Value| {
        let patch = json!({"rules": rules}).to_string();
        admin.run(&["patch", "clusterrole", "tmc-server", "--type=merge", "-p", &patch]);
    };
    set(&less["rules"]);
    // A right that was just taken may still be had for a moment.
    let names: Vec<_> = (0..100).map(|index| object_name(&workspace(), &index.to_string())).collect();
    let log = || env.tmc.log();
    let right = "may not patch synctargets.workload.kcp.io/status";
    let mut created = names.iter();
    until_true("the log names the right", seconds(30), || {
        created.next().into_iter().for_each(|name| drop(env.targets.create(name, "root:a")));
        log().contains(right)
    });
    assert_eq!(log().matches(right).count(), 1, "once");
    let doctor = crate::tmc::tmc(&["doctor", "--kubeconfig", &path(admin.kubeconfig().to_owned())]);
    assert!(doctor.stdout.contains("synctargets/status"), "{}{}", doctor.stdout, doctor.stderr);
    set(&role["rules"]);
    until_says(&env, &names[0], "Unknown", "Unknown");
}

fn path(path: PathBuf) -> String {
    path.to_str().expect("a path of the harness is text").to_owned()
}
