//! The walk of docs/tmc/README.md: every command of it, in its order, on a workspace and two clusters. Pods do not
//! run there; the test plays the kubelet: it starts the `syncer` that a Deployment describes, as its ServiceAccount.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Plan};
use crate::demo::environment;
use crate::env::Env;
use crate::kubectl::Kubectl;
use crate::process::{Output, Process, run};
use crate::wait::{seconds, until};
use crate::{binaries, kubeconfig};

const GUIDE: &str = include_str!("../../docs/tmc/README.md");

/// The lines of every block of this language, block by block.
fn blocks(language: &str) -> Vec<Vec<&'static str>> {
    let (mut blocks, mut open): (Vec<Vec<&str>>, bool) = (Vec::new(), false);
    for line in GUIDE.lines() {
        match line.strip_prefix("```") {
            Some(found) if !open && found == language => {
                blocks.push(Vec::new());
                open = true;
            }
            Some(_) => open = false,
            None if open => blocks.last_mut().expect("a block is open").push(line),
            None => {}
        }
    }
    blocks
}

struct Walk {
    folder: tempfile::TempDir,
    workspace: Env,
    west: Cluster,
    east: Cluster,
}

impl Walk {
    fn start() -> Self {
        let east = Cluster::start("guide-east");
        let west = Cluster::start_as(&Plan { name: "guide-west", beside: Some(&east), ..Plan::default() });
        let walk = Self {
            folder: tempfile::tempdir().expect("create a folder"),
            workspace: Env::start("guide"),
            west,
            east,
        };
        let sides =
            [("workspace", walk.workspace.admin()), ("east", walk.east.admin()), ("west", walk.west.admin())];
        let path = walk.folder.path().join("kubeconfig");
        fs::write(&path, merged(&sides).to_string()).expect("write a kubeconfig");
        closed(&path);
        walk
    }

    fn command(&self, script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        environment(&mut command, self.folder.path());
        command.env("KUBECONFIG", self.folder.path().join("kubeconfig"));
        command
    }

    fn run(&self, script: &str) -> Output {
        let output = run("sh", &self.command(script), seconds(90));
        assert!(output.status.success(), "{script}: {}{}", output.stdout, output.stderr);
        output
    }
}

/// One kubeconfig with a context for each; the first is the current one.
fn merged(sides: &[(&str, Kubectl)]) -> Value {
    let mut all = json!({"apiVersion": "v1", "kind": "Config", "current-context": sides[0].0,
        "clusters": [], "users": [], "contexts": []});
    for (name, kubectl) in sides {
        let config = kubectl.json(&["config", "view", "--raw", "-ojson"]);
        for (list, entry) in [("clusters", "cluster"), ("users", "user")] {
            let value = config[list][0][entry].clone();
            all[list].as_array_mut().expect("a list").push(json!({"name": name, entry: value}));
        }
        let context = json!({"name": name, "context": {"cluster": name, "user": name}});
        all["contexts"].as_array_mut().expect("a list").push(context);
    }
    all
}

fn closed(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("close a file");
}

/// What the kubelet would start: the Deployment's arguments, the Secret's files, the ServiceAccount's token.
pub fn play_pod(cluster: &Cluster, target: &str, folder: &Path) -> Process {
    let (admin, namespace) = (cluster.admin(), format!("tmc-syncer-{target}"));
    let get = |kind: &str, name: &str| admin.json(&["get", kind, name, "-n", &namespace, "-ojson"]);
    let mounted = folder.join(format!("mounted-{target}"));
    fs::create_dir_all(&mounted).expect("create a folder");
    for (name, value) in get("secret", "upstream")["data"].as_object().expect("a Secret has data") {
        let bytes = STANDARD.decode(value.as_str().expect("text")).expect("base64");
        fs::write(mounted.join(name), bytes).expect("write a mounted file");
        closed(&mounted.join(name));
    }
    let token = admin.run(&["create", "token", "syncer", "-n", &namespace]);
    let own = folder.join(format!("{target}-own.kubeconfig"));
    fs::write(&own, kubeconfig::with_token(&cluster.url(), &cluster.authority.pem, token.trim()))
        .expect("write a kubeconfig");
    closed(&own);
    let deployment = get("deployment", "syncer");
    let arguments =
        deployment["spec"]["template"]["spec"]["containers"][0]["args"].as_array().expect("arguments");
    let mut command = Command::new(binaries::syncer());
    for argument in arguments.iter().filter_map(Value::as_str) {
        if !argument.contains("-port=") {
            command.arg(argument.replace("/etc/tmc/upstream", &mounted.display().to_string()));
        }
    }
    command.arg(format!("--downstream-kubeconfig={}", own.display()));
    command.args(["--metrics-port=0", "--health-port=0", "--bind-address=127.0.0.1"]);
    let name = format!("syncer-{target}-{:08x}", rand::random::<u32>());
    Process::start(&name, &command, folder).expect("start the syncer")
}

/// What the commands granted is what a syncer asks for, no less and no more.
fn checks_itself(walk: &Walk) {
    let check = "KUBECONFIG=mounted-east/kubeconfig tmc security check --sync-target-name east --mode observe \
        --downstream-kubeconfig east-own.kubeconfig";
    let said = walk.run(check).stdout;
    assert!(!said.contains("RBAC"), "{said}");
    assert!(!said.contains("fatal"), "{said}");
}

#[test]
fn every_command_of_the_guide_works() {
    if !binaries::present() {
        return;
    }
    let walk = Walk::start();
    let folder = walk.folder.path();
    let mut pod = None;
    let commands: Vec<_> = blocks("sh").into_iter().flatten().collect();
    assert!(commands.len() > 15, "{commands:#?}");
    for command in commands {
        if command.ends_with(" -w") {
            pod = Some(play_pod(&walk.east, "east", folder));
            becomes_ready(&walk, command, pod.as_ref().expect("it was started"));
            checks_itself(&walk);
            continue;
        }
        let output = walk.run(command);
        assert!(!output.stdout.trim().is_empty(), "{command} says something: {}", output.stderr);
        if command.contains("--mode filter --resources") {
            // Other arguments are another pod.
            let mut before = pod.replace(play_pod(&walk.east, "east", folder)).expect("one was started");
            assert!(before.terminate(seconds(60)).success(), "{}", before.stderr());
        }
        if command.ends_with("get deployments -A") {
            until("the workload is on the cluster", seconds(90), || match walk.run(command).stdout {
                below if below.contains("web") => Ok(()),
                below => Err(format!("{below}{}", pod.as_ref().map(Process::stderr).unwrap_or_default())),
            });
        }
    }
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(folder.join("east.yaml")).expect("it was written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the file with the token is its owner's alone");
    let targets = walk.run("kubectl get synctargets -ojsonpath='{.items[*].metadata.name}'").stdout;
    assert_eq!(targets.trim(), "east", "west was detached");
    let mut pod = pod.expect("one was started");
    let status = pod.terminate(seconds(60));
    assert!(status.success(), "SIGTERM is a clean end: {}", pod.stderr());
}

/// The row of the target says True.
fn becomes_ready(walk: &Walk, command: &str, pod: &Process) {
    let watch = Process::start("watch", &walk.command(command), walk.folder.path()).expect("start kubectl");
    until("the target is ready", seconds(90), || {
        let shown = watch.stdout();
        let row = shown.lines().last().unwrap_or_default();
        let ready = row.split_whitespace().any(|cell| cell == "True");
        if ready { Ok(()) } else { Err(format!("{shown}\n{}", pod.stderr())) }
    });
}

#[test]
fn what_the_guide_writes_in_yaml_is_understood() {
    let blocks = blocks("yaml");
    let [transform, policy] = blocks.as_slice() else { panic!("two blocks: {blocks:#?}") };
    let read = |lines: &[&str]| -> Value { serde_saphyr::from_str(&lines.join("\n")).expect("YAML") };
    let transform = read(transform);
    let typed: tmc::api::placement::Override =
        serde_json::from_value(transform.clone()).expect("an override");
    assert_eq!(serde_json::to_value(&typed).expect("JSON"), transform, "no field is unknown");
    let policy = read(policy);
    let typed: tmc::api::placement::ApplyPolicy = serde_json::from_value(policy.clone()).expect("a policy");
    assert_eq!(serde_json::to_value(&typed).expect("JSON"), policy, "no field is unknown");
}
