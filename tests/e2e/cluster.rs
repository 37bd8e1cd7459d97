//! A real Kubernetes control plane of its own: etcd, kube-apiserver with RBAC, request-header authority and
//! aggregator, on request kube-controller-manager and an audit log. Free ports, one folder, logs in target/e2e-logs.
//! Started by a test or once for all of them (`shared`); knows nothing of `tmc`.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::Result;
use parking_lot::Mutex;
use rustix::process::Signal;

use crate::kubectl::Kubectl;
use crate::pki::{Authority, Identity, Leaf, token_key};
use crate::process::{Process, log_folder, remove_at_end};
use crate::wait::{seconds, until};
use crate::{binaries, kubeconfig};

pub struct Cluster {
    pub folder: PathBuf,
    pub logs: PathBuf,
    pub port: u16,
    pub authority: Authority,
    pub front_proxy: Authority,
    pub etcd_url: String,
    etcd_prefix: String,
    audited: bool,
    apiserver: Mutex<Option<Process>>,
    controller_manager: Option<Process>,
    etcd: Option<Process>,
    /// Dropped last: lets the folder go.
    _folder: ChildStdin,
}

/// What a control plane is made of.
#[derive(Clone, Copy, Default)]
pub struct Plan<'a> {
    pub name: &'a str,
    /// kube-controller-manager's flag; without it there is none.
    pub controllers: Option<&'a str>,
    /// The cluster whose etcd is used, which must outlive this one; without it there is one of its own.
    pub beside: Option<&'a Cluster>,
    /// An audit policy; without it kube-apiserver keeps no audit log.
    pub audit: Option<&'a str>,
}

impl Cluster {
    pub fn start(name: &str) -> Self {
        Self::start_as(&Plan { name, ..Plan::default() })
    }

    /// With kube-controller-manager running `controllers` (its flag's syntax).
    pub fn start_with_controllers(name: &str, controllers: &str) -> Self {
        Self::start_as(&Plan { name, controllers: Some(controllers), ..Plan::default() })
    }

    pub fn start_as(plan: &Plan) -> Self {
        Self::try_start(plan).expect("start a control plane")
    }

    fn try_start(plan: &Plan) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("tmc-e2e-").tempdir()?.keep();
        let cleanup = remove_at_end(&folder)?;
        let logs = log_folder(plan.name)?;
        let (etcd_url, etcd) = match plan.beside {
            Some(other) => (other.etcd_url.clone(), None),
            None => start_etcd(&folder, &logs).map(|(url, etcd)| (url, Some(etcd)))?,
        };
        let mut cluster = Self {
            port: free_port(),
            authority: Authority::new("tmc-e2e")?,
            front_proxy: Authority::new("tmc-e2e-front-proxy")?,
            apiserver: Mutex::new(None),
            controller_manager: None,
            etcd,
            etcd_url,
            etcd_prefix: format!("/{}", plan.name),
            audited: plan.audit.is_some(),
            folder,
            logs,
            _folder: cleanup,
        };
        cluster.write_pki()?;
        fs::write(cluster.folder.join("audit-policy.yaml"), plan.audit.unwrap_or_default())?;
        cluster.start_apiserver();
        if let Some(controllers) = plan.controllers {
            cluster.controller_manager = Some(cluster.start_controller_manager(controllers)?);
        }
        Ok(cluster)
    }

    /// Gives the aggregator a certificate of another authority, for kube-apiserver's next start.
    pub fn replace_front_proxy(&mut self) {
        self.front_proxy = Authority::new("tmc-e2e-front-proxy-2").expect("create an authority");
        self.write_front_proxy().expect("write the front's files");
    }

    fn write_front_proxy(&self) -> Result<()> {
        fs::write(self.folder.join("front-proxy-ca.crt"), &self.front_proxy.pem)?;
        self.front_identity()?.write(&self.folder, "front-proxy")?;
        Ok(())
    }

    fn write_pki(&self) -> Result<()> {
        fs::write(self.folder.join("ca.crt"), &self.authority.pem)?;
        self.write_front_proxy()?;
        let names = ["localhost", "127.0.0.1", "kubernetes", "kubernetes.default.svc"];
        let serving = Leaf { common_name: "kube-apiserver", serves: &names, ..Leaf::default() };
        self.authority.issue(&serving)?.write(&self.folder, "apiserver")?;
        let (private, public) = token_key()?;
        fs::write(self.folder.join("tokens.key"), private)?;
        fs::write(self.folder.join("tokens.pub"), public)?;
        Ok(())
    }

    /// The certificate with which the aggregator may send request headers.
    pub fn front_identity(&self) -> Result<Identity> {
        self.front_proxy.issue(&Leaf { common_name: "front-proxy-client", ..Leaf::default() })
    }

    /// Starts kube-apiserver (again) on this cluster's port and waits until it is ready.
    pub fn start_apiserver(&self) {
        self.start_apiserver_at(self.port);
    }

    /// The same where its clients do not look for it.
    pub fn start_apiserver_at(&self, port: u16) {
        *self.apiserver.lock() = Some(self.another_apiserver(port));
    }

    /// One more on the same etcd, ready; it ends with the value.
    pub fn another_apiserver(&self, port: u16) -> Process {
        let mut command = Command::new(binaries::kubernetes("kube-apiserver"));
        command.args(self.apiserver_flags()).arg(format!("--secure-port={port}"));
        let name = if port == self.port { "kube-apiserver" } else { "kube-apiserver-elsewhere" };
        let mut process = Process::start(name, &command, &self.logs).expect("start kube-apiserver");
        until("kube-apiserver is ready", seconds(90), || {
            assert!(process.exited().is_none(), "kube-apiserver ended: {}", process.stderr());
            self.admin_at(port).try_run(&["get", "--raw", "/readyz"])
        });
        // Its own roles are bootstrapped after it says ready for the first time.
        until("the bootstrap roles are there", seconds(30), || {
            self.admin_at(port).try_run(&["get", "clusterrole", "system:auth-delegator", "view"])
        });
        process
    }

    pub fn signal_apiserver(&self, signal: Signal) {
        self.apiserver.lock().as_ref().expect("kube-apiserver was started").signal(signal);
    }

    pub fn kill_apiserver(&self) {
        *self.apiserver.lock() = None;
    }

    fn apiserver_flags(&self) -> Vec<String> {
        let file = |name: &str| self.folder.join(name).display().to_string();
        let mut flags = vec![
            format!("--etcd-servers={}", self.etcd_url),
            format!("--etcd-prefix={}", self.etcd_prefix),
            "--bind-address=127.0.0.1".into(),
            "--advertise-address=127.0.0.1".into(),
            format!("--tls-cert-file={}", file("apiserver.crt")),
            format!("--tls-private-key-file={}", file("apiserver.key")),
            format!("--client-ca-file={}", file("ca.crt")),
            "--authorization-mode=RBAC".into(),
            "--service-account-issuer=https://kubernetes.default.svc".into(),
            format!("--service-account-key-file={}", file("tokens.pub")),
            format!("--service-account-signing-key-file={}", file("tokens.key")),
            "--service-cluster-ip-range=10.96.0.0/16".into(),
            format!("--requestheader-client-ca-file={}", file("front-proxy-ca.crt")),
            "--requestheader-allowed-names=front-proxy-client".into(),
            "--requestheader-username-headers=X-Remote-User".into(),
            "--requestheader-group-headers=X-Remote-Group".into(),
            "--requestheader-extra-headers-prefix=X-Remote-Extra-".into(),
            format!("--proxy-client-cert-file={}", file("front-proxy.crt")),
            format!("--proxy-client-key-file={}", file("front-proxy.key")),
        ];
        if self.audited {
            flags.push(format!("--audit-policy-file={}", file("audit-policy.yaml")));
            flags.push(format!("--audit-log-path={}", self.audit_log().display()));
        }
        flags
    }

    /// The file that kube-apiserver appends to if the cluster is audited.
    pub fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.jsonl")
    }

    fn start_controller_manager(&self, controllers: &str) -> Result<Process> {
        let mut command = Command::new(binaries::kubernetes("kube-controller-manager"));
        command.arg(format!(
            "--kubeconfig={}",
            self.component("kube-controller-manager").kubeconfig().display()
        ));
        command.arg(format!("--controllers={controllers}"));
        command.args(["--leader-elect=false", "--secure-port=0", "--use-service-account-credentials=false"]);
        command
            .arg(format!("--service-account-private-key-file={}", self.folder.join("tokens.key").display()));
        command.arg(format!("--root-ca-file={}", self.folder.join("ca.crt").display()));
        Process::start("kube-controller-manager", &command, &self.logs)
    }

    pub fn url(&self) -> String {
        url(self.port)
    }

    /// kubectl as system:masters.
    pub fn admin(&self) -> Kubectl {
        self.user("admin", &["system:masters"])
    }

    /// One of Kubernetes' own parts, which may do everything.
    pub fn component(&self, name: &str) -> Kubectl {
        self.user(&format!("system:{name}"), &["system:masters"])
    }

    /// kubectl as any user, by a client certificate.
    pub fn user(&self, name: &str, groups: &[&str]) -> Kubectl {
        self.user_at(name, groups, self.port)
    }

    /// The administrator at another port than the cluster's.
    pub fn admin_at(&self, port: u16) -> Kubectl {
        self.user_at("admin", &["system:masters"], port)
    }

    fn user_at(&self, name: &str, groups: &[&str], port: u16) -> Kubectl {
        let path = self.folder.join(format!("{}-{port}.kubeconfig", name.replace([':', '/'], "-")));
        if !path.exists() {
            let leaf = Leaf { common_name: name, organizations: groups, ..Leaf::default() };
            let identity = self.authority.issue(&leaf).expect("issue a client certificate");
            let text = kubeconfig::with_certificate(&url(port), &self.authority.pem, &identity);
            // Two threads may ask for one user: the file appears whole or not at all.
            let new = tempfile::NamedTempFile::new_in(&self.folder).expect("create a kubeconfig");
            fs::write(new.path(), text).expect("write a kubeconfig");
            new.persist(&path).expect("name a kubeconfig");
        }
        Kubectl::new(path, &self.folder)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.controller_manager = None;
        *self.apiserver.lock() = None;
        self.etcd = None;
    }
}

fn url(port: u16) -> String {
    format!("https://127.0.0.1:{port}")
}

fn start_etcd(folder: &Path, logs: &Path) -> Result<(String, Process)> {
    let [client, peer] = [free_port(), free_port()].map(|port| format!("http://127.0.0.1:{port}"));
    let mut command = Command::new(binaries::etcd());
    command.arg(format!("--data-dir={}", folder.join("etcd").display()));
    command.arg(format!("--listen-client-urls={client}")).arg(format!("--advertise-client-urls={client}"));
    command.arg(format!("--listen-peer-urls={peer}")).arg(format!("--initial-advertise-peer-urls={peer}"));
    command.arg(format!("--initial-cluster=default={peer}"));
    command.args(["--unsafe-no-fsync", "--log-level=warn"]);
    Ok((client, Process::start("etcd", &command, logs)?))
}

/// A port that nothing listens on, below the range the kernel hands to outgoing connections, so that it is
/// still free when a killed server comes back to it.
pub fn free_port() -> u16 {
    const FIRST: u16 = 15_000;
    const PORTS: u16 = 15_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % u32::from(PORTS / 50)) as u16 * 50;
    loop {
        let port = FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
