//! The real kubectl with one kubeconfig and a discovery cache of its own. Knows no resource.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::binaries;
use crate::process::{Output, Process, run};

const LIMIT: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub struct Kubectl {
    kubeconfig: PathBuf,
    home: PathBuf,
    flags: Vec<String>,
}

impl Kubectl {
    pub fn new(kubeconfig: PathBuf, home: &Path) -> Self {
        Self { kubeconfig, home: home.to_owned(), flags: Vec::new() }
    }

    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A folder for its files.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The same with `flags` in every call, such as another `--server`.
    pub fn with(&self, flags: &[&str]) -> Self {
        let mut new = self.clone();
        new.flags.extend(flags.iter().map(ToString::to_string));
        new
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binaries::kubernetes("kubectl"));
        command
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", &self.home)
            .env_remove("KUBERNETES_SERVICE_HOST");
        command.args(&self.flags).args(arguments);
        command
    }

    /// Runs to the end, whatever comes of it.
    #[track_caller]
    pub fn output(&self, arguments: &[&str]) -> Output {
        run("kubectl", &self.command(arguments), LIMIT)
    }

    /// What it printed, or its complaint.
    #[track_caller]
    pub fn try_run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.output(arguments);
        if output.status.success() { Ok(output.stdout) } else { Err(output.stderr) }
    }

    /// What it printed; a failure of kubectl fails the test.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments).unwrap_or_else(|error| panic!("kubectl {arguments:?}: {error}"))
    }

    /// Its complaint; a success fails the test.
    #[track_caller]
    pub fn fail(&self, arguments: &[&str]) -> String {
        match self.try_run(arguments) {
            Ok(output) => panic!("kubectl {arguments:?} should have failed, it said: {output}"),
            Err(error) => error,
        }
    }

    /// Output that is JSON.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        serde_json::from_str(&output)
            .unwrap_or_else(|error| panic!("kubectl {arguments:?}: {error}: {output}"))
    }

    /// A command that goes on, such as a watch.
    pub fn start(&self, name: &str, arguments: &[&str]) -> Process {
        let logs = self.home.join("commands").join(format!("{:016x}", rand::random::<u64>()));
        Process::start(name, &self.command(arguments), &logs).expect("start kubectl")
    }

    /// Applies objects given as JSON.
    #[track_caller]
    pub fn apply(&self, object: &Value) {
        self.try_apply(object).unwrap_or_else(|error| panic!("apply {object}: {error}"));
    }

    pub fn try_apply(&self, object: &Value) -> Result<String, String> {
        self.with_manifest(&["apply", "--server-side", "--force-conflicts"], object)
    }

    /// Any command that takes a file, with `object` in it.
    pub fn with_manifest(&self, arguments: &[&str], object: &Value) -> Result<String, String> {
        self.with_text(arguments, &object.to_string())
    }

    /// The same with a file of several documents.
    pub fn with_text(&self, arguments: &[&str], text: &str) -> Result<String, String> {
        let file = tempfile::NamedTempFile::new_in(&self.home).expect("create a manifest");
        std::fs::write(file.path(), text).expect("write a manifest");
        let path = file.path().to_str().expect("temp paths are UTF-8");
        self.try_run(&[arguments, &["-f", path]].concat())
    }
}
