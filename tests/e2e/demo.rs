//! `tmc dev` with its demo, as a process of its own on free ports. Knows its command line and what it prints.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::binaries;
use crate::kubectl::Kubectl;
use crate::pki::Identity;
use crate::process::{Output, Process, run};
use crate::wait::{seconds, until_true};
use crate::wire::Server;

pub struct Demo {
    pub folder: TempDir,
    pub process: Process,
}

impl Demo {
    /// Starts it and waits until it has said what to try.
    pub fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("create a folder");
        Self::start_in(folder, &[&["--listen=127.0.0.1:0"] as &[&str], flags].concat())
    }

    /// Another run where one has ended.
    pub fn again(self, flags: &[&str]) -> Self {
        drop(self.process);
        for file in ["demo.out", "demo.log"] {
            let _ = std::fs::remove_file(self.folder.path().join(file));
        }
        Self::start_in(self.folder, flags)
    }

    fn start_in(folder: TempDir, flags: &[&str]) -> Self {
        let mut command = tmc(folder.path());
        command.arg("dev").args(flags);
        let mut process = Process::start("demo", &command, folder.path()).expect("start tmc dev");
        until_true("tmc dev says what to try", seconds(60), || {
            assert!(process.exited().is_none(), "tmc dev ended: {}{}", process.stdout(), process.stderr());
            process.stdout().split_once("Ctrl-C ends it").is_some_and(|(_, rest)| rest.lines().count() == 2)
        });
        Self { folder, process }
    }

    /// `tmc` beside it, as a reader types it.
    pub fn tmc(&self, arguments: &[&str]) -> Output {
        let mut command = tmc(self.folder.path());
        command.args(arguments);
        run("tmc", &command, seconds(30))
    }

    /// One that goes on.
    pub fn tmc_start(&self, arguments: &[&str]) -> Process {
        let mut command = tmc(self.folder.path());
        command.args(arguments);
        Process::start("tmc", &command, self.folder.path()).expect("start tmc")
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("tmc.kubeconfig")
    }

    /// The administrator, in the root workspace.
    pub fn kubectl(&self) -> Kubectl {
        Kubectl::new(self.kubeconfig(), self.folder.path())
    }

    /// The administrator of a physical cluster.
    pub fn physical(&self, cluster: &str) -> Kubectl {
        let kubeconfig = self.folder.path().join(format!("tmc-{cluster}.kubeconfig"));
        Kubectl::new(kubeconfig, self.folder.path())
    }

    /// The administrator in another workspace.
    pub fn within(&self, workspace: &str) -> Kubectl {
        self.kubectl().with(&["--server", &format!("{}/clusters/{workspace}", self.url())])
    }

    pub fn url(&self) -> String {
        let line = self.process.stdout();
        let (_, rest) = line.split_once("serving on ").expect("it says where it serves");
        rest.split(';').next().expect("a URL").to_owned()
    }

    /// The server without any client between.
    pub fn server(&self) -> Server {
        let config = self.kubectl().json(&["config", "view", "--raw", "-ojson"]);
        let pem = |value: &serde_json::Value| {
            let bytes = STANDARD.decode(value.as_str().expect("data")).expect("data is base64");
            String::from_utf8(bytes).expect("data is PEM")
        };
        let user = &config["users"][0]["user"];
        let identity = Identity {
            certificate: pem(&user["client-certificate-data"]),
            key: pem(&user["client-key-data"]),
        };
        let authority = pem(&config["clusters"][0]["cluster"]["certificate-authority-data"]);
        let port = self.url().rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
        Server::new(port, "localhost", &authority, Some(&identity)).expect("TLS")
    }
}

/// With kubectl on PATH and nobody's configuration.
fn tmc(folder: &Path) -> Command {
    let mut command = Command::new(binaries::tmc());
    environment(&mut command, folder);
    command
}

pub fn environment(command: &mut Command, folder: &Path) {
    let programs = [binaries::kubernetes("kubectl"), binaries::tmc()];
    let mut folders: Vec<_> = programs.iter().filter_map(|path| path.parent()).map(Path::to_owned).collect();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let path = std::env::join_paths(folders).expect("folders have no colons");
    command.current_dir(folder).env("PATH", path).env("HOME", folder).env_remove("KUBECONFIG");
}
