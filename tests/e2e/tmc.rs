//! `tmc serve` as a process of its own, registered with a test cluster by `tmc register`, with exactly the
//! rights that registration grants. Knows the command line of `tmc`, nothing of views.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use rustix::process::Signal;

use crate::binaries;
use crate::cluster::{Cluster, free_port};
use crate::kubectl::Kubectl;
use crate::process::{Output, Process, run};
use crate::wait::{seconds, until, until_true};

pub const APISERVICE: &str = "v1alpha1.views.workload.kcp.io";
/// The name in its certificate.
pub const SERVER_NAME: &str = "tmc.tmc-system.svc";
const ACCOUNT: &str = "system:serviceaccount:tmc-system:tmc";

pub struct Tmc {
    pub port: u16,
    admin: Kubectl,
    kubeconfig: PathBuf,
    logs: PathBuf,
    flags: Vec<String>,
    process: Mutex<Option<Process>>,
}

/// Runs any `tmc` command to its end.
#[track_caller]
pub fn tmc(arguments: &[&str]) -> Output {
    tmc_with(arguments, &[])
}

/// The same with environment variables.
#[track_caller]
pub fn tmc_with(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(binaries::tmc());
    command.args(arguments).env_remove("KUBECONFIG").env("HOME", "/nonexistent");
    command.envs(variables.iter().copied());
    run("tmc", &command, seconds(90))
}

impl Tmc {
    /// Registers, serves, and waits until the aggregator says Available.
    pub fn start_with(cluster: &Cluster, flags: &[&str]) -> Self {
        Self::start_registered_with(cluster, flags, &[])
    }

    /// With flags of both commands.
    pub fn start_registered_with(cluster: &Cluster, flags: &[&str], register: &[&str]) -> Self {
        let tmc = Self::new(cluster, flags);
        let mut registration = tmc.register_with(cluster, register);
        // Its rights come with the registration, which ends once the server answers.
        until("the registration is applied", seconds(30), || {
            tmc.admin.try_run(&["get", "apiservice", APISERVICE])
        });
        tmc.serve();
        let status = registration.wait(seconds(90));
        assert!(status.success(), "tmc register: {}", registration.stderr());
        tmc.until_available();
        tmc
    }

    /// Nothing runs yet.
    pub fn new(cluster: &Cluster, flags: &[&str]) -> Self {
        let groups = ["system:serviceaccounts", "system:serviceaccounts:tmc-system"];
        Self {
            port: free_port(),
            admin: cluster.admin(),
            kubeconfig: cluster.user(ACCOUNT, &groups).kubeconfig().to_owned(),
            logs: cluster.logs.clone(),
            flags: flags.iter().map(ToString::to_string).collect(),
            process: Mutex::new(None),
        }
    }

    /// `tmc register`, as a process that goes on until the server is Available.
    pub fn register(&self, cluster: &Cluster) -> Process {
        self.register_with(cluster, &[])
    }

    fn register_with(&self, cluster: &Cluster, flags: &[&str]) -> Process {
        let mut command = Command::new(binaries::tmc());
        command.arg("register").arg("--kubeconfig").arg(cluster.admin().kubeconfig());
        command.arg(format!("--service=tmc-system/tmc:{}", self.port));
        command.arg("--external-name=localhost").args(flags);
        Process::start("tmc-register", &command, &self.logs).expect("start tmc register")
    }

    /// Starts the server and waits until it listens.
    pub fn serve(&self) {
        let mut command = Command::new(binaries::tmc());
        command.arg("serve").arg("--kubeconfig").arg(&self.kubeconfig);
        command.arg("--bind-address=127.0.0.1").arg(format!("--secure-port={}", self.port));
        if !self.flags.iter().any(|flag| flag.starts_with("--shutdown-delay-duration")) {
            command.arg("--shutdown-delay-duration=0s");
        }
        command.args(&self.flags);
        let line = format!("tmc serve: listening on https://127.0.0.1:{}", self.port);
        let process = Process::start("tmc", &command, &self.logs).expect("start tmc serve");
        let before = count(&process.stdout(), &line);
        let mut slot = self.process.lock();
        let process = slot.insert(process);
        until_true("tmc serve listens", seconds(30), || {
            assert!(process.exited().is_none(), "tmc serve ended: {}", process.stderr());
            count(&process.stdout(), &line) > before
        });
    }

    pub fn kill(&self) {
        *self.process.lock() = None;
    }

    pub fn restart(&self) {
        self.kill();
        self.serve();
    }

    #[track_caller]
    pub fn terminate(&self) -> ExitStatus {
        self.with_process(|process| process.terminate(seconds(30)))
    }

    pub fn signal(&self, signal: Signal) {
        self.with_process(|process| process.signal(signal));
    }

    pub fn with_process<T>(&self, run: impl FnOnce(&mut Process) -> T) -> T {
        run(self.process.lock().as_mut().expect("tmc serve was started"))
    }

    pub fn resident_mib(&self) -> u64 {
        self.with_process(|process| process.resident_mib())
    }

    pub fn log(&self) -> String {
        self.with_process(|process| process.stderr())
    }

    #[track_caller]
    pub fn until_available(&self) {
        self.until_condition("True");
    }

    #[track_caller]
    pub fn until_condition(&self, status: &str) {
        until(&format!("the APIService is Available={status}"), seconds(60), || {
            let found = available(&self.admin)?;
            if found.starts_with(status) { Ok(()) } else { Err(found) }
        });
    }

    /// The authority that the aggregator verifies its certificate with.
    pub fn authority(&self) -> String {
        let path = "-ojsonpath={.spec.caBundle}";
        let bundle = self.admin.run(&["get", "apiservice", APISERVICE, path]);
        let pem = STANDARD.decode(bundle.trim()).expect("a CA bundle is base64");
        String::from_utf8(pem).expect("a CA bundle is PEM")
    }

    /// The flags with which kubectl speaks to it without the aggregator.
    pub fn direct_flags(&self, folder: &Path) -> [String; 3] {
        let file = folder.join("tmc-ca.crt");
        std::fs::write(&file, self.authority()).expect("write the authority");
        [
            format!("--server=https://127.0.0.1:{}", self.port),
            format!("--tls-server-name={SERVER_NAME}"),
            format!("--certificate-authority={}", file.display()),
        ]
    }
}

/// Status and message of the APIService's Available condition.
pub fn available(admin: &Kubectl) -> Result<String, String> {
    let condition = r#"-ojsonpath={range .status.conditions[?(@.type=="Available")]}{.status} {.reason}: {.message}{end}"#;
    admin.try_run(&["get", "apiservice", APISERVICE, condition])
}

fn count(text: &str, line: &str) -> usize {
    text.lines().filter(|found| *found == line).count()
}
