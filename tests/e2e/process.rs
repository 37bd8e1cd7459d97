//! A child process that cannot outlive the test process.
//!
//! Each child is started through a shell that leaves a watcher behind and then becomes the child. The
//! watcher reads a pipe whose only writer is the test process; when that ends, by a panic, Ctrl-C or
//! SIGKILL, the kernel closes the pipe and the watcher kills the child. Output goes to files, so that a
//! log survives and no pipe can fill up. Knows nothing of Kubernetes.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal};

use crate::wait;

const WATCHED: &str = r#"exec 3<&0 </dev/null; pid=$$
( trap '' INT TERM HUP; read -r _ <&3; kill -KILL "$pid" ) >/dev/null 2>&1 &
exec "$@" 3<&-"#;

/// The same for a folder: it is removed once the test process is gone.
const REMOVED: &str = r#"trap '' INT TERM HUP; read -r _
until rm -rf "$1"; do sleep 0.2; done"#;

pub struct Process {
    name: String,
    child: Child,
    lifeline: Option<ChildStdin>,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Process {
    /// Starts `command` (program, arguments and variables; its streams are set here) in a process group
    /// of its own. Logs are `<logs>/<name>.out` and `.log`, appended to.
    pub fn start(name: &str, command: &Command, logs: &Path) -> Result<Self> {
        fs::create_dir_all(logs)?;
        let stdout = logs.join(format!("{name}.out"));
        let stderr = logs.join(format!("{name}.log"));
        let open = |path: &Path| File::options().create(true).append(true).open(path);
        let mut shell = Command::new("sh");
        shell.args(["-c", WATCHED, "sh"]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        shell.process_group(0).stdin(Stdio::piped()).stdout(open(&stdout)?).stderr(open(&stderr)?);
        let mut child = shell.spawn().with_context(|| format!("start {name}"))?;
        let lifeline = child.stdin.take();
        Ok(Self { name: name.to_owned(), child, lifeline, stdout, stderr })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub fn stdout(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap_or_default()
    }

    pub fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    pub fn signal(&self, signal: Signal) {
        let _ = rustix::process::kill_process(Pid::from_child(&self.child), signal);
    }

    /// The exit status, once it has one.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its own end.
    #[track_caller]
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let what = format!("{} ends", self.name);
        wait::until(&what, limit, || self.exited().ok_or_else(|| self.tail())).0
    }

    /// SIGKILL, and nothing left of it when this returns.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.lifeline = None;
    }

    /// SIGTERM and its exit status.
    #[track_caller]
    pub fn terminate(&mut self, limit: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait(limit)
    }

    fn tail(&self) -> String {
        let log = self.stderr();
        let lines: Vec<_> = log.lines().rev().take(10).collect();
        format!("{} still runs; end of its log:\n{}", self.name, lines.join("\n"))
    }

    /// Resident memory in MiB.
    pub fn resident_mib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or("VmRSS: 0 kB");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Everything a finished command said.
pub struct Output {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `command` to its end. A command that hangs is killed after `limit` and fails the test.
#[track_caller]
pub fn run(name: &str, command: &Command, limit: Duration) -> Output {
    let folder = tempfile::tempdir().expect("create a folder for the output");
    let mut process = Process::start(name, command, folder.path()).expect("start the command");
    let start = std::time::Instant::now();
    let status = loop {
        if let Some(status) = process.exited() {
            break status;
        }
        assert!(start.elapsed() < limit, "{command:?} still runs after {limit:?}: {}", process.stderr());
        std::thread::sleep(Duration::from_millis(5));
    };
    Output { status, stdout: process.stdout(), stderr: process.stderr() }
}

/// Keeps `folder` as long as this process lives; the returned guard (or the end of the process) lets it go.
pub fn remove_at_end(folder: &Path) -> Result<ChildStdin> {
    let mut shell = Command::new("sh");
    shell.args(["-c", REMOVED, "sh"]).arg(folder).process_group(0);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = shell.spawn().context("start the shell that removes a folder")?;
    child.stdin.take().context("stdin is piped")
}

/// `target/e2e-logs/<name>-<pid>`; what dead runs left is removed, but for the latest of each name.
pub fn log_folder(name: &str) -> Result<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/e2e-logs");
    fs::create_dir_all(&all)?;
    let mut old: Vec<_> = fs::read_dir(&all)?
        .flatten()
        .filter(|entry| {
            let file = entry.file_name().to_string_lossy().into_owned();
            file.rsplit_once('-')
                .is_some_and(|(prefix, pid)| prefix == name && !Path::new("/proc").join(pid).exists())
        })
        .collect();
    old.sort_by_key(|entry| entry.metadata().and_then(|metadata| metadata.modified()).ok());
    for entry in old.iter().rev().skip(1) {
        let _ = fs::remove_dir_all(entry.path());
    }
    let folder = all.join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).context("create the log folder")?;
    Ok(folder)
}
