//! The `syncer` as a process of its own between two clusters, with the rights that the product gives it and no
//! others. Knows its command line and its two ports, nothing of what it syncs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use parking_lot::Mutex;
use serde_json::json;

use crate::audit::{self, Request};
use crate::binaries;
use crate::cluster::{Cluster, free_port};
use crate::dev::Dev;
use crate::env::Env;
use crate::fixture::{Targets, workspace};
use crate::kubectl::Kubectl;
use crate::process::Process;
use crate::tmc::tmc;
use crate::wait::{seconds, until};

/// Where it runs: the workspace, and the physical cluster.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    pub targets: &'a Targets,
    pub above: Above<'a>,
    pub below: &'a Cluster,
}

/// What serves the workspace.
#[derive(Clone, Copy)]
pub enum Above<'a> {
    Kubernetes(&'a Cluster),
    Dev(&'a Dev),
}

pub struct Syncer<'a> {
    /// The SyncTarget it serves.
    pub target: String,
    pub uid: String,
    pub workspace: String,
    sides: Sides<'a>,
    /// Above and below.
    kubeconfigs: [PathBuf; 2],
    logs: PathBuf,
    metrics: u16,
    health: u16,
    flags: Vec<String>,
    process: Mutex<Option<Process>>,
}

impl<'a> Sides<'a> {
    pub fn new(env: &'a Env, below: &'a Cluster) -> Self {
        Self { targets: &env.targets, above: Above::Kubernetes(&env.cluster), below }
    }

    /// The administrator of the workspace.
    pub fn admin(&self) -> Kubectl {
        match self.above {
            Above::Kubernetes(cluster) => cluster.admin(),
            Above::Dev(dev) => dev.admin(),
        }
    }
}

impl<'a> Syncer<'a> {
    /// Makes a SyncTarget, starts its syncer and waits until that is ready.
    pub fn start(sides: Sides<'a>, mode: &str, flags: &[&str]) -> Self {
        let syncer = Self::new(sides, mode, flags);
        syncer.run();
        syncer.until_ready();
        syncer
    }

    /// A SyncTarget, and on both sides what its syncer is and may do; nothing runs yet.
    pub fn new(sides: Sides<'a>, mode: &str, flags: &[&str]) -> Self {
        Self::granted(sides, mode, flags, &[])
    }

    /// The same with flags of `tmc rbac manifests` as well.
    pub fn granted(sides: Sides<'a>, mode: &str, flags: &[&str], rights_flags: &[&str]) -> Self {
        let workspace = match sides.above {
            Above::Kubernetes(_) => workspace(),
            Above::Dev(_) => "root".to_owned(),
        };
        let target = format!("syncs-t{:08x}", rand::random::<u32>());
        let spec = json!({ "kcpCluster": workspace });
        let uid = sides.targets.create_with(&target, &spec).expect("create a SyncTarget");
        let [above, below] = accounts(&target);
        let grant = |side: &str, admin: &Kubectl, account: &Account| {
            let manifests = rights(&sides.admin(), side, &target, mode, rights_flags);
            admin.with_text(&["apply", "--server-side"], &manifests).expect("apply the rights");
            account.kubeconfig(admin)
        };
        let kubeconfigs =
            [grant("upstream", &sides.admin(), &above), grant("downstream", &sides.below.admin(), &below)];
        Self {
            uid,
            sides,
            workspace,
            kubeconfigs,
            logs: sides.below.logs.join(&target),
            metrics: free_port(),
            health: free_port(),
            flags: [format!("--mode={mode}")]
                .into_iter()
                .chain(flags.iter().map(ToString::to_string))
                .collect(),
            process: Mutex::new(None),
            target,
        }
    }

    /// The targets of its workspace.
    pub fn targets(&self) -> &'a Targets {
        self.sides.targets
    }

    fn command(&self) -> Command {
        let mut command = Command::new(binaries::syncer());
        command.arg(format!("--sync-target-name={}", self.target));
        command.arg(format!("--kubeconfig={}", self.kubeconfigs[0].display()));
        command.arg(format!("--downstream-kubeconfig={}", self.kubeconfigs[1].display()));
        command.arg("--bind-address=127.0.0.1");
        command.arg(format!("--metrics-port={}", self.metrics)).arg(format!("--health-port={}", self.health));
        command.args(&self.flags).env_remove("KUBECONFIG").env("HOME", "/nonexistent");
        command
    }

    /// Gives it this flag instead of the one of the same name, for its next life.
    pub fn flag(&mut self, flag: &str) {
        let name = flag.split_inclusive('=').next().unwrap_or(flag);
        self.flags.retain(|known| !known.starts_with(name));
        self.flags.push(flag.to_owned());
    }

    /// Starts it (again).
    pub fn run(&self) {
        let process = Process::start("syncer", &self.command(), &self.logs).expect("start the syncer");
        *self.process.lock() = Some(process);
    }

    #[track_caller]
    pub fn until_ready(&self) {
        until(&format!("the syncer of {} is ready", self.target), seconds(60), || {
            self.with_process(|process| {
                assert!(process.exited().is_none(), "the syncer ended: {}", process.stderr());
            });
            match self.ask(self.health, "/readyz?verbose") {
                Some((200, _)) => Ok(()),
                answer => Err(format!("{answer:?}\n{}", self.log())),
            }
        });
    }

    /// SIGKILL.
    pub fn kill(&self) {
        *self.process.lock() = None;
    }

    #[track_caller]
    pub fn terminate(&self) -> ExitStatus {
        self.with_process(|process| process.terminate(seconds(60)))
    }

    fn with_process<T>(&self, run: impl FnOnce(&mut Process) -> T) -> T {
        run(self.process.lock().as_mut().expect("the syncer was started"))
    }

    /// Everything it logged, over all its lives.
    pub fn log(&self) -> String {
        self.with_process(|process| process.stderr() + &process.stdout())
    }

    /// All series as `/metrics` prints them.
    #[track_caller]
    pub fn metrics(&self) -> String {
        match self.ask(self.metrics, "/metrics") {
            Some((200, text)) => text,
            answer => panic!("/metrics answered {answer:?}"),
        }
    }

    /// The value of the series whose name and labels all of `parts` are in.
    #[track_caller]
    pub fn metric(&self, parts: &[&str]) -> Option<f64> {
        let metrics = self.metrics();
        let is = |line: &&str| !line.starts_with('#') && parts.iter().all(|part| line.contains(part));
        metrics.lines().find(is)?.rsplit(' ').next()?.parse().ok()
    }

    /// What `/readyz` says, and whether it is ready.
    pub fn readiness(&self) -> (bool, String) {
        let answer = self.ask(self.health, "/readyz?verbose");
        answer.map_or_else(Default::default, |(code, text)| (code == 200, text))
    }

    fn ask(&self, port: u16, path: &str) -> Option<(u16, String)> {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
        socket.set_read_timeout(Some(seconds(20))).ok()?;
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        socket.write_all(head.as_bytes()).ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split_whitespace().nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// What the physical cluster was asked by it.
    pub fn asked_below(&self) -> Vec<Request> {
        let [_, below] = accounts(&self.target);
        audit::requests(&self.sides.below.audit_log(), &below.user())
    }

    /// The same of the workspace, where a Kubernetes serves it.
    pub fn asked_above(&self) -> Vec<Request> {
        let [above, _] = accounts(&self.target);
        match self.sides.above {
            Above::Kubernetes(cluster) => audit::requests(&cluster.audit_log(), &above.user()),
            Above::Dev(_) => Vec::new(),
        }
    }
}

/// A ServiceAccount.
struct Account {
    namespace: String,
    name: String,
}

/// Who the syncer of a target is above and below, by the product's own manifests.
fn accounts(target: &str) -> [Account; 2] {
    let own = format!("tmc-syncer-{target}");
    [("tmc-system", &*own), (&*own, "syncer")]
        .map(|(namespace, name)| Account { namespace: namespace.to_owned(), name: name.to_owned() })
}

impl Account {
    fn user(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name)
    }

    /// A kubeconfig with a token of its own for the cluster of `admin`.
    fn kubeconfig(&self, admin: &Kubectl) -> PathBuf {
        let token = admin.run(&["create", "token", &self.name, "-n", &self.namespace, "--duration=4h"]);
        let mut config = admin.json(&["config", "view", "--raw", "-ojson"]);
        config["users"][0]["user"] = json!({"token": token.trim()});
        let path = admin.home().join(format!("{}-{}.kubeconfig", self.namespace, self.name));
        // Readable by its owner alone, as the syncer wants it.
        let file = tempfile::NamedTempFile::new_in(admin.home()).expect("create a kubeconfig");
        std::fs::write(file.path(), config.to_string()).expect("write a kubeconfig");
        file.persist(&path).expect("name a kubeconfig");
        path
    }
}

/// The roles that the product prints for one side.
fn rights(above: &Kubectl, side: &str, target: &str, mode: &str, more: &[&str]) -> String {
    let kubeconfig = format!("--kubeconfig={}", above.kubeconfig().display());
    let (side, mode) = (format!("--side={side}"), format!("--mode={mode}"));
    let printed = tmc(&[&["rbac", "manifests", target, &kubeconfig, &side, &mode], more].concat());
    assert!(printed.status.success(), "tmc rbac manifests: {}", printed.stderr);
    printed.stdout
}
