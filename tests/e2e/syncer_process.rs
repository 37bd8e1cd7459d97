//! The syncer as a process: what it says of wrong flags, how several of them share one target, and how it ends. Between
//! the workspaces and the simulated cluster of a `tmc dev`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::binaries;
use crate::cluster::free_port;
use crate::demo::Demo;
use crate::kubectl::Kubectl;
use crate::process::{Output, Process, run};
use crate::wait::{seconds, until, until_true};

const WORKSPACE: &str = "root:production";

struct World {
    demo: Demo,
    admin: Kubectl,
    above: PathBuf,
    below: PathBuf,
}

impl World {
    fn start() -> Self {
        let demo = Demo::start(&["--no-demo", "--clusters=1", &format!("--workspaces={WORKSPACE}")]);
        let mut config = demo.kubectl().json(&["config", "view", "--raw", "-ojson"]);
        let server = config["clusters"][0]["cluster"]["server"].as_str().expect("a server").to_owned();
        config["clusters"][0]["cluster"]["server"] = json!(format!("{server}:production"));
        let (above, below) =
            (demo.folder.path().join("above.kubeconfig"), demo.physical("east").kubeconfig().into());
        private(&above, &config.to_string());
        let admin = Kubectl::new(above.clone(), demo.folder.path());
        Self { demo, admin, above, below }
    }

    /// A SyncTarget and its uid.
    fn make_target(&self) -> String {
        self.admin.apply(&json!({"apiVersion": "workload.kcp.io/v1alpha1", "kind": "SyncTarget",
            "metadata": {"name": "east"}, "spec": {"kcpCluster": WORKSPACE}}));
        self.target()["metadata"]["uid"].as_str().expect("a uid").to_owned()
    }

    fn target(&self) -> Value {
        self.admin.json(&["get", "synctarget", "east", "-ojson"])
    }

    fn command(&self, flags: &[&str]) -> Command {
        let mut command = syncer();
        command.arg(format!("--kubeconfig={}", self.above.display()));
        command.arg(format!("--downstream-kubeconfig={}", self.below.display()));
        command.args(["--bind-address=127.0.0.1", "--mode=observe"]).args(flags);
        command
    }

    /// Runs one that is expected to refuse.
    fn refused(&self, flags: &[&str]) -> String {
        let ports = ["--metrics-port=0", "--health-port=0"];
        let Output { status, stderr, .. } =
            run("syncer", &self.command(&[&ports, flags].concat()), seconds(60));
        assert!(!status.success() && !stderr.contains("panicked"), "{flags:?}: {stderr}");
        stderr
    }

    /// Starts one that serves the target.
    fn serve(&self, name: &str) -> Running {
        let (metrics, health) = (free_port(), free_port());
        let ports = [format!("--metrics-port={metrics}"), format!("--health-port={health}")];
        let flags = ["--sync-target-name=east", &ports[0], &ports[1]];
        let process =
            Process::start(name, &self.command(&flags), self.demo.folder.path()).expect("start a syncer");
        let mut running = Running { process, metrics, health };
        until(&format!("{name} is ready"), seconds(60), || {
            assert!(running.process.exited().is_none(), "{name} ended: {}", running.process.stderr());
            match ask(running.health, "/readyz?verbose") {
                Some((200, _)) => Ok(()),
                answer => Err(format!("{answer:?}: {}", running.process.stderr())),
            }
        });
        running
    }
}

struct Running {
    process: Process,
    metrics: u16,
    health: u16,
}

impl Running {
    fn leads(&self) -> bool {
        ask(self.metrics, "/metrics")
            .is_some_and(|(_, text)| text.lines().any(|line| line == "syncer_leader 1"))
    }
}

fn syncer() -> Command {
    let mut command = Command::new(binaries::syncer());
    command.env_remove("KUBECONFIG").env("HOME", "/nonexistent");
    command.env_remove("KUBERNETES_SERVICE_HOST").env_remove("KUBERNETES_SERVICE_PORT");
    command
}

fn private(path: &Path, text: &str) {
    fs::write(path, text).expect("write a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("close a file");
}

fn ask(port: u16, path: &str) -> Option<(u16, String)> {
    use std::io::{Read, Write};
    let mut socket = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.set_read_timeout(Some(seconds(20))).ok()?;
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    socket.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split_whitespace().nth(1)?.parse().ok()?, body.to_owned()))
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let absent = folder.path().join("absent");
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = busy.local_addr().expect("its address").port();
    let mut command = syncer();
    command.arg(format!("--kubeconfig={}", absent.display())).arg("--mode=mirror").arg("--concurrency=0");
    command.arg("--bind-address=127.0.0.1").arg(format!("--metrics-port={port}")).arg("--health-port=0");
    command.arg("--label-selector=a in").arg("--resource-types=roles.rbac.authorization.k8s.io");
    let Output { status, stderr, .. } = run("syncer", &command, seconds(60));
    assert!(!status.success());
    for words in [
        "things are wrong, nothing was started",
        "--sync-target-name: it is required",
        "--mode: \"mirror\"",
        "--concurrency: \"0\"",
        "--metrics-port: cannot listen on 127.0.0.1",
        "--label-selector",
        "--resource-types: \"roles.rbac.authorization.k8s.io\" is never synced",
        "--kubeconfig: cannot read",
        "--downstream-kubeconfig: there is none, and the syncer runs in no cluster",
    ] {
        assert!(stderr.contains(words), "{words:?} is missing: {stderr}");
    }
}

#[test]
fn a_wrong_target_or_a_wrong_pair_is_refused_before_anything_is_written() {
    if !binaries::present() {
        return;
    }
    let world = World::start();
    let absent = world.refused(&["--sync-target-name=east"]);
    assert!(absent.contains("--sync-target-name: there is no SyncTarget \"east\""), "{absent}");
    let uid = world.make_target();
    let wrong =
        world.refused(&["--sync-target-name=east", "--sync-target-uid=u", "--workspace=root:staging"]);
    assert!(
        wrong.contains(&format!("--sync-target-uid: SyncTarget \"east\" has the uid {uid}, not u")),
        "{wrong}"
    );
    assert!(
        wrong.contains("--workspace: SyncTarget \"east\" serves root:production, not root:staging"),
        "{wrong}"
    );
    let itself = format!("--downstream-kubeconfig={}", world.above.display());
    let mut command = syncer();
    command.arg(format!("--kubeconfig={}", world.above.display())).arg(itself);
    command.args(["--sync-target-name=east", "--mode=observe", "--metrics-port=0", "--health-port=0"]);
    let same = run("syncer", &command, seconds(60));
    assert!(
        !same.status.success() && same.stderr.contains("both lead to the same cluster"),
        "{}",
        same.stderr
    );
    let target = world.target();
    assert!(target["status"]["mode"].is_null(), "nothing was written: {target}");
    let holder = &target["status"]["syncerHolder"];
    assert!(holder.is_null(), "{target}");
}

#[test]
fn of_several_syncers_one_writes_and_the_next_takes_over() {
    if !binaries::present() {
        return;
    }
    let world = World::start();
    world.make_target();
    let mut first = world.serve("first");
    until_true("the first one leads", seconds(60), || first.leads());
    until("its cluster is seen in the views", seconds(60), || {
        let row = world.demo.kubectl().run(&["get", "aggregatedviews", "--no-headers"]);
        let cells: Vec<_> = row.split_whitespace().collect();
        // Targets, healthy, degraded, unhealthy, unknown.
        if cells.get(1..6) == Some(&["1", "1", "0", "0", "0"]) { Ok(()) } else { Err(row) }
    });
    let east = world.demo.physical("east");
    east.run(&["create", "deployment", "web", "--image=x", "--replicas=2"]);
    until("a Deployment is counted", seconds(60), || {
        let row = world.demo.kubectl().run(&["get", "aggregatedviews", "--no-headers"]);
        if row.contains("1/1") { Ok(()) } else { Err(row) }
    });

    let mut second = world.serve("second");
    assert!(first.leads() && !second.leads(), "who stands by is ready and does not lead");
    assert!(first.process.terminate(seconds(60)).success(), "{}", first.process.stderr());
    until_true("the second one leads", seconds(60), || second.leads());
    until("the target says so", seconds(60), || {
        let target = world.target();
        let conditions = target["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let ready = conditions.iter().find(|condition| condition["type"] == "SyncerReady");
        if ready.is_some_and(|ready| ready["status"] == "True") { Ok(()) } else { Err(target) }
    });
    // One that dies without a word holds the Lease until it has run out.
    second.process.kill();
    let third = world.serve("third");
    assert!(!third.leads());
    let took = until_true("the third one leads", seconds(90), || third.leads());
    assert!(took > seconds(15), "not before the Lease has run out: {took:?}");

    // A target that is gone is nobody's to write to.
    let mut third = third;
    world.admin.run(&["delete", "synctarget", "east"]);
    let status = third.process.wait(seconds(60));
    assert!(!status.success());
    let log = third.process.stderr();
    assert!(log.contains("nothing is written any more: SyncTarget \"east\" was deleted"), "{log}");
}
